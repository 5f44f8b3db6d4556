"""Sealed values open with their key, at their place, undamaged, and not otherwise."""

from __future__ import annotations

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from storetwin.kernel.errors import InvariantError
from storetwin.security import SealBrokenError, Vault, WrongEncryptionKeyError

keys = st.binary(min_size=32, max_size=32)


@given(key=keys, plaintext=st.binary(max_size=500), place=st.text(max_size=50))
def test_what_is_sealed_opens(key: bytes, plaintext: bytes, place: str) -> None:
    sealed = Vault(key).seal(plaintext, bound_to=place)
    assert Vault(key).open(sealed, bound_to=place) == plaintext


@given(key=keys, plaintext=st.binary(min_size=8, max_size=100))
def test_the_same_text_never_seals_to_the_same_bytes(key: bytes, plaintext: bytes) -> None:
    vault = Vault(key)
    first, second = (vault.seal(plaintext, bound_to="a") for _ in range(2))
    assert first != second
    assert plaintext not in first


@given(key=keys, other=keys)
def test_another_key_is_named_as_such(key: bytes, other: bytes) -> None:
    assume(key != other)
    sealed = Vault(key).seal(b"secret", bound_to="a")
    with pytest.raises(WrongEncryptionKeyError):
        Vault(other).open(sealed, bound_to="a")


@given(place=st.text(max_size=20), elsewhere=st.text(max_size=20))
def test_a_value_does_not_open_at_another_place(place: str, elsewhere: str) -> None:
    assume(place != elsewhere)
    vault = Vault(bytes(32))
    with pytest.raises(SealBrokenError):
        vault.open(vault.seal(b"secret", bound_to=place), bound_to=elsewhere)


@given(data=st.data())
def test_a_flipped_bit_anywhere_is_noticed(data: st.DataObject) -> None:
    vault = Vault(bytes(32))
    sealed = bytearray(vault.seal(b"secret", bound_to="a"))
    sealed[data.draw(st.integers(0, len(sealed) - 1))] ^= 1 << data.draw(st.integers(0, 7))
    with pytest.raises((SealBrokenError, WrongEncryptionKeyError)):
        vault.open(bytes(sealed), bound_to="a")


@given(junk=st.binary(max_size=60))
def test_junk_does_not_open(junk: bytes) -> None:
    with pytest.raises((SealBrokenError, WrongEncryptionKeyError)):
        Vault(bytes(32)).open(junk, bound_to="a")


def test_a_key_of_another_length_is_refused_and_never_shown() -> None:
    with pytest.raises(InvariantError) as caught:
        Vault(b"short-secret")
    assert "short-secret" not in str(caught.value)
    assert "AAAA" not in repr(Vault(b"A" * 32))
