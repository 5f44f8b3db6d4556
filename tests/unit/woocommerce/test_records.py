"""What is read of a record, and what makes two readings equal."""

from datetime import UTC, datetime

import pytest

from storetwin.kernel.errors import InvariantError, RecordError
from storetwin.resources import named
from storetwin.security import Sealer, Vault
from storetwin.woocommerce.records import read_record

SEALER = Sealer(Vault(bytes(range(32))), "mirror/one")
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


def test_records_without_an_id_of_their_own_are_named_by_their_members_and_container():
    place = b'{"code":"US:NY","type":"state"}'
    record = read_record(named("zone_locations"), place, container="1")
    assert (record.remote_id, record.number, record.parent_id) == ("1/state:US:NY", None, "1")
    method = b'{"id":"flat_rate","instance_id":4,"title":"Flat"}'
    record = read_record(named("zone_methods"), method, container="2", sealer=SEALER)
    assert (record.remote_id, record.number, record.search_text) == ("4", 4, "flat")
    status = b'{"environment":{"version":"10.5.0"}}'
    assert read_record(named("system_status"), status).remote_id == "system_status"
    with pytest.raises(RecordError):
        read_record(named("zone_locations"), b'{"code":"US"}', container="1")


def test_members_inside_others_that_count_elsewhere_do_not_change_the_hash():
    status = b'{"environment":{"version":"10.5","remote_get_response":%b},"post_type_counts":%b}'
    one, two, other = (
        read_record(named("system_status"), status % values)
        for values in ((b"200", b"[]"), (b"false", b'[{"type":"page","count":"7"}]'), (b"1", b"1"))
    )
    assert one.content_hash == two.content_hash == other.content_hash
    newer = read_record(
        named("system_status"), (status % (b"200", b"[]")).replace(b"10.5", b"10.6")
    )
    assert newer.content_hash != one.content_hash


def test_a_secret_never_leaves_the_reader():
    document = b'{"id":"pin_code","label":"Pin","type":"text","value":"hunter2"}'
    record = read_record(named("settings"), document, container="general", sealer=SEALER)
    assert record.remote_id == "general/pin_code"
    assert b"hunter2" not in record.document
    assert "hunter2" not in repr(record)
    again = read_record(named("settings"), document, container="general", sealer=SEALER)
    assert (again.content_hash, again.document == record.document) == (record.content_hash, False)


@pytest.mark.parametrize("document", [b'{"value":"hunter2"', b'"hunter2"', b'{"value":"hunter2"}'])
def test_an_error_about_a_record_with_secrets_does_not_tell_them(document):
    with pytest.raises(RecordError) as caught:
        read_record(named("settings"), document, container="general", sealer=SEALER)
    assert "hunter2" not in f"{caught.value} {caught.value.__cause__}"


def test_secrets_are_never_read_without_somebody_who_seals_them():
    with pytest.raises(InvariantError):
        read_record(named("settings"), b'{"id":"a"}', container="general")
