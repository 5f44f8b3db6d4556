"""What PostgreSQL keeps, refuses and can read: decided without PostgreSQL, checked against it elsewhere."""

import json
import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storetwin.kernel.json_text import storable


@pytest.mark.parametrize(
    ("document", "is_payload", "clean"),
    [
        (b'{"a":1}', True, None),
        (b'{"a":1e400,"b":123456789012345678901234567890,"a":2}', True, None),
        (rb'{"a":"\ud83c\udf81"}', True, None),
        (rb'{"a":"\\u0000"}', True, None),
        (rb'{"a":"x\u0000y"}', True, r'{"a":"x\ufffdy"}'),
        (rb'{"a\u0000":"\\\u0000"}', True, r'{"a\ufffd":"\\\ufffd"}'),
        (rb'{"a":"\ud83c!"}', True, r'{"a":"\ufffd!"}'),
        (rb'{"a":"\udf81\ud83c"}', True, r'{"a":"\ufffd\ufffd"}'),
        (rb'{"a":"\ud83c\ud83c\udf81"}', True, r'{"a":"\ufffd\ud83c\udf81"}'),
        (b'{"a":NaN,"b":"NaN, -Infinity","c":[-Infinity]}', False,
         '{"a":null,"b":"NaN, -Infinity","c":[null]}'),
        (b'{"a":"x\x01\ty"}', False, '{"a":"x\\u0001\\u0009y"}'),
        (b'{"a":"\x00"}', False, '{"a":"\\ufffd"}'),
        (b'{\n\t"a": 1\r\n}', True, None),
        (b'{"a":"\xff"}', False, '{"a":"\ufffd"}'),
        (b'\xef\xbb\xbf{"a":1}', False, '{"a":1}'),
        ('{"a":"\ufeff"}'.encode(), True, None),
        ('{"a":"caf\u00e9 \u2028"}'.encode(), True, None),
    ],
)  # fmt: skip
def test_each_odd_document_is_kept_exactly_and_is_readable(document, is_payload, clean):
    kept = storable(document)
    assert (kept.payload is not None) is is_payload
    assert (kept.payload if is_payload else kept.raw) == document
    assert kept.clean == (clean and clean.encode())


_PIECES = st.one_of(
    st.text(string.printable, max_size=5),
    st.sampled_from(["\x00", "\ud800", "\udc00", "\ud83c\udf81", "\\", '"', "\\u0000", "é"]),
)


@given(st.dictionaries(_PIECES, st.lists(_PIECES, max_size=4), max_size=4))
def test_a_readable_copy_never_holds_what_sql_cannot_read(value):
    document = json.dumps(value).encode()
    kept = storable(document)
    readable = json.loads(kept.clean or kept.payload)
    text = json.dumps(readable, ensure_ascii=False)
    assert r"\u0000" not in kept_escapes(json.dumps(readable))
    text.encode("utf-8")  # a lone surrogate would raise
    if kept.clean is None:
        assert readable == json.loads(document)


def kept_escapes(text: str) -> str:
    """Escapes that are left once escaped backslashes are taken away."""
    return text.replace("\\\\", "")
