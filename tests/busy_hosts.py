"""A host that serves PHP, in time that only passes when told: processors shared evenly, a pool."""

from __future__ import annotations

import random
from dataclasses import dataclass, field

from storetwin.http.width import Width
from storetwin.woocommerce.pace import GENTLE_SECONDS

STEP = 0.002
PAGE, SHOPPER = "page", "shopper"


@dataclass
class Job:
    """A request at work: seconds of processor it still needs."""

    who: str
    started: float
    left: float
    number: int = 0
    beside: int = 0
    size: float = 0.0


@dataclass
class Host:
    """A puller that keeps the host as busy as its width allows, and shoppers who come by chance.

    Args:
        cores: requests at work share these evenly.
        workers: requests at work at most; the others queue, first come first served.
        page: seconds of processor for one of our pages, give or take ``noise`` of it; shorter ones
            are asked for while the width says to be gentle.
        shopper: the same for a shopper's page.
        others: requests at work all the time that are neither.
        far: seconds there and back; a request waits them without needing the processor.
        pages: how many of ours may wait for a slot, as a walk has so many in flight.
    """

    width: Width
    cores: float = 2.0
    workers: int = 32
    page: float = 0.3
    shopper: float = 0.1
    others: int = 0
    noise: float = 0.2
    far: float = 0.0
    seed: int = 1
    now: float = 0.0
    served: float = 0.0
    widths: list[tuple[float, int]] = field(default_factory=list)
    shoppers: list[float] = field(default_factory=list)
    jobs: list[Job] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.dice = random.Random(self.seed)
        self.rest_until, self.next_shopper, self.started = 0.0, 0.5, 0

    def run(self, seconds: float) -> None:
        """Let time pass."""
        until = self.now + seconds
        while self.now < until:
            self._come()
            self._work()
            self.now += STEP
            self._go()
            self.widths.append((self.now, self.width.value))

    def _ours(self) -> list[Job]:
        return [job for job in self.jobs if job.who == PAGE]

    def _come(self) -> None:
        while len(self._ours()) < self.width.value and self.now >= self.rest_until:
            self.started += 1
            size = min(self.page, GENTLE_SECONDS) if self.width.is_gentle else self.page
            cost = size * self.dice.uniform(1 - self.noise, 1 + self.noise)
            beside = len(self._ours()) + 1
            self.jobs.append(Job(PAGE, self.now, cost, self.started, beside, size))
        if self.now >= self.next_shopper:
            cost = self.shopper * self.dice.uniform(1 - self.noise, 1 + self.noise)
            self.jobs.append(Job(SHOPPER, self.now, cost))
            self.next_shopper += self.dice.expovariate(1 / 1.5)

    def _work(self) -> None:
        arrived = [job for job in self.jobs if self.now - job.started >= self.far]
        at_work = arrived[: self.workers]
        if at_work:
            each = STEP * min(1.0, self.cores / (len(at_work) + self.others))
            for job in at_work:
                job.left -= each

    def _go(self) -> None:
        for job in [job for job in self.jobs if job.left <= 0]:
            took = self.now - job.started - self.far
            if job.who == SHOPPER:
                self.shoppers.append(took / self.alone)
            else:
                beside = min(job.beside, len(self._ours()))
                if beside == 1 and (job.beside > 1 or self.started > job.number):
                    beside = 0
                self.width.answered(f"pages of {job.size}", took, beside, self.now)
                self.rest_until = self.now + self.width.rest(took + self.far)
                self.served += job.size
            self.jobs.remove(job)

    @property
    def alone(self) -> float:
        """What a shopper's page takes without us, in seconds."""
        return self.shopper / min(1.0, self.cores / (1 + self.others))
