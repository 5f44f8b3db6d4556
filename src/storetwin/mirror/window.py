"""How a resource is kept in step, and which dates an increment asks for: pure.

Everything here is by the store's clock. Ours may be as wrong as it likes.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import Enum

from storetwin.resources import Resource, RouteArguments
from storetwin.woocommerce.paging import FULL_PAGE

OVERLAP = timedelta(seconds=90)
"""How far a window reaches back behind the moment at which the one before was asked for.

``modified_after`` is strict and counts seconds: two writes of one second have one date, so at
least one second is read again. And a write is dated when it begins and seen when it is committed:
gateways give a request up after 60 seconds, and the clocks of web server and PHP, where those are
two machines, differ by a few. What is read again and has not changed is not written again.
"""

FEW = FULL_PAGE - 1
"""Records of a list that is read whole: it then fits on a page on which one more would show."""

DATED = frozenset({"orders", "products"})
"""Containers that are dated anew when a list below them changes, but for notes, which go along
with their order (measured: a refund dates its order, a variation its product)."""


class Way(Enum):
    """How a resource is brought in step."""

    PULL = "it was never read to its end"
    WINDOW = "what was modified since"
    COMPARE = "the dates of all records"
    WHOLE = "all of it"
    NEWEST = "the newest records, and how many there are"
    BELOW = "the lists of changed containers"


@dataclass(frozen=True, slots=True)
class Standing:
    """What the twin has of a resource.

    Args:
        is_read: it was read to its end once.
        synced_to: what the store dates up to here is in the twin.
        held: records that its lists show.
    """

    is_read: bool
    synced_to: datetime | None = None
    held: int = 0


def way_of(
    resource: Resource, routes: RouteArguments, standing: Standing, *, dated: frozenset[str]
) -> Way:
    """Choose how a resource is brought in step.

    Args:
        dated: names of the resources whose changes are found by date in this round.
    """
    if not standing.is_read:
        return Way.PULL
    container = container_of(resource, routes)
    if container in DATED:
        return Way.BELOW if container in dated else Way.COMPARE
    if container is not None or not resource.is_paged:
        return Way.WHOLE
    if takes_dates(resource, routes):
        return Way.WINDOW if standing.synced_to is not None else Way.COMPARE
    if resource.has_modified and routes.accepts(resource.path, "after"):
        return Way.COMPARE  # its records are dated, and the store is too old to filter by that
    return Way.WHOLE if standing.held <= FEW else Way.NEWEST


def takes_dates(resource: Resource, routes: RouteArguments) -> bool:
    """Say whether a list of its own shows what was modified since; WooCommerce 5.8 brought it.

    A list that does not declare the argument ignores it and shows everything (measured).
    """
    return resource.parent is None and routes.accepts(resource.path, "modified_after")


def container_of(resource: Resource, routes: RouteArguments) -> str | None:
    """Return the resource in whose records its lists stand on this store; None: it has its own."""
    if routes.exists(resource.path) or resource.fallback is None:
        return resource.parent
    return resource.fallback_parent


def window_since(synced_to: datetime) -> dict[str, str]:
    """Return the parameters that ask for what was modified since, a little overlapping.

    GMT without a zone and without fractions: the one form that every version reads rightly
    whatever the site's time zone (measured: a ``Z`` beside ``dates_are_gmt`` shifts the window by
    the site's offset, fractions drop the zone).
    """
    since = (synced_to - OVERLAP).astimezone(UTC).replace(microsecond=0, tzinfo=None)
    return {"modified_after": since.isoformat(), "dates_are_gmt": "true"}


def lists_changed(
    resources: Iterable[Resource], before: RouteArguments, now: RouteArguments
) -> list[str]:
    """Return the names of the resources whose lists are others than they were.

    A plugin that registers a status makes orders appear that no window has shown.
    """
    return [
        resource.name for resource in resources if _lists(resource, before) != _lists(resource, now)
    ]


def _lists(resource: Resource, routes: RouteArguments) -> object:
    path = resource.path if routes.exists(resource.path) else resource.fallback
    if path is None or not routes.exists(path):
        return None
    return path, takes_dates(resource, routes), resource.lists_of(path, routes)


class Clock(Enum):
    """What the first answer of a window says about the store's clock."""

    RUNS = "it went on"
    SILENT = "the store does not tell the time"
    SET_BACK = "it was set back: what was dated since may lie before the window"


def clock_of(synced_to: datetime, asked_at: datetime | None) -> Clock:
    """Judge the store's clock at the beginning of a window."""
    if asked_at is None:
        return Clock.SILENT
    return Clock.SET_BACK if asked_at < synced_to - OVERLAP else Clock.RUNS


def moved_on(synced_to: datetime, asked_at: datetime | None) -> datetime:
    """Return up to where the twin is in step after a window: never behind where it was."""
    return synced_to if asked_at is None else max(synced_to, asked_at)


def is_all(rows: int, total: int | None, room: int) -> bool:
    """Say whether a page shows all of its list: the store says so, and there is room for more."""
    return total == rows and rows < room
