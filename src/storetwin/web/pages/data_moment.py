"""Store data: one record as the twin had it at a moment."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any, Final
from urllib.parse import quote

from fastapi import APIRouter, Path, Query
from starlette.responses import RedirectResponse, Response

from storetwin.kernel.errors import UnknownNameError
from storetwin.kernel.moments import read_moment
from storetwin.staging.look import WholeRecord
from storetwin.web.data_asked import PATH, record_path
from storetwin.web.data_explorer import resource_of
from storetwin.web.data_payload import exact, pretty
from storetwin.web.data_view import glance, label_of, name_of, one_of
from storetwin.web.route import PageRoute
from storetwin.web.view import Reading

router = APIRouter(route_class=PageRoute)
ROUTERS = (router,)
TEMPLATE: Final = "data/moment.html"
ONE: Final = f"{PATH}/{{resource}}/{{connection}}/{{remote_id:path}}"
LONGEST: Final = 40  # characters of a moment
Moment = Annotated[str, Path(max_length=LONGEST)]


@router.get(ONE + "/at")
async def find_data_moment_page(
    page: Reading,
    resource: str,
    connection: str,
    remote_id: str,
    moment: Annotated[str, Query(max_length=LONGEST)] = "",
) -> Response:
    """Lead to a moment that was typed, by the reader's clock; to the history where none was."""
    whole = await page.hub.staging.record(connection, resource_of(resource), remote_id)
    here = _path(whole)
    if not moment.strip():
        return RedirectResponse(f"{here}?tab=history", 303)
    return RedirectResponse(f"{here}/at/{stamp(read_moment(moment, page.times.zone))}", 303)


@router.get(ONE + "/at/{moment}")
async def data_moment_page(
    page: Reading,
    resource: str,
    connection: str,
    remote_id: str,
    moment: Moment,
    shape: Annotated[str, Query(alias="as", max_length=20)] = "pretty",
) -> Response:
    """Show a record as the twin had it at a moment; say so where it had nothing then.

    Args:
        moment: a time (UTC where it names no zone), a version's number, or ``now``.
    """
    whole = await page.hub.staging.record(connection, resource_of(resource), remote_id)
    record, here = whole.record, _path(whole)
    if page.wants_json:
        snapshots = f"/api/v1/snapshots/{record.resource}/{quote(record.remote_id, safe='')}"
        query = f"?connection={quote(record.connection, safe='')}&at={quote(moment, safe='')}"
        return await page.render(TEMPLATE, api=snapshots + query)
    context: dict[str, Any] = {
        "record": record,
        "title": name_of(record, glance(b"{}")),
        "label": label_of(record.resource),
        "one": one_of(record.resource),
        "table": f"{PATH}/{resource}",
        "here": here,
        "shape": shape,
        "moment": moment,
        "asked": moment_of(moment),
        "held": None,
        "fault": None,
    }
    try:
        held = await page.hub.history.at(record.connection, record.resource, remote_id, moment)
    except UnknownNameError as error:
        return await page.render(TEMPLATE, context | {"fault": error}, status=404)
    shown = exact(held.document) if shape == "exact" else pretty(held.document)
    context |= {"held": held, "version": held.version, "payload": shown}
    return await page.render(TEMPLATE, context)


def moment_of(text: str) -> datetime | None:
    """Return the moment that an address names; None for a version's number, or for now.

    Raises:
        ConfigurationError: it is none of these.
    """
    plain = text.strip()
    return None if plain.isdecimal() or plain.lower() == "now" else read_moment(plain)


def stamp(moment: datetime) -> str:
    """Return a moment as an address names it: ``2026-11-20T08:00Z``."""
    is_whole = not (moment.second or moment.microsecond)
    text = moment.astimezone(UTC).isoformat(timespec="minutes" if is_whole else "auto")
    return text.replace("+00:00", "Z")


def _path(whole: WholeRecord) -> str:
    record = whole.record
    return record_path(record.resource, record.connection, record.remote_id)
