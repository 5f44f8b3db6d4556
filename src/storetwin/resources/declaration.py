"""The form of a resource's declaration, and what follows from it alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol

from storetwin.resources.secrets import Secrets

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
        known = routes.enum(path, "status")
        taken = [params for params in self.fixed if _is_taken(params.get("status"), known)]
        return tuple(taken) or self.fixed


def _is_taken(status: str | None, statuses: Sequence[str]) -> bool:
    """Say whether a route takes a status; several at once, or an enum that is not told, may be."""
    return status is None or not statuses or "," in status or status in statuses


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
class Columns:
    """Which members stand in columns beside the copy: what tables show, filter and sort by.

    Args:
        number: what people call a record by, where that is not its id.
        name: dotted members that are its name together.
        currency: of the amounts.
        total: an amount.
        refunds: a list; what was given back is the negative ``total`` of each of its members.
        items: a list; each of its members has a ``quantity``.
    """

    number: str | None = None
    name: tuple[str, ...] = ()
    sku: str | None = None
    currency: str | None = None
    total: str | None = None
    refunds: str | None = None
    items: str | None = None


@dataclass(frozen=True, slots=True)
class Resource:
    """A kind of record that a store exposes.

    Args:
        name: the word used at every door, in the plural.
        path: below /wp-json/wc/v3, or with a leading ``/`` below /wp-json; ``{parent}`` stands for
            the container's remote id.
        single: path of one record; ``{id}`` and ``{parent}`` are filled in. None: no such route.
        foreign: (member, value) of records of another resource for which the path of one record
            answers as well.
        parent: the resource whose records contain this one's lists.
        key: member that names a record, or a pattern of members and ``{parent}`` where no member
            alone is unique within the resource, like ``{parent}/{id}``.
        has_numeric_key: records are named by numbers, which a list can be sorted by.
        is_paged: False where the list ignores paging and gives everything at once.
        is_document: the path answers with one record instead of a list; it is called as the resource.
        has_offset: False where the list does not mind ``offset`` and is read by ``page``.
        can_include: the list takes ``include`` and ``exclude``.
        is_extra: pulled only where a person chose it for the connection.
        is_translated: plugins for languages show each language in a list of its own.
        lists: which lists together show every record.
        light: ``_fields`` of a cheap second reading; None where full records cost the same
            (measured: orders cost a quarter, products the same).
        has_modified: records carry ``date_modified_gmt``.
        counted: how the store counts these records elsewhere, if it does.
        volatile: members, dotted, that differ between two identical requests, follow the host of
            the request, or count other records; they are kept, and left out of the content hash.
        secrets: values that are sealed before anything is written.
        search: members, dotted, that people search by.
        columns: members that tables show, filter and sort by.
        fallback: path for stores without the route; with ``{parent}`` one list a container.
        fallback_parent: the resource of the containers of ``fallback``.
        fallback_member: list member of the parent's payload that is non-empty for containers.
        languages: values of ``lang`` whose lists together show every record; set for a connection.
    """

    name: str
    path: str
    single: str | None
    foreign: tuple[str, str] | None = None
    parent: str | None = None
    key: str = "id"
    has_numeric_key: bool = True
    is_paged: bool = True
    is_document: bool = False
    has_offset: bool = True
    can_include: bool = True
    is_extra: bool = False
    is_translated: bool = False
    lists: Lists = field(default_factory=Lists)
    light: str | None = None
    has_modified: bool = False
    counted: Counted | None = None
    volatile: tuple[str, ...] = ("_links",)
    secrets: Secrets | None = None
    search: tuple[str, ...] = ()
    columns: Columns = field(default_factory=Columns)
    fallback: str | None = None
    fallback_parent: str | None = None
    fallback_member: str | None = None
    languages: tuple[str, ...] = ()

    @property
    def is_named_below_parent(self) -> bool:
        """Say whether the remote id begins with the container's: ``general/woocommerce_currency``."""
        return self.key.startswith("{parent}/")

    def container_of(self, remote_id: str) -> str | None:
        """Return the container that a remote id names, if it names one."""
        return remote_id.partition("/")[0] if self.is_named_below_parent else None

    def address(self, remote_id: str, container: str | None) -> str | None:
        """Return the path of one record; None where it has none, or its container is unknown."""
        container = container or self.container_of(remote_id)
        if self.single is None or ("{parent}" in self.single and not container):
            return None
        own = remote_id.removeprefix(f"{container}/") if self.is_named_below_parent else remote_id
        return self.single.replace("{parent}", container or "").replace("{id}", own)

    def fitted(self, routes: RouteArguments) -> Resource:
        """Return the declaration as it holds on a store with these routes.

        A list that does not declare an argument ignores it without a word: for ``include`` it
        would give all of itself for the few records that were asked for, for ``offset`` its first
        page again and again.
        """
        path = self.path if routes.exists(self.path) else self.fallback or self.path
        if not routes.accepts(path, "per_page"):
            return self
        takes_both = routes.accepts(path, "include") and routes.accepts(path, "exclude")
        return replace(
            self,
            can_include=self.can_include and takes_both,
            has_offset=self.has_offset and routes.accepts(path, "offset"),
        )

    def lists_of(self, path: str, routes: RouteArguments) -> tuple[Params, ...]:
        """Return the parameters of each list to walk on a store with these routes."""
        lists = self.lists.for_route(path, routes)
        if not self.languages:
            return lists
        return tuple({**params, "lang": lang} for lang in self.languages for params in lists)
