"""Which records a text occurs in: in what people search by (a resource's ``search``), in any case.

A rare text is found by an index, wherever it stands. A text that occurs nearly everywhere would be
found too often to be of use, and no index knows one of two characters: for these the newest records
are looked through, and the answer says so unless that were all.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

from storetwin.db.database import Row, Transaction
from storetwin.db.queries import load_queries
from storetwin.kernel.natural import natural_key
from storetwin.reading.choosing import Span, Stretch, of_stretches

Q = load_queries(__package__)

SHORTEST = 3  # characters: an index of trigrams knows nothing shorter
LOOK_FIRST = 1_000  # newest records in which it is counted how common a text is
COMMON = 20  # of those
LOOK_THROUGH = 5_000  # newest records that are looked through for a common or a short text
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
    """Return the records of some stretches that a text occurs in, or that are called so."""
    wanted = text.strip().lower()
    own = of_stretches(stretches) | {
        "organisation_id": organisation_id,
        "resource": resource,
        "after": span.since,
        "before": span.until,
        "key": natural_key(wanted),
        "pattern": f"%{_escaped(wanted)}%",
        "most": MOST,
        "look": LOOK_THROUGH,
    }
    chosen = own | {
        "connections": sorted({stretch.connection_id for stretch in stretches}),
        "statuses": sorted({stretch.status for stretch in stretches}),
    }
    found = await tx.fetch_all(Q.find_by_number, own)
    first = await tx.fetch_one(Q.count_newest_with, chosen | {"look": LOOK_FIRST})
    looked, occurs = (first["looked"], first["n"]) if first else (0, 0)
    is_small = 0 < looked < LOOK_FIRST
    is_rare = len(wanted) >= SHORTEST and not is_small and occurs < COMMON
    if is_rare:
        rows = await tx.fetch_all(Q.find_everywhere, chosen)
        return Found(_records([*found, *rows]), is_cut=len(rows) == MOST)
    bounds = {"since": span.since or EARLIEST, "until": span.until or LATEST}
    rows = await tx.fetch_all(Q.find_in_newest, chosen | bounds)
    if span == Span():
        rows += await tx.fetch_all(Q.find_undated, own)
    return Found(_records([*found, *rows]), is_cut=len(rows) >= MOST or looked >= LOOK_FIRST)


def _records(rows: Sequence[Row]) -> list[tuple[UUID, str]]:
    return list(dict.fromkeys((row["connection_id"], row["remote_id"]) for row in rows))


def _escaped(text: str) -> str:
    """Return a text so that LIKE takes each of its characters for itself."""
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
