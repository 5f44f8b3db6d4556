"""What people changed of core records, and what stores say meanwhile."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from storetwin.core.values import from_json, kinds_of, of_kind
from storetwin.db.database import Transaction
from storetwin.db.queries import load_queries
from storetwin.mapping.models import Noun, Row

Q = load_queries(__package__)


async def read_edits(
    tx: Transaction, noun: Noun, ids: Iterable[UUID]
) -> tuple[dict[UUID, Row], dict[UUID, Row]]:
    """Return what people made of some records' columns, and what the stores say of the same ones."""
    asked = list(ids)
    if not asked:
        return {}, {}
    kinds = kinds_of(noun.fields)
    edits: dict[UUID, Row] = {}
    said: dict[UUID, Row] = {}
    for row in await tx.fetch_all(Q.read_edits, {"noun": noun.name, "ids": asked}):
        kind = kinds.get(row["field"])
        if kind is not None:  # a column that there is no more
            core_id, name = row["core_id"], row["field"]
            edits.setdefault(core_id, {})[name] = of_kind(kind, from_json(row["value"]))
            said.setdefault(core_id, {})[name] = of_kind(kind, from_json(row["said"]))
    return edits, said
