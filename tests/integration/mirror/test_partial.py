"""Less than a whole pull: single records, a span of dates, and a rehearsal that writes nothing."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import parse_qs
from zoneinfo import ZoneInfo

import pytest

from hubs import IN_TABLES, NAME, Twin, open_twin
from storetwin.hub.partial import PulledRecords, read_address
from storetwin.kernel.clock import utc_now
from storetwin.kernel.errors import ConfigurationError, UnknownNameError
from storetwin.mirror.models import State
from storetwin.mirror.partial import Fate, Span
from storetwin.mirror.rehearsal import Rehearsed
from storetwin.runs.models import Progress
from storetwin.sandboxes.woocommerce import Sandbox, running_store

MINUTE = timedelta(minutes=1)
CREATED = datetime(2026, 3, 8, 6, 30, tzinfo=UTC)


def nobody(_: Progress) -> None:
    """Observe nothing."""


async def contents(twin: Twin) -> dict[str, list[str]]:
    """Return every row that the program can reach, by table."""
    tables = await twin.rows(
        "SELECT format('%%I.%%I', schemaname, tablename) AS name FROM pg_tables"
        " WHERE schemaname NOT IN ('pg_catalog', 'information_schema')"
        " AND has_table_privilege(format('%%I.%%I', schemaname, tablename), 'SELECT')"
    )
    found = {}
    for table in tables:
        rows = await twin.rows(f"SELECT t::text AS row, xmin::text AS at FROM {table['name']} AS t")
        found[table["name"]] = sorted(f"{row['row']} {row['at']}" for row in rows)
    assert {"mirror.snapshots", "runs.runs", "runs.cursors"} <= found.keys()
    return found


@asynccontextmanager
async def own_twin(dsn: str, folder: Path, **options: str) -> AsyncIterator[Twin]:
    with running_store(orders=60, seed=5, **options) as sandbox:  # type: ignore[arg-type]
        async with open_twin(dsn, folder, sandbox) as twin:
            yield twin


@pytest.fixture
def small_store() -> Iterator[Sandbox]:
    with running_store(orders=60, seed=5) as sandbox:
        yield sandbox


# -- single records -------------------------------------------------------------------------------


async def records(twin: Twin, *addresses: str) -> PulledRecords:
    return await twin.hub.partial.records(NAME, addresses, observe=nobody)


async def test_single_records_are_read_kept_and_buried(twin: Twin) -> None:
    await twin.pull("orders", "coupons")
    store = twin.sandbox.store
    same, edited, deleted, trashed = store.ids("orders")[10:14]
    store.edit("orders", edited, {"customer_note": "ring twice"})
    store.delete("orders", deleted)
    store.trash("orders", trashed)
    added = store.create("orders", {"customer_note": "new"})
    coupon = store.ids("coupons")[0]
    before = len(twin.sandbox.requests.log)
    numbers = (same, edited, deleted, trashed, added)
    pulled = await records(
        twin, *(f"orders/{n}" for n in numbers), "orders/99999999", f"coupons/{coupon}"
    )
    assert pulled.is_whole
    assert [(r.remote_id, r.fate, r.version) for r in pulled.records] == [
        (str(same), Fate.SAME, 1),
        (str(edited), Fate.CHANGED, 2),
        (str(deleted), Fate.GONE, 2),
        (str(trashed), Fate.CHANGED, 2),
        (str(added), Fate.NEW, 1),
        ("99999999", Fate.ABSENT, None),
        (str(coupon), Fate.SAME, 1),
    ]
    assert "customer_note" in (pulled.records[1].fields or ())
    assert "status" in (pulled.records[3].fields or ())
    asked = [e.path.rpartition("/v3/")[2] for e in list(twin.sandbox.requests.log)[before:]]
    assert {f"orders/{n}" for n in numbers} <= set(asked)
    states = {n: row["state"] for n, row in (await twin.snapshots("orders")).items()}
    assert all(states[str(n)] == "listed" for n in (same, edited, trashed, added))
    assert str(deleted) in await twin.snapshots("orders", gone=True)
    assert (await twin.hub.reports.runs())[0]["kind"] == "pull"


async def test_a_record_that_comes_back_has_its_history(twin: Twin) -> None:
    # What the store sent in the second in which we buried it may be older than that: by our clock.
    twin = replace(twin, hub=replace(twin.hub, clock=lambda: utc_now() - MINUTE))
    await twin.pull("coupons")
    store = twin.sandbox.store
    coupon = store.ids("coupons")[0]
    backup = twin.sandbox.take_backup()
    store.delete("coupons", coupon)
    assert (await records(twin, f"coupons/{coupon}")).records[0].fate is Fate.GONE
    assert (await records(twin, f"coupons/{coupon}")).records[0].fate is Fate.ABSENT
    twin.sandbox.restore_backup(backup)
    [back] = (await records(twin, f"coupons/{coupon}")).records
    assert (back.fate, back.version, back.fields) == (Fate.BACK, 3, ())


async def test_what_a_list_does_not_show_stays_known_as_such(twin: Twin) -> None:
    await twin.pull("orders")
    hidden = next(
        n for n, row in (await twin.snapshots("orders")).items() if row["state"] == State.UNLISTED
    )
    assert (await records(twin, f"orders/{hidden}")).records[0].fate is Fate.SAME
    assert (await twin.snapshots("orders"))[hidden]["state"] == State.UNLISTED


async def test_one_that_cannot_be_read_is_told_and_set_aside(twin: Twin) -> None:
    await twin.pull("orders")
    twin.sandbox.faults.switch_on("poison:count=1")
    [bad] = twin.sandbox.faults.ids("poison")
    pulled = await records(twin, f"orders/{bad}")
    assert not pulled.is_whole
    assert pulled.records[0].fate is Fate.FAILED
    assert pulled.records[0].reason
    assert await twin.letters() == {"orders": {str(bad)}}
    twin.sandbox.faults.clear()
    healed = await records(twin, f"orders/{bad}")
    assert healed.is_whole
    assert await twin.letters() == {}


async def test_an_address_that_is_none_is_told_before_anything_is_asked(twin: Twin) -> None:
    for text in ("orders", "orders/", "/3", ""):
        with pytest.raises(ConfigurationError, match="is no record"):
            await records(twin, text)
    with pytest.raises(UnknownNameError, match="no resource 'nothing'"):
        await records(twin, "nothing/1")
    assert read_address("settings/general/woocommerce_currency") == (
        "settings",
        "general/woocommerce_currency",
    )
    assert not twin.sandbox.requests.log


# -- a span of dates ------------------------------------------------------------------------------


@pytest.mark.parametrize("zone", ["America/New_York", "Asia/Tokyo", "UTC"])
async def test_a_span_brings_exactly_what_was_created_in_it(
    database_dsn: str, tmp_path: Path, zone: str
) -> None:
    async with own_twin(database_dsn, tmp_path, site_timezone=zone) as twin:
        # From the very second of one order's creation until that of another, on the site's wall.
        place, table = ZoneInfo(zone), twin.sandbox.store.tables["orders"]
        moments = sorted(set(table.created))
        begin, end = (datetime.fromtimestamp(moments[at], place) for at in (20, 40))
        since, until = (moment.replace(tzinfo=None) for moment in (begin, end))
        pulled = await twin.hub.partial.span(
            NAME, ["orders"], since.isoformat(), until.isoformat(), observe=nobody
        )
        got = set(await twin.snapshots("orders"))
        assert (pulled.zone, pulled.span) == (zone, Span(begin, end))
        assert [(line.records, line.created) for line in pulled.resources] == [(len(got),) * 2]
        assert await twin.rows("SELECT 1 AS one FROM runs.cursors WHERE resource = 'orders'") == []
        assert await twin.rows("SELECT 1 AS one FROM runs.certificates") == []
        assert (await twin.pull("orders")).is_complete
        listed = await twin.rows(
            "SELECT remote_id FROM mirror.snapshots WHERE resource = 'orders' AND state = 'listed'"
        )
        created = {row["remote_id"]: table.created[table.position(int(row["remote_id"])) or 0]
                   for row in listed}  # fmt: skip
        assert got == {n for n, at in created.items() if moments[20] <= at < moments[40]}
        assert len(got) > 10


async def test_dates_are_asked_for_in_the_safe_form_only(twin: Twin) -> None:
    await twin.hub.partial.span(
        NAME, ["orders", "reviews"], "2026-03-01T00:00:00.5+01:00", None, observe=nobody
    )
    asked = [
        {name: values[0] for name, values in parse_qs(e.query).items()}
        for e in twin.sandbox.requests.log
        if "after=" in e.query
    ]
    assert asked
    for query in asked:
        gmt = query.get("dates_are_gmt")
        assert query["after"] == "2026-02-28T23:00:00" + ("" if gmt else "Z")
    assert {query.get("dates_are_gmt") for query in asked} == {"true", None}


@pytest.mark.parametrize(
    ("since", "until", "takes_gmt", "expected"),
    [
        (CREATED, None, True, {"after": "2026-03-08T06:29:59", "dates_are_gmt": "true"}),
        (CREATED, None, False, {"after": "2026-03-08T06:29:59Z"}),
        (None, CREATED, False, {"before": "2026-03-08T06:30:00Z"}),
        (CREATED.replace(microsecond=1), CREATED.replace(microsecond=1), False,
         {"after": "2026-03-08T06:30:00Z", "before": "2026-03-08T06:30:01Z"}),
        (datetime(1, 1, 1, tzinfo=UTC), None, False, {"after": "1899-12-31T23:59:59Z"}),
    ],
)  # fmt: skip
def test_how_a_span_is_asked_for(
    since: datetime | None, until: datetime | None, takes_gmt: bool, expected: dict[str, str]
) -> None:
    assert Span(since, until).params(takes_gmt=takes_gmt) == expected


async def test_without_names_all_that_is_listed_by_date_is_read(twin: Twin) -> None:
    pulled = await twin.hub.partial.span(NAME, [], "2020-01-01", "2099-01-01", observe=nobody)
    read = {line.resource for line in pulled.resources}
    assert {"orders", "refunds", "products", "variations", "coupons", "reviews"} <= read
    assert {"customers", "categories", "terms", "taxes"} <= set(pulled.left_out)
    for resource in ("orders", "products", "coupons"):
        assert len(await twin.snapshots(resource)) > 5


@pytest.mark.parametrize(
    ("resources", "since", "until", "said"),
    [
        (["orders"], "soon", None, "'soon' is no time"),
        (["orders"], "2026-03-02", "2026-03-01", "ends .* before it begins"),
        (["orders"], "2026-03-02", "2026-03-02", "ends .* before it begins"),
        (["customers"], "2026-03-02", None, "does not list customers by the date"),
    ],
)
async def test_a_span_that_cannot_be_read_is_told(
    twin: Twin, resources: list[str], since: str, until: str | None, said: str
) -> None:
    with pytest.raises(ConfigurationError, match=said):
        await twin.hub.partial.span(NAME, resources, since, until, observe=nobody)


# -- a rehearsal ----------------------------------------------------------------------------------


async def rehearse(twin: Twin, *resources: str) -> dict[str, Rehearsed]:
    found = await twin.hub.partial.rehearse(NAME, resources, observe=nobody)
    return {line.resource: line for line in found}


async def test_a_rehearsal_says_what_a_pull_does_and_writes_nothing(twin: Twin) -> None:
    await twin.pull()
    store = twin.sandbox.store
    orders, products, customers = (store.ids(r) for r in ("orders", "products", "customers"))
    for number in orders[20:25]:
        store.edit("orders", number, {"customer_note": "changed"})
    store.create("orders")
    store.delete("orders", orders[30])
    store.edit("products", products[3], {"name": "changed"})
    store.edit("customers", customers[3], {"first_name": "changed"})
    store.delete("customers", customers[5])
    before = await contents(twin)
    found = await rehearse(twin)
    assert await contents(twin) == before
    assert [name for name in before if before[name]]
    told = {
        name: (line.new, line.changed, line.vanished)
        for name, line in found.items()
        if line.new or line.changed or line.vanished
    }
    versions = {name: (await twin.snapshots(name)) for name in IN_TABLES}
    await twin.pull()
    after = {name: (await twin.snapshots(name)) for name in IN_TABLES}
    did = {}
    for name in IN_TABLES:
        new = len(after[name].keys() - versions[name].keys())
        gone = len(versions[name].keys() - after[name].keys())
        both = {
            n
            for n in after[name].keys() & versions[name].keys()
            if after[name][n]["state"] == "listed"
        }
        changed = sum(after[name][n]["version"] != versions[name][n]["version"] for n in both)
        if new or changed or gone:
            did[name] = (new, changed, gone)
    assert {name: counts for name, counts in told.items() if name in IN_TABLES} == did
    new, changed, vanished = told["orders"]
    assert (new, changed >= 5, vanished) == (1, True, 1)  # the customer's own change as well


async def test_a_rehearsal_before_the_first_pull(twin: Twin) -> None:
    before = await contents(twin)
    found = await rehearse(twin)
    assert await contents(twin) == before
    for name in ("orders", "products", "customers", "coupons"):
        line = found[name]
        assert (line.new, line.changed, line.vanished, line.in_twin) == (line.in_store, 0, 0, 0)
    attributes = found["attributes"].new
    assert found["terms"].remarks == (f"what {attributes} new attributes contain is not counted",)


async def test_a_rehearsal_is_held_to_it_by_the_database(twin: Twin) -> None:
    partial = twin.hub.partial
    async with partial._looking(twin.connection, nobody, now=False) as context:
        with pytest.raises(Exception, match="read-only"):
            async with context.transaction() as tx:
                await tx.execute("DELETE FROM runs.cursors")


async def test_what_the_store_cannot_show_is_counted(twin: Twin) -> None:
    twin.sandbox.faults.switch_on("poison:count=2")
    await twin.pull("orders")
    before = await contents(twin)
    found = await rehearse(twin, "orders")
    assert (found["orders"].unreadable, found["orders"].vanished) == (2, 0)
    assert await contents(twin) == before
