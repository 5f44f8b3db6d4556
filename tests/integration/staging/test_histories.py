"""Whatever happens to records, their states are those of staging/decide.py, and the counts are true.

Records are written as the mirror writes them, many in one statement; choices are made by the hub's
verbs; what a promotion and a comparison write down is written by their own statements.
"""

from __future__ import annotations

import random
from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID, uuid4

import pytest
import pytest_asyncio
from pydantic import SecretStr

from database_clones import clone
from hubs import settings_for
from staging_rows import Mirror, check_counts
from storetwin.bootstrap import open_hub
from storetwin.connections.models import Credentials
from storetwin.connections.register import NewConnection
from storetwin.hub import Hub
from storetwin.kernel.ids import new_id
from storetwin.staging.compare import Q
from storetwin.staging.copies import Store
from storetwin.staging.decide import Event, Standing, after
from storetwin.staging.models import ChoiceAction, Chosen, Filter, State
from storetwin.staging.repository import make_stale

pytestmark = pytest.mark.asyncio(loop_scope="module")
IDS = range(1, 13)
STEPS = 40
_ROWS = """
SELECT remote_id, state, core_id IS NOT NULL AS is_linked, is_gone, EXISTS (
    SELECT FROM staging.selections s WHERE s.connection_id = r.connection_id AND s.resource = r.resource
      AND s.remote_id = r.remote_id) AS is_selected, EXISTS (
    SELECT FROM mirror.snapshots s WHERE s.connection_id = r.connection_id AND s.resource = r.resource
      AND s.remote_id = r.remote_id) AS has_copy
FROM staging.records r WHERE connection_id = %(connection_id)s AND resource = 'products'
"""
_CHOICES = {
    Event.SELECTED: ChoiceAction.SELECT,
    Event.DESELECTED: ChoiceAction.DESELECT,
    Event.IGNORED: ChoiceAction.IGNORE,
    Event.RESTORED: ChoiceAction.RESTORE,
}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def hub(postgres: Any, template: str, tmp_path_factory: Any) -> AsyncIterator[Hub]:
    with clone(postgres, template) as dsn:
        async with open_hub(settings_for(dsn, tmp_path_factory.mktemp("staging"))) as opened:
            yield opened


async def connect(hub: Hub) -> UUID:
    keys = Credentials(SecretStr("ck_1"), SecretStr("cs_1"))
    name = f"shop-{uuid4().hex[:8]}"
    added = await hub.register.add(NewConnection(name, f"http://{name}.test", keys), hub.clock())
    return added.connection.id


class History:
    """A store's records as they are, and as the model says they are."""

    def __init__(self, hub: Hub, connection_id: UUID, seed: int) -> None:
        self.hub = hub
        self.connection_id = connection_id
        self.dice = random.Random(seed)
        self.mirror = Mirror(hub.organisation_id, connection_id)
        self.there: set[int] = set()  # in the twin
        self.gone: set[int] = set()
        self.model: dict[int, Standing | None] = dict.fromkeys(IDS)

    async def step(self) -> str:
        await (what := self.dice.choice([
            self.pull, self.pull, self.change, self.bury, self.come_back, self.forget, self.choose,
            self.choose, self.promote, self.refuse, self.compare, self.map_anew,
        ]))()  # fmt: skip
        return what.__name__

    def some(self, ids: set[int]) -> list[int]:
        return sorted(self.dice.sample(sorted(ids), self.dice.randint(0, len(ids))))

    def tell(self, ids: list[int], event: Event) -> None:
        for number in ids:
            self.model[number] = after(self.model[number], event)

    async def pull(self) -> None:
        ids = self.some(set(IDS) - self.there)
        async with self.hub.database.transaction(self.hub.organisation_id) as tx:
            await self.mirror.add(tx, ids)
        self.there |= set(ids)
        self.tell(ids, Event.SEEN)

    async def change(self) -> None:
        ids = self.some(self.there - self.gone)
        async with self.hub.database.transaction(self.hub.organisation_id) as tx:
            await self.mirror.change(tx, ids)
            await self.mirror.restate(tx, ids)  # which says nothing new
        self.tell(ids, Event.SEEN)

    async def bury(self) -> None:
        ids = self.some(self.there - self.gone)
        async with self.hub.database.transaction(self.hub.organisation_id) as tx:
            await self.mirror.bury(tx, ids)
        self.gone |= set(ids)
        self.tell(ids, Event.GONE)

    async def come_back(self) -> None:
        ids = self.some(self.gone)
        async with self.hub.database.transaction(self.hub.organisation_id) as tx:
            await self.mirror.restate(tx, ids)
        self.gone -= set(ids)
        self.tell(ids, Event.SEEN)

    async def forget(self) -> None:
        if self.dice.random() < 0.7:
            return
        async with self.hub.database.transaction(self.hub.organisation_id) as tx:
            await self.mirror.forget(tx)
        self.tell(sorted(self.there), Event.FORGOTTEN)
        self.there, self.gone = set(), set()

    async def choose(self) -> None:
        event = self.dice.choice(list(_CHOICES))
        ids = self.some(set(IDS))
        named = tuple((self.connection_id, str(number)) for number in ids)
        if not named:
            return
        made = await self.hub.staging.choose(Chosen(Filter("products"), ids=named), _CHOICES[event])
        rows = [number for number in ids if self.model[number] is not None]
        assert made.matched == len(rows)
        before = {number: self.model[number] for number in rows}
        self.tell(rows, event)
        assert made.changed == sum(self.model[number] != before[number] for number in rows)

    def promotable(self) -> set[int]:
        return {
            number
            for number, standing in self.model.items()
            if standing and standing.state.is_promotable and standing.has_copy
            and (standing.is_linked or not standing.is_gone)
        }  # fmt: skip

    async def promote(self) -> None:
        ids = self.some(self.promotable())
        values = {
            "ids": [str(number) for number in ids],
            "core_ids": [new_id(self.hub.clock()) for _ in ids],
            "definition_id": None,
        }
        async with self.hub.database.transaction(self.hub.organisation_id) as tx:
            await tx.execute(Q.note_promoted, self.mirror.own | values)
        self.tell(ids, Event.PROMOTED)

    async def refuse(self) -> None:
        ids = self.some(self.promotable())[:2]
        async with self.hub.database.transaction(self.hub.organisation_id) as tx:
            for number in ids:
                why = {"remote_id": str(number), "why": "no", "candidates": []}
                await tx.execute(Q.note_refused, self.mirror.own | why)
        self.tell(ids, Event.REFUSED)

    async def compare(self) -> None:
        """Nothing was really promoted, so core knows none of them: what is found is made up."""
        stale = {n for n, s in self.model.items() if s and s.state is State.STALE}
        for event, state in ((Event.FOUND_EQUAL, "in_sync"), (Event.FOUND_UNLIKE, "updated")):
            ids = self.some(stale)
            stale -= set(ids)
            async with self.hub.database.transaction(self.hub.organisation_id) as tx:
                await tx.execute(
                    "UPDATE staging.records SET state = %(state)s"
                    " WHERE connection_id = %(connection_id)s AND resource = %(resource)s"
                    " AND remote_id = ANY(%(ids)s::text[])",
                    self.mirror.own | {"state": state, "ids": [str(n) for n in ids]},
                )
            self.tell(ids, event)

    async def map_anew(self) -> None:
        store = Store(self.hub.organisation_id, self.connection_id)
        async with self.hub.database.transaction(self.hub.organisation_id) as tx:
            await make_stale(tx, store, "products")
        self.tell(list(IDS), Event.MAPPED_ANEW)

    async def check(self, story: list[str]) -> None:
        async with self.hub.database.transaction(self.hub.organisation_id) as tx:
            rows = await tx.fetch_all(_ROWS, {"connection_id": self.connection_id})
        found = {
            int(row.pop("remote_id")): Standing(**(row | {"state": State(row["state"])}))
            for row in rows
        }
        expected = {number: standing for number, standing in self.model.items() if standing}
        assert found == expected, story
        await check_counts(self.hub.database, self.hub.organisation_id)


@pytest.mark.parametrize("seed", range(12))
async def test_states_and_counts_are_true_whatever_happens(hub: Hub, seed: int) -> None:
    history = History(hub, await connect(hub), seed)
    story: list[str] = []
    for _ in range(STEPS):
        story.append(await history.step())
        await history.check(story)


async def test_a_connection_takes_its_staging_along(hub: Hub) -> None:
    history = History(hub, await connect(hub), 99)
    while not history.there:
        await history.pull()
    [name] = [c.name for c in await hub.register.every() if c.id == history.connection_id]
    await hub.register.remove(name)
    async with hub.database.transaction(hub.organisation_id) as tx:
        for table in ("records", "selections", "taken", "counts", "count_changes"):
            query = f"SELECT FROM staging.{table} WHERE connection_id = %s"
            assert await tx.fetch_all(query, (history.connection_id,)) == [], table
