"""Tables of the twin's records: orders above all. Always in the caller's transaction."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from storetwin.db.database import Row, Transaction
from storetwin.db.queries import load_queries
from storetwin.kernel.money import from_minor
from storetwin.reading.board_models import (
    MOST_COUNTED,
    Asked,
    Line,
    Order,
    TablePage,
    WholeOrder,
    count_of,
    days_of,
    gathers,
    is_whole_days,
    order_id_of,
    stretches_of,
)
from storetwin.reading.choosing import (
    Position,
    Span,
    Stretch,
    choose_of_found,
    choose_of_stretches,
    of_found,
    of_stretches,
)
from storetwin.reading.searching import EARLIEST, LATEST, search
from storetwin.reading.tallies import Tally, read_tallies
from storetwin.security import masked

Q = load_queries(__package__)

MOST_BELOW = 500  # refunds, or notes, that are shown with an order
ORDERS = "orders"
Names = Mapping[UUID, str]
"""Connection → what people call it."""


async def read_page(
    tx: Transaction, organisation_id: UUID, asked: Asked, names: Names
) -> TablePage:
    """Return one page of a table."""
    own = {"organisation_id": organisation_id, "resource": asked.resource}
    tallies = await read_tallies(tx, organisation_id, asked.resource, names)
    stretches = stretches_of(tallies, asked.statuses)
    wanted = replace(asked.part, limit=asked.part.limit + 1)  # one more tells of the next page
    is_cut = False
    if asked.text:
        found = await search(
            tx, organisation_id, asked.resource, stretches, asked.text, wanted.span
        )
        count, is_exact, is_cut = len(found.records), not found.is_cut, found.is_cut
        statement, params = choose_of_found(wanted, found.records)
    else:
        count, is_exact = await _count(tx, own, tallies, stretches, wanted.span)
        statement, params = choose_of_stretches(
            wanted, stretches, gathers=is_exact and gathers(wanted, count)
        )
    chosen = await tx.fetch_all(statement, own | params)
    shown = chosen[: asked.part.limit]
    rows = await _rows(tx, own, [(row["connection_id"], row["remote_id"]) for row in shown], asked)
    return TablePage(
        rows=[_row_of(row, names, asked) for row in rows],
        last=_position(shown[-1]) if len(chosen) > len(shown) else None,
        row_count=count,
        row_count_is_exact=is_exact,
        is_search_cut=is_cut,
        hint=None if tallies else "Nothing was pulled yet: ask for a run (POST /api/v1/runs).",
    )


async def _count(
    tx: Transaction,
    own: Mapping[str, Any],
    tallies: Sequence[Tally],
    stretches: Sequence[Stretch],
    span: Span,
) -> tuple[int, bool]:
    """Return how many records there are, and whether that is exact."""
    if span == Span():
        return count_of(tallies, stretches), True
    connections = {stretch.connection_id for stretch in stretches}
    daily = await read_tallies(
        tx, own["organisation_id"], own["resource"], connections, days_of(span)
    )
    touched = count_of(daily, stretches)
    has_all_statuses = all(stretch.status for stretch in stretches)
    if is_whole_days(span) or not has_all_statuses:
        return touched, is_whole_days(span)
    bounds = {"since": span.since or EARLIEST, "until": span.until or LATEST}
    row = await tx.fetch_one(
        Q.count_in_stretches,
        {**own, **of_stretches(stretches), **bounds, "most": MOST_COUNTED + 1},
    )
    counted = row["n"] if row else 0
    return min(counted, MOST_COUNTED), counted <= MOST_COUNTED


async def _rows(
    tx: Transaction, own: Mapping[str, Any], ids: Sequence[tuple[UUID, str]], asked: Asked
) -> list[Row]:
    if not ids:
        return []
    query = Q.read_rows_whole if asked.has_documents else Q.read_rows
    return await tx.fetch_all(query, {**own, **of_found(ids)})


def _position(row: Row) -> Position:
    return Position(row["sorted"], row["remote_id"], row["connection_id"])


def _row_of(row: Row, names: Names, asked: Asked) -> Order | Line:
    if not asked.is_plain:
        return Order(**_order(row, names))
    return Line(
        external_id=row["remote_id"],
        connection=names[row["connection_id"]],
        state=row["state"],
        status=row["status"],
        name=row["name"],
        sku=row["sku"],
        email=row["email_lower"],
        order_number=row["number"],
        created_at=row["created_at"],
        modified_at=row["modified_at"],
        total=_money(row["total_minor"], row["currency"]),
        currency=row["currency"],
        raw=document_of(row) if asked.has_documents else msgspec.UNSET,
    )


def _order(row: Row, names: Names) -> dict[str, Any]:
    return {
        "order_id": order_id_of(row["connection_id"], row["remote_id"]),
        "connection": names[row["connection_id"]],
        "number": row["number"] or row["remote_id"],
        "status": row["status"],
        "created_at": row["created_at"],
        "modified_at": row["modified_at"],
        "total": _money(row["total_minor"], row["currency"]),
        "refunded": _money(row["refunded_minor"], row["currency"]),
        "currency": row["currency"],
        "customer": row["name"],
        "email": row["email_lower"],
        "items": row["items"],
    }


def _money(minor: int | None, currency: str | None) -> str | None:
    return None if minor is None else from_minor(minor, currency)


def document_of(row: Row) -> msgspec.Raw:
    """Return a record as JSON that every reader can read, what is sealed in it hidden.

    That is the store's own text; where it is none by the letter (NaN, half a character), the copy
    that was made of it.
    """
    text: str = row["clean"] or row["payload"] or "null"
    return msgspec.Raw(masked(text.encode()))


async def read_order(
    tx: Transaction, organisation_id: UUID, connection_id: UUID, remote_id: str, name: str
) -> WholeOrder | None:
    """Return one order with its refunds and notes, gone or not; None where there is none."""
    one = {
        "organisation_id": organisation_id, "connection_id": connection_id, "resource": ORDERS,
        "remote_id": remote_id,
    }  # fmt: skip
    row = await tx.fetch_one(Q.read_whole, one)
    if row is None:
        return None
    below = {}
    for resource in ("refunds", "order_notes"):
        params = one | {"resource": resource, "parent_id": remote_id, "limit": MOST_BELOW}
        found = await tx.fetch_all(Q.read_below, params)
        below[resource] = [document_of(child) for child in found]
    return WholeOrder(
        **_order(row, {connection_id: name}),
        state=row["state"],
        version=row["version"],
        read_at=row["read_at"],
        data=document_of(row),
        refunds=below["refunds"],
        notes=below["order_notes"],
    )


async def read_syncs(
    tx: Transaction, connections: Sequence[UUID], resource: str
) -> dict[UUID, datetime]:
    """Return when a resource of each connection was last brought in step."""
    rows = await tx.fetch_all(Q.read_syncs, {"connections": connections, "resource": resource})
    return {row["connection_id"]: row["synced_at"] for row in rows if row["synced_at"]}


async def read_names(
    tx: Transaction, organisation_id: UUID, connections: Sequence[UUID]
) -> dict[str, str]:
    """Return what stores call their statuses; the first connection's word counts."""
    params = {"organisation_id": organisation_id, "connections": connections}
    rows = await tx.fetch_all(Q.read_names, params)
    return {row["status"]: row["name"] for row in reversed(rows) if row["name"]}
