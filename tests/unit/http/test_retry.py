"""Asking again: what is worth it, how long between, and when to stop."""

from datetime import UTC, datetime

import pytest

from storetwin.http.answer import Answer, Request
from storetwin.http.circuit import Circuit
from storetwin.http.errors import AnswerCutError, NoAnswerError, UnreachableError
from storetwin.http.load import Limiter
from storetwin.http.retry import Retrying, retry_after
from storetwin.http.width import Width
from storetwin.kernel.answer_times import added, counted
from storetwin.kernel.backoff import Backoff
from storetwin.kernel.errors import RetryableError

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)


def answer(status, **headers):
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Answer(status, named, b"", NOON, 0.1)


class Script:
    """A transport that answers as it was told to, in order; the last line repeats."""

    def __init__(self, *lines):
        self.lines, self.requests = list(lines), 0

    async def send(self, request):
        self.requests += 1
        line = self.lines.pop(0) if len(self.lines) > 1 else self.lines[0]
        if isinstance(line, Exception):
            raise line
        return line


class Waits(list):
    async def __call__(self, seconds):
        self.append(seconds)


def retrying(*lines, attempts=4, **more):
    waits = Waits()
    made = Retrying(
        Script(*lines), Limiter(Width(ceiling=2)), backoff=Backoff(base=1, attempts=attempts, longest=30),
        sleep=waits, random=lambda: 1.0, clock=lambda: NOON, **more,
    )  # fmt: skip
    return made, waits


def make():
    return Request("GET", "https://shop.test/wp-json")


@pytest.mark.parametrize("status", [429, 502, 503, 504, 520])
async def test_a_busy_server_is_asked_again(status):
    made, waits = retrying(answer(status), answer(200))
    assert (await made.send(make)).status == 200
    assert made.transport.requests == 2
    assert waits == [1.0]


@pytest.mark.parametrize("status", [200, 400, 401, 403, 404, 500])
async def test_any_other_answer_is_handed_on_at_once(status):
    made, waits = retrying(answer(status))
    assert (await made.send(make)).status == status
    assert (made.transport.requests, waits) == (1, [])


async def test_what_the_server_asks_for_is_waited():
    made, waits = retrying(answer(429, retry_after="7"), answer(503, retry_after="90"), answer(200))
    await made.send(make)
    assert 7 <= waits[0] <= 8
    assert 90 <= waits[1] <= 91, "longer than any delay of our own"


async def test_a_pause_beyond_our_patience_is_handed_on_at_once():
    made, waits = retrying(answer(503, retry_after="301"))
    assert (await made.send(make)).status == 503
    assert (made.transport.requests, waits) == (1, [])


async def test_it_gives_up_with_the_last_answer():
    made, waits = retrying(answer(503), attempts=3)
    assert (await made.send(make)).status == 503
    assert (made.transport.requests, len(waits)) == (3, 2)


@pytest.mark.parametrize(
    ("trouble", "tries"),
    [
        (UnreachableError("refused"), 6),
        (answer(429), 6),
        (answer(503), 6),
        (answer(502), 3),
        (answer(504), 3),
        (AnswerCutError("cut"), 2),
        (NoAnswerError("late"), 1),
    ],
)
async def test_what_may_be_the_question_s_fault_gets_fewer_tries(trouble, tries):
    made, waits = retrying(trouble, attempts=6)
    if isinstance(trouble, Exception):
        with pytest.raises(type(trouble)):
            await made.send(make)
    else:
        assert (await made.send(make)).status == trouble.status
    assert (made.transport.requests, len(waits)) == (tries, tries - 1)


async def test_a_name_that_does_not_exist_is_not_waited_for():
    made, waits = retrying(UnreachableError("no such server", is_name_unknown=True))
    with pytest.raises(UnreachableError):
        await made.send(make)
    assert waits == []


async def test_an_open_circuit_spares_the_server():
    made, _ = retrying(answer(503), attempts=10, circuit=Circuit(failures=3, open_for=1e9))
    with pytest.raises(RetryableError):
        await made.send(make)
    assert made.transport.requests == 3


async def test_a_struggle_halves_what_flies_at_once():
    made, _ = retrying(answer(502), answer(200))
    made.limiter.width.value = 2
    await made.send(make)
    assert made.limiter.width.value == 1


async def test_every_answer_is_counted_by_what_it_took():
    made, _ = retrying(answer(503), UnreachableError("gone"), answer(200))
    await made.send(make)
    cost = made.cost
    assert (cost.requests, cost.answers, cost.troubled) == (3, 2, 2)
    assert (cost.answer_ms, cost.slowest_ms) == (200, 100)
    assert cost.answer_times == added(counted(100), counted(100))


def test_retry_after_is_read_as_seconds_and_as_a_date():
    assert retry_after(answer(429, retry_after="12"), NOON) == 12
    assert retry_after(answer(503, retry_after="Fri, 20 Nov 2026 12:00:30 GMT"), NOON) == 30
    assert retry_after(answer(503, retry_after="soon"), NOON) is None
    assert retry_after(answer(503), NOON) is None
