"""Schedules: when each store, and each of its resources, is read by itself."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Annotated, Any, Final
from urllib.parse import quote

from fastapi import APIRouter, Form, Path, Query
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from storetwin.api.problems import answer_to
from storetwin.connections.catalogue import catalogue_for
from storetwin.connections.models import Connection, ConnectionState
from storetwin.db.database import Row as RunRow
from storetwin.hub.schedules import zone_of
from storetwin.kernel.errors import StoretwinError, UnknownNameError
from storetwin.runs.listing import Wanted
from storetwin.runs.models import RunKind, RunState
from storetwin.runs.schedules import Schedule, ScheduleKind
from storetwin.web.listing import PageNumber, Search, part_of
from storetwin.web.route import PageRoute
from storetwin.web.schedule_words import HINT, WHAT, sentence, zone_name
from storetwin.web.view import Deleting, Page, Reading, Updating
from storetwin.web.words import Tone

router = APIRouter(route_class=PageRoute)
ROUTERS = (router,)
PATH: Final = "/configuration/schedules"
ONE: Final = PATH + "/{connection}/{kind}/{resource}"
API: Final = "/api/v1/schedules"
ALL: Final = "all"
OTHER: Final = "other"
EDITOR: Final = "schedules/edit.html"
STORES: Final = 25  # on a page
MOST_EXPLAINED: Final = 20
CAME_TO_NOTHING: Final = (RunState.FAILED, RunState.INCOMPLETE, RunState.INTERRUPTED)
PRESETS: Final[Mapping[str, str]] = {
    "5m": "every 5 min",
    "15m": "every 15 min",
    "30m": "every 30 min",
    "1h": "every hour",
    "6h": "every 6 h",
    "1d": "every day",
    "0 3 * * *": "every day at 03:00",
    "0 3 * * 1": "on Mondays at 03:00",
}
Named = Annotated[str, Path(max_length=200)]
Kind = Annotated[ScheduleKind, Path()]


class ScheduleForm(BaseModel):
    """When something is to be read.

    Args:
        preset: one of `PRESETS`, or `OTHER`: what is typed counts.
    """

    model_config = ConfigDict(extra="ignore")

    connection: str = Field(default="", max_length=200)
    kind: ScheduleKind = ScheduleKind.SYNC
    resource: str = Field(default=ALL, max_length=200)
    preset: str = Field(default="30m", max_length=100)
    other: str = Field(default="", max_length=200)

    @property
    def spec(self) -> str:
        """Return what was chosen, or typed."""
        return self.other if self.preset == OTHER else self.preset

    @property
    def named(self) -> str | None:
        """Return the resource that is meant; None for all others."""
        return None if self.resource in ("", ALL) else self.resource


class SwitchForm(BaseModel):
    """Whether something is to be read.

    Args:
        shown: the store whose schedules are looked at; empty for all.
    """

    model_config = ConfigDict(extra="ignore")

    is_on: bool
    shown: str = Field(default="", max_length=200)


@dataclass(frozen=True, slots=True)
class Row:
    """One schedule, as its line shows it.

    Args:
        failed: the run that came to nothing last; None where none did, or nobody looked.
    """

    connection: Connection
    schedule: Schedule
    failed: RunRow | None = None

    @property
    def resource(self) -> str:
        """Return the word of its address: a resource, or ``all``."""
        return self.schedule.resource or ALL

    @property
    def path(self) -> str:
        """Return where it is changed."""
        name = quote(self.connection.name, safe="")
        return f"{PATH}/{name}/{self.schedule.kind}/{quote(self.resource, safe='')}"

    @property
    def is_off(self) -> bool:
        """Say whether nothing is read by it."""
        return self.schedule.is_paused or self.connection.state is ConnectionState.PAUSED

    @property
    def when(self) -> str:
        """Return when it is due, as a sentence."""
        return sentence(self.schedule.spec)

    @property
    def zone(self) -> str:
        """Return the site's time zone."""
        return zone_name(zone_of(self.connection), self.schedule.next_at)


@router.get(PATH)
async def schedules_page(
    page: Reading,
    connection: Annotated[str | None, Query(max_length=200)] = None,
    q: Search = None,
    number: PageNumber = 1,
) -> Response:
    """Show when each store is read."""
    every = await page.hub.register.every()
    meant = [await page.hub.register.named(connection)] if connection else every
    kept = {"connection": connection or ""}
    part = part_of(meant, q, number, path=PATH, at="sc-t", words=_words, size=STORES, kept=kept)
    found = await page.hub.schedules.among(part.rows)
    rows = [Row(of, schedule) for of, schedules in found for schedule in _sorted(schedules)]
    rows = await _explained(page, rows)
    context = {
        "rows": rows,
        "part": part,
        "stores": every,
        "connection": connection,
        "WHAT": WHAT,
        "HINT": HINT,
    }
    return await page.render("schedules/index.html", context, api=API)


@router.get(PATH + "/new")
async def new_schedule_page(
    page: Updating, connection: Annotated[str | None, Query(max_length=200)] = None
) -> Response:
    """Ask when a resource is to be read by a schedule of its own."""
    found = await page.hub.register.get() if not connection else None
    name = found.name if found else connection or ""
    return await _editor(page, ScheduleForm(connection=name, preset="15m"), is_new=True)


@router.get(PATH + "/preview")
async def preview_schedule_page(page: Reading, given: Annotated[ScheduleForm, Query()]) -> Response:
    """Say when something would be read next; nothing is written."""
    context = await _foreseen(page, given)
    return await page.render("schedules/preview.html", context, fragments={"preview"}, api=API)


@router.get(ONE)
async def schedule_page(page: Updating, connection: Named, kind: Kind, resource: Named) -> Response:
    """Show when a resource is read, to be changed."""
    [(found, schedules)] = await page.hub.schedules.of(connection)
    if resource != ALL:
        catalogue_for(found.options).named(resource)  # says which there are
    fitting = [s for s in schedules if s.kind is kind and s.resource in ("", resource)]
    if not fitting:
        raise UnknownNameError(f"{found.name} has no such schedule.")
    schedule = max(fitting, key=lambda one: one.resource)  # its own before that of all
    spec = str(schedule.spec)
    form = ScheduleForm(
        connection=found.name,
        kind=kind,
        resource=resource,
        preset=spec if spec in PRESETS else OTHER,
        other="" if spec in PRESETS else spec,
    )
    return await _editor(page, form, is_new=False)


@router.post(PATH)
async def set_schedule_page(page: Updating, given: Annotated[ScheduleForm, Form()]) -> Response:
    """Set when a resource is read; it goes on if it rested."""
    try:
        await page.hub.schedules.set(given.connection, [given.kind], given.spec, given.named)
    except StoretwinError as error:
        return await _editor(page, given, is_new=True, error=error)
    return page.redirect(PATH, "Saved. It goes by it from now on.")


@router.post(ONE + "/switch")
async def update_schedule_page(
    page: Updating,
    connection: Named,
    kind: Kind,
    resource: Named,
    given: Annotated[SwitchForm, Form()],
) -> Response:
    """Let a schedule rest, or go on."""
    named = "" if resource == ALL else resource
    await page.hub.schedules.pause(connection, is_paused=not given.is_on, kind=kind, resource=named)
    told = (
        "It is on: what is overdue is read once." if given.is_on else "It is off. Nothing is lost."
    )
    to = f"{PATH}?connection={quote(given.shown, safe='')}" if given.shown else PATH
    return page.redirect(to, told, Tone.OK if given.is_on else Tone.IDLE)


@router.post(ONE + "/remove")
async def delete_schedule_page(
    page: Deleting, connection: Named, kind: Kind, resource: Named
) -> Response:
    """Forget a resource's own schedule: it is read with all others again."""
    await page.hub.schedules.remove(connection, resource, kind=kind)
    return page.redirect(PATH, f"{resource} are read with all others again.")


# -- what is shown ------------------------------------------------------------------------------


def _words(connection: Connection) -> str:
    """Return what a store is searched by."""
    return f"{connection.name} {connection.url}"


async def _explained(page: Page, rows: Sequence[Row]) -> list[Row]:
    """Add to schedules that came to nothing the run that did; to the first ones only."""
    explained, left = [], MOST_EXPLAINED
    for row in rows:
        failed: list[RunRow] = []
        if row.schedule.failures and left:
            left -= 1
            wanted = Wanted(kinds=[RunKind(row.schedule.kind)], states=CAME_TO_NOTHING, limit=1)
            failed = await page.hub.asking.every(row.connection.name, wanted)
        explained.append(replace(row, failed=failed[0] if failed else None))
    return explained


async def _editor(
    page: Page, form: ScheduleForm, *, is_new: bool, error: StoretwinError | None = None
) -> Response:
    found = await page.hub.register.named(form.connection)
    names = [resource.name for resource in catalogue_for(found.options).ordered([])]
    context = await _foreseen(page, form) | {
        "form": form,
        "one": found,
        "stores": await page.hub.register.every(),
        "names": sorted(names),
        "is_new": is_new,
        "error": error,
        "WHAT": WHAT,
        "HINT": HINT,
        "PRESETS": PRESETS,
        "OTHER": OTHER,
        "ALL": ALL,
    }
    return await page.render(EDITOR, context, status=_status(error), api=API)


async def _foreseen(page: Page, form: ScheduleForm) -> dict[str, Any]:
    """Return when something would be read next, or why it cannot."""
    if not form.spec.strip():
        return {"next": None, "fault": None}
    try:
        found = await page.hub.schedules.upcoming(form.connection, form.kind, form.spec, form.named)
    except StoretwinError as error:
        return {"next": None, "fault": error}
    times = page.times
    return {
        "next": found,
        "fault": None,
        "when": sentence(found.spec),
        "here": str(times.zone),
        "there": zone_name(found.zone, times.now),
        "walls": [
            (at, at.astimezone(times.zone), at.astimezone(found.zone)) for at in found.moments
        ],
    }


def _status(error: StoretwinError | None) -> int:
    return answer_to(error).status_code if error else 200


def _sorted(schedules: Sequence[Schedule]) -> list[Schedule]:
    """Return schedules as a person looks for them: those of all first."""
    kinds = list(ScheduleKind)
    return sorted(schedules, key=lambda one: (one.resource, kinds.index(one.kind)))
