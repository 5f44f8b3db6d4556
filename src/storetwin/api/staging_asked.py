"""Which rows of staging's table a request asks for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal
from uuid import UUID

from fastapi import Depends, Query
from pydantic import Field

from storetwin.api.moments import Moment
from storetwin.api.staging_forms import STATES, FilterGiven, ShownState
from storetwin.hub.staging import MOST_ON_A_PAGE
from storetwin.staging.choosing import MOST_COUNTED
from storetwin.staging.models import Sort

Connections = Annotated[
    list[Annotated[str, Field(min_length=1, max_length=200)]] | None,
    Query(
        alias="connection",
        max_length=100,
        description="Only of these, by name or id; may be given several times.",
    ),
]


@dataclass(frozen=True, slots=True)
class Place:
    """Which page, in which order, of what was chosen."""

    sort: Sort
    is_descending: bool
    page: int
    page_size: int
    is_selected: bool | None
    rule_id: UUID | None


def narrowed(
    connections: Connections = None,
    state: Annotated[
        list[ShownState] | None, Query(max_length=7, description=f"Only these. {STATES}")
    ] = None,
    status: Annotated[
        list[Annotated[str, Field(max_length=200)]] | None,
        Query(max_length=50, description="Only these of the store's own statuses."),
    ] = None,
    q: Annotated[
        str | None,
        Query(min_length=1, max_length=100, description="In name, SKU, e-mail, number or id."),
    ] = None,
    modified_after: Annotated[Moment | None, Query(description="Then or later.")] = None,
    modified_before: Annotated[Moment | None, Query(description="Before.")] = None,
    field: Annotated[
        str | None,
        Query(min_length=1, max_length=200, description="Records of which this column differs."),
    ] = None,
) -> FilterGiven:
    """Read by what a table is narrowed."""
    return FilterGiven.model_construct(
        connections=connections,
        states=state or [],
        search=q,
        status=status or [],
        modified_after=modified_after,
        modified_before=modified_before,
        field=field,
        is_selected=None,
        rule_id=None,
    )


def placed(
    sort: Annotated[Sort, Query(description="`key`: SKU, e-mail or number.")] = Sort.MODIFIED,
    order: Annotated[Literal["asc", "desc"], Query(description="Which way.")] = "desc",
    page: Annotated[int, Query(ge=1, le=MOST_COUNTED, description="Counted from 1.")] = 1,
    page_size: Annotated[int, Query(ge=1, le=MOST_ON_A_PAGE, description="Rows of it.")] = 50,
    selected: Annotated[bool | None, Query(description="Chosen for promotion, or not.")] = None,
    rule_id: Annotated[UUID | None, Query(description="Chosen by this rule.")] = None,
) -> Place:
    """Read which page a request asks for."""
    return Place(sort, order == "desc", page, page_size, selected, rule_id)


Narrowed = Annotated[FilterGiven, Depends(narrowed)]
Placed = Annotated[Place, Depends(placed)]
