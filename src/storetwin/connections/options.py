"""What a person chose for one connection: what is pulled beyond the usual, and how gently."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import time

import msgspec


@dataclass(frozen=True, slots=True)
class QuietHours:
    """A span of the day, in the site's time zone, in which the store is left alone.

    Args:
        start: from then on; a span may cross midnight.
        end: until then, itself excluded.
    """

    start: time
    end: time


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A list of a plugin's own, described by a person.

    Args:
        name: how the resource is called, in the plural.
        path: below ``/wp-json``, like ``wc/v3/subscriptions``; ``{parent}`` stands for the
            container's id.
        key: member that names a record.
        parent: the resource of the containers, where the path has ``{parent}``.
        params: parameters that make the list show every record.
        is_paged: False where the list ignores paging.
        can_include: the list takes ``include`` and ``exclude``.
        secret: members, dotted, that are sealed and never shown.
    """

    name: str
    path: str
    key: str = "id"
    parent: str | None = None
    params: dict[str, str] = field(default_factory=dict)
    is_paged: bool = True
    can_include: bool = True
    secret: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Options:
    """Choices for one connection; each has a default that asks nothing of anybody.

    Args:
        extra: resources that are pulled only when chosen (order notes cost a request an order).
        without: resources that are left out.
        endpoints: lists of plugins.
        languages: values of ``lang`` whose lists together show every translation; empty where the
            catalogue has one language.
        at_once: requests in flight at most; None leaves it to the settings.
        per_minute: requests a minute at most; None for no such limit.
        quiet_hours: when runs wait.
        keep_versions: how many of a record's latest versions stay; None for all.
        keep_days: how many days an earlier version stays; None for ever. What either keeps stays.
    """

    extra: tuple[str, ...] = ()
    without: tuple[str, ...] = ()
    endpoints: tuple[Endpoint, ...] = ()
    languages: tuple[str, ...] = ()
    at_once: int | None = None
    per_minute: int | None = None
    quiet_hours: tuple[QuietHours, ...] = ()
    keep_versions: int | None = None
    keep_days: int | None = None

    def as_json(self) -> str:
        """Return the options as JSON text."""
        return msgspec.json.encode(self).decode()

    @classmethod
    def from_json(cls, text: str | None) -> Options:
        """Read what :meth:`as_json` wrote; the defaults for None."""
        return msgspec.json.decode(text, type=cls) if text else cls()
