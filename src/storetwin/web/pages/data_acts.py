"""Store data: what is done to the records that are selected, without promoting them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Annotated, Any, Final
from uuid import UUID

from fastapi import APIRouter, Form
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from storetwin.api.problems import ProblemError
from storetwin.staging.models import ChoiceAction
from storetwin.web.data_asked import PATH, Asked
from storetwin.web.data_choosing import ChosenForm, chosen_of, tokens_of, told_of
from storetwin.web.data_explorer import asked_of
from storetwin.web.route import PageRoute
from storetwin.web.view import Page, Updating, local
from storetwin.web.words import Tone

router = APIRouter(route_class=PageRoute)
ROUTERS = (router,)
DONE: Final = "data:done"
Given = Annotated[ChosenForm, Form()]


@router.post(f"{PATH}/{{resource}}/ignore")
async def ignore_records_page(page: Updating, resource: str, given: Given) -> Response:
    """Leave records out of promotions, and of what is to be looked at."""
    return await _choose(page, resource, given, ChoiceAction.IGNORE)


@router.post(f"{PATH}/{{resource}}/restore")
async def restore_records_page(page: Updating, resource: str, given: Given) -> Response:
    """Take back that records are ignored."""
    return await _choose(page, resource, given, ChoiceAction.RESTORE)


@router.post(f"{PATH}/{{resource}}/select")
async def select_records_page(page: Updating, resource: str, given: Given) -> Response:
    """Mark records for a promotion to come."""
    return await _choose(page, resource, given, ChoiceAction.SELECT)


@router.post(f"{PATH}/{{resource}}/deselect")
async def deselect_records_page(page: Updating, resource: str, given: Given) -> Response:
    """Take back that records are marked."""
    return await _choose(page, resource, given, ChoiceAction.DESELECT)


class MapForm(BaseModel):
    """Which core record a record is.

    Args:
        id: the record.
        core_id: its core record; empty for a new one.
        other: the id of one that is not offered; it goes before.
    """

    model_config = ConfigDict(extra="ignore")

    id: str = Field(max_length=300)
    core_id: str = Field(default="", max_length=36)
    other: str = Field(default="", max_length=36)
    back: str = Field(default="", max_length=4000)


@router.post(f"{PATH}/{{resource}}/map")
async def map_record_page(
    page: Updating, resource: str, given: Annotated[MapForm, Form()]
) -> Response:
    """Say which core record a record is, or that it is a new one."""
    asked, _ = await asked_of(page, resource, query="")
    named = tokens_of([given.id])
    if not named:
        raise ProblemError(422, "nothing_selected", "No record is named.")
    connection_id, remote_id = named[0]
    text = given.other.strip() or given.core_id.strip()
    try:
        core_id = UUID(text) if text else None
    except ValueError as error:
        raise ProblemError(422, "bad_core_id", f"{text!r} is no id of a core record.") from error
    await page.hub.staging.map(str(connection_id), asked.resource, remote_id, core_id)
    told = "Mapped: promoting it changes that core record." if core_id else "It will be a new one."
    return done(page, asked, told, given.back)


async def _choose(page: Page, resource: str, given: ChosenForm, action: ChoiceAction) -> Response:
    asked, _ = await asked_of(page, resource, query=given.filter)
    chose = await page.hub.staging.choose(chosen_of(given, asked), action)
    tone = Tone.OK if chose.is_as_seen else Tone.CHANGE
    return done(page, asked, told_of(action, chose), given.back, tone)


def done(
    page: Page, asked: Asked, note: str, back: str, tone: Tone = Tone.OK, **more: Any
) -> Response:
    """Say what was done where it was asked: to htmx as an event, else on the next page."""
    if "hx-request" in page.request.headers:
        return Response(status_code=204, headers=event(note, tone, **more))
    return page.redirect(local(back, asked.path), note, tone)


def event(note: str, tone: Tone = Tone.OK, **more: Any) -> Mapping[str, str]:
    """Return the headers that let the page say something, and look at its table again."""
    return {"HX-Trigger": json.dumps({DONE: {"note": note, "tone": tone.value} | more})}
