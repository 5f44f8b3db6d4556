"""How many requests a store gets at once, so that nobody else there waits twice as long. Pure.

*The promise.* While we pull, a shopper's page takes less than twice its time without us.

*What we see of it.* Whoever comes to a store while ``n`` requests of ours are at work shares it
with those ``n``. So does our own next request: what a shopper feels beside ``n`` of ours is what
each of ours feels among ``n + 1``. With ``T(n)`` the time the store takes for one of our requests
when ``n`` are in flight, and the *strain* ``s(n) = T(n) / T(1)``, a shopper's page takes
``s(n + 1)`` times as long. Beyond what was tried it is taken to be ``s(n) * (n + 1) / n``, the most
that a processor shared evenly makes of it.

*The law.* Take the greatest ``n`` for which that stays within :data:`LIMIT`. Where already one of
ours at a time is too much (a host with one core: two processes, twice the time) ask one at a time
and leave the store alone between requests: asking for a share ``d`` of the time costs a shopper
``1 + d * (s(2) - 1)`` on average; ``d`` is chosen to make that :data:`TARGET`.

*Where the figures come from.* A survey: a few requests alone, a few at two in flight, at three …
as far as the limit or the ceiling allow, in steps that double nobody's page themselves where two
alone did not. Times of different kinds of requests are never compared: each is divided by the time
the same kind takes alone; what would mean rests is compared with alone once more. Between surveys
the strain of the width in use is watched: where it breaks the promise the width goes down by one.
Up it goes by a survey only, for ``T(1)`` may have changed as well. Surveys become rarer while they
find the same.

This is the gradient of Netflix's concurrency-limits and TCP Vegas with another question: those
allow a queue that throughput pays for, and let the long-term average stand for "without load",
which drifts upward with the load one makes oneself. See docs/adr/0012-never-double-a-page.md.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from statistics import median

PROMISE = 2.0  # a shopper's page takes less than this many times as long
LIMIT = 1.4  # the most a survey settles for: beside what it takes on average, one page in twenty meets worse
TARGET = 1.4  # the average where one request of ours at a time is too much
SHORTEST = 0.02  # seconds; no page of WordPress takes less: a faster answer costs nobody anything
ALONE = 3  # requests that a survey sends alone; the middle one counts, so a cold cache does not
WATCHED = 8  # requests whose middle is judged between surveys
PATIENCE = 8  # times the requests that a step of a survey wants: then it goes on without them
FIRST_PAUSE, LONGEST_PAUSE = 30.0, 240.0  # seconds between two surveys
RECOVERY = 5.0  # seconds without a survey after a store struggled, doubled each time
STALLED, STALLED_SECONDS = 4.0, 5.0  # so much slower than alone, and so slow, is a struggle
LEAST_SHARE, LONGEST_REST = 0.25, 10.0  # of the time; seconds


@dataclass(slots=True)
class Width:
    """How many requests at once, and for which share of the time.

    Args:
        ceiling: never more at once.
        value: at once now.
        share: of the time in which a request of ours is at work; below 1 only one at a time.
    """

    ceiling: int
    value: int = 1
    share: float = 1.0
    _alone: dict[str, deque[float]] = field(default_factory=dict)
    _strain: dict[int, float] = field(default_factory=dict)
    _widest: int = 1
    _ratios: deque[float] = field(default_factory=deque)
    _passed: int = 0
    _is_surveying: bool = True
    _due: float = 0.0
    _pause: float = FIRST_PAUSE
    _recovery: float = RECOVERY
    _found: tuple[int, bool] | None = None
    _doubted: tuple[str, float] | None = None

    def answered(self, kind: str, seconds: float, beside: int, now: float) -> None:
        """Note a good answer.

        Args:
            kind: what was asked; requests of one kind cost the store much the same.
            seconds: what the store took, without the way there and back.
            beside: requests of ours in flight all the while, itself included: 1 is alone, 0 is
                not known.
            now: seconds of a clock that only goes forward.
        """
        usual = self._usual(kind)
        if beside == 1:
            self._alone.setdefault(kind, deque(maxlen=2 * ALONE)).append(seconds)
        if usual is not None and seconds > max(STALLED_SECONDS, STALLED * usual):
            self.struggled(now)
            return
        if usual is not None and beside == self.value > 1:
            self._ratios.append(max(1.0, seconds / usual))
        self._passed += 1
        if self._is_surveying:
            self._survey(kind, now)
        elif now >= self._due:
            self._begin()
        elif len(self._ratios) >= WATCHED:
            self._watch(now)

    def struggled(self, now: float) -> None:
        """Note a 429, a 5xx, a time-out or a stall: half as many, and no survey for a while."""
        self._step_to(max(1, self.value // 2))
        self._strain.clear()
        self._is_surveying, self._doubted = False, None
        self._due = now + self._recovery
        self._recovery = min(LONGEST_PAUSE, self._recovery * 2)

    def rest(self, elapsed: float) -> float:
        """Return for how many seconds the store is left alone after a request that took so long."""
        if self.value > 1 or self.share >= 1.0:
            return 0.0
        return min(LONGEST_REST, elapsed * (1.0 / self.share - 1.0))

    @property
    def is_gentle(self) -> bool:
        """Say whether requests have to be small: a survey tries what may be too much, or rests."""
        return self._is_surveying or self.share < 1.0

    def _usual(self, kind: str) -> float | None:
        """Return the seconds that a request of this kind takes alone, once that was seen."""
        alone = self._alone.get(kind)
        return max(SHORTEST, median(alone)) if alone else None

    def _step_to(self, value: int) -> None:
        self.value = value
        self._ratios.clear()
        self._passed = 0

    def _harm(self, value: int) -> float:
        """Return how many times as long a shopper's page takes beside so many of ours.

        Between two widths that were tried a straight line is taken: what shared processors make
        of more requests bends upward only, so the truth lies below it.
        """
        known = {1: 1.0} | self._strain
        wider = min((n for n in known if n > value), default=None)
        if wider is None:
            alone = value == 1 or value not in known  # requests of ours never come that thick
            return 1.0 if alone else known[value] * (value + 1) / value
        below = max(n for n in known if n <= value)
        slope = (known[wider] - known[below]) / (wider - below)
        return known[below] + slope * (value + 1 - below)

    # -- surveys --------------------------------------------------------------------------------

    def _begin(self) -> None:
        """Start over with one at a time."""
        self._is_surveying = True
        self._alone.clear()
        self._strain.clear()
        self._widest = 1
        self._doubted = None
        self._step_to(1)

    def _survey(self, kind: str, now: float) -> None:
        """Go on to the next width when this one was seen often enough, or end the survey."""
        is_alone = self.value == 1
        wanted = self.value + 2 if not is_alone else ALONE if self._doubted is None else 2 * ALONE
        seen = len(self._alone.get(kind, ())) if is_alone else len(self._ratios)
        if seen < wanted and self._passed < wanted * PATIENCE:
            return
        if self._doubted is not None:
            self._correct(kind)
            self._settle(now)
            return
        if self._ratios:
            self._strain[self.value] = median(self._ratios)
        usual = self._usual(kind)
        if self.value == 2 and usual is not None and self._harm(1) > LIMIT:
            self._doubted = kind, usual
            self._step_to(1)
            return
        wider = self._wider()
        if wider > self.value and (is_alone or self._harm(self.value) < PROMISE):
            self._widest = wider
            self._step_to(wider)
            return
        self._settle(now)

    def _wider(self) -> int:
        """Return what to try next: as much as cannot double a shopper's page, or one more."""
        strain = self._strain.get(self.value, 1.0)
        safe = int(PROMISE * self.value / strain) - 1
        return min(self.ceiling, max(self.value + 1, safe if self.value > 1 else 2))

    def _correct(self, kind: str) -> None:
        """Compare what two at once took with what one took before *and* after it.

        Where somebody else came to the store just then, alone is slower by now as well.
        """
        usual = self._usual(kind)
        if usual is not None and self._doubted is not None and self._doubted[0] == kind:
            self._strain[2] *= self._doubted[1] / usual

    def _settle(self, now: float) -> None:
        """End a survey and choose by what it found."""
        self._is_surveying, self._doubted = False, None
        tried = range(1, self._widest + 1)
        self._step_to(max((n for n in tried if self._harm(n) <= LIMIT), default=1))
        alone_beside_one = self._harm(1)
        self.share = 1.0
        if alone_beside_one > LIMIT:
            self.share = max(LEAST_SHARE, (TARGET - 1.0) / (alone_beside_one - 1.0))
        found = (self.value, self.share < 1.0)
        self._pause = min(LONGEST_PAUSE, self._pause * 2) if found == self._found else FIRST_PAUSE
        self._found = found
        self._recovery = RECOVERY
        self._due = now + self._pause

    # -- between surveys ------------------------------------------------------------------------

    def _watch(self, now: float) -> None:
        """Go down by one where the width in use breaks the promise by now."""
        self._strain = {self.value: median(self._ratios)}
        self._ratios.clear()
        if self._harm(self.value) >= PROMISE:
            self._step_to(self.value - 1)
            self._due = min(self._due, now + FIRST_PAUSE)
