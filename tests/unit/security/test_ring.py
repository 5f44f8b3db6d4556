"""The ring of keys: what seals, what opens, and what a process does when the file changes under it."""

from __future__ import annotations

import base64
import os
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from storetwin.kernel.errors import ConfigurationError
from storetwin.security import Vault, WrongEncryptionKeyError
from storetwin.security.key import KEY_FILE, KeyFile, open_vault
from storetwin.security.vault import Keys, key_id_of, sealing_key_of

KEYS = st.binary(min_size=32, max_size=32)
ONE, OTHER, THIRD = b"1" * 32, b"2" * 32, b"3" * 32


def text_of(key: bytes) -> str:
    return base64.b64encode(key).decode()


def in_folder(folder: Path) -> tuple[Vault, KeyFile]:
    vault = open_vault(None, None, folder)
    assert isinstance(vault.source, KeyFile)
    return vault, vault.source


# -- several keys -----------------------------------------------------------------------------------


@given(st.lists(KEYS, min_size=1, max_size=5, unique=True), st.binary())
def test_the_first_key_seals_and_every_key_opens(keys: list[bytes], plaintext: bytes) -> None:
    vault = Vault(Keys(keys[0], tuple(keys[1:])))
    assert sealing_key_of(vault.seal(plaintext, bound_to="a")) == key_id_of(keys[0])
    for key in keys:
        assert vault.open(Vault(key).seal(plaintext, bound_to="a"), bound_to="a") == plaintext
    assert (vault.key_id, *vault.former_ids) == tuple(map(key_id_of, keys))


@given(KEYS, KEYS, KEYS)
def test_a_key_that_is_not_in_the_ring_opens_nothing(
    one: bytes, other: bytes, third: bytes
) -> None:
    if third in (one, other):
        return
    with pytest.raises(WrongEncryptionKeyError):
        Vault(Keys(one, (other,))).open(Vault(third).seal(b"x", bound_to="a"), bound_to="a")


@given(KEYS, KEYS)
def test_what_is_derived_from_a_former_key_is_what_it_was(one: bytes, other: bytes) -> None:
    before, after = Vault(one), Vault(Keys(other, (one,)))
    assert after.derived("jwt")[before.key_id] == before.derive("jwt")
    assert after.derive("jwt") == Vault(other).derive("jwt")


def test_digests_stay_when_the_key_of_digests_is_kept() -> None:
    before, after = Vault(ONE), Vault(Keys(OTHER, (ONE,)))
    digest = before.digest(b"secret", bound_to="a")
    assert after.digest(b"secret", bound_to="a") != digest
    after.keep_digest_key(after.digest_key_of(key_id_of(ONE)))
    assert after.digest(b"secret", bound_to="a") == digest


def test_no_key_shows() -> None:
    keys = Keys(b"A" * 32, (b"B" * 32,), frozenset({"0badcafe"}))
    assert "AAA" not in repr(keys)
    assert "BBB" not in repr(keys)


# -- the file ---------------------------------------------------------------------------------------


def test_a_given_key_wins_over_the_file(tmp_path: Path) -> None:
    vault = open_vault(SecretStr(text_of(ONE)), None, tmp_path)
    assert vault.key_id == key_id_of(ONE)
    assert vault.source is None
    assert not (tmp_path / KEY_FILE).exists()


@pytest.mark.parametrize("between", [",", " ", ", ", "\n"])
def test_former_keys_are_given_in_one_text(tmp_path: Path, between: str) -> None:
    former = SecretStr(between.join(map(text_of, (OTHER, THIRD))))
    vault = open_vault(SecretStr(text_of(ONE)), former, tmp_path)
    assert vault.former_ids == (key_id_of(OTHER), key_id_of(THIRD))
    assert open_vault(None, former, tmp_path).former_ids == vault.former_ids


def test_a_key_is_made_once_and_is_private(tmp_path: Path) -> None:
    folder = tmp_path / "new"
    first = open_vault(None, None, folder)
    assert open_vault(None, None, folder).key_id == first.key_id
    assert (folder / KEY_FILE).stat().st_mode & 0o777 == 0o600
    assert [path.name for path in folder.iterdir()] == [KEY_FILE]


def test_of_many_at_once_one_key_wins(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as threads:
        made = set(threads.map(lambda _: open_vault(None, None, tmp_path).key_id, range(32)))
    assert len(made) == 1
    assert [path.name for path in tmp_path.iterdir()] == [KEY_FILE]


@pytest.mark.parametrize("text", ["", "not base64!", "c2hvcnQ=", "é" * 44])
def test_what_is_not_a_key_is_not_quoted(tmp_path: Path, text: str) -> None:
    with pytest.raises(ConfigurationError, match="not 32 bytes") as caught:
        open_vault(SecretStr(text), None, tmp_path)
    assert not text or text not in str(caught.value)
    (tmp_path / KEY_FILE).write_text(text)
    with pytest.raises(ConfigurationError, match=KEY_FILE):
        open_vault(None, None, tmp_path)
    if text:
        with pytest.raises(ConfigurationError, match="STORETWIN_FORMER_ENCRYPTION_KEYS"):
            open_vault(SecretStr(text_of(ONE)), SecretStr("x" + text), tmp_path)


def test_a_folder_that_cannot_be_written_names_the_file(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(ConfigurationError, match="cannot be used"):
        open_vault(None, None, tmp_path / "file" / "below")


def test_a_file_of_before_has_one_line(tmp_path: Path) -> None:
    (tmp_path / KEY_FILE).write_text(text_of(ONE))
    assert open_vault(None, None, tmp_path).key_id == key_id_of(ONE)


# -- a file that changes while a process runs -------------------------------------------------------


def test_another_process_takes_the_new_key_without_a_restart(tmp_path: Path) -> None:
    (mine, file), (theirs, _) = in_folder(tmp_path), in_folder(tmp_path)
    old = theirs.seal(b"before", bound_to="a")
    file.add()
    assert mine.open(theirs.seal(b"x", bound_to="a"), bound_to="a") == b"x"
    assert theirs.key_id == mine.key_id != sealing_key_of(old)
    assert theirs.open(old, bound_to="a") == b"before"


def test_what_a_new_key_sealed_opens_where_nothing_was_sealed_since(tmp_path: Path) -> None:
    (mine, file), (theirs, _) = in_folder(tmp_path), in_folder(tmp_path)
    file.add()
    assert theirs.open(mine.seal(b"x", bound_to="a"), bound_to="a") == b"x"


def test_a_process_that_slept_through_a_whole_change_goes_on(tmp_path: Path) -> None:
    (mine, file), (theirs, _) = in_folder(tmp_path), in_folder(tmp_path)
    file.add()
    mine.look_again()
    file.drop(mine.former_ids)
    assert theirs.open(mine.seal(b"x", bound_to="a"), bound_to="a") == b"x"
    mine.look_again()
    assert theirs.former_ids == mine.former_ids == ()


def test_a_file_that_was_replaced_is_not_sealed_with(tmp_path: Path) -> None:
    vault, _ = in_folder(tmp_path)
    sealed = vault.seal(b"x", bound_to="a")
    (tmp_path / KEY_FILE).write_text(text_of(ONE))
    for _ in range(2):
        with pytest.raises(WrongEncryptionKeyError, match="replaced while this process"):
            vault.seal(b"y", bound_to="a")
    assert vault.open(sealed, bound_to="a") == b"x"


def test_a_file_that_is_gone_is_not_sealed_for(tmp_path: Path) -> None:
    vault, file = in_folder(tmp_path)
    sealed = vault.seal(b"x", bound_to="a")
    file.path.rename(tmp_path / "elsewhere")
    with pytest.raises(ConfigurationError, match=KEY_FILE):
        vault.seal(b"y", bound_to="a")
    assert vault.open(sealed, bound_to="a") == b"x"
    assert vault.derive("jwt") == vault.derived("jwt")[vault.key_id]
    (tmp_path / "elsewhere").rename(file.path)
    assert vault.open(vault.seal(b"y", bound_to="a"), bound_to="a") == b"y"


@given(st.lists(st.sampled_from(["add", "drop"]), max_size=8))
def test_every_key_in_the_file_stays_until_it_is_dropped(
    tmp_path_factory: pytest.TempPathFactory, steps: list[str]
) -> None:
    folder = tmp_path_factory.mktemp("keys")
    vault, file = in_folder(folder)
    held = {vault.key_id: vault.seal(b"x", bound_to="a")}
    retired: set[str] = set()
    for step in steps:
        if step == "add":
            file.add()
        else:
            retired |= set(vault.former_ids)
            file.drop(vault.former_ids)
        vault.look_again()
        held[vault.key_id] = vault.seal(b"x", bound_to="a")
        fresh = open_vault(None, None, folder)
        assert (fresh.key_id, fresh.former_ids) == (vault.key_id, vault.former_ids)
        assert file.read().retired == retired
        for key_id, sealed in held.items():
            if key_id not in retired:
                assert fresh.open(sealed, bound_to="a") == b"x"
    assert [path.name for path in folder.iterdir()] == [KEY_FILE]


class _Killed(BaseException):
    """The process is gone."""


@pytest.mark.parametrize("call", ["open", "fsync", "replace"])
def test_a_change_that_is_cut_off_leaves_every_key(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: str
) -> None:
    vault, file = in_folder(tmp_path)
    sealed = vault.seal(b"x", bound_to="a")

    def cut_off(*_: object, **__: object) -> None:
        raise _Killed

    with monkeypatch.context() as patch:
        patch.setattr(*((Path, "replace") if call == "replace" else (os, call)), cut_off)
        with pytest.raises(_Killed):
            file.add()
    fresh = open_vault(None, None, tmp_path)
    assert fresh.open(sealed, bound_to="a") == b"x"
    assert fresh.key_id == vault.key_id


def test_a_reader_never_sees_a_file_without_the_keys_of_before(tmp_path: Path) -> None:
    _, file = in_folder(tmp_path)
    seen: list[Keys] = [file.read()]
    with ThreadPoolExecutor(1) as threads:
        writing = threads.submit(lambda: [file.add() for _ in range(40)])
        while not writing.done():
            seen.append(file.read())
    seen.append(file.read())
    assert len(seen[-1].every) == 41
    assert all(before.ids <= after.ids for before, after in pairwise(seen))
