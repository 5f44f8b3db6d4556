"""Trying an import mapping on the records of a store; nothing is written."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass
from time import monotonic
from typing import Any

from storetwin.connections.models import Connection
from storetwin.core.read import documents, links
from storetwin.hub.records import Records
from storetwin.hub.running import Runner
from storetwin.kernel.errors import RecordError, UnknownNameError
from storetwin.mapping.definition import compile_rules, nouns_of
from storetwin.mapping.documents import read
from storetwin.mapping.flaws import nearest
from storetwin.mapping.models import Noun
from storetwin.mapping.nouns import NOUNS
from storetwin.mapping.suggesting import Seen, Survey
from storetwin.mirror.finding import Wanted
from storetwin.staging.copies import Active, Copy, open_store, read_copies
from storetwin.staging.trials import (
    Checked,
    Effect,
    RecordTrial,
    fields_of,
    judge,
    tell_apart,
    title_of,
    trying,
    why_not,
)

AT_ONCE = 100  # records
SECONDS = 20.0  # that a check takes at most
EFFECT_SECONDS = 5.0
SURVEYED = 300  # records of a noun that a suggestion is made of


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A mapping made of what a store's own records have.

    Args:
        sources: what could be mapped, by noun.
    """

    document: Mapping[str, Any]
    sources: Mapping[str, Sequence[Seen]]


Observe = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class MappingTrials:
    """Tries mappings on the records of one organisation."""

    runner: Runner

    async def preview(
        self, connection: str, noun: str, remote_id: str | None, document: Any
    ) -> RecordTrial:
        """Show one record by the active mapping, by another one, and as core has it.

        Args:
            remote_id: None for the first one that there is.
            document: the mapping that is tried; a rule with a flaw is left out.

        Raises:
            UnknownNameError: there is no such connection, noun or record.
        """
        chosen, kind = await self.runner.register.named(connection), named(noun)
        if remote_id is None:
            remote_id = await self._first(chosen, kind)
        shown = await self._records.one(chosen.name, kind.resource, remote_id)
        owner = (self.runner.organisation_id, chosen.id)
        rules = compile_rules(document, kind)
        async with self._transaction() as tx:
            store = await open_store(tx, *owner)
            now = await read_copies(tx, store, kind.resource, [remote_id])
            store = await open_store(tx, *owner, trying(document))
            then = await read_copies(tx, store, kind.resource, [remote_id])
            origin = store.origin(kind.resource, remote_id)
            link = (await links(tx, [origin])).get(origin)
            core = await documents(tx, kind, [link.core_id], parts=False) if link else {}
        if not then or then[0].mapped is None:
            raise UnknownNameError(
                f"{kind.label} {remote_id} cannot be mapped: {why_not(then)}",
                remedy="Choose another record.",
            )
        before = now[0].mapped if now else None
        known = core[link.core_id].values if link and link.core_id in core else None
        return RecordTrial(
            noun=kind.name,
            remote_id=remote_id,
            title=title_of(then[0].mapped, kind),
            document=shown.document or b"",
            fields=fields_of(kind, rules, before, then[0].mapped, known),
            problems=then[0].mapped.problems,
            kept=len(then[0].mapped.extra),
            is_in_core=known is not None,
        )

    async def neighbours(
        self, connection: str, noun: str, remote_id: str
    ) -> tuple[str | None, str | None]:
        """Return the records before and behind one, in the order of their ids as text."""
        chosen, kind = await self.runner.register.named(connection), named(noun)
        page = self._records.page
        behind, _ = await page(
            chosen.name, kind.resource, Wanted(), after=(None, remote_id), limit=1
        )
        before = await self._before(chosen, kind, remote_id)
        return before, behind[0].found.remote_id if behind else None

    async def check(
        self,
        connection: str,
        noun: str,
        document: Any,
        *,
        observe: Observe = lambda _done, _all: None,
        seconds: float = SECONDS,
    ) -> Checked:
        """Map every record of a noun, and say which rules come to nothing, or fail.

        Args:
            observe: called with how many were looked at, and how many there are.
            seconds: after which it stops, wherever it is.

        Raises:
            UnknownNameError: there is no such connection or noun.
        """
        chosen, kind = await self.runner.register.named(connection), named(noun)
        rules = compile_rules(document, kind)
        found = Checked(kind.name, await self._count(chosen, kind))
        begun = monotonic()
        async for copies in self._copies(chosen, kind, trying(document), begun + seconds):
            for copy in copies:
                judge(found, copy, rules)
            observe(found.looked_at, found.records)
        found.records = max(found.records, found.looked_at)
        found.seconds = monotonic() - begun
        return found

    async def effect(
        self, connection: str, document: Any, *, seconds: float = EFFECT_SECONDS
    ) -> Effect:
        """Say what activating a mapping would change in core: of records that were promoted.

        Args:
            document: that of the mapping; None: of no mapping.
        """
        chosen = await self.runner.register.named(connection)
        owner = (self.runner.organisation_id, chosen.id)
        effect, ends = Effect(), monotonic() + seconds
        async with self._transaction() as tx:
            active = (await open_store(tx, *owner)).active
        nouns = [name for name, kind in NOUNS.items() if active.of(kind) is not None]
        for name in dict.fromkeys([*nouns_of(document), *nouns]):
            kind = NOUNS[name]
            rules = [compile_rules(document, kind), active.of(kind)]
            if not any(one is not None and one.rules for one in rules):
                continue
            async for copies in self._copies(chosen, kind, trying(document), ends):
                await self._compare(chosen, kind, active, copies, effect)
            effect.is_whole = effect.is_whole and monotonic() < ends
        return effect

    async def suggest(self, connection: str, nouns: Sequence[str] = ()) -> Suggestion:
        """Make a mapping of what this store's own records have: attributes and custom fields.

        Args:
            nouns: of these only; all that usually have some, without.
        """
        chosen = await self.runner.register.named(connection)
        rules, sources = {}, {}
        for name in nouns or ("products", "variations", "customers", "orders"):
            kind = named(name)
            survey = Survey(kind)
            page, _ = await self._records.page(
                chosen.name, kind.resource, Wanted(), limit=SURVEYED, with_documents=True
            )
            for one in page:
                try:
                    survey.add(read(one.document or b""))
                except RecordError:
                    continue
            sources[name] = survey.sources()
            if found := survey.rules():
                rules[name] = found
        return Suggestion({"rules": rules}, sources)

    # -- inside ---------------------------------------------------------------------------------

    @property
    def _records(self) -> Records:
        return Records(self.runner.database, self.runner.register, self.runner.organisation_id)

    async def _first(self, connection: Connection, noun: Noun) -> str:
        page, _ = await self._records.page(connection.name, noun.resource, Wanted(), limit=1)
        if not page:
            raise UnknownNameError(
                f"The twin of {connection.name} has no {noun.resource}.",
                remedy=f"Pull them first: storetwin pull {connection.name}",
            )
        return page[0].found.remote_id

    async def _before(self, connection: Connection, noun: Noun, remote_id: str) -> str | None:
        """Return the record before one, where it is among the first of them."""
        page, _ = await self._records.page(connection.name, noun.resource, Wanted(), limit=AT_ONCE)
        ids = [one.found.remote_id for one in page]
        place = ids.index(remote_id) if remote_id in ids else 0
        return ids[place - 1] if place else None

    async def _count(self, connection: Connection, noun: Noun) -> int:
        for one in await self._records.inventory(connection.name):
            if one.resource == noun.resource:
                return sum(n for state, n in one.counts.items() if state != "gone")
        return 0

    async def _copies(
        self, connection: Connection, noun: Noun, active: Active, ends: float
    ) -> AsyncIterator[list[Copy]]:
        """Return the records of a noun, some at a time, until the time is over."""
        owner, after = (self.runner.organisation_id, connection.id), None
        while monotonic() < ends:
            page, after = await self._records.page(
                connection.name, noun.resource, Wanted(), after=after, limit=AT_ONCE
            )
            ids = [one.found.remote_id for one in page]
            async with self._transaction() as tx:
                store = await open_store(tx, *owner, active)
                copies = await read_copies(tx, store, noun.resource, ids)
            yield copies
            if after is None:
                return
            await asyncio.sleep(0)

    async def _compare(
        self,
        connection: Connection,
        noun: Noun,
        active: Active,
        copies: Sequence[Copy],
        effect: Effect,
    ) -> None:
        """Count what of some promoted records differs between two mappings."""
        owner = (self.runner.organisation_id, connection.id)
        then = {copy.origin: copy.mapped for copy in copies if copy.core_id is not None}
        if not then:
            return
        async with self._transaction() as tx:
            store = await open_store(tx, *owner, active)
            ids = [origin.remote_id for origin in then]
            now = await read_copies(tx, store, noun.resource, ids)
        for copy in now:
            before, after = copy.mapped, then.get(copy.origin)
            if before is not None and after is not None:
                tell_apart(effect, noun, before, after)

    def _transaction(self) -> Any:
        return self.runner.database.transaction(self.runner.organisation_id)


def named(noun: str) -> Noun:
    """Return a noun that has records of its own.

    Raises:
        UnknownNameError: there is none.
    """
    found = NOUNS.get(noun)
    if found is None or not found.resource:
        near = nearest(noun, NOUNS)
        hint = f" Did you mean {near}?" if near else ""
        raise UnknownNameError(
            f"There is no noun {noun!r}.{hint}",
            remedy=f"There are: {', '.join(name for name, one in NOUNS.items() if one.resource)}.",
        )
    return found
