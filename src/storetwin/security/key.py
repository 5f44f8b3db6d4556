"""The vault's keys: where they come from, how they change, and whether this database knows them.

The file ``encryption.key`` has a key a line, 32 bytes in base64: the first seals, the others open
what they sealed. A line that begins with ``#`` names a key that was thrown away.
"""

from __future__ import annotations

import base64
import binascii
import os
import secrets
from collections.abc import Hashable, Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from uuid import UUID

from pydantic import SecretStr

from storetwin.db import Database, Row, Transaction, load_queries
from storetwin.kernel.errors import ConfigurationError, InvariantError
from storetwin.security.vault import (
    KEY_BYTES,
    Keys,
    Vault,
    WrongEncryptionKeyError,
    key_id_of,
    sealing_key_of,
)

Q = load_queries("storetwin.security")
KEY_FILE = "encryption.key"
CHECKED = b"storetwin"
_RETIRED = "# retired "


def check_place(organisation_id: UUID) -> str:
    """Return where the known text is kept."""
    return f"security/vault_checks/{organisation_id}"


def digest_key_place(organisation_id: UUID) -> str:
    """Return where the key of digests is kept."""
    return f"security/digest_keys/{organisation_id}"


def open_vault(given: SecretStr | None, former: SecretStr | None, data_dir: Path) -> Vault:
    """Return the vault under the key given by a setting, else under the file's, made when absent.

    Args:
        former: keys that may still be needed to open, separated by commas or spaces.

    Raises:
        ConfigurationError: not 32 bytes in base64, or the file cannot be read or written.
    """
    texts = former.get_secret_value().replace(",", " ").split() if former else []
    further = tuple(_decode(text, "STORETWIN_FORMER_ENCRYPTION_KEYS") for text in texts)
    if given is not None:
        key = _decode(given.get_secret_value(), "STORETWIN_ENCRYPTION_KEY")
        return Vault(Keys(key, further))
    file = KeyFile(data_dir / KEY_FILE, further)
    file.ensure()
    return Vault(file.read(), file)


@dataclass(frozen=True, slots=True)
class KeyFile:
    """The file that holds the keys.

    Args:
        further: keys that are known from elsewhere; they open, and are not written.
    """

    path: Path
    further: tuple[bytes, ...] = ()

    def stamp(self) -> Hashable:
        """Return what tells one state of the file from another; None where there is no file."""
        try:
            found = self.path.stat()
        except OSError:
            return None
        return (found.st_ino, found.st_mtime_ns, found.st_size)

    def ensure(self) -> None:
        """Make the file with a new key unless it is there.

        Raises:
            ConfigurationError: it cannot be written.
        """
        try:
            if not self.path.exists():
                _make_key_file(self.path)
        except OSError as error:
            raise self._unusable(error) from error

    def read(self) -> Keys:
        """Return the keys.

        Raises:
            ConfigurationError: the file cannot be read, or holds something else.
        """
        keys = self._own()
        return Keys(keys.current, (*keys.former, *self.further), keys.retired)

    def add(self) -> Keys:
        """Make a new current key; the one before opens from now on.

        At no moment is there a file without the keys that were in it.
        """
        keys = self._own()
        return self._write(Keys(secrets.token_bytes(KEY_BYTES), keys.every, keys.retired))

    def drop(self, ids: Iterable[str]) -> Keys:
        """Throw former keys away; their ids stay."""
        gone, keys = set(ids), self._own()
        kept = tuple(key for key in keys.former if key_id_of(key) not in gone)
        dropped = {key_id_of(key) for key in keys.former} & gone
        return self._write(Keys(keys.current, kept, keys.retired | dropped))

    def _own(self) -> Keys:
        try:
            text = self.path.read_text(encoding="ascii", errors="replace")
        except OSError as error:
            raise self._unusable(error) from error
        lines = text.splitlines()
        found = [line for line in lines if line.strip() and not line.startswith("#")] or [""]
        keys = [_decode(line, os.fspath(self.path)) for line in found]
        retired = [line.removeprefix(_RETIRED) for line in lines if line.startswith(_RETIRED)]
        return Keys(keys[0], tuple(keys[1:]), frozenset(map(str.strip, retired)))

    def _write(self, keys: Keys) -> Keys:
        lines = [base64.b64encode(key).decode() for key in keys.every]
        lines += [f"{_RETIRED}{key_id}" for key_id in sorted(keys.retired)]
        try:
            fresh = _write_beside(self.path, "".join(f"{line}\n" for line in lines).encode())
            fresh.replace(self.path)
            _sync_folder(self.path.parent)
        except OSError as error:
            raise self._unusable(error) from error
        return keys

    def _unusable(self, error: OSError) -> ConfigurationError:
        return ConfigurationError(
            f"The encryption key {self.path} cannot be used: {error.strerror}.",
            remedy="Correct the rights there, or set STORETWIN_ENCRYPTION_KEY.",
        )


def _decode(text: str, where: str) -> bytes:
    try:
        key = base64.b64decode(text.strip(), validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if len(key) != KEY_BYTES:
        raise ConfigurationError(
            f"The encryption key in {where} is not 32 bytes in base64.",
            remedy="Put back the key this database was used with; "
            "for a new database make one with: openssl rand -base64 32.",
        )
    return key


def _make_key_file(path: Path) -> None:
    """Write a new key (0600); of several processes at once one wins, and no half key is seen."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    fresh = _write_beside(path, base64.b64encode(secrets.token_bytes(KEY_BYTES)) + b"\n")
    try:
        path.hardlink_to(fresh)
        _sync_folder(path.parent)
    except FileExistsError:
        return
    finally:
        fresh.unlink()


def _write_beside(path: Path, content: bytes) -> Path:
    """Write a file of another name into the same folder (0600), durably."""
    fresh = path.with_name(f"{path.name}.{secrets.token_hex(8)}")
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    return fresh


def _sync_folder(folder: Path) -> None:
    """Make a rename in a folder last."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


async def check_key(
    database: Database, vault: Vault, *, organisation_id: UUID, now: datetime
) -> None:
    """Make sure that the vault has the keys that the secrets in the database were sealed with.

    The first call seals a known text; later ones open it. So a wrong key is told at the start, not
    when a store is first spoken to. While a rotation is under way there are two such texts, one
    under each key: both are needed. Digests are made with the key kept beside them from here on.

    Raises:
        WrongEncryptionKeyError: a key is missing.
    """
    async with database.transaction(organisation_id) as tx:
        row = await tx.fetch_one(Q.select_vault_check)
        if row is None:
            await _insert(tx, vault, organisation_id, now)
            row = await tx.fetch_one(Q.select_vault_check)
        if row is None:
            raise InvariantError("The vault's check was written and is not there.")
        _check(vault, row, organisation_id)
        await _take_digest_key(tx, vault, row, organisation_id)


async def _insert(tx: Transaction, vault: Vault, organisation_id: UUID, now: datetime) -> None:
    sealed = vault.seal(CHECKED, bound_to=check_place(organisation_id))
    await tx.execute(Q.insert_vault_check, (organisation_id, sealed, now))


def _check(vault: Vault, row: Row, organisation_id: UUID) -> None:
    place = check_place(organisation_id)
    if row["sealed_next"] is not None:
        _open_check(vault, bytes(row["sealed_next"]), place)
        _open_check(vault, bytes(row["sealed"]), place, is_former=True)
    else:
        _open_check(vault, bytes(row["sealed"]), place)


def _open_check(vault: Vault, sealed: bytes, place: str, *, is_former: bool = False) -> None:
    try:
        vault.open(sealed, bound_to=place)
    except WrongEncryptionKeyError:
        if not is_former:
            raise WrongEncryptionKeyError(
                "The encryption key is not the one this database was used with."
            ) from None
        raise WrongEncryptionKeyError(
            f"The former encryption key {sealing_key_of(sealed)} is missing, and a rotation that "
            "needs it has not come to its end.",
            remedy="Put it back below the current one in encryption.key, or into "
            "STORETWIN_FORMER_ENCRYPTION_KEYS; then run: storetwin vault rotate.",
        ) from None


async def _take_digest_key(tx: Transaction, vault: Vault, row: Row, organisation_id: UUID) -> None:
    """Use the key of digests that is kept; the first time that is the one digests were made with."""
    place = digest_key_place(organisation_id)
    if row["sealed_digest_key"] is None:
        first = vault.digest_key_of(sealing_key_of(bytes(row["sealed"])))
        await tx.execute(Q.keep_digest_key, (vault.seal(first, bound_to=place),))
        vault.keep_digest_key(first)
        return
    vault.keep_digest_key(vault.open(bytes(row["sealed_digest_key"]), bound_to=place))


# -- a change of the key ----------------------------------------------------------------------------


async def read_check(tx: Transaction) -> Row:
    """Return what tells which keys are needed to start, and when the key was changed last."""
    row = await tx.fetch_one(Q.select_vault_check)
    if row is None:
        raise InvariantError("The vault's check is not there.")
    return row


async def begin_rotation(
    tx: Transaction, vault: Vault, *, organisation_id: UUID, now: datetime
) -> None:
    """From here on the current key is needed to start, beside the one of before."""
    sealed = vault.seal(CHECKED, bound_to=check_place(organisation_id))
    await tx.execute(Q.begin_rotation, {"sealed": sealed, "now": now})


async def end_rotation(tx: Transaction) -> None:
    """From here on the current key is enough."""
    await tx.execute(Q.end_rotation)


async def organisations_with_secrets(tx: Transaction) -> set[UUID]:
    """Return every organisation that may have sealed values."""
    rows = await tx.fetch_all(Q.organisations_with_secrets)
    return {row["organisation_id"] for row in rows}
