"""A pull goes on where it stopped, repeats nothing, writes only changes, and is alone at work."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import parse_qs

import pytest

from hubs import RESOURCE_NAMES, Twin, lacking, lasting, open_twin
from storetwin.connections.models import Connection
from storetwin.hub.running import RunInProgressError, Runner
from storetwin.kernel.errors import CredentialError, RetryableError, UnknownNameError
from storetwin.runs.models import Lane, Progress, Stage
from storetwin.runs.repository import RunTakenOverError
from storetwin.sandboxes.woocommerce import Sandbox, running_store

CURSORS = (
    "SELECT resource, is_done, (position->>'offset')::int AS position FROM runs.cursors"
    " WHERE connection_id = %(connection_id)s AND resource NOT LIKE 'gaps%%'"
)
CONTENT = (
    "SELECT resource, remote_id, version, state, changed_at FROM mirror.snapshots"
    " WHERE connection_id = %(connection_id)s ORDER BY resource, remote_id"
)


@pytest.fixture
async def large_twin(database_dsn: str, tmp_path: Path) -> AsyncIterator[Twin]:
    """A store of more than ten pages of orders, connected; nothing pulled yet."""
    with running_store(orders=1_500, seed=2) as sandbox:
        async with open_twin(database_dsn, tmp_path, sandbox) as opened:
            yield opened


def pages_of(store: Sandbox, path: str, *, light: bool = False) -> Counter[int]:
    """Return how often each offset of a list was asked for: whole records, or ids and dates."""
    found: Counter[int] = Counter()
    for exchange in store.requests.log:
        query = parse_qs(exchange.query)
        is_page = "offset" in query and query.get("per_page") != ["1"]
        if exchange.path.endswith(f"/v3/{path}") and is_page and ("_fields" in query) is light:
            found[int(query["offset"][0])] += 1
    return found


async def states_of_runs(twin: Twin) -> list[str]:
    """Return the states of the runs, the latest first."""
    return [row["state"] for row in await twin.hub.reports.runs()]


async def reach(twin: Twin, is_there: Callable[[Progress], bool]) -> asyncio.Task[object]:
    """Start a pull and return it when it has come so far."""
    there = asyncio.Event()

    def watch(progress: Progress) -> None:
        if is_there(progress):
            there.set()

    pull = asyncio.create_task(twin.pull(observe=watch))
    waiting = asyncio.create_task(there.wait())
    await asyncio.wait({pull, waiting}, return_when=asyncio.FIRST_COMPLETED)
    assert not pull.done(), pull
    waiting.cancel()
    return pull


def orders_from(records: int) -> Callable[[Progress], bool]:
    return lambda p: p.resource == "orders" and p.records >= records


# -- going on ---------------------------------------------------------------------------------------


async def test_an_interrupted_pull_goes_on_behind_its_last_committed_page(
    large_twin: Twin,
) -> None:
    store = large_twin.sandbox
    store.faults.switch_on("latency:ms=10")
    pull = await reach(large_twin, orders_from(500))
    pull.cancel()
    with pytest.raises(asyncio.CancelledError):
        await pull
    assert await states_of_runs(large_twin) == ["interrupted"]
    cursors = {row["resource"]: row for row in await large_twin.rows(CURSORS)}
    reached = cursors["orders"]["position"]
    assert 500 <= reached < 1_500
    assert not cursors["orders"]["is_done"]
    assert len(await large_twin.snapshots("orders")) == reached
    done = {name for name, row in cursors.items() if row["is_done"]}
    assert {"products", "customers"} <= done

    store.faults.clear()
    store.requests.clear()
    outcome = await large_twin.pull()
    assert outcome.is_complete, lacking(outcome)
    again = pages_of(store, "orders")
    assert min(again) == reached - 1  # the overlap record, and nothing before it
    assert set(again.values()) == {1}
    # What was done is read once more by the certificate, and not by the pull.
    for path in ("products", "customers"):
        assert set(pages_of(store, path).values()) == {1}, path
    assert await states_of_runs(large_twin) == ["done", "interrupted"]
    assert await large_twin.documents("orders") == large_twin.expected("orders")
    assert await large_twin.earlier_versions("orders") == {}


async def test_a_pull_of_a_store_that_went_down_goes_on_too(large_twin: Twin) -> None:
    store = large_twin.sandbox
    store.faults.switch_on("down:every=1,after=10")
    with pytest.raises(RetryableError) as caught:
        await large_twin.pull("orders")
    assert caught.value.message
    [run] = await large_twin.hub.reports.runs()
    assert run["state"] == "failed"
    assert run["error"] == caught.value.message
    reached = {row["resource"]: row["position"] for row in await large_twin.rows(CURSORS)}
    assert reached["orders"] > 100

    store.faults.clear()
    store.requests.clear()
    assert (await large_twin.pull()).is_complete
    assert min(pages_of(store, "orders")) == reached["orders"] - 1
    assert await large_twin.documents("orders") == large_twin.expected("orders")


async def test_each_page_begins_with_the_last_record_of_the_page_before(large_twin: Twin) -> None:
    await large_twin.pull("orders")
    offsets = pages_of(large_twin.sandbox, "orders")
    assert sorted(offsets) == [0, *range(99, 1_499, 99), 1_499]  # and one that ends the list
    assert set(offsets.values()) == {1}


# -- repeating --------------------------------------------------------------------------------------


async def test_a_second_pull_of_a_complete_twin_changes_nothing(twin: Twin) -> None:
    await twin.pull()
    before = await twin.rows(CONTENT)
    twin.sandbox.requests.clear()
    outcome = await twin.pull()
    assert outcome.is_complete
    assert sum(line["fetched"] for line in outcome.certificate["resources"]) == 0
    assert not pages_of(twin.sandbox, "orders")
    assert pages_of(twin.sandbox, "orders", light=True)
    assert await twin.rows(CONTENT) == before


async def test_a_full_pull_reads_everything_again_and_writes_nothing(twin: Twin) -> None:
    await twin.pull()
    before = await twin.rows(CONTENT)
    twin.sandbox.requests.clear()
    outcome = await twin.pull(full=True)
    assert outcome.is_complete
    assert set(pages_of(twin.sandbox, "orders")) == {0, 99, 198, 249}
    assert set(pages_of(twin.sandbox, "customers").values()) == {2}  # read, and certified
    assert await twin.rows(CONTENT) == before


async def test_a_change_is_fetched_by_the_next_pull(twin: Twin) -> None:
    await twin.pull()
    store = twin.sandbox.store
    store.edit_order(store.ids("orders")[5], {"customer_note": "later"})
    store.edit("products", store.ids("products")[0], {"name": "Later"})
    await twin.pull()
    assert await twin.documents("orders") == twin.expected("orders")
    products, expected = await twin.documents("products"), twin.expected("products")
    assert {k: lasting(v) for k, v in products.items()} == {
        k: lasting(v) for k, v in expected.items()
    }


# -- telling ----------------------------------------------------------------------------------------


async def test_progress_is_kept_for_each_stage_and_resource(twin: Twin) -> None:
    seen: list[tuple[Stage, str, int]] = []
    outcome = await twin.pull(observe=lambda p: seen.append((p.stage, p.resource, p.records)))
    _, rows = await twin.hub.reports.run(str(outcome.run_id)[:18])
    found = {(row["stage"], row["resource"]): row for row in rows}
    assert found.keys() == {(s, name) for s in ("pull", "verify") for name in RESOURCE_NAMES}
    in_store = {line["resource"]: line["in_store"] for line in outcome.certificate["resources"]}
    for (stage, name), row in found.items():
        assert row["state"] == "done", (stage, name)
        assert row["records"] == in_store[name], (stage, name)
        assert row["pages"] >= (in_store[name] > 0), (stage, name)
        assert row["created"] == (in_store[name] if stage == "pull" else 0), (stage, name)
        assert (row["updated"], row["buried"], row["unreadable"]) == (0, 0, 0)
    orders = [records for stage, name, records in seen if (stage, name) == ("pull", "orders")]
    assert orders[0] == 0
    assert orders[-1] == 250
    assert orders == sorted(orders)
    [run] = await twin.hub.reports.runs()
    assert run["records"] == sum(in_store.values())
    assert run["requests"] >= twin.sandbox.requests.total - 1


async def test_a_reading_from_the_beginning_is_counted_from_the_beginning(twin: Twin) -> None:
    await twin.pull("orders")
    seen: list[int] = []

    def watch(progress: Progress) -> None:
        if progress.stage is Stage.PULL:
            seen.append(progress.records)

    await twin.pull("orders", full=True, observe=watch)
    assert seen[0] == 0
    assert 0 < seen[1] < 250
    assert seen[-1] == 250
    assert seen == sorted(seen)


async def test_only_the_chosen_resources_are_read(twin: Twin) -> None:
    outcome = await twin.pull("customers")
    assert [line["resource"] for line in outcome.certificate["resources"]] == ["customers"]
    rows = await twin.rows(CONTENT)
    assert {row["resource"] for row in rows} == {"customers"}
    assert len(rows) == twin.sandbox.store.count("customers")


async def test_a_resource_comes_with_what_contains_it(twin: Twin) -> None:
    outcome = await twin.pull("terms")
    names = [line["resource"] for line in outcome.certificate["resources"]]
    assert names == ["attributes", "terms"]
    assert (await twin.documents("terms")).keys() == twin.expected("terms").keys()


async def test_an_unknown_resource_begins_no_run(twin: Twin) -> None:
    with pytest.raises(UnknownNameError):
        await twin.pull("customer")
    assert await twin.hub.reports.runs() == []
    assert twin.sandbox.requests.total == 0


# -- refusing ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("wrong", ["key", "secret"])
async def test_wrong_keys_end_the_run_at_once(
    database_dsn: str, tmp_path: Path, small_store: Sandbox, wrong: str
) -> None:
    value = f"c{wrong[0]}_{'0' * 40}"
    async with open_twin(database_dsn, tmp_path, small_store, **{wrong: value}) as twin:
        with pytest.raises(CredentialError) as caught:
            await twin.pull()
        assert caught.value.remedy
        assert value not in caught.value.message
        [run] = await twin.hub.reports.runs()
        assert run["state"] == "failed"
        assert value not in run["error"]
        assert await twin.rows(CONTENT) == []
        assert small_store.requests.total <= 8  # three ways to send keys, then a diagnosis


async def test_a_second_pull_of_a_connection_is_refused_while_one_is_at_work(twin: Twin) -> None:
    twin.sandbox.faults.switch_on("latency:ms=20")
    first = await reach(twin, orders_from(1))
    with pytest.raises(RunInProgressError, match="shop"):
        await twin.pull()
    assert await states_of_runs(twin) == ["running"]
    twin.sandbox.faults.clear()
    await first
    assert await states_of_runs(twin) == ["done"]
    assert (await twin.pull("taxes")).is_complete


async def test_a_run_that_was_taken_over_writes_nothing_more(large_twin: Twin) -> None:
    large_twin.sandbox.faults.switch_on("latency:ms=20")
    pull = await reach(large_twin, orders_from(300))
    everything = (CONTENT, CURSORS, "SELECT * FROM runs.progress ORDER BY resource, stage")
    hub, params = large_twin.hub, {"connection_id": large_twin.connection.id}
    async with hub.database.transaction(hub.organisation_id) as tx:
        # The row is locked until the page in work is committed; what is read then is the last.
        await tx.execute("UPDATE runs.runs SET epoch = epoch + 1")
        left = [await tx.fetch_all(query, params) for query in everything]
    with pytest.raises(RunTakenOverError):
        await pull
    assert [await large_twin.rows(query) for query in everything] == left
    assert 300 <= len(await large_twin.snapshots("orders")) < 1_500
    assert await states_of_runs(large_twin) == ["running"]  # it is the other one's to close


async def test_a_run_whose_process_died_is_closed_by_the_next_one(twin: Twin) -> None:
    """A process that is gone holds no lock; its run stays open until somebody comes."""
    await twin.pull("taxes")
    await twin.rows("UPDATE runs.runs SET state = 'running', ended_at = NULL RETURNING run_id")
    await twin.pull("taxes")
    assert await states_of_runs(twin) == ["done", "interrupted"]


async def test_a_run_that_is_stopped_as_it_begins_is_not_left_open(
    twin: Twin, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is written down; while it lets others in again, its process is told to stop."""
    opening = Runner._opening

    @asynccontextmanager
    async def stopped(self: Runner, connection: Connection, lane: Lane) -> AsyncIterator[None]:
        async with opening(self, connection, lane):
            yield
        raise asyncio.CancelledError

    monkeypatch.setattr(Runner, "_opening", stopped)
    with pytest.raises(asyncio.CancelledError):
        await twin.pull("orders")
    assert await states_of_runs(twin) == ["interrupted"]
