"""Delays: growing, jittered, bounded, and an end."""

from hypothesis import given
from hypothesis import strategies as st

from storetwin.kernel.backoff import Backoff


@given(st.integers(1, 20), st.floats(0, 1), st.one_of(st.none(), st.floats(0, 10_000)))
def test_every_delay_is_bounded_and_attempts_end(attempt, random, asked):
    backoff = Backoff(base=0.5, longest=60, attempts=6, patience=300)
    delay = backoff.delay(attempt, random=lambda: random, retry_after=asked)
    if attempt >= 6 or (asked or 0) > 300:
        assert delay is None
        return
    assert (asked or 0) <= delay <= (asked or 0) + 60


def test_delays_grow():
    backoff = Backoff(base=1, longest=100, attempts=9)
    delays = [backoff.delay(n, random=lambda: 0.0) for n in range(1, 8)]
    assert delays == sorted(delays)
    assert delays[0] == 0.5
    assert delays[-1] == 32
