"""The words that say how something stands, each with its tone and its icon: there are no others.

Chips, filters, charts and tests read them here. The order statuses of WooCommerce are a store's
data and none of these: they are shown as plain tags.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from storetwin.runs.models import RunKind, RunState
from storetwin.runs.standing import Standing
from storetwin.staging.models import State
from storetwin.tenancy.models import Role


class Tone(StrEnum):
    """What a word means to whoever reads it; the name of its colours."""

    INFO = "info"
    CHANGE = "change"
    OK = "ok"
    BAD = "bad"
    IDLE = "idle"
    ASK = "ask"
    """A person decides."""


@dataclass(frozen=True, slots=True)
class Word:
    """A status as it is written.

    Args:
        icon: its name in assets/icons.txt.
    """

    text: str
    tone: Tone
    icon: str


def _words(tone: Tone, **icons: str) -> dict[str, Word]:
    """Return words of one tone; a name's underscores are spaces."""
    texts = {name.replace("_", " "): icon for name, icon in icons.items()}
    return {text: Word(text, tone, icon) for text, icon in texts.items()}


WORDS: Final[Mapping[str, Word]] = {
    **_words(Tone.INFO, New="plus", Running="loader-2", Stopping="loader-2"),
    **_words(
        Tone.CHANGE,
        Updated="pencil",
        Behind="clock-exclamation",
        Incomplete="alert-triangle",
        Warning="alert-triangle",
        Missing="alert-triangle",
        Interrupted="alert-triangle",
    ),
    **_words(
        Tone.OK,
        In_sync="check",
        In_step="check",
        Done="check",
        Passed="check",
        Delivered="check",
        Complete="certificate",
        Active="check",
    ),
    **_words(
        Tone.BAD,
        Deleted="trash",
        Failing="alert-triangle",
        Failed="x",
        Dead_letter="mail-x",
        Revoked="ban",
    ),
    **_words(
        Tone.IDLE,
        Ignored="eye-off",
        Paused="player-pause",
        Queued="clock",
        Waiting="clock",
        Cancelled="ban",
        Skipped="minus",
        Never_pulled="circle-dashed",
        Draft="pencil",
        Expired="clock",
        Off="ban",
        Unknown="help",
        Comparing="git-compare",
        Gone="trash",
    ),
    **_words(Tone.ASK, Needs_mapping="help", Conflict="git-merge", Undecided="help"),
}
TURNING: Final = frozenset({"Running", "Stopping"})
"""Those whose icon turns: something happens right now."""

RUN: Final[Mapping[RunState, str]] = {
    RunState.QUEUED: "Queued",
    RunState.RUNNING: "Running",
    RunState.DONE: "Done",
    RunState.INCOMPLETE: "Incomplete",
    RunState.FAILED: "Failed",
    RunState.INTERRUPTED: "Interrupted",
    RunState.PAUSED: "Paused",
    RunState.CANCELLED: "Cancelled",
}
STANDING: Final[Mapping[Standing, str]] = {
    Standing.IN_STEP: "In step",
    Standing.RESTING: "Paused",
    Standing.NEVER: "Never pulled",
    Standing.BEHIND: "Behind",
}
STATE: Final[Mapping[State, str]] = {
    State.NEW: "New",
    State.UPDATED: "Updated",
    State.DELETED: "Deleted",
    State.WAITING: "Needs mapping",
    State.STALE: "Comparing",
    State.IN_SYNC: "In sync",
    State.IGNORED: "Ignored",
    State.GONE: "Gone",
}
KIND: Final[Mapping[RunKind, str]] = {
    RunKind.PULL: "Pull",
    RunKind.SYNC: "Sync",
    RunKind.SWEEP: "Sweep",
    RunKind.VERIFY: "Verify",
    RunKind.RETRY: "Retry",
    RunKind.RECEIVE: "Webhooks",
    RunKind.REHEARSE: "Dry run",
    RunKind.PROMOTE: "Promotion",
}
ROLE: Final[Mapping[Role, str]] = {role: role.value.capitalize() for role in Role}
