"""Which core records the stores' records are."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from uuid import UUID

from storetwin.core.merging import Said
from storetwin.core.models import Link, Origin
from storetwin.core.values import to_json, unpack
from storetwin.db.database import Transaction
from storetwin.db.queries import load_queries
from storetwin.mapping.models import Noun

Q = load_queries(__package__)

Store = tuple[UUID, str]
"""A connection, and a resource of it."""


async def links(tx: Transaction, origins: Iterable[Origin]) -> dict[Origin, Link]:
    """Return the links of those records of stores that have one."""
    asked = by_store(origins)
    rows = await tx.fetch_all(Q.read_links, as_given(asked)) if asked else []
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


def by_store(origins: Iterable[Origin]) -> dict[Store, set[str]]:
    """Return the ids of some records by store and resource."""
    found: dict[Store, set[str]] = {}
    for one in origins:
        found.setdefault((one.connection_id, one.resource), set()).add(one.remote_id)
    return found


def as_given(ids: Mapping[Store, Iterable[str]]) -> dict[str, str]:
    """Return ids by store and resource as the queries take them."""
    rows = [
        {"connection_id": connection_id, "resource": resource, "ids": list(every)}
        for (connection_id, resource), every in ids.items()
    ]
    return {"origins": to_json(rows)}


async def core_ids_of(
    tx: Transaction, ids: Mapping[Store, Iterable[str]]
) -> dict[Store, dict[str, UUID]]:
    """Return which core records some stores' records are, by store, resource and id."""
    rows = await tx.fetch_all(Q.read_core_ids, as_given(ids)) if ids else []
    return {
        (row["connection_id"], row["resource"]): dict(
            zip(row["remote_ids"], row["core_ids"], strict=True)
        )
        for row in rows
    }
