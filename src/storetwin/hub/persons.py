"""What is known of a person: told, and taken out of the twin.

The store is the source. Whoever is erased here and not there comes back with the next reading that
shows him: so the store comes first, and what it still has is said. Of an erasure a digest is kept,
which tells nothing of the person but whether he was erased before.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from storetwin.connections.catalogue import catalogue_for
from storetwin.connections.models import Connection
from storetwin.connections.register import Register
from storetwin.core import erasing
from storetwin.core.models import Origin
from storetwin.db.database import Database, Transaction
from storetwin.hub.person_models import Erasure, Named, Removal
from storetwin.kernel.clock import Clock
from storetwin.kernel.errors import UnknownNameError
from storetwin.kernel.ids import new_id
from storetwin.mirror import erasures, persons
from storetwin.mirror.erasing import Erased, Eraser, empty_deliveries
from storetwin.mirror.models import State
from storetwin.mirror.persons import Found, Held, Key, Seeker
from storetwin.mirror.repository import Shelf
from storetwin.resources import Catalogue, Resource
from storetwin.resources.personal import Person, scrubbed
from storetwin.runs.mentions import drop_evidence, find_mentions, scrub_mentions
from storetwin.security import Vault, masked
from storetwin.staging.copies import Store
from storetwin.staging.repository import forget_differences
from storetwin.tenancy.forgetting import drop_mentioning

Observe = Callable[[str, int], None]


@dataclass(frozen=True, slots=True)
class _Memory:
    """What is remembered of somebody who was erased before.

    Args:
        who: with the e-mails of his that are here again.
        erased_at: when that was last; None where it never was.
    """

    who: Person
    erasure_id: UUID
    erased_at: datetime | None


@dataclass(frozen=True, slots=True)
class Persons:
    """The verbs about people whose data the twins of one organisation hold."""

    database: Database
    register: Register
    vault: Vault = field(repr=False)
    organisation_id: UUID
    clock: Clock

    async def export(
        self, named: Named, observe: Observe = lambda _, __: None
    ) -> AsyncGenerator[dict[str, Any]]:
        """Yield everything that is known of a person, piece by piece; what is sealed stays hidden.

        Each piece has a ``kind``: ``about``, ``record``, ``delivery``, ``core``, ``dead_letters``,
        ``runs``, ``certificates`` or ``end``.

        Raises:
            ConfigurationError: nobody is named.
            UnknownNameError: the twins have nothing of him.
        """
        pieces = 0
        who = named.person()
        for connection in await self._connections(named):
            seeker = self._seeker(connection, observe)
            found = await seeker.find((await self._remember(seeker.shelf, who)).who)
            async for piece in self._pieces(connection, seeker, found):
                if pieces == 0:
                    yield {"kind": "about", "exported_at": self.clock(), "delivered_to": []}
                pieces += 1
                yield piece
        if pieces == 0:
            raise UnknownNameError(
                "The twins have nothing of this person.",
                remedy="Look for another e-mail of his, or for the id of his account.",
            )
        yield {"kind": "end", "pieces": pieces}

    async def erase(
        self, named: Named, *, is_rehearsal: bool, observe: Observe = lambda _, __: None
    ) -> Erasure:
        """Take a person out of the twins.

        It may be killed at any instruction: the same call again takes out what is left.

        Args:
            is_rehearsal: change nothing, only count.

        Raises:
            ConfigurationError: nobody is named.
        """
        who, removals = named.person(), []
        everybody = who
        for connection in await self._connections(named):
            seeker = self._seeker(connection, observe)
            memory = await self._remember(seeker.shelf, who)
            found = await seeker.find(memory.who)
            removals.append(await self._remove(connection, seeker, found, memory, is_rehearsal))
            everybody = replace(
                everybody,
                emails=everybody.emails | found.who.emails,
                terms=everybody.terms | found.who.terms,
            )
        async with self._transaction() as tx:
            terms = everybody.emails | everybody.sure_terms
            answers = await drop_mentioning(
                tx, self.vault, self.organisation_id, terms, is_rehearsal=is_rehearsal
            )
        return Erasure(is_rehearsal, tuple(removals), answers)

    # -- telling --------------------------------------------------------------------------------

    async def _pieces(
        self, connection: Connection, seeker: Seeker, found: Found
    ) -> AsyncGenerator[dict[str, Any]]:
        for keys, relation in ((found.own, "own"), (found.mentioning, "mention")):
            for key in keys:
                if held := await seeker.read(key):
                    yield _record(connection, key, relation, held)
        async for delivery in self._deliveries(connection, found):
            yield delivery
        for one in await self._in_core(connection, found):
            async with self._transaction() as tx:
                if told := await erasing.tell_of_core(tx, one):
                    yield {"kind": "core", "connection": connection.name, **told}
        async with self._transaction() as tx:
            terms = found.who.emails | found.who.sure_terms
            texts = await find_mentions(tx, connection.id, terms)
        for kind, rows in texts.items():
            for row in rows:
                yield {"kind": kind, "connection": connection.name, **row}

    async def _deliveries(
        self, connection: Connection, found: Found
    ) -> AsyncGenerator[dict[str, Any]]:
        own, after = set(found.own), 0
        shelf = Shelf(self.organisation_id, connection.id, "")
        while True:
            async with self._transaction() as tx:
                rows = await erasures.page_bodies(tx, shelf, after)
            for row in rows:
                if row["body"] and (row["resource"], row["remote_id"]) in own:
                    yield {
                        "kind": "delivery",
                        "connection": connection.name,
                        "topic": row["topic"],
                        "received_at": row["received_at"],
                        "body": bytes(row["body"]).decode("utf-8", "replace"),
                    }
            if len(rows) < persons.BODIES_AT_ONCE:
                return
            after = rows[-1]["number"]

    # -- taking out -----------------------------------------------------------------------------

    async def _remove(
        self,
        connection: Connection,
        seeker: Seeker,
        found: Found,
        memory: _Memory,
        is_rehearsal: bool,
    ) -> Removal:
        shelf, who = seeker.shelf, found.who
        in_store = await self._in_store(seeker, found)
        erased = await self._blank(connection, seeker, found, is_rehearsal)
        deliveries = await self._empty(shelf, found, is_rehearsal)
        texts = await self._scrub(connection, who, is_rehearsal)
        core = await self._erase_in_core(connection, found, is_rehearsal)
        removal = Removal(
            connection=connection.name,
            records=erased.records,
            versions=erased.versions,
            removed=erased.removed,
            by_resource=_counted(found.own),
            mentions=len(found.mentioning),
            deliveries=deliveries,
            texts=texts,
            core=core,
            in_store=in_store,
            erased_before=memory.erased_at,
        )
        if not is_rehearsal and not removal.is_empty:
            async with self._transaction() as tx:
                await erasures.keep_erasure(
                    tx,
                    shelf,
                    self._digests(who),
                    memory.erasure_id,
                    now=self.clock(),
                    records=removal.records,
                    versions=removal.versions,
                )
        return removal

    async def _blank(
        self, connection: Connection, seeker: Seeker, found: Found, is_rehearsal: bool
    ) -> Erased:
        erased = Erased()
        for keys, is_own in ((found.own, True), (found.mentioning, False)):
            for key in keys:
                eraser = Eraser(
                    replace(seeker.shelf, resource=key[0]),
                    _declared(seeker.catalogue, key[0]),
                    self.register.sealer(connection),
                    found.who,
                    self.clock(),
                    is_own,
                    is_rehearsal,
                )
                async with self._transaction() as tx:
                    erased += await eraser.erase(tx, key[1])
                seeker.observe(erased.records + erased.versions)
        return erased

    async def _erase_in_core(
        self, connection: Connection, found: Found, is_rehearsal: bool
    ) -> dict[str, int]:
        """Take him out of core, what was promoted of other stores included."""
        counts: dict[str, int] = {}
        for batch in erasing.batches(await self._in_core(connection, found)):
            async with self._transaction() as tx:
                done = await erasing.erase_in_core(
                    tx, batch, found.who, self.clock(), is_rehearsal=is_rehearsal
                )
            for noun, count in done.items():
                counts[noun] = counts.get(noun, 0) + count
        if not is_rehearsal:  # what was compared between the two says what core had of him
            store = Store(self.organisation_id, connection.id)
            async with self._transaction() as tx:
                await forget_differences(tx, store, (*found.own, *found.mentioning))
        return counts

    async def _in_core(self, connection: Connection, found: Found) -> Sequence[erasing.InCore]:
        own = [Origin(connection.id, *key) for key in found.own]
        mentioning = [Origin(connection.id, *key) for key in found.mentioning]
        async with self._transaction() as tx:
            return await erasing.find_in_core(tx, own, mentioning, found.who)

    async def _empty(self, shelf: Shelf, found: Found, is_rehearsal: bool) -> int:
        emptied, after, own = 0, 0, set(found.own)
        last: int | None = 0
        while last is not None:
            async with self._transaction() as tx:
                count, last = await empty_deliveries(
                    tx, shelf, found.who, own, after, is_rehearsal=is_rehearsal
                )
            emptied += count
            after = last or 0
        return emptied

    async def _scrub(
        self, connection: Connection, who: Person, is_rehearsal: bool
    ) -> dict[str, int]:
        terms = who.emails | who.sure_terms
        async with self._transaction() as tx:
            if is_rehearsal:
                found = await find_mentions(tx, connection.id, terms)
                return {kind: len(rows) for kind, rows in found.items()}
            sure = replace(who, terms=who.sure_terms)
            await drop_evidence(tx, self.organisation_id, connection.id)
            return await scrub_mentions(tx, connection.id, terms, lambda text: scrubbed(text, sure))

    async def _in_store(self, seeker: Seeker, found: Found) -> dict[str, list[str]]:
        """Return the ids of his records that the store had when it was last read, by resource."""
        shown: dict[str, list[str]] = {}
        for key in found.own:
            held = await seeker.read(key)
            if held and held[-1].state != State.GONE:
                shown.setdefault(key[0], []).append(key[1])
        return shown

    # -- what both need -------------------------------------------------------------------------

    async def _connections(self, named: Named) -> Sequence[Connection]:
        if named.connection is not None:
            return [await self.register.named(named.connection)]
        return await self.register.every()

    def _seeker(self, connection: Connection, observe: Observe) -> Seeker:
        return Seeker(
            self._transaction,
            Shelf(self.organisation_id, connection.id, ""),
            catalogue_for(connection.options),
            lambda looked: observe(connection.name, looked),
        )

    async def _remember(self, shelf: Shelf, who: Person) -> _Memory:
        """Find out whether he was erased before, and which e-mails that are here again were his then."""
        async with self._transaction() as tx:
            rows = await erasures.earlier_erasures(tx, shelf, self._digests(who))
            known = {bytes(row["person"]) for row in rows}
            emails = set(who.emails)
            if known:
                async for row in erasures.stream_emails(tx, shelf):
                    if self._digest(row["email_lower"]) in known:
                        emails.add(row["email_lower"])
        his = replace(who, emails=frozenset(emails))
        if not rows:
            return _Memory(his, new_id(self.clock()), None)
        return _Memory(his, rows[0]["erasure_id"], rows[0]["erased_at"])

    def _digests(self, who: Person) -> list[bytes]:
        """Return what an erasure is remembered by: nobody can tell from it who it was."""
        texts = [*who.emails, *(f"customer {one}" for one in who.customers)]
        return [self._digest(text) for text in sorted(texts)]

    def _digest(self, text: str) -> bytes:
        return self.vault.digest(text.encode(), bound_to=f"mirror/erasures/{self.organisation_id}")

    def _transaction(self) -> AbstractAsyncContextManager[Transaction]:
        return self.database.transaction(self.organisation_id)


def _declared(catalogue: Catalogue, name: str) -> Resource:
    """Return a resource; of a list that was forgotten meanwhile what is needed to read its records."""
    for resource in catalogue.resources:
        if resource.name == name:
            return resource
    return Resource(name=name, path=name, single=None, has_numeric_key=False)


def _counted(keys: Sequence[Key]) -> dict[str, int]:
    counts: dict[str, int] = {}
    for resource, _ in keys:
        counts[resource] = counts.get(resource, 0) + 1
    return counts


def _record(
    connection: Connection, key: Key, relation: str, held: Sequence[Held]
) -> dict[str, Any]:
    return {
        "kind": "record",
        "connection": connection.name,
        "resource": key[0],
        "remote_id": key[1],
        "relation": relation,
        "state": held[-1].state,
        "versions": [
            {
                "version": one.version,
                "read_at": one.read_at,
                "superseded_at": one.superseded_at,
                "document": masked(one.document).decode("utf-8", "replace"),
            }
            for one in reversed(held)
        ],
    }
