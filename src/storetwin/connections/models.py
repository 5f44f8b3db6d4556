"""What a connection is, as plain values. Nothing here touches a database or a network."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from ipaddress import IPv6Address
from urllib.parse import urlsplit, urlunsplit
from uuid import UUID

from pydantic import SecretStr

from storetwin.connections.options import Options
from storetwin.kernel.errors import ConfigurationError

MAX_NAME_LENGTH = 63
RESERVED_NAMES = frozenset({"default", "new", "test"})  # /connections/default, …


class AuthScheme(StrEnum):
    """How a request to the store carries its keys (measured: docs/explanation/how-a-store-behaves.md)."""

    AUTO = "auto"
    BASIC = "basic"
    QUERY = "query"
    OAUTH1 = "oauth1"


class ConnectionState(StrEnum):
    """Whether runs may use the connection."""

    ACTIVE = "active"
    PAUSED = "paused"


@dataclass(frozen=True, slots=True)
class Credentials:
    """A consumer key and its secret. Neither shows in ``repr``."""

    key: SecretStr
    secret: SecretStr


@dataclass(frozen=True, slots=True)
class StoreFacts:
    """What a store says about itself; None where it does not say.

    Attributes:
        store_id: WooCommerce's own UUID of the store (``system_status.environment.store_id``).
        home_url: the store's idea of its URL.
        timezone: the site's time zone as WordPress writes it.
        currency: ISO 4217 code.
    """

    store_id: str | None = None
    home_url: str | None = None
    wc_version: str | None = None
    wp_version: str | None = None
    timezone: str | None = None
    currency: str | None = None


@dataclass(frozen=True, slots=True)
class Connection:
    """A configured link to a store.

    Attributes:
        url: normalised, see `normalise_url`; never ends with a slash.
        auth: what was asked for; AUTO until told otherwise.
        detected: the scheme a probe found to work; None before the first successful probe.
        sealed_credentials: key and secret as the vault sealed them (`register.open_credentials`).
        ca: PEM text of an extra certificate authority to trust for this store.
        is_tls_insecure: the store's certificate is not checked.
        last_probe: the last probe's report as JSON text.
        identity: which store it was when it was last trusted, as JSON text.
        pause_reason: why runs do not use it at the moment, where it is paused.
        routes: what the store's routes take, as JSON text; None before it was asked.
        routes_at: when it was asked.
        created_by: the user who made it; None at the machine itself.
    """

    id: UUID
    organisation_id: UUID
    name: str
    url: str
    created_at: datetime
    platform: str = "woocommerce"
    auth: AuthScheme = AuthScheme.AUTO
    detected: AuthScheme | None = None
    sealed_credentials: bytes = field(default=b"", repr=False)
    ca: str | None = field(default=None, repr=False)
    is_tls_insecure: bool = False
    state: ConnectionState = ConnectionState.ACTIVE
    is_default: bool = False
    last_probe: str | None = field(default=None, repr=False)
    last_probe_at: datetime | None = None
    store: StoreFacts = field(default_factory=StoreFacts)
    options: Options = field(default_factory=Options)
    identity: str | None = field(default=None, repr=False)
    pause_reason: str | None = None
    routes: str | None = field(default=None, repr=False)
    routes_at: datetime | None = None
    created_by: UUID | None = None

    @property
    def scheme(self) -> AuthScheme:
        """The scheme to use: the one asked for, else the one detected, else AUTO."""
        return self.auth if self.auth is not AuthScheme.AUTO else self.detected or self.auth


def normalise_url(given: str) -> str:
    """Return one spelling for one store: scheme and host lower-case, no default port, query or slash.

    A path stays (WordPress may live below one), a trailing ``/wp-json…`` goes. Without a scheme
    https is meant.

    Raises:
        ConfigurationError: not a URL, not http or https, or with a user name or password in it.
    """
    text = given.strip()
    if "://" not in text:
        text = f"https://{text}"
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        raise _bad_url(given, "it is not a URL") from None
    scheme, host = parts.scheme.lower(), (parts.hostname or "").rstrip(".")
    if scheme not in {"http", "https"}:
        raise _bad_url(given, "only http and https are possible")
    if not host or any(c.isspace() for c in text):
        raise _bad_url(given, "it names no host")
    if parts.username is not None or parts.password is not None:
        raise _bad_url(f"{scheme}://{host}", "it contains a user name or password")
    if not _is_host(host):
        raise _bad_url(given, "its host is no name and no address")
    host = f"[{host}]" if ":" in host else host
    default = {"http": 80, "https": 443}[scheme]
    netloc = host if port in {None, default} else f"{host}:{port}"
    path = parts.path.split("/wp-json")[0].rstrip("/")
    return urlunsplit((scheme, netloc, path, "", ""))


def spellings(given: str) -> tuple[str, ...]:
    """Return what a person may mean by an address: without a scheme https, else http."""
    text = given.strip()
    return (text,) if "://" in text else (f"https://{text}", f"http://{text}")


def _is_host(host: str) -> bool:
    """Say whether something may be looked up: an address of IPv6, or letters, digits and dashes."""
    if ":" in host:
        try:
            return IPv6Address(host).scope_id is None
        except ValueError:
            return False
    if not all(unicodedata.category(c)[0] in "LMN" or c in "-._" for c in host):
        return False
    try:
        labels = host.encode("idna").split(b".")
    except UnicodeError:  # one is empty, or longer than DNS has room for
        return False
    return all(0 < len(label) <= 63 for label in labels) and len(b".".join(labels)) <= 253


def _bad_url(url: str, why: str) -> ConfigurationError:
    return ConfigurationError(
        f"The store's URL {url!r} cannot be used: {why}.",
        remedy="Give the address of the shop's front page, like https://shop.example.",
    )


def check_name(given: str) -> str:
    """Return the connection's name, stripped.

    Raises:
        ConfigurationError: empty, longer than 63 characters, without a letter or a digit, with
            characters that would need quoting on a command line, or a word of the API's addresses.
    """
    name = given.strip()
    is_short = 0 < len(name) <= MAX_NAME_LENGTH
    has_letters = any(c.isalnum() for c in name) and all(c.isalnum() or c in "-_." for c in name)
    if is_short and has_letters and name not in RESERVED_NAMES:
        return name
    raise ConfigurationError(
        f"{given!r} cannot be the name of a connection.",
        remedy="Use up to 63 letters, digits, dots, dashes and underscores"
        + (f", and another word than {name}." if name in RESERVED_NAMES else "."),
    )


def doubts_about(credentials: Credentials) -> tuple[str, ...]:
    """Return warnings where key or secret do not look like WooCommerce's; never their values."""
    doubts = []
    for value, prefix, what in (
        (credentials.key, "ck_", "consumer key"),
        (credentials.secret, "cs_", "consumer secret"),
    ):
        if not value.get_secret_value().startswith(prefix):
            doubts.append(f"The {what} does not start with {prefix}: is it complete?")
    return tuple(doubts)


def doubts_about_scheme(connection: Connection) -> tuple[str, ...]:
    """Return a warning where the keys travel in a way that is not read.

    WooCommerce reads Basic and query keys over https only (measured: docs/explanation/how-a-store-behaves.md).
    """
    is_plain = connection.url.startswith("http://")
    if is_plain and connection.auth in {AuthScheme.BASIC, AuthScheme.QUERY}:
        return (f"WooCommerce ignores {connection.auth.value} keys over plain http; use oauth1.",)
    return ()
