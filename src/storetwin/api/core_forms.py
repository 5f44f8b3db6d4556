"""Records of core as callers see them, and what they send of them."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any, Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, model_validator

from storetwin.api.given import Given
from storetwin.core.figures import Figures, Ranked, SegmentCount, Settings
from storetwin.core.given import editable
from storetwin.core.listing import filterable
from storetwin.core.read import Document, RecordChange
from storetwin.core.segments import Segment
from storetwin.hub.core import CoreRecord
from storetwin.mapping.models import Noun


class CoreColumn(BaseModel):
    """A column of a noun."""

    name: str = Field(examples=["sku"])
    label: str = Field(examples=["SKU"])
    kind: str = Field(description="What it holds.", examples=["text"])
    is_editable: bool = Field(description="A person may change it.")
    is_personal: bool = Field(description="It speaks about a person.")


class CoreNoun(BaseModel):
    """A kind of record that core keeps."""

    name: str = Field(examples=["products"])
    label: str = Field(examples=["Product"])
    about: str
    columns: list[CoreColumn]
    references: list[str] = Field(description="Columns that name other records of core.")
    filters: list[str] = Field(description="Columns that a list can be narrowed by.")
    is_shared: bool = Field(description="Several stores' records may be one of it.")


class CoreItem(BaseModel):
    """A record of core, without its parts."""

    id: UUID
    values: dict[str, Any] = Field(
        description="By column; amounts are texts, times are in UTC.",
        examples=[{"sku": "TEA-1", "price": "4.50"}],
    )
    references: dict[str, UUID | None] = Field(
        description="The records of core that it names; none until core has them."
    )
    remote_references: dict[str, str | None] = Field(description="The same, as the store names it.")
    created_at: datetime | None = Field(description="When core got it.")
    updated_at: datetime | None = Field(description="When it last changed in core.")
    gone_at: datetime | None = Field(description="Since when no store has it any more.")


class CoreLink(BaseModel):
    """A store's record that it came from."""

    connection_id: UUID
    connection: str
    resource: str
    remote_id: str
    version: int = Field(description="Of the snapshot that was promoted last.")
    promoted_at: datetime
    gone_at: datetime | None = Field(description="Since when the store has it no more.")


class CoreEdit(BaseModel):
    """A column that a person changed."""

    field: str
    value: Any = Field(description="What stands.")
    said: Any = Field(description="What the stores say meanwhile.")
    edited_by: UUID | None
    editor: str | None = Field(description="His e-mail.")
    edited_at: datetime


class CoreChange(BaseModel):
    """What changed, and by what."""

    change: int = Field(description="Its number, rising with time.")
    action: str = Field(examples=["updated"])
    fields: dict[str, list[Any]] = Field(
        description="Old and new value of each column; rows of parts as in `order_lines/17/quantity`.",
        examples=[{"price": ["4.50", "4.90"]}],
    )
    connection_id: UUID | None = Field(description="The store whose word it was.")
    run_id: UUID | None
    user_id: UUID | None = Field(description="The person who changed it, or had it promoted.")
    at: datetime


class CustomerFigures(BaseModel):
    """What a customer's orders come to in one currency."""

    customer_id: UUID
    currency: str = Field(examples=["EUR"])
    orders: int = Field(description="How many count.")
    spent: str = Field(description="Totals of those orders, before refunds.")
    refunded: str
    lifetime_value: str = Field(description="What was spent less what was given back.")
    average: str | None = Field(description="Lifetime value an order.")
    first_order_at: datetime | None
    last_order_at: datetime | None
    recency_days: int | None = Field(description="Days since the last order.")
    recency_score: int = Field(description="From 1 to 5; so are the other two.")
    frequency_score: int
    money_score: int
    segment: Segment


class CoreShown(CoreItem):
    """A record of core with all that is known of it."""

    noun: str
    parts: dict[str, list[dict[str, Any]]] = Field(description="Rows of its parts, by table.")
    extra: dict[str, Any] = Field(description="What stores say of it beyond the columns.")
    levels: dict[str, dict[str, Any]] = Field(description="Its stock, by connection.")
    links: list[CoreLink]
    edits: list[CoreEdit]
    changes: list[CoreChange] = Field(description="The latest, the newest first.")
    figures: list[CustomerFigures] = Field(description="Of a customer.")


class RecordPatch(Given):
    """What is changed of a record."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"set": {"name": "Green tea"}, "take_back": ["price"]}]}
    )

    set: dict[str, str | bool | int | float | list[str] | None] = Field(
        default_factory=dict,
        max_length=100,
        description="New values by column; they stand whatever stores say. Nothing empties one.",
    )
    take_back: list[str] = Field(
        default_factory=list,
        max_length=100,
        description="Columns that are to be again what the stores say.",
    )

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if not self.set and not self.take_back:
            raise ValueError("say what is set, or taken back")
        if set(self.set) & set(self.take_back):
            raise ValueError("a column is either set or taken back")
        return self


class SegmentFigures(BaseModel):
    """How many customers are what to the shop, in one currency."""

    segment: Segment
    currency: str
    customers: int
    orders: int
    lifetime_value: str


class SegmentCustomer(CustomerFigures):
    """A customer of a segment."""

    email: str | None
    name: str | None
    is_guest: bool


class FigureSettings(Given):
    """Which orders count for customers, and where segments begin and end."""

    counted_statuses: list[Annotated[str, Field(min_length=1, max_length=63)]] = Field(
        min_length=1, max_length=50, examples=[["processing", "completed", "refunded"]]
    )
    recency: list[int] = Field(
        min_length=4,
        max_length=4,
        description="Days since the last order.",
        examples=[[30, 90, 180, 365]],
    )
    frequency: list[int] = Field(
        min_length=4, max_length=4, description="Orders.", examples=[[2, 3, 5, 10]]
    )
    money: list[float] = Field(
        min_length=4, max_length=4, description="Lifetime value.", examples=[[50, 150, 500, 1500]]
    )
    money_by_currency: dict[str, list[float]] = Field(
        default_factory=dict, max_length=200, description="The same for single currencies."
    )


def noun_shown(noun: Noun) -> CoreNoun:
    """Return what core keeps of a noun."""
    allowed = editable(noun)
    return CoreNoun(
        name=noun.name,
        label=noun.label,
        about=noun.about,
        columns=[
            CoreColumn(
                name=one.name,
                label=one.label,
                kind=one.kind.value,
                is_editable=one.name in allowed,
                is_personal=one.is_personal,
            )
            for one in noun.fields
        ],
        references=[one.name for one in noun.references],
        filters=list(filterable(noun)),
        is_shared=noun.is_shared,
    )


def item_of(document: Document) -> CoreItem:
    """Return a record without its parts."""
    return CoreItem(**_own(document))


def shown_of(record: CoreRecord) -> CoreShown:
    """Return a record with all that is known of it."""
    document = record.document
    return CoreShown(
        **_own(document),
        noun=record.noun.name,
        parts={
            table: [{name: _plain(value) for name, value in row.items()} for row in rows]
            for table, rows in document.parts.items()
        },
        extra=_plain(document.extra),
        levels={str(key): _plain(level) for key, level in document.levels.items()},
        links=[CoreLink(**{name: getattr(one, name) for name in _LINK}) for one in record.links],
        edits=[
            CoreEdit(
                field=one.field,
                value=_plain(one.value),
                said=_plain(one.said),
                edited_by=one.edited_by,
                editor=one.editor,
                edited_at=one.edited_at,
            )
            for one in record.edits
        ],
        changes=[change_of(one) for one in record.changes],
        figures=[figures_shown(one) for one in record.figures],
    )


def change_of(change: RecordChange) -> CoreChange:
    """Return what changed."""
    return CoreChange(
        change=change.change,
        action=change.action,
        fields={name: _plain(values) for name, values in change.fields.items()},
        connection_id=change.connection_id,
        run_id=change.run_id,
        user_id=change.user_id,
        at=change.at,
    )


def figures_shown(figures: Figures) -> CustomerFigures:
    """Return what a customer's orders come to in a currency."""
    return CustomerFigures(**_figures(figures))


def ranked_shown(ranked: Ranked) -> SegmentCustomer:
    """Return a customer of a segment."""
    return SegmentCustomer(
        **_figures(ranked.figures), email=ranked.email, name=ranked.name, is_guest=ranked.is_guest
    )


def segment_shown(count: SegmentCount) -> SegmentFigures:
    """Return how many customers a segment has."""
    return SegmentFigures(
        segment=count.segment,
        currency=count.currency,
        customers=count.customers,
        orders=count.orders,
        lifetime_value=f"{count.lifetime_value:f}",
    )


def settings_shown(settings: Settings) -> FigureSettings:
    """Return which orders count, and the thresholds."""
    thresholds = settings.thresholds
    return FigureSettings(
        counted_statuses=list(settings.statuses),
        recency=list(thresholds.recency),
        frequency=list(thresholds.frequency),
        money=[float(step) for step in thresholds.money],
        money_by_currency={
            currency: [float(step) for step in steps]
            for currency, steps in thresholds.by_currency.items()
        },
    )


_LINK = (
    "connection_id",
    "connection",
    "resource",
    "remote_id",
    "version",
    "promoted_at",
    "gone_at",
)


def _own(document: Document) -> dict[str, Any]:
    return {
        "id": document.core_id,
        "values": {name: _plain(value) for name, value in document.values.items()},
        "references": document.core_ids,
        "remote_references": document.references,
        "created_at": document.created_at,
        "updated_at": document.updated_at,
        "gone_at": document.gone_at,
    }


def _figures(figures: Figures) -> dict[str, Any]:
    average = figures.average
    return {
        "customer_id": figures.customer_id,
        "currency": figures.currency,
        "orders": figures.orders,
        "spent": f"{figures.spent:f}",
        "refunded": f"{figures.refunded:f}",
        "lifetime_value": f"{figures.lifetime_value:f}",
        "average": None if average is None else f"{average:f}",
        "first_order_at": figures.first_order_at,
        "last_order_at": figures.last_order_at,
        "recency_days": figures.recency_days,
        "recency_score": figures.scores.recency,
        "frequency_score": figures.scores.frequency,
        "money_score": figures.scores.money,
        "segment": figures.segment,
    }


def _plain(value: Any) -> Any:
    """Return a value as JSON has it: numbers with decimals are texts, so that none is rounded."""
    if isinstance(value, Decimal):
        return f"{value:f}" if abs(value.adjusted()) < WIDEST else str(value)
    if isinstance(value, dict):
        return {name: _plain(one) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    return value


WIDEST = 40
"""Digits before or behind the point; what has more is written with an exponent."""
