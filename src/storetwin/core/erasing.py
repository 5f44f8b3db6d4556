"""Somebody in core: found by the stores' records that are his, told, and taken out."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from storetwin.core.blanking import fields_without, mapped_without, without
from storetwin.core.differences import between
from storetwin.core.links import links
from storetwin.core.models import Action, Cause, Origin
from storetwin.core.read import changes_of, document_of, edits_of
from storetwin.core.records import Cells, Stand, read_stands
from storetwin.core.statements import Q, tables_of
from storetwin.core.storing import Change, write_changed, write_changes
from storetwin.core.values import from_json, pack, to_json, unpack
from storetwin.core.write import hold
from storetwin.db.database import Transaction
from storetwin.mapping.keys import lookup_key
from storetwin.mapping.models import Noun
from storetwin.mapping.nouns import NOUNS
from storetwin.resources.personal import DELETED, NO_EMAIL, Person

AT_ONCE = 100
MOST_TOLD = 10_000
"""Changes of one record that are told."""


@dataclass(frozen=True, slots=True)
class InCore:
    """A core record that has to do with somebody.

    Args:
        is_own: it is his; else it only mentions him.
    """

    noun: Noun
    core_id: UUID
    is_own: bool


async def find_in_core(
    tx: Transaction, own: Iterable[Origin], mentioning: Iterable[Origin], who: Person
) -> list[InCore]:
    """Return the core records that have to do with somebody.

    Args:
        own: the stores' records that are his.
        mentioning: those that only mention him.
    """
    found: dict[tuple[str, UUID], InCore] = {}
    for origins, is_own in ((own, True), (mentioning, False)):
        for link in (await links(tx, origins)).values():
            found.setdefault(
                (link.noun, link.core_id), InCore(NOUNS[link.noun], link.core_id, is_own)
            )
    emails = {lookup_key(email) for email in who.emails} - {None, lookup_key(NO_EMAIL)}
    orders = [core_id for noun, core_id in found if noun == "orders"]
    for noun, query, values in (
        ("orders", Q.orders_of_nobody, {"emails": sorted(filter(None, emails))}),
        ("customers", Q.persons_customers, {"emails": sorted(filter(None, emails))}),
        ("customers", Q.guests_of_orders, {"ids": _own(found.values(), orders)}),
    ):
        for row in await tx.fetch_all(query, values):
            found[noun, row["id"]] = InCore(NOUNS[noun], row["id"], is_own=True)
    return sorted(found.values(), key=lambda one: (one.noun.name, one.core_id))


async def tell_of_core(tx: Transaction, one: InCore) -> dict[str, Any] | None:
    """Return all that core has of a record; None where it is there no more."""
    stands = await read_stands(tx, tables_of(one.noun), [one.core_id])
    if one.core_id not in stands:
        return None
    document = document_of(one.noun, stands[one.core_id])
    edits = await edits_of(tx, one.noun, one.core_id)
    changes = await changes_of(tx, one.noun, one.core_id, before=None, limit=MOST_TOLD)
    return {
        "noun": one.noun.name,
        "id": one.core_id,
        "relation": "own" if one.is_own else "mention",
        "values": document.values,
        "parts": document.parts,
        "extra": document.extra,
        "edits": [{"field": e.field, "value": e.value, "said": e.said} for e in edits],
        "changes": [{"at": c.at, "action": c.action, "fields": c.fields} for c in changes],
    }


async def erase_in_core(
    tx: Transaction, every: Sequence[InCore], who: Person, now: datetime, *, is_rehearsal: bool
) -> dict[str, int]:
    """Take somebody out of some core records, at most :data:`AT_ONCE`; return how many changed, by noun.

    Args:
        is_rehearsal: change nothing, only count.
    """
    await hold(tx)
    counts: dict[str, int] = {}
    groups: dict[tuple[str, bool], list[UUID]] = {}
    for one in every:
        groups.setdefault((one.noun.name, one.is_own), []).append(one.core_id)
    for (name, is_own), ids in groups.items():
        group = _Group(tx, NOUNS[name], ids, who, now, is_own, is_rehearsal)
        changed = (
            await group.rows() | await group.mapped() | await group.edits() | await group.changes()
        )
        if changed:
            counts[name] = counts.get(name, 0) + len(changed)
    return counts


def batches(every: Sequence[InCore]) -> Iterable[Sequence[InCore]]:
    """Return records as many at a time as a transaction takes."""
    return [every[start : start + AT_ONCE] for start in range(0, len(every), AT_ONCE)]


@dataclass(frozen=True, slots=True)
class _Group:
    """Records of one noun; each method returns which of them had something of him."""

    tx: Transaction
    noun: Noun
    ids: Sequence[UUID]
    who: Person
    now: datetime
    is_own: bool
    is_rehearsal: bool

    async def rows(self) -> set[UUID]:
        """Blank the rows and those of the parts; that it was done is written down, not what."""
        tables = tables_of(self.noun)
        changed: list[tuple[Stand, Any]] = []
        for old in (await read_stands(self.tx, tables, self.ids)).values():
            new = without(self.noun, old, self.who, is_own=self.is_own)
            found = between(tables, old, new)
            if found.fields:
                changed.append((new, found))
        if changed and not self.is_rehearsal:
            await write_changed(self.tx, tables, changed, self.now)
            done = [
                Change(
                    new.core_id, Action.UPDATED, {path: [DELETED, None] for path in found.fields}
                )
                for new, found in changed
            ]
            await write_changes(self.tx, self.noun, done, Cause(), self.now)
        return {new.core_id for new, _ in changed}

    async def mapped(self) -> set[UUID]:
        """Blank what is kept of the stores' records to be merged again."""
        rows: list[Cells] = []
        values = {"noun": self.noun.name, "ids": list(self.ids)}
        for row in await self.tx.fetch_all(Q.read_mapped, values):
            old = unpack(self.noun, row["mapped"], bytes(row["values_hash"]))
            new = mapped_without(self.noun, old, self.who, is_own=self.is_own)
            if new != old:
                key = {name: row[name] for name in ("connection_id", "resource", "remote_id")}
                rows.append({**key, "mapped": pack(new)})
        if rows and not self.is_rehearsal:
            await self.tx.execute(Q.rewrite_mapped, {"rows": to_json(rows)})
        return set()

    async def edits(self) -> set[UUID]:
        """Blank what people made of the columns."""
        rows: list[Cells] = []
        values = {"noun": self.noun.name, "ids": list(self.ids)}
        for row in await self.tx.fetch_all(Q.read_edits, values):
            old = {row["field"]: [from_json(row["value"]), from_json(row["said"])]}
            new = fields_without(self.noun, old, self.who, is_own=self.is_own)
            if new != old:
                value, said = (None if v == DELETED else v for v in new[row["field"]])
                cells = {"core_id": row["core_id"], "field": row["field"]}
                rows.append({**cells, "value": value, "said": said})
        if rows and not self.is_rehearsal:
            put = {"noun": self.noun.name, "rows": to_json(rows)}
            await self.tx.execute(Q.rewrite_edits, put)
        return {row["core_id"] for row in rows if isinstance(row["core_id"], UUID)}

    async def changes(self) -> set[UUID]:
        """Blank what is written down of changes."""
        changed = set()
        values = {"noun": self.noun.name, "ids": list(self.ids)}
        for row in await self.tx.fetch_all(Q.changes_of_some, values):
            old = from_json(row["fields"])
            new = fields_without(self.noun, old, self.who, is_own=self.is_own)
            if new != old:
                changed.add(row["core_id"])
                if not self.is_rehearsal:
                    put = {"change": row["change"], "fields": to_json(new)}
                    await self.tx.fetch_one(Q.blank_change, put)
        return changed


def _own(found: Iterable[InCore], ids: Iterable[UUID]) -> list[UUID]:
    wanted = set(ids)
    return [one.core_id for one in found if one.is_own and one.core_id in wanted]
