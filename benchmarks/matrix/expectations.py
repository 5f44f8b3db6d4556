"""What a pull has to do under each fault: pure data, and how two faults add up.

A fault of the sandbox without a line here fails a test. Requests are bounded by those of the same
pull from the same store when nothing is broken: ``times`` of them and ``plus`` some.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations
from random import Random

COMPLETE, FAILED, INCOMPLETE = 0, 1, 3
SEVERITY = (COMPLETE, INCOMPLETE, FAILED)  # the worse of two faults decides
MOST_SECONDS = 120.0
MOST_MEMORY = 150.0
"""Megabytes of the pulling process, whatever the fault: the budget of a first pull."""
SAMPLED = 40
SEED = 3


@dataclass(frozen=True, slots=True)
class Expected:
    """What has to come of a pull under one fault.

    Args:
        fault: as the sandbox takes it.
        code: the exit code.
        names: the certificate has to name the records that the fault concerns, and no other.
        lists: how many lists it has to name that nobody can read to their end.
        told: how many records that answer nowhere the certificate has to count.
        times, plus: bound of the requests: so many times those of an undisturbed pull, and more.
        why: what it costs, in a few words.
    """

    fault: str
    code: int = COMPLETE
    names: bool = False
    lists: int = 0
    told: int = 0
    times: float = 1.0
    plus: int = 10
    why: str = "nothing"

    @property
    def kind(self) -> str:
        """The fault's name in the sandbox's catalogue."""
        return self.fault.partition(":")[0]

    def most(self, undisturbed: int) -> int:
        """Return how many requests a pull may take at most."""
        return int(undisturbed * self.times) + self.plus


ALONE: tuple[Expected, ...] = (
    Expected(
        "poison:count=6",
        INCOMPLETE,
        names=True,
        plus=420,
        why="the page in halves, the gap by `include`, each record alone",
    ),
    Expected(
        "poison:count=3,how=exit",
        INCOMPLETE,
        names=True,
        plus=420,
        why="as above; the body is empty instead of a 500",
    ),
    Expected(
        "poison:count=2,resource=products",
        INCOMPLETE,
        names=True,
        plus=200,
        why="as above, among products",
    ),
    Expected(
        "poison:count=3,how=memory",
        INCOMPLETE,
        names=True,
        plus=420,
        why="as above; an empty 500",
    ),
    Expected(
        "poison:count=3,how=gateway",
        INCOMPLETE,
        names=True,
        plus=420,
        why="as above; the page of a gateway",
    ),
    Expected(
        "poison:count=3,how=reset",
        INCOMPLETE,
        names=True,
        plus=420,
        why="as above; the connection breaks off",
    ),
    Expected(
        "poison:count=3,how=cut",
        INCOMPLETE,
        names=True,
        plus=420,
        why="as above; half a body",
    ),
    Expected("notice:every=2", why="nothing: the warning is cut off"),
    Expected(
        "big-notice:every=3",
        times=1.3,
        why="the notices are cut off; pages without totals are asked for one by one",
    ),
    Expected("bom", why="nothing: it is cut off"),
    Expected("comment", why="nothing: it is cut off"),
    Expected("truncate:every=10", times=1.5, why="each cut page again"),
    Expected("truncate:once=1", times=2.2, why="every page again"),
    Expected("empty:every=10", times=1.5, why="each empty page again"),
    Expected("rate-limit:every=10,wait=1", times=1.3, why="each refused request again, later"),
    Expected("bad-gateway:every=7", times=1.4, why="each failed request again"),
    Expected("no-totals", plus=60, why="pages are asked for one by one"),
    Expected(
        "short-page:count=7",
        told=7,
        plus=120,
        why="the gaps, for what the store counts and does not show",
    ),
    Expected("hidden:count=5", plus=120, why="the gaps, where they are found"),
    Expected(
        "churn:every=2,resources=orders+products+customers+refunds+variations+coupons",
        times=1.5,
        plus=120,
        why="steps back, and what changed meanwhile",
    ),
    Expected("strip-auth", why="nothing over plain http: there the address is signed"),
    Expected(
        "maintenance:after=60,times=3,wait=1",
        times=1.1,
        why="each refused request again, later",
    ),
    Expected("maintenance", FAILED, times=0.1, why="a clear error after a few requests"),
    Expected("waf:status=200,after=60,times=3", times=1.2, why="the pages again"),
    Expected("waf:status=403", FAILED, times=0.1, why="a clear error after a few requests"),
    Expected("latency:ms=20", why="nothing but time"),
    Expected("down:after=60,times=4", times=1.2, why="each failed request again"),
    Expected("down", FAILED, times=0.1, why="a clear error after a few requests"),
    Expected("content-type:every=3", why="nothing: the body is looked at"),
    Expected("unauthorised:every=10", times=1.5, why="each refused request again"),
    Expected("login-page:every=10", times=1.5, why="each such page again"),
    Expected("redirect", FAILED, times=0.1, why="a clear error: no key goes to another host"),
    Expected("totals:how=changing", times=1.5, plus=60, why="the store is counted again"),
    Expected("totals:how=large", times=1.5, plus=120, why="the gaps, and the store counted again"),
    Expected("page-limit:most=20", times=5.0, plus=60, why="more and smaller pages"),
    Expected("page-limit:most=20,how=refuse", times=5.0, plus=60, why="more and smaller pages"),
    Expected("cache", why="nothing: no two requests are the same"),
    Expected("cache:keyed=known", FAILED, times=0.4, why="a clear error: answers are kept"),
    Expected("busy:ms=1", times=1.3, why="time, and smaller pages"),
    Expected("hang:after=60,times=2", times=1.1, why="each such request again, later"),
    Expected("drip:after=60,times=2,bytes=4096,ms=5", why="nothing but time"),
    Expected("endless:after=60,times=2", times=1.1, why="given up at a bound, and again"),
    Expected("huge:after=60,times=2", times=1.1, why="given up at a bound, and again"),
    Expected("reset:every=10", times=1.5, why="each broken page again"),
    Expected("cut-gzip:every=10", times=1.5, why="each cut page again"),
    Expected("clock:seconds=600", why="nothing: all times are the store's own"),
    Expected("clock:seconds=3600", FAILED, times=0.1, why="a clear error: signatures do not hold"),
    Expected("plain-permalinks", FAILED, times=0.1, why="a clear error after a few requests"),
    Expected("no-woocommerce", FAILED, times=0.1, why="a clear error after a few requests"),
    Expected("hostile-bytes:count=22", why="nothing: bytes are kept as they are"),
    Expected(
        "inf-meta:count=3",
        INCOMPLETE,
        names=True,
        plus=150,
        why="the blanked page in halves, each record alone",
    ),
)


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the matrix: no fault, one, or two."""

    parts: tuple[Expected, ...] = ()

    @property
    def name(self) -> str:
        """The faults as text."""
        return " + ".join(part.fault for part in self.parts) or "none"

    @property
    def code(self) -> int:
        """The exit code that is expected."""
        return max((part.code for part in self.parts), key=SEVERITY.index, default=COMPLETE)

    @property
    def lists(self) -> int:
        """How many lists are to be named."""
        return sum(part.lists for part in self.parts)

    @property
    def told(self) -> int:
        """How many records that answer nowhere are to be counted."""
        return sum(part.told for part in self.parts)

    @property
    def is_moving(self) -> bool:
        """Say whether records come and go during the pull."""
        return any(part.kind == "churn" for part in self.parts)

    @property
    def why(self) -> str:
        """What it costs, in words."""
        return "; ".join(part.why for part in self.parts) or "two walks, the gaps, the counts"

    def most(self, undisturbed: int) -> int:
        """Return how many requests a pull may take at most; what two faults cost multiplies."""
        most, more = float(undisturbed), 0
        for part in self.parts:
            most, more = most * part.times, more + part.plus
        worst = max((part.times for part in self.parts), default=1.0)
        return int(most + more * (worst if len(self.parts) > 1 else 1))


def alone() -> tuple[Row, ...]:
    """Return a row for each fault by itself."""
    return tuple(Row((expected,)) for expected in ALONE)


def pairs(count: int = SAMPLED, seed: int = SEED) -> tuple[Row, ...]:
    """Return rows of two faults of different kinds: always the same sample of all of them.

    Faults that no pull survives are told alone; in a pair they would hide the other one.
    """
    survived = [expected for expected in ALONE if expected.code != FAILED]
    every = [Row(two) for two in combinations(survived, 2) if two[0].kind != two[1].kind]
    chosen = Random(seed).sample(every, min(count, len(every)))
    return tuple(sorted(chosen, key=lambda row: row.name))


def kinds(rows: Sequence[Row]) -> Iterator[str]:
    """Yield the kinds of fault that some rows try."""
    for row in rows:
        yield from (part.kind for part in row.parts)
