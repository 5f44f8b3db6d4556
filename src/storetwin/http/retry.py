"""Asking again: what is worth a second try, when, and when to stop."""

from __future__ import annotations

import asyncio
import random
import re
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime

from storetwin.http.answer import Answer, Request
from storetwin.http.circuit import Circuit
from storetwin.http.errors import AnswerCutError, CircuitOpenError, NoAnswerError, UnreachableError
from storetwin.http.load import Limiter
from storetwin.http.transport import Transport
from storetwin.kernel.backoff import Backoff
from storetwin.kernel.clock import Clock, parse_http_date, utc_now
from storetwin.kernel.errors import RetryableError

SLOW_TRIES = 2  # a page that runs into the time-out is mostly too heavy, and costs it each time
HURRIED = Backoff(base=0.3, longest=1.0, attempts=2)
NUMBER = re.compile(r"(?<=/)\d+")
BUSY = frozenset({429, 502, 503, 504, 520, 521, 522, 523, 524})


@dataclass(slots=True)
class Retrying:
    """Sends requests through a limiter and a circuit, again where that may help.

    A 500 is not repeated here: one record that breaks its page always answers 500, and the caller
    knows better what to ask next.
    """

    transport: Transport
    limiter: Limiter
    circuit: Circuit = field(default_factory=Circuit)
    backoff: Backoff = field(default_factory=Backoff)
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    random: Callable[[], float] = random.random
    clock: Clock = utc_now
    retries: int = 0

    @contextmanager
    def hurried(self) -> Iterator[None]:
        """Give up soon inside the block: somebody waits to hear whether there is any answer at all."""
        usual = self.backoff
        self.backoff = replace(
            usual,
            longest=min(usual.longest, HURRIED.longest),
            attempts=min(usual.attempts, HURRIED.attempts),
        )
        try:
            yield
        finally:
            self.backoff = usual

    async def send(self, make: Callable[[], Request]) -> Answer:
        """Send a request, made afresh for each try (a signature holds for one).

        Returns:
            The last answer: after the tries are used up it may be one that says "busy".

        Raises:
            RetryableError: no answer after all tries.
            TlsError, RedirectedError: at once.
        """
        attempt = 0
        while True:
            attempt += 1
            answer, error = await self._try(make())
            if answer is not None and answer.status not in BUSY:
                return answer
            asked = None if answer is None else retry_after(answer, self.clock())
            pause = self.backoff.delay(attempt, random=self.random, retry_after=asked)
            if error is not None and not _is_worth_a_retry(error, attempt):
                pause = None
            if pause is None:
                if answer is not None:
                    return answer
                assert error is not None
                raise error
            self.retries += 1
            await self.sleep(pause)

    async def _try(self, request: Request) -> tuple[Answer | None, RetryableError | None]:
        async with self.limiter.slot() as turn:
            held = self.circuit.wait(time.monotonic())
            if held > 0:
                return None, CircuitOpenError(
                    "The server failed again and again and is left alone for a while.",
                    retry_after=held,
                )
            try:
                answer = await self.transport.send(request)
            except (UnreachableError, NoAnswerError, AnswerCutError) as error:
                self.limiter.struggled()
                self.circuit.failed(time.monotonic())
                return None, error
            except BaseException:
                self.circuit.abandoned()
                raise
            if answer.status in BUSY:
                self.limiter.struggled()
                self.circuit.failed(time.monotonic())
            else:
                self.circuit.succeeded()
                if answer.status < 300:  # a refusal says nothing of what an answer costs
                    self.limiter.answered(turn, kind_of(request), answer.store_seconds)
            return answer, None


def _is_worth_a_retry(error: RetryableError, attempt: int) -> bool:
    if isinstance(error, NoAnswerError):
        return attempt < SLOW_TRIES
    return not (isinstance(error, UnreachableError) and error.is_name_unknown)


def kind_of(request: Request) -> str:
    """Name what is asked without which one: requests of one kind cost a store much the same."""
    params = request.params
    path = NUMBER.sub("#", request.url)
    return f"{request.method} {path} {params.get('per_page', '')} {params.get('_fields', '')}"


def retry_after(answer: Answer, now: datetime) -> float | None:
    """Return the seconds that ``Retry-After`` asks for (seconds or a date), if it does."""
    text = answer.headers.get("retry-after", "").strip()
    if text.isdecimal():
        return float(text)
    moment = parse_http_date(text or None)
    return (
        None if moment is None else max(0.0, (moment - (answer.served_at or now)).total_seconds())
    )
