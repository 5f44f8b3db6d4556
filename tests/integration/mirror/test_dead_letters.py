"""Dead letters wait longer after each failure; a patient run asks for them only when they are due."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from hubs import Twin, lacking
from storetwin.kernel.backoff import DEAD_LETTER_DELAYS
from storetwin.kernel.clock import utc_now
from storetwin.runs.models import DeadLetter


class MovableClock:
    """A clock that a test sets forward."""

    def __init__(self) -> None:
        self.ahead = timedelta()

    def __call__(self) -> datetime:
        return utc_now() + self.ahead


@pytest.fixture
def clock() -> MovableClock:
    return MovableClock()


@pytest.fixture
def late(twin: Twin, clock: MovableClock) -> Twin:
    """The twin, whose hub tells the time by ``clock``."""
    return replace(twin, hub=replace(twin.hub, clock=clock))


async def the_letter(twin: Twin) -> DeadLetter:
    [letter] = await twin.hub.reports.dead_letters()
    return letter


def times_asked_for(twin: Twin, number: int) -> int:
    return sum(f"/orders/{number}" in exchange.path for exchange in twin.sandbox.requests.log)


async def test_each_failure_puts_the_next_attempt_further_off(late: Twin) -> None:
    late.sandbox.faults.switch_on("poison:count=1")
    await late.pull("orders")
    for failures in range(2, len(DEAD_LETTER_DELAYS) + 3):
        await late.hub.retry_dead_letters("shop", [await the_letter(late)])
        letter = await the_letter(late)
        assert letter.attempts >= failures
        assert letter.next_attempt_at is not None
        expected = DEAD_LETTER_DELAYS[min(letter.attempts, len(DEAD_LETTER_DELAYS)) - 1]
        assert letter.next_attempt_at - letter.last_seen_at == expected


async def test_a_patient_pull_asks_when_it_is_due_and_names_it_until_then(
    late: Twin, clock: MovableClock
) -> None:
    late.sandbox.faults.switch_on("poison:count=1")
    [number] = late.sandbox.faults.ids("poison")
    await late.pull("orders")
    late.sandbox.requests.clear()
    early = await late.hub.pull(
        "shop", ["orders"], full=False, bury_many=False, observe=lambda _: None, patient=True
    )
    assert times_asked_for(late, number) == 0
    assert lacking(early)["orders"].keys() == {str(number)}

    late.sandbox.faults.clear()
    clock.ahead = DEAD_LETTER_DELAYS[-1]
    healed = await late.hub.pull(
        "shop", ["orders"], full=False, bury_many=False, observe=lambda _: None, patient=True
    )
    assert times_asked_for(late, number) == 1
    assert healed.is_complete
    assert await late.letters() == {}
