"""Store data: one record, beside the table it is opened from."""

from __future__ import annotations

from typing import Annotated, Final

from fastapi import APIRouter, Query
from starlette.responses import Response

from storetwin.api.staging_forms import whole_shown
from storetwin.web.data_asked import PATH
from storetwin.web.data_explorer import INDEX, PIECES, asked_of, frame, table
from storetwin.web.data_record import record_context
from storetwin.web.pages.data_table import FRAGMENTS, NOTHING_OPEN, shown
from storetwin.web.route import PageRoute
from storetwin.web.view import Reading

router = APIRouter(route_class=PageRoute)
ROUTERS = (router,)
DRAWER: Final = "drawer"
Tab = Annotated[str, Query(max_length=20)]


@router.get(f"{PATH}/{{resource}}/{{connection}}/{{remote_id:path}}")
async def data_record_page(
    page: Reading,
    resource: str,
    connection: str,
    remote_id: str,
    tab: Tab = "difference",
    download: Annotated[str | None, Query(max_length=20)] = None,
) -> Response:
    """Show what a record would change, its document, its history and what belongs to it."""
    asked, stores = await asked_of(page, resource, opened=(connection, remote_id))
    if download is not None:
        return await _download(page, asked.resource, connection, remote_id)
    if page.wants_json:
        whole = await page.hub.staging.record(connection, asked.resource, remote_id)
        return await page.render(INDEX, document=whole_shown(whole))
    target = page.request.headers.get("hx-target")
    if target == DRAWER:
        context = await record_context(page, asked, stores, tab)
        return await page.render(PIECES, context, fragments=FRAGMENTS, document={})
    around = await frame(page, asked, stores)
    context = around | await table(page, asked, stores, around["counts"])
    opened = NOTHING_OPEN if target in FRAGMENTS else await record_context(page, asked, stores, tab)
    return await shown(page, {**context, **opened})


async def _download(page: Reading, resource: str, connection: str, remote_id: str) -> Response:
    """Return the document's exact bytes, what is sealed in it hidden."""
    one = await page.hub.records.one(connection, resource, remote_id)
    plain = "".join(sign if sign.isascii() and sign.isalnum() else "-" for sign in remote_id)[:60]
    name = f"{resource}-{plain}.json"
    return Response(
        one.document or b"",
        media_type="application/json",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )
