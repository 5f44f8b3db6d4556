"""Which records a text occurs in: in what people search by (a resource's ``search``), in any case.

A rare text is found by an index, wherever it stands. A text that occurs nearly everywhere would be
found too often to be of use, and no index knows one of two characters: for these the newest records
are looked through, and the answer says so unless that were all.

How rare a text is, and which pieces of it are, the newest records tell: a policy guards the rows,
so the planner may not look at statistics, and the index on its own looks up every piece. Of an
address those that all addresses have cost it a hundred times what the rare ones do.
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
PIECES = 3  # of a text, that the index is asked for
LOOK_FIRST = 1_000  # newest records that tell how common a text is
MANY = 2_000  # records with a text, of all: as many are fetched to sort them
MOST_LOOKED_AT = 10_000  # where the newest records told wrong
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
        "text": wanted,
        "pattern": pattern_of(wanted),
        "most": MOST,
        "look": LOOK_THROUGH,
    }
    chosen = own | {
        "connections": sorted({stretch.connection_id for stretch in stretches}),
        "statuses": sorted({stretch.status for stretch in stretches}),
    }
    found = await tx.fetch_all(Q.find_by_number, own)
    newest = await _newest(tx, own)
    if is_rare(wanted, newest):
        pieces = [pattern_of(piece) for piece in rarest(wanted, newest.texts)]
        asked = chosen | {"pieces": pieces, "most_looked_at": MOST_LOOKED_AT}
        rows = await tx.fetch_all(Q.find_everywhere, asked)
        if rows[0]["looked_at"] < MOST_LOOKED_AT:
            rows = [row for row in rows if row["remote_id"] is not None]
            return Found(_records([*found, *rows]), is_cut=len(rows) == MOST)
    bounds = {"since": span.since or EARLIEST, "until": span.until or LATEST}
    rows = await tx.fetch_all(Q.find_in_newest, chosen | bounds)
    if span == Span():
        rows += await tx.fetch_all(Q.find_undated, own)
    is_cut = len(rows) >= MOST or len(newest.texts) >= LOOK_FIRST
    return Found(_records([*found, *rows]), is_cut=is_cut)


@dataclass(frozen=True, slots=True)
class Newest:
    """The newest records, by which the others are judged.

    Args:
        texts: what each of them is found by.
        records: how many records there are, about.
    """

    texts: Sequence[str]
    records: int


def is_rare(wanted: str, newest: Newest) -> bool:
    """Say whether all records that a text occurs in can be found by the index, and are few."""
    looked = len(newest.texts)
    if len(wanted) < SHORTEST or 0 < looked < LOOK_FIRST:
        return False
    occurs = sum(wanted in text for text in newest.texts)
    return occurs * newest.records <= MANY * looked


def rarest(wanted: str, texts: Sequence[str]) -> list[str]:
    """Return pieces of a text that an index of trigrams finds it by: together few texts have them.

    Always as many, the last repeated where fewer do. A piece of three characters that belong to a
    word is one trigram, and so is the beginning of a word with what is before it.
    """
    windows = (wanted[start : start + 3] for start in range(len(wanted) - 2))
    # Sorted: the same question is always asked in the same way.
    pieces = sorted({piece for piece in windows if piece[1:].isalnum()}) or [wanted]
    counts = {piece: sum(piece in text for text in texts) for piece in pieces}
    occurs = sum(wanted in text for text in texts)
    chosen: list[str] = []
    left = texts
    while len(chosen) < PIECES and pieces and not (chosen and len(left) == occurs > 0):
        best = min(pieces, key=lambda one: (sum(one in text for text in left), counts[one]))
        chosen.append(best)
        pieces.remove(best)
        left = [text for text in left if best in text]
    return chosen + chosen[-1:] * (PIECES - len(chosen))


def pattern_of(text: str) -> str:
    """Return what LIKE takes for "this occurs", each character for itself."""
    escaped = text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    return f"%{escaped}%"


async def _newest(tx: Transaction, own: dict[str, object]) -> Newest:
    row = await tx.fetch_one(Q.read_newest_texts, own | {"look": LOOK_FIRST})
    if row is None or row["texts"] is None:
        return Newest((), 0)
    return Newest(row["texts"].split("\n"), row["records"] or 0)


def _records(rows: Sequence[Row]) -> list[tuple[UUID, str]]:
    return list(dict.fromkeys((row["connection_id"], row["remote_id"]) for row in rows))
