"""What stands at the side of every page: where one can go, and what runs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from storetwin.db.database import Row
from storetwin.hub import Hub
from storetwin.hub.apart import gone_apart
from storetwin.runs.models import RunKind, RunState
from storetwin.web.figures import share
from storetwin.web.words import KIND, Tone


@dataclass(frozen=True, slots=True)
class Item:
    """A page that is always at hand.

    Args:
        key: typed after ``g``.
        counts: what of it waits for a person, by its name in `Standing`.
    """

    label: str
    path: str
    icon: str
    key: str | None = None
    counts: str | None = None
    tone: Tone = Tone.IDLE


@dataclass(frozen=True, slots=True)
class Group:
    """Pages that belong together."""

    label: str | None
    items: Sequence[Item]


GROUPS: Final = (
    Group(
        None,
        (
            Item("Overview", "/", "layout-dashboard", "h"),
            Item("Operations", "/operations", "player-play", "o", "runs", Tone.INFO),
            Item("Store data", "/data", "database", "d"),
            Item("Conflicts", "/conflicts", "git-merge", "c", "conflicts", Tone.ASK),
            Item("Dead letters", "/dead-letters", "mail-x", "l", "letters", Tone.BAD),
            Item("History", "/history", "history", "y"),
            Item("Certificates", "/certificates", "certificate", "e"),
            Item("Analytics", "/analytics", "chart-bar", "a"),
        ),
    ),
    Group(
        "Configuration",
        (
            Item("Connections", "/configuration/connections", "plug-connected", "s"),
            Item("Mappings", "/configuration/mappings", "arrows-shuffle", "m"),
            Item("Schedules", "/configuration/schedules", "calendar-time", "t"),
            Item("Webhooks", "/configuration/webhooks", "webhook", "w"),
            Item("Users and API keys", "/configuration/users", "users", "u"),
        ),
    ),
)


@dataclass(frozen=True, slots=True)
class Live:
    """A run that is at work, as it stands in the navigation.

    Args:
        percent: how far it is; None where nobody knows.
    """

    run_id: str
    title: str
    percent: int | None


@dataclass(frozen=True, slots=True)
class Standing:
    """What the navigation tells: how much waits for a person, and what runs.

    Args:
        counts: by the name that an item gives.
    """

    counts: dict[str, int]
    live: Live | None = None


async def standing(hub: Hub) -> Standing:
    """Return what the navigation tells."""
    rows = await hub.standings.follow([], is_all=True)
    letters = sum(row["waiting"] for row in await hub.letters.counts())
    at_work = [r for r in rows if r["state"] == RunState.RUNNING and r["kind"] != RunKind.RECEIVE]
    apart = {(one.noun, one.core_id) for one in await gone_apart(hub)}
    counts = {
        "runs": len({row["run_id"] for row in at_work}),
        "letters": letters,
        "conflicts": len(apart),
    }
    return Standing(counts, _live(at_work))


def _live(rows: Sequence[Row]) -> Live | None:
    """Return the run that is at work for longest."""
    if not rows:
        return None
    first = rows[0]["run_id"]
    own: list[dict[str, Any]] = [row for row in rows if row["run_id"] == first]
    begun = [row for row in own if row["expected"]]
    done = sum(min(row["records"], row["expected"]) for row in begun)
    percent = share(done, sum(row["expected"] for row in begun))
    title = f"{KIND[RunKind(own[0]['kind'])]} · {own[0]['connection']}"
    return Live(str(first), title, None if percent is None else min(percent, 99))


def current(path: str) -> str | None:
    """Return the path of the item to which a page belongs."""
    paths = [item.path for group in GROUPS for item in group.items]
    fitting = [p for p in paths if path == p or (p != "/" and path.startswith(f"{p}/"))]
    return max(fitting, key=len, default=None)
