"""How a store counts, signs and names its deliveries; what waits, and what happens on the way."""

import base64
import hmac

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storetwin.sandboxes.woocommerce.model.hooks import Hook
from storetwin.sandboxes.woocommerce.webhooks import TROUBLES, Troubles, rules
from storetwin.sandboxes.woocommerce.webhooks.waiting import Queue


@pytest.mark.parametrize("status", range(700))
def test_a_delivery_is_taken_by_200_to_302(status):
    assert rules.is_success(status) == (200 <= status <= 302)


def test_the_seventh_failure_in_a_row_disables():
    hook, disabled = Hook("s"), []
    for _ in range(8):
        hook, disables = rules.counted(hook, 500)
        disabled.append(disables)
    assert disabled == [False] * 6 + [True, True]  # made active again, it goes with the next one
    assert hook.failures == 6


def test_a_success_forgets_the_failures():
    hook = Hook("s", failures=6)
    hook, disables = rules.counted(hook, 301)
    assert (hook.failures, disables) == (0, False)
    hook, disables = rules.counted(hook, 0)
    assert (hook.failures, disables) == (1, False)


@given(st.binary(max_size=200), st.text(st.characters(exclude_characters="&"), max_size=40))
def test_the_signature_is_base64_of_the_hmac_of_the_raw_body(body, secret):
    try:
        key = secret.encode()
    except UnicodeEncodeError:
        return
    assert base64.b64decode(rules.signature(body, secret)) == hmac.digest(key, body, "sha256")


def test_entities_in_a_secret_are_undone():
    assert rules.signature(b"x", "a&amp;b&lt;&#039;") == rules.signature(b"x", "a&b<'")


def test_all_deliveries_of_a_webhook_and_second_bear_one_name():
    names = {rules.delivery_id(hook, second, "x") for hook in (1, 2) for second in (10, 11, 10)}
    assert len(names) == 4
    assert all(len(name) == 32 and int(name, 16) for name in names)


# -- the queue --------------------------------------------------------------------------------------


def drained(queue: Queue, now: float) -> list[tuple[int, int, int]]:
    found = []
    while (item := queue.take(now)) is not None:
        found.append((item.hook, item.number, item.events))
    return found


def test_events_are_merged_while_a_delivery_waits_and_not_longer():
    queue = Queue(10.0)
    for at in range(3):
        queue.add(1, 7, float(at))
    queue.add(2, 7, 0.5)
    assert queue.next_due() == 10.0
    assert drained(queue, 9.9) == []
    assert drained(queue, 11.0) == [(1, 7, 3), (2, 7, 1)]
    queue.add(1, 7, 11.0)
    assert drained(queue, 21.0) == [(1, 7, 1)]


def test_another_delay_holds_for_what_waits_too():
    queue = Queue(25.0)
    queue.add(1, 7, 100.0)
    queue.set_delay(0.5)
    assert queue.next_due() == 100.5
    assert drained(queue, 100.5) == [(1, 7, 1)]


def test_what_is_put_back_takes_up_what_came_meanwhile():
    queue = Queue(0.0)
    queue.add(1, 7, 0.0)
    item = queue.take(0.0)
    queue.add(1, 7, 1.0)
    queue.put_back(item, 5.0)
    assert drained(queue, 9.0) == [(1, 7, 2)]
    assert len(queue) == 0


@given(st.lists(st.tuples(st.integers(1, 3), st.integers(1, 4)), max_size=40), st.data())
def test_no_event_is_lost_and_order_is_kept(events, data):
    """Whenever the queue is emptied in between, each event is told of once, the oldest first."""
    queue, told = Queue(1.0), []
    for at, (hook, number) in enumerate(events):
        queue.add(hook, number, float(at))
        if data.draw(st.booleans()):
            told += drained(queue, at + data.draw(st.sampled_from([0.0, 0.5, 1.0])))
    told += drained(queue, 1000.0)
    for pair in set(events):
        assert sum(n for hook, number, n in told if (hook, number) == pair) == events.count(pair)


# -- troubles ---------------------------------------------------------------------------------------


def struck(troubles: Troubles, times: int) -> list[str | None]:
    return [troubles.strikes()[0] for _ in range(times)]


def test_troubles_that_take_turns():
    troubles = Troubles(["drop+double+reorder+forge:every=2"])
    assert struck(troubles, 9) == [
        None, "drop", None, "double", None, "reorder", None, "forge", None,
    ]  # fmt: skip
    assert troubles.described() == [
        {
            "fault": "drop+double+reorder+forge:every=2",
            "struck": dict.fromkeys(("drop", "double", "reorder", "forge"), 1),
        }
    ]


def test_a_delivery_meets_one_trouble_at_most():
    assert struck(Troubles(["drop:every=2", "forge:every=2"]), 6) == [
        None, "drop", "forge", "drop", None, "drop",
    ]  # fmt: skip


def test_how_late_and_how_often():
    late = Troubles(["late:seconds=2,times=1,after=1"])
    assert [late.strikes() for _ in range(3)] == [(None, 0), ("late", 2), (None, 0)]


@pytest.mark.parametrize(
    ("text", "told"),
    [("lose", "lose"), ("drop+eat", "eat"), ("drop:colour=1", "colour"), ("drop:every=x", "every")],
)
def test_a_wrong_trouble_is_told_and_leaves_all_as_it_was(text, told):
    troubles = Troubles(["drop:every=3"])
    with pytest.raises(ValueError, match=told):
        troubles.switch(["double", text])
    assert troubles.texts == ["drop:every=3"]
    assert set(TROUBLES) == {"drop", "double", "reorder", "forge", "late"}
