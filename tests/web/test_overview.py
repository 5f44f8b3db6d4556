"""Overview: what needs somebody, how the stores stand, what went on lately."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from house import House, check_both_themes
from hypothesis import given
from hypothesis import strategies as st
from playwright.sync_api import expect

from storetwin.connections.models import Connection, ConnectionState
from storetwin.connections.webhooks_health import Health
from storetwin.connections.webhooks_health import Standing as Hooks
from storetwin.hub.chronicle import Event
from storetwin.hub.standings import ConnectionStanding, ResourceStanding
from storetwin.hub.trends import sales_of
from storetwin.reading.analytics import Moved
from storetwin.reading.tallies import Tally
from storetwin.runs.standing import Marks, Standing
from storetwin.staging.models import Count, State
from storetwin.tenancy.models import Role
from storetwin.web.connection_view import Seen
from storetwin.web.event_words import line_of, told_of_deed
from storetwin.web.needs import Cause, Facts, Need, Weight, lacking_of, needs
from storetwin.web.overview_charts import chart_of_changes, chart_of_sales
from storetwin.web.overview_setup import setup_steps
from storetwin.web.overview_view import StoreRow, reading_of, worst_first

NOW = datetime(2026, 11, 21, 10, tzinfo=UTC)
RUN = UUID(int=7)


def store(
    name: str = "shop",
    *,
    standing: Standing = Standing.IN_STEP,
    pause: str | None = None,
    last: Mapping[str, Any] | None = None,
    at_work: Sequence[Mapping[str, Any]] = (),
    hooks: Hooks = Hooks.OK,
    records: int = 10,
    certificate: Mapping[str, Any] | None = None,
    failures: int = 0,
    counts: Sequence[Count] = (),
) -> Seen:
    connection = Connection(
        UUID(int=sum(map(ord, name))), UUID(int=1), name, f"https://{name}.example", NOW,
        state=ConnectionState.PAUSED if pause else ConnectionState.ACTIVE, pause_reason=pause,
    )  # fmt: skip
    marks = Marks(synced_at=NOW - timedelta(hours=3)) if records else Marks()
    resource = ResourceStanding("orders", standing, {"listed": records}, marks, None, None, 0)
    whole = ConnectionStanding(
        connection, standing, [resource], dict(certificate) if certificate else None,
        dict(last) if last else None, [dict(run) for run in at_work], failures, None, 0,
    )  # fmt: skip
    return Seen(connection, whole, Health(hooks, "Why."), counts=counts)


FAILED = {
    "run_id": RUN, "kind": "sync", "state": "failed", "ended_at": NOW, "started_at": NOW,
    "error": "The key was revoked",
}  # fmt: skip
DONE = FAILED | {"state": "done", "error": None}
PROOF = {"certificate_id": UUID(int=9), "is_complete": False, "ended_at": NOW}
LETTERS = Cause("It answered …", "It answered 5123", 9, NOW)


def told(*stores: Seen, **facts: Any) -> list[str]:
    return [need.what for need in needs(Facts(stores, **facts))]


# -- what is judged ---------------------------------------------------------------------------------


def test_nothing_needs_anybody_where_all_is_well() -> None:
    assert needs(Facts()) == []
    assert told(store(last=DONE, certificate=PROOF | {"is_complete": True})) == []


def test_each_trouble_is_one_line_with_a_button() -> None:
    cases = {
        "the last sync failed.": told(store(last=FAILED)),
        "failed for the 4th time.": told(store(last=FAILED, failures=4)),
        "shop is behind.": told(store(standing=Standing.BEHIND)),
        "shop is not read any more.": told(store(pause="Another store answers at it.")),
        "shop: webhooks are silent.": told(store(hooks=Hooks.SILENT)),
        "shop was never pulled.": told(store(records=0)),
        "1 record is missing.": told(
            store(certificate=PROOF), lacking={str(store().connection.id): 1}
        ),
        "9 dead letters with one cause:": told(causes=[LETTERS]),
        "12 dead letters, 9 with one cause:": told(
            causes=[replace(LETTERS, cause="b", waiting=3), LETTERS]
        ),
        "No worker is at work anywhere.": told(workers=0, queued=2),
        "2 fields differ from the store's.": told(conflicts=2),
        "4 records need mapping.": told(
            store(counts=[Count(UUID(int=1), "products", State.WAITING, "", 4, 0)])
        ),
    }
    for what, found in cases.items():
        assert len(found) == 1, what
        assert found[0].endswith(what)


def test_what_a_person_wanted_or_what_heals_itself_needs_nobody() -> None:
    assert told(store(pause="Paused by hand.")) == []
    assert told(store(pause="Paused by hand: we move.", standing=Standing.BEHIND)) == []
    assert told(store(records=0, at_work=[DONE | {"state": "running"}])) == []
    assert told(store(last=FAILED, at_work=[DONE | {"state": "running"}])) == []
    assert told(store(hooks=Hooks.POLLING)) == told(store(hooks=Hooks.OFF)) == []
    assert told(workers=0, queued=0) == told(workers=1, queued=5) == []


def test_a_store_that_fails_is_not_told_to_be_behind_as_well() -> None:
    assert len(told(store(last=FAILED, standing=Standing.BEHIND))) == 1


def test_the_worst_comes_first_and_of_the_same_the_oldest() -> None:
    earlier = FAILED | {"ended_at": NOW - timedelta(hours=2)}
    found = needs(
        Facts(
            [
                store("a", records=0),
                store("b", hooks=Hooks.BROKEN),
                store("c", last=FAILED),
                store("d", last=earlier),
                store("e", pause="A copy answers."),
            ],
            causes=[LETTERS],
            workers=0,
            queued=1,
        )
    )
    assert [need.key.partition(":")[0] for need in found] == [
        "workers", "paused", "failing", "failing", "letters", "hooks", "begin",
    ]  # fmt: skip
    assert found[2].what.startswith("d:")


@given(st.permutations([store("a", last=FAILED), store("b", standing=Standing.BEHIND),
                        store("c", records=0), store("d", last=FAILED), store("e")]))  # fmt: skip
def test_the_order_does_not_depend_on_what_it_was_told_in(stores: list[Seen]) -> None:
    found = needs(Facts(stores, causes=[LETTERS]))
    assert [need.key for need in found] == [need.key for need in needs(Facts(sorted(
        stores, key=lambda one: one.connection.name), causes=[LETTERS]))]  # fmt: skip
    assert [need.weight for need in found] == sorted(need.weight for need in found)


def test_every_line_says_what_to_do() -> None:
    found: list[Need] = needs(
        Facts(
            [store("a", last=FAILED), store("b", standing=Standing.BEHIND), store("c", records=0)],
            causes=[replace(LETTERS, cause="x" * 5000)],
            conflicts=1,
        )
    )
    assert {need.weight for need in found} >= {Weight.FAILING, Weight.BEHIND, Weight.BEGIN}
    for need in found:
        assert need.button
        assert need.action.startswith("/")
        assert len(need.action) < 2000
        assert len(need.effect) < 260


def test_what_a_proof_lacks_is_added_up() -> None:
    assert lacking_of({"resources": [{"lacking_count": 2}, {"lacking_count": 1}, {}]}) == 3
    assert lacking_of({}) == 0


def test_the_worst_store_comes_first() -> None:
    rows = [
        StoreRow(store("fine", last=DONE)),
        StoreRow(store("asleep", pause="Paused by hand.")),
        StoreRow(store("late", standing=Standing.BEHIND)),
        StoreRow(store("broken", last=FAILED, failures=5)),
        StoreRow(store("lacking", last=DONE), lacking=3),
    ]
    found = worst_first(rows)
    assert [row.seen.connection.name for row in found] == [
        "broken", "late", "lacking", "fine", "asleep",
    ]  # fmt: skip
    assert found[0].word == "Failing"
    assert StoreRow(store(last=FAILED)).word == "Behind"
    assert "1 of 1 in step" in found[3].strip


def test_only_what_is_being_read_turns() -> None:
    row = {"connection": "shop", "kind": "pull", "state": "running"}
    reading = reading_of(
        [
            row | {"resource": "orders", "progress_state": "running"},
            row | {"resource": "products", "progress_state": "done"},
            row | {"resource": None, "progress_state": None},
            row | {"kind": "receive", "resource": "coupons", "progress_state": "running"},
            row | {"state": "queued", "resource": "refunds", "progress_state": "running"},
        ]
    )
    assert reading == {"shop": frozenset({"orders"})}
    seen = store()
    [orders] = seen.standing.resources
    products = replace(orders, resource="products")
    whole = replace(seen, standing=replace(seen.standing, resources=[orders, products]))
    found = StoreRow(whole, reading=reading["shop"])
    assert {cell.resource: cell.is_running for cell in found.cells} == {
        "orders": True, "products": False,
    }  # fmt: skip
    assert found.strip == "2 of 2 in step, orders is being read"


def test_the_first_steps_tick_themselves_by_facts_alone() -> None:
    first = setup_steps(None, may_connect=True, may_pull=True)
    assert [step.is_done for step in first] == [False] * 6
    assert [step.is_next for step in first] == [True] + [False] * 5
    assert first[0].href == "/configuration/connections/new"
    assert setup_steps(None, may_connect=False, may_pull=False)[0].href is None
    begun = setup_steps(store(records=0), may_connect=True, may_pull=True)
    assert begun[0].is_done
    assert begun[1].is_next
    assert sum(step.is_next for step in begun) == 1


# -- what is drawn ----------------------------------------------------------------------------------


def tally(currency: str, minor: int, status: str = "completed") -> Tally:
    return Tally(UUID(int=1), status, currency, 1, minor, 0)


def test_sales_are_those_of_the_currency_with_most_orders() -> None:
    first = date(2026, 11, 20)
    found = sales_of(
        {
            date(2026, 11, 18): [tally("EUR", 1000)],
            date(2026, 11, 20): [tally("EUR", 2050), tally("USD", 99_999)],
            date(2026, 11, 21): [tally("EUR", 50), tally("EUR", 9_000, "cancelled")],
        },
        first,
        2,
    )
    assert found is not None
    assert (found.currency, found.days, found.before) == (
        "EUR",
        ["20.50", "0.50"],
        ["10.00", "0.00"],
    )
    assert (found.total, found.total_before, found.orders, found.others) == (
        "21.00", "10.00", 2, ["USD"],
    )  # fmt: skip
    chart = chart_of_sales(found)
    assert "21.00 EUR in 2 days from 2 paid orders" in chart.sentence
    assert "USD" in chart.sentence
    assert chart.rows[0] == ("21 Nov 2026", ["0.00", "0.50"])
    assert sales_of({first: [tally("EUR", 1, "failed")]}, first, 2) is None


def test_changes_are_told_in_the_zone_of_the_reader() -> None:
    moved = [Moved(NOW - timedelta(hours=1), told=2, read=5), Moved(NOW)]
    chart = chart_of_changes("hour", moved, ZoneInfo("Europe/Vienna"))
    assert chart.labels == ["10:00", "11:00"]
    assert chart.sentence == "7 changes of records in 2 hours; most at 10:00: 7."
    assert chart.rows[-1] == ("21 Nov 10:00", ["5", "2"])


def test_what_happened_is_a_sentence() -> None:
    run = {
        "run_id": RUN, "kind": "pull", "state": "done", "connection": "shop", "error": None,
        "certificate_id": None, "records": 5, "created": 2, "updated": 0, "buried": 1, "unreadable": 0,
    }  # fmt: skip
    assert line_of(Event(RUN, NOW, run=run)).text == "2 new, 1 gone"
    assert line_of(Event(RUN, NOW, run=run | {"state": "failed", "created": 0, "buried": 0,
                                              "records": 0})).text == "came to nothing"  # fmt: skip
    assert told_of_deed("create_connection", None) == "created connection"
    assert told_of_deed("pause_connection", "name=shop") == "paused connection: shop"
    assert told_of_deed("frobnicate", None) == "frobnicate"
    with pytest.raises(ValueError, match="is nothing"):
        line_of(Event(RUN, NOW))


# -- the page ---------------------------------------------------------------------------------------


def test_it_shows_how_the_store_stands(page, house: House) -> None:
    page.goto("/")
    expect(page.get_by_role("heading", name="Stores", exact=True)).to_be_visible()
    row = page.get_by_role("row").filter(has_text="shop")
    expect(row).to_contain_text("Complete")
    expect(page.locator("#k_proven")).to_contain_text("1 of 1 store")
    expect(page.locator("[data-chart] canvas")).to_have_count(2)
    page.get_by_text("As table").first.click()
    expect(page.get_by_role("table", name=re.compile("Changes per hour"))).to_be_visible()
    page.get_by_role("link", name="7 days").click()
    expect(page.get_by_role("heading", name="Changes per day")).to_be_visible()
    check_both_themes(page)


def test_a_store_is_pulled_from_its_line(page) -> None:
    page.goto("/")
    page.get_by_label("Actions for shop").click()
    page.get_by_role("button", name="Prove completeness").click()
    expect(page).to_have_url(re.compile("/operations/runs/"))
    expect(page.get_by_role("heading", level=1)).to_have_text("Verify · shop")


def test_who_may_only_look_is_offered_nothing_else(visit) -> None:
    page = visit(Role.VIEWER).page
    page.goto("/")
    expect(page.get_by_role("link", name="New run")).to_have_count(0)
    page.get_by_label("Actions for shop").click()
    expect(page.get_by_role("link", name="Connection and its test")).to_be_visible()
    expect(page.get_by_role("button", name="Pull now")).to_have_count(0)


def test_programs_are_led_to_the_status(visit) -> None:
    asked = visit().page.request
    answer = asked.get("/", headers={"Accept": "application/json"}, max_redirects=0)
    assert (answer.status, answer.headers["location"]) == (307, "/api/v1/status")


def test_news_is_announced_and_moves_nothing(visit) -> None:
    one = visit()
    page = one.page
    page.goto("/")
    before = page.locator(".feed li").count()
    page.request.post("/operations/runs", form={"connection": "shop", "how": "changed"},
                      headers={"X-CSRF-Token": _token(page), "Origin": one.house.url})  # fmt: skip
    expect(page.locator("#feed_news")).to_contain_text("new, show", timeout=15_000)
    assert page.locator(".feed li").count() == before


def _token(page) -> str:
    text = page.locator("body").get_attribute("hx-headers")
    found = re.search(r'"X-CSRF-Token": "([^"]+)"', text)
    assert found is not None
    return found[1]
