"""From a question to a statement: the one place of this room where SQL is put together.

Every piece stands in question_queries.sql; what is filled into them are other pieces and the names
of parameters made here. Whatever was given, names of fields included, is a parameter.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import groupby
from typing import Any
from uuid import UUID

from storetwin.db.queries import load_queries
from storetwin.reading.fields import Field
from storetwin.reading.query_models import (
    Aggregate,
    Filter,
    Operator,
    Output,
    Question,
    Sort,
    Span,
)

Q = load_queries(__package__)
_HOLE = re.compile(r"\{([a-z]+)\}")
_COLUMNS: Mapping[str, str] = {
    "connection": "c.name",
    "remote_id": "d.remote_id",
    "parent": "d.parent_id",
    "state": "d.state",
    "status": "d.status",
    "email": "d.email_lower",
    "created_at": "d.created_at",
    "modified_at": "d.modified_at",
    "read_at": "d.read_at",
    "twin_version": "d.version",
}
_CASTS = {Sort.NUMBER: "numeric", Sort.MOMENT: "timestamp", Sort.TEXT: "text"}
_COMPARISONS = {
    Operator.EQUAL: "=",
    Operator.LESS: "<",
    Operator.AT_MOST: "<=",
    Operator.MORE: ">",
    Operator.AT_LEAST: ">=",
}
_SPANS = {Span.DAY: Q.day_of, Span.WEEK: Q.week_of, Span.MONTH: Q.month_of}
_FUNCTIONS = {
    Aggregate.SUM: "sum",
    Aggregate.AVG: "avg",
    Aggregate.MIN: "min",
    Aggregate.MAX: "max",
}


@dataclass(frozen=True, slots=True)
class Shape:
    """In which columns of the result a column of the answer comes.

    Args:
        form: json: the value's own text. kind: as a number, its text, and what it is. either: the
            first that is there. plain: as it is.
    """

    label: str
    form: str
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Statement:
    """A statement, its parameters, and how its result is read."""

    text: str
    params: Mapping[str, Any]
    shapes: tuple[Shape, ...]


def compose(question: Question, organisation_id: UUID, connection_id: UUID | None) -> Statement:
    """Return the statement that answers a question, with one row more than was asked for.

    Args:
        connection_id: of the connection that it names.
    """
    composer = _Composer(question)
    composer.params |= {
        "organisation_id": organisation_id,
        "connection_id": connection_id,
        "resource": question.resource,
        "limit": question.limit + 1,
        "offset": question.offset,
    }
    text = composer.statement(has_connection=connection_id is not None)
    return Statement(text, composer.params, tuple(composer.shapes))


def filled(piece: str, **parts: str) -> str:
    """Return a piece with its holes filled."""
    return _HOLE.sub(lambda hole: parts[hole[1]] if hole[1] in parts else hole[0], piece)


@dataclass(slots=True)
class _Composer:
    """Puts one statement together."""

    question: Question
    params: dict[str, Any] = field(default_factory=dict)
    shapes: list[Shape] = field(default_factory=list)
    _aliases: int = 0
    _paths: dict[tuple[str, ...], str] = field(default_factory=dict)

    def statement(self, *, has_connection: bool) -> str:
        question = self.question
        each, element = self._unrolled(question.each, "d.document", "e")
        outputs, groups = self._outputs(element)
        conditions = "" if question.has_gone else Q.condition_not_gone
        if has_connection:
            conditions += f" {Q.condition_connection}"
        orders = [*self._orders(element), *self._ties(groups)]
        return filled(
            Q.question_frame,
            outputs=filled(Q.question_outputs, outputs=", ".join(outputs)),
            each=each,
            conditions=conditions + self._conditions(element),
            groups=f"GROUP BY {', '.join(groups)}" if groups else "",
            orders=f"ORDER BY {', '.join(orders)}" if orders else "",
        )

    # -- values ---------------------------------------------------------------------------------

    def _given(self, value: Any, cast: str) -> str:
        name = f"p{len(self.params)}"
        self.params[name] = value
        return f"%({name})s::{cast}"

    def _path(self, steps: tuple[str, ...]) -> str:
        """Return a path as a parameter, the same one each time: GROUP BY has to know it again."""
        if steps not in self._paths:
            name = f"path{len(self._paths)}"
            self.params[name] = list(steps)
            self._paths[steps] = f"%({name})s"
        return self._paths[steps]

    def _unrolled(
        self, lists: Sequence[tuple[str, ...]], root: str, prefix: str
    ) -> tuple[str, str]:
        """Return the joins that go through lists one in the other, and where the last one leads."""
        joins = []
        for steps in lists:
            self._aliases += 1
            alias = f"{prefix}{self._aliases}"
            path = filled(Q.value_at, root=root, path=self._path(steps))
            joins.append(filled(Q.each_element, list=path, alias=alias))
            root = f"{alias}.value"
        return " ".join(joins), root

    def _value(self, asked: Field, root: str) -> str:
        if not asked.steps:
            return root
        return filled(Q.value_at, root=root, path=self._path(asked.steps))

    def _root(self, asked: Field, element: str) -> str:
        return element if asked.lists else "d.document"

    # -- outputs --------------------------------------------------------------------------------

    def _outputs(self, element: str) -> tuple[list[str], list[str]]:
        """Return what is selected, and by what it is grouped."""
        selected: list[str] = []
        groups: list[str] = []
        for output in self.question.outputs:
            form, parts = self._output(output, element)
            names = tuple(f"o{len(selected) + place}" for place in range(len(parts)))
            self.shapes.append(Shape(output.label, form, names))
            selected += [f"{part} AS {name}" for part, name in zip(parts, names, strict=True)]
            if self.question.is_grouped and output.aggregate is None:
                groups += names
        return selected, groups

    def _output(self, output: Output, element: str) -> tuple[str, list[str]]:
        if output.field is None:
            return "plain", ["count(*)"]
        if output.aggregate:
            return self._aggregated(output.aggregate, output.field, element)
        if output.span:
            moment = self._moment(output.field, element)
            return "plain", [filled(_SPANS[output.span], moment=moment)]
        if output.field.column:
            return "plain", [_COLUMNS[output.field.column]]
        value = self._value(output.field, self._root(output.field, element))
        if self.question.is_grouped:
            kind, number = filled(Q.kind_of, value=value), filled(Q.number_of, value=value)
            return "kind", [number, f'({filled(Q.text_of, value=value)}) COLLATE "C"', kind]
        return "json", [value]

    def _aggregated(
        self, aggregate: Aggregate, asked: Field, element: str
    ) -> tuple[str, list[str]]:
        if asked.column:
            return "plain", [_on(aggregate, _COLUMNS[asked.column])]
        value = self._value(asked, self._root(asked, element))
        text, number = filled(Q.text_of, value=value), filled(Q.number_of, value=value)
        if aggregate in (Aggregate.COUNT, Aggregate.COUNT_DISTINCT):
            return "plain", [_on(aggregate, text)]
        if aggregate in (Aggregate.SUM, Aggregate.AVG):
            return "plain", [_on(aggregate, number)]
        other = filled(Q.text_that_is_no_number, value=value, text=text)
        return "either", [_on(aggregate, number), _on(aggregate, f'({other}) COLLATE "C"')]

    def _moment(self, asked: Field, element: str) -> str:
        if asked.column:
            return f"({_COLUMNS[asked.column]} AT TIME ZONE 'UTC')"
        return filled(Q.moment_of, value=self._value(asked, self._root(asked, element)))

    # -- sorting --------------------------------------------------------------------------------

    def _orders(self, element: str) -> list[str]:
        places = {shape.label: shape for shape in self.shapes}
        found: list[str] = []
        for order in self.question.orders:
            way = "DESC NULLS LAST" if order.is_descending else "ASC NULLS LAST"
            shape = places.get(order.output.label)
            if self.question.is_grouped and shape:
                found += [f"{name} {way}" for name in shape.names]
            else:
                found += [f"{key} {way}" for key in self._keys(order.output.field, element)]
        return found

    def _keys(self, asked: Field | None, element: str) -> list[str]:
        """Return by what a field is sorted: as a number what looks like one, then as text."""
        if asked is None:
            return []
        if asked.column:
            return [_COLUMNS[asked.column]]
        value = self._value(asked, self._root(asked, element))
        text = filled(Q.text_of, value=value)
        return [filled(Q.number_of, value=value), f'({text}) COLLATE "C"']

    def _ties(self, groups: Sequence[str]) -> list[str]:
        """Return what makes an order the same each time."""
        if self.question.is_grouped:
            return list(groups)
        places = [f"e{n + 1}.place" for n in range(len(self.question.each))]
        return ["d.connection_id", "d.remote_id", *places]

    # -- filters --------------------------------------------------------------------------------

    def _conditions(self, element: str) -> str:
        """Return all conditions; those through one list speak of the same element of it."""
        own = [one for one in self.question.filters if one.field.lists in ((), self.question.each)]
        others = [one for one in self.question.filters if one not in own]
        # The twin's own columns come first: a record that they leave out is not opened.
        own.sort(key=lambda one: (one.field.column is None, bool(one.field.lists)))
        found = [self._condition(one, self._root(one.field, element)) for one in own]
        by_list = sorted(others, key=lambda one: one.field.lists)
        for lists, group in groupby(by_list, key=lambda one: one.field.lists):
            each, root = self._unrolled(lists, "d.document", "x")
            inner = " AND ".join(self._condition(one, root) for one in group)
            found.append(filled(Q.any_element, each=each, conditions=inner))
        return "".join(f"\nAND {condition}" for condition in found)

    def _condition(self, one: Filter, root: str) -> str:
        if one.operator is Operator.IS_NULL:
            return self._null_condition(one, root)
        if one.operator is Operator.UNEQUAL:
            equal = self._compared(one, root, Operator.EQUAL)
            return filled(Q.differs, condition=equal)
        return f"({self._compared(one, root, one.operator)})"

    def _null_condition(self, one: Filter, root: str) -> str:
        if one.field.column:
            condition = f"{_COLUMNS[one.field.column]} IS NULL"
        else:
            condition = filled(Q.is_null, value=self._value(one.field, root))
        return f"({condition}) IS {'TRUE' if one.values[0] else 'NOT TRUE'}"

    def _compared(self, one: Filter, root: str, operator: Operator) -> str:
        left = self._left(one, root)
        exact = f'{left} COLLATE "C"' if one.sort is Sort.TEXT else left
        values = [_utc(value, one) for value in one.values]
        cast = self._cast(one)
        match operator:
            case Operator.IN:
                return f"{exact} = ANY ({self._given(values, f'{cast}[]')})"
            case Operator.BETWEEN:
                least, most = (self._given(value, cast) for value in values)
                return f"{exact} BETWEEN {least} AND {most}"
            case Operator.CONTAINS:
                return filled(Q.contains, value=self._given(values[0], "text"), text=left)
            case Operator.PREFIX:
                return filled(Q.begins_with, value=self._given(values[0], "text"), text=left)
            case _:
                return f"{exact} {_COMPARISONS[operator]} {self._given(values[0], cast)}"

    def _cast(self, one: Filter) -> str:
        if one.sort is Sort.BOOLEAN:
            return "boolean"
        if one.field.column and one.sort is Sort.MOMENT:
            return "timestamptz"
        return _CASTS[one.sort]

    def _left(self, one: Filter, root: str) -> str:
        if one.field.column:
            return _COLUMNS[one.field.column]
        value = self._value(one.field, root)
        pieces = {
            Sort.NUMBER: Q.number_of,
            Sort.MOMENT: Q.moment_of,
            Sort.BOOLEAN: Q.boolean_of,
            Sort.TEXT: Q.text_of,
        }
        return f"({filled(pieces[one.sort], value=value)})"


def _on(aggregate: Aggregate, value: str) -> str:
    if aggregate is Aggregate.COUNT:
        return f"count({value})"
    if aggregate is Aggregate.COUNT_DISTINCT:
        return f"count(DISTINCT {value})"
    return f"{_FUNCTIONS[aggregate]}({value})"


def _utc(value: Any, one: Filter) -> Any:
    """Return a value as PostgreSQL compares it: the times in documents have no zone."""
    if not isinstance(value, datetime):
        return value
    return value if one.field.column else value.astimezone(UTC).replace(tzinfo=None)
