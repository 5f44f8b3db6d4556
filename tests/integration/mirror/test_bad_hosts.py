"""What stands between us and a store: caches, firewalls, gateways, limits, lines that break.

The fault matrix holds that nothing is lost under each fault. Here is what it does not show: that a
run that cannot go on ends soon, keeps its place and buries nothing, that keys go to nobody else,
and that no answer fills the memory.
"""

from __future__ import annotations

import socketserver
import threading
import time
import tracemalloc
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from hubs import IN_TABLES, MAIN, Twin, lasting, open_twin
from storetwin.http.errors import AnswerCutError, RedirectedError
from storetwin.kernel.errors import StoretwinError
from storetwin.runs.models import RunState
from storetwin.sandboxes.woocommerce import Sandbox, running_store
from storetwin.woocommerce.errors import (
    CachedAnswersError,
    ForbiddenError,
    KeyRejectedError,
    MaintenanceError,
    StoreDownError,
)

ORDERS = 300
MIDDLE = 24  # requests after which a host turns bad: in the second walk, of 75 in all
LIMIT = 1.0


@pytest.fixture(scope="module")
def shared_store() -> Iterator[Sandbox]:
    with running_store(orders=ORDERS) as sandbox:
        yield sandbox


@pytest.fixture
def store(shared_store: Sandbox) -> Iterator[Sandbox]:
    shared_store.requests.clear()
    yield shared_store
    shared_store.faults.clear()


async def assert_everything_is_there(twin: Twin, resources: Iterable[str] = IN_TABLES) -> None:
    for resource in resources:
        found, expected = await twin.documents(resource), twin.expected(resource)
        assert found.keys() == expected.keys(), resource
        assert all(lasting(found[k]) == lasting(expected[k]) for k in found), resource


@pytest.mark.parametrize(
    ("fault", "error", "most"),
    [
        ("waf:status=403", ForbiddenError, 3),
        ("unauthorised:every=1", KeyRejectedError, 3),
        ("redirect", RedirectedError, 3),
        ("rate-limit:every=1,wait=400", StoreDownError, 1),
        ("maintenance:wait=3600", MaintenanceError, 1),
        ("down", MaintenanceError, 6),
        ("bad-gateway:every=1", StoreDownError, 8),
        ("hang:every=1", StoreDownError, 6),
        ("drip:every=1,bytes=1,ms=1000", StoreDownError, 6),
        ("reset:every=1", StoreDownError, 11),
        ("empty:every=1", StoreDownError, 8),
        ("endless:every=1", StoreDownError, 6),
    ],
)
async def test_a_run_that_cannot_go_on_ends_soon_and_the_next_one_goes_on_from_there(
    database_dsn: str, tmp_path: Path, store: Sandbox, fault: str, error: type, most: int
) -> None:
    """Pages in flight at the end come on top: four at most."""
    store.faults.switch_on(f"{fault}{',' if ':' in fault else ':'}after={MIDDLE}")
    how = {"request_timeout": LIMIT, "max_answer_bytes": 1_000_000}
    async with open_twin(database_dsn, tmp_path, store, **how) as twin:
        began = time.monotonic()
        with pytest.raises(error) as caught:
            await twin.pull(*MAIN)
        assert time.monotonic() - began < 30
        assert isinstance(caught.value, StoretwinError)
        assert caught.value.remedy
        assert store.requests.total <= MIDDLE + most + 4
        held = sum([len(await twin.documents(resource)) for resource in MAIN])
        assert held >= ORDERS
        for resource in MAIN:
            assert not await twin.snapshots(resource, gone=True), resource
        assert await twin.letters() == {}

        store.faults.clear()
        store.requests.clear()
        assert (await twin.pull(*MAIN)).is_complete
        asked = [
            e for e in store.requests.log if e.path.endswith("/orders") and "offset" in e.query
        ]
        whole = [e for e in asked if "_fields" not in e.query]
        assert sum(e.records for e in whole) < ORDERS, "the orders were read before"
        await assert_everything_is_there(twin, MAIN)


@pytest.mark.parametrize("after", [0, 15, 60, 90, 170, 200, 215])
async def test_wherever_a_store_goes_away_the_run_ends_and_no_record_is_blamed(
    database_dsn: str, tmp_path: Path, store: Sandbox, after: int
) -> None:
    """In lists, in lists that come whole, in single records, among gaps (eight at a time)."""
    store.faults.switch_on(f"reset:every=1,after={after}")
    async with open_twin(database_dsn, tmp_path, store) as twin:
        with pytest.raises((StoreDownError, AnswerCutError)):
            await twin.pull()
        assert store.requests.total <= after + 20
        assert await twin.letters() == {}


async def test_a_pause_that_is_too_long_is_told_with_its_end(
    database_dsn: str, tmp_path: Path, store: Sandbox
) -> None:
    store.faults.switch_on("rate-limit:every=1,wait=400")
    until = r"for 400 s, until 20\d\d-\d\d-\d\d \d\d:\d\d UTC"
    async with open_twin(database_dsn, tmp_path, store) as twin:
        with pytest.raises(StoreDownError, match=until):
            await twin.pull()
        assert store.requests.total <= 2, "the second one asks what is wrong there"


async def test_a_pause_that_is_not_too_long_is_kept_to_the_second(
    database_dsn: str, tmp_path: Path, store: Sandbox
) -> None:
    store.faults.switch_on("rate-limit:every=1,times=1,wait=2")
    async with open_twin(database_dsn, tmp_path, store, longest_pause=2.0) as twin:
        assert (await twin.pull("coupons")).is_complete
        first, second, *_ = store.requests.log
        assert first.status == 429
        assert second.at - first.at >= 2.0


# -- keys ---------------------------------------------------------------------------------------


@contextmanager
def elsewhere() -> Iterator[tuple[str, list[bytes]]]:
    """Listen at another address; yield it and all that is said there."""
    heard: list[bytes] = []

    class Listening(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            heard.append(self.request.recv(65_536))

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Listening) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}", heard
        server.shutdown()
        thread.join()


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_nothing_follows_a_redirect_and_no_key_leaves(
    database_dsn: str, tmp_path: Path, store: Sandbox, status: int
) -> None:
    with elsewhere() as (place, heard):
        store.faults.switch_on(f"redirect:to={place},status={status},every=5")
        async with open_twin(database_dsn, tmp_path, store) as twin:
            assert (await twin.pull("coupons", "taxes")).is_complete
            assert store.faults.struck("redirect") >= 3
            store.faults.switch_on(f"redirect:to={place},status={status}")
            with pytest.raises(RedirectedError) as caught:
                await twin.pull("coupons")
    assert caught.value.target == place
    assert store.secret not in f"{caught.value} {caught.value.remedy}"
    assert heard == []


# -- caches -------------------------------------------------------------------------------------


async def test_a_cache_that_goes_by_the_address_never_answers(
    database_dsn: str, tmp_path: Path
) -> None:
    with running_store(orders=50) as store:
        store.faults.switch_on("cache")
        async with open_twin(database_dsn, tmp_path, store) as twin:
            assert (await twin.pull(*MAIN)).is_complete
            number = store.store.create_order({"customer_note": "after the cache was filled"})
            store.store.edit_order(number - 1, {"customer_note": "changed behind the cache"})
            assert (await twin.pull(*MAIN)).is_complete
            assert store.faults.struck("cache") == 0
            assert await twin.documents("orders") == twin.expected("orders")


async def test_a_cache_that_passes_over_what_changes_is_believed_nothing(
    database_dsn: str, tmp_path: Path
) -> None:
    with running_store(orders=50) as store:
        async with open_twin(database_dsn, tmp_path, store) as twin:
            assert (await twin.pull(*MAIN)).is_complete
            held = await twin.documents("orders")
            store.faults.switch_on("cache:keyed=known")
            with pytest.raises(CachedAnswersError, match=r"Age: \d|x-cache: HIT"):
                await twin.pull(*MAIN)
            [failed, *_] = await twin.hub.reports.runs()
            assert failed["state"] == RunState.FAILED
            assert await twin.documents("orders") == held
            store.faults.clear()
            assert (await twin.pull(*MAIN)).is_complete


# -- limits -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fault", "most"),
    [
        ("page-limit:most=50", 260),
        ("page-limit:most=20", 310),
        ("page-limit:most=50,how=refuse", 260),
        ("page-limit:most=20,how=refuse", 360),
    ],
)
async def test_smaller_pages_cost_smaller_pages_only(
    database_dsn: str, tmp_path: Path, store: Sandbox, fault: str, most: int
) -> None:
    """A pull without any limit takes about 230 requests."""
    store.faults.switch_on(fault)
    async with open_twin(database_dsn, tmp_path, store) as twin:
        assert (await twin.pull()).is_complete
        assert store.requests.total <= most
        assert store.requests.by_status[400] <= 3, "what one list has learnt holds for all"
        await assert_everything_is_there(twin)


@pytest.mark.parametrize("fault", ["endless:every=9", "huge:every=9", "poison:count=2,how=huge"])
async def test_no_answer_fills_the_memory(
    database_dsn: str, tmp_path: Path, store: Sandbox, fault: str
) -> None:
    store.faults.switch_on(fault)
    async with open_twin(database_dsn, tmp_path, store, max_answer_bytes=20_000_000) as twin:
        tracemalloc.start()
        try:
            await twin.pull("orders")
            most = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
        assert store.faults.struck(fault.partition(":")[0]) >= 5
        assert most < 35_000_000, f"{most:,} bytes"
        bad = {str(number) for number in store.faults.ids("poison")}
        assert (await twin.documents("orders")).keys() == twin.expected("orders").keys() - bad
