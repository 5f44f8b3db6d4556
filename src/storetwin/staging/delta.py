"""What promoting a record would change in core: pure."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from storetwin.core.values import to_json
from storetwin.mapping.models import Mapped, Noun, Row
from storetwin.security import masked
from storetwin.staging.models import FieldChange

LONGEST = 200  # characters of a value in a table
WHOLE = 20_000  # and of one that is looked at closely
MOST_SHOWN = 20
MOST_COLUMNS = 50
EXTRA = "extra"


@dataclass(frozen=True, slots=True)
class Known:
    """What core has of a record, in the form of what is mapped.

    Args:
        level: its stock at the store's own place.
        fixed: columns that a person changed: whatever stores say, they stay.
    """

    values: Mapping[str, Any]
    references: Mapping[str, str | None]
    parts: Mapping[str, Iterable[Mapping[str, Any]]]
    extra: Mapping[str, Any] = field(default_factory=dict)
    level: Mapping[str, Any] = field(default_factory=dict)
    fixed: frozenset[str] = frozenset()


def differences(
    noun: Noun, known: Known, mapped: Mapped, longest: int = LONGEST
) -> list[FieldChange]:
    """Return the columns whose values promotion would change, as people read them.

    Rows of parts are told by the column too: ``order_lines/17/quantity``.

    Args:
        longest: characters of a value that are told.
    """
    return [
        *_of_row(noun, known, mapped, longest),
        *(
            change
            for table, rows in mapped.parts.items()
            for change in _of_part(noun, table, known.parts.get(table, ()), rows, longest)
        ),
        *_of_extra(known.extra, mapped.extra, longest),
    ]


def columns_of(changes: Iterable[FieldChange]) -> list[str]:
    """Return the columns that some changes are of, without the names of rows: to be filtered by."""
    named = (change.path.split("/") for change in changes)
    columns = (_column(path) for path in named)
    return list(dict.fromkeys(columns))[:MOST_COLUMNS]


def _column(path: list[str]) -> str:
    if len(path) == 1 or path[0] == EXTRA:
        return path[0]
    return f"{path[0]}/{path[-1]}" if len(path) > 2 else path[0]


def as_text(value: Any, longest: int = LONGEST) -> str | None:
    """Return a value as people read it, cut where it is long, what is sealed in it hidden."""
    if value is None:
        return None
    if isinstance(value, str):
        text = value
    else:
        text = to_json(value)
        if text.startswith('"'):  # a time, an id
            text = json.loads(text)
    text = masked(text.encode(errors="replace")).decode(errors="replace")
    return text if len(text) <= longest else text[: longest - 1] + "…"


def _of_row(noun: Noun, known: Known, mapped: Mapped, longest: int) -> Iterator[FieldChange]:
    for one in noun.fields:
        if one.name not in known.fixed:
            old, new = known.values.get(one.name), mapped.values.get(one.name)
            yield from _change(one.name, one.label, old, new, longest)
    for reference in noun.references:
        label = reference.label or reference.name
        old, new = known.references.get(reference.name), mapped.references.get(reference.name)
        yield from _change(reference.name, label, old, new, longest)
    for one in noun.levels:
        old, new = known.level.get(one.name), mapped.level.get(one.name)
        yield from _change(one.name, one.label, old, new, longest)


def _of_part(
    noun: Noun,
    table: str,
    before: Iterable[Mapping[str, Any]],
    after: Iterable[Row],
    longest: int,
) -> Iterator[FieldChange]:
    labels = _labels(noun, table)
    what = table.replace("_", " ")
    old = {str(row["key"]): row for row in before}
    new = {str(row["key"]): row for row in after}
    for key, row in new.items():
        if key not in old:
            yield FieldChange(f"{table}/{key}", what, None, as_text(_shown(row), longest))
            continue
        for name, value in row.items():
            if name not in ("key", "position"):
                label = f"{what} {key}: {labels.get(name, name)}"
                yield from _change(
                    f"{table}/{key}/{name}", label, old[key].get(name), value, longest
                )
    for key, was in old.items():
        if key not in new:
            yield FieldChange(f"{table}/{key}", what, as_text(_shown(was), longest), None)


def _of_extra(
    old: Mapping[str, Any], new: Mapping[str, Any], longest: int
) -> Iterator[FieldChange]:
    for path in sorted(old.keys() | new.keys()):
        yield from _change(f"{EXTRA}/{path}", path, old.get(path), new.get(path), longest)


def _change(path: str, label: str, old: Any, new: Any, longest: int) -> Iterator[FieldChange]:
    if old != new:
        before, after = as_text(old, longest), as_text(new, longest)
        if before != after or isinstance(old, str) or isinstance(new, str):
            yield FieldChange(path, label, before, after)


def _shown(row: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: value
        for name, value in row.items()
        if value is not None and name not in ("key", "position")
    }


def _labels(noun: Noun, table: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for part in noun.parts:
        if part.table == table:
            own = (*part.fields, part.value) if part.value else part.fields
            found |= {one.name: one.label for one in own}
            found |= {one.remote: one.label or one.name for one in part.references}
    return found
