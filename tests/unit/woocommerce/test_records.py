"""What is read of a record, and what makes two readings equal."""

from datetime import UTC, datetime

import pytest

from storetwin.kernel.errors import RecordError
from storetwin.resources import named
from storetwin.woocommerce.records import read_record

ORDER = (
    b'{"id":4100,"parent_id":0,"status":"completed","number":"A-4100","date_created_gmt":"2024-10-17T08:13:30",'
    b'"date_modified_gmt":"2026-09-01T07:00:00","billing":{"email":"Zoe@Example.test","first_name":"Zo\\u00eb",'
    b'"last_name":"O\'Connor"},"meta_data":[],"payment_url":"https:\\/\\/a.test\\/pay","_links":{"self":[{"href":"a"}]}}'
)


def test_an_order_is_read():
    record = read_record(named("orders"), ORDER)
    assert (record.remote_id, record.number, record.status) == ("4100", 4100, "completed")
    assert record.modified_at == datetime(2026, 9, 1, 7, tzinfo=UTC)
    assert record.email == "zoe@example.test"
    assert record.search_text == "a-4100 zoe@example.test zoë o'connor"
    assert not record.is_blank
    assert record.document == ORDER


def test_what_follows_the_host_does_not_change_the_hash():
    other = ORDER.replace(b"a.test", b"b.test").replace(b'"href":"a"', b'"href":"b"')
    record, again = (read_record(named("orders"), d) for d in (ORDER, other))
    assert record.content_hash == again.content_hash
    changed = read_record(named("orders"), ORDER.replace(b"completed", b"refunded "))
    assert changed.content_hash != record.content_hash


def test_the_random_related_ids_of_a_product_do_not_change_the_hash():
    one, two = (
        read_record(named("products"), b'{"id":12,"related_ids":[%b],"name":"x"}' % ids)
        for ids in (b"1,2,3", b"9")
    )
    assert one.content_hash == two.content_hash


def test_a_volatile_member_inside_another_value_is_content():
    one, two = (
        read_record(
            named("products"), b'{"id":12,"meta_data":[{"value":{"related_ids":%b}}]}' % ids
        )
        for ids in (b"1", b"2")
    )
    assert one.content_hash != two.content_hash


@pytest.mark.parametrize(
    "document",
    [
        b'{"id":7,"x":NaN,"date_modified_gmt":"2026-09-01T07:00:00","_links":1}',
        rb'{"id":7,"x":"\ud800","date_modified_gmt":"2026-09-01T07:00:00"}',
        b'{"id":7,"x":"\xff","date_modified_gmt":"2026-09-01T07:00:00"}',
        b'{"id":7,"x":"\x01","date_modified_gmt":"2026-09-01T07:00:00"}',
        b'{"id":7,"x":1e400,"date_modified_gmt":"2026-09-01T07:00:00"}',
        b'{"id":7,"billing":[],"x":123456789012345678901234567890,"number":9}'.replace(
            b'"number":9', b'"date_modified_gmt":"2026-09-01T07:00:00"'
        ),
    ],
)
def test_hostile_documents_are_read_all_the_same(document):
    record = read_record(named("orders"), document)
    assert record.number == 7
    assert record.modified_at == datetime(2026, 9, 1, 7, tzinfo=UTC)
    assert record.document == document


def test_a_tax_class_is_named_by_its_slug():
    record = read_record(named("tax_classes"), b'{"slug":"zero-rate","name":"Zero rate"}')
    assert (record.remote_id, record.number) == ("zero-rate", None)


@pytest.mark.parametrize("document", [b"[]", b'{"id":null}', b"{}", b'{"id":[1]}', b"nonsense"])
def test_a_record_without_a_name_is_an_error_of_that_record(document):
    with pytest.raises(RecordError):
        read_record(named("orders"), document)


def test_a_blanked_page_is_recognised_and_an_order_without_meta_is_not():
    assert read_record(named("orders"), b'{"id":1,"meta_data":[{},{}]}').is_blank
    assert not read_record(named("orders"), b'{"id":1,"meta_data":[]}').is_blank
