"""Asking again: what is worth a second try, when, and when to stop."""

from __future__ import annotations

import asyncio
import math
import random
import re
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TYPE_CHECKING

from storetwin.http.answer import Answer, Request
from storetwin.http.circuit import Circuit
from storetwin.http.errors import AnswerCutError, CircuitOpenError, NoAnswerError, UnreachableError
from storetwin.http.load import Limiter
from storetwin.kernel.answer_times import counted
from storetwin.kernel.backoff import Backoff
from storetwin.kernel.clock import Clock, parse_http_date, utc_now
from storetwin.kernel.cost import Cost
from storetwin.kernel.errors import RetryableError

if TYPE_CHECKING:
    from storetwin.http.transport import Transport

HURRIED = Backoff(base=0.3, longest=1.0, attempts=2, patience=2.0)
NUMBER = re.compile(r"(?<=/)\d+")
THROTTLED = 429  # the server says itself that it was too many
NOT_NOW = frozenset({THROTTLED, 503})  # the server itself asks for a pause
# Something before the server got no answer from it. It may be down, or what was asked for kills it.
GATEWAY = frozenset({502, 504, 520, 521, 522, 523, 524})
BUSY = NOT_NOW | GATEWAY
# How often what may be the fault of the question is asked: the caller then asks for less.
GATEWAY_TRIES, CUT_TRIES, SLOW_TRIES = 3, 2, 1
SLOW = 10.0  # seconds after which a gateway has waited in vain for what is too much work


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
    _met: Cost = field(default_factory=Cost)

    @property
    def cost(self) -> Cost:
        """What was met so far."""
        return replace(self._met, requests=self.transport.requests)

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

    async def send(
        self, make: Callable[[], Request], *, is_piece: bool = False, is_once: bool = False
    ) -> Answer:
        """Send a request, made afresh for each try (a signature holds for one).

        A server that asks for a pause gets all tries of the backoff. What may be the fault of the
        question gets few: 3 where a gateway had no answer, 2 where the answer broke off, 1 where
        none came in time, be it the gateway that waited for it.

        Args:
            is_piece: it asks for a part of what failed; then it gets 1 in all these cases.
            is_once: it changes something there; then it gets 1 whatever becomes of it.

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
            if is_once or attempt >= _tries(answer, error, is_piece=is_piece):
                pause = None
            if pause is None:
                if answer is not None:
                    return answer
                assert error is not None
                raise error
            self.retries += 1
            await self.sleep(pause)

    async def pause(self, attempt: int) -> bool:
        """Wait as before a repetition; False, at once, when the tries of the backoff are used up."""
        seconds = self.backoff.delay(attempt, random=self.random)
        if seconds is not None:
            await self.sleep(seconds)
        return seconds is not None

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
            except AnswerCutError as error:
                self._unanswered()
                self.limiter.struggled()
                self.circuit.abandoned()  # somebody is there; one record may break its answer
                return None, error
            except (UnreachableError, NoAnswerError) as error:
                self._unanswered()
                self.limiter.struggled()
                self.circuit.failed(time.monotonic())
                return None, error
            except BaseException:
                self.circuit.abandoned()
                raise
            self._answered(answer)
            if answer.status in BUSY:
                self.limiter.struggled()
                self.circuit.failed(time.monotonic())
            else:
                self.circuit.succeeded()
                if answer.status < 300:  # a refusal says nothing of what an answer costs
                    self.limiter.answered(turn, kind_of(request), answer.store_seconds)
            return answer, None

    def _answered(self, answer: Answer) -> None:
        from storetwin.telemetry.metrics import store_answered

        took = round(answer.elapsed * 1000)
        is_throttled, is_troubled = answer.status == THROTTLED, answer.status >= 500
        self._met += Cost(
            0, 1, took, took, int(is_throttled), int(is_troubled), answer_times=counted(took)
        )
        store_answered(answer.status, answer.elapsed)

    def _unanswered(self) -> None:
        from storetwin.telemetry.metrics import store_silent

        self._met += Cost(troubled=1)
        store_silent()


def _tries(answer: Answer | None, error: RetryableError | None, *, is_piece: bool = False) -> float:
    """Return how often such a failure is worth a try, the first included; infinity leaves it open."""
    if isinstance(error, NoAnswerError):
        return SLOW_TRIES
    if isinstance(error, AnswerCutError):
        return SLOW_TRIES if is_piece else CUT_TRIES
    if isinstance(error, UnreachableError) and error.is_name_unknown:
        return 1
    if answer is None or answer.status not in GATEWAY:
        return math.inf
    return SLOW_TRIES if is_piece or answer.elapsed > SLOW else GATEWAY_TRIES


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
