"""A run as a page shows it: lines a resource, and how far it is. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from storetwin.api.run_forms import ResourceProgress, RunWhole
from storetwin.runs.models import RunKind
from storetwin.web.words import KIND, RUN

MAIN: Final = (
    "products",
    "variations",
    "orders",
    "refunds",
    "customers",
    "categories",
    "coupons",
    "reviews",
)
"""Resources with a line of their own; the others share one, unless something is the matter."""
SOONEST_LEFT: Final = (5.0, 0.02)  # seconds and share before which nobody can say how long it takes
READING: Final = 0.9  # of a pull; the rest is its proof
LAST_STEP: Final = 0.99  # what has not ended is not whole
TITLES: Final = {RunKind.PULL: "Full pull"}
STEP: Final = {"running": "Running", "done": "Done", "failed": "Failed"}


@dataclass(frozen=True, slots=True)
class Line:
    """How far a run is with a resource, or with several together.

    Args:
        expected: how many records there may be; None where nobody knows.
        seconds: that it took, or takes until now; None where it has not begun.
    """

    title: str
    word: str
    done: int = 0
    expected: int | None = None
    created: int = 0
    updated: int = 0
    aside: int = 0
    seconds: float | None = None

    @property
    def rate(self) -> float | None:
        """Return records a second, while it runs."""
        if self.word != "Running" or not self.seconds or self.seconds < 1:
            return None
        return self.done / self.seconds


@dataclass(frozen=True, slots=True)
class RunView:
    """A run, and what is computed of it at a moment."""

    run: RunWhole
    planned: Sequence[str]
    now: datetime

    @property
    def word(self) -> str:
        """Return how it stands."""
        return "Stopping" if self.run.is_stopping else RUN[self.run.state]

    @property
    def title(self) -> str:
        """Return what it is: ``Full pull · shop``."""
        is_full = bool(self.run.options.get("full"))
        kind = TITLES.get(self.run.kind, KIND[self.run.kind]) if is_full else KIND[self.run.kind]
        return f"{kind} · {self.run.connection}"

    @property
    def is_live(self) -> bool:
        """Say whether something is still to come."""
        return not self.run.state.has_ended

    @property
    def elapsed(self) -> float | None:
        """Return the seconds that it has taken."""
        if self.run.started_at is None:
            return None
        return ((self.run.ended_at or self.now) - self.run.started_at).total_seconds()

    @property
    def own(self) -> list[ResourceProgress]:
        """Return the progress of what the run is for, without the proof behind it."""
        stages = [line.stage.value for line in self.run.progress]
        first = self.run.kind.value if self.run.kind.value in stages else (stages or [""])[0]
        return [line for line in self.run.progress if line.stage.value == first]

    @property
    def proof(self) -> list[ResourceProgress]:
        """Return the progress of the proof that follows a pull."""
        own = {id(line) for line in self.own}
        return [line for line in self.run.progress if id(line) not in own]

    @property
    def lines(self) -> list[Line]:
        """Return a line for each resource of weight, one for the others, and one for the proof."""
        by_name = {line.resource: line for line in self.own}
        names = list(dict.fromkeys([*by_name, *self.planned]))
        if len(names) <= len(MAIN):
            shown, rest = names, []
        else:
            shown = [n for n in names if n in MAIN or _is_of_note(by_name.get(n))]
            shown.sort(key=lambda name: MAIN.index(name) if name in MAIN else len(MAIN))
            rest = [name for name in names if name not in shown]
        found = [self._line(title_of(name), [by_name.get(name)]) for name in shown]
        if rest:
            found.append(self._line(_titles(rest), [by_name.get(name) for name in rest]))
        if self.proof:
            found.append(self._line("Proof that nothing is missing", list(self.proof)))
        return found

    @property
    def records(self) -> int:
        """Return how many were read so far."""
        return sum(line.records for line in self.own)

    @property
    def expected(self) -> int | None:
        """Return how many there may be; None before every resource was looked at."""
        begun = {line.resource for line in self.own}
        if not begun or not begun.issuperset(self.planned):
            return None
        return sum(max(line.expected or 0, line.records) for line in self.own)

    @property
    def share(self) -> float | None:
        """Return how far it is, from 0 to 1; by resources where records are not known."""
        if not self.is_live:
            return 1.0
        names = set(self.planned) | {line.resource for line in self.own}
        if not names or not self.own:
            return None
        read = min(1.0, sum(map(_share, self.own)) / len(names))
        if self.run.kind is not RunKind.PULL:
            return min(LAST_STEP, read)
        proven = min(1.0, sum(map(_share, self.proof)) / len(names))
        return min(LAST_STEP, READING * read + (1 - READING) * proven)

    @property
    def percent(self) -> int | None:
        """Return how far it is, in percent."""
        return None if self.share is None else int(100 * self.share)

    @property
    def left(self) -> float | None:
        """Return about how many seconds it goes on; None where nobody can say."""
        share, elapsed = self.share, self.elapsed
        if not self.is_live or share is None or elapsed is None:
            return None
        if elapsed < SOONEST_LEFT[0] or share < SOONEST_LEFT[1]:
            return None
        return elapsed * (1 - share) / share

    @property
    def rate(self) -> float | None:
        """Return records a second: of what runs now, else of the whole."""
        running = [line.rate for line in self.lines if line.rate is not None]
        if running:
            return sum(running)
        return self.records / self.elapsed if self.elapsed and self.elapsed >= 1 else None

    def _line(self, title: str, progress: Sequence[ResourceProgress | None]) -> Line:
        begun = [line for line in progress if line is not None]
        if not begun:
            word = "Queued" if self.is_live else "Skipped"
            return Line(title, word)
        word = _worst(begun, is_whole=len(begun) == len(progress), is_live=self.is_live)
        end = self.now if word == "Running" else max(line.updated_at for line in begun)
        known = [line.expected for line in begun if line.expected is not None]
        return Line(
            title,
            word,
            sum(line.records for line in begun),
            max(sum(known), sum(line.records for line in begun)) if known else None,
            sum(line.created for line in begun),
            sum(line.updated for line in begun),
            sum(line.unreadable for line in begun),
            max(0.0, (end - min(line.started_at for line in begun)).total_seconds()),
        )


def _worst(begun: Sequence[ResourceProgress], *, is_whole: bool, is_live: bool) -> str:
    states = {line.state for line in begun}
    if "failed" in states:
        return "Failed"
    if "running" in states or not is_whole:
        return "Running" if is_live else "Interrupted"
    return "Done"


def _is_of_note(line: ResourceProgress | None) -> bool:
    return line is not None and (line.state != "done" or line.unreadable > 0)


def _share(line: ResourceProgress) -> float:
    if line.state == "done":
        return 1.0
    return min(LAST_STEP, line.records / line.expected) if line.expected else 0.0


def title_of(name: str) -> str:
    """Return a resource as a line begins with it."""
    return name.replace("_", " ").capitalize()


def _titles(names: Sequence[str]) -> str:
    """Return several resources in few words."""
    first = ", ".join(name.replace("_", " ") for name in names[:3])
    more = f", {len(names) - 3} more" if len(names) > 3 else ""
    return (first + more).capitalize()
