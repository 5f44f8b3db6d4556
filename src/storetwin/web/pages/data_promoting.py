"""Store data: promoting what is selected, after saying what that would do."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from typing import Annotated, Any, Final
from uuid import UUID

from fastapi import APIRouter, Form, Query
from starlette.responses import Response

from storetwin.api.run_forms import RunWhole, whole
from storetwin.api.staging_forms import preview_shown
from storetwin.jobs.living import living_workers
from storetwin.kernel.errors import UnknownNameError
from storetwin.runs.models import RunState
from storetwin.staging.models import LeftOut
from storetwin.web.data_asked import PATH, slug
from storetwin.web.data_choosing import (
    ChosenForm,
    chosen_of,
    counted,
    promoted_in_words,
    will_of,
)
from storetwin.web.data_explorer import asked_of
from storetwin.web.data_links import title_of
from storetwin.web.data_view import label_of, one_of
from storetwin.web.figures import share
from storetwin.web.pages.data_acts import done, event
from storetwin.web.route import PageRoute
from storetwin.web.view import Importing, Page, local
from storetwin.web.words import Tone

router = APIRouter(route_class=PageRoute)
ROUTERS = (router,)
PATIENCE: Final = 2.0  # seconds: what takes longer is followed as a run
BREATH: Final = 0.1
TEMPLATE: Final = "data/preview.html"
FRAGMENT: Final = "data_dialog"
MOST_RUNS: Final = 40
MOST_CANDIDATES: Final = 3  # that are named of each record that stays behind


@router.post(f"{PATH}/{{resource}}/promotion-preview")
async def preview_promotion_page(
    page: Importing, resource: str, given: Annotated[ChosenForm, Form()]
) -> Response:
    """Say what promoting some records would do; nothing happens yet."""
    asked, stores = await asked_of(page, resource, query=given.filter)
    preview = await page.hub.staging.preview(chosen_of(given, asked))
    will = will_of(preview)
    names = {store.id: store.name for store in stores}
    context = {
        "preview": preview,
        "asked": asked,
        "resource": asked.resource,
        "label": label_of(asked.resource),
        "one": one_of(asked.resource),
        "counted": counted,
        "will": will,
        "meant": counted(preview.matched, asked.resource),
        "fields": sum(preview.changed_fields.values()),
        "expected": preview.matched - preview.unchanged,
        "given": given,
        "back": local(given.back, asked.path),
        "left_out": [
            (names.get(one.connection_id, ""), one, await _named(page, asked.resource, one))
            for one in preview.left_out
        ],
        "runs": None,
    }
    document = preview_shown(preview)
    return await page.render(TEMPLATE, context, fragments={FRAGMENT}, document=document)


async def _named(page: Page, resource: str, one: LeftOut) -> list[tuple[str, str]]:
    """Return the first core records that a record may be: what each is called, and its page."""
    found = []
    for core_id in one.candidates[:MOST_CANDIDATES]:
        with suppress(UnknownNameError):  # it went meanwhile
            title = title_of(await page.hub.core.one(resource, core_id))
            found.append((title, f"/core/{slug(resource)}/{core_id}"))
    return found


@router.post(f"{PATH}/{{resource}}/promotions")
async def promote_records_page(
    page: Importing, resource: str, given: Annotated[ChosenForm, Form()]
) -> Response:
    """Bring records into core; what takes longer than a moment goes on as a run."""
    asked, _ = await asked_of(page, resource, query=given.filter)
    made = await page.hub.staging.promote(chosen_of(given, asked), page.principal.user_id)
    if not made:
        return done(page, asked, "Nothing was promoted: core has it all.", given.back, Tone.IDLE)
    ids, records = [one.run_id for one in made], sum(one.records for one in made)
    runs = await _awaited(page, ids)
    if all(run.state.has_ended for run in runs):
        note, tone = _told(asked.resource, runs, records, given.seen_count)
        return done(page, asked, note, given.back, tone)
    if "hx-request" not in page.request.headers:
        return page.redirect(f"/operations/runs/{ids[0]}")
    return await _going_on(page, asked.resource, runs, records, given.seen_count)


@router.get(f"{PATH}/{{resource}}/promotions/live")
async def follow_promotion_page(
    page: Importing,
    resource: str,
    run: Annotated[list[UUID], Query(min_length=1, max_length=MOST_RUNS)],
    records: Annotated[int, Query(ge=0, le=10**12)] = 0,
    seen: Annotated[int | None, Query(ge=0, le=10**12)] = None,
) -> Response:
    """Show how a promotion goes on; when it is over, say what it came to."""
    asked, _ = await asked_of(page, resource, query="")
    runs = [await _whole(page, run_id) for run_id in run]
    if all(one.state.has_ended for one in runs):
        note, tone = _told(asked.resource, runs, records, seen)
        return Response(status_code=204, headers=dict(event(note, tone)))
    return await _going_on(page, asked.resource, runs, records, seen)


async def _awaited(page: Page, ids: Sequence[UUID]) -> list[RunWhole]:
    """Return runs as they are when they have ended, or when it takes too long."""
    until = asyncio.get_running_loop().time() + PATIENCE
    while True:
        runs = [await _whole(page, run_id) for run_id in ids[:MOST_RUNS]]
        is_over = all(run.state.has_ended for run in runs)
        if is_over or asyncio.get_running_loop().time() > until:
            return runs
        await asyncio.sleep(BREATH)


async def _whole(page: Page, run_id: UUID) -> RunWhole:
    row, progress, letters, result = await page.hub.asking.show(run_id)
    workers = await living_workers(page.hub)
    return whole(row, progress, letters, result, workers=workers, now=page.hub.clock())


def _told(
    resource: str, runs: Sequence[RunWhole], records: int, seen: int | None
) -> tuple[str, Tone]:
    failed = [run for run in runs if run.state in (RunState.FAILED, RunState.CANCELLED)]
    if failed:
        error = failed[0].error
        what = "was stopped" if failed[0].state is RunState.CANCELLED else "failed"
        why = f": {error.message}" if error else "."
        return f"The promotion {what}{why} What it had brought is in core.", Tone.BAD
    lines = [line for run in runs for line in run.progress]
    note = promoted_in_words(resource, lines, records, seen)
    is_clean = not any(line.unreadable for line in lines) and seen in (None, records)
    return note, Tone.OK if is_clean else Tone.CHANGE


async def _going_on(
    page: Page, resource: str, runs: Sequence[RunWhole], records: int, seen: int | None
) -> Response:
    """Show a promotion that takes a while."""
    lines = [line for run in runs for line in run.progress]
    brought = sum(line.records for line in lines)
    expected = sum(line.expected or line.records for line in lines) or records
    context: dict[str, Any] = {
        "runs": runs,
        "resource": resource,
        "label": label_of(resource),
        "records": records,
        "seen": seen,
        "brought": brought,
        "percent": share(brought, max(expected, records)),
        "path": f"{PATH}/{resource.replace('_', '-')}/promotions/live",
    }
    return await page.render(TEMPLATE, context, fragments={FRAGMENT}, document={})
