"""The nouns of a question to the twin."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from storetwin.kernel.errors import ConfigurationError
from storetwin.reading.fields import Field

MOST_ROWS = 1000
MOST_OFFSET = 10_000
MOST_OUTPUTS = 40
MOST_FILTERS = 20

Value = str | int | float | bool | Decimal | None
Given = Value | Sequence[Value]


class QuestionError(ConfigurationError):
    """A question makes no sense; says what, and what there is."""

    code = "bad_question"


class Operator(StrEnum):
    """How a field is compared."""

    EQUAL = "="
    UNEQUAL = "!="
    LESS = "<"
    AT_MOST = "<="
    MORE = ">"
    AT_LEAST = ">="
    IN = "in"
    BETWEEN = "between"
    CONTAINS = "contains"
    PREFIX = "prefix"
    IS_NULL = "is_null"


RANGES = frozenset({"<", "<=", ">", ">=", "between"})
ON_TEXT = frozenset({Operator.CONTAINS, Operator.PREFIX})


class Aggregate(StrEnum):
    """What is counted or reckoned over the records of a group."""

    COUNT = "count"
    COUNT_DISTINCT = "count_distinct"
    SUM = "sum"
    AVG = "avg"
    MIN = "min"
    MAX = "max"


class Span(StrEnum):
    """By what a time is grouped."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"


class Sort(StrEnum):
    """How the values of a filter are compared."""

    NUMBER = "number"
    MOMENT = "moment"
    TEXT = "text"
    BOOLEAN = "boolean"


@dataclass(frozen=True, slots=True)
class GivenFilter:
    """A filter as it was given."""

    field: str
    operator: str
    value: Given = None


@dataclass(frozen=True, slots=True)
class Asked:
    """A question as it was given; see docs/reference/queries.md.

    Args:
        fields: to be shown: paths, columns, and aggregates like ``sum(total)``.
        group: paths and columns, or ``day(created_at)``.
        sort: fields, groups or aggregates of the answer; with ``-`` before the greatest first.
        connection: only its records.
    """

    resource: str
    fields: tuple[str, ...] = ()
    filters: tuple[GivenFilter, ...] = ()
    group: tuple[str, ...] = ()
    sort: tuple[str, ...] = ()
    limit: int = 100
    offset: int = 0
    connection: str | None = None
    has_gone: bool = False


@dataclass(frozen=True, slots=True)
class Filter:
    """A condition.

    Args:
        values: as the operator takes them: moments, numbers, texts or booleans.
        sort: as what they are compared.
    """

    field: Field
    operator: Operator
    values: tuple[Value | datetime, ...]
    sort: Sort


@dataclass(frozen=True, slots=True)
class Output:
    """A column of the answer.

    Args:
        label: as it was asked for.
        field: None for ``count()``.
        span: of a group by time.
    """

    label: str
    field: Field | None = None
    aggregate: Aggregate | None = None
    span: Span | None = None


@dataclass(frozen=True, slots=True)
class Order:
    """By what an answer is sorted."""

    output: Output
    is_descending: bool


@dataclass(frozen=True, slots=True)
class Question:
    """A question that makes sense.

    Args:
        each: the list whose elements are the rows, one by one; empty: the records are.
    """

    resource: str
    outputs: tuple[Output, ...]
    filters: tuple[Filter, ...]
    orders: tuple[Order, ...]
    limit: int
    offset: int
    is_grouped: bool
    each: tuple[tuple[str, ...], ...]
    connection: str | None
    has_gone: bool

    @property
    def fields(self) -> list[Field]:
        """Return every field that it names."""
        shown = [*self.outputs, *(order.output for order in self.orders)]
        named = [output.field for output in shown if output.field]
        return [*named, *(one.field for one in self.filters)]
