"""Import mappings at work: tried, activated, promoted by, switched, and told at every door."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest
import pytest_asyncio

from api_callers import Api, key_of, serving_api
from database_clones import clone
from hubs import NAME, Twin, open_twin
from storetwin.core.definitions import (
    Author,
    MappingActiveError,
    MappingNameTakenError,
    UnknownMappingError,
    hold_active,
    switch,
)
from storetwin.core.read import documents
from storetwin.kernel.errors import ConfigurationError
from storetwin.mapping.flaws import MappingFlawedError
from storetwin.mapping.nouns import NOUNS
from storetwin.runs.queued import Queued
from storetwin.sandboxes.woocommerce import running_store
from storetwin.staging.models import Chosen, Filter, State
from storetwin.tenancy.models import Role

pytestmark = pytest.mark.asyncio(loop_scope="module")
PRODUCTS = NOUNS["products"]
LOUD = {"field": "name", "source": "name", "steps": [{"step": "case", "to": "upper"}]}
SHELF = {"field": "custom.shelf", "source": "meta:_shelf"}
LABEL = {"field": "custom.label", "source": "sku", "steps": [{"step": "join", "sources": ["name"]}]}


def document(*rules: dict[str, Any], noun: str = "products") -> dict[str, Any]:
    return {"rules": {noun: list(rules)}}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def twin(postgres: Any, template: str, tmp_path_factory: Any) -> AsyncIterator[Twin]:
    with running_store(orders=5, seed=5) as store, clone(postgres, template) as dsn:
        shelved = {"sku": "S-1", "meta_data": [{"key": "_shelf", "value": "A-7"}]}
        store.store.create("products", {"name": "Shelved", "weight": "0,5 kg", **shelved})
        async with open_twin(dsn, tmp_path_factory.mktemp("mappings"), store) as opened:
            await opened.pull("products", "categories", "tags", "brands", "settings")
            yield opened


@pytest_asyncio.fixture(loop_scope="module")
async def mappings(twin: Twin) -> AsyncIterator[Any]:
    """Give each test mappings of its own, and leave none behind."""
    yield twin.hub.mappings
    await twin.hub.mappings.activate(NAME, None)
    for _, one in await twin.hub.mappings.list(NAME):
        await twin.hub.mappings.remove(NAME, one.name)
    await twin.hub.staging.compare(NAME)


async def promote(twin: Twin, *states: State) -> None:
    chosen = Chosen(Filter("products", (twin.connection.id,), states=states))
    for one in await twin.hub.staging.promote(chosen):
        hub = replace(twin.hub, queued=Queued(one.run_id))
        await hub.staging.work(one.connection.name, lambda _: None)


async def states(twin: Twin) -> dict[str, int]:
    counts = await twin.hub.staging.counts("products", [twin.connection.id])
    found: dict[str, int] = {}
    for count in counts:
        found[count.state.value] = found.get(count.state.value, 0) + count.records
    return found


async def in_core(twin: Twin) -> dict[str, Any]:
    """Return the products in core by SKU."""
    page = await twin.hub.staging.page(Filter("products", (twin.connection.id,)), page_size=200)
    ids = [record.core_id for record in page.data if record.core_id]
    async with twin.hub.database.transaction(twin.hub.organisation_id) as tx:
        found = await documents(tx, PRODUCTS, ids)
    return {one.values["sku"]: one.values for one in found.values()}


async def test_records_are_promoted_by_the_mapping_that_is_active(
    twin: Twin, mappings: Any
) -> None:
    staging = twin.hub.staging
    made = await mappings.create(NAME, "kitchen", document(SHELF))
    assert (made.version, made.is_active, made.has_draft) == (1, False, True)
    done = await mappings.activate(NAME, "kitchen")
    assert (done.before, done.mapping.active_version) == (None, 1)
    await staging.compare(NAME)
    await promote(twin, State.NEW, State.UPDATED)
    products = await in_core(twin)
    assert products["S-1"]["custom"] == {"shelf": "A-7"}
    assert products["S-1"]["name"] == "Shelved"
    assert set(await states(twin)) == {"in_sync"}

    # What is changed is a draft: nothing differs until it is activated.
    draft = await mappings.change(NAME, "kitchen", document=document(SHELF, LOUD))
    assert (draft.version, draft.active_version, draft.has_draft) == (2, 1, True)
    await staging.compare(NAME)
    assert set(await states(twin)) == {"in_sync"}
    again = await mappings.change(NAME, "kitchen", document=document(LOUD, SHELF))
    assert again.version == 2

    effect = await mappings.trials.effect(NAME, document(LOUD, SHELF))
    assert effect.is_whole
    assert effect.changed == effect.linked == len(products)
    assert effect.fields == {"products": {"name": len(products)}}

    done = await mappings.activate(NAME, "kitchen")
    assert done.before.version == 1
    assert done.linked >= len(products)  # categories and tags as well
    assert await states(twin) == {"stale": len(products)}
    await staging.compare(NAME)
    assert await states(twin) == {"updated": len(products)}
    page = await staging.page(Filter("products", (twin.connection.id,), field="name"), page_size=1)
    assert page.data[0].changes[0].new == page.data[0].changes[0].old.upper()
    await promote(twin, State.UPDATED)
    assert (await in_core(twin))["S-1"]["name"] == "SHELVED"
    assert set(await states(twin)) == {"in_sync"}

    # The same again, by a mapping that comes to the same: nothing is to be done.
    await mappings.create(NAME, "copy", document(SHELF, LOUD))
    await mappings.activate(NAME, "copy")
    await staging.compare(NAME)
    assert set(await states(twin)) == {"in_sync"}
    assert (await mappings.version(NAME, "kitchen", 1)).document == made.document

    # And none at all: core is to say again what the store says.
    await mappings.activate(NAME, None)
    await staging.compare(NAME)
    assert await states(twin) == {"updated": len(products)}
    await promote(twin, State.UPDATED)
    assert (await in_core(twin))["S-1"]["name"] == "Shelved"


async def test_who_writes_by_a_mapping_is_waited_for_and_nobody_writes_by_the_old_one(
    twin: Twin, mappings: Any
) -> None:
    await mappings.create(NAME, "slow", document(LOUD))
    owner = (twin.hub.organisation_id, twin.connection.id)
    made = await mappings.one(NAME, "slow")
    async with twin.hub.database.transaction(owner[0]) as tx:
        assert await hold_active(tx, owner) is None

        async def activate() -> None:
            async with twin.hub.database.transaction(owner[0]) as other:
                await switch(other, owner, made.id, Author(twin.hub.clock()))

        waiting = asyncio.create_task(activate())
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(asyncio.shield(waiting), 0.3)
        assert await mappings.active(NAME) is None
    await waiting
    assert (await mappings.active(NAME))[1].definition_id == made.id


async def test_a_promotion_that_began_before_a_switch_writes_by_the_new_mapping(
    twin: Twin, mappings: Any
) -> None:
    """Between its reading and its writing another mapping becomes active."""
    from storetwin.staging.copies import open_store, read_copies, renew

    await promote(twin, State.NEW, State.UPDATED)
    owner = (twin.hub.organisation_id, twin.connection.id)
    page = await twin.hub.staging.page(Filter("products", owner[1:]), page_size=3)
    async with twin.hub.database.transaction(owner[0]) as tx:
        store = await open_store(tx, *owner)
        copies = await read_copies(tx, store, "products", [r.remote_id for r in page.data])
    await mappings.create(NAME, "sudden", document(LOUD))
    done = await mappings.activate(NAME, "sudden")
    async with twin.hub.database.transaction(owner[0]) as tx:
        current = await renew(tx, store, copies)
        assert await renew(tx, store, current) is current
    assert [copy.mapped.values["name"] for copy in current] == [
        copy.mapped.values["name"].upper() for copy in copies
    ]
    assert store.active.definition_id == done.mapping.id


async def test_a_switch_that_was_not_finished_is_finished_by_whoever_compares_next(
    twin: Twin, mappings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    await promote(twin, State.NEW, State.UPDATED)
    monkeypatch.setattr("storetwin.hub.mappings.AT_ONCE", -1)
    await mappings.create(NAME, "large", document(LOUD))
    await mappings.activate(NAME, "large")
    rows = await twin.rows("SELECT state, count(*) AS n FROM staging.records GROUP BY state")
    found = {row["state"]: row["n"] for row in rows}
    assert found["stale"] == 1  # by which a worker sees that there is something to do
    assert found["in_sync"] > 1
    await twin.hub.staging.compare(NAME)
    assert set(await states(twin)) == {"updated"}


async def test_a_record_is_shown_before_and_after(twin: Twin, mappings: Any) -> None:
    await promote(twin, State.NEW, State.UPDATED)
    await mappings.create(NAME, "one", document(SHELF))
    await mappings.activate(NAME, "one")
    page = await twin.hub.staging.page(
        Filter("products", (twin.connection.id,), search="Shelved"), page_size=1
    )
    weight = {"field": "weight", "source": "weight", "steps": [
        {"step": "number", "decimal": "comma", "to": "g"}]}  # fmt: skip
    sought = page.data[0].remote_id
    trial = await mappings.trials.preview(NAME, "products", sought, document(LOUD, weight))
    shown = {one.name: one for one in trial.fields}
    assert trial.title == "SHELVED"
    assert (shown["name"].active, shown["name"].tried) == ("Shelved", "SHELVED")
    assert shown["name"].core == "Shelved"
    assert shown["name"].steps == ("case",)
    assert (shown["custom.shelf"].active, shown["custom.shelf"].tried) == ("A-7", None)
    assert (shown["weight"].active, shown["weight"].tried) == (None, "500")
    assert b"Shelved" in trial.document
    first = await mappings.trials.preview(NAME, "products", None, document())
    before, behind = await mappings.trials.neighbours(NAME, "products", first.remote_id)
    assert before is None
    assert (await mappings.trials.neighbours(NAME, "products", behind))[0] == first.remote_id


async def test_all_records_are_checked_and_those_that_fail_are_named(
    twin: Twin, mappings: Any
) -> None:
    told: list[tuple[int, int]] = []
    number = {"field": "custom.n", "source": "sku", "steps": ["number"]}
    needed = {**SHELF, "when_empty": "refuse"}
    found = await mappings.trials.check(
        NAME, "products", document(number, needed), observe=lambda *n: told.append(n)
    )
    count = len(twin.expected("products"))
    assert found.is_whole
    assert (found.looked_at, found.records) == (count, count)
    assert found.failed["custom.n"] >= 1
    assert found.failed["custom.shelf"] == found.refused == count - 1
    assert len(found.with_problem["custom.shelf"]) == min(count - 1, 100)
    assert "The import mapping wants a value." in found.messages.values()
    assert told[-1] == (count, count)
    fine = await mappings.trials.check(NAME, "products", document(LOUD, SHELF))
    assert (fine.fine, fine.failing, fine.empty["custom.shelf"]) == (1, 0, count - 1)
    hasty = await mappings.trials.check(NAME, "products", document(LOUD), seconds=0)
    assert not hasty.is_whole


async def test_a_suggestion_is_made_of_what_the_store_has_and_can_be_used(
    twin: Twin, mappings: Any
) -> None:
    made = await mappings.trials.suggest(NAME)
    sources = {one.source for one in made.sources["products"]}
    assert {"name", "meta:_shelf"} <= sources
    assert any(one.startswith("attribute:") for one in sources)
    await mappings.create(NAME, "suggested", made.document)
    fields = {rule["field"] for rule in made.document["rules"]["products"]}
    assert all(field.startswith("custom.") for field in fields)


async def test_what_cannot_be_is_refused(twin: Twin, mappings: Any) -> None:
    await mappings.create(NAME, "kitchen", document(SHELF))
    with pytest.raises(MappingNameTakenError):
        await mappings.create(NAME, "kitchen", document(SHELF))
    with pytest.raises(MappingFlawedError) as caught:
        await mappings.create(NAME, "bad", document({"field": "nmae", "source": "name"}))
    assert "products, rule 1: there is no field “nmae”. Did you mean name?" in str(
        caught.value.flaws[0]
    )
    for name in ("", " ", "x" * 101, "active", "a\x00"):
        with pytest.raises(ConfigurationError):
            await mappings.create(NAME, name, document(SHELF))
    await mappings.activate(NAME, "kitchen")
    with pytest.raises(MappingActiveError):
        await mappings.remove(NAME, "kitchen")
    with pytest.raises(UnknownMappingError):
        await mappings.one(NAME, "nowhere")
    await mappings.create(NAME, "second", document(LOUD))
    with pytest.raises(MappingNameTakenError):
        await mappings.change(NAME, "second", name="kitchen")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def api(twin: Twin) -> AsyncIterator[Api]:
    async with serving_api(twin.hub) as served:
        yield served


async def test_the_api_tells_and_changes_all_of_it(twin: Twin, mappings: Any, api: Api) -> None:
    mine = api.by(await key_of(twin.hub, Role.OWNER))
    path = f"/connections/{NAME}/import-mappings"
    made = await mine.post(path, {"name": "kitchen", "document": document(SHELF)}, status=201)
    own = f"{path}/{made['id']}"
    assert (await mine.get(f"{path}/active", status=404))["code"] == "unknown_mapping"
    assert (await mine.get(own)) == made == (await mine.get(path))["data"][0]
    flawed = await mine.post(path, {"name": "x", "document": document({"field": 1})}, status=422)
    assert flawed["code"] == "mapping_flawed"
    assert flawed["errors"][0]["where"] == "body.document.rules.products.0.field"
    changed = await mine.ask("PATCH", own, json={"document": document(SHELF, LOUD)})
    assert changed.json["version"] == 1
    dry = await mine.post(f"{own}/activate", {"dry_run": True}, status=200)
    assert (dry["is_active"], dry["before"]) == (False, None)
    assert dry["effect"]["is_whole"]
    done = await mine.post(f"{own}/activate", {}, status=200)
    assert done["mapping"]["active_version"] == 1
    assert (await mine.get(f"{path}/active"))["document"] == document(SHELF, LOUD)
    seen = await mine.post(f"{own}/preview", {"noun": "products"}, status=200)
    assert seen["document"]["name"].upper() == seen["title"]
    tried = await mine.post(
        f"{own}/preview", {"noun": "products", "document": document()}, status=200
    )
    assert [one["field"] for one in tried["fields"]][:1] == ["name"]
    await mine.post(f"{own}/preview", {"noun": "prodcts"}, status=404)
    checked = await mine.post(f"{own}/check", {"noun": "products"}, status=200)
    assert checked["is_whole"]
    assert checked["empty"][0]["field"] == "custom.shelf"
    assert (await mine.get(f"{path}/suggestion"))["sources"]["products"]
    assert (await mine.get(f"{own}?version=1"))["version"] == 1
    await mine.get(f"{own}?version=9", status=404)
    assert (await mine.ask("DELETE", own)).status == 409
    assert (await mine.ask("DELETE", f"{path}/active")).status == 204
    assert (await mine.ask("DELETE", own)).status == 204
    await mine.get(own, status=404)

    reader = api.by(await key_of(twin.hub, Role.VIEWER))
    assert (await reader.get(path))["data"] == []
    await reader.post(path, {"name": "no", "document": {}}, status=403)
