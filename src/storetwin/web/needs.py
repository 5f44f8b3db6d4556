"""What waits for a person, the worst first: facts in, lines out. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum
from typing import Any, Final
from urllib.parse import quote, urlencode

from storetwin.connections.doubts import BY_HAND
from storetwin.connections.webhooks_health import Standing as Hooks
from storetwin.runs.models import RunKind, RunState
from storetwin.runs.standing import Standing
from storetwin.staging.models import State
from storetwin.web.connection_view import OFTEN, Seen
from storetwin.web.words import KIND, Tone

AT_A_GLANCE: Final = 5
LONGEST: Final = 180  # characters of what a store said
LONGEST_CAUSE: Final = 1000  # that an address may hold


class Weight(IntEnum):
    """How bad it is; the least is the worst."""

    NOBODY_WORKS = 0
    ANOTHER_STORE = 1
    FAILING = 2
    LOST = 3
    BEHIND = 4
    LETTERS = 5
    HOOKS = 6
    DECIDE = 7
    BEGIN = 8


@dataclass(frozen=True, slots=True)
class Need:
    """One line: what, since when, what it means, and one button.

    Args:
        key: the same as long as it is the same trouble.
        what: the first words; they stand out.
        effect: what it means, and what is done by itself.
        action: where the button leads; where `posts` holds something it sends that.
    """

    key: str
    weight: Weight
    tone: Tone
    icon: str
    what: str
    effect: str
    button: str
    action: str
    since: datetime | None = None
    posts: Mapping[str, str] | None = None


@dataclass(frozen=True, slots=True)
class Cause:
    """Dead letters that wait for the same reason.

    Args:
        cause: what all of them have in common; ``reason`` is that of one.
    """

    cause: str
    reason: str
    waiting: int
    oldest_at: datetime


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known, from which it is judged.

    Args:
        workers: that are alive, anywhere; ``queued`` runs wait for one.
        conflicts: fields that a person changed, and their store since.
        runs: the latest that ended, by connection.
    """

    stores: Sequence[Seen] = ()
    causes: Sequence[Cause] = ()
    lacking: Mapping[str, int] = ()  # type: ignore[assignment]
    workers: int = 1
    queued: int = 0
    conflicts: int = 0


def needs(facts: Facts) -> list[Need]:
    """Return what waits for a person: the worst first, of equal weight the oldest."""
    found = [
        *_of_workers(facts),
        *(need for store in facts.stores for need in _of_store(store, facts)),
        *_of_letters(facts.causes),
        *_of_core(facts),
    ]
    last = max((need.since for need in found if need.since), default=None)
    return sorted(
        found,
        key=lambda need: (need.weight, (need.since or last or _NEVER).timestamp(), need.key),
    )


_NEVER: Final = datetime.fromisoformat("1970-01-01T00:00:00+00:00")


def _of_workers(facts: Facts) -> Iterator[Need]:
    if facts.workers or not facts.queued:
        return
    runs = "1 run waits" if facts.queued == 1 else f"{facts.queued:,} runs wait"
    yield Need(
        "workers",
        Weight.NOBODY_WORKS,
        Tone.BAD,
        "plug-x",
        "No worker is at work anywhere.",
        f"{runs} for one. Start it: storetwin worker.",
        "See what waits",
        "/operations?state=queued",
    )


def _of_store(store: Seen, facts: Facts) -> Iterator[Need]:
    """Yield what one store needs; a paused one nothing that would run."""
    if store.is_paused:
        yield from _of_pause(store)
        return
    if store.standing.certificate is None and not store.records:
        if not store.standing.at_work:
            yield _begin(store)
        return
    failing = _failing(store)
    if failing is not None:
        yield failing
    elif store.behind:
        yield _behind(store)
    lacking = facts.lacking.get(str(store.connection.id), 0) if facts.lacking else 0
    certificate = store.standing.certificate
    if certificate is not None and lacking:
        records = "1 record is missing" if lacking == 1 else f"{lacking:,} records are missing"
        yield Need(
            f"lacking:{store.connection.id}",
            Weight.LOST,
            Tone.CHANGE,
            "certificate-off",
            f"{store.connection.name}: {records}.",
            "The latest proof names each with its reason. They are asked for again by themselves.",
            "See which",
            f"/certificates/{certificate['certificate_id']}",
            certificate["ended_at"],
        )
    yield from _of_hooks(store)


def _of_pause(store: Seen) -> Iterator[Need]:
    reason = store.connection.pause_reason or ""
    if not store.doubt and (not reason or reason.startswith(BY_HAND[:-1])):
        return  # a person wanted it so
    yield Need(
        f"paused:{store.connection.id}",
        Weight.ANOTHER_STORE,
        Tone.BAD,
        "plug-connected-x",
        f"{store.connection.name} is not read any more.",
        f"{short(reason)} Its twin stays as it is until a person decides.".strip(),
        "Decide",
        address(store.connection.name),
    )


def _failing(store: Seen) -> Need | None:
    last = store.standing.last_run
    if last is None or last["state"] != RunState.FAILED or store.standing.at_work:
        return None
    again = "" if store.standing.next_at is None else " It is tried again by itself."
    times = store.standing.failures
    often = f" for the {_th(times)} time" if times >= OFTEN else ""
    return Need(
        f"failing:{store.connection.id}",
        Weight.FAILING,
        Tone.BAD,
        "alert-triangle",
        f"{store.connection.name}: the last {KIND[RunKind(last['kind'])].lower()} failed{often}.",
        f"{short(last['error'] or 'It did not come to its end.')}{again}",
        "See the run",
        f"/operations/runs/{last['run_id']}",
        last["ended_at"],
    )


def _behind(store: Seen) -> Need:
    names = [name.replace("_", " ") for name in store.behind]
    which = ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")
    marks = [r.marks.synced_at for r in store.standing.resources if r.standing is Standing.BEHIND]
    return Need(
        f"behind:{store.connection.id}",
        Weight.BEHIND,
        Tone.CHANGE,
        "clock-exclamation",
        f"{store.connection.name} is behind.",
        f"Not read for twice as long as planned: {which}.",
        "Pull now",
        "/operations/runs",
        min((mark for mark in marks if mark), default=None),
        {"connection": store.connection.name, "how": "changed"},
    )


def _begin(store: Seen) -> Need:
    return Need(
        f"begin:{store.connection.id}",
        Weight.BEGIN,
        Tone.IDLE,
        "circle-dashed",
        f"{store.connection.name} was never pulled.",
        "Nothing of it is in the twin yet.",
        "Pull everything",
        "/operations/runs",
        store.connection.created_at,
        {"connection": store.connection.name, "how": "whole"},
    )


_HOOKS: Final[Mapping[Hooks, str]] = {
    Hooks.BROKEN: "webhooks do not work",
    Hooks.SILENT: "webhooks are silent",
    Hooks.REFUSED: "webhooks are refused",
}


def _of_hooks(store: Seen) -> Iterator[Need]:
    health = store.hooks
    if health is None or health.standing not in _HOOKS:
        return
    yield Need(
        f"hooks:{store.connection.id}",
        Weight.HOOKS,
        Tone.CHANGE,
        "webhook",
        f"{store.connection.name}: {_HOOKS[health.standing]}.",
        f"{short(health.reason)} Changes come later, with the next pull.",
        "See webhooks",
        f"/configuration/webhooks?{urlencode({'connection': store.connection.name})}",
    )


def _of_letters(causes: Sequence[Cause]) -> Iterator[Need]:
    waiting = sum(cause.waiting for cause in causes)
    if not waiting:
        return
    most = max(causes, key=lambda cause: cause.waiting)
    letters = "1 dead letter" if waiting == 1 else f"{waiting:,} dead letters"
    if len(causes) == 1:
        what = f"{letters}:" if waiting == 1 else f"{letters} with one cause:"
    else:
        what = f"{letters}, {most.waiting:,} with one cause:"
    query = f"?{urlencode({'cause': most.cause})}" if len(most.cause) <= LONGEST_CAUSE else ""
    yield Need(
        "letters",
        Weight.LETTERS,
        Tone.BAD,
        "mail-x",
        what,
        short(most.reason),
        "Look at it" if waiting == 1 else f"Look at {most.waiting:,}",
        f"/dead-letters{query}",
        min(cause.oldest_at for cause in causes),
    )


def _of_core(facts: Facts) -> Iterator[Need]:
    if facts.conflicts:
        many = facts.conflicts != 1
        it = "them" if many else "it"
        yield Need(
            "conflicts",
            Weight.DECIDE,
            Tone.ASK,
            "git-merge",
            f"{facts.conflicts:,} {'fields differ' if many else 'field differs'} from the store's.",
            f"A person changed {it} in core, and the store changed {it} too. Core keeps what the "
            "person said.",
            "Compare",
            "/conflicts",
        )
    waiting: dict[str, int] = {}
    for count in (count for store in facts.stores for count in store.counts):
        if count.state is State.WAITING:
            waiting[count.resource] = waiting.get(count.resource, 0) + count.records
    total = sum(waiting.values())
    if total:
        most = max(sorted(waiting), key=lambda name: waiting[name])
        records = "1 record needs" if total == 1 else f"{total:,} records need"
        yield Need(
            "waiting",
            Weight.DECIDE,
            Tone.ASK,
            "help",
            f"{records} mapping.",
            "They do not enter core before a person says which record they are: "
            f"{_listed(waiting)}.",
            "Map them" if total > 1 else "Map it",
            f"/data/{quote(most)}?status=waiting",
        )


def _listed(counts: Mapping[str, int]) -> str:
    ordered = sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))
    return ", ".join(f"{n:,} {name.replace('_', ' ')}" for name, n in ordered[:3])


def address(name: str) -> str:
    """Return the path of a connection's page."""
    return f"/configuration/connections/{quote(name, safe='')}"


def short(text: str) -> str:
    """Return the beginning of a text, with a point at its end."""
    text = " ".join(text.split())
    if len(text) > LONGEST:
        return text[: LONGEST - 1].rstrip() + "…"
    return text if not text or text.endswith((".", "…", "!", "?")) else f"{text}."


def _th(n: int) -> str:
    ending = "th" if 10 <= n % 100 <= 20 else {1: "st", 2: "nd", 3: "rd"}.get(n % 10, "th")
    return f"{n}{ending}"


def lacking_of(certificate: Mapping[str, Any]) -> int:
    """Return how many records a certificate's document says are missing."""
    resources: Iterable[Mapping[str, Any]] = certificate.get("resources", ())
    return sum(int(one.get("lacking_count", 0)) for one in resources)
