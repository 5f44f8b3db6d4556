"""From what several stores say of one thing to what core says of it: pure.

The stores' records are folded in the order in which the stores were connected: the first that has a
value wins, field by field; rows of a part come whole from the first that has any. What a person
changed stands above all of them. So it makes no difference in which order records were promoted.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from storetwin.mapping.models import Kind, Mapped, Noun, Row, Value

CUSTOM = "custom"
"""The column whose members are merged one by one, as if each were a column."""
CURRENCY = "currency"


@dataclass(frozen=True, slots=True)
class Said:
    """What a store's record comes to, as it is merged.

    Args:
        connected_at: when its store was connected; with the two after it, its place in the order.
        is_gone: the store has it no more; it counts only where no store has one any more.
    """

    connected_at: datetime
    connection_id: UUID
    remote_id: str
    is_gone: bool
    mapped: Mapped

    @property
    def place(self) -> tuple[datetime, UUID, str]:
        """Return what the records are ordered by."""
        return (self.connected_at, self.connection_id, self.remote_id)


@dataclass(frozen=True, slots=True)
class Named:
    """A store's record that is named."""

    connection_id: UUID
    remote_id: str


@dataclass(frozen=True, slots=True)
class Folded:
    """What all records of one thing come to together.

    Args:
        references: which record of which store each names.
        sources: whose rows a part has, by table.
        is_gone: no store has it any more.
    """

    values: Row = field(default_factory=dict)
    references: dict[str, Named | None] = field(default_factory=dict)
    parts: dict[str, list[Row]] = field(default_factory=dict)
    sources: dict[str, UUID] = field(default_factory=dict)
    extra: dict[str, Any] = field(default_factory=dict)
    is_gone: bool = False


def is_nothing(value: Value) -> bool:
    """Say whether a store says nothing by a value; no and zero are something."""
    return value is None or value in ("", [], {})


def fold(noun: Noun, said: Sequence[Said]) -> Folded:
    """Return what some records are together, in whatever order they are given.

    Prices and the currency they are in come from the same record, the first that has any; so do weights
    and measures and their units.
    """
    if len(said) == 1:
        return _alone(said[0], is_gone=said[0].is_gone)
    ordered = sorted(said, key=lambda one: one.place)
    alive = [one for one in ordered if not one.is_gone]
    counting = alive or ordered
    if len(counting) == 1:
        return _alone(counting[0], is_gone=not alive)
    folded = Folded(is_gone=not alive)
    units = _units(noun)
    for one in counting:
        _fold_values(folded, one.mapped.values, units)
        for name, remote_id in one.mapped.references.items():
            if folded.references.get(name) is None:
                named = Named(one.connection_id, remote_id) if remote_id is not None else None
                folded.references[name] = named
        for table, rows in one.mapped.parts.items():
            if rows and table not in folded.sources:
                folded.parts[table] = rows
                folded.sources[table] = one.connection_id
        for path, value in one.mapped.extra.items():
            folded.extra.setdefault(path, value)
    return folded


def edited(values: Row, edits: Mapping[str, Value]) -> Row:
    """Return values with what a person changed."""
    return {**values, **edits} if edits else values


def _alone(one: Said, *, is_gone: bool) -> Folded:
    mapped = one.mapped
    return Folded(
        mapped.values,
        {
            name: Named(one.connection_id, remote_id) if remote_id is not None else None
            for name, remote_id in mapped.references.items()
        },
        mapped.parts,
        {table: one.connection_id for table, rows in mapped.parts.items() if rows},
        mapped.extra,
        is_gone,
    )


def _fold_values(folded: Folded, values: Row, units: Mapping[str, str]) -> None:
    """Put one record's values where those before it had none.

    Args:
        units: by column, the one with the unit that it is in.
    """
    measured = {unit for name, unit in units.items() if not is_nothing(folded.values.get(name))}
    brought = {unit for name, unit in units.items() if not is_nothing(values.get(name))}
    for name, value in values.items():
        known = folded.values.get(name)
        unit = units.get(name, name)
        if name not in folded.values:
            folded.values[name] = value
        elif name == CUSTOM and isinstance(known, dict) and isinstance(value, dict):
            folded.values[name] = value | {k: v for k, v in known.items() if not is_nothing(v)}
        elif unit in units.values():
            if unit in brought and unit not in measured:
                folded.values[name] = value
        elif is_nothing(known) and not is_nothing(value):
            folded.values[name] = value


def _units(noun: Noun) -> dict[str, str]:
    """Return by column the one with the unit that it is in: of a price, the currency."""
    own = {one.name for one in noun.fields}
    units = {one.name: CURRENCY for one in noun.fields if one.kind is Kind.MONEY}
    units |= dict.fromkeys(("weight",), "weight_unit")
    units |= dict.fromkeys(("length", "width", "height"), "dimension_unit")
    return {name: unit for name, unit in units.items() if name in own and unit in own}
