"""Where a person and the stores have gone apart: both changed the same column of a core record."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from storetwin.db.database import Row, Transaction
from storetwin.db.queries import load_queries

Q = load_queries(__package__)
MOST_EDITS: Final = 1_000
MOST_CHANGES: Final = 100  # of a record, that are looked through for what was agreed


@dataclass(frozen=True, slots=True)
class Apart:
    """One column that a person changed, and its store since.

    Args:
        agreed: what both had before the person changed it.
        store: what stores say now.
        core: what the person made of it; it stands.
        editor: his e-mail, where he is still a member.
    """

    noun: str
    core_id: UUID
    field: str
    agreed: Any
    store: Any
    core: Any
    editor: str | None
    edited_at: datetime


async def read_apart(tx: Transaction) -> list[Apart]:
    """Return the columns on which stores and people went apart, the longest ago first."""
    rows = await tx.fetch_all(Q.edits_apart, {"limit": MOST_EDITS, "changes": MOST_CHANGES})
    return [found for found in map(_apart, rows) if found is not None]


def _apart(row: Row) -> Apart | None:
    said = _parsed(row["said"])
    seen = seen_by_people(json.loads(row["changes"] or "[]"), row["field"])
    if not seen or any(value == said for value in seen):
        return None
    return Apart(
        row["noun"],
        row["core_id"],
        row["field"],
        seen[-1],
        said,
        _parsed(row["value"]),
        row["editor"],
        row["edited_at"],
    )


def seen_by_people(changes: Sequence[Mapping[str, Any]], field: str) -> list[Any]:
    """Return what a column was before each time that people changed it in a row, the latest first.

    What stands last in it is what store and person had in common before. A store's word that is
    among them is known to the person: he changed it, and it is not news.

    Args:
        changes: of the record, the latest first: `fields` by path with old and new, `is_person`.
    """
    seen: list[Any] = []
    for change in changes:
        pair = (change["fields"] or {}).get(field)
        if pair is None:
            continue
        if not change["is_person"] or (seen and pair[1] != seen[-1]):
            break
        seen.append(pair[0])
    return seen


def _parsed(text: str | None) -> Any:
    return None if text is None else json.loads(text)
