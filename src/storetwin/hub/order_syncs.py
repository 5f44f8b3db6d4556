"""Syncs of orders as an application asks for them: of one organisation, or of all."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from uuid import UUID

from storetwin.connections.models import Connection, ConnectionState
from storetwin.db.errors import DatabaseUnavailableError
from storetwin.kernel.errors import ConfigurationError, StoretwinError
from storetwin.runs import queued
from storetwin.runs.asking import Asked
from storetwin.runs.models import RunKind
from storetwin.telemetry.logs import Log

if TYPE_CHECKING:
    from storetwin.hub.hub import Hub

log = Log()
ORDERS = "orders"


class NoConnectionError(ConfigurationError):
    """The organisation has no connection yet."""

    code = "no_connection"
    default_remedy = "Connect a store: POST /api/v1/connections, or storetwin connection add."


@dataclass(frozen=True, slots=True)
class Queued:
    """A sync that waits for a worker.

    Args:
        is_new: False: one that does the same waited already.
    """

    connection: Connection
    run_id: UUID
    is_new: bool


@dataclass(slots=True)
class OrderSyncs:
    """The syncs of one organisation that were asked for together."""

    queued: list[Queued] = field(default_factory=list)
    paused: list[Connection] = field(default_factory=list)


@dataclass(slots=True)
class Totals:
    """What was asked for all organisations together: counts, and nothing that names any of them."""

    organisations: int = 0
    connections: int = 0
    queued: int = 0
    waiting_already: int = 0
    paused: int = 0
    failed: int = 0


def wish(days_back: int | None, now: datetime) -> Asked:
    """Return what is asked for: what changed, or all orders created within so many days."""
    if days_back is None:
        return Asked(RunKind.SYNC, (ORDERS,))
    since = (now - timedelta(days=days_back)).replace(microsecond=0)
    return Asked(RunKind.PULL, (ORDERS,), since=since.isoformat())


async def sync_orders(hub: Hub, connection: str | None, days_back: int | None) -> OrderSyncs:
    """Queue a sync of the orders of each connection, or of one; those that are paused are named.

    Raises:
        NoConnectionError: there is none.
        UnknownConnectionError: there is none of this name.
        ConnectionPausedError: the one that was named is.
    """
    asked, found = wish(days_back, hub.clock()), OrderSyncs()
    if connection is not None:
        chosen = await hub.register.named(connection)
        found.queued.append(Queued(chosen, *await hub.asking.ask(str(chosen.id), asked)))
        return found
    connections = await hub.register.every()
    if not connections:
        raise NoConnectionError("No store is connected yet.")
    for one in connections:
        if one.state is ConnectionState.PAUSED:
            found.paused.append(one)
        else:
            found.queued.append(Queued(one, *await hub.asking.ask(str(one.id), asked)))
    return found


async def sync_all_orders(hub: Hub, days_back: int | None) -> Totals:
    """Queue a sync of the orders of every connection of every organisation.

    What fails for one stops no other; it is logged and counted.

    Raises:
        DatabaseUnavailableError: nothing can be written; what was queued stays so.
    """
    asked, totals, organisations = wish(days_back, hub.clock()), Totals(), set()
    async with hub.database.transaction(None) as tx:
        rows = await queued.every_connection(tx)
    for row in rows:
        organisations.add(row["organisation_id"])
        totals.connections += 1
        if not row["is_active"]:
            totals.paused += 1
            continue
        of = hub.of(row["organisation_id"])
        try:
            _, is_new = await of.asking.ask(str(row["connection_id"]), asked)
        except DatabaseUnavailableError:
            raise
        except Exception as error:  # noqa: BLE001 - one organisation stops no other
            totals.failed += 1
            _tell(row["organisation_id"], row["connection_id"], error)
        else:
            totals.queued += is_new
            totals.waiting_already += not is_new
    totals.organisations = len(organisations)
    return totals


def _tell(organisation_id: UUID, connection_id: UUID, error: Exception) -> None:
    log.warning(
        "sync_not_queued",
        organisation_id=str(organisation_id),
        connection_id=str(connection_id),
        error=str(error),
        exc_info=None if isinstance(error, StoretwinError) else error,
    )
