"""Access tokens: JWTs (RFC 7519, 9068) that live for minutes and say who asks, and in which session.

They are signed with HMAC-SHA-256 under a key derived from the vault's. Whether the session still
stands is looked up each time: a token alone opens nothing.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

import jwt
import msgspec

from storetwin.security import Vault

LABEL: Final = "storetwin access tokens"
ISSUER: Final = "storetwin"
ALGORITHM: Final = "HS256"
TYPE: Final = "at+jwt"
LIFETIME: Final = timedelta(minutes=15)
LEEWAY: Final = timedelta(seconds=5)  # between the clocks of two processes of ours


@dataclass(frozen=True, slots=True)
class Claims:
    """What an access token says.

    Args:
        organisation_id: in which its holder asks.
    """

    user_id: UUID
    organisation_id: UUID
    session_id: UUID


@dataclass(frozen=True, slots=True)
class AccessTokens:
    """Signs access tokens and reads them."""

    vault: Vault = field(repr=False)

    def issue(self, claims: Claims, now: datetime) -> str:
        """Return a token that is good for `LIFETIME`."""
        issued_at = int(now.timestamp())
        payload = {
            "iss": ISSUER,
            "sub": str(claims.user_id),
            "org": str(claims.organisation_id),
            "sid": str(claims.session_id),
            "iat": issued_at,
            "exp": issued_at + int(LIFETIME.total_seconds()),
        }
        head = {"kid": self.vault.key_id, "typ": TYPE}
        return jwt.encode(payload, self.vault.derive(LABEL), ALGORITHM, headers=head)

    def read(self, token: str, now: datetime) -> Claims | None:
        """Return what a token says; None unless it is ours, unaltered, and of this time."""
        try:
            head = jwt.get_unverified_header(token)
            key = self.vault.derived(LABEL).get(str(head.get("kid")))
            if key is None or head.get("typ") != TYPE:
                return None
            payload = jwt.decode(token, key, [ALGORITHM], issuer=ISSUER, options=_OPTIONS)
            return _claims(payload, now)
        except (jwt.PyJWTError, msgspec.ValidationError, ValueError):
            return None


# Its times are compared with the clock that everything else goes by.
_OPTIONS: Final[Any] = {"verify_exp": False, "verify_iat": False}


class _Payload(msgspec.Struct):
    """The claims of a token as they are written."""

    iss: str
    sub: UUID
    org: UUID
    sid: UUID
    iat: int
    exp: int


def _claims(payload: dict[str, Any], now: datetime) -> Claims | None:
    told = msgspec.convert(payload, _Payload)
    moment, leeway = now.timestamp(), LEEWAY.total_seconds()
    if not told.iat - leeway <= moment < told.exp + leeway:
        return None
    return Claims(told.sub, told.org, told.sid)
