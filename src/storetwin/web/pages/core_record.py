"""One record of core: what it holds, where it came from, who changed it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Final
from uuid import UUID

from fastapi import APIRouter, Form
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from storetwin.core.read import Document
from storetwin.hub.core import CoreRecord
from storetwin.mapping.models import Field as Column
from storetwin.mapping.models import Kind
from storetwin.staging.delta import WHOLE, as_text
from storetwin.web.data_asked import record_path, slug
from storetwin.web.data_difference import NOTHING, Side, kinds_of, moment_of, spoken
from storetwin.web.data_links import title_of
from storetwin.web.data_payload import Line, folded, in_one, word_by_word
from storetwin.web.data_view import label_of
from storetwin.web.route import PageRoute
from storetwin.web.view import Reading, Updating

router = APIRouter(route_class=PageRoute)
ROUTERS = (router,)
MOST_ROWS: Final = 50  # of one part
HIDDEN: Final = frozenset({"key", "position"})


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
        "changes": [(change, _fields_of(found, change.fields)) for change in found.changes],
        "data_path": f"/data/{slug(found.noun.resource or name)}",
    }
    api = f"/api/v1/core/{name}/{core_id}"
    return await page.render("data/core.html", context, api=api)


class TakeBackForm(BaseModel):
    """Which column is to be what the stores say again."""

    model_config = ConfigDict(extra="ignore")

    field: str = Field(max_length=100)


@router.post("/core/{noun}/{core_id}/take-back")
async def update_core_record_page(
    page: Updating, noun: str, core_id: UUID, given: Annotated[TakeBackForm, Form()]
) -> Response:
    """Let a column be again what the stores say."""
    name = noun.replace("-", "_")
    user_id = page.principal.user_id
    found = await page.hub.core.take_back(name, core_id, [given.field], user_id=user_id)
    labels = {one.name: one.label for one in found.noun.fields}
    told = f"{labels.get(given.field, given.field)} is what the stores say again."
    return page.redirect(f"/core/{noun}/{core_id}", told)


def fields_of(found: CoreRecord) -> list[tuple[Column, Side]]:
    """Return the columns that hold something, as people write it."""
    values = found.document.values
    currency = as_text(values.get("currency"))
    shown = []
    for field in found.noun.fields:
        text = as_text(values.get(field.name), WHOLE)
        if text not in NOTHING:
            line = word_by_word(None, spoken(text, field.kind, currency))[1]
            shown.append((field, Side(line, moment_of(text, field.kind))))
    return shown


def _fields_of(found: CoreRecord, fields: Mapping[str, Sequence[Any]]) -> list[tuple[str, Line]]:
    """Return what a change changed: the column's label, and both values in one line."""
    labels = {one.name: one.label for one in (*found.noun.fields, *found.noun.levels)}
    kinds, currency = kinds_of(found.noun), as_text(found.document.values.get("currency"))
    told = []
    for name, pair in fields.items():
        texts = (as_text(value, WHOLE) for value in pair)
        old, new = (spoken(text, kinds.get(name, Kind.TEXT), currency) for text in texts)
        told.append((labels.get(name, name), folded(in_one(old, new), keep=40, marked=80)))
    return told


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
