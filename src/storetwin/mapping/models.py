"""The nouns of this room: what core has tables for, and what a record comes to there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any

Value = str | int | bool | Decimal | datetime | date | list[Any] | dict[str, Any] | None
"""What stands in a column: times are aware and UTC, amounts are decimals, JSON is lists and dicts."""

Row = dict[str, Value]


class Kind(StrEnum):
    """What a column holds."""

    TEXT = "text"
    INTEGER = "integer"
    NUMBER = "number"
    MONEY = "money"
    BOOLEAN = "boolean"
    TIME = "time"
    DATE = "date"
    TEXTS = "texts"
    JSON = "json"


class Match(StrEnum):
    """By what a record finds the core record that it is, where no link says so."""

    NOTHING = "nothing"
    SKU = "sku"
    EMAIL = "email"
    SLUG_PATH = "slug_path"
    SLUG = "slug"
    NAME = "name"


@dataclass(frozen=True, slots=True)
class Field:
    """A column of core, and where its value comes from unless a mapping says otherwise.

    Args:
        name: of the column.
        label: what people call it.
        source: dotted members of the record; None where only a mapping, or core itself, fills it.
        is_personal: it speaks about a person.
        is_mapped: a person may map it anew; False for what holds records together.
    """

    name: str
    kind: Kind
    label: str
    source: str | None = None
    is_personal: bool = False
    is_mapped: bool = True


@dataclass(frozen=True, slots=True)
class Reference:
    """A column that names another record of the same store, by its core id once that is known.

    Args:
        name: of the column with the core id, as in ``product_id``; beside it stands
            ``remote_product_id``, the store's own name of the record.
        noun: of the record that is named.
        source: dotted members that hold its remote id; 0 and nothing name none.
        comes_along: promoting the one promotes the other first; else the column is filled in as soon
            as the other is promoted.
    """

    name: str
    noun: str
    source: str
    comes_along: bool = False

    @property
    def remote(self) -> str:
        """Return the column with the store's own name of the record."""
        return f"remote_{self.name}"


@dataclass(frozen=True, slots=True)
class Part:
    """Rows below a record, in a table of their own: an order's lines, a product's categories.

    Args:
        table: in the schema ``core``; several parts may share one.
        source: member with the list, or with the one object.
        key: member that names a row within its record; None: by its place.
        constants: columns that tell parts of one table apart, as in ``{"kind": "billing"}``.
        value: the list holds plain values; this column takes them.
        ignored: as in :class:`Noun`, below the list.
    """

    table: str
    source: str
    fields: tuple[Field, ...] = ()
    key: str | None = "id"
    is_object: bool = False
    constants: Mapping[str, str] = field(default_factory=dict)
    references: tuple[Reference, ...] = ()
    value: Field | None = None
    ignored: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Noun:
    """A kind of core record: declared once, for promotion, difference, doors and documentation.

    Args:
        name: of its table in the schema ``core``, in the plural.
        resource: whose records are promoted into it.
        label: what people call one of it.
        is_shared: several stores' records may be one core record; their values are merged.
        ignored: dotted members, ``*`` for any element, that are not kept, each with the reason.
    """

    name: str
    resource: str
    label: str
    fields: tuple[Field, ...]
    parts: tuple[Part, ...] = ()
    references: tuple[Reference, ...] = ()
    match: Match = Match.NOTHING
    is_shared: bool = False
    ignored: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Problem:
    """Why a value could not be had, in words for people; the record goes on without it.

    Args:
        is_fatal: the record cannot be promoted as it is.
    """

    field: str
    message: str
    is_fatal: bool = False


@dataclass(frozen=True, slots=True)
class Mapped:
    """What a record comes to in core.

    Args:
        values: by column, references left out.
        references: remote ids by the name of the reference; None where it names nothing.
        parts: rows by table, each with its columns, ``key`` (its name within the record) and
            ``position``; references stand in their ``remote_`` columns.
        extra: the members that no column took, as they stood, by dotted path.
        hash: of all of the above; equal hashes mean that nothing is to be promoted.
        problems: what could not be had.
    """

    noun: str
    values: Row
    references: dict[str, str | None]
    parts: dict[str, list[Row]]
    extra: dict[str, Any]
    hash: bytes
    problems: tuple[Problem, ...] = ()


@dataclass(frozen=True, slots=True)
class Site:
    """What of a store its records do not say themselves.

    Args:
        currency: that its prices are in.
        weight_unit: as its settings name it.
        dimension_unit: likewise.
    """

    currency: str | None = None
    weight_unit: str | None = None
    dimension_unit: str | None = None
