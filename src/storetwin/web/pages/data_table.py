"""Store data: what the stores' records would mean for core, as one table a resource."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from fastapi import APIRouter
from starlette.responses import RedirectResponse, Response

from storetwin.api.staging_forms import StagedTable, record_shown
from storetwin.hub.staging import UnknownStagedRecordError
from storetwin.web.data_asked import PATH, Asked
from storetwin.web.data_explorer import (
    INDEX,
    PIECES,
    asked_of,
    found_of,
    frame,
    news_of,
    table,
)
from storetwin.web.data_view import TABS
from storetwin.web.live import LiveStream, shell_parts
from storetwin.web.route import PageRoute
from storetwin.web.view import Page, Reading

router = APIRouter(route_class=PageRoute)
ROUTERS = (router,)
FRAGMENTS: Final = ("found", "drawer")
MOST_STORES: Final = 100  # that are looked through for an id
NOTHING_OPEN: Final[dict[str, Any]] = {"record": None}


@router.get(PATH)
async def data_page(page: Reading) -> Response:
    """Lead to the first resource of which there is anything."""
    counts = await page.hub.staging.counts()
    held = {count.resource for count in counts if count.records}
    first = next((name for name in TABS if name in held), TABS[0])
    query = page.request.url.query
    return RedirectResponse(f"{PATH}/{first}{'?' + query if query else ''}", 307)


@router.get(f"{PATH}/{{resource}}")
async def data_table_page(page: Reading, resource: str) -> Response:
    """Show the records of a resource, what they would change, and let some be chosen."""
    asked, stores = await asked_of(page, resource)
    if page.wants_json:
        return await page.render(INDEX, document=await _document(page, asked))
    if page.request.headers.get("hx-target") == "drawer":
        context = {"record": None, "asked": asked}
        return await page.render(PIECES, context, fragments=FRAGMENTS, document={})
    around = await frame(page, asked, stores)
    context = around | await table(page, asked, stores, around["counts"]) | NOTHING_OPEN
    return await shown(page, context)


@router.get(f"{PATH}/{{resource}}/live")
async def live_data_page(page: Reading, resource: str) -> Response:
    """Tell of counts that change, and that the table is not what it was."""
    asked, stores = await asked_of(page, resource)
    seen = page.request.query_params.get("seen")

    async def feed() -> Mapping[str, str]:
        around = await frame(page, asked, stores)
        found = await found_of(page, asked)
        context = around | {"news": news_of(seen, found), "record": None, "is_part": False}
        parts = {name: page.part(PIECES, name, context) for name in ("data_pills", "data_news")}
        return await shell_parts(page) | parts

    return LiveStream(page, feed)


@router.get(f"{PATH}/{{resource}}/{{remote_id}}")
async def find_data_record_page(page: Reading, resource: str, remote_id: str) -> Response:
    """Lead to the one record that has an id, or to all stores' records that have it."""
    asked, stores = await asked_of(page, resource)
    found = []
    for store in stores[:MOST_STORES]:
        found += await page.hub.staging.named(store, asked.resource, [remote_id])
    shown_ = [one for one in found if one.state.is_shown]
    if not shown_:
        raise UnknownStagedRecordError(f"There is no record {asked.resource}/{remote_id}.")
    if len(shown_) > 1:
        return RedirectResponse(asked.path + asked.query(q=remote_id), 307)
    query = page.request.url.query
    path = asked.path_of(shown_[0].connection, remote_id)
    return RedirectResponse(f"{path}{'?' + query if query else ''}", 307)


async def shown(page: Page, context: Mapping[str, Any]) -> Response:
    """Return the whole page, or the part of it that is asked for."""
    asked = context["asked"]
    is_part = page.request.headers.get("hx-target") in FRAGMENTS
    template = PIECES if is_part else INDEX
    response = await page.render(template, context, fragments=FRAGMENTS, document={})
    if is_part:
        kept = {name: asked.values.get(name) for name in ("page", "tab")}
        response.headers["HX-Push-Url"] = asked.href(**kept)
    return response


async def _document(page: Page, asked: Asked) -> StagedTable:
    found = await found_of(page, asked)
    return StagedTable(
        data=[record_shown(record) for record in found.data],
        row_count=found.row_count,
        row_count_is_exact=not found.is_cut_off,
        page=found.page,
        page_size=found.page_size,
    )
