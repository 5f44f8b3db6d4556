"""Core: the back office's own records, what people change of them, and what customers are to the shop."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Path, Query
from pydantic import Field

from storetwin.api.callers import Reader, Updater
from storetwin.api.core_forms import (
    CoreChange,
    CoreItem,
    CoreNoun,
    CoreShown,
    CustomerFigures,
    FigureSettings,
    RecordPatch,
    SegmentCustomer,
    SegmentFigures,
    change_of,
    figures_shown,
    item_of,
    noun_shown,
    ranked_shown,
    segment_shown,
    settings_shown,
    shown_of,
)
from storetwin.api.moments import Moment
from storetwin.api.paging import Cursor, Limit, Page, page_of, position_of
from storetwin.api.problems import ProblemError
from storetwin.api.route import DoorRoute
from storetwin.core.figures import Settings
from storetwin.core.listing import Wanted, filterable
from storetwin.core.segments import Segment, thresholds_of
from storetwin.hub.core import noun_named
from storetwin.mapping.models import Noun
from storetwin.mapping.nouns import NOUNS

router = APIRouter(prefix="/core", tags=["core"], route_class=DoorRoute)
customers = APIRouter(prefix="/customers", tags=["customers"], route_class=DoorRoute)
segments = APIRouter(prefix="/segments", tags=["customers"], route_class=DoorRoute)
ROUTERS = (router, customers, segments)

NounName = Annotated[
    str,
    Path(max_length=63, description="A noun, or a resource whose records are reference records.", examples=["orders"]),
]  # fmt: skip
CoreId = Annotated[UUID, Path(description="Its id in core.")]
CustomerId = Annotated[UUID, Path(description="The id of a customer in core.")]
Currency = Annotated[
    str | None, Query(max_length=8, description="Only figures in this currency.", examples=["EUR"])
]
MOST_FILTERS = 8


def narrowed(
    noun: NounName,
    q: Annotated[
        str | None,
        Query(
            max_length=200,
            description="How a SKU, slug, e-mail, number or code begins; or an id of core.",
        ),
    ] = None,
    filter: Annotated[  # noqa: A002 - the word that callers know
        list[Annotated[str, Field(max_length=200)]] | None,
        Query(
            max_length=MOST_FILTERS,
            description="`column:value`, as in `status:completed`; see the noun's filters.",
        ),
    ] = None,
    gone: Annotated[
        bool | None, Query(description="Only what no store has any more, or only the others.")
    ] = None,
    edited: Annotated[bool, Query(description="Only what a person changed.")] = False,
    changed_since: Annotated[
        Moment | None, Query(description="Only what changed in core since.")
    ] = None,
) -> Wanted:
    """Return which records a request asks for."""
    return Wanted(
        search=q,
        values=_filters(noun_named(noun), filter or []),
        is_gone=gone,
        is_edited=edited,
        changed_since=changed_since,
    )


@router.get("")
async def list_core_nouns(_: Reader) -> Page[CoreNoun]:
    """List what core keeps, each with its columns."""
    return Page(data=[noun_shown(noun) for noun in NOUNS.values()])


@router.get("/{noun}")
async def list_core_records(
    caller: Reader,
    noun: NounName,
    wanted: Annotated[Wanted, Depends(narrowed)],
    connection: Annotated[
        str | None, Query(max_length=100, description="Only what this store has: its name or id.")
    ] = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Page[CoreItem]:
    """List records of core, the newest first."""
    question = f"core {noun} {wanted} {connection}"
    behind = position_of(cursor, question, UUID)
    rows = await caller.hub.core.page(
        noun, wanted, connection=connection, after=behind[0] if behind else None, limit=limit + 1
    )
    return page_of([item_of(row) for row in rows], limit, question, lambda one: one.id)


@router.get("/{noun}/{core_id}")
async def show_core_record(caller: Reader, noun: NounName, core_id: CoreId) -> CoreShown:
    """Show a record of core: its parts, where it comes from, what people changed, what changed last."""
    return shown_of(await caller.hub.core.one(noun, core_id))


@router.patch("/{noun}/{core_id}")
async def update_core_record(
    caller: Updater, noun: NounName, core_id: CoreId, given: RecordPatch
) -> CoreShown:
    """Change columns of a record, or let them be again what the stores say.

    What a person sets stands whatever stores say, until it is taken back.
    """
    changed = await caller.hub.core.change(
        noun, core_id, given.set, given.take_back, user_id=caller.principal.user_id
    )
    return shown_of(changed)


@router.get("/{noun}/{core_id}/changes")
async def list_core_changes(
    caller: Reader, noun: NounName, core_id: CoreId, limit: Limit = 50, cursor: Cursor = None
) -> Page[CoreChange]:
    """List what changed of a record, the newest first."""
    question = f"core changes {noun} {core_id}"
    behind = position_of(cursor, question, int)
    rows = await caller.hub.core.changes(
        noun, core_id, before=behind[0] if behind else None, limit=limit + 1
    )
    return page_of([change_of(row) for row in rows], limit, question, lambda one: one.change)


@customers.get("/{customer}/figures")
async def show_customer_figures(caller: Reader, customer: CustomerId) -> Page[CustomerFigures]:
    """Show what a customer's orders come to, by currency."""
    return Page(data=[figures_shown(one) for one in await caller.hub.core.figures(customer)])


@segments.get("")
async def list_segments(caller: Reader) -> Page[SegmentFigures]:
    """List how many customers are what to the shop, by currency."""
    return Page(data=[segment_shown(one) for one in await caller.hub.core.segments()])


@segments.get("/settings")
async def show_segment_settings(caller: Reader) -> FigureSettings:
    """Show which orders count for customers, and where segments begin and end."""
    return settings_shown(await caller.hub.core.settings())


@segments.put("/settings")
async def update_segment_settings(caller: Updater, given: FigureSettings) -> FigureSettings:
    """Choose which orders count for customers, and where segments begin and end.

    Where other orders count from now on, all customers are counted anew before it answers.
    """
    thresholds = thresholds_of(
        {
            "recency": given.recency,
            "frequency": given.frequency,
            "money": given.money,
            "by_currency": given.money_by_currency,
        }
    )
    settings = Settings(tuple(dict.fromkeys(given.counted_statuses)), thresholds)
    return settings_shown(await caller.hub.core.configure(settings))


@segments.get("/{segment}")
async def list_segment_customers(
    caller: Reader,
    segment: Annotated[Segment, Path(description="What the customers are to the shop.")],
    currency: Currency = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Page[SegmentCustomer]:
    """List the customers of a segment."""
    question = f"segment {segment} {currency}"
    behind = position_of(cursor, question, tuple[UUID, str])
    rows = await caller.hub.core.segment(
        segment, currency=currency, after=behind[0] if behind else None, limit=limit + 1
    )
    shown = [ranked_shown(row) for row in rows]
    return page_of(shown, limit, question, lambda one: (one.customer_id, one.currency))


def _filters(noun: Noun, given: list[str]) -> dict[str, str | bool | UUID]:
    """Return what a list is narrowed by.

    Raises:
        ProblemError: 422, it cannot be narrowed like that.
    """
    allowed, found = filterable(noun), {}
    for one in given:
        name, separator, text = one.partition(":")
        kind = allowed.get(name)
        value = _READERS[kind](text) if kind is not None and separator else None
        if value is None:
            raise ProblemError(
                422,
                "bad_filter",
                f"{noun.name} cannot be filtered by {one[:80]!r}.",
                remedy=f"Write it like `column:value`, with one of: {', '.join(allowed) or 'none'}.",
            )
        found[name] = value
    return found


def _id(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


_READERS: dict[type, Callable[[str], str | bool | UUID | None]] = {
    str: lambda text: text,
    bool: {"true": True, "false": False}.get,
    UUID: _id,
}
