"""What is chosen stands beside the records: every list knows it, and whoever changes records meanwhile is heard."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any
from uuid import UUID, uuid4

import pytest
import pytest_asyncio
from pydantic import SecretStr

from database_clones import clone
from hubs import settings_for
from staging_rows import Mirror, check_counts
from storetwin.bootstrap import open_hub, upgrade_database
from storetwin.connections.models import Credentials
from storetwin.connections.register import NewConnection
from storetwin.db.migrate import known_migrations, upgrade
from storetwin.db.session import connect
from storetwin.hub import Hub
from storetwin.hub.promoting import AskedPromotion
from storetwin.kernel.ids import new_id
from storetwin.runs.models import Progress, RunState
from storetwin.runs.queued import Queued
from storetwin.staging import choosing, repository
from storetwin.staging.models import ChoiceAction, Chosen, Filter, Sort, State

pytestmark = pytest.mark.asyncio(loop_scope="module")
RECORDS = range(1, 61)
_DECIDE = """
UPDATE staging.records SET
    state = (ARRAY['new', 'updated', 'waiting', 'in_sync', 'ignored'])[1 + remote_id::int %% 5],
    rule_id = CASE WHEN remote_id::int %% 3 = 0 THEN connection_id END,
    changed_columns = CASE WHEN remote_id::int %% 5 = 1 THEN ARRAY['name'] END
WHERE connection_id = ANY(%(shops)s)
"""
_ROWS = """
SELECT r.connection_id, r.remote_id, r.state, r.status, r.modified_at, r.name_key AS name, r.key, r.rule_id,
       r.changed_columns, s.remote_id IS NOT NULL AS is_selected
FROM staging.records r LEFT JOIN staging.selections s USING (organisation_id, connection_id, resource, remote_id)
WHERE r.connection_id = ANY(%(shops)s)
"""
_CHOSEN_BEFORE = """
INSERT INTO tenancy.organisations (id, name, created_at) VALUES (%(organisation)s, 'a', now());
INSERT INTO connections.connections (id, organisation_id, name, platform, url, auth, sealed_credentials, created_at)
VALUES (%(shop)s, %(organisation)s, 'shop', 'woocommerce', 'http://a.test', 'basic', '', now());
INSERT INTO staging.records (organisation_id, connection_id, modified_at, version, resource, remote_id, state, status, key,
                             is_selected, run_id)
SELECT %(organisation)s, %(shop)s, now() - n * interval '1 hour', 1, 'products', n::text,
       CASE WHEN n %% 4 = 0 THEN 'in_sync' ELSE 'new' END, 'publish', n::text, n %% 4 = 1,
       CASE WHEN n %% 4 = 2 THEN %(run)s::uuid END
FROM generate_series(1, 20) AS n
"""


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def hub(postgres: Any, template: str, tmp_path_factory: Any) -> AsyncIterator[Hub]:
    with clone(postgres, template) as dsn:
        async with open_hub(settings_for(dsn, tmp_path_factory.mktemp("selections"))) as opened:
            yield opened


async def shop_of(hub: Hub, records: range = RECORDS) -> tuple[UUID, Mirror]:
    """Connect a store that only this test writes to."""
    keys, name = Credentials(SecretStr("ck_1"), SecretStr("cs_1")), f"shop-{uuid4().hex[:8]}"
    added = await hub.register.add(NewConnection(name, f"http://{name}.test", keys), hub.clock())
    mirror = Mirror(hub.organisation_id, added.connection.id)
    async with hub.database.transaction(hub.organisation_id) as tx:
        await mirror.add(tx, records)
    return added.connection.id, mirror


def some(shop: UUID, *ids: int) -> Chosen:
    return Chosen(Filter("products", (shop,)), ids=tuple((shop, str(number)) for number in ids))


async def chosen_of(hub: Hub, shop: UUID) -> set[int]:
    query = "SELECT remote_id FROM staging.selections WHERE connection_id = %s"
    async with hub.database.transaction(hub.organisation_id) as tx:
        return {int(row["remote_id"]) for row in await tx.fetch_all(query, (shop,))}


# -- lists ----------------------------------------------------------------------------------------


def fits(row: dict[str, Any], wanted: Filter) -> bool:
    """Whether a record is one that a filter asks for."""
    return (
        row["state"] in (wanted.states or choosing.SHOWN)
        and (not wanted.status or row["status"] in wanted.status)
        and wanted.is_selected in (None, row["is_selected"])
        and wanted.rule_id in (None, row["rule_id"])
        and (wanted.field is None or wanted.field in (row["changed_columns"] or ()))
        and (wanted.modified_after is None or row["modified_at"] >= wanted.modified_after)
    )


@pytest.mark.parametrize("few", [choosing.FEW, 3], ids=["taken whole", "walked"])
async def test_each_list_knows_what_is_chosen(
    hub: Hub, few: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(choosing, "FEW", few)
    monkeypatch.setattr(repository, "MOST_FOUND", few)
    shops = [(await shop_of(hub))[0] for _ in range(2)]
    async with hub.database.transaction(hub.organisation_id) as tx:
        await tx.execute(_DECIDE, {"shops": shops})
    for shop in shops:
        await hub.staging.choose(some(shop, *range(1, 40)), ChoiceAction.SELECT)
    async with hub.database.transaction(hub.organisation_id) as tx:
        rows = await tx.fetch_all(_ROWS, {"shops": shops})
    assert {row["is_selected"] for row in rows} == {True, False}
    middle, late = (sorted(row["modified_at"] for row in rows)[place] for place in (60, -48))
    beyond: list[dict[str, Any]] = [
        {}, {"modified_after": middle}, {"modified_after": late}, {"rule_id": shops[0]}, {"field": "name"}, {"status": ("draft",)},
    ]  # fmt: skip
    met = 0
    for is_selected, more, states, sort, is_descending in itertools.product(
        (None, True, False), beyond, ((), (State.NEW, State.UPDATED)), Sort, (True, False)
    ):
        wanted = Filter("products", tuple(shops), states, is_selected=is_selected, **more)
        page = await hub.staging.page(wanted, sort, is_descending=is_descending, page_size=200)
        name = "modified_at" if sort is Sort.MODIFIED else sort.value
        expected = sorted(
            (row for row in rows if fits(row, wanted)),
            key=lambda row: (row[name], row["remote_id"], row["connection_id"]),
            reverse=is_descending,
        )
        assert [(r.connection_id, r.remote_id, r.is_selected) for r in page.data] == [
            (row["connection_id"], row["remote_id"], row["is_selected"]) for row in expected
        ], wanted
        meant = await hub.staging.preview(Chosen(wanted))
        assert meant.matched == len(expected), wanted
        met += len(expected)
    assert met > 1_000


@pytest.mark.parametrize("is_selected", [None, True, False])
@pytest.mark.parametrize("search", [None, "thing 1"])
@pytest.mark.parametrize(
    "action", [ChoiceAction.SELECT, ChoiceAction.DESELECT, ChoiceAction.IGNORE]
)
async def test_all_that_a_filter_finds_is_chosen_but_some(
    hub: Hub, is_selected: bool | None, search: str | None, action: ChoiceAction
) -> None:
    shop, _ = await shop_of(hub)
    await hub.staging.choose(some(shop, *range(1, 31)), ChoiceAction.SELECT)
    wanted = Filter("products", (shop,), search=search, is_selected=is_selected)
    chosen = Chosen(wanted, but=((shop, "1"), (shop, "17"), (shop, "41")))
    made = await hub.staging.choose(chosen, action)
    found = {n for n in RECORDS if search is None or str(n).startswith("1")}
    found &= {None: set(RECORDS), True: set(range(1, 31)), False: set(range(31, 61))}[is_selected]
    found -= {1, 17, 41}
    before = set(range(1, 31))
    after = {
        ChoiceAction.SELECT: before | found,
        ChoiceAction.DESELECT: before - found,
        ChoiceAction.IGNORE: before - found,
    }[action]
    assert await chosen_of(hub, shop) == after
    changed = found if action is ChoiceAction.IGNORE else after ^ before
    assert (made.matched, made.changed) == (len(found), len(changed))
    await check_counts(hub.database, hub.organisation_id)


# -- beside others --------------------------------------------------------------------------------


async def test_who_chooses_waits_for_those_who_change_records(hub: Hub) -> None:
    shop, mirror = await shop_of(hub)
    async with hub.database.transaction(hub.organisation_id) as tx:
        await mirror.bury(tx, range(1, 6))  # never promoted: they go
        await mirror.change(tx, range(6, 11))
        choice = asyncio.create_task(hub.staging.choose(some(shop, *RECORDS), ChoiceAction.SELECT))
        await asyncio.sleep(0.3)
        assert not choice.done()
        assert await chosen_of(hub, shop) == set()
    made = await choice
    assert (made.matched, made.changed) == (55, 55)
    assert await chosen_of(hub, shop) == set(range(6, 61))
    await check_counts(hub.database, hub.organisation_id)


async def test_who_chooses_waits_also_where_nothing_goes(hub: Hub) -> None:
    shop, mirror = await shop_of(hub)
    async with hub.database.transaction(hub.organisation_id) as tx:
        await mirror.change(tx, range(6, 11))
        choice = asyncio.create_task(hub.staging.choose(some(shop, *RECORDS), ChoiceAction.SELECT))
        await asyncio.sleep(0.3)
        assert not choice.done()
    assert (await choice).changed == 60
    await check_counts(hub.database, hub.organisation_id)


async def test_who_changes_records_waits_for_those_who_choose(hub: Hub) -> None:
    shop, mirror = await shop_of(hub)

    async def pull() -> None:
        async with hub.database.transaction(hub.organisation_id) as other:
            await mirror.bury(other, range(1, 6))
            await mirror.change(other, range(6, 11))

    async with hub.database.transaction(hub.organisation_id) as tx:
        await repository.make_choice(
            tx, hub.organisation_id, some(shop, *RECORDS), ChoiceAction.SELECT, [shop]
        )
        pulling = asyncio.create_task(pull())
        await asyncio.sleep(0.3)
        assert not pulling.done()
    await pulling
    assert await chosen_of(hub, shop) == set(range(6, 61))
    await check_counts(hub.database, hub.organisation_id)


async def test_those_who_change_records_do_not_wait_for_each_other(hub: Hub) -> None:
    shop, mirror = await shop_of(hub)
    await hub.staging.choose(some(shop, *RECORDS), ChoiceAction.SELECT)
    async with hub.database.transaction(hub.organisation_id) as tx:
        await mirror.change(tx, range(1, 6))
        async with asyncio.timeout(5), hub.database.transaction(hub.organisation_id) as other:
            await mirror.change(other, range(6, 11))
    await check_counts(hub.database, hub.organisation_id)


async def test_nothing_is_lost_where_all_is_done_at_once(hub: Hub) -> None:
    shop, mirror = await shop_of(hub)

    async def pull(ids: range) -> None:
        for _ in range(6):
            async with hub.database.transaction(hub.organisation_id) as tx:
                await mirror.change(tx, ids)
            async with hub.database.transaction(hub.organisation_id) as tx:
                await mirror.bury(tx, ids[:3])
            async with hub.database.transaction(hub.organisation_id) as tx:
                await mirror.restate(tx, ids[:3])

    async def choose(action: ChoiceAction) -> None:
        for _ in range(6):
            await hub.staging.choose(Chosen(Filter("products", (shop,))), action)

    actions = (ChoiceAction.SELECT, ChoiceAction.DESELECT, ChoiceAction.SELECT)
    await asyncio.gather(pull(range(1, 31)), pull(range(31, 61)), *map(choose, actions))
    await check_counts(hub.database, hub.organisation_id)


async def test_a_choice_follows_its_record(hub: Hub) -> None:
    shop, mirror = await shop_of(hub)
    link = "UPDATE staging.records SET core_id = connection_id, state = 'updated' WHERE connection_id = %s"
    async with hub.database.transaction(hub.organisation_id) as tx:
        await tx.execute(link, (shop,))
    await hub.staging.choose(some(shop, *RECORDS), ChoiceAction.SELECT)
    async with hub.database.transaction(hub.organisation_id) as tx:
        await mirror.change(tx, range(1, 11))  # to be compared again: chosen as before
        await mirror.bury(tx, range(11, 21))  # to be deleted now: nobody chose that
    assert await chosen_of(hub, shop) == {*range(1, 11), *range(21, 61)}
    await check_counts(hub.database, hub.organisation_id)
    async with hub.database.transaction(hub.organisation_id) as tx:
        await mirror.forget(tx)
    assert await chosen_of(hub, shop) == set()
    await check_counts(hub.database, hub.organisation_id)


# -- what a promotion takes -----------------------------------------------------------------------


async def taken_of(hub: Hub, run_id: UUID) -> set[int]:
    query = "SELECT remote_id FROM staging.taken WHERE run_id = %s"
    async with hub.database.transaction(hub.organisation_id) as tx:
        return {int(row["remote_id"]) for row in await tx.fetch_all(query, (run_id,))}


async def work(hub: Hub, one: AskedPromotion) -> dict[str, int]:
    """Do a promotion; return how many records of each resource were promoted."""
    found: dict[str, int] = {}

    def note(progress: Progress) -> None:
        found[progress.resource] = progress.records

    queued = replace(hub, queued=Queued(one.run_id))
    assert await queued.staging.work(one.connection.name, note) is RunState.DONE
    assert await taken_of(hub, one.run_id) == set()
    await check_counts(hub.database, hub.organisation_id)
    return found


async def test_of_two_promotions_the_first_brings_what_both_have(hub: Hub) -> None:
    shop, _ = await shop_of(hub, range(1, 11))
    [first] = await hub.staging.promote(some(shop, *range(1, 7)))
    [second] = await hub.staging.promote(some(shop, *range(4, 11)))
    assert (await taken_of(hub, first.run_id), await taken_of(hub, second.run_id)) == (
        set(range(1, 7)),
        set(range(4, 11)),
    )
    assert await work(hub, first) == {"products": 6}
    assert await work(hub, second) == {"products": 4}


async def test_what_goes_while_it_is_taken_is_let_go(hub: Hub) -> None:
    shop, mirror = await shop_of(hub, range(1, 11))
    [one] = await hub.staging.promote(some(shop, *range(1, 7)))
    async with hub.database.transaction(hub.organisation_id) as tx:
        await mirror.bury(tx, range(1, 3))  # never promoted: they go
    assert await work(hub, one) == {"products": 4}


async def test_what_a_promotion_that_ended_has_left_is_forgotten(hub: Hub) -> None:
    shop, _ = await shop_of(hub, range(1, 11))
    other, left = new_id(hub.clock()), some(shop, 1, 2)
    async with hub.database.transaction(hub.organisation_id) as tx:
        await repository.take(tx, (hub.organisation_id, shop), left, other)
    assert await taken_of(hub, other) == {1, 2}
    [one] = await hub.staging.promote(some(shop, 2, 3))
    assert (await taken_of(hub, other), await taken_of(hub, one.run_id)) == (set(), {2, 3})


# -- what was chosen before there was such a table ------------------------------------------------


async def test_what_was_chosen_and_taken_stays_so(empty_dsn: str, tmp_path: Any) -> None:
    old = [one for one in known_migrations() if one.version < 19]
    await upgrade(empty_dsn, old)
    own = {"organisation": UUID(int=1), "shop": UUID(int=11), "run": UUID(int=21)}
    async with await connect(empty_dsn) as connection:
        await connection.execute("SET ROLE storetwin_app")
        await connection.execute(
            "SELECT set_config('app.organisation_id', %s, false)", (str(UUID(int=1)),)
        )
        for statement in _CHOSEN_BEFORE.split(";"):
            await connection.execute(statement, own)
        await connection.commit()
    await upgrade_database(empty_dsn)
    async with open_hub(settings_for(empty_dsn, tmp_path)) as opened:
        hub = opened.of(UUID(int=1))
        assert await chosen_of(hub, own["shop"]) == {1, 5, 9, 13, 17}
        assert await taken_of(hub, own["run"]) == {2, 6, 10, 14, 18}
        await check_counts(hub.database, hub.organisation_id)
        found = await hub.staging.counts("products", [own["shop"]])
    assert sorted((one.state.value, one.records, one.selected) for one in found) == [
        ("in_sync", 5, 0),
        ("new", 15, 5),
    ]
