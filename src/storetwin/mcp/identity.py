"""As whom an assistant asks: the same credentials, looked at anew with every call, as at the API."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from fastmcp.server.auth import AccessToken, TokenVerifier
from fastmcp.server.dependencies import get_access_token
from pydantic import Field

from storetwin.tenancy.doorkeeper import Doorkeeper
from storetwin.tenancy.models import Permission, Principal, UnauthenticatedError

Who = Callable[[], Awaitable[Principal]]
"""Says who calls, at each call."""


class KnownToken(AccessToken):
    """A token whose holder we know."""

    principal: Principal = Field(exclude=True, repr=False)


class Verifier(TokenVerifier):
    """Knows the tokens and keys of the API, and demands of each the permission to read."""

    def __init__(self, doorkeeper: Doorkeeper) -> None:
        super().__init__(required_scopes=[Permission.READ.value])
        self._doorkeeper = doorkeeper

    async def verify_token(self, token: str) -> KnownToken | None:
        """Return whose token it is; None for nobody's."""
        try:
            principal = await self._doorkeeper.recognise(token)
        except UnauthenticatedError:
            return None
        return KnownToken(
            token="",  # nothing behind this door needs it again
            client_id=str(principal.credential_id),
            subject=str(principal.user_id),
            scopes=sorted(principal.permissions),
            principal=principal,
        )


async def holder_of_request() -> Principal:
    """Return who sent the request that is being answered.

    Raises:
        UnauthenticatedError: nobody whom we know.
    """
    token = get_access_token()
    if not isinstance(token, KnownToken):
        raise UnauthenticatedError
    return token.principal
