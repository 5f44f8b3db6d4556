"""What a run did, line by line: in pages of so many, searched, and whole.

Two sources make one list: what the run and its progress say, which is little, and what it set aside,
which may be a lot and is read in pages. Both are ordered by the moment, and then by an id.
"""

from __future__ import annotations

import itertools
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final
from urllib.parse import urlencode
from uuid import UUID

from storetwin.api.run_forms import ResourceProgress
from storetwin.hub.letters import Letters
from storetwin.runs.models import RunKind, RunState
from storetwin.web.figures import duration
from storetwin.web.run_view import RunView, title_of
from storetwin.web.words import RUN, Tone

LINES: Final = 200  # of a page
LINES_READ: Final = 1_000  # at once, where all are given
LAST: Final = UUID(int=(1 << 128) - 1)
SETTLED: Final = {"resolved": " (settled since)", "discarded": " (discarded since)"}
Place = tuple[datetime, UUID]
"""Where a line stands: its moment, and what decides between those of the same."""


@dataclass(frozen=True, slots=True)
class Happened:
    """One thing that happened, as the activity tells it.

    Args:
        level: ``info``, ``warning`` or ``aside``.
        key: decides which of two at the same moment was first.
    """

    at: datetime
    tone: Tone
    icon: str
    text: str
    level: str = "info"
    key: UUID = LAST

    @property
    def place(self) -> Place:
        """Return where it stands."""
        return self.at, self.key

    @property
    def shown(self) -> str:
        """Return it without what makes it longer than a few lines."""
        return self.text if len(self.text) <= 300 else f"{self.text[:299]}…"


@dataclass(frozen=True, slots=True)
class Sought:
    """Which lines.

    Args:
        level: only those of it.
        text: only those that hold it, in any case of letters.
        before: only those that stand before it.
    """

    level: str | None = None
    text: str = ""
    before: Place | None = None

    @property
    def needle(self) -> str | None:
        """Return the text to be found; None: any."""
        return self.text.strip() or None

    def query(self, **other: object) -> str:
        """Return level and text as the address has them, some of it replaced."""
        values = {"level": self.level, "q": self.needle} | other
        kept = {name: value for name, value in values.items() if value}
        return f"?{urlencode(kept)}" if kept else ""

    def fits(self, one: Happened) -> bool:
        """Say whether a line of the run itself is sought."""
        return (
            self.level in (None, one.level)
            and (self.needle or "").lower() in one.text.lower()
            and (self.before is None or one.place < self.before)
        )


@dataclass(frozen=True, slots=True)
class Log:
    """Some lines of a run, the oldest first.

    Args:
        older: where those before them end; None where there are none.
        counts: how many lines there are of a level, whatever is sought.
    """

    sought: Sought
    lines: Sequence[Happened]
    older: Place | None
    counts: Mapping[str, int]

    @property
    def live_query(self) -> str:
        """Return what the stream of the page is asked: what the page was."""
        before = self.sought.before
        return self.sought.query(
            at="/operations", **({"before": _stamp(before[0])} if before else {})
        )

    @property
    def older_query(self) -> str:
        """Return the address of the lines before these."""
        if self.older is None:
            return self.sought.query()
        at, key = self.older
        return self.sought.query(before=_stamp(at), key=key)


async def read_log(letters: Letters, view: RunView, sought: Sought, *, limit: int = LINES) -> Log:
    """Return the latest lines of a run that fit."""
    steps = _steps(view)
    found = [one for one in steps if sought.fits(one)]
    run_id, needle = view.run.run_id, sought.needle
    if sought.level in (None, "aside"):
        rows = await letters.of_run(run_id, needle=needle, before=sought.before, limit=limit + 1)
        found += map(_aside, rows)
    found.sort(key=lambda one: one.place)
    lines = found[-limit:]
    counts = {"warning": sum(one.level == "warning" for one in steps)}
    counts["aside"] = await letters.count_of_run(run_id)
    return Log(sought, lines, lines[0].place if len(found) > limit else None, counts)


async def whole_log(
    letters: Letters, view: RunView, sought: Sought
) -> AsyncIterator[Sequence[Happened]]:
    """Yield all lines of a run that fit, the latest first, some at a time."""
    place: Place | None = None
    while True:
        log = await read_log(letters, view, replace(sought, before=place), limit=LINES_READ)
        yield log.lines[::-1]
        place = log.older
        if place is None:
            return


def _stamp(moment: datetime) -> str:
    return moment.isoformat().replace("+00:00", "Z")


def _steps(view: RunView) -> list[Happened]:
    """Return what the run itself and its progress say, in its order."""
    told = list(_told(view))
    begun = sum(one.icon in ("clock", "player-play") for one in told)
    behind = LAST.int - len(told)
    found = [
        replace(one, key=UUID(int=n if n < begun else behind + n)) for n, one in enumerate(told)
    ]
    return sorted(found, key=lambda one: one.place)


def _aside(row: Mapping[str, Any]) -> Happened:
    since = SETTLED.get(row["state"], "")
    text = f"{row['resource']}/{row['name']} set aside: {row['reason']}{since}"
    return Happened(row["at"], Tone.BAD, "mail-x", text, "aside", row["dead_letter_id"])


def _told(view: RunView) -> Iterator[Happened]:
    run = view.run
    if run.asked_at is not None:
        yield Happened(run.asked_at, Tone.IDLE, "clock", f"{view.title}: asked for")
    if run.started_at is not None:
        text = f"{view.title}: begun, {len(view.planned) or len(view.own)} resources"
        yield Happened(run.started_at, Tone.INFO, "player-play", text)
    for stage, lines in itertools.groupby(run.progress, key=lambda line: line.stage):
        yield from _of_stage(view, stage.value, list(lines))
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
            text = f"{title_of(line.resource)} failed after {told}"
            yield Happened(line.updated_at, Tone.CHANGE, "alert-triangle", text, "warning")
        elif is_proof:
            text = f"{title_of(line.resource)} proven: {told}"
            yield Happened(line.updated_at, Tone.OK, "certificate", text)
        else:
            yield Happened(line.updated_at, Tone.OK, "check", f"{title_of(line.resource)}: {told}")


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
