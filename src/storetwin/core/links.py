"""Which core records the stores' records are."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from storetwin.core.merging import Said
from storetwin.core.models import Link, Origin
from storetwin.core.values import unpack
from storetwin.db.database import Transaction
from storetwin.db.queries import load_queries
from storetwin.mapping.models import Noun

Q = load_queries(__package__)


async def links(tx: Transaction, origins: Iterable[Origin]) -> dict[Origin, Link]:
    """Return the links of those records of stores that have one."""
    asked = list(dict.fromkeys(origins))
    if not asked:
        return {}
    rows = await tx.fetch_all(Q.read_links, columns_of(asked))
    found = {}
    for row in rows:
        origin = Origin(row["connection_id"], row["resource"], row["remote_id"])
        found[origin] = Link(
            origin,
            row["noun"],
            row["core_id"],
            row["snapshot_version"],
            bytes(row["values_hash"]),
            row["definition_id"],
            row["definition_version"],
            row["promoted_at"],
            row["gone_at"],
        )
    return found


async def read_said(
    tx: Transaction, noun: Noun, ids: Iterable[UUID]
) -> dict[UUID, dict[Origin, Said]]:
    """Return what the stores say of some records that several may share."""
    rows = await tx.fetch_all(Q.read_said, {"noun": noun.name, "ids": list(ids)})
    found: dict[UUID, dict[Origin, Said]] = {}
    for row in rows:
        origin = Origin(row["connection_id"], row["resource"], row["remote_id"])
        found.setdefault(row["core_id"], {})[origin] = Said(
            row["created_at"],
            origin.connection_id,
            origin.remote_id,
            row["gone_at"] is not None,
            unpack(noun, row["mapped"], bytes(row["values_hash"])),
        )
    return found


def columns_of(origins: Iterable[Origin]) -> dict[str, list[object]]:
    """Return origins as the queries take them."""
    asked = list(origins)
    return {
        "connections": [one.connection_id for one in asked],
        "resources": [one.resource for one in asked],
        "ids": [one.remote_id for one in asked],
    }
