"""The order board: orders as the twin holds them, never the store."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Path, Query, Response
from pydantic import AwareDatetime, BaseModel, Field

from storetwin.api.callers import Reader
from storetwin.api.moments import Day
from storetwin.api.route import DoorRoute
from storetwin.api.tables import ConnectionAsked, Sorted, Statuses, TableAnswer, Text, answer
from storetwin.reading.board_models import Asked
from storetwin.reading.tallies import Days

router = APIRouter(prefix="/orders", tags=["orders"], route_class=DoorRoute)
ROUTERS = (router,)


class OrderRow(BaseModel):
    """An order as a board shows it."""

    order_id: str = Field(description="Names it here.", examples=["0198c0de-…:4711"])
    connection: str = Field(description="Name of the connection it came through.")
    number: str = Field(description="As the shop and its customers call it.", examples=["4711"])
    status: str | None = Field(examples=["processing"])
    created_at: AwareDatetime | None
    modified_at: AwareDatetime | None
    total: str | None = Field(
        description="Rounded to the currency's unit; absent where the store holds no amount.",
        examples=["59.90"],
    )
    refunded: str | None = Field(description="What of the total was given back.", examples=["0.00"])
    currency: str | None = Field(examples=["EUR"])
    customer: str | None = Field(description="To whom it is billed.", examples=["Ada Lovelace"])
    email: str | None = Field(description="In lower case.", examples=["ada@example.org"])
    items: int | None = Field(description="How many pieces.", examples=[3])


class OrderPage(TableAnswer):
    """A page of the board."""

    data: list[OrderRow]


class OrderDetail(OrderRow):
    """One order with everything that the twin holds of it."""

    state: Literal["listed", "unlisted", "partial", "gone"] = Field(
        description="How the store has it; `gone`: deleted there."
    )
    version: int = Field(description="How many versions the twin has seen.")
    read_at: AwareDatetime = Field(description="When the store sent it, by the store's clock.")
    data: Any = Field(description="The order as the store sent it.")
    refunds: list[Any] = Field(description="Its refunds as the store sent them, at most 500.")
    notes: list[Any] = Field(
        description="Its notes, at most 500; only where they were chosen for the connection."
    )


class Amount(BaseModel):
    """What orders of one currency come to."""

    currency: str = Field(examples=["EUR"])
    orders: int
    total: str = Field(examples=["1250.00"])
    refunded: str = Field(examples=["50.00"])
    net: str = Field(description="Total without what was refunded.", examples=["1200.00"])


class StatusCount(BaseModel):
    """The orders of one status."""

    status: str = Field(examples=["processing"])
    orders: int
    is_paid: bool = Field(description="Whether they are counted as revenue.")
    amounts: list[Amount]


class Synced(BaseModel):
    """When a connection's orders were last brought in step with its store."""

    connection: str
    last_sync_at: AwareDatetime | None


class OrderStatistics(BaseModel):
    """What the orders come to."""

    orders: int = Field(description="All but trash and drafts.")
    by_status: list[StatusCount] = Field(description="Trash and drafts as well.")
    revenue: list[Amount] = Field(description="Of the paid statuses, by currency.")
    last_sync_at: AwareDatetime | None
    connections: list[Synced]
    hint: str | None = Field(default=None, description="Why nothing is here, and what to do.")


class OrderStatus(BaseModel):
    """A status that orders have, or that a store says it has."""

    status: str = Field(examples=["on-hold"])
    name: str | None = Field(description="The store's own word for it.", examples=["On hold"])
    orders: int
    is_paid: bool


class OrderStatuses(BaseModel):
    """All statuses, the one with the most orders first."""

    data: list[OrderStatus]


@router.get("", response_model=OrderPage)
async def list_orders(
    caller: Reader,
    part: Sorted,
    connection: ConnectionAsked = None,
    status: Statuses = None,
    q: Text = None,
) -> Response:
    """List orders, the newest first unless `sort` says otherwise.

    Trash and drafts (`trash`, `auto-draft`, `checkout-draft`) are left out unless `status` names
    them; what the store deleted for good is never listed. `q` is looked for in number, e-mail and
    name. Pages: by `cursor` at any depth, or by `page` and `page_size` for the first 2,000 rows.
    Dates together with a sort by `modified_at` or `number` take longer the more they span.
    """
    asked = part.of(Asked(connection=connection, statuses=tuple(status or ()), text=q))
    return part.answer(asked, await caller.hub.board.page(asked))


@router.get("/stats", response_model=OrderStatistics)
async def show_order_statistics(
    caller: Reader,
    connection: ConnectionAsked = None,
    since: Annotated[Day | None, Query(description="Created on this day (UTC) or later.")] = None,
    until: Annotated[Day | None, Query(description="Created before this day (UTC).")] = None,
    paid_status: Annotated[
        list[Annotated[str, Field(min_length=1, max_length=200)]] | None,
        Query(max_length=50, description="Statuses that are revenue, instead of the usual ones."),
    ] = None,
) -> Response:
    """Count orders by status, and add up what they come to by currency.

    Revenue are `processing`, `completed` and the statuses that a store made itself: all but
    `pending`, `on-hold`, `cancelled`, `refunded`, `failed`, trash and drafts. Refunds that an order
    shows are taken off. Orders without a date count only where no day is named.
    """
    paid = frozenset(paid_status) if paid_status else None
    return answer(await caller.hub.board.statistics(connection, Days(since, until), paid))


@router.get("/statuses", response_model=OrderStatuses)
async def list_order_statuses(caller: Reader, connection: ConnectionAsked = None) -> Response:
    """List the statuses that orders have, and those that their stores know, a store's own as well."""
    return answer({"data": await caller.hub.board.statuses(connection)})


@router.get("/{order_id}", response_model=OrderDetail)
async def show_order(
    caller: Reader,
    order_id: Annotated[
        str, Path(min_length=1, max_length=200, description="`order_id` of a list.")
    ],
) -> Response:
    """Show one order with the record as the store sent it, its refunds and its notes."""
    return answer(await caller.hub.board.show(order_id))
