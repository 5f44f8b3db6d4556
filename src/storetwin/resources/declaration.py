"""The form of a resource's declaration, and what follows from it alone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

Params = Mapping[str, str]


class RouteArguments(Protocol):
    """What the store says its routes take (``GET /wp-json/wc/v3``, public)."""

    def exists(self, path: str) -> bool:
        """Say whether the store has this route."""
        ...

    def accepts(self, path: str, argument: str) -> bool:
        """Say whether the route declares this argument. Undeclared ones are silently ignored."""
        ...

    def enum(self, path: str, argument: str) -> tuple[str, ...]:
        """Return the values the route allows for the argument; empty when it names none."""
        ...


@dataclass(frozen=True, slots=True)
class Lists:
    """Which lists of a route together show every record, trash included.

    Args:
        fixed: parameters of each list, when nothing better is known.
        preferred: (argument, parameters) of the one list that shows all, if the route takes
            the argument.
        every_status_but: one list over the route's own status enum, leaving these out. A
            status that a plugin registered is in the enum, so it is in the list.
    """

    fixed: tuple[Params, ...] = ({},)
    preferred: tuple[str, Params] | None = None
    every_status_but: frozenset[str] | None = None

    def for_route(self, path: str, routes: RouteArguments) -> tuple[Params, ...]:
        """Return the parameters of each list to walk on a store with these routes."""
        if self.every_status_but is not None:
            statuses = [s for s in routes.enum(path, "status") if s not in self.every_status_but]
            if statuses:
                return ({"status": ",".join(statuses)},)
        if self.preferred is not None and routes.accepts(path, self.preferred[0]):
            return (self.preferred[1],)
        return self.fixed


@dataclass(frozen=True, slots=True)
class Counted:
    """How ``system_status.post_type_counts`` counts a resource: a second opinion on its lists.

    Args:
        post_types: rows of these types are counted together (HPOS keeps a placeholder for
            each order and each refund, the older storage has types of their own).
        together_with: other resources that share the count.
    """

    post_types: tuple[str, ...]
    together_with: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Resource:
    """A kind of record that a store exposes.

    Args:
        name: the word used at every door, in the plural.
        path: below /wp-json/wc/v3; ``{parent}`` stands for the container's remote id.
        parent: the resource whose records contain this one's lists.
        single: path of one record; ``{id}`` and ``{parent}`` are filled in. None: no such route.
        key: member that names a record.
        is_paged: False where the list ignores paging and gives everything at once.
        can_include: the list takes ``include`` and ``exclude``.
        lists: which lists together show every record.
        light: ``_fields`` of a cheap second reading; None where full records cost the same
            (measured: orders cost a quarter, products the same).
        has_modified: records carry ``date_modified_gmt``.
        counted: how the store counts these records elsewhere, if it does.
        volatile: members that differ between two identical requests or follow the host of the
            request; they are kept, and left out of the content hash.
        search: members, dotted, that people search by.
        fallback: path with ``{parent}`` for stores without the top-level route.
        fallback_parent: the resource of the containers of ``fallback``.
        fallback_member: list member of the parent's payload that is non-empty for containers.
    """

    name: str
    path: str
    single: str | None
    parent: str | None = None
    key: str = "id"
    is_paged: bool = True
    can_include: bool = True
    lists: Lists = field(default_factory=Lists)
    light: str | None = None
    has_modified: bool = False
    counted: Counted | None = None
    volatile: tuple[str, ...] = ("_links",)
    search: tuple[str, ...] = ()
    fallback: str | None = None
    fallback_parent: str | None = None
    fallback_member: str | None = None

    @property
    def has_numeric_key(self) -> bool:
        """Say whether records are named by a number (all but tax classes)."""
        return self.key == "id"
