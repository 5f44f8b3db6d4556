"""What the pages of the configuration compute: a test's lines, sentences, names, devices."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storetwin.connections.models import check_name, spellings
from storetwin.connections.probe import Check
from storetwin.connections.webhooks import ReceivingEnd
from storetwin.connections.webhooks_health import Traffic, Upkeep, health
from storetwin.hub.webhooks import Overview
from storetwin.runs.schedules import LONGEST, SHORTEST, Interval, parse_spec
from storetwin.staging.models import Count, State
from storetwin.web.connection_checks import GROUPS, KINDS, seen_test
from storetwin.web.connection_view import Review, first_to_review
from storetwin.web.pages.connection_new import suggested_name
from storetwin.web.pages.users import device
from storetwin.web.pages.webhooks import topic_rows
from storetwin.web.schedule_words import sentence
from storetwin.web.words import WORDS

URL = "https://shop.example"
NOW = datetime(2026, 11, 21, tzinfo=UTC)


def test_a_check_that_could_not_be_made_names_the_one_that_barred_the_way() -> None:
    found = [Check("reachable", ok=True, finding=""), Check("woocommerce", ok=False, finding="No.")]
    lines = {line.name: line for line in seen_test(URL, found, NOW).lines}
    assert lines["currency"].word == "Skipped"
    assert lines["currency"].value == "needs: WooCommerce answers"
    assert lines["tls"].value == "needs: Address answers"
    assert "header" not in lines  # told only where it matters


def test_over_http_there_is_no_certificate_to_look_at() -> None:
    lines = {line.name: line for line in seen_test("http://shop.example", [], NOW).lines}
    assert lines["tls"].value == "not used: the address is http"


def test_what_needs_a_person_comes_first_and_is_not_told_twice() -> None:
    found = [
        Check("reachable", ok=True, finding="It answers.", ms=12.0),
        Check("write", ok=None, finding="Only reads.", remedy="Change it."),
        Check("clock", ok=False, finding="Off.", remedy="Set it."),
    ]
    test = seen_test(URL, found, NOW)
    assert [line.name for line in test.needs_you] == ["clock", "write"]
    rest = [line.name for _, lines in test.groups for line in lines]
    assert not {"clock", "write"} & set(rest)
    assert (test.count("Passed"), test.count("Failed"), test.seconds) == (1, 1, 0.012)
    write = test.needs_you[1]
    assert write.href is not None
    assert write.href.startswith(URL + "/wp-admin/")
    assert write.effect


def test_while_it_is_at_work_every_check_stands_in_its_place() -> None:
    begun = seen_test(URL, [], is_live=True)
    assert [line.word for line in begun.lines].count("Running") == 1
    before = [line.name for line in begun.lines]
    later = seen_test(URL, [Check("reachable", ok=False, finding="No.")], is_live=True)
    assert [line.name for line in later.lines] == before
    assert later.needs_you == []  # nothing moves until it is done


@given(st.lists(st.sampled_from([*KINDS, "something_new"]), unique=True), st.data())
def test_whatever_a_test_finds_each_line_is_shown_once(
    names: list[str], data: st.DataObject
) -> None:
    oks = st.sampled_from([True, False, None])
    checks = [Check(name, ok=data.draw(oks), finding="x") for name in names]
    test = seen_test(URL, checks, NOW)
    shown = [line.name for line in test.needs_you]
    shown += [line.name for _, lines in test.groups for line in lines]
    assert sorted(shown) == sorted(line.name for line in test.lines)
    assert set(names) <= set(shown)
    assert {line.word for line in test.lines} <= set(WORDS)


def test_what_a_check_needs_is_a_check() -> None:
    for kind in KINDS.values():
        assert kind.needs is None or kind.needs in KINDS
        assert kind.group in GROUPS


@pytest.mark.parametrize(
    ("spec", "text"),
    [
        ("30m", "every 30 min"),
        ("1d", "every day"),
        ("1h", "every hour"),
        ("1h30m", "every 1 h 30 min"),
        ("0 6 * * *", "every day at 06:00"),
        ("5 14 * * 1", "on Mondays at 14:05"),
        ("0 3 * * 7", "on Sundays at 03:00"),
        ("*/5 * * * *", "by cron */5 * * * *"),
    ],
)
def test_a_schedule_is_a_sentence(spec: str, text: str) -> None:
    assert sentence(parse_spec(spec)) == text


@given(st.timedeltas(SHORTEST, LONGEST).map(lambda t: timedelta(seconds=int(t.total_seconds()))))
def test_every_interval_has_its_own_sentence(length: timedelta) -> None:
    text = sentence(Interval(length))
    assert text.startswith("every ")
    other = length + timedelta(seconds=1)
    assert text != sentence(Interval(other))


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("https://shop.teatimber.example", "teatimber"),
        ("https://www.alpenkraft.at", "alpenkraft"),
        ("http://127.0.0.1:8080", "store"),
        ("http://[::1]", "store"),
        ("https://new.example", "new-2"),  # reserved: the page of a new one
    ],
)
def test_a_name_is_suggested_that_can_be_used(url: str, name: str) -> None:
    assert suggested_name(url, []) == name
    assert check_name(name) == name


def test_a_suggested_name_is_free() -> None:
    assert suggested_name("https://tea.example", ["tea", "tea-2"]) == "tea-3"


def test_an_address_without_a_scheme_is_looked_for_by_https_first() -> None:
    assert spellings(" shop.example ") == ("https://shop.example", "http://shop.example")
    assert spellings("http://shop.example") == ("http://shop.example",)


@pytest.mark.parametrize(
    ("agent", "text"),
    [
        (None, "it did not say"),
        ("Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/140 Safari/537.36", "Chrome on Linux"),
        ("Mozilla/5.0 (Windows NT 10.0) AppleWebKit Chrome/140 Safari/537.36 Edg/140", "Edge on Windows"),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Safari/604.1", "Safari on iPhone"),
        ("curl/8.5", "curl"),
        ("<script>", "<script>"),
    ],
)  # fmt: skip
def test_a_device_is_named(agent: str | None, text: str) -> None:
    assert device(agent) == text


@pytest.mark.parametrize("is_wanted", [True, False])
def test_a_topic_has_a_row_whether_it_is_well_lacking_or_only_heard(*, is_wanted: bool) -> None:
    upkeep = Upkeep(("order.updated",), {"order.created": "it is disabled"})
    traffic = Traffic(NOW)
    end = ReceivingEnd(uuid4(), uuid4(), "t", "s", is_wanted, (), frozenset(), NOW, traffic, upkeep)
    state = health(upkeep, traffic, has_public_url=True, is_wanted=is_wanted, now=NOW)
    overview = Overview(state, end, None, 0, 0, 0, None, None)
    rows = topic_rows(overview, [{"topic": "storetwin.test"}, {"topic": "order.updated"}])
    found = {row.topic: (row.word, row.what) for row in rows}
    assert found["storetwin.test"] == ("Off", None)
    if is_wanted:
        assert found["order.updated"] == ("Active", None)
        assert found["order.created"] == ("Failing", "it is disabled")
    else:  # what the store had of ours then counts no more
        assert found["order.updated"] == ("Off", None)
        assert "order.created" not in found


@pytest.mark.parametrize(
    ("new", "first"),
    [
        ({"orders": 90, "products": 2}, Review("products", 2)),
        ({"orders": 90, "tags": 3}, Review("orders", 90)),
        ({}, Review("products", 0)),
    ],
)
def test_the_number_on_the_button_is_that_of_the_page_it_leads_to(
    new: dict[str, int], first: Review
) -> None:
    counts = [Count(uuid4(), name, State.NEW, "publish", n, 0) for name, n in new.items()]
    counts += [Count(uuid4(), "products", State.IN_SYNC, "", 7, 0)]
    assert first_to_review(counts) == first
