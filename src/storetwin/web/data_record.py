"""One record as it stands beside the table: what it would change, its document, history and links."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from storetwin.connections.models import Connection
from storetwin.core.read import RecordChange
from storetwin.hub.core import CoreRecord
from storetwin.hub.history import Told
from storetwin.hub.records import Shown
from storetwin.kernel.errors import UnknownNameError
from storetwin.staging.look import WholeRecord
from storetwin.staging.models import State
from storetwin.web.data_asked import Asked, slug
from storetwin.web.data_difference import NOTHING, differences_of, equal_of, waiting_of
from storetwin.web.data_links import links_of
from storetwin.web.data_payload import Change, changes_of, exact, folded, pretty, word_by_word
from storetwin.web.data_view import glance, name_of, one_of
from storetwin.web.view import Page
from storetwin.web.words import STATE

TABS: Final = ("difference", "payload", "history", "links")
MOST_VERSIONS: Final = 20
TOLD_WHOLE: Final = 4  # versions of which old and new values are shown at once
EDITABLE: Final = frozenset({"products", "orders", "coupons"})
"""Resources whose records have a page of their own in the store's back office, by number."""


@dataclass(frozen=True, slots=True)
class Moment:
    """A line of the history: a version, or what happened in core.

    Args:
        changes: what differed from the version before, where that was looked up.
    """

    at: Any
    told: Told | None = None
    changes: Sequence[Change] = ()
    core: RecordChange | None = None


async def record_context(
    page: Page, asked: Asked, stores: Sequence[Connection], tab: str
) -> dict[str, Any]:
    """Return what the drawer shows of the record that is open.

    Raises:
        UnknownNameError: there is no such store, or record.
    """
    assert asked.open is not None
    connection, remote_id = asked.open
    whole = await page.hub.staging.record(connection, asked.resource, remote_id)
    copy = await _copy(page, connection, asked.resource, remote_id)
    document = copy.document if copy and copy.document is not None else b"{}"
    core = await _core(page, whole)
    record = whole.record
    store = next(one for one in stores if one.id == record.connection_id)
    currency = record.figures.get("currency") or _currency(core) or store.store.currency
    context: dict[str, Any] = {
        "whole": whole,
        "record": record,
        "copy": copy.found if copy else None,
        "title": name_of(record, glance(document)),
        "word": STATE[record.state],
        "token": f"{record.connection_id}:{record.remote_id}",
        "one": one_of(asked.resource),
        "tab": tab if tab in TABS else TABS[0],
        "core": core,
        "core_path": f"/core/{slug(asked.resource)}/{record.core_id}" if record.core_id else None,
        "in_store": _in_store(store, asked.resource, remote_id),
        "can_reread": not any(sign.isspace() or sign == "," for sign in remote_id),
        "can_map": record.state in (State.NEW, State.WAITING) and whole.link is None,
        "waiting": waiting_of(whole, has_copy=copy is not None),
        "asked": asked,
        "resource": asked.resource,
    }
    more = {
        "difference": lambda: _difference(whole, core, currency),
        "payload": lambda: _payload(asked, document),
    }
    if context["tab"] == "history":
        return context | await _history(page, asked, whole)
    if context["tab"] == "links":
        return context | await links_of(page, store, whole, core, document)
    return context | more[context["tab"]]()


async def _copy(page: Page, connection: str, resource: str, remote_id: str) -> Shown | None:
    try:
        return await page.hub.records.one(connection, resource, remote_id)
    except UnknownNameError:
        return None  # the twin has dropped its copy; the table still knows of it


async def _core(page: Page, whole: WholeRecord) -> CoreRecord | None:
    core_id = whole.record.core_id
    if core_id is None:
        return None
    try:
        return await page.hub.core.one(whole.record.resource, core_id)
    except UnknownNameError:
        return None


def _currency(core: CoreRecord | None) -> str | None:
    found = core.document.values.get("currency") if core else None
    return str(found) if found else None


def _in_store(store: Connection, resource: str, remote_id: str) -> str | None:
    if resource not in EDITABLE or not remote_id.isdecimal():
        return None
    return f"{store.url}/wp-admin/post.php?post={remote_id}&action=edit"


# -- difference -----------------------------------------------------------------------------------


def _difference(
    whole: WholeRecord, core: CoreRecord | None, currency: str | None
) -> dict[str, Any]:
    changed = {change.path.partition("/")[0] for change in whole.changes}
    is_new = whole.record.core_id is None and not any(one.old for one in whole.changes)
    changes = [one for one in whole.changes if not is_new or one.new not in NOTHING]
    return {
        "is_new": is_new,
        "differences": differences_of(whole.record.resource, changes, currency),
        "equal": [] if core is None else equal_of(core, changed),
        "edits": core.edits if core else (),
    }


# -- payload --------------------------------------------------------------------------------------


def _payload(asked: Asked, document: bytes) -> dict[str, Any]:
    is_exact = asked.values.get("as") == "exact"
    return {"payload": exact(document) if is_exact else pretty(document), "is_exact": is_exact}


# -- history --------------------------------------------------------------------------------------


async def _history(page: Page, asked: Asked, whole: WholeRecord) -> dict[str, Any]:
    record = whole.record
    place = (record.connection, record.resource, record.remote_id)
    before = asked.values.get("version")
    below = int(before) if before and before.isdecimal() and "against" not in asked.values else None
    try:
        told, has_more = await page.hub.history.page_versions(
            *place, before=below, limit=MOST_VERSIONS
        )
    except UnknownNameError:
        told, has_more = [], False
    moments = [
        Moment(one.version.written_at, one, await _changes(page, place, one, n))
        for n, one in enumerate(told)
    ]
    if record.core_id is not None:
        moments += [Moment(change.at, core=change) for change in await _in_core(page, record)]
    moments.sort(key=lambda moment: moment.at, reverse=True)
    return {
        "moments": moments,
        "versions": [one.version for one in told],
        "has_more": has_more,
        "compared": await _compared(page, place, asked.values),
        "stores_by_id": {one.id: one.name for one in await page.hub.register.every()},
    }


async def _changes(
    page: Page, place: tuple[str, str, str], told: Told, nth: int
) -> Sequence[Change]:
    """Return what a version changed, of the first few; the others are told by their fields' names."""
    if nth >= TOLD_WHOLE or told.fields is None or told.version.number == 1:
        return ()
    first, second = str(told.version.number - 1), str(told.version.number)
    try:
        between = await page.hub.history.difference(*place, first, second)
    except UnknownNameError:
        return ()
    return changes_of(between.comparison.changes)


async def _in_core(page: Page, record: Any) -> list[RecordChange]:
    try:
        return await page.hub.core.changes(record.resource, record.core_id, limit=MOST_VERSIONS)
    except UnknownNameError:
        return []


async def _compared(
    page: Page, place: tuple[str, str, str], values: Mapping[str, str]
) -> dict[str, Any] | None:
    """Return two moments of the record side by side, where that was asked for."""
    if "version" not in values or "against" not in values:
        return None
    first, second = values["against"], values["version"]
    between = await page.hub.history.difference(*place, first, second)
    return {
        "first": between.first,
        "second": between.second,
        "is_same": between.is_same,
        "lines": [
            (one.name, *map(folded, word_by_word(one.old, one.new)))
            for one in changes_of(between.comparison.changes)
        ],
    }
