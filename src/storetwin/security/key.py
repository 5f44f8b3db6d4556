"""The vault's key: where it comes from, and whether it is the one this database knows."""

from __future__ import annotations

import base64
import binascii
import os
import secrets
from datetime import datetime
from pathlib import Path
from uuid import UUID

from pydantic import SecretStr

from storetwin.db import Database, load_queries
from storetwin.kernel.errors import ConfigurationError, InvariantError
from storetwin.security.vault import KEY_BYTES, Vault, WrongEncryptionKeyError

Q = load_queries("storetwin.security")
KEY_FILE = "encryption.key"
_CHECK = b"storetwin"
_CHECK_PLACE = "security/vault_checks"


def load_key(given: SecretStr | None, data_dir: Path) -> bytes:
    """Return the key given by a setting, else the one in the data directory, made when absent.

    Raises:
        ConfigurationError: not 32 bytes in base64, or the file cannot be read or written.
    """
    if given is not None:
        return _decode(given.get_secret_value(), "STORETWIN_ENCRYPTION_KEY")
    path = data_dir / KEY_FILE
    try:
        if not path.exists():
            _make_key_file(path)
        return _decode(path.read_text(encoding="ascii", errors="replace"), os.fspath(path))
    except OSError as error:
        raise ConfigurationError(
            f"The encryption key {path} cannot be used: {error.strerror}.",
            remedy="Correct the rights there, or set STORETWIN_ENCRYPTION_KEY.",
        ) from error


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
    fresh = path.with_name(f"{path.name}.{secrets.token_hex(8)}")
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(base64.b64encode(secrets.token_bytes(KEY_BYTES)) + b"\n")
            file.flush()
            os.fsync(file.fileno())
        try:
            path.hardlink_to(fresh)
        except FileExistsError:
            return
    finally:
        fresh.unlink()


async def check_key(
    database: Database, vault: Vault, *, organisation_id: UUID, now: datetime
) -> None:
    """Make sure that the vault's key is the one the organisation's secrets were sealed with.

    The first call for an organisation seals a known text; later ones open it. So a wrong key is
    told at the start, not when a store is first spoken to.

    Raises:
        WrongEncryptionKeyError: the key is another one.
    """
    place = f"{_CHECK_PLACE}/{organisation_id}"
    async with database.transaction(organisation_id) as transaction:
        row = await transaction.fetch_one(Q.select_vault_check)
        if row is None:
            sealed = vault.seal(_CHECK, bound_to=place)
            await transaction.execute(Q.insert_vault_check, (organisation_id, sealed, now))
            row = await transaction.fetch_one(Q.select_vault_check)
    if row is None:
        raise InvariantError("The vault's check was written and is not there.")
    try:
        vault.open(row["sealed"], bound_to=place)
    except WrongEncryptionKeyError:
        raise WrongEncryptionKeyError(
            "The encryption key is not the one this database was used with."
        ) from None
