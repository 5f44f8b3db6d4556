"""A wrong key is noticed at the start."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

import pytest

from storetwin.db import Database
from storetwin.db.organisations import ensure_default_organisation
from storetwin.security import Vault, WrongEncryptionKeyError
from storetwin.security.key import check_key

NOW = datetime(2026, 11, 21, 5, tzinfo=UTC)


async def test_the_first_key_is_the_right_one_from_then_on(database: Database) -> None:
    organisation_id = await ensure_default_organisation(database, NOW)
    for _ in range(2):
        await check_key(database, Vault(bytes(32)), organisation_id=organisation_id, now=NOW)
    with pytest.raises(WrongEncryptionKeyError) as caught:
        await check_key(database, Vault(b"x" * 32), organisation_id=organisation_id, now=NOW)
    assert "encryption.key" in str(caught.value.remedy)


async def test_of_two_keys_at_once_one_wins(database: Database) -> None:
    organisation_id = await ensure_default_organisation(database, NOW)
    results = await asyncio.gather(
        *(
            check_key(database, Vault(key), organisation_id=organisation_id, now=NOW)
            for key in (b"a" * 32, b"b" * 32)
        ),
        return_exceptions=True,
    )
    assert sorted(type(result).__name__ for result in results) == [
        "NoneType",
        "WrongEncryptionKeyError",
    ]
