"""Sealed values in a document: opened they are the bytes that came, compared by a keyed digest."""

import base64
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storetwin.kernel.json_spans import spans_of
from storetwin.security import SealBrokenError, Sealer, Vault, WrongEncryptionKeyError, masked

VAULT = Vault(bytes(range(32)))
SEALER = Sealer(VAULT, "mirror/one")
VALUES = (
    st.text()
    | st.integers()
    | st.lists(st.text(max_size=5))
    | st.dictionaries(st.text(), st.text())
)


def located(text):
    return [("token", span) for span in spans_of(text, ["token"])]


def sealed(document, sealer=SEALER, record="cards/7"):
    return sealer.seal(document, record, located(document.decode("utf-8", "surrogateescape")))


@given(VALUES, st.text(), st.booleans())
def test_what_is_opened_is_what_was_sealed(value, other, ascii_only):
    text = json.dumps({"a": other, "token": value, "b": [other]}, ensure_ascii=ascii_only)
    document = text.encode("utf-8", "surrogatepass")
    found = sealed(document)
    assert SEALER.open(found.document, "cards/7", located) == document
    assert json.loads(found.document)["token"].keys() == {"$sealed"}


def test_bytes_that_are_no_utf_8_come_back():
    document = b'{"x":"\xff","token":"\xfe\x80"}'
    assert SEALER.open(sealed(document).document, "cards/7", located) == document


def test_a_digest_stays_with_the_value_and_a_seal_never_does():
    one, two = sealed(b'{"token":"a"}'), sealed(b'{"token":"a"}')
    assert one.digested == two.digested
    assert one.document != two.document
    assert sealed(b'{"token":"b"}').digested != one.digested


def test_a_digest_tells_nothing_of_equal_secrets_elsewhere():
    document = b'{"token":"a"}'
    others = [
        sealed(document, record="cards/8"),
        sealed(document, Sealer(VAULT, "mirror/two")),
        sealed(document, Sealer(Vault(bytes(32)), "mirror/one")),
    ]
    assert len({sealed(document).digested, *(other.digested for other in others)}) == 4


def test_a_seal_opens_at_its_place_only():
    document = sealed(b'{"token":"a"}').document
    with pytest.raises(SealBrokenError):
        SEALER.open(document, "cards/8", located)
    with pytest.raises(SealBrokenError):
        Sealer(VAULT, "mirror/two").open(document, "cards/7", located)
    with pytest.raises(WrongEncryptionKeyError):
        Sealer(Vault(bytes(32)), "mirror/one").open(document, "cards/7", located)


@pytest.mark.parametrize("box", [b"A===", base64.b64encode(b"short")])
def test_what_is_no_seal_is_broken(box):
    with pytest.raises(SealBrokenError):
        SEALER.open(b'{"token":{"$sealed":"%b"}}' % box, "cards/7", located)


def test_a_value_that_was_not_sealed_stays_as_it_is():
    assert SEALER.open(b'{"token":""}', "cards/7", located) == b'{"token":""}'


def test_a_mask_shows_nothing_and_keeps_the_rest():
    shown = masked(sealed(b'{"a":"\xff","token":["x"],"b":2}').document)
    assert shown == b'{"a":"\xff","token":"(sealed)","b":2}'


def test_neither_vault_nor_sealer_shows_its_key():
    assert "Vault" not in repr(SEALER)
