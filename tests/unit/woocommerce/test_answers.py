"""From a body to exact documents, whatever stands around them; never fewer of them silently."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storetwin.woocommerce.answers import NOISE_BEFORE, NOISE_BEHIND, cut, read_error
from storetwin.woocommerce.errors import BadAnswerError

PAGE = b'[{"id":1,"meta_data":[{"key":"a[0]","value":"x]"}]},{"id":2,"n":1.50}]'
ROWS = (b'{"id":1,"meta_data":[{"key":"a[0]","value":"x]"}]}', b'{"id":2,"n":1.50}')

NOTICES = [
    b"<br />\n<b>Warning</b>: Undefined array key 0 in <b>/www/x.php</b> on line <b>12</b><br />\n",
    b"<br />\n<b>Notice</b>: Array ( [0] => x [a] => {y} ) in /www/x.php on line [12]<br />\n",
    b'Deprecated: {"a":1} is old\n',
    b"[]\n",
    b"[21-Nov-2026 03:15:57 UTC] PHP Notice: x\n",
    b"\xef\xbb\xbf",
]


def test_a_clean_page_is_cut_into_its_exact_documents():
    found = cut(PAGE)
    assert (found.documents, found.is_list, found.remarks) == (ROWS, True, ())


def test_an_object_is_one_document():
    found = cut(b'{"id":7,"x":[1]}')
    assert (found.documents, found.is_list) == ((b'{"id":7,"x":[1]}',), False)


@pytest.mark.parametrize("notice", NOTICES)
def test_output_before_the_json_is_cut_off_and_told(notice):
    found = cut(notice + PAGE)
    assert found.documents == ROWS
    assert NOISE_BEFORE in found.remarks


@pytest.mark.parametrize("behind", [b"<!-- cached -->", b"\n<script>x()</script>\n"])
def test_output_behind_the_json_is_cut_off_and_told(behind):
    found = cut(PAGE + behind)
    assert found.documents == ROWS
    assert found.remarks == (NOISE_BEHIND,)


@pytest.mark.parametrize(
    "row",
    [
        rb'{"id":1,"x":"\ud800"}',
        b'{"id":1,"x":NaN,"y":-Infinity}',
        b'{"id":1,"x":"\xff\xfe"}',
        b'{"id":1,"x":"\x01"}',
        rb'{"id":1,"x":"\u0000"}',
        b'{"id":1,"x":1e400,"x":123456789012345678901234567890}',
    ],
)
def test_hostile_rows_keep_their_bytes(row):
    assert cut(b"[" + row + b"," + row + b"]").documents == (row, row)


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"", "empty"),
        (b"  \n", "empty"),
        (b"<!DOCTYPE html><html><title>Just a moment</title></html>", "html"),
        (b"<html><body>[0] blocked</body></html>", "html"),
        (PAGE[:-1], "truncated"),
        (PAGE[:20], "truncated"),
        (NOTICES[0] + PAGE[:-5], "truncated"),
        (b"Error establishing a database connection", "not_json"),
    ],
)
def test_what_is_no_answer_says_what_it_is(body, kind):
    with pytest.raises(BadAnswerError) as caught:
        cut(body)
    assert caught.value.kind == kind


@pytest.mark.parametrize("end", range(1, len(PAGE)))
def test_a_cut_page_is_never_a_shorter_page(end):
    with pytest.raises(BadAnswerError):
        cut(PAGE[:end])


@pytest.mark.parametrize("end", range(1, len(PAGE)))
def test_a_cut_page_behind_a_notice_is_never_a_shorter_page(end):
    with pytest.raises(BadAnswerError):
        cut(NOTICES[0] + PAGE[:end])


@pytest.mark.parametrize("printed", [b"[]\n", b'{"a":1}\n'])
@pytest.mark.parametrize("end", range(1, len(PAGE)))
def test_json_that_a_plugin_prints_is_not_taken_for_the_page_that_was_cut(printed, end):
    with pytest.raises(BadAnswerError) as caught:
        cut(printed + PAGE[:end])
    assert caught.value.kind == "truncated"


@pytest.mark.parametrize("end", range(1, len(ROWS[1])))
def test_json_that_a_plugin_prints_is_not_taken_for_the_record_that_was_cut(end):
    with pytest.raises(BadAnswerError):
        cut(b'{"a":1}\n' + ROWS[1][:end])


def test_a_notice_behind_the_page_may_begin_with_a_bracket():
    assert cut(PAGE + b"\n[21-Nov-2026 03:15:57 UTC] PHP Notice: x\n").documents == ROWS


DOCUMENTS = st.lists(
    st.dictionaries(st.text(max_size=4), st.one_of(st.text(max_size=6), st.integers(), st.lists(st.integers(), max_size=3)),
                    min_size=1, max_size=4),
    max_size=6,
)  # fmt: skip


@given(DOCUMENTS, st.sampled_from([b"", *NOTICES[:3]]), st.sampled_from([b"", b"<!-- x -->"]))
def test_any_list_comes_out_as_it_went_in(documents, before, behind):
    rows = [json.dumps(document).encode() for document in documents]
    found = cut(before + b"[" + b",".join(rows) + b"]" + behind)
    assert list(found.documents) == rows


@pytest.mark.parametrize(
    ("document", "code", "status"),
    [
        (
            b'{"code":"rest_no_route","message":"No route","data":{"status":404}}',
            "rest_no_route",
            404,
        ),
        (b'{"code":"x","message":"y","data":404}', "x", 404),
        (b'{"code":"x","message":"y"}', "x", None),
    ],
)
def test_an_error_of_the_store_is_read(document, code, status):
    found = read_error(document)
    assert (found.wc_code, found.status) == (code, status)


@pytest.mark.parametrize(
    "document", [b'{"id":3,"code":"SUMMER","message":"x"}', b"{}", b"nonsense"]
)
def test_a_coupon_is_no_error(document):
    assert read_error(document) is None
