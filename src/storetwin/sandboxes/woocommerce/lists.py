"""Answering lists: statuses, paging, totals, Link headers, ``_fields`` and their oddities."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from storetwin.sandboxes.woocommerce.answers import Answer
from storetwin.sandboxes.woocommerce.faults import Board
from storetwin.sandboxes.woocommerce.members import picked
from storetwin.sandboxes.woocommerce.model.store import Store
from storetwin.sandboxes.woocommerce.model.table import Table
from storetwin.sandboxes.woocommerce.php_json import MARK, escaped
from storetwin.sandboxes.woocommerce.representation import (
    Shape,
    edit_view,
    rounded,
    shaped,
    without_meta,
)
from storetwin.sandboxes.woocommerce.request import Request, Value, build_query
from storetwin.sandboxes.woocommerce.selection import Wanted
from storetwin.sandboxes.woocommerce.site_time import NEVER
from storetwin.sandboxes.woocommerce.versions import Release

Statuses = frozenset[str]

PRODUCT_ANY = frozenset({"publish", "draft", "pending", "private", "future"})
_HPOS = ("orders", "refunds", "subscriptions")
_DEAF_TO_OFFSET = ("webhooks",)  # they declare it, and show the first page
_ID_ORDER_ANYWAY = ("title", "slug", "include")


@dataclass(frozen=True, slots=True)
class ListRules:
    """What is particular about one list.

    Args:
        table: its resource.
        shape: how it shows records.
        link_defaults: parameters that it adds to the URLs of its Link header.
    """

    table: str
    shape: Shape = Shape.OWN
    link_defaults: tuple[tuple[str, Value], ...] = ()


@dataclass(slots=True)
class Asked:
    """One request for a list.

    Args:
        store, faults, request: whom, what is broken, what was sent.
        rules: what is particular about the list.
        arguments: the checked parameters.
        path: of the list below ``/wp-json``, for its Link header.
        owner: the record whose list it is, if it is one.
    """

    store: Store
    faults: Board
    request: Request
    rules: ListRules
    arguments: dict[str, Value]
    path: str
    owner: int | None = None


def answer_list(asked: Asked) -> Answer:
    """Return one page of a list."""
    table = asked.store.tables[asked.rules.table]
    per_page, page = asked.arguments["per_page"], asked.arguments["page"]
    offset = asked.arguments.get("offset")
    start = (page - 1) * per_page if offset is None else max(0, offset)
    if offset and table.name in _DEAF_TO_OFFSET:
        start = 0
    wanted = _wanted(asked, table)
    found = asked.store.selector.select(wanted, start)
    total = len(found)
    shown = found[start : start + per_page]
    if table.name in _HPOS and not shown and not asked.store.release.keeps_orders_as_posts:
        total = 0
    pages = -(-total // per_page)
    fatal = asked.faults.fatal_for(table.name, shown, asked.request)
    if fatal is not None:
        return fatal
    documents = _documents(asked, table, shown)
    body = b"[" + b",".join(documents) + b"]"
    return Answer(
        200, body.replace(MARK.encode(), escaped(asked.request.base)), total=total, pages=pages,
        link=link_header(asked, pages, has_rows=bool(documents)), records=len(documents),
    )  # fmt: skip


def _wanted(asked: Asked, table: Table) -> Wanted:
    arguments = asked.arguments
    by, descending = _sorting(table.name, arguments, asked.store.release)
    statuses = _STATUSES.get(table.name, _every)(asked)
    return Wanted(table, statuses, arguments, asked.owner, by, descending)


def _sorting(resource: str, arguments: dict[str, Value], release: Release) -> tuple[str, bool]:
    """Return what a list really sorts by: it accepts more than it does."""
    by, descending = arguments.get("orderby", "id"), arguments.get("order") == "desc"
    if by == "include" and arguments.get("include"):
        return by, False
    if resource in _HPOS and by in _ID_ORDER_ANYWAY:
        return ("date", descending) if release.keeps_orders_as_posts else ("id", False)
    if by in ("include", "random", "sales", "post__in"):
        return ("date" if resource in ("products", "variations", "coupons") else "id"), descending
    return by, descending


def _every(_: Asked) -> Statuses | None:
    return None


def _order_statuses(asked: Asked) -> Statuses | None:
    given = asked.arguments["status"]
    names = [given] if isinstance(given, str) else list(given)
    if "any" in names or not names:
        return _any_order_status(asked.store)
    return frozenset(names) - {"auto-draft"}


def _any_order_status(store: Store) -> Statuses:
    """Return what ``any`` means: what is registered, and in wp_posts what nobody registered too.

    WordPress leaves out of ``any`` what is excluded from searches: trash and auto-draft.
    """
    known: Iterable[str] = store.registered_statuses()
    if store.release.keeps_orders_as_posts:
        known = store.tables["orders"].statuses
    return frozenset(known) - {"trash", "auto-draft"}


def _post_statuses(any_of: Statuses) -> Callable[[Asked], Statuses | None]:
    def choose(asked: Asked) -> Statuses | None:
        arguments = asked.arguments
        given = arguments.get("include_status") or [arguments.get("status", "any")]
        chosen: set[str] = set()
        for name in given:
            chosen |= any_of if name == "any" else {name}
        return frozenset(chosen) - frozenset(arguments.get("exclude_status") or [])

    return choose


def _coupon_statuses(asked: Asked) -> Statuses | None:
    """Coupons obey ``status`` though their route does not declare it."""
    given = asked.request.query.get("status", "publish")
    names = given if isinstance(given, list) else str(given).split(",")
    return frozenset("publish" if name == "any" else str(name) for name in names)


def _review_statuses(asked: Asked) -> Statuses | None:
    given = asked.arguments["status"]
    return frozenset({"approved", "hold"}) if given == "all" else frozenset({given})


def _all_but_trash(asked: Asked) -> Statuses | None:
    """Return the statuses of a plugin's records; ``any`` is all but the trash."""
    given = asked.arguments.get("status") or "any"
    names = [given] if isinstance(given, str) else list(given)
    if "any" in names:
        return frozenset(asked.store.tables[asked.rules.table].statuses) - {"trash"}
    return frozenset(names)


def _roles(asked: Asked) -> Statuses | None:
    role = asked.arguments["role"]
    return None if role == "all" else frozenset({role})


_STATUSES: dict[str, Callable[[Asked], Statuses | None]] = {
    "orders": _order_statuses,
    "subscriptions": _all_but_trash,
    "bookings": _all_but_trash,
    "products": _post_statuses(PRODUCT_ANY),
    "variations": _post_statuses(frozenset({"publish", "private"})),
    "coupons": _coupon_statuses,
    "reviews": _review_statuses,
    "customers": _roles,
}


def _documents(asked: Asked, table: Table, shown: Sequence[int]) -> list[bytes]:
    """Return the records of a page. One that does not load is left out without a word."""
    if table.unloadable:
        shown = [number for number in shown if number not in table.unloadable]
    names = asked.request.fields()
    if names and set(names) <= {"id", "date_modified_gmt"} and table.name == "orders":
        return [_light(asked.store, table, number, names) for number in shown]
    found = [table.document(number) or b"{}" for number in shown]
    shape, changes = asked.rules.shape, View.of(asked.arguments)
    if shape is not Shape.OWN:
        found = [shaped(document, shape) for document in found]
    if asked.request.query.get("context") == "edit":
        found = [edit_view(document, table.name) for document in found]
    if changes is not None:
        found = [changes.apply(document) for document in found]
    found = asked.faults.blank_meta(table.name, shown, found)
    if names:
        return [picked(document, names) for document in found]
    if table.name == "products":
        found = [asked.store.with_related(document) for document in found]
    return found


def _light(store: Store, table: Table, number: int, names: tuple[str, ...]) -> bytes:
    """Return id and modification date from the columns, without writing the whole record."""
    at = table.position(number)
    assert at is not None, f"{table.name} {number} is listed and gone"
    parts = [b'"id":%d' % number] if "id" in names else []
    if "date_modified_gmt" in names:
        moment = table.modified[at]
        text = "null" if moment == NEVER else f'"{store.site.gmt(moment)}"'
        parts.append(b'"date_modified_gmt":' + text.encode())
    return b"{" + b",".join(parts) + b"}"


def link_header(asked: Asked, pages: int, *, has_rows: bool) -> str | None:
    """Return the Link header: neighbours of the page, or None for WordPress's own."""
    page = asked.arguments["page"]
    relations: list[tuple[str, int]] = []
    if page > 1:
        relations.append(("prev", min(page - 1, pages)))
    if page < pages:
        relations.append(("next", page + 1))
    if not relations:
        return None
    query = {
        name: asked.arguments.get(name, value)
        for name, value in asked.request.query.items()
        if name != "rest_route"
    }
    for name, value in asked.rules.link_defaults:
        if name == "status" or has_rows:
            query.setdefault(name, value)
    where = f"{asked.request.base}/wp-json{asked.path}"
    return ", ".join(
        f'<{where}?{build_query({**query, "page": number})}>; rel="{name}"'
        for name, number in relations
    )


@dataclass(frozen=True, slots=True)
class View:
    """How parameters change what is shown of each record: decimals, meta, context."""

    decimals: int = 2
    include_meta: tuple[str, ...] = ()
    exclude_meta: tuple[str, ...] = ()

    @classmethod
    def of(cls, arguments: dict[str, Any]) -> View | None:
        """Return the view that was asked for; None when records are shown as they are."""
        view = cls(
            arguments.get("dp", 2) if arguments.get("dp") is not None else 2,
            tuple(arguments.get("include_meta") or ()),
            tuple(arguments.get("exclude_meta") or ()),
        )
        return None if view == cls() else view

    def apply(self, document: bytes) -> bytes:
        """Return the record as this view shows it."""
        if self.include_meta or self.exclude_meta:
            document = without_meta(document, self.include_meta, self.exclude_meta)
        return document if self.decimals == 2 else rounded(document, self.decimals)
