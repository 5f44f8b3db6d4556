"""What an address of Store data asks for: filter, order, page; and the addresses of its neighbours.

Everything that the table shows is in the address, so that it can be sent to somebody, and so that
Back leads back. What cannot be understood in it is kept aside and shown, not refused.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, tzinfo
from typing import Final
from urllib.parse import parse_qsl, quote, urlencode
from uuid import UUID

from storetwin.connections.models import Connection
from storetwin.kernel.errors import StoretwinError
from storetwin.kernel.moments import read_moment
from storetwin.staging.models import Filter, Sort, State
from storetwin.staging.repository import NAMELESS

PATH: Final = "/data"
SIZES: Final = (50, 100, 200)
LONGEST: Final = 200  # characters of one value
MOST_VALUES: Final = 60  # in one address
SORTS: Final[Mapping[str, Sort]] = {
    "modified": Sort.MODIFIED,
    "name": Sort.NAME,
    "key": Sort.KEY,
}
NARROWING: Final = (
    "status",
    "q",
    "in_store",
    "modified_after",
    "modified_before",
    "changed",
    "selected",
    "rule",
)
"""Parameters that leave records out; the store is one as well, but stands beside the title."""
_SHOWING: Final = ("sort", "page", "size", "tab", "version", "against", "as")
"""Parameters that do not; those after ``size`` belong to the record that is open."""
_OWN: Final = frozenset(("connection", *NARROWING, *_SHOWING))
_OTHERS: Final = frozenset(("csrf", "download", "seen", "at", "after"))
"""Parameters that are for somebody else: the stream, and what guards forms."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What an address asks for.

    Args:
        values: what was understood, by parameter.
        strange: what was not, as it stood.
        open: connection and remote id of the record beside the table.
    """

    resource: str
    values: Mapping[str, str]
    filter: Filter
    strange: tuple[tuple[str, str], ...] = ()
    sort: Sort = Sort.MODIFIED
    is_descending: bool = True
    page: int = 1
    size: int = SIZES[0]
    open: tuple[str, str] | None = None

    @property
    def is_narrowed(self) -> bool:
        """Say whether records are left out."""
        return any(name in self.values for name in NARROWING)

    @property
    def sorted_by(self) -> str:
        """Return the order as the address names it."""
        return self.values.get("sort", "-modified")

    @property
    def own_path(self) -> str:
        """Return the path of the table, with the record that is open beside it."""
        return self.path_of(*self.open) if self.open else self.path

    @property
    def path(self) -> str:
        """Return the path of the table."""
        return f"{PATH}/{slug(self.resource)}"

    def path_of(self, connection: str, remote_id: str) -> str:
        """Return the path of one record of this resource."""
        return record_path(self.resource, connection, remote_id)

    def query(self, *, without: Iterable[str] = (), **changes: str | None) -> str:
        """Return the query with some values changed; a change of what is shown begins at page 1."""
        values = {name: value for name, value in self.values.items() if name not in set(without)}
        if not changes.keys() <= {"page", "tab"}:
            values.pop("page", None)
        values |= {name: value for name, value in changes.items() if value is not None}
        for name, value in changes.items():
            if value is None:
                values.pop(name, None)
        pairs = [(name, value) for name, value in values.items() if value != ""]
        if "strange" not in set(without):
            pairs += self.strange
        return f"?{urlencode(pairs, safe=',:')}" if pairs else ""

    def href(self, *, without: Iterable[str] = (), **changes: str | None) -> str:
        """Return where the table is that differs in some values; what is open stays open."""
        return self.own_path + self.query(without=without, **changes)

    def closed(self) -> str:
        """Return where the table is without the record beside it."""
        return self.path + self.query(without=_SHOWING[3:], page=self.values.get("page"))

    def opened(self, connection: str, remote_id: str) -> str:
        """Return where a record stands beside this table."""
        kept = self.values.get("page")
        return self.path_of(connection, remote_id) + self.query(without=_SHOWING[4:], page=kept)

    def without_strange(self, name: str, value: str) -> str:
        """Return where the table is without one thing that was not understood."""
        rest = tuple(pair for pair in self.strange if pair != (name, value))
        return replace(self, strange=rest).href(page=None)

    def of_resource(self, resource: str) -> str:
        """Return where the same store's records of another resource are."""
        kept = {k: v for k, v in self.values.items() if k in ("connection", "size")}
        return f"{PATH}/{slug(resource)}{'?' + urlencode(kept) if kept else ''}"

    def tabbed(self, tab: str, **changes: str) -> str:
        """Return where another side of the open record is shown."""
        kept = self.values.get("page")
        own = None if tab == "difference" else tab
        return (
            self.own_path
            + self.query(without=_SHOWING[4:], page=kept, tab=own)
            + ("".join(f"&{name}={quote(value, safe='')}" for name, value in changes.items()))
        )

    @property
    def filtering(self) -> str:
        """Return what a form has to send so that the same records are meant."""
        kept = {k: v for k, v in self.values.items() if k in ("connection", *NARROWING)}
        return urlencode(kept, safe=",:")


def slug(resource: str) -> str:
    """Return a resource as addresses write it."""
    return resource.replace("_", "-")


def records_path(resource: str, connection: str) -> str:
    """Return the path of a store's records of a resource."""
    return f"{PATH}/{slug(resource)}?{urlencode({'connection': connection})}"


def record_path(resource: str, connection: str, remote_id: str) -> str:
    """Return the path of a record: unique with any number of stores."""
    return f"{PATH}/{slug(resource)}/{quote(connection, safe='')}/{quote(remote_id, safe='')}"


def read_query(
    resource: str,
    pairs: Sequence[tuple[str, str]] | str,
    connections: Sequence[Connection],
    zone: tzinfo,
    *,
    opened: tuple[str, str] | None = None,
) -> Asked:
    """Return what a query asks for.

    Args:
        pairs: as they stand in the address, or the query itself.
        connections: that there are.
        zone: where the reader's days begin and end.
        opened: connection and remote id of the record beside the table.
    """
    if isinstance(pairs, str):
        pairs = parse_qsl(pairs, max_num_fields=MOST_VALUES)
    values: dict[str, str] = {}
    strange: list[tuple[str, str]] = []
    for name, text in pairs[:MOST_VALUES]:
        value = text.strip()[:LONGEST]
        if value == "" or name in _OTHERS:
            continue
        if name in ("status", "in_store"):
            value = ",".join(_listed(f"{values.get(name, '')},{value}"))
        if name not in _OWN or not _is_sound(name, value, resource, connections, zone):
            strange.append((name[:LONGEST], value))
        else:
            values[name] = value
    sort = values.get("sort", "-modified")
    return Asked(
        resource,
        values,
        _filter_of(resource, values, connections, zone),
        tuple(dict.fromkeys(strange)),
        SORTS[sort.lstrip("-")],
        sort.startswith("-"),
        int(values.get("page", "1")),
        int(values.get("size", str(SIZES[0]))),
        opened,
    )


def _filter_of(
    resource: str, values: Mapping[str, str], connections: Sequence[Connection], zone: tzinfo
) -> Filter:
    chosen = _connection_of(values.get("connection"), connections)
    after, before = values.get("modified_after"), values.get("modified_before")
    selected, rule = values.get("selected"), values.get("rule")
    return Filter(
        resource=resource,
        connection_ids=None if chosen is None else (chosen.id,),
        states=tuple(map(State, _listed(values.get("status")))),
        search=values.get("q"),
        status=_listed(values.get("in_store")),
        modified_after=read_moment(after, zone) if after else None,
        modified_before=read_moment(before, zone) if before else None,
        field=values.get("changed"),
        is_selected=None if selected is None else selected == "yes",
        rule_id=UUID(rule) if rule else None,
    )


def _is_sound(
    name: str, value: str, resource: str, connections: Sequence[Connection], zone: tzinfo
) -> bool:
    """Say whether a value can be understood."""
    try:
        return _SOUND[name](value, resource, connections, zone) if name in _SOUND else True
    except (ValueError, KeyError, StoretwinError):
        return False


def _is_sort(value: str, resource: str, *_: object) -> bool:
    sort = SORTS[value.removeprefix("-")]
    return not (sort is Sort.NAME and resource in NAMELESS)


_SOUND: Final[Mapping[str, Callable[..., bool]]] = {
    "connection": lambda value, _, connections, __: _connection_of(value, connections) is not None,
    "status": lambda value, *_: bool(tuple(map(State, _listed(value)))),
    "modified_after": lambda value, _, __, zone: bool(read_moment(value, zone)),
    "modified_before": lambda value, _, __, zone: bool(read_moment(value, zone)),
    "selected": lambda value, *_: value in ("yes", "no"),
    "rule": lambda value, *_: bool(UUID(value)),
    "sort": _is_sort,
    "page": lambda value, *_: 1 <= int(value) <= 10_000 and value.isdecimal(),
    "size": lambda value, *_: int(value) in SIZES,
}


def _listed(text: str | None) -> tuple[str, ...]:
    return tuple(filter(None, dict.fromkeys((text or "").split(","))))


def _connection_of(text: str | None, connections: Sequence[Connection]) -> Connection | None:
    named = (one for one in connections if text is not None and text in (one.name, str(one.id)))
    return next(named, None)


def day_of(text: str, zone: tzinfo) -> datetime:
    """Return the moment that a filter names."""
    return read_moment(text, zone)
