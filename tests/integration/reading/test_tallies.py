"""The tallies come to what a full count comes to, whatever was written, by whom, and how it ended."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from database_clones import clone
from storetwin.db.database import Database, Transaction
from storetwin.db.session import connect
from storetwin.mirror.models import State
from storetwin.mirror.repository import Q, Shelf
from storetwin.mirror.writing import bury_records, retire, write_records
from storetwin.resources import named
from storetwin.woocommerce.records import Record, read_record
from tallying import check_tallies

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
ORGANISATION = """
INSERT INTO tenancy.organisations (id, name, created_at) VALUES (%(organisation_id)s, 'one', now())
"""
CONNECTION = """
INSERT INTO connections.connections (id, organisation_id, name, platform, url, auth, sealed_credentials, created_at)
VALUES (%(connection_id)s, %(organisation_id)s, %(connection_id)s::text, 'woocommerce', 'https://' || %(connection_id)s,
        'basic', '', now())
"""
FOLD = "SELECT mirror.fold_tallies(%(organisation_id)s, %(connection_id)s, %(most)s)"


@pytest.fixture(scope="module")
def dsn(postgres: Any, template: str) -> Any:
    with clone(postgres, template) as found:
        yield found


class Killed(BaseException):
    """Ends a transaction as a kill does: before it commits."""


@dataclass(frozen=True, slots=True)
class Store:
    """A connection of an organisation of its own, without anything behind it."""

    database: Database
    shelf: Shelf

    async def do(
        self, deed: Callable[[Transaction], Awaitable[Any]], *, fails: bool = False
    ) -> None:
        with suppress(Killed):
            async with self.database.transaction(self.shelf.organisation_id) as tx:
                await deed(tx)
                if fails:
                    raise Killed

    async def write(self, tx: Transaction, records: list[Record], state: State) -> None:
        now = datetime.now(UTC)  # noqa: TID251
        await write_records(tx, self.shelf, records, served_at=now, now=now, state=state)


@pytest.fixture
async def database(dsn: str) -> AsyncIterator[Database]:
    opened = await Database.open(dsn, pool_size=6)
    yield opened
    await opened.close()


async def new_store(database: Database) -> Store:
    shelf = Shelf(uuid4(), uuid4(), "orders")
    async with database.transaction(shelf.organisation_id) as tx:
        await tx.execute(ORGANISATION, shelf.params())
        await tx.execute(CONNECTION, shelf.params())
    return Store(database, shelf)


def order(number: int, **more: Any) -> Record:
    document = {"id": number, "number": str(number), "currency": "EUR", "refunds": [], **more}
    return read_record(named("orders"), json.dumps(document).encode())


ORDERS = st.builds(
    order,
    st.integers(1, 8),
    status=st.sampled_from(["pending", "processing", "completed", "trash", "shipped", None]),
    total=st.sampled_from(["0.00", "12.00", "-3.10", "999.99", "abc", None]),
    currency=st.sampled_from(["EUR", "JPY", "KWD", None]),
    refunds=st.sampled_from(
        [[], [{"total": "-1.50"}], [{"total": "-1.50"}, {"total": "-2"}], None]
    ),
    date_created_gmt=st.sampled_from(
        ["2026-11-20T23:59:59", "2026-11-21T00:00:00", "2020-02-29T12:00:00", None]
    ),
)
IDS = st.lists(st.integers(1, 8).map(str), min_size=1, max_size=4, unique=True)
STEPS = st.one_of(
    st.tuples(
        st.just("write"),
        st.lists(ORDERS, min_size=1, max_size=6),
        st.sampled_from([State.LISTED, State.UNLISTED]),
    ),
    st.tuples(st.sampled_from(["bury", "retire", "erase"]), IDS, st.none()),
    st.tuples(st.just("fold"), st.integers(1, 12), st.none()),
    st.tuples(st.just("forget"), st.none(), st.none()),
)


def deed_of(store: Store, what: str, given_: Any, more: Any) -> Callable[[Transaction], Any]:
    shelf = store.shelf
    match what:
        case "write":
            return lambda tx: store.write(tx, given_, more)
        case "bury":
            return lambda tx: bury_records(tx, shelf, given_, served_at=NOON, now=NOON)
        case "retire":
            return lambda tx: retire(tx, shelf, given_, now=NOON)
        case "erase":
            return lambda tx: tx.execute(
                "DELETE FROM mirror.snapshots WHERE connection_id = %(connection_id)s AND remote_id = ANY(%(ids)s)",
                shelf.params(ids=given_),
            )
        case "fold":
            return lambda tx: tx.fetch_all(FOLD, shelf.params(most=given_))
        case _:
            return lambda tx: tx.execute(Q.forget, shelf.params())


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(st.tuples(STEPS, st.booleans()), min_size=1, max_size=12))
def test_tallies_are_a_full_count_after_any_history(
    dsn: str, history: list[tuple[tuple[str, Any, Any], bool]]
) -> None:
    async def run() -> None:
        database = await Database.open(dsn, pool_size=2)
        try:
            store = await new_store(database)
            for step, fails in history:
                await store.do(deed_of(store, *step), fails=fails and step[0] != "write")
                await check_tallies(database, store.shelf.organisation_id)
        finally:
            await database.close()

    asyncio.run(run())


async def test_what_was_cut_off_leaves_nothing(database: Database) -> None:
    store = await new_store(database)
    page = [order(number, status="completed", total="1.00") for number in range(1, 101)]
    await store.do(lambda tx: store.write(tx, page, State.LISTED), fails=True)
    assert await check_tallies(database, store.shelf.organisation_id) == 0
    await store.do(lambda tx: store.write(tx, page, State.LISTED))
    assert await check_tallies(database, store.shelf.organisation_id) == 100


async def test_a_pull_and_webhooks_at_once_neither_wait_nor_lose(database: Database) -> None:
    """Three write the same orders, two fold all the time: nobody is refused, nothing is counted twice."""
    store = await new_store(database)
    days = [(NOON - timedelta(days=n)).strftime("%Y-%m-%dT%H:%M:%S") for n in range(300)]

    async def write(seed: int) -> None:
        for turn in range(15):
            page = [
                order(
                    number, total=f"{seed + turn}.00", status=["processing", "shipped"][(turn + number) % 2],
                    date_created_gmt=days[(number * 7 + turn) % 300],
                )
                for number in range(1 + turn, 61 + turn)
            ]  # fmt: skip
            await store.do(lambda tx, page=page: store.write(tx, page, State.LISTED))

    async def fold() -> None:
        while True:
            await store.do(lambda tx: tx.fetch_all(FOLD, store.shelf.params(most=40)))
            await asyncio.sleep(0)

    folding = [asyncio.create_task(fold()) for _ in range(2)]
    await asyncio.wait_for(asyncio.gather(*(write(seed) for seed in (1, 50, 90))), 60)
    for task in folding:
        task.cancel()
    await asyncio.gather(*folding, return_exceptions=True)
    assert await check_tallies(database, store.shelf.organisation_id) == 74


async def test_writers_fold_by_themselves(database: Database) -> None:
    """However much is written, what readers have to add up stays small."""
    store = await new_store(database)
    for turn in range(60):
        page = [
            order(
                turn * 40 + n, status="completed", total="1.00",
                date_created_gmt=(NOON - timedelta(days=turn * 40 + n)).strftime("%Y-%m-%dT%H:%M:%S"),
            )
            for n in range(1, 41)
        ]  # fmt: skip
        await store.do(lambda tx, page=page: store.write(tx, page, State.LISTED))
    assert await check_tallies(database, store.shelf.organisation_id) == 2_400
    [waiting] = await rows(
        database, store.shelf.organisation_id, "SELECT count(*) AS n FROM mirror.tally_changes"
    )
    assert waiting["n"] < 1_100


@pytest.mark.parametrize("trigger", ["tally_new", "tally_changed", "tally_deleted"])
async def test_the_check_notices_what_is_not_counted(database_dsn: str, trigger: str) -> None:
    """Of the test itself: without any one of the triggers it fails."""
    async with await connect(database_dsn) as owner:
        await owner.execute("SET ROLE storetwin_owner")
        await owner.execute(f"ALTER TABLE mirror.snapshots DISABLE TRIGGER {trigger}".encode())
    own = await Database.open(database_dsn, pool_size=2)
    try:
        store = await new_store(own)
        for status in ("pending", "completed"):
            page = [order(n, status=status) for n in (1, 2)]
            await store.do(lambda tx, page=page: store.write(tx, page, State.LISTED))
        await store.do(deed_of(store, "erase", ["2"], None))
        with pytest.raises(AssertionError):
            await check_tallies(own, store.shelf.organisation_id)
    finally:
        await own.close()


async def test_a_removed_connection_takes_its_tallies_along(database: Database) -> None:
    store = await new_store(database)
    page = [order(number, status="completed", total="1.00") for number in range(1, 30)]
    await store.do(lambda tx: store.write(tx, page, State.LISTED))
    await store.do(lambda tx: tx.fetch_all(FOLD, store.shelf.params(most=10)))
    await store.do(lambda tx: store.write(tx, [order(31, status="pending")], State.LISTED))
    await store.do(
        lambda tx: tx.execute(
            "DELETE FROM connections.connections WHERE id = %(connection_id)s", store.shelf.params()
        )
    )
    for table in ("tallies", "daily_tallies", "tally_changes", "snapshots"):
        assert (
            await rows(database, store.shelf.organisation_id, f"SELECT FROM mirror.{table}") == []
        )


async def rows(database: Database, organisation_id: UUID, query: str) -> list[dict[str, Any]]:
    async with database.transaction(organisation_id) as tx:
        return await tx.fetch_all(query)
