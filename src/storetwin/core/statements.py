"""From a declaration to statements: the one place of this room where SQL is put together.

Every form stands in statement_queries.sql; what is filled into it are names of tables and columns
from declarations, each of which has to look like one. Whatever stores or people gave is a parameter.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property

from storetwin.core.values import kinds_of
from storetwin.db.queries import load_queries
from storetwin.kernel.errors import InvariantError
from storetwin.mapping.models import Field, Kind, Noun, Part, Reference

Q = load_queries(__package__)

_NAME = re.compile(r"[a-z][a-z0-9_]{0,62}")
_TYPES: Mapping[Kind, str] = {
    Kind.TEXT: "text",
    Kind.INTEGER: "bigint",
    Kind.NUMBER: "numeric",
    Kind.MONEY: "numeric",
    Kind.BOOLEAN: "boolean",
    Kind.TIME: "timestamptz",
    Kind.DATE: "date",
    Kind.TEXTS: "text[]",
    Kind.JSON: "json",
}
EXTRA = "extra"
CONNECTION = "connection_id"
LOCATION = "location_id"
LEVELS = "inventory_levels"
"""Below a product or a variation, a row for each store that has it."""


@dataclass(frozen=True)
class Table:
    """A table of core.

    Args:
        owner: the column that names the record: ``id``, or of a part as in ``order_id``.
        columns: type of each column that is written, by name.
        kinds: of those that hold values.
    """

    name: str
    owner: str
    columns: Mapping[str, str]
    kinds: Mapping[str, Kind]
    references: tuple[Reference, ...]

    @cached_property
    def json_columns(self) -> frozenset[str]:
        """Return the columns that hold JSON."""
        return frozenset(name for name, type_ in self.columns.items() if type_ == "json")

    @cached_property
    def read(self) -> str:
        """Return the statement that reads rows by the ids of their records."""
        return self._filled(Q.read_rows if self.owner == "id" else Q.read_parts)

    @cached_property
    def insert(self) -> str:
        """Return the statement that adds rows."""
        return self._filled(Q.insert_rows if self.owner == "id" else Q.insert_parts)

    @cached_property
    def put(self) -> str:
        """Return the statement that changes rows; of a part it adds those that are not there."""
        if self.owner == "id":
            return self._filled(Q.update_rows, assignments=_assigned(self.columns, "r"))
        return self._filled(Q.put_parts, assignments=_assigned(self.columns, "EXCLUDED"))

    @cached_property
    def drop(self) -> str:
        """Return the statement that removes rows of a part."""
        return self._filled(Q.drop_parts)

    def fill(self, reference: str) -> str:
        """Return the statement that fills in a reference."""
        for one in self.references:
            if one.name == reference:
                return self._filled(Q.fill_rows, reference=one.name, remote=one.remote)
        raise InvariantError(f"core.{self.name} has no reference {reference!r}.")

    def find(self, column: str, scope: str) -> str:
        """Return the statement that finds rows by a column for lookups, and tells what they are below."""
        return self._filled(Q.find_rows, column=column, scope=scope)

    def list(self, conditions: str) -> str:
        """Return the statement that lists ids of rows.

        Args:
            conditions: forms that :meth:`condition` has filled.
        """
        return self._filled(Q.list_rows, conditions=conditions)

    def condition(self, form: str, column: str) -> str:
        """Return a condition on a column."""
        if not _NAME.fullmatch(column):
            raise InvariantError(f"{column!r} cannot be the name of a column.")
        return form.replace("{column}", column)

    def _filled(self, form: str, **more: str) -> str:
        typed = ", ".join(f"{name} {type_}" for name, type_ in self.columns.items())
        names = {
            "table": self.name,
            "owner": self.owner,
            "columns": ", ".join(self.columns),
            "typed": typed,
            **more,
        }
        for name, text in names.items():
            form = form.replace(f"{{{name}}}", text)
        return form


@dataclass(frozen=True)
class Tables:
    """The tables of a noun."""

    row: Table
    parts: Mapping[str, Table]

    @cached_property
    def places(self) -> Mapping[str, Table]:
        """Return where references stand, as in ``order_lines.product_id``."""
        return {
            f"{table.name}.{one.name}": table
            for table in (self.row, *self.parts.values())
            for one in table.references
        }


_TABLES: dict[tuple[str, str], tuple[Noun, Tables]] = {}


def tables_of(noun: Noun) -> Tables:
    """Return the tables of a noun; they are worked out once.

    Raises:
        InvariantError: a name of the declaration cannot be one of a table or column.
    """
    known = _TABLES.get((noun.name, noun.resource))
    if known is None or known[0] is not noun:
        known = _TABLES[noun.name, noun.resource] = (noun, _tables(noun))
    return known[1]


def _tables(noun: Noun) -> Tables:
    own = [*noun.constants] + ([] if noun.is_shared else [CONNECTION])
    row = _table(noun.name, "id", noun.fields, noun.references, own)
    parts: dict[str, list[Part]] = {}
    for part in noun.parts:
        parts.setdefault(part.table, []).append(part)
    below = {name: _part(name, noun, same) for name, same in parts.items()}
    if noun.levels:
        below[LEVELS] = _table(LEVELS, noun.id_column, noun.levels, (), [LOCATION])
    return Tables(row, below)


def _part(name: str, noun: Noun, parts: Iterable[Part]) -> Table:
    fields: dict[str, Field] = {}
    references: dict[str, Reference] = {}
    own: dict[str, None] = {}
    for part in parts:
        fields |= {one.name: one for one in part.fields}
        if part.value is not None:
            fields[part.value.name] = part.value
        references |= {one.name: one for one in part.references}
        own |= dict.fromkeys(part.constants)
    return _table(name, noun.id_column, fields.values(), references.values(), own)


def _table(
    name: str,
    owner: str,
    fields: Iterable[Field],
    references: Iterable[Reference],
    own: Iterable[str],
) -> Table:
    fields, references = tuple(fields), tuple(references)
    columns = {one: "uuid" if one in (CONNECTION, LOCATION) else "text" for one in own}
    columns |= {one.name: _TYPES[one.kind] for one in fields}
    for one in references:
        columns |= {one.name: "uuid", one.remote: "text"}
    if owner == "id":
        columns[EXTRA] = "json"
    for given in (name, owner, *columns):
        if not _NAME.fullmatch(given):
            raise InvariantError(f"{given!r} cannot be the name of a table or column.")
    return Table(name, owner, columns, kinds_of(fields), references)


def _assigned(columns: Iterable[str], source: str) -> str:
    return ", ".join(f"{name} = {source}.{name}" for name in columns)
