"""How many at once: slowly more while the store is well, half as soon as it struggles."""

import asyncio

from hypothesis import given
from hypothesis import strategies as st

from storetwin.http.load import Limiter, Width


def test_a_well_store_is_asked_more_at_once_up_to_the_ceiling():
    width = Width(ceiling=3)
    for _ in range(200):
        width.answered(0.1, 500_000)
    assert width.value == 3


def test_a_store_that_struggles_is_asked_half_as_much():
    width = Width(ceiling=8, value=8)
    width.struggled()
    assert width.value == 4


def test_a_very_slow_answer_is_a_struggle_and_a_big_one_is_not():
    width = Width(ceiling=8, value=4)
    for _ in range(5):
        width.answered(0.5, 100_000)
    value = width.value
    width.answered(2.0, 2_000_000)
    assert width.value >= value
    width.answered(20.0, 100_000)
    assert width.value == value // 2


@given(
    st.integers(1, 16),
    st.lists(
        st.one_of(st.none(), st.tuples(st.floats(0, 60), st.integers(0, 10**7))), max_size=200
    ),
)
def test_it_stays_between_one_and_the_ceiling(ceiling, events):
    width = Width(ceiling=ceiling)
    for event in events:
        if event is None:
            width.struggled()
        else:
            width.answered(*event)
        assert 1 <= width.value <= ceiling


async def test_never_more_fly_than_the_width_says():
    limiter = Limiter(Width(ceiling=3, value=3))
    flying = most = 0

    async def fly():
        nonlocal flying, most
        async with limiter.slot():
            flying += 1
            most = max(most, flying)
            await asyncio.sleep(0)
            flying -= 1

    await asyncio.gather(*(fly() for _ in range(30)))
    assert most == 3
    assert flying == 0
