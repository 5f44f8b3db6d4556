"""The receiving end of a connection's webhooks: where a store delivers to, and how it signs.

The token is the last part of the delivery URL; it is looked up by its hash. Token and secret are
sealed, each for its own place.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from ipaddress import ip_network
from uuid import UUID

from storetwin.connections.identity import Identity
from storetwin.connections.models import Connection, normalise_url
from storetwin.connections.webhooks_health import Health, Traffic, Upkeep, health
from storetwin.db import Database, Row, Transaction, load_queries
from storetwin.kernel.errors import ConfigurationError
from storetwin.security import Vault

Q = load_queries("storetwin.connections")
CHANNEL = "storetwin_webhooks"
"""Told, with the connection's id, whenever a receiving end has changed."""
PATH = "/hooks/"


@dataclass(frozen=True, slots=True)
class ReceivingEnd:
    """Where a store delivers to. Neither token nor secret shows in ``repr``.

    Args:
        allowed_ips: addresses and networks that may deliver; empty: any.
        is_wanted: the store should have webhooks that lead here.
        places: where the store is at home, see :func:`place_of`.
    """

    connection_id: UUID
    organisation_id: UUID
    token: str = field(repr=False)
    secret: str = field(repr=False)
    is_wanted: bool
    allowed_ips: tuple[str, ...]
    places: frozenset[str]
    checked_at: datetime | None
    traffic: Traffic
    upkeep: Upkeep

    def url(self, public_url: str) -> str:
        """Return the delivery URL."""
        return public_url.rstrip("/") + PATH + self.token


@dataclass(frozen=True, slots=True)
class Refusal:
    """Deliveries that were refused, without anything of what they held."""

    connection_id: UUID
    count: int
    reason: str
    at: datetime


class ReceivingEnds:
    """The receiving ends of one organisation."""

    __slots__ = ("_database", "_organisation_id", "_vault")

    def __init__(self, database: Database, vault: Vault, organisation_id: UUID) -> None:
        self._database = database
        self._vault = vault
        self._organisation_id = organisation_id

    async def every(self) -> dict[UUID, ReceivingEnd]:
        """Return all of them by connection."""
        async with self._database.transaction(self._organisation_id) as tx:
            rows = await tx.fetch_all(Q.select_webhooks)
        return {row["connection_id"]: self._opened(row) for row in rows}

    async def get(self, connection_id: UUID) -> ReceivingEnd | None:
        """Return that of a connection; None where no webhooks were ever made.

        Raises:
            WrongEncryptionKeyError, SealBrokenError: it cannot be opened.
        """
        async with self._database.transaction(self._organisation_id) as tx:
            row = await tx.fetch_one(Q.select_webhook, (connection_id,))
        return self._opened(row) if row else None

    async def ensure(
        self,
        connection: Connection,
        now: datetime,
        *,
        allowed_ips: Sequence[str] | None = None,
        is_new: bool = False,
    ) -> ReceivingEnd:
        """Make a receiving end, or take the one there is, and want webhooks from now on.

        Args:
            allowed_ips: who may deliver; None leaves it as it is, empty lets everybody.
            is_new: take a new token and a new secret; the old ones are good for nothing from here.

        Raises:
            ConfigurationError: an address is none.
        """
        token, secret = secrets.token_urlsafe(32), secrets.token_urlsafe(32)
        allowed = None if allowed_ips is None else [check_network(ip) for ip in allowed_ips]
        values = {
            "connection_id": connection.id,
            "organisation_id": self._organisation_id,
            "token_hash": hash_of(token),
            "sealed_token": self._vault.seal(
                token.encode(), bound_to=_place(connection.id, "token")
            ),
            "sealed_secret": self._vault.seal(
                secret.encode(), bound_to=_place(connection.id, "secret")
            ),
            "allowed_ips": allowed,
            "is_new": is_new,
            "now": now,
        }
        async with self._database.transaction(self._organisation_id) as tx:
            await tx.execute(Q.ensure_webhook, values)
            await _tell(tx, connection.id)
            row = await tx.fetch_one(Q.select_webhook, (connection.id,))
        assert row is not None
        return self._opened(row)

    async def allow(self, connection_id: UUID, allowed_ips: Sequence[str]) -> bool:
        """Say who may deliver; return False where no webhooks were ever made.

        Args:
            allowed_ips: addresses and networks; empty lets everybody.

        Raises:
            ConfigurationError: an address is none.
        """
        allowed = [check_network(ip) for ip in allowed_ips]
        values = {"connection_id": connection_id, "allowed_ips": allowed}
        async with self._database.transaction(self._organisation_id) as tx:
            is_there = await tx.execute(Q.allow_webhook, values) > 0
            await _tell(tx, connection_id)
        return is_there

    async def close(self, connection_id: UUID) -> None:
        """Let nothing in any more; token and secret stay, so that they can be told apart later."""
        async with self._database.transaction(self._organisation_id) as tx:
            await tx.execute(Q.close_webhook, (connection_id,))
            await _tell(tx, connection_id)

    async def keep_upkeep(
        self, connection_id: UUID, upkeep: Upkeep, *, missed: int, now: datetime
    ) -> None:
        """Keep what the store had of our webhooks, and how many changes they did not tell."""
        values = {"id": connection_id, "state": upkeep.as_json(), "missed": missed, "now": now}
        async with self._database.transaction(self._organisation_id) as tx:
            await tx.execute(Q.keep_upkeep, values)

    def _opened(self, row: Row) -> ReceivingEnd:
        connection_id = row["connection_id"]

        def opened(what: str) -> str:
            sealed = bytes(row[f"sealed_{what}"])
            return self._vault.open(sealed, bound_to=_place(connection_id, what)).decode()

        return ReceivingEnd(
            connection_id=connection_id,
            organisation_id=row["organisation_id"],
            token=opened("token"),
            secret=opened("secret"),
            is_wanted=row["is_wanted"],
            allowed_ips=tuple(row["allowed_ips"]),
            places=_places(row),
            checked_at=row["checked_at"],
            traffic=Traffic(**{name: row[name] for name in Traffic.__dataclass_fields__}),
            upkeep=Upkeep.from_json(row["state"]),
        )


async def find_end(database: Database, token: str) -> tuple[UUID, UUID] | None:
    """Return (organisation_id, connection_id) of a token, whoever's it is; None for nobody's."""
    async with database.transaction(None) as tx:
        row = await tx.fetch_one(Q.find_webhook, (hash_of(token),))
    return (row["organisation_id"], row["connection_id"]) if row else None


async def note_refusals(tx: Transaction, refusals: Iterable[Refusal]) -> None:
    """Keep that deliveries were refused, and why."""
    for one in sorted(refusals, key=lambda refusal: refusal.connection_id):
        values = {"id": one.connection_id, "n": one.count, "reason": one.reason, "at": one.at}
        await tx.execute(Q.note_refusal, values)


async def note_pings(tx: Transaction, connection_ids: Iterable[UUID], *, now: datetime) -> None:
    """Keep that stores have pinged."""
    await tx.execute(Q.note_pings, {"ids": sorted(connection_ids), "now": now})


def health_of(end: ReceivingEnd | None, now: datetime, *, has_public_url: bool) -> Health:
    """Say how the webhooks of a connection are doing; None: none were ever made."""
    return health(
        end.upkeep if end else Upkeep(),
        end.traffic if end else Traffic(now),
        has_public_url=has_public_url,
        is_wanted=end is not None and end.is_wanted,
        now=now,
    )


def hash_of(token: str) -> bytes:
    """Return what a token is looked up by."""
    return sha256(token.encode()).digest()


def place_of(url: str) -> str | None:
    """Return host, port and path of an address, in one spelling; None where it is none.

    A store says http or https as its settings are, and ends its address with a slash or not.
    """
    try:
        return normalise_url(url).partition("://")[2]
    except ConfigurationError:
        return None


def _places(row: Row) -> frozenset[str]:
    """Return where a store is at home: by its connection, a probe of it, and its identity."""
    identity = Identity.from_json(row["identity"])
    known = (row["url"], row["home_url"], identity.home_url if identity else None)
    return frozenset(place for url in known if url and (place := place_of(url)))


def check_network(given: str) -> str:
    """Return an address or a network in its one spelling.

    Raises:
        ConfigurationError: it is none.
    """
    try:
        return str(ip_network(given.strip(), strict=False))
    except ValueError:
        raise ConfigurationError(
            f"{given!r} is neither an IP address nor a network.",
            remedy="Write it like 203.0.113.7 or 203.0.113.0/24.",
        ) from None


async def _tell(tx: Transaction, connection_id: UUID) -> None:
    await tx.fetch_one(Q.tell_webhook, (CHANNEL, str(connection_id)))


def _place(connection_id: UUID, what: str) -> str:
    return f"connections/{connection_id}/webhooks/{what}"
