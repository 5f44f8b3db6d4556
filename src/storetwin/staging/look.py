"""One record, looked at closely: what of it differs from core, and which core records it may be."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from storetwin.core.models import Link
from storetwin.core.read import candidates, documents, links
from storetwin.db.database import Transaction
from storetwin.mapping.models import Noun, Problem
from storetwin.staging.compare import read_known
from storetwin.staging.copies import Copy, Store, read_copies
from storetwin.staging.delta import WHOLE, Known, as_text, differences
from storetwin.staging.models import FieldChange, StagedRecord, State
from storetwin.staging.named import companions_of

MOST_CHANGES = 500  # that are shown of one record
MOST_CANDIDATES = 20
_TOLD = ("name", "title", "number", "sku", "email", "slug", "code")
NOTHING = Known({}, {}, {})


@dataclass(frozen=True, slots=True)
class Candidate:
    """A core record that a record may be.

    Args:
        told: what people know it by.
        is_taken: it is another record of the same store already.
    """

    core_id: UUID
    told: Mapping[str, str | None]
    is_taken: bool


@dataclass(frozen=True, slots=True)
class WholeRecord:
    """A record with everything that promoting it would change.

    Args:
        changes: as core has it and as it would be; of a new one all that it brings.
        problems: what of it could not be had; it is promoted without.
        along: the records that it names and that come along, by resource.
    """

    record: StagedRecord
    changes: Sequence[FieldChange]
    candidates: Sequence[Candidate] = ()
    problems: Sequence[Problem] = ()
    along: Mapping[str, Sequence[str]] | None = None
    link: Link | None = None


async def look_at(tx: Transaction, store: Store, noun: Noun, record: StagedRecord) -> WholeRecord:
    """Look at a record closely; nothing is written."""
    [copy] = await read_copies(tx, store, record.resource, [record.remote_id])
    link = (await links(tx, [copy.origin])).get(copy.origin)
    core_id = link.core_id if link else copy.core_id
    may_be = await _candidates(tx, noun, copy) if core_id is None else []
    changes: Sequence[FieldChange] = ()
    if copy.mapped is not None:
        target = core_id or _only(may_be)
        known = await read_known(tx, noun, {copy.origin: target}) if target else {}
        changes = differences(noun, known.get(copy.origin, NOTHING), copy.mapped, WHOLE)
    if record.state in (State.IN_SYNC, State.GONE):
        changes = ()
    return WholeRecord(
        replace(record, core_id=core_id),
        changes[:MOST_CHANGES],
        may_be,
        copy.mapped.problems if copy.mapped else (),
        await _along(tx, store, noun, copy),
        link,
    )


def _only(may_be: Sequence[Candidate]) -> UUID | None:
    """Return the core record that it would be without a person's word, if there is one."""
    if len(may_be) == 1 and not may_be[0].is_taken:
        return may_be[0].core_id
    return None


async def _candidates(tx: Transaction, noun: Noun, copy: Copy) -> list[Candidate]:
    if copy.mapped is None:
        return []
    found = (await candidates(tx, noun, {copy.origin: copy.mapped})).get(copy.origin, [])
    shown = found[:MOST_CANDIDATES]
    whole = await documents(tx, noun, [one.core_id for one in shown], parts=False)
    return [
        Candidate(
            one.core_id,
            _told(whole[one.core_id].values),
            copy.origin.connection_id in one.connections,
        )
        for one in shown
        if one.core_id in whole
    ]


def _told(values: Mapping[str, Any]) -> dict[str, str | None]:
    return {name: as_text(values[name]) for name in _TOLD if values.get(name) not in (None, "")}


async def _along(tx: Transaction, store: Store, noun: Noun, copy: Copy) -> dict[str, list[str]]:
    """Return the records that come along: those that it names and that are not in core."""
    if copy.mapped is None:
        return {}
    named = {store.origin(*one) for one in companions_of(noun, copy.mapped)}
    known = await links(tx, named)
    found: dict[str, list[str]] = {}
    for origin in sorted(named - known.keys(), key=lambda one: (one.resource, one.remote_id)):
        found.setdefault(origin.resource, []).append(origin.remote_id)
    return found
