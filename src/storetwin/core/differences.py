"""What differs between how a record stands and how it shall stand: pure."""

from __future__ import annotations

from dataclasses import dataclass, field

from storetwin.core.records import Cell, Cells, Stand
from storetwin.core.statements import EXTRA, Table, Tables

Fields = dict[str, list[Cell | dict[str, Cell]]]
"""Old and new value by path: ``name``, ``order_lines/17/quantity``, ``extra/store_api``."""


@dataclass(slots=True)
class Difference:
    """What is to be written so that a record stands as it shall.

    Args:
        is_row_changed: a column of its own row.
        put: rows of parts to be added or changed, by table, each with its ``key``.
        dropped: names of rows of parts to be removed, by table.
    """

    fields: Fields = field(default_factory=dict)
    is_row_changed: bool = False
    put: dict[str, list[Cells]] = field(default_factory=dict)
    dropped: dict[str, list[str]] = field(default_factory=dict)


def between(tables: Tables, old: Stand, new: Stand) -> Difference:
    """Return what makes the new out of the old."""
    found = Difference()
    _compare(tables.row, "", old.row, new.row, found.fields)
    if old.gone_at != new.gone_at:
        found.fields["gone_at"] = [old.gone_at, new.gone_at]
    found.is_row_changed = bool(found.fields)
    for name, table in tables.parts.items():
        before, after = old.parts.get(name, {}), new.parts.get(name, {})
        for key, row in after.items():
            known = before.get(key)
            count = len(found.fields)
            if known is None:
                found.fields[f"{name}/{key}"] = [None, _shown(row)]
            else:
                _compare(table, f"{name}/{key}/", known, row, found.fields)
            if len(found.fields) > count:
                found.put.setdefault(name, []).append(row)
        for key in before.keys() - after.keys():
            found.fields[f"{name}/{key}"] = [_shown(before[key]), None]
            found.dropped.setdefault(name, []).append(key)
    return found


def _compare(table: Table, prefix: str, old: Cells, new: Cells, found: Fields) -> None:
    for name in table.columns:
        before, after = old.get(name), new.get(name)
        if name == EXTRA and isinstance(before, dict) and isinstance(after, dict):
            for path in sorted(before.keys() | after.keys()):
                if before.get(path) != after.get(path):
                    found[f"{EXTRA}/{path}"] = [before.get(path), after.get(path)]
        elif before != after:
            found[f"{prefix}{name}"] = [before, after]
    if prefix and old.get("position") != new.get("position"):
        found[f"{prefix}position"] = [old.get("position"), new.get("position")]


def _shown(row: Cells) -> dict[str, Cell]:
    return {name: value for name, value in row.items() if value is not None and name != "key"}
