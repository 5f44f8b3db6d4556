"""The overview: figures, stores, what went on lately; made of what the hub tells."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from storetwin.hub import Hub
from storetwin.hub.analytics import analyse
from storetwin.hub.apart import gone_apart
from storetwin.hub.letters import Chosen as Letters
from storetwin.hub.trends import changes_over_time
from storetwin.jobs.living import living_workers
from storetwin.reading.analytics import Figures, Moved
from storetwin.runs.models import RunKind, RunState
from storetwin.runs.standing import Standing
from storetwin.staging.models import Count, State
from storetwin.web.connection_view import OFTEN, Seen
from storetwin.web.needs import Cause, Facts, Need, lacking_of, needs
from storetwin.web.run_view import MAIN
from storetwin.web.words import KIND, RUN, STANDING

DAY: Final = timedelta(days=1)
ROWS: Final = 20  # stores on a page: the worst
_CELL: Final[Mapping[Standing, str]] = {
    Standing.IN_STEP: "ok",
    Standing.BEHIND: "change",
    Standing.RESTING: "idle",
    Standing.NEVER: "idle",
}


@dataclass(frozen=True, slots=True)
class Cell:
    """How one resource of a store stands, as one small bar."""

    resource: str
    tone: str
    word: str
    is_running: bool = False


@dataclass(frozen=True, slots=True)
class StoreRow:
    """A line of the table of stores.

    Args:
        lacking: how many records the latest proof says are missing.
        reading: the resources that runs are reading now.
    """

    seen: Seen
    lacking: int = 0
    reading: frozenset[str] = frozenset()

    @property
    def id(self) -> UUID:
        """Return the connection's id."""
        return self.seen.connection.id

    @property
    def word(self) -> str:
        """Return how it stands."""
        if not self.seen.is_paused and self._has_failed and self.seen.word != "Never pulled":
            return "Failing" if self.seen.standing.failures >= OFTEN else "Behind"
        return self.seen.word

    @property
    def _has_failed(self) -> bool:
        last = self.seen.standing.last_run
        return last is not None and last["state"] == RunState.FAILED

    @property
    def activity(self) -> str:
        """Return what goes on, or what hinders it; else its address."""
        at_work = [r for r in self.seen.standing.at_work if r["kind"] != RunKind.RECEIVE]
        if at_work:
            return f"{KIND[RunKind(at_work[0]['kind'])].lower()} is running"
        if self.seen.is_paused:
            return self.seen.connection.pause_reason or "paused"
        if self.seen.standing.failures:
            n = self.seen.standing.failures
            return "failed once" if n == 1 else f"failed {n} times in a row"
        return self.seen.connection.url.partition("://")[2]

    @property
    def cells(self) -> list[Cell]:
        """Return a bar for each resource of weight, and one for the others together."""
        by_name = {one.resource: one for one in self.seen.standing.resources}
        cells = [
            Cell(name, *_cell(by_name[name].standing, self.seen), name in self.reading)
            for name in MAIN
            if name in by_name
        ]
        rest = [one for one in by_name.values() if one.resource not in MAIN]
        if rest:
            worst = max((one.standing for one in rest), key=list(_WORST).index)
            is_running = any(one.resource in self.reading for one in rest)
            cells.append(Cell(f"{len(rest)} others", *_cell(worst, self.seen), is_running))
        return cells

    @property
    def strip(self) -> str:
        """Return the bars in words."""
        cells = self.cells
        fine = sum(cell.tone == "ok" for cell in cells)
        rest = [f"{cell.resource}: {cell.word}" for cell in cells if cell.tone != "ok"]
        running = [
            f"{cell.resource.replace('_', ' ')} is being read" for cell in cells if cell.is_running
        ]
        return ", ".join([f"{fine} of {len(cells)} in step", *rest, *running])

    @property
    def run_word(self) -> str | None:
        """Return how the latest run stands."""
        run = self.run
        return RUN[RunState(run["state"])] if run else None

    @property
    def run(self) -> Mapping[str, Any] | None:
        """Return the run at work, else the latest that ended."""
        at_work = [r for r in self.seen.standing.at_work if r["kind"] != RunKind.RECEIVE]
        return at_work[0] if at_work else self.seen.standing.last_run

    def review(self) -> list[tuple[str, int, str]]:
        """Return what waits to enter core: word, number, resource with the most of it."""
        found = []
        for state in (State.NEW, State.UPDATED, State.DELETED):
            own = [c for c in self.seen.counts if c.state is state and c.records]
            if own:
                most = max(own, key=lambda count: count.records).resource
                found.append((state.value, sum(c.records for c in own), most))
        return found


_WORST: Final = (Standing.IN_STEP, Standing.RESTING, Standing.NEVER, Standing.BEHIND)
_ORDER: Final = ("Failing", "Behind", "Never pulled", "In step", "Paused")


def _cell(standing: Standing, seen: Seen) -> tuple[str, str]:
    if seen.is_paused:
        return "idle", "paused"
    return _CELL[standing], STANDING[standing].lower()


def worst_first(rows: Sequence[StoreRow]) -> list[StoreRow]:
    """Return the stores that need somebody first; one that is paused for a doubt is among them."""

    def rank(row: StoreRow) -> tuple[int, int, str]:
        at = 0 if row.seen.doubt else _ORDER.index(row.word)
        return at, -row.lacking, row.seen.connection.name

    return sorted(rows, key=rank)


@dataclass(frozen=True, slots=True)
class Overview:
    """Everything that the page shows of how things stand."""

    now: datetime
    rows: Sequence[StoreRow]
    needs: Sequence[Need]
    figures: Figures
    moved: Sequence[Moved] = field(default=())

    @property
    def is_empty(self) -> bool:
        """Say whether nothing was ever pulled: then it is said how one begins."""
        return all(row.seen.records == 0 for row in self.rows)

    def n(self, word: str) -> int:
        """Return how many stores stand so."""
        return sum(row.word == word for row in self.rows)

    @property
    def active(self) -> int:
        """Return how many stores are read."""
        return sum(not row.seen.is_paused for row in self.rows)

    @property
    def records(self) -> int:
        """Return how many records the twin holds."""
        return sum(row.seen.records for row in self.rows)

    @property
    def created(self) -> int:
        """Return how many records came lately."""
        return sum(one.created for one in self.moved)

    @property
    def buried(self) -> int:
        """Return how many records their stores deleted lately."""
        return sum(one.buried for one in self.moved)

    def waiting(self, state: str) -> int:
        """Return how many records wait to enter core."""
        return sum(
            c.records for row in self.rows for c in row.seen.counts if c.state is State(state)
        )

    @property
    def review(self) -> str:
        """Return where what waits is looked at: the resource with the most of it."""
        counts: dict[str, int] = {}
        for row in self.rows:
            for _, n, resource in row.review():
                counts[resource] = counts.get(resource, 0) + n
        return max(sorted(counts), key=lambda name: counts[name], default="products")

    @property
    def proven(self) -> int:
        """Return how many stores are proven complete."""
        found = [row.seen.standing.certificate for row in self.rows]
        return sum(one is not None and bool(one["is_complete"]) for one in found)

    @property
    def oldest_proof(self) -> datetime | None:
        """Return when the oldest of the latest proofs was made."""
        found = [row.seen.standing.certificate for row in self.rows]
        return min((one["ended_at"] for one in found if one), default=None)


def reading_of(runs: Sequence[Mapping[str, Any]]) -> dict[str, frozenset[str]]:
    """Return which resources of each store runs are reading now, by the store's name.

    Args:
        runs: that wait or are at work, a row for each resource of each.
    """
    found: dict[str, set[str]] = {}
    for row in runs:
        is_read = row["state"] == RunState.RUNNING and row["kind"] != RunKind.RECEIVE
        if is_read and row["progress_state"] == RunState.RUNNING:
            found.setdefault(row["connection"], set()).add(row["resource"])
    return {name: frozenset(names) for name, names in found.items()}


async def look(hub: Hub) -> Overview:
    """Return how things stand."""
    hooks = await hub.standings.webhooks()
    runs = await hub.standings.follow([], is_all=True)
    reading = reading_of(runs)
    counts: dict[UUID, list[Count]] = {}
    for count in await hub.staging.counts():
        counts.setdefault(count.connection_id, []).append(count)
    rows = []
    lacking: dict[str, int] = {}
    for one in await hub.standings.every():
        key = one.connection.id
        seen = Seen(one.connection, one, hooks.get(key), counts=counts.get(key, []))
        missing = 0
        if one.certificate is not None and not one.certificate["is_complete"]:
            missing = lacking_of(json.loads(one.certificate["document"]))
        lacking[str(key)] = missing
        rows.append(StoreRow(seen, missing, reading.get(one.connection.name, frozenset())))
    facts = Facts(
        stores=[row.seen for row in rows],
        causes=[
            Cause(row["cause"], row["reason"], row["waiting"], row["oldest_at"])
            for row in await hub.letters.causes(Letters())
        ],
        lacking=lacking,
        workers=await living_workers(hub),
        conflicts=len(await gone_apart(hub)),
        queued=len({row["run_id"] for row in runs if row["state"] == RunState.QUEUED}),
    )
    figures, _ = await analyse(hub, "24h", None)
    _, moved = await changes_over_time(hub, DAY)
    return Overview(hub.clock(), worst_first(rows), needs(facts), figures.total, moved)
