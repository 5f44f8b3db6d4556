"""What happened since somebody looked last: events for whoever follows runs. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from storetwin.runs.models import RunState

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
ENDED = "end"
COUNTS = ("records", "expected", "created", "updated", "buried", "unreadable", "pages")


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that happened.

    Args:
        name: ``state`` or ``progress``.
        mark: up to where the listener knows everything then.
    """

    name: str
    mark: str
    data: dict[str, Any]


@dataclass(slots=True)
class Teller:
    """Tells one listener what he does not know yet. What is told twice is the same.

    Args:
        after: progress that was written earlier is known to him: microseconds since 1970.
        only: the one run that he follows; None for all.
    """

    after: int = 0
    only: UUID | None = None
    known: dict[UUID, str] = field(default_factory=dict)
    _told: dict[tuple[UUID, str, str], tuple[Any, ...]] = field(default_factory=dict)

    @classmethod
    def since(cls, mark: str | None, only: UUID | None = None) -> Teller:
        """Return one for a listener who was here before, up to a mark; a strange one counts for none."""
        number = (mark or "").partition("-")[0]
        is_ours = number.isascii() and number.isdecimal() and len(number) <= 18
        return cls(int(number) if is_ours else 0, only)

    @property
    def at_work(self) -> list[UUID]:
        """Return the runs whose end is still to be told."""
        return [run_id for run_id, state in self.known.items() if not RunState(state).has_ended]

    @property
    def is_over(self) -> bool:
        """Say whether nothing is to come: the one run that is followed has ended."""
        state = self.known.get(self.only) if self.only is not None else None
        return state is not None and RunState(state).has_ended

    def see(self, rows: Sequence[dict[str, Any]]) -> Iterator[Event]:
        """Yield what is new: progress in the order in which it was written, states around it."""
        runs = {row["run_id"]: row for row in rows}
        changed = [row for run_id, row in runs.items() if self.known.get(run_id) != row["state"]]
        yield from (self._state(row) for row in changed if not RunState(row["state"]).has_ended)
        written = [row for row in rows if row["resource"] is not None]
        for row in sorted(written, key=lambda row: _number(row["updated_at"])):
            yield from self._progress(row)
        yield from (self._state(row) for row in changed if RunState(row["state"]).has_ended)
        for run_id, state in list(self.known.items()):
            if RunState(state).has_ended and run_id not in runs:
                self._forget(run_id)

    def _progress(self, row: dict[str, Any]) -> Iterator[Event]:
        key = (row["run_id"], row["stage"], row["resource"])
        seen = (row["progress_state"], *(row[name] for name in COUNTS))
        number = _number(row["updated_at"])
        is_known = self._told.get(key) == seen or (key not in self._told and number < self.after)
        self._told[key] = seen
        if is_known:
            return
        self.after = max(self.after, number)
        data = _of_run(row) | {"stage": row["stage"], "resource": row["resource"]}
        counts = {name: row[name] for name in COUNTS}
        yield Event("progress", str(self.after), data | {"state": row["progress_state"]} | counts)

    def _state(self, row: dict[str, Any]) -> Event:
        self.known[row["run_id"]] = row["state"]
        has_ended = RunState(row["state"]).has_ended
        data = _of_run(row) | {"state": row["state"]}
        if row["error"]:
            data |= {"error": row["error"], "remedy": row["remedy"]}
        return Event("state", f"{self.after}-{ENDED}" if has_ended else str(self.after), data)

    def _forget(self, run_id: UUID) -> None:
        del self.known[run_id]
        self._told = {key: seen for key, seen in self._told.items() if key[0] != run_id}


def _of_run(row: dict[str, Any]) -> dict[str, Any]:
    return {
        "run_id": str(row["run_id"]),
        "connection": row["connection"],
        "kind": row["kind"],
    }


def _number(moment: datetime) -> int:
    return (moment - _EPOCH) // _MICROSECOND
