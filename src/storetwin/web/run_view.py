"""A run as a page shows it: lines a resource, how far it is, what happened when. Pure."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from storetwin.api.run_forms import ResourceProgress, RunWhole
from storetwin.runs.models import RunKind, RunState
from storetwin.web.figures import duration
from storetwin.web.words import KIND, RUN, Tone

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
MOST_LINES: Final = 200  # of the activity
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
class Happened:
    """One thing that happened, as the activity tells it.

    Args:
        level: ``info``, ``warning`` or ``aside``.
    """

    at: datetime
    tone: Tone
    icon: str
    text: str
    level: str = "info"


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
        found = [self._line(_title(name), [by_name.get(name)]) for name in shown]
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

    def activity(self, level: str | None = None) -> list[Happened]:
        """Return what happened, the oldest first; only of one level where one is named."""
        found = sorted(_happened(self), key=lambda one: one.at)
        kept = [one for one in found if level is None or one.level == level]
        return kept[-MOST_LINES:]

    def count(self, level: str) -> int:
        """Return how much happened of a level."""
        return sum(one.level == level for one in _happened(self))

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


def _title(name: str) -> str:
    return name.replace("_", " ").capitalize()


def _titles(names: Sequence[str]) -> str:
    """Return several resources in few words."""
    first = ", ".join(name.replace("_", " ") for name in names[:3])
    more = f", {len(names) - 3} more" if len(names) > 3 else ""
    return (first + more).capitalize()


def _happened(view: RunView) -> Iterator[Happened]:
    run = view.run
    if run.asked_at is not None:
        yield Happened(run.asked_at, Tone.IDLE, "clock", f"{view.title}: asked for")
    if run.started_at is not None:
        text = f"{view.title}: begun, {len(view.planned) or len(view.own)} resources"
        yield Happened(run.started_at, Tone.INFO, "player-play", text)
    for stage, lines in itertools.groupby(run.progress, key=lambda line: line.stage):
        yield from _of_stage(view, stage.value, list(lines))
    last = {line.resource: line.updated_at for line in view.own}
    for error in run.errors:
        at = last.get(error.resource) or run.ended_at or view.now
        text = f"{error.resource}/{error.record} set aside: {_short(error.reason)}"
        yield Happened(at, Tone.BAD, "mail-x", text, "aside")
    yield from _of_cost(view)
    if run.ended_at is not None:
        yield _end(view, run.ended_at)


def _of_stage(view: RunView, stage: str, lines: Iterable[ResourceProgress]) -> Iterator[Happened]:
    is_proof = stage == "verify" and view.run.kind is not RunKind.VERIFY
    for line in lines:
        if line.state == "running":
            continue
        took = (line.updated_at - line.started_at).total_seconds()
        told = f"{_records(line.records)} in {duration(took)}" if line.records else "no record"
        if line.state == "failed":
            text = f"{_title(line.resource)} failed after {told}"
            yield Happened(line.updated_at, Tone.CHANGE, "alert-triangle", text, "warning")
        elif is_proof:
            text = f"{_title(line.resource)} proven: {told}"
            yield Happened(line.updated_at, Tone.OK, "certificate", text)
        else:
            yield Happened(line.updated_at, Tone.OK, "check", f"{_title(line.resource)}: {told}")


def _of_cost(view: RunView) -> Iterator[Happened]:
    cost, at = view.run.cost, view.run.ended_at or view.now
    if cost.throttled:
        text = f"The store asked to wait: {cost.throttled:,} answers 429. It was asked more slowly"
        yield Happened(at, Tone.CHANGE, "gauge", text, "warning")
    if cost.troubled:
        text = f"{cost.troubled:,} requests without a usable answer; each was asked again"
        yield Happened(at, Tone.CHANGE, "alert-triangle", text, "warning")


def _end(view: RunView, at: datetime) -> Happened:
    run = view.run
    if run.state is RunState.DONE:
        return Happened(at, Tone.OK, "check", f"Done: {_records(view.records)} read")
    if run.state is RunState.CANCELLED:
        return Happened(
            at, Tone.IDLE, "ban", "Cancelled. The next run goes on from here", "warning"
        )
    told = run.error.message if run.error else "It did not come to its end"
    return Happened(at, Tone.CHANGE, "alert-triangle", f"{RUN[run.state]}: {told}", "warning")


def _records(n: int) -> str:
    return f"{n:,} record{'' if n == 1 else 's'}"


def _short(text: str) -> str:
    return text if len(text) <= 240 else f"{text[:239]}…"
