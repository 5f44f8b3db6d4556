"""Whatever happens while a store is pulled: afterwards one pull and one proof agree with it.

Hypothesis draws a store, changes in the middle of pulls, faults that come and go, and pulls that
are cancelled; :mod:`chronicles` is the model. What was found once stays here under a name.

Many at once, with other examples each time::

    pytest tests/integration/mirror/test_histories.py --hypothesis-profile=long
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings

from chronicles import Chronicle, assert_agrees, assert_lost_nothing, is_course
from database_clones import clone
from histories import Act, Break, Change, History, Moment, Repair, Stop, Wait, histories
from hubs import NAME, Twin, lacking, open_twin
from storetwin.hub import Outcome
from storetwin.kernel.errors import InvariantError, StoretwinError
from storetwin.mirror.models import Level
from storetwin.resources import ordered
from storetwin.sandboxes.woocommerce import Exchange, Requests, Sandbox, running_store

MOST_RUNS = 4  # while things happen
MOST_SKEW = 600  # seconds; signatures hold for fifteen minutes
FEW = 20  # vanished records that are buried without a person's word
REFUNDED = "1.00"


class Conductor(Requests):
    """Lets a history happen: each moment so many requests after the one before."""

    def __init__(self, sandbox: Sandbox, chronicle: Chronicle, history: History) -> None:
        super().__init__()
        self.sandbox = sandbox
        self.chronicle = chronicle
        self.pace = history.pace
        self.waiting = list(history.moments)
        self.stop: Callable[[], None] = lambda: None
        self.is_troubled = False
        self._since = 0
        self._start = self._now = int(time.time())
        sandbox.store.now = lambda: self._now

    def note(self, exchange: Exchange) -> None:
        """Count a request, and let happen what is due."""
        super().note(exchange)
        self._pass(self.pace)
        self._since += 1
        while self.waiting and self._since > self.waiting[0].after:
            self._since = 0
            self.act(self.waiting.pop(0).act)

    def act(self, act: Act) -> None:
        """Let one thing happen."""
        match act:
            case Change():
                change(self.sandbox.store, act)
            case Break():
                self._break(act.fault)
            case Repair():
                self.sandbox.faults.clear()
            case Stop():
                self.stop()
            case Wait():
                self._pass(act.seconds)

    def _break(self, fault: str) -> None:
        board, chronicle = self.sandbox.faults, self.chronicle
        board.switch_on(fault)
        self.is_troubled = True
        resource = fault.partition("resource=")[2].partition(",")[0]
        if fault.startswith("short-page"):
            chronicle.unloadable[resource] |= board.ids("short-page")
        if fault.startswith("hostile-bytes"):
            chronicle.look(resource, board.ids("hostile-bytes"))

    def _pass(self, seconds: int) -> None:
        self._now = min(self._now + seconds, self._start + MOST_SKEW)


def change(store, wanted: Change) -> None:
    """Change a record; nothing happens where there is none to which it can happen."""
    resource, table = wanted.resource, store.tables[wanted.resource]
    if wanted.verb == "create":
        create(store, resource, wanted.pick)
        return
    with_trash = "trash" in table.statuses
    found = [n for n in table if not with_trash or (table.status_of(n) == "trash") is False]
    if wanted.verb == "restore":
        found = [n for n in table if table.status_of(n) == "trash"]
    if wanted.verb == "refund":
        resource = "orders"
        found = [n for n in store.ids("orders") if store.refundable(n) > float(REFUNDED)]
    if not found or (wanted.verb == "trash" and not with_trash):
        return
    number = found[wanted.pick % len(found)]
    match wanted.verb:
        case "edit":
            text = f"edit {wanted.pick} at {sum(store.changes[resource].values())}"
            store.edit(
                resource, number, dict.fromkeys(("customer_note", "name", "description"), text)
            )
        case "trash":
            store.trash(resource, number)
        case "restore":
            store.restore(resource, number)
        case "delete":
            store.delete(resource, number)
        case "refund":
            store.refund(number, REFUNDED)


def create(store, resource: str, pick: int) -> None:
    """Create a record, below another one where it belongs there."""
    text = f"new-{sum(store.changes[resource].values())}-{pick}"
    fields = {"name": text, "code": text, "email": f"{text}@example.test", "customer_note": text}
    if resource == "refunds":
        change(store, Change("refund", "orders", pick))
    elif resource == "variations":
        owners = sorted(
            {
                store.tables[resource].owner[store.tables[resource].position(n)]
                for n in store.ids(resource)
            }
        )
        if owners:
            store.create(resource, fields, owners[pick % len(owners)])
    elif resource == "terms":
        attributes = store.ids("attributes")
        store.create(resource, fields, attributes[pick % len(attributes)])
    elif resource == "reviews":
        products = store.ids("products")
        if products:
            store.create(resource, fields, products[pick % len(products)])
    elif store.count(resource):
        store.create(resource, fields)


class Play:
    """One history, played to its end."""

    def __init__(self, twin: Twin, history: History) -> None:
        self.twin = twin
        self.resources = history.resources
        self.runs = history.runs
        self.chronicle = Chronicle(twin.sandbox.store)
        twin.sandbox.store.changes = self.chronicle
        self.conductor = Conductor(twin.sandbox, self.chronicle, history)
        twin.sandbox.shop.requests = self.conductor

    async def run(self) -> None:
        """Pull while things happen, then once in peace; compare."""
        for number in range(MOST_RUNS):
            await self._run_in_trouble(self.runs[min(number, len(self.runs) - 1)])
            if not self.conductor.waiting:
                break
        self.conductor.waiting.clear()
        self.twin.sandbox.faults.clear()
        await self._agree_in_peace()

    async def _run_in_trouble(self, what: str) -> None:
        conductor = self.conductor
        conductor.is_troubled = bool(self.twin.sandbox.faults.names)
        before = self.chronicle.present()
        running = asyncio.create_task(self._start(what))
        loop, stopped = asyncio.get_running_loop(), []

        def stop() -> None:
            stopped.append(True)
            loop.call_soon_threadsafe(running.cancel)

        conductor.stop = stop
        try:
            outcome = await running
        except asyncio.CancelledError:
            assert stopped
            return
        except InvariantError:
            raise
        except StoretwinError:
            assert conductor.is_troubled
            return
        finally:
            conductor.stop = lambda: None
        if outcome is not None:
            await assert_lost_nothing(self.twin, self.chronicle, outcome.certificate, before)

    async def _start(self, what: str) -> Outcome | None:
        twin, resources = self.twin, self.resources
        match what:
            case "verify":
                return await twin.verify(*resources)
            case "verify --level bytes":
                return await twin.verify(*resources, level=Level.BYTES)
            case "dead-letters retry":
                letters = await twin.hub.reports.dead_letters(connection=NAME)
                await twin.hub.retry_dead_letters(NAME, letters)
                return None
        return await twin.pull(*resources, full=what == "pull --full")

    async def _agree_in_peace(self) -> None:
        names = [resource.name for resource in ordered(self.resources)]
        bury = any(len(self.chronicle.deleted[name]) > FEW for name in names)
        before = self.chronicle.present()
        pulled = await self.twin.pull(*self.resources, bury_many=bury)
        assert pulled.is_complete, lacking(pulled)
        await assert_lost_nothing(
            self.twin, self.chronicle, pulled.certificate, before, in_peace=True
        )
        proved = await self.twin.verify(*self.resources, level=Level.BYTES)
        assert proved.is_complete, lacking(proved)
        await assert_agrees(self.twin, self.chronicle, names, proved.certificate)
        assert await self.twin.letters() == {}
        await self._assert_closed(names, [pulled, proved])

    async def _assert_closed(self, names: list[str], last: list[Outcome]) -> None:
        rows = await self.twin.rows(_RUNS)
        assert all(row["ended_at"] for row in rows), rows
        assert [row["run_id"] for row in rows[-2:]] == [outcome.run_id for outcome in last]
        assert [row["state"] for row in rows[-2:]] == ["done", "done"]
        cursors = {row["resource"]: row["is_done"] for row in await self.twin.rows(_CURSORS)}
        assert all(cursors[name] for name in names), cursors


_RUNS = "SELECT run_id, state, ended_at FROM runs.runs WHERE connection_id = %(connection_id)s ORDER BY epoch"
_CURSORS = "SELECT resource, is_done FROM runs.cursors WHERE connection_id = %(connection_id)s"


@pytest.fixture(scope="module")
def playground(postgres, template) -> Iterator[Callable[[History], None]]:
    """Plays histories, one after another, on one database."""
    with clone(postgres, template) as dsn, asyncio.Runner() as runner:

        def play(history: History) -> None:
            runner.run(_play(dsn, history))

        yield play


async def _play(dsn: str, history: History) -> None:
    with running_store(orders=history.orders, seed=history.seed) as sandbox:
        async with open_twin(
            dsn, Path("/nonexistent"), sandbox, max_concurrency=history.at_once
        ) as twin:
            try:
                await Play(twin, history).run()
            finally:
                await twin.hub.register.remove(NAME)


IS_LONG = settings.get_current_profile_name() == "long"
AT_LENGTH = settings(
    max_examples=4_000 if IS_LONG else 6,
    derandomize=not IS_LONG,
    database=None,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)

FOUND = {
    "a theme's 404 buried everything while permalinks were plain": History(
        orders=100, moments=(Moment(13, Break("plain-permalinks")),)
    ),
    "a clock that was set back hid every later change": History(
        resources=("products",),
        moments=(
            Moment(0, Break("clock:seconds=800")),
            Moment(2, Repair()),
            Moment(0, Change("edit", "products", 3)),
        ),
    ),
    "a store that stopped while gaps were searched was taken for records it cannot show": History(
        orders=70,
        at_once=4,
        runs=("verify",),
        moments=(
            Moment(56, Break("hidden:count=3,resource=variations")),
            Moment(28, Break("plain-permalinks")),
        ),
    ),
    "records that no list shows were not looked for before the first that one shows": History(
        orders=1
    ),
    "a list that knows pages only was taken for whole on a host that shows three records": History(
        orders=0,
        resources=(),
        at_once=1,
        pace=0,
        moments=(Moment(0, Change("create", "orders", 0)), Moment(0, Break("page-limit:most=3"))),
    ),
    "a host that shows one record at a time showed nothing but the overlap": History(
        orders=12,
        resources=("orders", "products"),
        moments=(Moment(0, Break("page-limit:most=1")),),
    ),
    "a record that answers 404 for a while is buried, and dug out again": History(
        at_once=4,
        moments=(Moment(22, Stop()), Moment(3, Break("short-page:count=1,resource=categories"))),
    ),
}


@pytest.mark.parametrize("history", FOUND.values(), ids=FOUND)
def test_what_was_found_once_does_not_come_back(playground, history: History) -> None:
    playground(history)


@pytest.mark.timeout(0 if IS_LONG else 300)
@given(history=histories())
@AT_LENGTH
def test_one_pull_and_one_proof_agree_with_the_store(playground, history: History) -> None:
    playground(history)


# -- the model itself -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("seen", "had", "holds"),
    [
        ("", "abc", True),
        ("ac", "abc", True),
        ("aba", "aba", True),
        ("aa", "ab", False),
        ("ba", "ab", False),
        ("ax", "ab", False),
    ],
)
def test_versions_are_a_course_of_what_the_store_had(seen: str, had: str, holds: bool) -> None:
    assert is_course([c.encode() for c in seen], [c.encode() for c in had]) is holds
