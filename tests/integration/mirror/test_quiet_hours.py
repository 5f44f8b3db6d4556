"""A store is left alone in its quiet hours: no run begins in them, and one that runs into them stops."""

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta

import pytest

from hubs import NAME, open_twin
from storetwin.connections.options import Options, QuietHours
from storetwin.connections.quiet import QuietHoursError
from storetwin.mirror.models import Level
from storetwin.sandboxes.woocommerce import running_store

NIGHT = Options(quiet_hours=(QuietHours(time(22), time(6)),))
EVENING = datetime(2026, 6, 10, 1, 59, tzinfo=UTC)  # 21:59 at the sandbox's, in New York
QUIET = datetime(2026, 6, 10, 2, 0, tzinfo=UTC)
MORNING = datetime(2026, 6, 10, 10, 0, tzinfo=UTC)


class WallClock:
    """Shows what it is set to."""

    def __init__(self, moment):
        self.moment = moment

    def __call__(self):
        return self.moment


@pytest.fixture(scope="module")
def store():
    with running_store(orders=1_000, seed=11) as sandbox:
        yield sandbox


@pytest.fixture
async def opened(database_dsn, tmp_path, store):
    async with open_twin(database_dsn, tmp_path, store) as twin:
        yield twin


async def at(twin, moment):
    """The same twin at another time of the day."""
    await twin.hub.test_connection(NAME)  # which learns its time zone
    await twin.hub.register.configure(NAME, NIGHT)
    clock = WallClock(moment)
    return replace(twin, hub=replace(twin.hub, clock=clock)), clock


async def last_run(twin):
    return (await twin.hub.reports.runs(limit=1))[0]


async def test_no_run_begins_in_quiet_hours(opened, store):
    twin, _ = await at(opened, QUIET)
    before = store.requests.total
    with pytest.raises(QuietHoursError, match="until 06:00") as caught:
        await twin.pull("orders")
    assert caught.value.until == MORNING
    with pytest.raises(QuietHoursError):
        await twin.verify("orders", level=Level.IDS)
    with pytest.raises(QuietHoursError):
        await twin.hub.retry_dead_letters(NAME, [])
    assert store.requests.total == before
    assert await twin.hub.reports.runs() == []


async def test_a_person_may_go_on_all_the_same(opened, store):
    twin, _ = await at(opened, QUIET)
    outcome = await twin.hub.pull(
        NAME, ["coupons"], full=False, bury_many=False, observe=lambda _: None, now=True
    )
    assert outcome.is_complete


async def test_a_run_that_runs_into_them_stops_between_two_pages_and_goes_on_later(opened, store):
    twin, clock = await at(opened, EVENING)
    store.requests.clear()

    def after_some_pages():
        return QUIET if store.requests.total >= 8 else EVENING

    with pytest.raises(QuietHoursError):
        await replace(twin, hub=replace(twin.hub, clock=after_some_pages)).pull("orders")
    kept = len(await twin.documents("orders"))
    assert 100 <= kept < 1_000
    run = await last_run(twin)
    assert run["state"] == "interrupted"
    assert "quiet hours until 06:00" in run["error"]

    clock.moment = MORNING
    before = store.requests.total
    outcome = await twin.pull("orders")
    assert outcome.is_complete
    assert await twin.documents("orders") == twin.expected("orders")
    again = [
        exchange
        for exchange in store.requests.log
        if exchange.number > before and exchange.path.endswith("/v3/orders")
        if "offset=0" in exchange.query.split("&") and "_fields" not in exchange.query
    ]
    assert not again


async def test_they_end_a_verification_as_well(opened, store):
    twin, clock = await at(opened, EVENING - timedelta(minutes=9))
    await twin.pull("orders")
    clock.moment = EVENING

    def night_falls(progress):
        clock.moment = QUIET

    with pytest.raises(QuietHoursError):
        await twin.hub.verify(NAME, ["orders"], Level.BYTES, bury_many=False, observe=night_falls)
    assert (await last_run(twin))["state"] == "interrupted"
