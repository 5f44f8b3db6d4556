"""One record of core: what it holds, where it came from, who changed it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from fastapi import APIRouter
from starlette.responses import Response

from storetwin.core.read import Document
from storetwin.hub.core import CoreRecord
from storetwin.mapping.models import Field, Kind
from storetwin.staging.delta import as_text
from storetwin.web.data_asked import record_path, slug
from storetwin.web.data_view import label_of
from storetwin.web.figures import money
from storetwin.web.route import PageRoute
from storetwin.web.view import Reading

router = APIRouter(route_class=PageRoute)
ROUTERS = (router,)
MOST_ROWS: Final = 50  # of one part
HIDDEN: Final = frozenset({"key", "position"})
TITLES: Final = ("name", "title", "number", "code", "email", "slug")


@router.get("/core/{noun}/{core_id}")
async def core_record_page(page: Reading, noun: str, core_id: UUID) -> Response:
    """Show a record of core."""
    name = noun.replace("-", "_")
    found = await page.hub.core.one(name, core_id)
    document = found.document
    context = {
        "found": found,
        "document": document,
        "noun": found.noun,
        "label": label_of(name),
        "title": title_of(found),
        "fields": fields_of(found),
        "edits": {edit.field: edit for edit in found.edits},
        "references": _references(document, found),
        "parts": {label_of(table): _part(rows) for table, rows in document.parts.items() if rows},
        "links": [
            (record_path(one.resource, one.connection, one.remote_id), one) for one in found.links
        ],
        "stores": {one.id: one.name for one in await page.hub.register.every()},
        "most": MOST_ROWS,
        "data_path": f"/data/{slug(found.noun.resource or name)}",
    }
    api = f"/api/v1/core/{name}/{core_id}"
    return await page.render("data/core.html", context, api=api)


def title_of(found: CoreRecord) -> str:
    """Return what people know a record by; never nothing."""
    values = found.document.values
    if found.noun.name == "customers":
        parts = [values.get("first_name"), values.get("last_name")]
        name = " ".join(str(part) for part in parts if part)
        if name:
            return name
    told = next((str(values[name]) for name in TITLES if values.get(name)), None)
    return told or f"{found.noun.label} {found.document.core_id}"


def fields_of(found: CoreRecord) -> list[tuple[Field, str | None, datetime | None]]:
    """Return the columns that hold something, as text; times as they are."""
    values = found.document.values
    currency = values.get("currency")
    shown = []
    for field in found.noun.fields:
        value = values.get(field.name)
        if value in (None, "", [], {}):
            continue
        moment = value if isinstance(value, datetime) else None
        if field.kind is Kind.MONEY:
            text: str | None = _amount(value, str(currency) if currency else None)
        elif isinstance(value, bool):
            text = "yes" if value else "no"
        else:
            text = as_text(value)
        shown.append((field, text, moment))
    return shown


def _amount(value: Any, currency: str | None) -> str:
    text = f"{value:f}"
    whole, _, cents = text.partition(".")
    return money(f"{whole}.{cents.rstrip('0').ljust(2, '0')}", currency)


def _references(document: Document, found: CoreRecord) -> list[tuple[str, str, str | None]]:
    """Return the records that it names: label, the store's own id, the path of the core record."""
    named = []
    for one in found.noun.references:
        remote, core_id = document.references.get(one.name), document.core_ids.get(one.name)
        if remote is None and core_id is None:
            continue
        label = one.label or one.name.removesuffix("_id").replace("_", " ").capitalize()
        path = f"/core/{slug(one.noun)}/{core_id}" if core_id else None
        named.append((label, remote or str(core_id), path))
    return named


def _part(rows: Sequence[Mapping[str, Any]]) -> tuple[list[str], list[list[str | None]], int]:
    """Return rows below a record as a table: the columns that hold anything, and their values."""
    columns = [
        name
        for name in dict.fromkeys(name for row in rows for name in row)
        if name not in HIDDEN
        and not name.startswith("remote_")
        and any(row.get(name) not in (None, "", [], {}) for row in rows)
    ]
    lines = [[as_text(row.get(name)) for name in columns] for row in rows[:MOST_ROWS]]
    return [name.replace("_", " ") for name in columns], lines, len(rows)
