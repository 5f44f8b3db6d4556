"""Which records a text occurs in: in what people search by (a resource's ``search``), in any case.

A rare text is found by an index, wherever it stands. A text that occurs nearly everywhere would be
found too often to be of use: of it the newest records are looked through, and the answer says so.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from storetwin.db.database import Row, Transaction
from storetwin.db.queries import load_queries
from storetwin.kernel.natural import natural_key
from storetwin.reading.choosing import Span, Stretch, of_stretches

Q = load_queries(__package__)

SHORTEST = 3  # characters: an index of trigrams knows nothing shorter
LOOK_FIRST = 1_000  # newest records in which it is counted how common a text is
COMMON = 20  # of those
LOOK_THROUGH = 20_000  # newest records that are looked through for a common text
MOST = 500  # records that are found
EARLIEST, LATEST = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Found:
    """What a search came to.

    Args:
        records: (connection, remote id), each once.
        is_cut: there may be more: a text to be more precise about.
    """

    records: Sequence[tuple[UUID, str]]
    is_cut: bool


async def search(
    tx: Transaction,
    organisation_id: UUID,
    resource: str,
    stretches: Sequence[Stretch],
    text: str,
    span: Span,
) -> Found:
    """Return the records of some stretches that a text occurs in, or that are called so.

    Of a text shorter than three characters only records whose very number it is are found.
    """
    wanted = text.strip().lower()
    params: dict[str, Any] = of_stretches(stretches) | {
        "organisation_id": organisation_id,
        "resource": resource,
        "after": span.since,
        "before": span.until,
    }
    called = await tx.fetch_all(Q.find_by_number, params | {"key": natural_key(wanted)})
    if len(wanted) < SHORTEST:
        return Found(_records(called), is_cut=False)
    params |= {
        "connections": sorted({stretch.connection_id for stretch in stretches}),
        "statuses": sorted({stretch.status for stretch in stretches}),
        "pattern": f"%{_escaped(wanted)}%",
        "most": MOST,
    }
    if await _is_common(tx, params):
        bounds = {"since": span.since or EARLIEST, "until": span.until or LATEST}
        rows = await tx.fetch_all(Q.find_in_newest, params | bounds | {"look": LOOK_THROUGH})
        return Found(_records([*called, *rows]), is_cut=True)
    rows = await tx.fetch_all(Q.find_everywhere, params)
    return Found(_records([*called, *rows]), is_cut=len(rows) == MOST)


async def _is_common(tx: Transaction, params: dict[str, Any]) -> bool:
    row = await tx.fetch_one(Q.count_newest_with, params | {"look": LOOK_FIRST})
    return row is not None and row["n"] >= COMMON


def _records(rows: Sequence[Row]) -> list[tuple[UUID, str]]:
    return list(dict.fromkeys((row["connection_id"], row["remote_id"]) for row in rows))


def _escaped(text: str) -> str:
    """Return a text so that LIKE takes each of its characters for itself."""
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
