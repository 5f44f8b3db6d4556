"""What reads the rows below a record: its lines, addresses, categories."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from storetwin.mapping import documents, kinds
from storetwin.mapping.models import Part, Problem, Row
from storetwin.mapping.readers import (
    Columns,
    Convert,
    Found,
    Members,
    columns_of,
    members_of,
    sources_of,
)

_KEYS = ("key", "position")


@dataclass(frozen=True, slots=True)
class PartReader:
    """What reads the rows of one part.

    Args:
        source: member with the list, or the object.
        key: member that names a row; None: by its place.
        kind: stands before the key where several parts share a table.
        is_key_nowhere_else: no column has it.
        elements: (column, converter) of what takes the elements of the list themselves.
    """

    table: str
    source: str
    key: str | None
    kind: str
    is_object: bool
    constants: Row
    columns: Columns
    members: Members
    is_key_nowhere_else: bool
    elements: tuple[tuple[str, Convert], ...] = ()

    def read(self, document: dict[str, Any], rows: list[Row], found: Found) -> None:
        """Add the rows of a record to those of their table."""
        value = document.get(self.source)
        if not value and (value is None or value in ("", [], {})):
            return
        if self.is_object:
            self._read_object(value, rows, found)
            return
        if value.__class__ is dict and kinds.is_list(value):
            inner: Iterable[tuple[Any, Any]] = kinds.in_order(value)
        elif value.__class__ is list:
            inner = enumerate(value)
        else:
            found.misfit(self.source, value, self.source, "no list")
            return
        taken = {row["key"] for row in rows} if rows else set()
        for position, (name, element) in enumerate(inner):
            if self.elements:
                self._read_element(element, position, name, rows, taken, found)
            elif element.__class__ is dict:
                self._read_row(element, position, name, rows, taken, found)
            elif element is not None:
                path = f"{self.source}.{documents.joined('', str(name))}"
                found.misfit(path, element, self.source, "no object")

    def _read_object(self, value: Any, rows: list[Row], found: Found) -> None:
        if value.__class__ is not dict:
            found.misfit(self.source, value, self.source, "no object")
            return
        row: Row = {"key": self.kind, "position": len(rows), **self.constants}
        self.columns.read(value, f"{self.source}.", f"{self.table}/{self.kind}/", row, found)
        self.members.rest(value, f"{self.source}.", found)
        for content in [*row.values()][len(_KEYS) + len(self.constants) :]:
            if content is not None and content != "":
                rows.append(row)
                break

    def _read_row(
        self,
        element: dict[str, Any],
        position: int,
        name: Any,
        rows: list[Row],
        taken: set[Any],
        found: Found,
    ) -> None:
        prefix = f"{self.source}.{name}."
        key = self._key(element.get(self.key) if self.key else None, position, prefix, taken, found)
        row: Row = {"key": key, "position": position, **self.constants}
        self.columns.read(element, prefix, f"{self.table}/{key}/", row, found)
        self.members.rest(element, prefix, found)
        rows.append(row)

    def _read_element(
        self,
        element: Any,
        position: int,
        name: Any,
        rows: list[Row],
        taken: set[Any],
        found: Found,
    ) -> None:
        if element is None:
            return
        key = self._key(element, position, f"{self.source}.{name}.", taken, found)
        row: Row = {"key": key, "position": position, **self.constants}
        for column, convert in self.elements:
            try:
                row[column] = convert(element)
            except kinds.MisfitError as error:
                row[column] = None
                found.misfit(
                    f"{self.source}.{name}", element, f"{self.table}/{key}/{column}", error
                )
        rows.append(row)

    def _key(self, value: Any, position: int, prefix: str, taken: set[Any], found: Found) -> str:
        """Return what names a row within its record: unique there, and short enough for an index."""
        key = None
        if value is not None and value != "":
            try:
                key = kinds.text(value)
            except kinds.MisfitError as error:
                self._keep_key(value, prefix, found, f"It is {error}")
            else:
                if len(key) > kinds.LONGEST_NAME:
                    self._keep_key(value, prefix, found, "It is too long to name a row")
                    key = None
        if key is None:
            key = f"#{position}"
        if self.kind:
            key = f"{self.kind}:{key}"
        if key in taken:
            self._keep_key(value, prefix, found, "Another row has it as well")
            key = f"{key} #{position}"
            while key in taken:
                key += "#"
        taken.add(key)
        return key

    def _keep_key(self, value: Any, prefix: str, found: Found, why: str) -> None:
        if self.is_key_nowhere_else:
            found.extra[f"{prefix}{self.key}"] = value
        found.problems.append(
            Problem(f"{self.table}/key", f"{why}: the row is named by its place.")
        )


def compile_part(part: Part, also: Iterable[str] = ()) -> PartReader:
    """Compile what reads a part.

    Args:
        also: dotted members of the record that somebody else takes.
    """
    elements: list[tuple[str, Convert]] = [
        (one.remote, kinds.named) for one in part.references if one.source == ""
    ]
    if part.value is not None:
        elements.append((part.value.name, kinds.CONVERTERS[part.value.kind]))
    taken = sources_of(part.fields, part.references, part.ignored)
    is_key_nowhere_else = bool(part.key) and part.key not in taken
    if part.key:
        taken.append(part.key)
    start = f"{part.source}."
    taken += [path.removeprefix(start) for path in also if path.startswith(start)]
    return PartReader(
        table=part.table,
        source=part.source,
        key=part.key or None,
        kind="/".join(part.constants.values()),
        is_object=part.is_object,
        constants=dict(part.constants),
        columns=columns_of(part.fields, part.references, remote=True),
        members=members_of(taken),
        is_key_nowhere_else=is_key_nowhere_else,
        elements=tuple(elements),
    )
