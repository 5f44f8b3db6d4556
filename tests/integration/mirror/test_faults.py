"""Nothing is lost, whatever a store does while it is read: 3,000 orders, real sockets, real tables.

Faults that many pages make worse, and the most requests that a whole pull with its certificate may
cost under each; test_matrix.py tries every fault there is, on a small store. Without any it
is about 220 for 4,400 records; every one of them is walked twice, and the ids that no list shows
are asked for one by one.

===================================== ==== =====================================================
fault                                 most what it costs
===================================== ==== =====================================================
none                                   350 two walks, 45 gaps, the counts
poison:every=500                       720 the page in halves, the gap by ``include``, each alone
truncate:once=1                        590 every page again
no-totals                              370 nothing: totals end no list
short-page:count=7                     500 nothing, and the gaps for what the store counts
churn:every=1                          640 steps back, and what changed meanwhile
===================================== ==== =====================================================
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from hubs import IN_TABLES, Twin, finding, lacking, lasting, open_twin
from storetwin.mirror.models import Level
from storetwin.mirror.pull import pull_resource
from storetwin.resources import named
from storetwin.runs.models import RunKind
from storetwin.sandboxes.woocommerce import Sandbox, running_store

ORDERS = 3_000
ROW = re.compile(r"^(?P<fault>none|[\w-]+(?:[:=,\w]*)) +(?P<most>\d+) \w", re.MULTILINE)
MOST = {row["fault"]: int(row["most"]) for row in ROW.finditer(__doc__ or "")}
HARMLESS = [name for name in MOST if name.split(":")[0] not in ("poison", "short-page", "churn")]
CHURN = "churn:every=1,resources=orders+products+customers+refunds+variations+coupons"


@pytest.fixture(scope="module")
def shared_store() -> Iterator[Sandbox]:
    with running_store(orders=ORDERS) as sandbox:
        yield sandbox


@pytest.fixture
def store(shared_store: Sandbox) -> Iterator[Sandbox]:
    """The store of this file, whole again; tests break it, and change no record of it."""
    shared_store.requests.clear()
    yield shared_store
    shared_store.faults.clear()


async def assert_nothing_lost(twin: Twin, but: frozenset[int] = frozenset()) -> None:
    """Every record of every resource is in the twin with the store's bytes; no other is."""
    for resource in IN_TABLES:
        left_out = {str(number) for number in but} if resource == "orders" else set()
        expected = {k: v for k, v in twin.expected(resource).items() if k not in left_out}
        found = await twin.documents(resource)
        assert found.keys() == expected.keys(), resource
        different = [k for k in found if lasting(found[k]) != lasting(expected[k])]
        assert not different, (resource, different[:5])


async def assert_no_version_without_a_change(twin: Twin) -> None:
    for resource in IN_TABLES:
        assert await twin.earlier_versions(resource) == {}, resource
        assert not await twin.snapshots(resource, gone=True), resource


def test_the_table_above_has_a_bound_for_each_fault() -> None:
    assert len(MOST) == 6
    assert len(HARMLESS) == 3


@pytest.mark.parametrize("fault", HARMLESS)
async def test_nothing_is_lost(
    database_dsn: str, tmp_path: Path, store: Sandbox, fault: str
) -> None:
    if fault != "none":
        store.faults.switch_on(fault)
    async with open_twin(database_dsn, tmp_path, store) as twin:
        outcome = await twin.pull()
        assert store.requests.total <= MOST[fault]
        assert outcome.is_complete, lacking(outcome)
        assert fault in ("none", "no-totals") or store.faults.struck(store.faults.names[0]) > 5
        assert await twin.letters() == {}
        await assert_nothing_lost(twin)
        await assert_no_version_without_a_change(twin)


async def test_a_notice_is_told_in_the_certificate(
    database_dsn: str, tmp_path: Path, store: Sandbox
) -> None:
    store.faults.switch_on("notice:every=2")
    async with open_twin(database_dsn, tmp_path, store) as twin:
        outcome = await twin.pull("customers")
        assert finding(outcome, "customers")["remarks"] == ["output before the JSON was cut off"]


async def test_poisoned_records_are_named_and_everything_else_is_kept(
    database_dsn: str, tmp_path: Path, store: Sandbox
) -> None:
    store.faults.switch_on("poison:every=500")
    poisoned = store.faults.ids("poison")
    names = {str(number) for number in poisoned}
    async with open_twin(database_dsn, tmp_path, store) as twin:
        outcome = await twin.pull()
        assert store.requests.total <= MOST["poison:every=500"]
        assert len(names) == 5
        assert not outcome.is_complete
        assert lacking(outcome).keys() == {"orders"}
        assert lacking(outcome)["orders"].keys() == names
        assert all("critical error" in why for why in lacking(outcome)["orders"].values())
        assert finding(outcome, "orders")["in_store"] == ORDERS
        assert finding(outcome, "orders")["in_twin"] == ORDERS - 5
        assert await twin.letters() == {"orders": names}
        await assert_nothing_lost(twin, but=poisoned)

        store.faults.clear()
        healed = await twin.pull()
        assert healed.is_complete, lacking(healed)
        assert await twin.letters() == {}
        assert await twin.letters("resolved") == {"orders": names}
        await assert_nothing_lost(twin)
        await assert_no_version_without_a_change(twin)


async def test_a_page_that_is_short_in_the_middle_ends_nothing(
    database_dsn: str, tmp_path: Path, store: Sandbox
) -> None:
    store.faults.switch_on("short-page:count=7")
    unloadable = store.faults.ids("short-page")
    async with open_twin(database_dsn, tmp_path, store) as twin:
        outcome = await twin.pull()
        assert store.requests.total <= MOST["short-page:count=7"]
        await assert_nothing_lost(twin, but=unloadable)
        (told,) = finding(outcome, "orders")["remarks"]
        assert re.fullmatch(r"the store counts 7 rows that no address up to \d+ answers for", told)

        store.faults.clear()
        assert (await twin.pull()).is_complete
        await assert_nothing_lost(twin)
        await assert_no_version_without_a_change(twin)


async def test_nothing_is_lost_while_records_change_under_the_reader(
    database_dsn: str, tmp_path: Path
) -> None:
    with running_store(orders=ORDERS) as store:
        before = {name: set(store.store.ids(name)) for name in IN_TABLES}
        async with open_twin(database_dsn, tmp_path, store) as twin:
            store.faults.switch_on(CHURN)
            outcome = await twin.pull()
            churn = store.faults.churn
            assert churn is not None
            assert min(churn.done.values()) >= 20, churn.done
            store.faults.clear()
            assert store.requests.total <= MOST["churn:every=1"]
            assert outcome.is_complete, lacking(outcome)
            await _assert_has_what_was_there_throughout(twin, before)
            for resource in IN_TABLES:
                unlisted = set(finding(outcome, resource)["unlisted"])
                expected = _off_the_lists(store) if resource == "orders" else set()
                assert unlisted == expected, resource

            second = await twin.pull()
            assert second.is_complete, lacking(second)
            for resource in IN_TABLES:
                assert (await twin.documents(resource)).keys() == twin.expected(resource).keys()

            # What no date shows (lines of a deleted product, a deleted refund) only bytes show.
            assert (await twin.verify(level=Level.BYTES)).is_complete
            await assert_nothing_lost(twin)
            await _assert_versions_are_real_changes(twin, before)
            await _assert_each_change_is_one_version(twin)


async def test_one_walk_alone_skips_nothing_when_its_list_moves(
    database_dsn: str, tmp_path: Path
) -> None:
    """Each deletion moves the rows behind it up by one; a second walk would hide what one lost."""
    with running_store(orders=ORDERS) as store:
        before = set(store.store.ids("orders"))
        async with open_twin(database_dsn, tmp_path, store) as twin:
            store.faults.switch_on("churn:every=1,kinds=delete")
            async with twin.hub.runner.running("shop", RunKind.PULL, {}, lambda _: None) as context:
                await pull_resource(context, named("orders"), None)
                await twin.hub.runner.close(context)
            assert len(store.changes.deleted["orders"]) >= 30
            throughout = before & set(store.store.ids("orders"))
            listed = {str(number) for number in throughout} - _off_the_lists(store)
            assert listed <= (await twin.documents("orders")).keys()


def _off_the_lists(store: Sandbox) -> set[str]:
    """Orders that no list shows: auto-drafts, and those of a status that is not registered."""
    status, orders = store.store.status_of, store.store.ids("orders")
    return {str(n) for n in orders if status("orders", n) in ("shipped", "auto-draft")}


async def _assert_has_what_was_there_throughout(twin: Twin, before: dict[str, set[int]]) -> None:
    for resource, ids in before.items():
        if resource == "tax_classes":
            continue
        throughout = {str(number) for number in ids & set(twin.sandbox.store.ids(resource))}
        assert throughout <= (await twin.documents(resource)).keys(), resource


async def _assert_versions_are_real_changes(twin: Twin, before: dict[str, set[int]]) -> None:
    """A record has at most one version more than it changed; what was seen and deleted is buried.

    Fewer are right: a change before the first reading, or two between readings, are not seen.
    """
    for resource in set(IN_TABLES) - {"tax_classes"}:
        changed = twin.sandbox.changes[resource]
        deleted = {str(number) for number in twin.sandbox.changes.deleted[resource]}
        earlier = await twin.earlier_versions(resource)
        buried = await twin.snapshots(resource, gone=True)
        assert buried.keys() <= deleted, resource
        for name, row in (buried | await twin.snapshots(resource)).items():
            contents = len(earlier.get(name, ())) + (row["state"] != "gone")
            edits = changed.get(int(name), 0) - (int(name) not in before[resource])
            assert 1 <= contents <= 1 + edits, (resource, name)
            assert row["version"] == len(earlier.get(name, ())) + 1, (resource, name)


async def _assert_each_change_is_one_version(twin: Twin) -> None:
    """With one change between two pulls, the twin has exactly the versions the store counts."""
    store = twin.sandbox.store
    versions = {n: len(v) for n, v in (await twin.earlier_versions("orders")).items()}
    changes = twin.sandbox.changes["orders"]
    alive = [n for n in store.ids("orders") if store.status_of("orders", n) == "completed"]
    for number in alive[::100]:
        store.edit_order(number, {"customer_note": f"note {number}"})
    created, trashed = store.create_order({"customer_note": "new"}), alive[1]
    store.trash("orders", trashed)
    store.delete("orders", alive[2])
    outcome = await twin.pull()
    assert outcome.is_complete, lacking(outcome)

    since = {
        str(n): count - changes.get(n, 0)
        for n, count in twin.sandbox.changes["orders"].items()
        if count != changes.get(n, 0)
    }
    written = {
        name: len(found) - versions.get(name, 0)
        for name, found in (await twin.earlier_versions("orders")).items()
        if len(found) != versions.get(name, 0)
    }
    assert since.pop(str(created)) == 1
    assert written.pop(str(alive[2])) == 1  # the tombstone keeps the last content
    assert written == since
    assert len(since) == len(alive[::100]) + 1
    assert await twin.documents("orders") == twin.expected("orders")
