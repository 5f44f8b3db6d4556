"""What stands on a page of Store data, brought together from the hub's verbs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from typing import Any, Final
from uuid import UUID

from storetwin.connections.models import Connection
from storetwin.kernel.errors import StoretwinError, UnknownNameError
from storetwin.mapping.nouns import noun_of
from storetwin.mirror.finding import Wanted
from storetwin.staging.models import Count, Filter, StagedPage, StagedRecord
from storetwin.web.data_asked import NARROWING, PATH, Asked, day_of, read_query, slug
from storetwin.web.data_view import (
    KNOWN,
    Row,
    columns_of,
    glance,
    label_of,
    one_of,
    pills_of,
    row_of,
    searched_by,
    sum_of,
    tabs_of,
)
from storetwin.web.figures import number
from storetwin.web.view import Page
from storetwin.web.words import STATE

INDEX: Final = "data/index.html"
PIECES: Final = "data/pieces.html"
ENOUGH: Final = 4  # filters that are tried without, to say which of them leaves out most


@dataclass(frozen=True, slots=True)
class Token:
    """An active filter.

    Args:
        href: the table without it.
        is_strange: nobody knows such a filter.
    """

    label: str
    value: str
    href: str
    name: str = ""
    is_strange: bool = False


@dataclass(frozen=True, slots=True)
class Blank:
    """Why there is no row, and what to do.

    Args:
        kind: nothing_connected, never_pulled, nothing_there or no_match.
        without: the filter that leaves out most, and how many would match without it.
    """

    kind: str
    without: tuple[Token, int] | None = None
    stores: Sequence[str] = ()


def resource_of(path: str) -> str:
    """Return the resource that a path names.

    Raises:
        UnknownNameError: there is none.
    """
    resource = path.replace("-", "_")
    if noun_of(resource) is None:
        raise UnknownNameError(
            f"There is no resource {path!r}.", remedy="Store data shows which there are."
        )
    return resource


async def asked_of(
    page: Page, resource: str, opened: tuple[str, str] | None = None, query: str | None = None
) -> tuple[Asked, list[Connection]]:
    """Return what a request asks for, and the stores that there are.

    Args:
        opened: connection and remote id of the record beside the table.
        query: another one than the request's own.
    """
    stores = await page.hub.register.every()
    pairs = list(page.request.query_params.multi_items()) if query is None else query
    zone = page.times.zone
    return read_query(resource_of(resource), pairs, stores, zone, opened=opened), stores


async def frame(page: Page, asked: Asked, stores: Sequence[Connection]) -> dict[str, Any]:
    """Return what stands around the table: stores, resources, states."""
    counts = await page.hub.staging.counts(None, asked.filter.connection_ids)
    first, more = tabs_of(asked, counts)
    chosen = next((s for s in stores if asked.filter.connection_ids == (s.id,)), None)
    return {
        "asked": asked,
        "stores": stores,
        "store": chosen,
        "tabs_first": first,
        "tabs_more": more,
        "pills": pills_of(asked, counts),
        "resource": asked.resource,
        "label": label_of(asked.resource),
        "one": one_of(asked.resource),
        "is_part": "hx-request" in page.request.headers,
        "searched": searched_by(asked.resource),
        "counts": counts,
        "pull_stores": [s for s in stores if chosen is None or s is chosen],
        "never_pulled": not sum_of(counts, asked.resource),
    }


def stream_of(asked: Asked, seen: str) -> str:
    """Return where changes of this table are told.

    Args:
        seen: how it looked when it was shown.
    """
    query = asked.query(without=("tab", "strange"), page=asked.values.get("page"))
    return f"{asked.path}/live{query}{'&' if query else '?'}at={PATH}&seen={seen}"


async def table(
    page: Page, asked: Asked, stores: Sequence[Connection], counts: Sequence[Count]
) -> dict[str, Any]:
    """Return the rows of a page, and what is said about them."""
    found = await found_of(page, asked)
    rules = await rules_of(page)
    rows = await rows_of(page, asked, found, stores, rules)
    first = (found.page - 1) * found.page_size
    last = first + len(rows)
    has_next = last < found.row_count or found.is_cut_off
    tokens = tokens_of(page, asked, rules)
    return {
        "found": found,
        "rows": rows,
        "columns": columns_of(asked.resource),
        "first": first + 1 if rows else 0,
        "last": last,
        "newer": asked.href(page=str(found.page - 1)) if found.page > 1 else None,
        "older": asked.href(page=str(found.page + 1)) if has_next and rows else None,
        "tokens": tokens,
        "empty": None if rows else await _blank(page, asked, stores, counts, tokens),
        "stream": stream_of(asked, print_of(found)),
        "news": None,
        "choices": choices_of(asked, counts, rules),
        "command": command_of(asked),
        "is_wide": len(stores) > 1 and asked.filter.connection_ids is None,
        "rules": rules,
    }


async def found_of(page: Page, asked: Asked) -> StagedPage:
    """Return the records of a page."""
    return await page.hub.staging.page(
        asked.filter,
        asked.sort,
        is_descending=asked.is_descending,
        page=asked.page,
        page_size=asked.size,
    )


def news_of(seen: str | None, found: StagedPage) -> str | None:
    """Return in words what is new in a table since it was shown; None for nothing.

    Args:
        seen: the mark that it had then.
    """
    if seen is None or seen == print_of(found):
        return None
    before = seen.partition("-")[2]
    more = found.row_count - int(before) if before.isdecimal() else 0
    if not more or found.is_cut_off:
        return "The list has changed."
    verb = "match" if abs(more) > 1 else "matches"
    return f"{number(abs(more))} {'more' if more > 0 else 'fewer'} {verb}."


def print_of(found: StagedPage) -> str:
    """Return a mark that differs when a page has to be looked at again; it ends in how many match."""
    lines = [
        (str(r.connection_id), r.remote_id, r.version, r.state, r.is_selected, r.change_count)
        for r in found.data
    ]
    mark = sha256(repr((found.row_count, lines)).encode("utf-8", "replace")).hexdigest()[:16]
    return f"{mark}-{found.row_count}"


async def rules_of(page: Page) -> dict[UUID, str]:
    """Return the names of the rules that choose records by themselves."""
    return {rule.rule_id: rule.name for rule in await page.hub.staging.rules.list()}


async def rows_of(
    page: Page,
    asked: Asked,
    found: StagedPage,
    stores: Sequence[Connection],
    rules: Mapping[UUID, str],
) -> list[Row]:
    """Return records as rows, with the figures that only their documents say."""
    documents = await documents_of(page, asked.resource, found.data)
    currencies = {store.id: store.store.currency for store in stores}
    return [
        row_of(
            asked,
            record,
            documents.get((record.connection_id, record.remote_id), {}),
            currencies.get(record.connection_id),
            rules,
        )
        for record in found.data
    ]


async def documents_of(
    page: Page, resource: str, records: Sequence[StagedRecord]
) -> dict[tuple[UUID, str], dict[str, Any]]:
    """Return what the table shows of some records' documents."""
    if resource in KNOWN:
        return {}
    found: dict[tuple[UUID, str], dict[str, Any]] = {}
    for connection_id in dict.fromkeys(record.connection_id for record in records):
        ids = tuple(r.remote_id for r in records if r.connection_id == connection_id)
        wanted = Wanted(ids=ids, is_whatever=True)
        shown, _ = await page.hub.records.page(
            str(connection_id), resource, wanted, limit=len(ids), with_documents=True
        )
        for one in shown:
            if one.document is not None:
                found[connection_id, one.found.remote_id] = glance(one.document)
    return found


def tokens_of(page: Page, asked: Asked, rules: Mapping[UUID, str]) -> list[Token]:
    """Return the active filters, what was not understood last."""
    tokens = [
        Token(label, value, asked.href(without=(name,), page=None), name)
        for name, (label, value) in _told(page, asked, rules).items()
    ]
    strange = [
        Token(name, value, asked.without_strange(name, value), is_strange=True)
        for name, value in asked.strange
    ]
    return tokens + strange


def _told(page: Page, asked: Asked, rules: Mapping[UUID, str]) -> dict[str, tuple[str, str]]:
    """Return the filters in words; a single state says its pill."""
    values, filter_ = asked.values, asked.filter
    told: dict[str, tuple[str, str]] = {}
    if len(filter_.states) > 1:
        told["status"] = ("Status is", " or ".join(STATE[s] for s in filter_.states))
    if filter_.search:
        told["q"] = ("Text", filter_.search)
    if filter_.status:
        told["in_store"] = ("In the store", " or ".join(filter_.status))
    for name, label in (("modified_after", "Modified since"), ("modified_before", "Before")):
        if name in values:
            moment = day_of(values[name], page.times.zone)
            is_day = len(values[name]) == 10
            told[name] = (label, page.times.date(moment) if is_day else page.times.at(moment))
    if filter_.field:
        told["changed"] = ("Changed field", fields_of(asked.resource).get(filter_.field, "unknown"))
    if filter_.rule_id:
        told["rule"] = ("By rule", rules.get(filter_.rule_id, "one that is gone"))
    if filter_.is_selected is False:
        told["selected"] = ("Marked", "no")
    return told


def fields_of(resource: str) -> dict[str, str]:
    """Return the columns of core that records of a resource may change, with what people call them."""
    noun = noun_of(resource)
    if noun is None:
        return {}
    found = {field.name: field.label for field in (*noun.fields, *noun.levels)}
    found |= {part.table: part.table.replace("_", " ").capitalize() for part in noun.parts}
    return found


def choices_of(asked: Asked, counts: Sequence[Count], rules: Mapping[UUID, str]) -> dict[str, Any]:
    """Return what the filter's form offers."""
    own = [count for count in counts if count.resource == asked.resource]
    return {
        "states": {s: STATE[s] for s in STATE if s.is_shown},
        "in_store": sorted({count.status for count in own if count.status}),
        "fields": fields_of(asked.resource),
        "rules": rules,
    }


def command_of(asked: Asked) -> str:
    """Return the call of the command line that shows the same; it knows no times."""
    words = ["storetwin", "staging", asked.resource]
    values = asked.values
    for name, option in (
        ("connection", "--connection"),
        ("q", "--search"),
        ("changed", "--field"),
    ):
        if name in values:
            words += [option, values[name]]
    for state in asked.filter.states:
        words += ["--state", state.value]
    for status in asked.filter.status:
        words += ["--status", status]
    if asked.filter.is_selected:
        words.append("--selected")
    return " ".join(_quoted(word) for word in words)


def _quoted(word: str) -> str:
    plain = word.replace("-", "").replace("_", "").replace(".", "").replace(":", "")
    return word if plain.isalnum() else "'" + word.replace("'", "'\\''") + "'"


async def _blank(
    page: Page,
    asked: Asked,
    stores: Sequence[Connection],
    counts: Sequence[Count],
    tokens: Sequence[Token],
) -> Blank:
    """Return why nothing is shown."""
    if not stores:
        return Blank("nothing_connected")
    if sum_of(counts, asked.resource) and (asked.is_narrowed or asked.page > 1):
        return Blank("no_match", without=await _widest(page, asked, tokens))
    never = await _never_pulled(page, asked, stores)
    return Blank("never_pulled" if never else "nothing_there", stores=never)


async def _widest(page: Page, asked: Asked, tokens: Sequence[Token]) -> tuple[Token, int] | None:
    """Return the filter without which most records would match."""
    known = [token for token in tokens if not token.is_strange]
    if len(asked.filter.states) == 1:
        word = STATE[asked.filter.states[0]]
        known.append(Token("Status is", word, asked.href(status=None), "status"))
    found: list[tuple[Token, int]] = []
    for token in known[:ENOUGH]:
        wider = _without(asked.filter, token.name)
        try:
            n = (await page.hub.staging.page(wider, page_size=1)).row_count
        except StoretwinError:
            continue  # it only would have been a hint
        found.append((token, n))
    return max((one for one in found if one[1]), key=lambda one: one[1], default=None)


def _without(wanted: Filter, name: str) -> Filter:
    return {
        "status": lambda: replace(wanted, states=()),
        "q": lambda: replace(wanted, search=None),
        "in_store": lambda: replace(wanted, status=()),
        "modified_after": lambda: replace(wanted, modified_after=None),
        "modified_before": lambda: replace(wanted, modified_before=None),
        "changed": lambda: replace(wanted, field=None),
        "selected": lambda: replace(wanted, is_selected=None),
        "rule": lambda: replace(wanted, rule_id=None),
    }[name]()


async def _never_pulled(page: Page, asked: Asked, stores: Sequence[Connection]) -> list[str]:
    """Return the stores of which the resource was never read."""
    never = []
    for store in stores[:ENOUGH]:
        if asked.filter.connection_ids not in (None, (store.id,)):
            continue
        inventory = await page.hub.records.inventory(store.name)
        line = next((one for one in inventory if one.resource == asked.resource), None)
        if line is not None and line.cursor is None:
            never.append(store.name)
    return never


__all__ = [
    "INDEX",
    "NARROWING",
    "PATH",
    "PIECES",
    "asked_of",
    "fields_of",
    "frame",
    "news_of",
    "print_of",
    "resource_of",
    "slug",
    "table",
]
