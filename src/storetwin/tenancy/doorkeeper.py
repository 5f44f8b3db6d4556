"""Who asks: from what stands after ``Authorization: Bearer`` to a principal, or nobody."""

from __future__ import annotations

from dataclasses import dataclass

from storetwin.db import Database
from storetwin.kernel.clock import Clock
from storetwin.tenancy.keys import PREFIX, holder_of_key
from storetwin.tenancy.models import Principal, UnauthenticatedError

LONGEST = 4096


@dataclass(frozen=True, slots=True)
class Doorkeeper:
    """Knows whom to let in. The same for every door."""

    database: Database
    clock: Clock

    async def recognise(self, token: str | None) -> Principal:
        """Return who sent a token.

        Raises:
            UnauthenticatedError: nobody whom we know.
        """
        if token and len(token) <= LONGEST and token.isascii() and token.startswith(PREFIX):
            principal = await holder_of_key(self.database, token, self.clock())
            if principal is not None:
                return principal
        raise UnauthenticatedError
