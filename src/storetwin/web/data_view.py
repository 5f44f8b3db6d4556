"""Store data as it is shown: rows, their columns, and what would become of them. No input or output."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import msgspec

from storetwin.kernel.json_values import Number, parse, written
from storetwin.mapping.nouns import noun_of
from storetwin.resources import RESOURCES
from storetwin.staging.models import Count, StagedRecord, State
from storetwin.web.data_asked import Asked
from storetwin.web.figures import UNKNOWN, money
from storetwin.web.words import STATE

TABS: Final = (
    "products",
    "variations",
    "orders",
    "refunds",
    "customers",
    "categories",
    "coupons",
    "reviews",
)
"""Resources that people look for first; the others stand behind "more"."""
PILLS: Final = (
    State.NEW,
    State.UPDATED,
    State.DELETED,
    State.WAITING,
    State.STALE,
    State.IN_SYNC,
    State.IGNORED,
)
ALWAYS: Final = frozenset({State.NEW, State.UPDATED, State.DELETED, State.IN_SYNC})
"""Pills that stand there with a zero, too: the others only while they count something."""
SHORT: Final = 16  # characters of a change's values that fit into its column
LINE: Final = 26  # and of them with the field's name
NAMES: Final = ("name", "title", "label", "code", "tax_class", "reviewer")
"""Members that say what a record is, where the twin keeps no name of it."""


@dataclass(frozen=True, slots=True)
class Column:
    """A column of the table.

    Args:
        take: member of the record's document, ``.key``, ``.total``, ``.items`` or ``.status`` of what
            the table knows of it.
        style: classes of head and cells.
        kind: text, number, money, or tag: the store's own word.
        sort: as the address names it.
    """

    label: str
    take: str
    style: str
    kind: str = "text"
    width: str = "w-num"
    sort: str | None = None


_SKU: Final = Column("SKU", ".key", "mono ink2 c-opt2", width="w-sku", sort="key")
_PRICE: Final = Column("Price", "price", "num c-opt", "money", "w-money")
_STOCK: Final = Column("Stock", "stock_quantity", "num c-opt", "number")
_SLUG: Final = Column("Slug", "slug", "mono ink2 c-opt2", width="w-sku")
_COUNT: Final = Column("Products", "count", "num c-opt", "number", "w-num")
COLUMNS: Final[Mapping[str, tuple[Column, ...]]] = {
    "products": (_SKU, _PRICE, _STOCK),
    "variations": (_SKU, _PRICE, _STOCK),
    "orders": (
        Column("In the store", ".status", "c-opt2", "tag", "w-tag"),
        Column("Total", ".total", "num c-opt", "money", "w-money"),
        Column("Items", ".items", "num c-opt", "number", "w-items"),
    ),
    "refunds": (
        Column("Order", "parent_id", "mono ink2 c-opt2", width="w-num"),
        Column("Amount", "amount", "num c-opt", "money", "w-money"),
    ),
    "customers": (
        Column("E-mail", ".key", "ink2 c-opt2", width="w-mail", sort="key"),
        Column("Role", "role", "c-opt", "tag", "w-tag"),
    ),
    "coupons": (
        Column("Amount", "amount", "num c-opt", "number", "w-num"),
        Column("Used", "usage_count", "num c-opt", "number", "w-num"),
    ),
    "reviews": (
        Column("Product", "product_name", "ink2 c-opt2", width="w-mail"),
        Column("Rating", "rating", "num c-opt", "number", "w-num"),
    ),
    "categories": (_SLUG, _COUNT),
    "tags": (_SLUG, _COUNT),
    "brands": (_SLUG, _COUNT),
    "terms": (_SLUG, _COUNT),
    "shipping_classes": (_SLUG, _COUNT),
    "attributes": (_SLUG,),
    "taxes": (
        Column("Country", "country", "mono ink2 c-opt2"),
        Column("Rate", "rate", "num c-opt", "number"),
    ),
}
_PLAIN: Final = (Column("Id", ".id", "mono ink2 c-opt2", width="w-sku"),)
KNOWN: Final = frozenset({"orders"})
"""Resources of which the twin's own columns say all that the table shows."""


@dataclass(frozen=True, slots=True)
class Cell:
    """A value of a row."""

    column: Column
    text: str


@dataclass(frozen=True, slots=True)
class Row:
    """A record as the table shows it.

    Args:
        token: names it in a form.
        sub: stands beside its name where its column has no place.
        old: of the first field that differs, where it fits; ``new`` likewise.
        change: what would become of it, in words.
        more: how many further fields differ.
    """

    record: StagedRecord
    token: str
    word: str
    href: str
    name: str
    sub: str | None
    cells: tuple[Cell, ...]
    change: str = ""
    field: str | None = None
    old: str | None = None
    new: str | None = None
    more: int = 0

    @property
    def is_short(self) -> bool:
        """Say whether old and new value fit beside the field's name."""
        values = len(f"{self.old or ''}{self.new or ''}")
        return values < SHORT and values + len(self.field or "") < LINE

    @property
    def is_code(self) -> bool:
        """Say whether what stands beside the name is written like a key."""
        return any("mono" in cell.column.style for cell in self.cells if cell.text == self.sub)


@dataclass(frozen=True, slots=True)
class Tab:
    """A resource, and how many records of it there are; None where nobody looked."""

    resource: str
    label: str
    href: str
    count: int
    is_here: bool


@dataclass(frozen=True, slots=True)
class Pill:
    """A state, and how many records are in it."""

    word: str | None
    count: int
    href: str
    is_here: bool


def label_of(resource: str) -> str:
    """Return what people call a resource."""
    return resource.replace("_", " ").capitalize()


def one_of(resource: str) -> str:
    """Return what people call one record of a resource."""
    noun = noun_of(resource)
    own = noun is not None and not noun.constants
    if noun is not None and own:
        return noun.label.lower()
    return {"taxes": "tax rate", "countries": "country", "currencies": "currency"}.get(
        resource, resource.replace("_", " ").removesuffix("s")
    )


def searched_by(resource: str) -> str:
    """Return what the search of a resource looks through."""
    return {
        "products": "Name, SKU or id",
        "variations": "Name, SKU or id",
        "orders": "Number, name or e-mail",
        "customers": "Name or e-mail",
        "refunds": "Id",
    }.get(resource, "Name or id")


def columns_of(resource: str) -> tuple[Column, ...]:
    """Return the columns between name and change."""
    return COLUMNS.get(resource, _PLAIN)


def tabs_of(asked: Asked, counts: Iterable[Count]) -> tuple[list[Tab], list[Tab]]:
    """Return the resources that stand as tabs, and those behind "more"."""
    sums: dict[str, int] = {}
    for count in counts:
        sums[count.resource] = sums.get(count.resource, 0) + count.records
    known = [r.name for r in RESOURCES if noun_of(r.name) and (not r.is_extra or r.name in sums)]
    first = [*TABS, *([asked.resource] if asked.resource not in TABS else [])]
    rest = [name for name in known if name not in first]
    return (
        [_tab(asked, name, sums) for name in first],
        [_tab(asked, name, sums) for name in sorted(rest, key=lambda n: (not sums.get(n), n))],
    )


def _tab(asked: Asked, resource: str, sums: Mapping[str, int]) -> Tab:
    is_here = resource == asked.resource
    href = asked.of_resource(resource)
    return Tab(resource, label_of(resource), href, sums.get(resource, 0), is_here)


def pills_of(asked: Asked, counts: Iterable[Count]) -> list[Pill]:
    """Return the states of a resource's records with their counts, all of them first."""
    sums = dict.fromkeys(PILLS, 0)
    marked = 0
    for count in counts:
        if count.resource == asked.resource and count.state in sums:
            sums[count.state] += count.records
            marked += count.selected
    states, selected = asked.filter.states, asked.filter.is_selected
    is_all = not states and selected is None
    pills = [Pill(None, sum(sums.values()), asked.href(status=None, selected=None), is_all)]
    pills += [
        Pill(
            STATE[state],
            n,
            asked.href(status=state.value, selected=None),
            states == (state,) and selected is None,
        )
        for state, n in sums.items()
        if n or state in ALWAYS or state in states
    ]
    if marked or selected:
        href = asked.href(status=None, selected="yes")
        pills.append(Pill("Marked", marked, href, selected is True))
    return pills


def row_of(
    asked: Asked,
    record: StagedRecord,
    document: Mapping[str, Any],
    currency: str | None,
    rules: Mapping[Any, str],
) -> Row:
    """Return a record as the table shows it.

    Args:
        document: some members of it, as text.
        currency: that the store's prices are in.
        rules: names of rules by id.
    """
    cells = tuple(_cell(one, record, document, currency) for one in columns_of(asked.resource))
    first = record.changes[0] if record.changes else None
    return Row(
        record=record,
        token=f"{record.connection_id}:{record.remote_id}",
        word=STATE[record.state],
        href=asked.opened(record.connection, record.remote_id),
        name=name_of(record, document),
        sub=next((cell.text for cell in cells if "c-opt2" in cell.column.style), None),
        cells=cells,
        change=_change(record, rules),
        field=_capital(first.label) if first and record.state is State.UPDATED else None,
        old=first.old if first else None,
        new=first.new if first else None,
        more=max(0, record.change_count - 1),
    )


def _capital(label: str) -> str:
    return label[:1].upper() + label[1:]


def name_of(record: StagedRecord, document: Mapping[str, Any]) -> str:
    """Return what people know a record by; never nothing."""
    if record.resource == "orders":
        number = record.figures.get("number") or record.remote_id
        return f"{number} · {record.name}" if record.name else str(number)
    if record.name and record.name.strip():
        return record.name
    told = next((document[name] for name in NAMES if document.get(name)), None)
    if told is None or told == UNKNOWN:
        told = record.key or f"{one_of(record.resource).capitalize()} {record.remote_id}"
    return str(told)


def _change(record: StagedRecord, rules: Mapping[Any, str]) -> str:
    """Return in words what would become of a record."""
    if record.state is State.WAITING:
        n = len(record.candidates)
        if n:
            return f"{n} possible {'match' if n == 1 else 'matches'} in core"
        return record.why or "waits for a decision"
    if record.state is State.IGNORED:
        name = rules.get(record.rule_id)
        return f"by rule “{name}”" if name else (record.why or "ignored by hand")
    return {
        State.NEW: "will be created in core",
        State.DELETED: "gone from the store",
        State.STALE: "changed, being compared",
        State.GONE: "gone, and core knows it",
    }.get(record.state, "")


def _cell(
    column: Column, record: StagedRecord, document: Mapping[str, Any], currency: str | None
) -> Cell:
    own = {
        ".key": record.key,
        ".status": record.status,
        ".id": record.remote_id,
        ".total": record.figures.get("total"),
        ".items": record.figures.get("items"),
    }
    value = own[column.take] if column.take in own else document.get(column.take)
    if value in (None, ""):
        return Cell(column, UNKNOWN if column.kind in ("money", "number") else "")
    if column.kind == "money":
        return Cell(column, _money(str(value), record.figures.get("currency") or currency))
    return Cell(column, str(value))


def _money(value: str, currency: str | None) -> str:
    try:
        return money(value, currency)
    except ArithmeticError:
        return value  # a store may say anything


MEMBERS: Final = sorted(
    {*NAMES, *(c.take for some in COLUMNS.values() for c in some if not c.take.startswith("."))}
)
_Glance: Final = msgspec.defstruct(
    "_Glance", [(name, msgspec.Raw, msgspec.Raw(b"null")) for name in MEMBERS]
)
_glancing: Final = msgspec.json.Decoder(_Glance)


def glance(document: bytes) -> dict[str, str | None]:
    """Return the few members of a document that the table shows, exactly as they stand."""
    try:
        found = _glancing.decode(document)
        return {name: _text(bytes(getattr(found, name))) for name in MEMBERS}
    except (msgspec.MsgspecError, UnicodeError):
        return _glance_at_any(document)


def _text(raw: bytes) -> str | None:
    if raw == b"null":
        return None
    return str(msgspec.json.decode(raw)) if raw[:1] == b'"' else raw.decode()


def _glance_at_any(document: bytes) -> dict[str, str | None]:
    """Do the same with what a strict parser refuses."""
    try:
        value = parse(document)
    except ValueError:
        return {}
    if not isinstance(value, dict):
        return {}
    return {name: _said(value.get(name)) for name in MEMBERS}


def _said(value: object) -> str | None:
    if value is None or isinstance(value, str):
        return value
    return value.text if isinstance(value, Number) else written(value)


def sum_of(counts: Sequence[Count], resource: str) -> int:
    """Return how many records of a resource there are."""
    return sum(count.records for count in counts if count.resource == resource)
