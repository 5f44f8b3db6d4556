"""Keys by the store's own page: what is asked of it, and what it sends back. Pure.

WooCommerce's page ``/wc-auth/v1/authorize`` asks whoever is signed in there as a shop manager. On
his yes it makes keys and posts them to ``callback_url``; anything but a 200 from there and it
deletes them again. Then it sends his browser to ``return_url``. (WooCommerce 10.5,
``includes/class-wc-auth.php``.)
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from hashlib import sha256
from urllib.parse import quote, urlencode, urlsplit
from uuid import UUID

from storetwin.kernel.errors import ConfigurationError, UnknownNameError

APP_NAME = "Storetwin"
PAGE = "/wc-auth/v1/authorize"
CALLBACK = "/api/v1/authorisations/callback"
RETURN = "/api/v1/authorisations/done"
LASTS = timedelta(hours=1)
MOST_TRIES = 5  # keys that come to nothing: each of them lets us ask the store
CLAIM_LASTS = timedelta(minutes=2)  # keys are tried in less; a process that died gives them free
KEPT = timedelta(days=30)
MOST_WAITING = 100  # of an organisation at the same time
_LOCAL = frozenset({"localhost", "127.0.0.1", "::1"})


class Scope(StrEnum):
    """What the keys may do."""

    READ = "read"
    WRITE = "write"
    READ_WRITE = "read_write"


class Standing(StrEnum):
    """How an authorisation stands."""

    PENDING = "pending"
    CONNECTED = "connected"
    EXPIRED = "expired"


class UnknownAuthorisationError(UnknownNameError):
    """There is no such authorisation, or none that still waits."""

    code = "unknown_authorisation"

    def __init__(self) -> None:
        super().__init__(
            "There is no such authorisation.", remedy="Begin a new one: it lasts an hour."
        )


class NoPublicUrlError(ConfigurationError):
    """A store could not send its keys here."""

    code = "no_public_url"


@dataclass(frozen=True, slots=True)
class Asked:
    """What a person gives to be led to a store's page.

    Args:
        return_url: where the store sends the browser afterwards; None for a page of ours.
        created_by: who asks.
    """

    name: str
    url: str
    scope: Scope = Scope.READ_WRITE
    return_url: str | None = None
    ca: str | None = None
    is_tls_insecure: bool = False
    created_by: UUID | None = None


@dataclass(frozen=True, slots=True)
class Authorisation:
    """A store that was asked for keys.

    Args:
        tries: how often keys came that were not taken.
        trouble, remedy: why those that came last were not.
    """

    authorisation_id: UUID
    organisation_id: UUID
    name: str
    url: str
    scope: Scope
    created_at: datetime
    expires_at: datetime
    created_by: UUID | None = None
    ca: str | None = field(default=None, repr=False)
    is_tls_insecure: bool = False
    tries: int = 0
    connected_at: datetime | None = None
    connection_id: UUID | None = None
    trouble: str | None = None
    remedy: str | None = None

    def standing(self, now: datetime) -> Standing:
        """Say how it stands."""
        if self.connected_at is not None:
            return Standing.CONNECTED
        is_over = now >= self.expires_at or self.tries >= MOST_TRIES
        return Standing.EXPIRED if is_over else Standing.PENDING


def new_state() -> str:
    """Return what the store sends back with its keys: 256 random bits in plain letters.

    WooCommerce cleans the text, so it has none that it would take away.
    """
    return secrets.token_hex(32)


def hash_of(state: str) -> bytes:
    """Return what a state is looked up by."""
    return sha256(state.encode("utf-8", "replace")).digest()


def check_public_url(public_url: str | None) -> str:
    """Return the address that stores reach this hub by, if they post keys there.

    Raises:
        NoPublicUrlError: there is none, or none that WooCommerce accepts.
    """
    if public_url is None:
        raise NoPublicUrlError(
            "The store could not send its keys: nobody said where this hub is reached.",
            remedy="Set STORETWIN_PUBLIC_URL, or make keys by hand and add the connection with them.",
        )
    parts = urlsplit(public_url)
    if parts.scheme != "https" and parts.hostname not in _LOCAL:
        raise NoPublicUrlError(
            f"WooCommerce sends keys to https only, and this hub is reached at {public_url}.",
            remedy="Put a proxy with a certificate before it and set STORETWIN_PUBLIC_URL to that.",
        )
    return public_url.rstrip("/")


def check_return_url(given: str) -> str:
    """Return where the store is to send the browser, if it arrives there as it is.

    WooCommerce decodes the address once at each of its own pages, so ``%`` and ``+`` do not last.

    Raises:
        ConfigurationError: it cannot be used.
    """
    try:
        parts = urlsplit(given)
        is_url = parts.scheme in ("http", "https") and bool(parts.hostname)
    except ValueError:
        is_url = False
    if not is_url or any(c.isspace() or not c.isprintable() for c in given):
        raise ConfigurationError(
            "The return_url is no address.", remedy="Give one like https://office.example/stores."
        )
    if "%" in given or "+" in given:
        raise ConfigurationError(
            "The return_url has a % or a +, and WooCommerce would change it on the way.",
            remedy="Give one without, and keep what belongs to it on your side.",
        )
    return given


def authorise_url(asked: Asked, state: str, public_url: str) -> str:
    """Return the address of the store's page."""
    question = {
        "app_name": APP_NAME,
        "scope": asked.scope.value,
        "user_id": state,
        "return_url": asked.return_url or public_url + RETURN,
        "callback_url": public_url + CALLBACK,
    }
    return f"{asked.url}{PAGE}?{urlencode(question, quote_via=quote, safe='')}"
