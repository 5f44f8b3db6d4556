"""Sealing anew what records hold: current ones and earlier versions, a page at a time.

Only the sealed values change, byte for byte of the same length. It stays the version that it is,
with the content hash that it has.
"""

from __future__ import annotations

from collections.abc import Sequence

import zstandard

from storetwin.db.database import Row, Transaction
from storetwin.mirror.repository import Q, Shelf, document_of
from storetwin.security import Sealer
from storetwin.security.columns import Look
from storetwin.security.sealing import Resealed

AT_ONCE = 100  # documents in one transaction


async def list_resources(tx: Transaction, shelf: Shelf) -> list[str]:
    """Return the names of the resources of which a connection has records, in order."""
    names: list[str] = []
    while True:
        after = names[-1] if names else ""
        row = await tx.fetch_one(Q.next_resource, shelf.params(after=after))
        if row is None or row["next"] is None:
            return names
        names.append(row["next"])


async def look_at_snapshots(
    tx: Transaction, shelf: Shelf, sealer: Sealer, after: str, *, is_rehearsal: bool
) -> Look:
    """Look at some records, and seal anew what another key than the current one sealed in them.

    A record that somebody else writes at the same time stays as he writes it: what it holds then is
    under the current key.

    Args:
        after: the id with which the look before ended, empty at the beginning.
        is_rehearsal: change nothing, only count.
    """
    rows = await tx.fetch_all(Q.page_sealed_snapshots, shelf.params(after=after, limit=AT_ONCE))
    found = [(row, _resealed(sealer, shelf, row, document_of(row))) for row in rows]
    done = 0
    # Rows are taken in the order in which everybody takes them: nobody waits for ever.
    for row, new in sorted(found, key=lambda pair: _order(pair[0])):
        if new.pieces and not is_rehearsal:
            done += len(new.pieces) * await tx.execute(Q.replace_sealed, _values(shelf, row, new))
    return _look([new for _, new in found], done, rows, "remote_id")


async def look_at_versions(
    tx: Transaction,
    shelf: Shelf,
    sealer: Sealer,
    after: tuple[str, int],
    *,
    is_rehearsal: bool,
) -> Look:
    """Do the same with earlier versions.

    Args:
        after: id and version with which the look before ended.
    """
    values = shelf.params(after=after[0], version=after[1], limit=AT_ONCE)
    rows = await tx.fetch_all(Q.page_sealed_versions, values)
    unpack, pack = zstandard.ZstdDecompressor().decompress, zstandard.ZstdCompressor().compress
    results, done = [], 0
    for row in rows:
        document = unpack(row["document_zstd"])
        new = _resealed(sealer, shelf, row, document)
        results.append(new)
        if new.pieces and not is_rehearsal:
            key = shelf.params(remote_id=row["remote_id"], version=row["version"])
            packed = {"old": row["document_zstd"], "new": pack(new.applied_to(document))}
            done += len(new.pieces) * await tx.execute(Q.replace_version, key | packed)
    return _look(results, done, rows, "remote_id", "version")


def _resealed(sealer: Sealer, shelf: Shelf, row: Row, document: bytes) -> Resealed:
    return sealer.reseal(document, f"{shelf.resource}/{row['remote_id']}")


def _values(shelf: Shelf, row: Row, new: Resealed) -> dict[str, object]:
    def text_of(name: str) -> str | None:
        value = row[name]
        return None if value is None else new.applied_to(str(value).encode()).decode()

    raw = row["raw"]
    return shelf.params(
        remote_id=row["remote_id"],
        version=row["version"],
        payload=text_of("payload"),
        raw=None if raw is None else new.applied_to(bytes(raw)),
        clean=text_of("clean"),
        old_payload=row["payload"],
        old_raw=raw,
    )


def _look(results: Sequence[Resealed], done: int, rows: Sequence[Row], *key: str) -> Look:
    return Look(
        tuple(key_id for new in results for key_id in new.keys),
        done,
        tuple(key_id for new in results for key_id in new.stuck),
        tuple(rows[-1][name] for name in key) if len(rows) == AT_ONCE else None,
    )


def _order(row: Row) -> tuple[bool, int, str]:
    number = row["remote_number"]
    return (number is None, number or 0, row["remote_id"])
