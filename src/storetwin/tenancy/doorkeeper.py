"""Who asks: from what stands after ``Authorization: Bearer`` to a principal, or nobody."""

from __future__ import annotations

from dataclasses import dataclass, field

from storetwin.db import Database
from storetwin.kernel.clock import Clock
from storetwin.security import Vault
from storetwin.tenancy.access_tokens import AccessTokens
from storetwin.tenancy.keys import holder_of_key
from storetwin.tenancy.models import Principal, UnauthenticatedError
from storetwin.tenancy.one_time import KEY_PREFIX, WEB_PREFIX
from storetwin.tenancy.sessions import holder_of_session
from storetwin.tenancy.web_sessions import holder_of_web_session

LONGEST = 4096


@dataclass(frozen=True, slots=True)
class Doorkeeper:
    """Knows whom to let in. The same for every door.

    What he knows he looks up each time: whoever is shut out is out at once.
    """

    database: Database
    vault: Vault = field(repr=False)
    clock: Clock

    async def recognise(self, token: str | None) -> Principal:
        """Return who sent a token that a program has: an access token or an API key.

        Raises:
            UnauthenticatedError: nobody whom we know.
        """
        principal = None
        if token and len(token) <= LONGEST and token.isascii():
            if token.startswith(KEY_PREFIX):
                principal = await holder_of_key(self.database, token, self.clock())
            else:
                principal = await self._holder_of_token(token)
        if principal is None:
            raise UnauthenticatedError
        return principal

    async def recognise_browser(self, token: str | None) -> Principal:
        """Return whose browser sent a token, in its cookie.

        Raises:
            UnauthenticatedError: nobody whom we know.
        """
        principal = None
        if token and len(token) <= LONGEST and token.isascii() and token.startswith(WEB_PREFIX):
            principal = await holder_of_web_session(self.database, token, self.clock())
        if principal is None:
            raise UnauthenticatedError
        return principal

    async def _holder_of_token(self, token: str) -> Principal | None:
        now = self.clock()
        claims = AccessTokens(self.vault).read(token, now)
        return await holder_of_session(self.database, claims, now) if claims else None
