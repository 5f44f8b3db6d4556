"""From a store through staging into core: what is chosen comes, what changed is told, what cannot is named."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any
from uuid import UUID, uuid4

import pytest
import pytest_asyncio
from pydantic import SecretStr

from api_callers import Api, key_of, serving_api
from database_clones import clone
from hubs import NAME, Twin, open_twin
from staging_rows import Mirror, check_counts
from storetwin.connections.models import Connection, Credentials
from storetwin.connections.register import NewConnection
from storetwin.runs.models import Progress, RunState
from storetwin.runs.queued import Queued
from storetwin.sandboxes.woocommerce import running_store
from storetwin.staging import promote
from storetwin.staging.models import (
    ChoiceAction,
    Chosen,
    Filter,
    RuleAction,
    Sort,
    State,
)
from storetwin.tenancy.models import Role

pytestmark = pytest.mark.asyncio(loop_scope="module")
PULLED = (
    "categories",
    "tags",
    "brands",
    "attributes",
    "products",
    "variations",
    "customers",
    "orders",
    "refunds",
)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def twin(postgres: Any, template: str, tmp_path_factory: Any) -> AsyncIterator[Twin]:
    with running_store(orders=40, seed=5) as store, clone(postgres, template) as dsn:
        async with open_twin(dsn, tmp_path_factory.mktemp("staging"), store) as opened:
            await opened.pull(*PULLED)
            yield opened


async def counts(twin: Twin, resource: str, connection: Connection | None = None) -> dict[str, int]:
    of = (connection or twin.connection).id
    found: dict[str, int] = {}
    for count in await twin.hub.staging.counts(resource, [of]):
        found[count.state.value] = found.get(count.state.value, 0) + count.records
    return found


async def promoted(twin: Twin, chosen: Chosen, observe: Any = lambda _: None) -> list[RunState]:
    """Ask for a promotion and do it."""
    states = []
    for one in await twin.hub.staging.promote(chosen):
        hub = replace(twin.hub, queued=Queued(one.run_id))
        states.append(await hub.staging.work(one.connection.name, observe))
    await check_counts(twin.hub.database, twin.hub.organisation_id)
    return states


async def another(twin: Twin) -> tuple[Connection, Mirror]:
    """Connect a store that only this test writes to."""
    keys = Credentials(SecretStr("ck_1"), SecretStr("cs_1"))
    name = f"shop-{uuid4().hex[:8]}"
    new = NewConnection(name, f"http://{name}.test", keys)
    connection = (await twin.hub.register.add(new, twin.hub.clock())).connection
    return connection, Mirror(twin.hub.organisation_id, connection.id)


def only(connection: Connection, resource: str = "products", **more: Any) -> Filter:
    return Filter(resource, (connection.id,), **more)


async def test_a_store_comes_into_core_by_choice(twin: Twin) -> None:
    hub, store, shop = twin.hub.staging, twin.sandbox.store, twin.connection
    new = Chosen(only(shop, states=(State.NEW,)))
    page = await hub.page(new.filter, page_size=3)
    seen = page.row_count
    assert seen == (await counts(twin, "products"))["new"] == len(twin.expected("products"))

    # All new products but three; one more came since somebody looked, which is said.
    three = tuple((record.connection_id, record.remote_id) for record in page.data)
    added = store.create("products", {"name": "Latecomer", "sku": "LATE-1"})
    await twin.pull("products")
    preview = await hub.preview(replace(new, but=three))
    assert preview.matched == preview.created == seen - 2
    assert preview.along["categories"] > 0
    made = await hub.choose(replace(new, but=three, seen=seen - 3), ChoiceAction.SELECT)
    assert (made.matched, made.changed, made.is_as_seen) == (seen - 2, seen - 2, False)
    selected = Chosen(only(shop, is_selected=True))
    assert (await hub.page(selected.filter)).row_count == seen - 2

    told: list[Progress] = []
    assert await promoted(twin, selected, told.append) == [RunState.DONE]
    assert await counts(twin, "products") == {"new": 3, "in_sync": seen - 2}
    assert (await counts(twin, "categories"))["in_sync"] == preview.along["categories"]
    assert {p.resource for p in told} >= {"products", "categories"}
    left = await hub.page(new.filter)
    assert {(r.connection_id, r.remote_id) for r in left.data} == set(three)
    assert await promoted(twin, selected) == []  # nothing is selected any more

    # One changes in the store: seen as updated, with its fields; promoted, it is in sync again.
    store.edit("products", added, {"name": "Latecomer II"})
    await twin.pull("products")
    [record] = (await hub.page(only(shop, states=(State.UPDATED,)))).data
    assert (record.remote_id, record.name) == (str(added), "Latecomer II")
    name = next(change for change in record.changes if change.path == "name")
    assert (name.old, name.new) == ("Latecomer", "Latecomer II")
    assert (await hub.page(only(shop, field="name"))).row_count == 1
    assert (await hub.page(only(shop, field="sku"))).row_count == 0
    whole = await hub.record(NAME, "products", str(added))
    assert "name" in {change.path for change in whole.changes}
    preview = await hub.preview(Chosen(only(shop, states=(State.UPDATED,))))
    assert (preview.updated, preview.created) == (1, 0)
    assert "Name" in preview.changed_fields
    assert await promoted(twin, Chosen(only(shop, states=(State.UPDATED,)))) == [RunState.DONE]

    # It goes: a deletion to be promoted, and out of sight then; it comes back as a change.
    store.delete("products", added)
    await twin.pull("products", bury_many=True)
    assert (await counts(twin, "products"))["deleted"] == 1
    assert (await hub.page(only(shop, search="latecomer"))).row_count == 1
    assert await promoted(twin, Chosen(only(shop, states=(State.DELETED,)))) == [RunState.DONE]
    assert "deleted" not in await counts(twin, "products")
    [row] = await twin.rows("SELECT gone_at FROM core.products WHERE sku = 'LATE-1'")
    assert row["gone_at"] is not None


async def test_what_cannot_be_promoted_is_set_aside_and_the_rest_goes_on(twin: Twin) -> None:
    connection, mirror = await another(twin)
    async with twin.hub.database.transaction(twin.hub.organisation_id) as tx:
        await mirror.add(tx, range(1, 31))
        spoil = "UPDATE mirror.snapshots SET version = 2, payload = %(to)s::json WHERE connection_id = %(of)s AND remote_id = %(id)s"
        of = {"of": connection.id}
        await tx.execute(spoil, of | {"to": "[]", "id": "7"})
        same = '{"id": %d, "name": "Twin", "sku": "SAME-SKU"}'
        for number in (11, 12):
            await tx.execute(spoil, of | {"to": same % number, "id": str(number)})
    chosen = Chosen(only(connection))
    preview = await twin.hub.staging.preview(chosen)
    assert [one.remote_id for one in preview.left_out] == ["7"]
    assert await promoted(twin, chosen) == [RunState.INCOMPLETE]
    assert await counts(twin, "products", connection) == {"in_sync": 28, "waiting": 2}
    waiting = await twin.hub.staging.page(only(connection, states=(State.WAITING,)), Sort.KEY)
    assert {record.remote_id for record in waiting.data} == {"7", "12"}
    assert all(record.why and not record.is_selected for record in waiting.data)
    letters = await twin.hub.reports.dead_letters(connection=connection.name)
    assert {letter.remote_id for letter in letters} == {"7", "12"}

    # A person says that it is a new one, although another has its SKU.
    twelve = next(record for record in waiting.data if record.remote_id == "12")
    assert len(twelve.candidates) == 1
    record = await twin.hub.staging.map(connection.name, "products", "12", None)
    assert (record.state, record.is_selected) == (State.NEW, True)
    assert await promoted(twin, Chosen(only(connection, is_selected=True))) == [RunState.DONE]
    assert await counts(twin, "products", connection) == {"in_sync": 29, "waiting": 1}
    letters = await twin.hub.reports.dead_letters(connection=connection.name)
    assert {letter.remote_id for letter in letters} == {"7"}


class Killed(BaseException):
    """The process ends here."""


@pytest.mark.parametrize("at", [1, 2, 4])
async def test_a_promotion_that_was_killed_goes_on_where_it_was(
    twin: Twin, monkeypatch: pytest.MonkeyPatch, at: int
) -> None:
    monkeypatch.setattr(promote, "AT_ONCE", 5)
    connection, mirror = await another(twin)
    async with twin.hub.database.transaction(twin.hub.organisation_id) as tx:
        await mirror.add(tx, range(1, 24))
    [one] = await twin.hub.staging.promote(Chosen(only(connection)))
    hub = replace(twin.hub, queued=Queued(one.run_id))
    looks = 0

    def look(_: Progress) -> None:
        nonlocal looks
        looks += 1
        if looks == at:
            raise Killed

    with pytest.raises(Killed):
        await hub.staging.work(connection.name, look)
    found = await counts(twin, "products", connection)
    assert (
        found.get("in_sync", 0) == max(at - 2, 0) * 5
    )  # what was written with that look is undone
    assert sum(found.values()) == 23
    assert await hub.staging.work(connection.name, lambda _: None) is RunState.DONE
    assert await counts(twin, "products", connection) == {"in_sync": 23}
    run, progress, *_ = await hub.asking.show(one.run_id)
    assert [(p["resource"], p["records"], p["created"]) for p in progress] == [("products", 23, 23)]
    rows = await twin.rows(
        "SELECT count(*) AS n FROM core.changes WHERE run_id = %(run_id)s", run_id=one.run_id
    )
    assert rows[0]["n"] == 23
    assert run["state"] == "done"


async def test_ignored_is_undone_and_left_out_meanwhile(twin: Twin) -> None:
    connection, mirror = await another(twin)
    async with twin.hub.database.transaction(twin.hub.organisation_id) as tx:
        await mirror.add(tx, range(1, 6))
    two = Chosen(
        only(connection), ids=((connection.id, "1"), (connection.id, "2"), (connection.id, "99"))
    )
    made = await twin.hub.staging.choose(two, ChoiceAction.IGNORE)
    assert (made.matched, made.changed) == (2, 2)
    await promoted(twin, Chosen(only(connection)))
    assert await counts(twin, "products", connection) == {"in_sync": 3, "ignored": 2}
    await twin.hub.staging.choose(two, ChoiceAction.RESTORE)
    assert await counts(twin, "products", connection) == {"in_sync": 3, "new": 2}


async def test_rules_choose_what_comes_and_leave_to_a_person_what_he_decided(twin: Twin) -> None:
    connection, mirror = await another(twin)
    rules = twin.hub.staging.rules
    wanted = only(connection, states=(State.NEW,), status=("publish",))
    rule = await rules.add("published", wanted, RuleAction.SELECT, connection_id=connection.id)
    async with twin.hub.database.transaction(twin.hub.organisation_id) as tx:
        await mirror.add(tx, range(1, 11))
    assert await rules.apply("published") == 5
    chosen = only(connection, rule_id=rule.rule_id)
    assert {r.status for r in (await twin.hub.staging.page(chosen)).data} == {"publish"}
    one = Chosen(only(connection), ids=((connection.id, "2"),))
    await twin.hub.staging.choose(one, ChoiceAction.DESELECT)
    assert await rules.apply("published") == 0
    every = await rules.list()
    assert [r.last_count for r in every if r.rule_id == rule.rule_id] == [0]
    await rules.change(replace(rule, action=RuleAction.PROMOTE, created_at=every[0].created_at))
    assert await rules.apply("published") == 5
    runs = await twin.rows(
        "SELECT run_id FROM runs.runs WHERE connection_id = %(id)s AND kind = 'promote' AND state = 'queued'",
        id=connection.id,
    )
    assert len(runs) == 1
    await rules.remove("published")


async def test_the_table_sorts_pages_and_searches(twin: Twin) -> None:
    connection, mirror = await another(twin)
    async with twin.hub.database.transaction(twin.hub.organisation_id) as tx:
        await mirror.add(tx, range(1, 41))
    for sort, is_descending in ((Sort.MODIFIED, True), (Sort.NAME, False), (Sort.KEY, True)):
        found: list[str] = []
        for page in range(1, 5):
            rows = await twin.hub.staging.page(
                only(connection), sort, is_descending=is_descending, page=page, page_size=10
            )
            assert rows.row_count == 40
            found += [record.remote_id for record in rows.data]
        numbers = [int(one) for one in found]
        if sort is Sort.MODIFIED:
            assert numbers == list(range(40, 0, -1))
        else:
            names = sorted((f"{n}" for n in range(1, 41)), reverse=is_descending)
            assert found == names
    hub = twin.hub.staging
    assert (await hub.page(only(connection, search="SKU-17"))).row_count == 1
    assert (await hub.page(only(connection, search="thing 1"))).row_count == 11
    assert (await hub.page(only(connection, status=("draft",)))).row_count == 20
    after = (await hub.page(only(connection), page_size=5)).data[-1].modified_at
    assert (await hub.page(only(connection, modified_after=after))).row_count == 5
    # What a search shows is what a choice by the same search means.
    made = await hub.choose(Chosen(only(connection, search="thing 1")), ChoiceAction.SELECT)
    assert made.changed == 11


async def test_the_api_does_the_same(twin: Twin) -> None:
    connection, mirror = await another(twin)
    async with twin.hub.database.transaction(twin.hub.organisation_id) as tx:
        await mirror.add(tx, range(1, 9))
    async with serving_api(twin.hub) as served:
        api: Api = served.by(await key_of(twin.hub, Role.OPERATOR))
        name = connection.name
        [line] = (await api.get("/staging", connection=name))["data"]
        assert (line["resource"], line["records"]) == ("products", 8)
        table = await api.get("/staging/products", connection=name, page_size=3, sort="key")
        assert (table["row_count"], table["page"], table["page_size"]) == (8, 1, 3)
        three = [{"connection": name, "remote_id": row["remote_id"]} for row in table["data"]]
        chosen = {"filter": {"connections": [name], "states": ["new"]}, "but": three, "seen": 5}
        made = await api.post("/staging/products/selections", chosen | {"action": "select"}, 200)
        assert made == {"matched": 5, "changed": 5, "seen": 5, "is_as_seen": True}
        selected = {"filter": {"connections": [name], "is_selected": True}}
        preview = await api.post("/staging/products/previews", selected, 200)
        assert (preview["matched"], preview["created"]) == (5, 5)
        asked = await api.post("/staging/products/promotions", selected, 202)
        assert (asked["records"], len(asked["runs"])) == (5, 1)
        run_id = UUID(asked["runs"][0]["run_id"])
        assert (await api.get(f"/runs/{run_id}"))["kind"] == "promote"
        hub = replace(twin.hub, queued=Queued(run_id))
        assert await hub.staging.work(name, lambda _: None) is RunState.DONE
        record = await api.get(f"/staging/products/records/{name}/{three[0]['remote_id']}")
        assert record["state"] == "new"
        assert {change["path"] for change in record["changes"]} >= {"name"}
        mapped = {"connection": name, "remote_id": three[0]["remote_id"], "core_id": str(uuid4())}
        answer = await api.ask("POST", "/staging/products/mappings", json=mapped)
        assert answer.status == 404
        viewer = served.by(await key_of(twin.hub, Role.VIEWER))
        refused = await viewer.ask("POST", "/staging/products/promotions", json=selected)
        assert refused.status == 403
        rule = {"name": "new ones", "resource": "products", "action": "ignore", "connection": name}
        kept = await api.post("/staging/rules", rule, 201)
        applied = await api.post(f"/staging/rules/{kept['rule_id']}/apply", None, 200)
        assert applied == {"records": 3}


async def test_what_the_twin_forgets_staging_does_not_remember(twin: Twin) -> None:
    connection, mirror = await another(twin)
    async with twin.hub.database.transaction(twin.hub.organisation_id) as tx:
        await mirror.add(tx, range(1, 4))
    await promoted(twin, Chosen(only(connection), ids=((connection.id, "1"),)))
    one = Chosen(only(connection), ids=((connection.id, "2"),))
    await twin.hub.staging.choose(one, ChoiceAction.IGNORE)
    async with twin.hub.database.transaction(twin.hub.organisation_id) as tx:
        await mirror.forget(tx)
    rows = await twin.rows(
        "SELECT remote_id, name_key, key FROM staging.records WHERE connection_id = %(id)s ORDER BY 1",
        id=connection.id,
    )
    assert [tuple(row.values()) for row in rows] == [("1", "", "1"), ("2", "", "2")]


async def test_a_rule_with_a_time_is_applied_to_every_store_when_it_comes(twin: Twin) -> None:
    (first, one), (second, other) = await another(twin), await another(twin)
    async with twin.hub.database.transaction(twin.hub.organisation_id) as tx:
        await one.add(tx, range(1, 4))
        await other.add(tx, range(1, 4))
    hub = twin.hub.staging
    wanted = Filter("products", states=(State.NEW,), search="thing 2")
    rule = await hub.rules.add("daily", wanted, RuleAction.IGNORE, spec="1d")
    await hub.follow(first.id)  # its time has not come
    assert "ignored" not in await counts(twin, "products", first)
    await twin.rows("UPDATE staging.rules SET next_at = now() WHERE name = 'daily' RETURNING 1")
    due = await twin.rows("SELECT connection_id FROM staging.due_connections(now())")
    assert {first.id, second.id} <= {row["connection_id"] for row in due}
    await hub.follow(first.id)
    for connection in (first, second):
        assert (await counts(twin, "products", connection))["ignored"] == 1
    [kept] = [found for found in await hub.rules.list() if found.rule_id == rule.rule_id]
    assert kept.next_at is not None
    assert kept.next_at > twin.hub.clock()
    await hub.rules.remove("daily")
