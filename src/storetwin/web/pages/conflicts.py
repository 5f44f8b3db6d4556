"""Conflicts: what a person changed in core, and its store since; both beside what they had agreed on."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from difflib import SequenceMatcher
from typing import Annotated, Any, Final
from uuid import UUID

from fastapi import APIRouter, Form
from fastapi import Path as InPath
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from storetwin.core.apart import Apart
from storetwin.hub.apart import give_way, gone_apart
from storetwin.hub.core import CoreRecord
from storetwin.staging.delta import as_text
from storetwin.web.data_asked import record_path, slug
from storetwin.web.data_links import title_of
from storetwin.web.route import PageRoute
from storetwin.web.view import Page, Reading, Updating
from storetwin.web.words import Tone

router = APIRouter(route_class=PageRoute)
ROUTERS = (router,)
PATH: Final = "/conflicts"
TEMPLATE: Final = "conflicts/index.html"
SHOWN: Final = 100
LONGEST: Final = 4_000  # characters that are compared word by word
Noun = Annotated[str, InPath(max_length=63)]


class SettleForm(BaseModel):
    """Columns that are to be what the store says; the others stay."""

    model_config = ConfigDict(extra="ignore")

    fields: list[Annotated[str, Field(max_length=100)]] = Field(
        default_factory=list, max_length=200
    )


@dataclass(frozen=True, slots=True)
class Record:
    """A core record with the columns on which store and person went apart.

    Args:
        since: when a person first changed one of them.
    """

    noun: str
    core_id: UUID
    since: datetime
    apart: Sequence[Apart]

    @property
    def path(self) -> str:
        """Return where it is decided."""
        return f"{PATH}/{slug(self.noun)}/{self.core_id}"


@dataclass(frozen=True, slots=True)
class Side:
    """A value as it is shown, against what was agreed: pieces with "same", "new" or "old"."""

    text: str
    pieces: Sequence[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Row:
    """One column, three ways."""

    name: str
    label: str
    agreed: str
    store: Side
    core: Side
    editor: str | None
    edited_at: datetime


@router.get(PATH)
async def conflicts_page(page: Reading) -> Response:
    """Show where people and stores went apart: the longest ago first."""
    return await _render(page, None)


@router.get(PATH + "/{noun}/{core_id}")
async def conflict_page(page: Reading, noun: Noun, core_id: UUID) -> Response:
    """Show one record, column by column."""
    return await _render(page, (noun.replace("-", "_"), core_id))


@router.post(PATH + "/{noun}/{core_id}")
async def settle_conflict_page(
    page: Updating, noun: Noun, core_id: UUID, given: Annotated[SettleForm, Form()]
) -> Response:
    """Let columns be what the store says; the others stay as the person made them."""
    name = noun.replace("-", "_")
    await page.hub.core.one(name, core_id)
    known = {
        one.field
        for one in await gone_apart(page.hub)
        if (one.noun, one.core_id) == (name, core_id)
    }
    fields = [field for field in given.fields if field in known]
    if not fields:
        told = "Nothing was changed: core keeps its values."
        return page.redirect(PATH, told, Tone.IDLE)
    await give_way(page.hub, name, core_id, fields, page.principal.user_id)
    columns = "1 field is" if len(fields) == 1 else f"{len(fields)} fields are"
    return page.redirect(PATH, f"{columns} what the store says again. History keeps the others.")


async def _render(page: Page, chosen: tuple[str, UUID] | None) -> Response:
    records = grouped(await gone_apart(page.hub))
    if page.wants_json:
        document = {"data": [_as_json(one) for record in records for one in record.apart]}
        return await page.render(TEMPLATE, document=document)
    current = records[0] if records and chosen is None else None
    if chosen is not None:
        current = next((r for r in records if (r.noun, r.core_id) == chosen), None)
        if current is None:
            await page.hub.core.one(*chosen)  # which is known, or is said not to be
    shown = records[:SHOWN]
    found = {r.core_id: await page.hub.core.one(r.noun, r.core_id) for r in shown}
    if current is not None and current.core_id not in found:
        found[current.core_id] = await page.hub.core.one(current.noun, current.core_id)
    at = records.index(current) if current is not None else 0
    context: dict[str, Any] = {
        "records": shown,
        "total": len(records),
        "titles": {core_id: title_of(one) for core_id, one in found.items()},
        "labels": {core_id: one.noun.label for core_id, one in found.items()},
        "record": current,
        "is_settled": chosen is not None and current is None,
        "rows": rows_of(current, found[current.core_id]) if current else [],
        "links": _links(found[current.core_id]) if current else [],
        "at_record": at,
        "before": records[at - 1] if current and at else None,
        "after": records[at + 1] if current and at + 1 < len(records) else None,
        "core_path": f"/core/{slug(current.noun)}/{current.core_id}" if current else "",
    }
    return await page.render(TEMPLATE, context)


def grouped(apart: Sequence[Apart]) -> list[Record]:
    """Return the columns by record; in the order in which they came."""
    found: dict[tuple[str, UUID], list[Apart]] = {}
    for one in apart:
        found.setdefault((one.noun, one.core_id), []).append(one)
    return [Record(*key, ones[0].edited_at, ones) for key, ones in found.items()]


def rows_of(record: Record, found: CoreRecord) -> list[Row]:
    """Return the columns of a record as they are shown."""
    labels = {field.name: field.label for field in found.noun.fields}
    return [
        Row(
            one.field,
            labels.get(one.field, one.field),
            shown(one.agreed),
            side(one.agreed, one.store),
            side(one.agreed, one.core),
            one.editor,
            one.edited_at,
        )
        for one in record.apart
    ]


def shown(value: Any) -> str:
    """Return a value as people read it; what is empty as a word."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    text = as_text(value)
    return text or "empty"


def side(agreed: Any, value: Any) -> Side:
    """Return a value with its difference to what was agreed, word by word where both are texts."""
    text = shown(value)
    if not (isinstance(agreed, str) and isinstance(value, str) and agreed and value):
        return Side(text, [("new", text)])
    old, new = agreed[:LONGEST].split(" "), value[:LONGEST].split(" ")
    if len(old) < 3 or len(new) < 3:
        return Side(text, [("new", text)])
    pieces: list[tuple[str, str]] = []
    for what, a, b, c, d in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if what == "equal":
            pieces.append(("same", " ".join(old[a:b])))
            continue
        if a < b:
            pieces.append(("old", " ".join(old[a:b])))
        if c < d:
            pieces.append(("new", " ".join(new[c:d])))
    return Side(text, pieces)


def _links(found: CoreRecord) -> list[tuple[str, str]]:
    return [
        (one.connection, record_path(one.resource, one.connection, one.remote_id))
        for one in found.links
    ]


def _as_json(one: Apart) -> dict[str, Any]:
    values = {name: getattr(one, name) for name in Apart.__slots__}
    found: dict[str, Any] = json.loads(json.dumps(values, default=str))
    return found
