"""Which webhooks a store should have: every way in which what it has can be wrong."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime, timedelta
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from storetwin.connections.webhooks_plan import (
    MOST_RENEWALS,
    TOPICS,
    Hook,
    Wanted,
    mark_of,
    may_renew,
    plan,
    topics_for,
)

MARK = mark_of(UUID(int=1))
URL = "https://hub.example/hooks/token"
OLD_URL = "https://old.example/hooks/token"
NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
NAMES = (f"{MARK} x", "Zapier", "")
URLS = (URL, f"{URL}/", OLD_URL, "https://zapier.example/hooks/other", "")
STATUSES = ("active", "paused", "disabled")
THREE = ("order.created", "order.updated", "order.deleted")
wanted = Wanted(MARK, URL, THREE)

hooks = st.builds(
    Hook,
    hook_id=st.integers(1, 10_000),
    name=st.sampled_from(NAMES),
    topic=st.sampled_from((*THREE, "coupon.created", "action.x")),
    status=st.sampled_from(STATUSES),
    delivery_url=st.sampled_from(URLS),
)
stores = st.lists(hooks, max_size=12, unique_by=lambda hook: hook.hook_id)


def carried_out(found: list[Hook]) -> list[Hook]:
    """Return what a store has when a plan was carried out."""
    todo = plan(wanted, found)
    gone = {hook.hook_id for hook in todo.delete}
    left = [hook for hook in found if hook.hook_id not in gone]
    made = [
        Hook(20_000 + n, wanted.name_of(topic), topic, "active", wanted.url)
        for n, topic in enumerate(todo.create)
    ]
    return left + made


@given(stores)
def test_afterwards_each_topic_has_exactly_one_that_is_well(found: list[Hook]) -> None:
    after = carried_out(found)
    ours = [hook for hook in after if wanted.is_ours(hook)]
    assert sorted(hook.topic for hook in ours) == sorted(THREE)
    assert {hook.status for hook in ours} == {"active"}
    assert {hook.delivery_url.rstrip("/") for hook in ours} == {URL}


@given(stores)
def test_others_are_never_touched(found: list[Hook]) -> None:
    others = [hook for hook in found if not wanted.is_ours(hook)]
    assert [hook for hook in carried_out(found) if not wanted.is_ours(hook)] == others


@given(stores)
def test_what_was_carried_out_leaves_nothing_to_do(found: list[Hook]) -> None:
    assert plan(wanted, carried_out(found)).is_done


@given(stores)
def test_interrupted_anywhere_it_comes_to_the_same_end(found: list[Hook]) -> None:
    todo = plan(wanted, found)
    for made in range(len(todo.create) + 1):
        topics = list(todo.create)[:made]
        halfway = found + [
            Hook(30_000 + n, wanted.name_of(topic), topic, "active", wanted.url)
            for n, topic in enumerate(topics)
        ]
        assert plan(wanted, carried_out(halfway)).is_done
        assert not set(plan(wanted, halfway).create) & set(topics)


@given(stores, st.randoms(use_true_random=False))
def test_the_order_of_the_list_does_not_matter(found: list[Hook], random) -> None:
    shuffled = list(found)
    random.shuffle(shuffled)
    assert plan(wanted, shuffled) == plan(wanted, found)


def test_every_single_webhook_is_judged() -> None:
    cases = itertools.product(NAMES, (*THREE, "coupon.created"), STATUSES, URLS)
    for name, topic, status, url in cases:
        hook = Hook(1, name, topic, status, url)
        todo = plan(wanted, [hook])
        is_ours = name.startswith(MARK) or url.rstrip("/").endswith("/token")
        is_well = status == "active" and url.rstrip("/") == URL and topic in THREE
        assert (hook in todo.delete) is (is_ours and not is_well)
        assert (topic in todo.kept) is (is_ours and is_well)
        assert set(todo.create) | set(todo.kept) == set(THREE)


def test_of_doubles_the_oldest_stays() -> None:
    doubles = [Hook(n, f"{MARK} x", THREE[0], "active", URL) for n in (7, 5, 9)]
    todo = plan(wanted, doubles)
    assert todo.kept[THREE[0]].hook_id == 5
    assert [hook.hook_id for hook in todo.delete] == [7, 9]


def test_the_reasons_are_those_of_the_newest() -> None:
    found = [
        Hook(1, f"{MARK} x", THREE[0], "paused", URL),
        Hook(2, f"{MARK} x", THREE[0], "disabled", URL),
        Hook(3, f"{MARK} x", THREE[1], "active", OLD_URL),
    ]
    assert plan(wanted, found).create == {
        THREE[0]: "it is disabled",
        THREE[1]: "it delivers to another address",
        THREE[2]: "there is none",
    }


def test_two_connections_never_take_each_others_for_theirs() -> None:
    other = Wanted(mark_of(UUID(int=2)), "https://hub.example/hooks/another", THREE)
    theirs = [Hook(n, other.name_of(t), t, "active", other.url) for n, t in enumerate(THREE, 1)]
    assert plan(wanted, theirs).delete == ()
    assert plan(other, theirs).is_done


def test_topics_follow_what_is_read() -> None:
    assert topics_for({"orders"}) == tuple(t for t in TOPICS if t.startswith("order."))
    assert topics_for(()) == ()
    assert len(TOPICS) == 15
    assert "customer.restored" not in TOPICS


def test_renewals_are_bounded_by_the_day() -> None:
    renewals = [NOW - timedelta(hours=n) for n in (1, 2, 30)]
    assert may_renew(renewals, NOW)
    assert not may_renew([*renewals, NOW], NOW)
    assert may_renew([NOW] * MOST_RENEWALS, NOW + timedelta(days=1))
