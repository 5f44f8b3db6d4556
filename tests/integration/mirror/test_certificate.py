"""A certificate says what is there, what is not and why, and never more than it knows."""

from __future__ import annotations

import json
import re
import time
from pathlib import Path

import pytest

from hubs import MAIN, Twin, finding, lacking, lasting, open_twin
from storetwin.mirror.models import Level
from storetwin.sandboxes.woocommerce import Sandbox, running_store

OFF_THE_LISTS = ("shipped", "auto-draft")


def unlisted_orders(store: Sandbox) -> set[str]:
    """Orders of a status that no plugin registers any more, and auto-drafts: in no list."""
    return {
        str(number)
        for number in store.store.ids("orders")
        if store.store.status_of("orders", number) in OFF_THE_LISTS
    }


async def version_of(twin: Twin, resource: str, number: int) -> int:
    return int((await twin.snapshots(resource))[str(number)]["version"])


# -- what no list shows -----------------------------------------------------------------------------


async def test_orders_that_no_list_shows_are_found_and_named(twin: Twin) -> None:
    outcome = await twin.pull()
    assert outcome.is_complete, lacking(outcome)
    unlisted = unlisted_orders(twin.sandbox)
    assert len(unlisted) == 7
    assert set(finding(outcome, "orders")["unlisted"]) == unlisted
    snapshots = await twin.snapshots("orders")
    assert {name for name, row in snapshots.items() if row["state"] == "unlisted"} == unlisted
    assert {snapshots[name]["status"] for name in unlisted} == set(OFF_THE_LISTS)


@pytest.mark.parametrize("resource", ["orders", "products", "variations", "coupons"])
async def test_a_record_hidden_from_all_lists_is_found_through_the_gaps(
    twin: Twin, resource: str
) -> None:
    twin.sandbox.faults.switch_on(f"hidden:count=3,resource={resource}")
    hidden = {str(number) for number in twin.sandbox.faults.ids("hidden")}
    usual = unlisted_orders(twin.sandbox) if resource == "orders" else set()
    outcome = await twin.pull(*MAIN)
    assert outcome.is_complete, lacking(outcome)
    assert len(hidden) == 3
    assert set(finding(outcome, resource)["unlisted"]) == hidden | usual
    assert (await twin.documents(resource)).keys() == twin.expected(resource).keys()

    twin.sandbox.faults.clear()
    again = await twin.pull(*MAIN)
    assert set(finding(again, resource)["unlisted"]) == usual
    assert await twin.earlier_versions(resource) == {}


async def test_a_hidden_refund_shows_in_the_count_of_its_store(twin: Twin) -> None:
    twin.sandbox.faults.switch_on("hidden:count=1,resource=refunds")
    outcome = await twin.pull(*MAIN)
    (told,) = finding(outcome, "orders")["remarks"]
    assert re.fullmatch(r"the store counts 1 rows that no address up to \d+ answers for", told)


@pytest.mark.parametrize("resource", ["orders", "refunds", "variations"])
async def test_a_record_that_leaves_the_lists_and_exists_is_not_buried(
    twin: Twin, resource: str
) -> None:
    """Nor does it get a new version: a refund's own address shows it without its parent_id."""
    await twin.pull(*MAIN)
    twin.sandbox.faults.switch_on(f"hidden:count=2,resource={resource}")
    hidden = {str(number) for number in twin.sandbox.faults.ids("hidden")}
    outcome = await twin.pull(*MAIN)
    assert outcome.is_complete, lacking(outcome)
    assert finding(outcome, resource)["buried"] == 0
    assert hidden <= set(finding(outcome, resource)["unlisted"])
    twin.sandbox.faults.clear()
    await twin.pull(*MAIN)
    assert await twin.earlier_versions(resource) == {}
    assert {row["state"] for row in (await twin.snapshots(resource)).values()} <= {
        "listed",
        "unlisted",
    }


async def test_an_order_made_after_its_list_was_read_is_not_called_unlisted(twin: Twin) -> None:
    await twin.pull(*MAIN)
    made: list[int] = []

    def when_refunds_are_read(progress) -> None:
        if progress.resource == "refunds" and not made:
            made.append(twin.sandbox.store.create_order())

    outcome = await twin.pull(*MAIN, observe=when_refunds_are_read)
    assert set(finding(outcome, "orders")["unlisted"]) == unlisted_orders(twin.sandbox)
    assert (await twin.snapshots("orders"))[str(made[0])]["state"] == "listed"


async def test_a_deletion_meanwhile_does_not_hide_what_no_list_shows(twin: Twin) -> None:
    """One order less in the store, one more than its lists show: the sum alone looks right."""
    listed = [n for n in twin.sandbox.store.ids("orders")[:20] if n % 2]
    gone: list[int] = []

    def when_refunds_are_verified(progress) -> None:
        if progress.stage == "verify" and progress.resource == "refunds" and not gone:
            gone.extend(n for n in listed if str(n) not in unlisted_orders(twin.sandbox))
            for number in gone:
                twin.sandbox.store.delete("orders", number)

    outcome = await twin.pull(*MAIN, observe=when_refunds_are_verified)
    assert len(gone) >= 7
    assert set(finding(outcome, "orders")["unlisted"]) == unlisted_orders(twin.sandbox)


# -- what cannot be read ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "resource", ["orders", "refunds", "products", "variations", "customers", "coupons"]
)
async def test_a_poisoned_record_is_named_until_it_is_healed(twin: Twin, resource: str) -> None:
    twin.sandbox.faults.switch_on(f"poison:count=1,resource={resource}")
    [number] = twin.sandbox.faults.ids("poison")
    first = await twin.pull(*MAIN)
    second = await twin.pull(*MAIN)
    for outcome in (first, second):
        assert not outcome.is_complete
        assert lacking(outcome).keys() == {resource}
        assert lacking(outcome)[resource].keys() == {str(number)}
        line = finding(outcome, resource)
        assert line["in_store"] == line["in_twin"] + 1
        assert not line["is_complete"]
    assert await twin.letters() == {resource: {str(number)}}

    twin.sandbox.faults.clear()
    healed = await twin.pull(*MAIN)
    assert healed.is_complete, lacking(healed)
    assert await twin.letters() == {}
    assert await twin.letters("resolved") == {resource: {str(number)}}
    assert (await twin.documents(resource)).keys() == twin.expected(resource).keys()


async def test_a_dead_letter_is_resolved_by_a_retry(twin: Twin) -> None:
    twin.sandbox.faults.switch_on("poison:count=1")
    await twin.pull("orders")
    letters = await twin.hub.reports.dead_letters()
    failed = await twin.hub.retry_dead_letters("shop", letters)
    assert (failed.resolved, failed.failed) == (0, 1)
    twin.sandbox.faults.clear()
    done = await twin.hub.retry_dead_letters("shop", letters)
    assert (done.resolved, done.failed) == (1, 0)
    assert await twin.letters() == {}
    assert (await twin.documents("orders")).keys() == twin.expected("orders").keys()


async def test_a_record_whose_meta_cannot_be_had_is_kept_and_named(twin: Twin) -> None:
    twin.sandbox.faults.switch_on("inf-meta:count=1")
    [number] = twin.sandbox.faults.ids("inf-meta")
    outcome = await twin.pull(*MAIN)
    assert not outcome.is_complete
    assert lacking(outcome) == {"orders": {str(number): "its meta_data cannot be had"}}
    assert (await twin.snapshots("orders"))[str(number)]["state"] == "partial"
    assert all(
        row["state"] != "partial"
        for name, row in (await twin.snapshots("orders")).items()
        if name != str(number)
    )
    twin.sandbox.faults.clear()
    healed = await twin.pull(*MAIN)
    assert healed.is_complete, lacking(healed)
    assert await twin.documents("orders") == twin.expected("orders")


# -- what is gone -----------------------------------------------------------------------------------


async def test_what_was_deleted_for_good_is_buried_with_its_last_version(twin: Twin) -> None:
    await twin.pull()
    store = twin.sandbox.store
    chosen = {
        "orders": store.ids("orders")[10],
        "products": next(
            n for n in store.ids("products") if store.status_of("products", n) != "trash"
        ),
        "customers": store.ids("customers")[3],
        "coupons": store.ids("coupons")[2],
        "categories": store.ids("categories")[-1],
        "variations": store.ids("variations")[-1],
    }
    last = {name: (await twin.documents(name))[str(number)] for name, number in chosen.items()}
    for resource, number in chosen.items():
        store.delete(resource, number)
    outcome = await twin.pull()
    assert outcome.is_complete, lacking(outcome)
    for resource, number in chosen.items():
        buried = await twin.snapshots(resource, gone=True)
        assert buried.keys() == {str(n) for n in store.changes.deleted[resource]}, resource
        assert finding(outcome, resource)["buried"] == len(buried)
        assert (await twin.earlier_versions(resource))[str(number)][-1] == last[resource]
        assert buried[str(number)]["version"] == 2, resource
        assert (await twin.documents(resource)).keys() == twin.expected(resource).keys()


async def test_a_store_with_far_less_than_before_buries_nothing_by_itself(twin: Twin) -> None:
    await twin.pull(*MAIN)
    store = twin.sandbox.store
    present = len(await twin.snapshots("orders"))
    lost = [n for n in store.ids("orders") if store.status_of("orders", n) == "completed"][:75]
    for number in lost:
        store.delete("orders", number)

    careful = await twin.pull("orders")
    assert not careful.is_complete
    assert finding(careful, "orders")["buried"] == 0
    reasons = lacking(careful)["orders"]
    assert len(reasons) == 1
    [(what, why)] = reasons.items()
    assert what.endswith(f" of {present} records")
    assert "--bury" in why
    assert not await twin.snapshots("orders", gone=True)

    told = await twin.pull("orders", bury_many=True)
    assert told.is_complete, lacking(told)
    assert finding(told, "orders")["buried"] == 75
    assert (await twin.snapshots("orders", gone=True)).keys() == {str(n) for n in lost}


async def test_a_deleted_refund_is_noticed_though_its_order_is_not_modified(twin: Twin) -> None:
    await twin.pull(*MAIN)
    store = twin.sandbox.store
    refund = store.ids("refunds")[0]
    order = int((await twin.snapshots("refunds"))[str(refund)]["parent_id"])
    store.delete("refunds", refund)

    outcome = await twin.pull(*MAIN)
    assert outcome.is_complete, lacking(outcome)
    assert finding(outcome, "refunds")["buried"] == 1
    assert (await twin.snapshots("refunds", gone=True)).keys() == {str(refund)}
    assert await version_of(twin, "orders", order) == 2  # undated, read again for its refund

    exact = await twin.verify("orders", level=Level.BYTES)
    assert exact.is_complete
    assert finding(exact, "orders")["fetched"] == 0
    assert await twin.documents("orders") == twin.expected("orders")


# -- levels -----------------------------------------------------------------------------------------


async def test_each_level_finds_what_it_says(twin: Twin) -> None:
    await twin.pull(*MAIN)
    store = twin.sandbox.store
    edited, created = store.ids("orders")[20], store.create_order()
    store.edit_order(edited, {"customer_note": "changed"})

    ids = finding(await twin.verify("orders", level=Level.IDS), "orders")
    assert (ids["level"], ids["fetched"]) == ("ids", 1)
    assert str(created) in await twin.documents("orders")
    assert await version_of(twin, "orders", edited) == 1

    modified = finding(await twin.verify("orders", level=Level.MODIFIED), "orders")
    assert (modified["level"], modified["fetched"]) == ("modified", 1)
    assert await version_of(twin, "orders", edited) == 2

    exact = finding(await twin.verify("orders", level=Level.BYTES), "orders")
    assert (exact["level"], exact["fetched"]) == ("bytes", 0)
    assert await twin.documents("orders") == twin.expected("orders")


async def test_records_read_whole_anyway_are_compared_by_bytes_at_every_level(twin: Twin) -> None:
    """A renamed category changes products, and no date of theirs."""
    await twin.pull(*MAIN)
    store = twin.sandbox.store
    used = json.loads(twin.expected("products")[str(store.ids("products")[0])])["categories"][0]
    before = store.changes["products"]
    store.edit("categories", used["id"], {"name": "Renamed"})
    changed = {str(n) for n, count in store.changes["products"].items() if count != before.get(n)}

    outcome = await twin.verify(*MAIN, level=Level.IDS)
    line = finding(outcome, "products")
    assert (line["level"], line["fetched"]) == ("bytes", len(changed))
    assert (await twin.earlier_versions("products")).keys() == changed
    for name, document in twin.expected("products").items():
        assert lasting((await twin.documents("products"))[name]) == lasting(document)


async def test_the_second_of_two_edits_in_one_second_is_not_missed(twin: Twin) -> None:
    store = twin.sandbox.store
    moment = int(time.time()) + 5  # the same second, and however slow the machine is, not past
    store.now = lambda: moment
    number = store.ids("orders")[30]
    store.edit_order(number, {"customer_note": "first"})
    await twin.pull(*MAIN)
    store.edit_order(number, {"customer_note": "second"})
    outcome = await twin.pull(*MAIN)
    assert outcome.is_complete
    assert finding(outcome, "orders")["fetched"] == 1
    assert await twin.documents("orders") == twin.expected("orders")
    assert len((await twin.earlier_versions("orders"))[str(number)]) == 1


# -- keeping ----------------------------------------------------------------------------------------


async def test_certificates_are_kept_as_they_were_shown(twin: Twin) -> None:
    pulled = await twin.pull(*MAIN)
    twin.sandbox.faults.switch_on("poison:count=1")
    verified = await twin.verify("orders", level=Level.BYTES)
    rows = await twin.rows(
        "SELECT run_id, level, is_complete, document::text AS document FROM runs.certificates"
        " WHERE connection_id = %(connection_id)s ORDER BY ended_at"
    )
    assert [(r["run_id"], r["level"], r["is_complete"]) for r in rows] == [
        (pulled.run_id, "modified", True),
        (verified.run_id, "bytes", False),
    ]
    assert [json.loads(r["document"]) for r in rows] == [pulled.certificate, verified.certificate]
    runs = {row["run_id"]: row["state"] for row in await twin.hub.reports.runs()}
    assert runs == {pulled.run_id: "done", verified.run_id: "incomplete"}


async def test_a_store_that_does_not_tell_its_counts_is_remarked(
    database_dsn: str, tmp_path: Path, small_store: Sandbox
) -> None:
    small_store.faults.switch_on("no-totals")
    async with open_twin(database_dsn, tmp_path, small_store) as twin:
        outcome = await twin.pull("orders")
        [told] = finding(outcome, "orders")["remarks"]
        assert told.startswith("not held against the store's own count")
        whole = await twin.pull(*MAIN)
        assert set(finding(whole, "orders")["unlisted"]) == unlisted_orders(small_store)


async def test_where_the_twin_has_no_order_ids_before_all_others_are_not_tried(
    database_dsn: str, tmp_path: Path
) -> None:
    with running_store(orders=1, seed=1) as sandbox:
        for number in sandbox.store.ids("orders"):
            if sandbox.store.status_of("orders", number) == "completed":
                sandbox.store.delete("orders", number)
        async with open_twin(database_dsn, tmp_path, sandbox) as twin:
            await twin.pull(*MAIN)
            asked = [
                e.path.rpartition("/")[2] for e in sandbox.requests.log if "/orders/" in e.path
            ]
            numbers = {int(name) for name in asked if name.isdecimal()}
            assert numbers
            assert min(numbers) > min(sandbox.store.ids("products"))
            assert (await twin.documents("orders")).keys() == twin.expected("orders").keys()


async def test_rows_near_which_no_id_is_known_are_lacking(twin: Twin) -> None:
    store, faults = twin.sandbox.store, twin.sandbox.faults
    count = len(store.ids("coupons")) - 1
    faults.switch_on(f"hidden:count={count},resource=coupons")
    for number in set(store.ids("coupons")) - set(faults.ids("hidden")):
        store.delete("coupons", number)
    found = finding(await twin.pull("coupons"), "coupons")
    assert not found["is_complete"]
    assert [entry["record"] for entry in found["lacking"]] == [f"{count} unlisted"]
    assert "no id is known" in found["lacking"][0]["reason"]
    assert not any("answers for" in remark for remark in found["remarks"])
