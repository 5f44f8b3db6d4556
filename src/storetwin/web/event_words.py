"""What happened, as one line says it. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from storetwin.hub.chronicle import Event
from storetwin.hub.letters import EXPLAINED
from storetwin.runs.models import RunKind, RunState
from storetwin.tenancy.audit import DONE, Entry
from storetwin.web.words import KIND, RUN, WORDS, Tone


@dataclass(frozen=True, slots=True)
class Line:
    """One event as it is told.

    Args:
        who: a store, or a person.
        text: what happened to it, or what he did.
        link: what it was about, and where that is.
        word: of `WORDS`: how it ended; None where that goes without saying.
    """

    event_id: str
    at: datetime
    tone: Tone
    icon: str
    who: str
    text: str
    kind: str
    link: tuple[str, str] | None = None
    word: str | None = None
    detail: str = ""
    certificate: str | None = None


_ICONS: Final[Mapping[RunKind, str]] = {
    RunKind.PULL: "download",
    RunKind.SYNC: "refresh",
    RunKind.SWEEP: "arrows-shuffle",
    RunKind.VERIFY: "certificate",
    RunKind.RETRY: "refresh",
    RunKind.RECEIVE: "webhook",
    RunKind.REHEARSE: "test-pipe",
    RunKind.PROMOTE: "arrow-up-right",
}
_SAID: Final[Mapping[str, str]] = {
    "begin_session": "signed in",
    "create_session": "signed in",
    "delete_current_session": "signed out",
    "delete_other_sessions": "ended all other sessions",
    "start_run": "started a run",
    "cancel_run": "stopped a run",
    "retry_run": "ran a run again",
    "start_order_sync": "started a sync of orders",
    "request_certificate": "asked for a proof",
    "prove_store": "asked for a proof",
    "retry_dead_letters": "retried dead letters",
    "discard_dead_letters": "discarded dead letters",
    "accept_identity": "accepted the store as it is now",
    "update_me": "changed their own name",
    "switch_organisation": "changed the organisation",
    "promote_records": "promoted records",
}
_PAST: Final[Mapping[str, str]] = {
    "create": "created",
    "begin": "began",
    "delete": "deleted",
    "update": "changed",
    "start": "started",
    "cancel": "stopped",
    "retry": "retried",
    "discard": "discarded",
    "pause": "paused",
    "resume": "resumed",
    "test": "tested",
    "rotate": "replaced",
    "check": "checked",
    "accept": "accepted",
    "set": "set",
    "put": "put up",
    "export": "exported",
    "erase": "erased",
    "request": "asked for",
    "promote": "promoted",
    "preview": "previewed",
    "choose": "chose",
    "map": "mapped",
    "apply": "applied",
    "switch": "switched",
    "ask": "asked",
    "prove": "asked for",
}


def line_of(event: Event) -> Line:
    """Return how an event is told."""
    if event.run is not None:
        return _of_run(event, event.run)
    if event.entry is not None:
        return _of_deed(event, event.entry)
    raise ValueError(f"the event {event.event_id} is nothing")


def _of_run(event: Event, run: Mapping[str, Any]) -> Line:
    kind, state = RunKind(run["kind"]), RunState(run["state"])
    word = WORDS[RUN[state]]
    certificate = str(run["certificate_id"]) if run["certificate_id"] else None
    return Line(
        str(event.event_id),
        event.at,
        word.tone,
        _ICONS[kind],
        run["connection"],
        told_of_run(run),
        "Proof" if kind is RunKind.VERIFY else KIND[kind],
        (KIND[kind], f"/operations/runs/{run['run_id']}"),
        word.text,
        str(run["error"] or ""),
        certificate,
    )


def told_of_run(run: Mapping[str, Any]) -> str:
    """Return what a run came to, in a few words."""
    if run["state"] in (RunState.RUNNING, RunState.QUEUED):
        return "is at work" if run["state"] == RunState.RUNNING else "waits for its turn"
    if run["kind"] == RunKind.VERIFY:
        told = f"{run['records']:,} records compared"
    else:
        parts = [
            (run["created"], "new"),
            (run["updated"], "updated"),
            (run["buried"], "gone"),
            (run["unreadable"], "set aside"),
        ]
        told = ", ".join(f"{n:,} {what}" for n, what in parts if n)
        if not told:
            told = f"{run['records']:,} records read, nothing changed" if run["records"] else ""
    is_well = run["state"] in (RunState.DONE, RunState.INCOMPLETE)
    return told or ("nothing changed" if is_well else "came to nothing")


def _of_deed(event: Event, entry: Entry) -> Line:
    deed = entry.deed
    is_done = deed.outcome == DONE
    tone = Tone.IDLE if is_done else Tone.CHANGE
    icon = "shield-check" if deed.action.startswith("accept_identity") else "user"
    return Line(
        str(event.event_id),
        event.at,
        tone,
        icon,
        deed.actor,
        told_of_deed(deed.action, deed.subject, deed.detail),
        "Person",
        None,
        None if is_done else ("Failed" if deed.outcome else "Unknown"),
        "" if is_done else (deed.outcome or "it was cut off in the middle"),
    )


def told_of_deed(action: str, subject: str | None, detail: Mapping[str, Any] | None = None) -> str:
    """Return what somebody did: ``created a connection: shop``."""
    verb, _, rest = action.partition("_")
    what = rest.replace("_", " ")
    told = _SAID.get(action) or f"{_PAST.get(verb, verb)} {what}".strip()
    if action == EXPLAINED:
        told = f"discarded {(detail or {}).get('discarded', 0):,} dead letters"
    if subject:
        told += f": {', '.join(part.partition('=')[2] or part for part in subject.split(' '))}"
    reason = (detail or {}).get("reason")
    return f"{told}, because: {reason}" if reason else told
