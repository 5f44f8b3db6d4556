"""Finding a shop, watching a test, keeping what can be read, and what pages are told besides."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest
import pytest_asyncio
from pydantic import SecretStr

from database_clones import clone
from hubs import NAME, Twin, open_twin
from storetwin.connections.models import Credentials
from storetwin.connections.probe import Check
from storetwin.connections.register import NewConnection
from storetwin.db.embedded import EmbeddedPostgres
from storetwin.hub.connecting import DoesNotWorkError
from storetwin.kernel.errors import ConfigurationError, UnknownNameError
from storetwin.runs.schedules import ScheduleKind
from storetwin.sandboxes.woocommerce import Sandbox, running_store

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest.fixture(scope="module")
def store() -> Iterator[Sandbox]:
    with running_store(orders=2) as sandbox:
        yield sandbox


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def twin(
    postgres: EmbeddedPostgres,
    template: str,
    store: Sandbox,
    tmp_path_factory: pytest.TempPathFactory,
) -> AsyncIterator[Twin]:
    folder: Path = tmp_path_factory.mktemp("hub")
    with clone(postgres, template) as dsn:
        async with open_twin(dsn, folder, store) as opened:
            yield opened


@pytest.fixture(scope="module")
def moved(store: Sandbox) -> Iterator[str]:
    """An address that leads to the store for whatever it is asked."""

    class Leading(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(301)
            self.send_header("Location", store.url + self.path)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Be quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Leading)
    thread = Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()
    thread.join()


async def test_a_shop_is_found_whatever_is_typed(twin: Twin, store: Sandbox, moved: str) -> None:
    store.requests.clear()
    bare = store.url.removeprefix("http://")
    for typed in (bare, f"  {bare}/ ", f"{store.url}/wp-json/wc/v3", moved):
        found = await twin.hub.connecting.find(typed)
        assert (found.url, found.report.is_ok) == (store.url, True), typed
    assert not [one for one in store.requests.log if "authorization" in str(one).lower()]
    assert not [one for one in store.requests.log if "oauth" in str(one).lower()]


async def test_what_is_no_shop_says_what_answers(twin: Twin, store: Sandbox) -> None:
    found = await twin.hub.connecting.find("127.0.0.1:9")
    assert [check.name for check in found.report.checks] == ["reachable"]
    assert found.report.checks[0].remedy
    with pytest.raises(ConfigurationError):
        await twin.hub.connecting.find("ftp://shop.example")
    below = await twin.hub.connecting.find(f"{store.url}/blog")
    assert below.url == store.url  # the site says itself where it is


async def test_each_check_is_told_as_soon_as_it_is_known(twin: Twin) -> None:
    heard: list[Check] = []
    report = await twin.hub.test_connection(NAME, heard.append)
    assert tuple(heard) == report.checks
    assert len(heard) > 8
    assert all(check.ms is not None and check.ms >= 0 for check in heard)
    assert sum(check.ms or 0 for check in heard) > 0
    kept = (await twin.hub.register.get(NAME)).last_probe or ""
    assert '"ms":' in kept


async def test_what_can_be_read_is_kept_where_a_person_says_so(twin: Twin, store: Sandbox) -> None:
    """Another address of the same store, whose clock is off: it can be read, and that is told."""
    other = store.url.replace("127.0.0.1", "localhost")
    keys = Credentials(SecretStr(store.key), SecretStr(store.secret))
    new = NewConnection("other", other, keys)
    store.faults.switch_on("clock:seconds=700")
    try:
        with pytest.raises(DoesNotWorkError) as caught:
            await twin.hub.connecting.add(new)
        assert caught.value.tried is not None
        assert caught.value.tried.can_read
        wrong = replace(new, credentials=Credentials(SecretStr("ck_x"), SecretStr("cs_x")))
        with pytest.raises(DoesNotWorkError):
            await twin.hub.connecting.add(wrong, is_enough_to_read=True)
        tried = await twin.hub.connecting.add(new, is_enough_to_read=True)
    finally:
        store.faults.clear()
    assert tried.report is not None
    assert [check.name for check in tried.report.checks if check.ok is False] == ["clock"]
    assert (await twin.hub.register.get("other")).url == other
    await twin.hub.connecting.remove("other")


async def test_of_a_key_only_its_end_is_told(twin: Twin, store: Sandbox) -> None:
    connection = await twin.hub.register.get(NAME)
    assert twin.hub.connecting.ending(connection) == store.key[-4:]
    short = Credentials(SecretStr("ck_short"), SecretStr("cs_short"))
    draft = twin.hub.register.draft(
        NewConnection("short", "https://short.example", short), twin.hub.clock()
    )
    assert twin.hub.connecting.ending(draft) is None  # it would be half of it


async def test_the_next_times_are_those_that_a_schedule_then_keeps(twin: Twin) -> None:
    schedules = twin.hub.schedules
    foreseen = await schedules.upcoming(NAME, ScheduleKind.SYNC, "6h", "orders")
    assert len(foreseen.moments) == 5
    gaps = {
        later - earlier
        for earlier, later in zip(foreseen.moments, foreseen.moments[1:], strict=False)
    }
    assert {gap.total_seconds() for gap in gaps} == {6 * 3600}
    with pytest.raises(UnknownNameError):
        await schedules.one(NAME, ScheduleKind.SYNC, "orders")  # nothing was written
    await schedules.set(NAME, [ScheduleKind.SYNC], "6h", "orders")
    _, kept = await schedules.one(NAME, ScheduleKind.SYNC, "orders")
    assert kept.next_at == foreseen.moments[0]


async def test_deliveries_are_counted_topic_by_topic(twin: Twin) -> None:
    rows = [
        ("order.updated", "applied", 0, 4),
        ("order.updated", "applied", 2, 8),
        ("order.updated", "waiting", 1, None),
        ("product.created", "ignored", 0, None),
    ]
    async with twin.hub.database.transaction(twin.hub.organisation_id) as tx:
        for number, (topic, state, attempts, took) in enumerate(rows):
            await tx.execute(
                "INSERT INTO mirror.inbox (organisation_id, connection_id, topic, resource,"
                " remote_id, delivery_id, received_at, state, attempts, applied_at, next_attempt_at)"
                " VALUES (%(o)s, %(c)s, %(topic)s, 'orders', %(id)s, %(id)s, %(now)s, %(state)s,"
                " %(attempts)s, %(now)s::timestamptz + %(took)s * interval '1 second', %(now)s)",
                {
                    "o": twin.hub.organisation_id,
                    "c": twin.connection.id,
                    "topic": topic,
                    "id": str(number + 1),
                    "now": twin.hub.clock(),
                    "state": state,
                    "attempts": attempts,
                    "took": took,
                },
            )
    first, second = await twin.hub.deliveries.topics(NAME)
    assert (first["topic"], second["topic"]) == ("order.updated", "product.created")
    assert (first["deliveries"], first["waiting"], first["failures"]) == (3, 1, 3)
    assert first["delay"] == pytest.approx(6.0)
    assert (second["ignored"], second["delay"]) == (1, None)
