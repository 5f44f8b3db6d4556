"""What differs between two documents, field by field: pure.

Members are compared by name, elements of a list by their ``id`` where each has one of its own
(``line_items``, ``meta_data``), else by their place; a list of plain values is one value. Numbers
are compared as they were written: ``1.10`` is not ``1.1``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from storetwin.kernel.json_values import Json, Number, parse, written

_PLAIN = re.compile(r"[\w-]+")


class Kind(StrEnum):
    """What became of a field."""

    ADDED = "added"
    REMOVED = "removed"
    CHANGED = "changed"
    REORDERED = "reordered"


@dataclass(frozen=True, slots=True)
class Element:
    """A step into a list: to the element that has this id."""

    id: Number | str


Step = str | int | Element
Path = tuple[Step, ...]


@dataclass(frozen=True, slots=True)
class FieldChange:
    """One field that differs.

    Args:
        path: from the outside in: names of members, places or ids of elements.
        before: None where it was added; of a reordered list the ids in their order.
        after: None where it was removed.
    """

    path: Path
    kind: Kind
    before: Json = None
    after: Json = None

    @property
    def name(self) -> str:
        """The path as people read it: ``line_items[id=7].quantity``."""
        return "".join(_step(step) for step in self.path).removeprefix(".") or "(all of it)"


def _step(step: Step) -> str:
    if isinstance(step, Element):
        return f"[id={step.id.text if isinstance(step.id, Number) else written(step.id)}]"
    if isinstance(step, int):
        return f"[{step}]"
    return f".{step}" if _PLAIN.fullmatch(step) else f"[{written(step)}]"


def difference(before: Json, after: Json) -> list[FieldChange]:
    """Return what has to be changed in one value to make it the other; nothing if they are equal."""
    return list(_between((), before, after))


def _between(path: Path, before: Json, after: Json) -> Iterator[FieldChange]:
    if isinstance(before, dict) and isinstance(after, dict):
        yield from _matched(path, before.items(), after.items())
    elif isinstance(before, list) and isinstance(after, list):
        yield from _lists(path, before, after)
    elif before != after:
        yield FieldChange(path, Kind.CHANGED, before, after)


def _matched(
    path: Path, before: Iterable[tuple[Step, Json]], after: Iterable[tuple[Step, Json]]
) -> Iterator[FieldChange]:
    """Compare what the same step leads to on both sides."""
    old, new = dict(before), dict(after)
    for step, value in old.items():
        if step in new:
            yield from _between((*path, step), value, new[step])
        else:
            yield FieldChange((*path, step), Kind.REMOVED, before=value)
    for step, value in new.items():
        if step not in old:
            yield FieldChange((*path, step), Kind.ADDED, after=value)


def _lists(path: Path, before: list[Json], after: list[Json]) -> Iterator[FieldChange]:
    if before == after:
        return
    if not any(isinstance(value, dict | list) for value in (*before, *after)):
        yield FieldChange(path, Kind.CHANGED, before, after)
        return
    old, new = _by_id(before), _by_id(after)
    if old is None or new is None:
        yield from _matched(path, enumerate(before), enumerate(after))
        return
    yield from _matched(path, old.items(), new.items())
    stayed = [step for step in old if step in new]
    if [*stayed, *(step for step in new if step not in old)] != list(new):
        ids: tuple[list[Json], list[Json]] = [s.id for s in old], [s.id for s in new]
        yield FieldChange(path, Kind.REORDERED, *ids)


def _by_id(values: list[Json]) -> dict[Element, Json] | None:
    """Return a list's elements by their ids; None where not each has one of its own."""
    found: dict[Element, Json] = {}
    for value in values:
        name = value.get("id") if isinstance(value, dict) else None
        if not isinstance(name, Number | str) or Element(name) in found:
            return None
        found[Element(name)] = value
    return found


@dataclass(frozen=True, slots=True)
class Comparison:
    """How two versions of a record differ.

    Args:
        changes: field by field.
        is_same: byte for byte. Where it is not and no field differs, only that does which is left
            out: how it is written, what is sealed, what is different in every answer.
    """

    changes: tuple[FieldChange, ...]
    is_same: bool


def compare(before: bytes, after: bytes, volatile: Sequence[str] = ()) -> Comparison:
    """Compare two documents. Whatever they hold, it answers: what is no JSON is compared whole.

    Args:
        volatile: members, dotted, that are left out: they differ between two identical requests.
    """
    if before == after:
        return Comparison((), is_same=True)
    try:
        found = difference(_lasting(before, volatile), _lasting(after, volatile))
    except (ValueError, RecursionError):
        whole = (_as_text(before), _as_text(after))
        found = [FieldChange((), Kind.CHANGED, *whole)] if whole[0] != whole[1] else []
    return Comparison(tuple(found), is_same=False)


def _as_text(document: bytes) -> str:
    return document.decode("utf-8", "backslashreplace")


def _lasting(document: bytes, volatile: Sequence[str]) -> Json:
    value = parse(document)
    for path in volatile:
        value = _without(value, path.split("."))
    return value


def _without(value: Json, path: Sequence[str]) -> Json:
    if isinstance(value, list):
        return [_without(element, path) for element in value]
    if not isinstance(value, dict) or path[0] not in value:
        return value
    if len(path) == 1:
        return {name: inner for name, inner in value.items() if name != path[0]}
    return {**value, path[0]: _without(value[path[0]], path[1:])}
