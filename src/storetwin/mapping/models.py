"""The nouns of this room: what core has tables for, and what a record comes to there."""

from __future__ import annotations

from collections.abc import Callable, Mapping
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
        source: dotted members of the record, ``""`` for all of it, ``meta:KEY`` for the value of a
            custom field; None where only a mapping, the noun's ``derive``, or core itself fills it.
        about: a sentence for the data dictionary, where the label does not say it all.
        local: the member that says the same in the store's own time; it is not kept.
        site: what of the :class:`Site` stands here.
        is_escaped: the store escapes it for HTML; here it stands as people wrote it.
        is_short: it stands in an index, which takes no more than 200 characters.
        is_personal: it speaks about a person.
        is_mapped: a person may map it anew; False for what holds records together.
    """

    name: str
    kind: Kind
    label: str
    source: str | None = None
    about: str = ""
    local: str | None = None
    site: str | None = None
    is_escaped: bool = False
    is_short: bool = False
    is_personal: bool = False
    is_mapped: bool = True


@dataclass(frozen=True, slots=True)
class Reference:
    """A column that names another record of the same store, by its core id once that is known.

    Args:
        name: of the column with the core id, as in ``product_id``; beside it stands
            ``remote_product_id``, the store's own name of the record.
        noun: of the record that is named.
        source: dotted members that hold its remote id, ``""`` for the element of a list itself;
            0 and nothing name none.
        is_container: where the source names none, it is what the record was found below.
        comes_along: promoting the one promotes the other first; else the column is filled in as soon
            as the other is promoted.
    """

    name: str
    noun: str
    source: str
    label: str = ""
    is_container: bool = False
    comes_along: bool = False

    @property
    def remote(self) -> str:
        """Return the column with the store's own name of the record."""
        return f"remote_{self.name}"


@dataclass(frozen=True, slots=True)
class Lookup:
    """A column that PostgreSQL derives from another, by which records are found: ``core.lookup_key``.

    It is short enough for an index, and capitals do not count; :mod:`storetwin.mapping.keys` makes
    the same.
    """

    name: str
    of: str


@dataclass(frozen=True, slots=True)
class Part:
    """Rows below a record, in a table of their own: an order's lines, a product's categories.

    Args:
        table: in the schema ``core``; several parts may share one.
        source: member with the list, or with the one object.
        key: member that names a row within its record; None: by its place.
        constants: columns that tell parts of one table apart, as in ``{"kind": "billing"}``.
        about: a sentence for the data dictionary.
        value: the list holds plain values; this column takes them.
        ignored: as in :class:`Noun`, below the list.
    """

    table: str
    source: str
    about: str
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
        about: a sentence for the data dictionary.
        levels: what each store says for itself, whatever other stores say: not columns of the
            noun's table but of ``core.inventory_levels``, a row a location.
        lookups: columns by which records are found.
        constants: columns that tell nouns of one table apart.
        is_shared: several stores' records may be one core record; their values are merged. What is
            not shared belongs to one store: its table has a ``connection_id``.
        ignored: dotted members, ``*`` for any element, that are not kept, each with the reason.
        derive: fills fields from the others and from the parts; called again after an edit.
    """

    name: str
    resource: str
    label: str
    about: str
    fields: tuple[Field, ...]
    parts: tuple[Part, ...] = ()
    references: tuple[Reference, ...] = ()
    levels: tuple[Field, ...] = ()
    lookups: tuple[Lookup, ...] = ()
    constants: Mapping[str, str] = field(default_factory=dict)
    match: Match = Match.NOTHING
    is_shared: bool = False
    ignored: Mapping[str, str] = field(default_factory=dict)
    derive: Callable[[Row, Mapping[str, list[Row]]], Row] | None = None

    @property
    def id_column(self) -> str:
        """Return the column by which its parts name it: ``order_id``."""
        return f"{self.label.lower().replace(' ', '_')}_id"


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
        extra: the members that no column took, as they stood, by dotted path; a dot or a backslash in
            a name has a backslash before it.
        hash: of all of it but the problems and what ``derive`` filled; equal hashes mean that nothing
            is to be promoted.
        problems: what could not be had.
        level: by column of ``core.inventory_levels``; empty where the noun has none.
    """

    noun: str
    values: Row
    references: dict[str, str | None]
    parts: dict[str, list[Row]]
    extra: dict[str, Any]
    hash: bytes
    problems: tuple[Problem, ...] = ()
    level: Row = field(default_factory=dict)


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
