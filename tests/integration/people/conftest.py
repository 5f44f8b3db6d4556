"""One installation for the tests of a file, and an organisation of its own for each."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from uuid import uuid4

import pytest
import pytest_asyncio
from argon2 import PasswordHasher

from database_clones import clone
from houses import House, open_house
from storetwin.db.embedded import EmbeddedPostgres
from storetwin.tenancy import passwords


@pytest.fixture(scope="module", autouse=True)
def _quick_passwords() -> Iterator[None]:
    """Passwords are hashed in a millisecond; tests/unit/tenancy hashes them as they are hashed."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(passwords, "_HASHER", PasswordHasher(time_cost=1, memory_cost=64))
        passwords._nobodys.cache_clear()
        yield
    passwords._nobodys.cache_clear()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def installed(
    postgres: EmbeddedPostgres, template: str, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[House]:
    """An installation; its clock is shared, so nothing may depend on the hour."""
    with clone(postgres, template) as dsn:
        async with open_house(dsn, tmp_path_factory.mktemp("house")) as opened:
            yield opened


@pytest_asyncio.fixture(loop_scope="module")
async def house(installed: House) -> House:
    """An organisation of this test's own; what others failed at is forgotten."""
    installed.watch.skip(hours=2)
    return await installed.beside(f"house {uuid4().hex[:8]}")
