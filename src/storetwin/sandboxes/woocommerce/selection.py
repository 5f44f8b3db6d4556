"""Which records a list shows, and in which order."""

from __future__ import annotations

import math
from array import array
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import msgspec

from storetwin.sandboxes.woocommerce.dates import filter_moment
from storetwin.sandboxes.woocommerce.members import members
from storetwin.sandboxes.woocommerce.model.table import GONE, Table
from storetwin.sandboxes.woocommerce.request import Value
from storetwin.sandboxes.woocommerce.site_time import NEVER, SiteTime

_CACHED = 32
_DATES = ("after", "before", "modified_after", "modified_before")
_BY_ID = ("id", "include")
_UNSTABLE = frozenset({("variations", "menu_order"), ("customers", "registered_date")})
_UNSTABLE_ANYWHERE = "term_group"
_SORT_MEMBERS = {
    "title": "name", "slug": "slug", "name": "name", "menu_order": "menu_order", "price": "price",
    "popularity": "total_sales", "rating": "average_rating", "description": "description",
    "count": "count", "order": "order", "priority": "priority", "product": "product_id",
}  # fmt: skip
_PLAIN_MEMBERS = ("sku", "slug", "type", "email", "code", "featured", "on_sale", "tax_class",
                  "stock_status", "virtual", "downloadable", "class", "reviewer_email")  # fmt: skip
_ORDER_LIKE = ("orders", "refunds", "subscriptions")
_DEFAULT_LANGUAGE = "en"


@dataclass(frozen=True, slots=True)
class Wanted:
    """One list as asked for, without its paging.

    Args:
        table: where the records are.
        statuses: status names that the list shows; None for every one.
        arguments: the checked parameters of the route.
        owner: only records that belong to this one; None for all.
        sorted_by: what the list really sorts by (orders ignore some of their own enum).
        is_descending: direction.
    """

    table: Table
    statuses: frozenset[str] | None
    arguments: dict[str, Value]
    owner: int | None
    sorted_by: str
    is_descending: bool

    def key(self) -> tuple[Any, ...]:
        """Return what tells two lists apart."""
        skipped = ("page", "per_page", "offset", "context", "dp", "order", "orderby", "status")
        rest = tuple(
            (name, _frozen(value))
            for name, value in sorted(self.arguments.items())
            if name not in skipped and value not in (None, [])
        )
        return (
            self.table.name,
            self.statuses,
            self.owner,
            self.sorted_by,
            self.is_descending,
            rest,
        )


@dataclass(slots=True)
class Selector:
    """Answers lists and remembers the last few, so that a page costs no walk over the store.

    Args:
        site: the site's clock; may be exchanged.
    """

    site: SiteTime
    _cache: OrderedDict[tuple[Any, ...], tuple[int, Sequence[int]]] = field(
        default_factory=OrderedDict
    )

    def select(self, wanted: Wanted, page_start: int = 0) -> Sequence[int]:
        """Return the ids of a list in its order.

        Args:
            wanted: the list.
            page_start: sorts that have no tie-break depend on it, like MySQL's LIMIT does.
        """
        key = wanted.key()
        version = self._version(wanted)
        found = self._cache.get(key)
        if found is None or found[0] != version:
            found = (version, array("q", self._sorted(wanted, self._matching(wanted))))
            self._cache[key] = found
            if len(self._cache) > _CACHED:
                self._cache.popitem(last=False)
        self._cache.move_to_end(key)
        if _is_unstable(wanted):
            return self._shuffled_ties(wanted, found[1], page_start)
        return found[1]

    def _version(self, wanted: Wanted) -> int:
        table = wanted.table
        plain = wanted.sorted_by in _BY_ID and not any(wanted.arguments.get(n) for n in _DATES)
        filtered = any(wanted.arguments.get(n) not in _NOTHING_ASKED for n in _filters(table))
        return table.membership if plain and not filtered else -table.touched

    def _matching(self, wanted: Wanted) -> list[int]:
        table, arguments = wanted.table, wanted.arguments
        shown = bytes(
            code != GONE and (wanted.statuses is None or _name(table, code) in wanted.statuses)
            for code in range(256)
        )
        flags = table.status.translate(shown)
        include = arguments.get("include") or []
        if include:
            places = [at for at in map(table.position, set(include)) if at is not None]
            rows: Sequence[int] = sorted(at for at in places if flags[at])
        else:
            rows = [at for at, flag in enumerate(flags) if flag]
        for test in self._tests(wanted):
            rows = [at for at in rows if test(at)]
        return list(rows)

    def _tests(self, wanted: Wanted) -> list[Callable[[int], bool]]:
        table, arguments = wanted.table, wanted.arguments
        tests: list[Callable[[int], bool]] = []
        if table.hidden:
            tests.append(lambda at: table.ids[at] not in table.hidden)
        if table.is_spoken:
            tests += _language_tests(table, str(arguments.get("lang") or _DEFAULT_LANGUAGE))
        excluded = set(arguments.get("exclude") or [])
        if excluded:
            tests.append(lambda at: table.ids[at] not in excluded)
        tests += self._owner_tests(wanted)
        tests += [self._date_test(wanted, name) for name in _DATES if arguments.get(name)]
        tests += [
            _on_document(table, maker(arguments[name]))
            for name, maker in _filters(table).items()
            if arguments.get(name) not in _NOTHING_ASKED
        ]
        return tests

    def _owner_tests(self, wanted: Wanted) -> list[Callable[[int], bool]]:
        table, arguments = wanted.table, wanted.arguments
        owners = set(arguments.get("parent") or []) if _is_list(arguments.get("parent")) else set()
        if wanted.owner is not None:
            owners = {wanted.owner}
        if table.name == "orders":
            owners = set() if arguments.get("customer") is None else {arguments["customer"]}
        if table.name == "reviews" and arguments.get("product"):
            owners = set(arguments["product"])
        avoided = set(arguments.get("parent_exclude") or [])
        tests: list[Callable[[int], bool]] = []
        if owners:
            tests.append(lambda at: table.owner[at] in owners)
        if avoided:
            tests.append(lambda at: table.owner[at] not in avoided)
        return tests

    def _date_test(self, wanted: Wanted, name: str) -> Callable[[int], bool]:
        limit = filter_moment(
            wanted.arguments[name],
            self.site,
            dates_are_gmt=bool(wanted.arguments.get("dates_are_gmt")),
            is_order=wanted.table.name in _ORDER_LIKE,
        )
        column = wanted.table.modified if name.startswith("modified") else wanted.table.created
        if name.endswith("after"):
            return lambda at: column[at] > limit
        return lambda at: NEVER < column[at] < limit

    def _sorted(self, wanted: Wanted, rows: list[int]) -> list[int]:
        table, ids = wanted.table, wanted.table.ids
        if wanted.sorted_by == "include":
            wish = {number: at for at, number in enumerate(wanted.arguments.get("include") or [])}
            return sorted((ids[at] for at in rows), key=lambda number: wish.get(number, 0))
        if wanted.sorted_by != "id":
            key = _sort_key(table, wanted.sorted_by)
            rows = sorted(rows, key=lambda at: (key(at), ids[at]))
        numbers = [ids[at] for at in rows]
        if wanted.is_descending:
            numbers.reverse()
        return numbers

    def _shuffled_ties(self, wanted: Wanted, found: Sequence[int], start: int) -> Sequence[int]:
        """Put rows with equal keys in an order that depends on the page, as MySQL may."""
        table, key = wanted.table, _sort_key(wanted.table, wanted.sorted_by)
        places = {number: table.position(number) or 0 for number in found}
        return sorted(
            found,
            key=lambda number: (key(places[number]), (number * 2654435761 ^ start * 40503) % 65521),
            reverse=wanted.is_descending,
        )


def _language_tests(table: Table, language: str) -> list[Callable[[int], bool]]:
    """Return the test for one language; ``all`` has none."""
    if language == "all":
        return []
    known, ids = table.languages, table.ids
    return [lambda at: known.get(ids[at], _DEFAULT_LANGUAGE) == language]


def _is_list(value: Value) -> bool:
    return isinstance(value, list)


def _name(table: Table, code: int) -> str:
    return table.statuses[code] if code < len(table.statuses) else ""


def _frozen(value: Value) -> Any:
    return tuple(value) if isinstance(value, list) else str(value)


def _is_unstable(wanted: Wanted) -> bool:
    pair = (wanted.table.name, wanted.sorted_by)
    return pair in _UNSTABLE or wanted.sorted_by == _UNSTABLE_ANYWHERE


def _sort_key(table: Table, by: str) -> Callable[[int], Any]:
    if by in ("date", "date_gmt", "registered_date"):
        return lambda at: table.created[at]
    if by == "modified":
        return lambda at: table.modified[at]
    if by == _UNSTABLE_ANYWHERE:
        return lambda _: 0
    member = "username" if table.name == "customers" else _SORT_MEMBERS.get(by, "id")
    return lambda at: _comparable(_value(table, at, member))


def _value(table: Table, at: int, member: str) -> Any:
    raw = members(table.document(table.ids[at]) or b"{}").get(member, b"null")
    try:
        return msgspec.json.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None


def _comparable(value: Any) -> tuple[float, str]:
    if isinstance(value, int | float):
        return (float(value), "")
    text = str(value or "")
    try:
        return (float(text), "")
    except ValueError:
        return (math.inf, text.casefold())


def _on_document(table: Table, test: Callable[[dict[str, Any]], bool]) -> Callable[[int], bool]:
    def check(at: int) -> bool:
        raw = members(table.document(table.ids[at]) or b"{}")
        return test(_Lazy(raw))

    return check


class _Lazy(dict[str, Any]):
    """Members of a record, decoded when looked at."""

    def __missing__(self, name: str) -> Any:
        return None

    def __getitem__(self, name: str) -> Any:
        raw = super().__getitem__(name)
        return msgspec.json.decode(raw) if isinstance(raw, bytes) else raw


def _equals(member: str) -> Callable[[Value], Callable[[dict[str, Any]], bool]]:
    def make(value: Value) -> Callable[[dict[str, Any]], bool]:
        wanted = {str(part).strip().lower() for part in str(value).split(",")}
        return lambda record: str(record[member]).lower() in wanted

    return make


def _has_term(member: str) -> Callable[[Value], Callable[[dict[str, Any]], bool]]:
    def make(value: Value) -> Callable[[dict[str, Any]], bool]:
        wanted = set(str(value).split(","))
        return lambda record: any(
            str(term["id"]) in wanted or term["slug"] in wanted for term in record[member] or []
        )

    return make


def _contains(value: Value) -> Callable[[dict[str, Any]], bool]:
    text = str(value).lower()
    return lambda record: any(
        text in str(record[member]).lower()
        for member in ("id", "name", "number", "billing", "email", "username", "code", "review")
    )


def _has_product(value: Value) -> Callable[[dict[str, Any]], bool]:
    number = int(value) if str(value).isdecimal() else 0
    return lambda record: any(
        number in (line["product_id"], line["variation_id"]) for line in record["line_items"] or []
    )


def _is_one_of(member: str) -> Callable[[Value], Callable[[dict[str, Any]], bool]]:
    return lambda value: lambda record: record[member] in value


def _not_empty(value: Value) -> Callable[[dict[str, Any]], bool]:
    return lambda record: not value or bool(record["count"])


_FILTERS: dict[str, Callable[[Value], Callable[[dict[str, Any]], bool]]] = {
    **{name: _equals(name) for name in _PLAIN_MEMBERS},
    "search": _contains,
    "search_sku": lambda value: lambda record: str(value).lower() in str(record["sku"]).lower(),
    "category": _has_term("categories"),
    "tag": _has_term("tags"),
    "brand": _has_term("brands"),
    "created_via": _is_one_of("created_via"),
    "include_types": _is_one_of("type"),
    "exclude_types": lambda value: lambda record: record["type"] not in value,
    "min_price": lambda value: lambda record: float(record["price"] or 0) >= float(value),
    "max_price": lambda value: lambda record: float(record["price"] or 0) <= float(value),
    "hide_empty": _not_empty,
}
_TERMS = ("categories", "brands", "tags", "shipping_classes", "terms")
_NOTHING_ASKED: tuple[Value, ...] = (None, [], "")


def _filters(table: Table) -> dict[str, Callable[[Value], Callable[[dict[str, Any]], bool]]]:
    if table.name == "orders":
        return {**_FILTERS, "product": _has_product}
    if table.name in _TERMS:
        return {**_FILTERS, "parent": _equals("parent")}
    return _FILTERS
