"""Operations: what runs, what ran, and starting a run."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated, Any, Final, Literal
from uuid import UUID

from fastapi import APIRouter, Form, Query
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field
from starlette.responses import Response, StreamingResponse

from storetwin.api.run_forms import whole
from storetwin.jobs.living import living_workers
from storetwin.kernel.errors import StoretwinError
from storetwin.runs.asking import ASKABLE, Asked, NotAskableError
from storetwin.runs.listing import Wanted
from storetwin.runs.models import RunKind, RunState
from storetwin.web.live import LiveStream, shell_parts
from storetwin.web.route import PageRoute
from storetwin.web.run_log import LAST, Happened, Sought, read_log, whole_log
from storetwin.web.run_view import RunView
from storetwin.web.view import Importing, Page, Reading
from storetwin.web.words import Tone

router = APIRouter(route_class=PageRoute)
ROUTERS = (router,)
PATH: Final = "/operations"
SHOWN: Final = 12  # runs beside the form
PARTS: Final = ("run_head", "run_rows", "run_log", "run_sample")
OPEN: Final = (RunState.RUNNING, RunState.QUEUED)
KINDS: Final = tuple(kind for kind in RunKind if kind is not RunKind.RECEIVE)
TEMPLATE: Final = "operations/index.html"
RUN: Final = "operations/run.html"
PIECES: Final = "operations/pieces.html"
EARLIEST, LATEST = datetime(1970, 1, 1, tzinfo=UTC), datetime(9000, 1, 1, tzinfo=UTC)
BREAKS: Final = {n: f"\\x{n:02x}" for n in (*range(32), *range(127, 160))} | {
    0x2028: " ",
    0x2029: " ",
}


class HowMuch(StrEnum):
    """What a run is to read, as the form asks."""

    CHANGED = "changed"
    WHOLE = "whole"
    AGAIN = "again"
    DELETIONS = "deletions"
    PROVE = "prove"
    SPAN = "span"
    RECORDS = "records"


HOW_MUCH: Final[Mapping[HowMuch, str]] = {
    HowMuch.CHANGED: "Only what changed",
    HowMuch.WHOLE: "What is missing, with a proof at the end",
    HowMuch.AGAIN: "Everything again",
    HowMuch.DELETIONS: "What no date shows, like deletions",
    HowMuch.PROVE: "Nothing: prove that nothing is missing",
    HowMuch.SPAN: "What was created between two dates",
    HowMuch.RECORDS: "Single records",
}
_KIND: Final = {
    HowMuch.CHANGED: RunKind.SYNC,
    HowMuch.DELETIONS: RunKind.SWEEP,
    HowMuch.PROVE: RunKind.VERIFY,
}
Name = Annotated[str, Field(max_length=200)]


class RunForm(BaseModel):
    """The form of a new run; what is not filled in is empty."""

    model_config = ConfigDict(extra="ignore")

    connection: str = Field(default="", max_length=200)
    how: HowMuch = HowMuch.CHANGED
    resources: list[Name] = Field(default_factory=list, max_length=100)
    since: str = Field(default="", max_length=40)
    until: str = Field(default="", max_length=40)
    records: str = Field(default="", max_length=4000)
    dry: bool = False

    def asked(self) -> Asked:
        """Return what is asked for.

        Raises:
            NotAskableError: a dry run of what changes nothing by itself.
        """
        kind = _KIND.get(self.how, RunKind.PULL)
        if self.dry and kind is not RunKind.PULL:
            raise NotAskableError(
                "A dry run shows what a pull of everything would change.",
                remedy=f"Choose “{HOW_MUCH[HowMuch.WHOLE]}” for it.",
            )
        is_records, is_span = self.how is HowMuch.RECORDS, self.how is HowMuch.SPAN
        if is_records and not self.records.split():
            raise NotAskableError(
                "No record is named.", remedy="Name them like orders/3912, with spaces between."
            )
        return Asked(
            kind,
            resources=() if is_records else tuple(filter(None, self.resources)),
            full=self.how is HowMuch.AGAIN and not self.dry,
            dry=self.dry,
            records=tuple(self.records.replace(",", " ").split()) if is_records else (),
            since=self.since or None if is_span else None,
            until=self.until or None if is_span else None,
        )


Filter = Annotated[list[RunState | Literal[""]] | None, Query(max_length=10)]
Store = Annotated[str | None, Query(max_length=200)]


@router.get(PATH)
async def operations_page(
    page: Reading,
    state: Filter = None,
    connection: Store = None,
    behind: UUID | None = None,
) -> Response:
    """Show what runs, and what ran lately; and let a run be started."""
    states = [RunState(one) for one in state or () if one]
    wanted = Wanted(states=states, behind=behind, limit=SHOWN + 1)
    rows = await page.hub.asking.every(connection or None, wanted)
    recent = [await _seen(page, row) for row in rows[:SHOWN]]
    stores = await page.hub.register.every()
    current = await _current(page)
    context = {
        "recent": recent,
        "older": recent[-1].run.run_id if len(rows) > SHOWN else None,
        "newest": recent[0].run.run_id if recent and behind is None else None,
        "state": states,
        "connection": connection,
        "behind": behind,
        "stores": stores,
        "names": await _resource_names(page, connection),
        "form": RunForm(connection=connection or (stores[0].name if stores else "")),
        "how_much": HOW_MUCH,
        "fault": None,
        "estimate": None,
        "others": current[1:],
        "news": 0,
        **await _parts_context(page, current[0] if current else None, Sought()),
    }
    return await page.render(TEMPLATE, context, api="/api/v1/runs")


@router.get(f"{PATH}/preview")
async def preview_run_page(page: Importing, given: Annotated[RunForm, Query()]) -> Response:
    """Say what a run would take; nothing is asked of the store, and nothing begins."""
    context: dict[str, Any] = {"estimate": None, "fault": None}
    try:
        context["estimate"] = await page.hub.asking.estimate(
            given.connection or None, given.asked()
        )
    except StoretwinError as error:
        context["fault"] = error
    return await page.render(
        "operations/preview.html", context, fragments={"preview"}, api="/api/v1/runs"
    )


@router.post(f"{PATH}/runs")
async def start_run_page(page: Importing, given: Annotated[RunForm, Form()]) -> Response:
    """Ask for a run, and show it."""
    run_id, is_new = await page.hub.asking.ask(given.connection or None, given.asked())
    if is_new:
        return page.redirect(f"{PATH}/runs/{run_id}")
    told = "A run that does the same waits already: this is it."
    return page.redirect(f"{PATH}/runs/{run_id}", told, Tone.IDLE)


class Lines(BaseModel):
    """Which lines of the activity; what is empty asks for nothing.

    ``before`` and ``key`` are the place that a page of them ends before.
    """

    model_config = ConfigDict(extra="ignore")

    level: Literal["warning", "aside", ""] = ""
    q: str = Field(default="", max_length=200)
    before: Annotated[AwareDatetime, Field(ge=EARLIEST, le=LATEST)] | None = None
    key: UUID = LAST

    @property
    def sought(self) -> Sought:
        """Return them as they are read."""
        place = None if self.before is None else (self.before, self.key)
        return Sought(self.level or None, self.q, place)


Wished = Annotated[Lines, Query()]


@router.get(f"{PATH}/runs/{{run_id}}")
async def run_page(page: Reading, run_id: UUID, asked: Wished) -> Response:
    """Show a run: live while it is at work, then as it ended."""
    view = await _view(page, run_id)
    context = {
        "live": f"{PATH}/runs/{run_id}/live",
        **await _parts_context(page, view, asked.sought),
    }
    return await page.render(RUN, context, document=view.run)


@router.get(f"{PATH}/runs/{{run_id}}/log.txt")
async def run_log_text_page(page: Reading, run_id: UUID, asked: Wished) -> Response:
    """Give the activity of a run, or what of it fits, as text: a line each, the latest first."""
    return await _log_file(page, run_id, asked.sought, "txt")


@router.get(f"{PATH}/runs/{{run_id}}/log.jsonl")
async def run_log_lines_page(page: Reading, run_id: UUID, asked: Wished) -> Response:
    """Give the same as JSON lines."""
    return await _log_file(page, run_id, asked.sought, "jsonl")


@router.get(f"{PATH}/runs/{{run_id}}/live")
async def run_live_page(page: Reading, run_id: UUID, asked: Wished) -> Response:
    """Tell how a run goes on."""
    await page.hub.asking.show(run_id)

    async def feed() -> Mapping[str, str]:
        view = await _view(page, run_id)
        return await shell_parts(page) | await _parts(page, view, asked.sought)

    return LiveStream(page, feed, every=1.0)


@router.get(f"{PATH}/live")
async def operations_live_page(
    page: Reading, run_id: UUID | None = None, newest: UUID | None = None
) -> Response:
    """Tell how the run that is shown goes on, and how many began since the page was made."""
    if run_id is not None:
        await page.hub.asking.show(run_id)

    async def feed() -> Mapping[str, str]:
        found = await shell_parts(page)
        if run_id is not None:
            found |= await _parts(page, await _view(page, run_id), Sought())
        rows = await page.hub.asking.every(None, Wanted(limit=SHOWN))
        fresh = [row for row in rows if newest is None or row["run_id"] > newest]
        return found | {"news": page.part(PIECES, "news", {"news": len(fresh)})}

    return LiveStream(page, feed, every=1.0 if run_id else 5.0)


@router.post(f"{PATH}/runs/{{run_id}}/cancel")
async def cancel_run_page(page: Importing, run_id: UUID) -> Response:
    """Stop a run."""
    await page.hub.asking.cancel(run_id)
    told = "It stops when the page in hand is done. The next run goes on from there."
    return page.redirect(f"{PATH}/runs/{run_id}", told, Tone.IDLE)


@router.post(f"{PATH}/runs/{{run_id}}/retry")
async def retry_run_page(page: Importing, run_id: UUID) -> Response:
    """Ask for a run once more, with the same options."""
    again, _ = await page.hub.asking.retry(run_id)
    return page.redirect(f"{PATH}/runs/{again}")


async def _view(page: Page, run_id: UUID) -> RunView:
    row, progress, letters, result = await page.hub.asking.show(run_id)
    workers, now = await living_workers(page.hub), page.hub.clock()
    run = whole(row, progress, letters, result, workers=workers, now=now)
    return RunView(run, await page.hub.asking.planned(row), now)


async def _seen(page: Page, row: Mapping[str, Any]) -> RunView:
    """Return a run of a list: without its progress."""
    now = page.hub.clock()
    return RunView(whole(dict(row), [], [], None, workers=1, now=now), [], now)


async def _current(page: Page) -> list[RunView]:
    """Return the runs that are at work or wait: those at work first."""
    rows = await page.hub.asking.every(None, Wanted(kinds=KINDS, states=OPEN, limit=20))
    rows.sort(key=lambda row: (OPEN.index(RunState(row["state"])), row["run_id"]))
    return [await _view(page, row["run_id"]) for row in rows[:8]]


async def _parts(page: Page, view: RunView, sought: Sought) -> dict[str, str]:
    """Return what changes of a run; older lines stay under the reader's eyes."""
    context = await _parts_context(page, view, sought)
    names = [name for name in PARTS if name != "run_log" or sought.before is None]
    return {name: page.part(PIECES, name, context) for name in names}


async def _parts_context(page: Page, view: RunView | None, sought: Sought) -> dict[str, Any]:
    can_be_repeated = view is not None and (
        view.run.kind in ASKABLE or view.run.kind is RunKind.REHEARSE
    )
    log = await read_log(page.hub.letters, view, sought) if view is not None else None
    return {"view": view, "log": log, "can_be_repeated": can_be_repeated}


async def _log_file(page: Page, run_id: UUID, sought: Sought, ending: str) -> Response:
    view = await _view(page, run_id)
    name = f"storetwin-run-{run_id}.{ending}"
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
    lines = _written(page, view, sought, _as_json if ending == "jsonl" else _as_text)
    kind = "application/jsonl" if ending == "jsonl" else "text/plain; charset=utf-8"
    return StreamingResponse(lines, media_type=kind, headers=headers)


async def _written(
    page: Page, view: RunView, sought: Sought, form: Callable[[Happened], str]
) -> AsyncIterator[bytes]:
    async for lines in whole_log(page.hub.letters, view, replace(sought, before=None)):
        yield "".join(f"{form(line)}\n" for line in lines).encode("utf-8", "replace")


def _as_text(line: Happened) -> str:
    """Return a line of a file: what breaks lines in it is written out."""
    text = line.text.translate(BREAKS)
    return f"{line.at.isoformat().replace('+00:00', 'Z')} {line.level:7} {text}"


def _as_json(line: Happened) -> str:
    said = {"at": line.at.isoformat().replace("+00:00", "Z"), "level": line.level}
    return json.dumps(said | {"text": line.text}, ensure_ascii=False)


async def _resource_names(page: Page, connection: str | None) -> list[str]:
    stores = await page.hub.register.every()
    if not stores:
        return []
    chosen = next((s for s in stores if s.name == connection), stores[0])
    return await page.hub.asking.planned(
        {"kind": RunKind.PULL, "options": "{}", "connection_id": chosen.id}
    )
