"""Whether an e-mail and a password belong together, without telling anything else.

An e-mail that nobody has takes the same questions and the same work as a wrong password; and what
is refused is answered at the next beat, so that what little differs does not show.
"""

from __future__ import annotations

import asyncio
import math
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from pydantic import SecretStr

from storetwin.db import Database, load_queries
from storetwin.kernel.errors import StoretwinError
from storetwin.kernel.ids import new_id
from storetwin.tenancy.members import User, find_user, read_user
from storetwin.tenancy.passwords import hash_password, is_outdated, is_right

Q = load_queries("storetwin.tenancy")
BEAT_SECONDS: Final = 0.25


class WrongCredentialsError(StoretwinError):
    """E-mail and password do not belong together; it never says which is wrong."""

    code = "wrong_credentials"
    default_remedy = "Check both. Whoever runs Storetwin can set a new one: storetwin user password"

    def __init__(self) -> None:
        super().__init__("E-mail or password is wrong.")


@dataclass(frozen=True, slots=True)
class Proof:
    """What came of a password.

    Args:
        user: who has the e-mail, if anybody.
        is_proven: it is his password, and he was not shut out.
    """

    user: User | None
    is_proven: bool


async def prove(database: Database, email: str, password: SecretStr, now: datetime) -> Proof:
    """Compare a password with that of whoever has an e-mail.

    Raises:
        TooManyPasswordsError: too many are waiting already.
    """
    user_id = await find_user(database, email)
    return await prove_user(database, user_id or new_id(now), password)


async def prove_user(database: Database, user_id: UUID, password: SecretStr) -> Proof:
    """Compare a password with that of a user, who need not exist.

    Raises:
        TooManyPasswordsError: too many are waiting already.
    """
    async with database.transaction(None, user_id=user_id) as tx:
        user = await read_user(tx, user_id)
    is_same = await is_right(user.password_hash if user else None, password)
    return Proof(user, is_same and user is not None and user.disabled_at is None)


async def keep_up_to_date(database: Database, user: User, password: SecretStr) -> None:
    """Hash a password anew, whose parameters are no longer today's."""
    if user.password_hash is not None and is_outdated(user.password_hash):
        fresh = await hash_password(password)
        async with database.transaction(None, user_id=user.user_id) as tx:
            row = {"user_id": user.user_id, "old": user.password_hash, "fresh": fresh}
            await tx.execute(Q.rehash_password, row)


class Beat:
    """Ends what takes a little more or less time at the same moments."""

    def __init__(self) -> None:
        self._started = asyncio.get_running_loop().time()

    async def wait(self) -> None:
        """Return at the next beat since the start."""
        passed = asyncio.get_running_loop().time() - self._started
        await asyncio.sleep(math.ceil(passed / BEAT_SECONDS) * BEAT_SECONDS - passed)
