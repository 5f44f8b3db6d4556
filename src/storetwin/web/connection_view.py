"""A connection as its page and the list of all show it: how it stands, and what is next to do."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final
from uuid import UUID

from storetwin.connections.identity import Identity, Verdict
from storetwin.connections.models import Connection, ConnectionState
from storetwin.connections.probe import kept_checks
from storetwin.connections.webhooks_health import Health
from storetwin.connections.webhooks_health import Standing as Hooks
from storetwin.hub import Hub
from storetwin.hub.standings import ConnectionStanding
from storetwin.runs.schedules import ALL, Schedule, ScheduleKind
from storetwin.runs.standing import Standing
from storetwin.staging.models import Count
from storetwin.staging.models import State as Staged
from storetwin.web.connection_checks import TestView, seen_test
from storetwin.web.schedule_words import sentence
from storetwin.web.words import STANDING

HOOK_WORD: Final[Mapping[Hooks, str]] = {
    Hooks.POLLING: "Off",
    Hooks.OFF: "Off",
    Hooks.BROKEN: "Failing",
    Hooks.SILENT: "Warning",
    Hooks.REFUSED: "Failing",
    Hooks.WAITING: "Waiting",
    Hooks.OK: "Active",
}
FIRST: Final = "products"  # what people look at first
OFTEN: Final = 3  # failures in a row that are no accident any more


@dataclass(frozen=True, slots=True)
class Step:
    """One step of getting a store in step; done by facts, never by a click.

    Args:
        word: of `WORDS`, where it is done: Passed, or Warning.
        fact: what shows that it is done.
    """

    key: str
    title: str
    is_done: bool
    fact: str = ""
    at: datetime | None = None
    word: str = "Passed"


@dataclass(frozen=True, slots=True)
class Review:
    """The new records of a resource."""

    resource: str
    records: int


@dataclass(frozen=True, slots=True)
class Seen:
    """A connection, with everything that is shown of it.

    Args:
        hooks: None where nobody looked.
        counts: of its records against core.
    """

    connection: Connection
    standing: ConnectionStanding
    hooks: Health | None
    schedules: Sequence[Schedule] = ()
    counts: Sequence[Count] = field(default=())

    @property
    def test(self) -> TestView:
        """Return the last test."""
        one = self.connection
        return seen_test(one.url, kept_checks(one), one.last_probe_at)

    @property
    def is_paused(self) -> bool:
        """Say whether no run uses it."""
        return self.connection.state is ConnectionState.PAUSED

    @property
    def identity(self) -> Identity | None:
        """Return which store is remembered."""
        return Identity.from_json(self.connection.identity)

    @property
    def version(self) -> str | None:
        """Return the version of WooCommerce, by the last test or the last run."""
        remembered = self.identity
        return self.connection.store.wc_version or (remembered.wc_version if remembered else None)

    @property
    def doubt(self) -> Verdict | None:
        """Return what the store was taken for instead, if it is not trusted."""
        identity = self.identity
        return Verdict(identity.doubt) if identity and identity.doubt else None

    @property
    def word(self) -> str:
        """Return how it stands."""
        if self.is_paused:
            return "Paused"
        if self.standing.failures >= OFTEN:
            return "Failing"
        return STANDING[self.standing.standing]

    @property
    def blocked(self) -> tuple[str, str] | None:
        """Return what is blocked, as a word of `WORDS` and a label; None where nothing is."""
        if self.doubt is not None:
            return "Failing", "Another store"
        if self.connection.last_probe_at is None:
            return None
        found = {line.name: line.word for line in self.test.lines}
        if found.get("read") != "Passed":
            return "Failing", "Pull blocked"
        if found.get("write") in ("Warning", "Failed"):
            return "Warning", "Reads only"
        return None

    @property
    def records(self) -> int:
        """Return how many records the twin holds that are in the store."""
        of_all = (one.records for one in self.standing.resources)
        return sum(n for states in of_all for state, n in states.items() if state != "gone")

    @property
    def synced_at(self) -> datetime | None:
        """Return when it was last read to its end."""
        found = [one.marks.synced_at for one in self.standing.resources if one.marks.synced_at]
        return max(found, default=None)

    @property
    def behind(self) -> list[str]:
        """Return the resources that are behind."""
        return [r.resource for r in self.standing.resources if r.standing is Standing.BEHIND]

    def schedule(self, kind: ScheduleKind) -> Schedule | None:
        """Return the schedule of a kind that speaks for all resources."""
        return next((s for s in self.schedules if (s.kind, s.resource) == (kind, ALL)), None)

    @property
    def to_review(self) -> Review:
        """Return which of its records are looked at first."""
        return first_to_review(self.counts)

    # -- what is to be done -----------------------------------------------------------------------

    @property
    def steps(self) -> list[Step]:
        """Return what gets a store in step."""
        return [
            Step("connect", "Connect the store", is_done=True, at=self.connection.created_at),
            self._tested(),
            self._pulled(),
            self._proved(),
            self._promoted(),
            self._kept_up(),
        ]

    @property
    def next_step(self) -> Step | None:
        """Return the first step that is not done."""
        return next((step for step in self.steps if not step.is_done), None)

    def _tested(self) -> Step:
        title, test = "Test the connection", self.test
        if test.at is None:
            return Step("test", title, is_done=False)
        odd = len(test.needs_you)
        fact = f"{test.count('Passed')} of {test.count('Passed') + odd} passed"
        fact += f", {odd} {'needs' if odd == 1 else 'need'} you" if odd else ""
        word = "Warning" if odd else "Passed"
        return Step("test", title, is_done=test.can_read, fact=fact, at=test.at, word=word)

    def _pulled(self) -> Step:
        is_done = self.standing.certificate is not None
        fact = f"{self.records:,} records in the twin" if is_done else ""
        return Step("pull", "Pull everything once", is_done=is_done, fact=fact, at=self.synced_at)

    def _proved(self) -> Step:
        found, title = self.standing.certificate, "Prove that nothing is missing"
        if found is None:
            return Step("prove", title, is_done=False)
        is_complete = bool(found["is_complete"])
        fact = "complete" if is_complete else "something is missing"
        word = "Passed" if is_complete else "Warning"
        return Step("prove", title, is_complete, fact, found["ended_at"], word)

    def _promoted(self) -> Step:
        entered = sum(
            one.records for one in self.counts if one.state in (Staged.IN_SYNC, Staged.UPDATED)
        )
        fact = f"{entered:,} {'record' if entered == 1 else 'records'} in core" if entered else ""
        return Step("choose", "Choose what enters core", is_done=entered > 0, fact=fact)

    def _kept_up(self) -> Step:
        found = self.schedule(ScheduleKind.SYNC)
        is_done = (
            found is not None
            and not found.is_paused
            and not self.is_paused
            and self.standing.standing is Standing.IN_STEP
        )
        fact = "webhooks and " if self.hooks and self.hooks.standing is Hooks.OK else ""
        fact += sentence(found.spec) if found else "a schedule"
        return Step("keep", "Keep it in step", is_done=is_done, fact=fact)


def first_to_review(counts: Iterable[Count]) -> Review:
    """Return the new products where there are some, else the resource with the most new records."""
    new = Counter[str]()
    for one in counts:
        if one.state is Staged.NEW:
            new[one.resource] += one.records
    first = FIRST if new[FIRST] or not new else new.most_common(1)[0][0]
    return Review(first, new[first])


async def see_all(hub: Hub) -> list[Seen]:
    """Return all connections: the default first, then by name."""
    hooks = await hub.standings.webhooks()
    standings = await hub.standings.every()
    return [Seen(one.connection, one, hooks.get(one.connection.id)) for one in standings]


async def see(hub: Hub, connection_id: UUID) -> Seen | None:
    """Return one connection with all that its page shows; None where it is gone."""
    found = [one for one in await see_all(hub) if one.connection.id == connection_id]
    if not found:
        return None
    [(_, schedules)] = await hub.schedules.of(str(connection_id))
    counts = await hub.staging.counts(None, [connection_id])
    one = found[0]
    return Seen(one.connection, one.standing, one.hooks, schedules, counts)
