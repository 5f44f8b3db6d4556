"""That a form was sent from a page of ours, by whoever was shown it.

Two things are asked, each enough by itself: the browser says that a page of this hub sent it
(``Origin``), and the form holds a token that only this session's pages hold. The token is another
one at each page: what is compressed together with it tells nothing about it.
"""

from __future__ import annotations

import hmac
import secrets
from typing import Final
from urllib.parse import urlsplit
from uuid import UUID

from starlette.requests import Request

from storetwin.api.problems import ProblemError
from storetwin.security import Vault

LABEL: Final = "storetwin csrf tokens"
FIELD: Final = "csrf"
HEADER: Final = "x-csrf-token"
FORMS: Final = ("application/x-www-form-urlencoded", "multipart/form-data")


def token_for(vault: Vault, session_id: UUID) -> str:
    """Return a fresh token for the forms of one page of a session."""
    nonce = secrets.token_hex(16)
    return f"{nonce}.{_sign(vault.derive(LABEL), nonce, session_id)}"


def is_token(vault: Vault, session_id: UUID, token: str | None) -> bool:
    """Say whether a token was made for a session; also by a key that was replaced meanwhile."""
    nonce, _, signature = (token or "").partition(".")
    if not nonce or not signature.isascii():
        return False
    keys = vault.derived(LABEL).values()
    return any(hmac.compare_digest(_sign(key, nonce, session_id), signature) for key in keys)


def check_origin(request: Request, public_url: str | None) -> None:
    """Let nothing pass that another site's page sent.

    Raises:
        ProblemError: 403, it was sent from elsewhere, or the browser does not say from where.
    """
    origin = request.headers.get("origin")
    if origin is None:
        if request.headers.get("sec-fetch-site") in ("same-origin", "none"):
            return
        raise _foreign("Your browser did not say which page sent this.")
    places = {request.headers.get("host", "").lower()}
    if public_url is not None:
        places.add(urlsplit(public_url).netloc.lower())
    if urlsplit(origin).netloc.lower() not in places - {""}:
        raise _foreign("This was sent by a page of another site.")


async def check_token(request: Request, vault: Vault, session_id: UUID) -> None:
    """Let nothing pass that does not hold a token of this session.

    Raises:
        ProblemError: 403, it holds none, or another session's.
    """
    token = request.headers.get(HEADER)
    if token is None and request.headers.get("content-type", "").startswith(FORMS):
        given = (await request.form()).get(FIELD)
        token = given if isinstance(given, str) else None
    if not is_token(vault, session_id, token):
        raise _foreign("The page that sent this was made for another sign-in.")


def _foreign(detail: str) -> ProblemError:
    return ProblemError(
        403,
        "foreign_form",
        f"{detail} Nothing was changed.",
        remedy="Go back, load the page again, and send it once more.",
    )


def _sign(key: bytes, nonce: str, session_id: UUID) -> str:
    return hmac.new(key, f"{nonce}:{session_id}".encode(), "sha256").hexdigest()
