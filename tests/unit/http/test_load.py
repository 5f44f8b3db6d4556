"""Letting requests through: so many at once, with rests, and so many a minute."""

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storetwin.http.load import Limiter, Spacing
from storetwin.http.width import Width


class Clock:
    """Seconds that pass when somebody sleeps, and not otherwise."""

    def __init__(self):
        self.now = 100.0

    def __call__(self):
        return self.now

    async def sleep(self, seconds):
        self.now += seconds
        await asyncio.sleep(0)


def limiter(width, per_minute=None):
    clock = Clock()
    return Limiter(width, Spacing(per_minute), clock, clock.sleep), clock


async def test_never_more_fly_than_the_width_says():
    limited, _ = limiter(Width(ceiling=3, value=3))
    flying = most = 0

    async def fly():
        nonlocal flying, most
        async with limited.slot():
            flying += 1
            most = max(most, flying)
            await asyncio.sleep(0)
            flying -= 1

    await asyncio.gather(*(fly() for _ in range(30)))
    assert (most, flying) == (3, 0)


async def test_a_wider_width_lets_those_who_wait_in():
    width = Width(ceiling=2)
    limited, clock = limiter(width)
    inside, leave = [], asyncio.Event()

    async def stay(name):
        async with limited.slot() as turn:
            inside.append(name)
            await leave.wait()
            limited.answered(turn, "pages", 0.1)

    async def pass_through(number):
        async with limited.slot() as turn:
            clock.now += 0.1
            limited.answered(turn, "pages", 0.1)

    for number in range(3):
        await pass_through(number)
    assert width.value == 2
    stays = [asyncio.create_task(stay(name)) for name in "abc"]
    for _ in range(10):
        await asyncio.sleep(0)
    assert inside == ["a", "b"]
    leave.set()
    await asyncio.gather(*stays)
    assert inside == ["a", "b", "c"]


class Notes(Width):
    """Keeps what it is told of."""

    def answered(self, kind, seconds, beside, now):
        self.told.append(beside)


async def told_when(script):
    """Start and end turns in the order of ``script``; return what the width is told at each end."""
    width = Notes(ceiling=9, value=9)
    width.told = []
    limited, _ = limiter(width)
    ends = {}

    async def turn(name):
        async with limited.slot() as mine:
            await ends[name].wait()
            limited.answered(mine, "pages", 0.1)

    tasks = {}
    for name in script:
        if name in tasks:
            ends[name].set()
            await tasks[name]
        else:
            ends[name] = asyncio.Event()
            tasks[name] = asyncio.create_task(turn(name))
            for _ in range(3):
                await asyncio.sleep(0)
    return width.told


@pytest.mark.parametrize(
    ("script", "told"),
    [
        ("aabb", [1, 1]),  # one after the other
        ("abab", [0, 0]),  # each was alone for a part of it
        ("abba", [2, 0]),  # a was alone at both ends, and not between
        ("abccab", [3, 0, 0]),
        ("abacbc", [0, 2, 0]),
    ],
)
async def test_alone_is_only_what_was_alone_all_the_while(script, told):
    assert await told_when(script) == told


async def test_the_store_is_left_alone_for_as_long_as_it_worked_where_the_share_is_half():
    limited, clock = limiter(Width(ceiling=4, share=0.5))
    starts = []
    for _ in range(3):
        async with limited.slot():
            starts.append(clock.now)
            clock.now += 2.0
    assert starts == [100.0, 104.0, 108.0]


async def test_time_that_passed_anyway_counts_as_rest():
    limited, clock = limiter(Width(ceiling=4, share=0.5))
    async with limited.slot():
        clock.now += 2.0
    clock.now += 1.5
    async with limited.slot():
        assert clock.now == 104.0


async def test_so_many_a_minute_are_evenly_spaced_also_when_they_come_at_once():
    limited, clock = limiter(Width(ceiling=4, value=4), per_minute=30)
    starts = []

    async def ask():
        async with limited.slot():
            starts.append(clock.now)

    for _ in range(4):
        await ask()
    assert starts == [100.0, 102.0, 104.0, 106.0]


async def test_a_failed_request_makes_room_again():
    limited, _ = limiter(Width(ceiling=1))
    for _ in range(2):
        with pytest.raises(OSError, match="gone"):
            async with limited.slot():
                raise OSError("gone")
    async with limited.slot() as turn:
        assert (turn.number, turn.beside) == (3, 1)


async def test_who_gives_up_while_waiting_takes_no_room():
    limited, _ = limiter(Width(ceiling=1))

    async def ask():
        async with limited.slot():
            pass

    async with limited.slot():
        waiting = asyncio.create_task(ask())
        await asyncio.sleep(0)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
    await asyncio.wait_for(ask(), 5)


@given(st.integers(1, 600), st.lists(st.floats(0, 30), min_size=1, max_size=200))
def test_no_minute_ever_has_more_than_allowed(per_minute, gaps):
    spacing, now, starts = Spacing(per_minute), 0.0, []
    for gap in gaps:
        now += gap
        now += spacing.reserve(now)
        starts.append(now)
    for first in starts:
        assert sum(first <= start < first + 60.0 - 1e-6 for start in starts) <= per_minute


def test_without_a_limit_nobody_waits():
    assert [Spacing().reserve(0.0) for _ in range(3)] == [0.0, 0.0, 0.0]


async def test_what_the_gate_raises_the_request_raises_and_room_is_made():
    limited, _ = limiter(Width(ceiling=1))

    def closed():
        raise RuntimeError("closed")

    limited.gate = closed
    for _ in range(2):
        with pytest.raises(RuntimeError, match="closed"):
            async with limited.slot():
                pytest.fail("it was let through")
