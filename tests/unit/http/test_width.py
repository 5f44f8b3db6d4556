"""The law of load: as many at once as leave a shopper's page below twice its time, found quickly."""

import statistics
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from busy_hosts import PAGE, Host, Job
from storetwin.http.width import (
    ALONE,
    FIRST_PAUSE,
    LEAST_SHARE,
    LIMIT,
    LONGEST_REST,
    PATIENCE,
    PROMISE,
    RECOVERY,
    Width,
)


def ask(width, times, strain, *, seconds=0.3, now=0.0):
    """Answer requests that are in flight as thickly as allowed; ``strain(n)`` is what n cost."""
    seen = []
    for _ in range(times):
        seen.append(width.value)
        width.answered("pages", seconds * strain(width.value), width.value, now)
    return seen


def cores(count, others=0):
    return lambda n: max(1.0, (n + others) / count) / max(1.0, (1 + others) / count)


def flat(n):
    return 1.0


@pytest.mark.parametrize(("ceiling", "answers"), [(1, 0), (2, 3), (4, 12), (8, 31), (32, 113)])
def test_a_store_that_stays_fast_gets_the_ceiling_soon(ceiling, answers):
    width = Width(ceiling=ceiling)
    ask(width, answers, flat)
    assert width.value == ceiling


def test_a_store_that_stays_fast_keeps_the_ceiling():
    width = Width(ceiling=4)
    assert set(ask(width, 500, flat)[12:]) == {4}


@pytest.mark.parametrize(
    ("strain", "value"),
    [
        (cores(8), 4),
        (cores(4), 4),
        (cores(3), 3),
        (cores(2), 1),
        (cores(2, others=3), 1),
        (cores(4, others=3), 1),
        (cores(4, others=5), 2),
    ],
)
def test_it_settles_where_one_more_request_would_wait_hardly_longer(strain, value):
    width = Width(ceiling=4)
    ask(width, 60, strain)
    assert (width.value, width.share) == (value, 1.0)
    assert strain(value + 1) / strain(1) <= LIMIT


@pytest.mark.parametrize("count", [2, 3, 4, 6, 8])
def test_nothing_is_tried_that_doubles_a_page(count):
    width, tried = Width(ceiling=16), set()
    for _ in range(300):
        tried.add(width.value)
        width.answered("pages", 0.3 * cores(count)(width.value), width.value, 0.0)
    assert cores(count)(max(tried) + 1) <= PROMISE


def test_a_host_with_one_core_gets_rests():
    width = Width(ceiling=4)
    ask(width, 60, cores(1))
    assert (width.value, width.share) == (1, pytest.approx(0.4))
    assert width.rest(0.2) == pytest.approx(0.3)


def test_the_more_one_request_costs_the_longer_the_rest():
    shares = []
    for steepness in (2, 2.5, 3, 50):
        width = Width(ceiling=4)
        ask(width, 60, lambda n, s=steepness: 1 + (n - 1) * (s - 1), seconds=0.05)
        shares.append(width.share)
    assert shares == pytest.approx([0.4, 0.4 / 1.5, LEAST_SHARE, LEAST_SHARE])
    assert width.rest(1_000) == LONGEST_REST


def test_answers_faster_than_any_page_of_wordpress_strain_nobody():
    width = Width(ceiling=4)
    ask(width, 12, lambda n: n, seconds=0.004)
    assert width.value == 4


def test_a_store_that_got_busier_gets_less_at_once_and_more_when_it_is_quiet_again():
    width = Width(ceiling=4)
    ask(width, 60, flat)
    ask(width, 60, cores(2), now=1.0)
    assert width.value == 2
    ask(width, 60, flat, now=1.0 + FIRST_PAUSE)
    assert width.value == 4


def test_only_requests_of_one_kind_are_compared():
    width = Width(ceiling=4)
    ask(width, 30, flat, seconds=0.1)
    for _ in range(30):
        width.answered("heavier", 3.0, 4, 1.0)
    assert width.value == 4


def test_a_cold_cache_does_not_hide_what_two_at_once_cost():
    width = Width(ceiling=4)
    width.answered("pages", 3.0, 1, 0.0)
    ask(width, 60, cores(1))
    assert width.share == pytest.approx(0.4)


def test_a_host_that_became_slow_while_two_at_once_were_tried_gets_no_rests():
    width = Width(ceiling=4)
    ask(width, ALONE, flat)
    ask(width, 4, flat, seconds=0.6)
    assert width.value == 1
    ask(width, 2 * ALONE, flat, seconds=0.6)
    assert (width.value, width.share) == (1, 1.0)


def test_surveys_become_rarer_while_they_find_the_same_and_frequent_when_not():
    width, starts, now = Width(ceiling=4), [], 0.0
    for _ in range(3_000):
        before = width.value
        width.answered("pages", 0.3, width.value, now)
        if width.value < before:
            starts.append(now)
        now += 1.0
    gaps = [later - sooner for sooner, later in pairwise(starts)]
    assert FIRST_PAUSE <= gaps[0] < gaps[1] < gaps[2] == gaps[-1]


def test_requests_that_never_come_together_do_not_hold_a_survey_up():
    width = Width(ceiling=2)
    for _ in range(PATIENCE * (ALONE + 4)):
        width.answered("pages", 0.3, 1, 0.0)
    assert width.value == 2
    width = Width(ceiling=2)
    for number in range(PATIENCE * (ALONE + 4)):
        width.answered(f"each another {number}", 0.3, 1, 0.0)
    assert width.value == 2


def test_a_store_that_struggles_is_asked_half_as_much_at_once_and_longer_each_time():
    width = Width(ceiling=8)
    ask(width, 60, flat)
    width.struggled(10.0)
    assert width.value == 4
    ask(width, 40, flat, now=10.0 + RECOVERY - 0.1)
    assert width.value == 4
    width.struggled(15.0)
    ask(width, 40, flat, now=15.0 + RECOVERY)
    assert width.value == 2
    ask(width, 40, flat, now=15.0 + 2 * RECOVERY)
    assert width.value == 8


def test_an_answer_that_stalls_is_a_struggle_and_a_slow_kind_is_not():
    width = Width(ceiling=4)
    ask(width, 40, flat)
    width.answered("pages", 30.0, 4, 1.0)
    assert width.value == 2
    width = Width(ceiling=4)
    ask(width, 40, flat, seconds=30.0)
    assert width.value == 4


EVENTS = st.one_of(
    st.none(),
    st.tuples(
        st.sampled_from("abc"), st.floats(0, 90), st.integers(0, 20), st.floats(0, 60)
    ),
)  # fmt: skip


@given(st.integers(1, 16), st.lists(EVENTS, max_size=300))
def test_whatever_happens_it_stays_within_its_bounds(ceiling, events):
    width, now = Width(ceiling=ceiling), 0.0
    for event in events:
        if event is None:
            width.struggled(now)
        else:
            kind, seconds, beside, later = event
            now += later
            width.answered(kind, seconds, beside, now)
        assert 1 <= width.value <= ceiling
        assert LEAST_SHARE <= width.share <= 1.0
        assert 0.0 <= width.rest(1.0) <= LONGEST_REST
        assert width.value == 1 or width.rest(1.0) == 0.0


# -- on a host ------------------------------------------------------------------------------------


def waits(host, *, ceiling):
    """What shoppers waited on three days of the same shop: the middle one and the one in twenty."""
    found = []
    for seed in (1, 2, 3):
        shop = Host(Width(ceiling=ceiling, value=min(ceiling, 1)), **host, seed=seed)
        shop.run(400)
        found += shop.shoppers
    return statistics.median(found), sorted(found)[int(len(found) * 0.95)]


@pytest.mark.parametrize(
    "host",
    [
        {"cores": 1, "page": 1.0},
        {"cores": 1, "page": 0.1},
        {"cores": 2, "page": 0.3},
        {"cores": 2, "page": 1.0},
        {"cores": 2, "page": 0.3, "others": 1},
        {"cores": 4, "page": 0.3},
        {"cores": 8, "page": 0.3, "far": 0.2},
    ],
    ids=lambda host: " ".join(f"{name}={value}" for name, value in host.items()),
)
def test_no_shopper_waits_twice_as_long(host):
    alone, beside = waits(host, ceiling=0), waits(host, ceiling=4)
    assert beside[0] / alone[0] < PROMISE
    assert beside[1] / alone[1] < PROMISE


@pytest.mark.parametrize(("count", "least"), [(1, 0.25), (2, 0.45), (4, 0.8), (8, 0.45)])
def test_and_no_more_of_the_host_is_left_unused_than_that_takes(count, least):
    host = Host(Width(ceiling=4), cores=count, page=0.3)
    host.run(240)
    assert host.served / host.now / count > least


def test_the_simulated_host_shares_its_cores_evenly():
    host = Host(Width(ceiling=0, value=0), cores=2)
    host.next_shopper = 100.0
    host.jobs = [Job(PAGE, 0.0, 0.3, number) for number in range(4)]
    host.run(0.59)
    assert len(host.jobs) == 4
    host.run(0.03)
    assert not host.jobs
