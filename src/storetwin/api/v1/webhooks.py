"""Webhooks of a connection: in the store, and what came through the door."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Path, Query
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from storetwin.api.callers import Deleter, Exporter, Reader, Updater
from storetwin.api.documents import json_answer, shown
from storetwin.api.given import Given
from storetwin.api.moments import AtBigNumber
from storetwin.api.paging import LONGEST, Page, cursor_to, position_of
from storetwin.api.route import DoorRoute
from storetwin.connections.webhooks_health import Standing
from storetwin.hub.mending import Mended
from storetwin.hub.webhooks import Overview
from storetwin.mirror.deliveries import Sought

router = APIRouter(
    prefix="/connections/{connection}/webhooks", tags=["webhooks"], route_class=DoorRoute
)
ROUTERS = (router,)

Connection = Annotated[str, Path(max_length=100, description="A connection's name or id.")]
Number = Annotated[int, Path(ge=1, le=2**63 - 1, description="The number of a delivery.")]
AllowedIps = Annotated[
    list[Annotated[str, Field(max_length=50)]],
    Field(max_length=100, examples=[["203.0.113.7", "198.51.100.0/24"]]),
]
State = Literal["waiting", "applied", "ignored"]


class WebhooksStanding(BaseModel):
    """How the webhooks of a connection are doing."""

    standing: Standing
    reason: str
    remedy: str | None = Field(description="What can be done about it.")
    is_wanted: bool = Field(description="The store should have webhooks of ours.")
    working: list[str] = Field(
        description="Topics with a webhook that is well.", examples=[["order.updated"]]
    )
    lacking: dict[str, str] = Field(description="Topic → what is the matter with it.")
    checked_at: datetime | None = Field(description="When the store was last asked.")
    of_others: int | None = Field(
        default=None, description="Webhooks in the store that are not ours; only with `ask`."
    )
    allowed_ips: list[str] = Field(description="Who may deliver; empty: any.")
    deliveries: int
    refused: int
    missed: int = Field(description="Changes of the last time that no webhook told.")
    last_delivery_at: datetime | None
    last_ping_at: datetime | None
    last_refused_at: datetime | None
    last_refusal: str | None
    waiting: int = Field(description="Deliveries that were not applied yet.")
    oldest_waiting_at: datetime | None
    given_up: int = Field(description="Deliveries that named no record, or were given up.")


class WebhooksWanted(Given):
    """What to make of the webhooks."""

    allowed_ips: AllowedIps | None = Field(
        default=None, description="Who may deliver; empty: any; left out: as it is."
    )
    new_secret: bool = Field(
        default=False, description="Replace all, with a new delivery URL and a new secret."
    )


class WebhooksSettings(Given):
    """Who may deliver."""

    allowed_ips: AllowedIps = Field(description="Addresses and networks; empty: any.")


class WebhooksMended(BaseModel):
    """What was done in the store."""

    created: dict[str, str] = Field(description="Topic → why it was made.")
    kept: list[str] = Field(description="Topics that were well already.")
    deleted: int = Field(description="Old webhooks of ours that were deleted.")
    refused: dict[str, str] = Field(description="Topics that the store refused, and why.")


class WebhooksTested(BaseModel):
    """How a delivery of our own fared, the whole way that a store's takes."""

    has_arrived: bool = Field(description="Something answered at the public URL.")
    status: int | None = Field(description="Of that answer.")
    is_kept: bool = Field(description="It stands in the inbox: all is well.")
    milliseconds: int
    trouble: str | None
    remedy: str | None


class Delivery(BaseModel):
    """Something that a store told by webhook."""

    number: int
    topic: str = Field(examples=["order.updated"])
    resource: str | None = Field(description="Empty for a test of ours.")
    remote_id: str | None = Field(
        description="The record that is to be read again, if it names one."
    )
    parent_id: str | None
    webhook_id: str | None = Field(description="As the store calls it.")
    received_at: datetime
    state: State = Field(
        description="`waiting`, `applied`: the record was read again; `ignored`: it names none, or "
        "was given up."
    )
    attempts: int = Field(description="How often reading it failed.")
    next_attempt_at: datetime | None = Field(description="When it is read, while it waits.")
    applied_at: datetime | None = Field(description="When it was settled.")
    note: str | None
    size: int | None = Field(description="Bytes of its body, while that is kept.")


class DeliveryWithBody(Delivery):
    """Something that a store told by webhook, with its body."""

    body: Any = Field(
        default=None, description="As the store sent it; dropped when the record was read again."
    )


class DeliveryQuery(BaseModel):
    """Which deliveries, from where on."""

    model_config = ConfigDict(extra="forbid")

    state: State | None = Field(default=None, description="Only these.")
    topic: str | None = Field(default=None, max_length=100, description="Only of this topic.")
    resource: str | None = Field(default=None, max_length=63, description="Only of this resource.")
    remote_id: str | None = Field(default=None, max_length=500, description="Only of this record.")
    limit: int = Field(default=50, ge=1, le=200, description="How many at most.")
    cursor: str | None = Field(
        default=None, max_length=LONGEST, description="`next_cursor` of the page before."
    )


# -- in the store ---------------------------------------------------------------------------------


@router.get("")
async def show_webhooks(
    caller: Reader,
    connection: Connection,
    ask: Annotated[
        bool, Query(description="Ask the store what it has now; else what was last known.")
    ] = False,
) -> WebhooksStanding:
    """Say how the webhooks of a connection are doing."""
    webhooks = caller.hub.webhooks
    found = await (webhooks.look(connection) if ask else webhooks.known(connection))
    return _standing(connection, found, was_asked=ask)


@router.put("")
async def put_webhooks(
    caller: Updater, connection: Connection, given: WebhooksWanted | None = None
) -> WebhooksMended:
    """Make webhooks in the store for everything that it can tell, and mend those that are not well.

    Whatever others made in the store is not touched. Sent again it does nothing where all is well.
    """
    wanted = given or WebhooksWanted()
    mended = await caller.hub.webhooks.put(
        connection, allowed_ips=wanted.allowed_ips, is_new=wanted.new_secret
    )
    return _mended(mended)


@router.patch("")
async def update_webhooks(
    caller: Updater, connection: Connection, given: WebhooksSettings
) -> WebhooksStanding:
    """Say which addresses may deliver; nothing is asked of the store."""
    await caller.hub.webhooks.allow(connection, given.allowed_ips)
    return _standing(connection, await caller.hub.webhooks.known(connection), was_asked=False)


@router.delete("", status_code=204)
async def delete_webhooks(caller: Deleter, connection: Connection) -> None:
    """Delete our webhooks in the store, and let nothing in any more: it is only asked from then on."""
    await caller.hub.webhooks.remove(connection)


@router.post("/test")
async def test_webhooks(caller: Updater, connection: Connection) -> WebhooksTested:
    """Send a harmless delivery to our own public URL, and see whether it is kept."""
    probed = await caller.hub.webhooks.test(connection)
    return WebhooksTested(
        has_arrived=probed.status is not None,
        status=probed.status,
        is_kept=probed.is_kept,
        milliseconds=round(probed.seconds * 1000),
        trouble=probed.trouble,
        remedy=probed.remedy,
    )


# -- what came through the door -------------------------------------------------------------------


@router.get("/deliveries")
async def list_deliveries(
    caller: Reader, connection: Connection, asked: Annotated[DeliveryQuery, Query()]
) -> Page[Delivery]:
    """List what the store told, the latest first, without the bodies.

    Settled deliveries are dropped after seven days. Where few fit a page may be short, even empty,
    and not be the last: read on while there is a `next_cursor`.
    """
    question = f"{connection} {asked.model_dump_json(exclude={'cursor', 'limit'})}"
    behind = position_of(asked.cursor, question, AtBigNumber)
    rows, last = await caller.hub.deliveries.page(
        connection,
        Sought(asked.state, asked.topic, asked.resource, asked.remote_id),
        behind=behind[0] if behind else None,
        limit=asked.limit,
    )
    return Page(
        data=[_delivery(row) for row in rows],
        next_cursor=None if last is None else cursor_to([last], question),
    )


@router.get("/deliveries/{number}", response_model=DeliveryWithBody)
async def show_delivery(caller: Exporter, connection: Connection, number: Number) -> Response:
    """Show a delivery with its body, which may hold what belongs to a person."""
    row = await caller.hub.deliveries.one(connection, number)
    content = _delivery(row).model_dump(mode="json")
    body = row["body"]
    return json_answer(content | {"body": None if body is None else shown(bytes(body))})


@router.post("/deliveries/{number}/retry", status_code=202)
async def retry_delivery(caller: Updater, connection: Connection, number: Number) -> Delivery:
    """Let the record that a delivery names be read again at once, whatever became of it before."""
    return _delivery(await caller.hub.deliveries.retry(connection, number))


# -- as answers -----------------------------------------------------------------------------------


def _standing(connection: str, found: Overview, *, was_asked: bool) -> WebhooksStanding:
    end, plan, health = found.end, found.plan, found.health
    traffic = end.traffic if end else None
    upkeep = end.upkeep if end else None
    working = list(plan.kept) if plan else list(upkeep.active) if upkeep else []
    lacking = dict(plan.create) if plan else dict(upkeep.lacking) if upkeep else {}
    return WebhooksStanding(
        standing=health.standing,
        reason=health.reason,
        remedy=health.remedy.replace("NAME", connection) if health.remedy else None,
        is_wanted=end is not None and end.is_wanted,
        working=sorted(working),
        lacking=lacking if end and end.is_wanted else {},
        checked_at=end.checked_at if end else None,
        of_others=found.others if was_asked and end else None,
        allowed_ips=list(end.allowed_ips) if end else [],
        deliveries=traffic.deliveries if traffic else 0,
        refused=traffic.refused if traffic else 0,
        missed=traffic.missed if traffic else 0,
        last_delivery_at=traffic.last_delivery_at if traffic else None,
        last_ping_at=traffic.last_ping_at if traffic else None,
        last_refused_at=traffic.last_refused_at if traffic else None,
        last_refusal=traffic.last_refusal if traffic else None,
        waiting=found.waiting,
        oldest_waiting_at=found.oldest_at,
        given_up=found.given_up,
    )


def _mended(mended: Mended) -> WebhooksMended:
    return WebhooksMended(
        created=mended.created,
        kept=list(mended.kept),
        deleted=mended.deleted,
        refused=mended.refused,
    )


def _delivery(row: dict[str, Any]) -> Delivery:
    known = {name: row[name] for name in Delivery.model_fields}
    if row["state"] != "waiting":
        known["next_attempt_at"] = None
    return Delivery(**known)
