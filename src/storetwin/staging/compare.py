"""Whether a record that changed would change core, and what of it: some records at a time.

The records that are to be compared are the mark of how far that has come: whoever dies in between
leaves them as they were, and two who compare at once never take the same.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from storetwin.core.changed import read_edits
from storetwin.core.links import read_said
from storetwin.core.models import Link, Origin
from storetwin.core.read import documents, links
from storetwin.db.arrays import JsonColumn
from storetwin.db.database import Transaction
from storetwin.db.queries import load_queries
from storetwin.mapping.models import Noun
from storetwin.staging.copies import Copy, Store, known_noun, read_copies
from storetwin.staging.delta import MOST_SHOWN, Known, columns_of, differences
from storetwin.staging.models import FieldChange, State

Q = load_queries(__package__)

AT_ONCE = 200  # records in one transaction


@dataclass(frozen=True, slots=True)
class Found:
    """What a comparison came to."""

    state: State
    core_id: UUID | None
    changes: Sequence[FieldChange] = ()
    why: str | None = None


async def compare_some(tx: Transaction, store: Store, most: int = AT_ONCE) -> int:
    """Compare some of the records that changed; return how many, 0 when none is left."""
    held = await tx.fetch_all(Q.hold_stale, store.params() | {"most": most})
    by_resource: dict[str, list[str]] = defaultdict(list)
    for row in held:
        by_resource[row["resource"]].append(row["remote_id"])
    for resource, ids in by_resource.items():
        copies = await read_copies(tx, store, resource, ids)
        found = await compare(tx, known_noun(resource), copies)
        await _note(tx, store, resource, found)
    return len(held)


async def compare(tx: Transaction, noun: Noun, copies: Sequence[Copy]) -> dict[Origin, Found]:
    """Say of some linked records whether, and how, they differ from core."""
    known_links = await links(tx, [copy.origin for copy in copies])
    found: dict[Origin, Found] = {}
    unlike: dict[Origin, tuple[Copy, UUID]] = {}
    for copy in copies:
        link = known_links.get(copy.origin)
        core_id = link.core_id if link else copy.core_id
        if copy.mapped is None or copy.problem is not None:
            found[copy.origin] = Found(State.WAITING, core_id, why=copy.problem)
        elif core_id is None:  # core has forgotten it
            found[copy.origin] = Found(State.NEW, None)
        elif link is not None and _is_same(copy, link):
            found[copy.origin] = Found(State.IN_SYNC, core_id)
        else:
            unlike[copy.origin] = (copy, core_id)
    known = await read_known(tx, noun, {o: core_id for o, (_, core_id) in unlike.items()})
    for origin, (copy, core_id) in unlike.items():
        before, mapped = known.get(origin), copy.mapped
        changes = differences(noun, before, mapped) if before and mapped else []
        found[origin] = Found(State.UPDATED, core_id, changes)
    return found


async def read_known(
    tx: Transaction, noun: Noun, core_ids: Mapping[Origin, UUID]
) -> dict[Origin, Known]:
    """Return what core has of some records, to be compared with what they come to.

    Of a record that several stores may share it is what this store said last, where it ever said
    anything: what core has may be another store's word.
    """
    ids = set(core_ids.values())
    if not ids:
        return {}
    said = await read_said(tx, noun, ids) if noun.is_shared else {}
    in_core = await documents(tx, noun, ids)
    edits, _ = await read_edits(tx, noun, ids)
    found = {}
    for origin, core_id in core_ids.items():
        last = said.get(core_id, {}).get(origin)
        whole = in_core.get(core_id)
        fixed = frozenset(edits.get(core_id, {}))
        if last is not None:
            of = last.mapped
            found[origin] = Known(
                of.values, of.references, of.parts, of.extra, of.level, frozenset()
            )
        elif whole is not None:
            level = whole.levels.get(origin.connection_id, {})
            found[origin] = Known(
                whole.values, whole.references, whole.parts, whole.extra, level, fixed
            )
    return found


def _is_same(copy: Copy, link: Link) -> bool:
    is_same = copy.mapped is not None and copy.mapped.hash == link.hash
    return is_same and link.gone_at is None


async def _note(
    tx: Transaction, store: Store, resource: str, found: Mapping[Origin, Found]
) -> None:
    columns = [columns_of(one.changes) for one in found.values()]
    values: dict[str, Any] = {
        "ids": [origin.remote_id for origin in found],
        "states": [one.state.value for one in found.values()],
        "core_ids": [one.core_id for one in found.values()],
        "change_counts": [len(one.changes) for one in found.values()],
        "columns": ["\n".join(one) for one in columns],
        "fields": JsonColumn(changes_as_json(one.changes) for one in found.values()),
        "whys": [one.why for one in found.values()],
        "definition_id": store.active.definition_id,
    }
    await tx.execute(Q.note_compared, store.params(resource) | values)


def changes_as_json(changes: Sequence[FieldChange]) -> bytes | None:
    """Return the first changes as they are kept."""
    shown = [[one.path, one.label, one.old, one.new] for one in changes[:MOST_SHOWN]]
    return json.dumps(shown).encode() if shown else None
