"""Dead letters: by what caused them, then one by one; retried or discarded, singly or all that match."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Annotated, Any, Final, Literal
from urllib.parse import urlencode
from uuid import UUID

from fastapi import APIRouter, Form, Query
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from storetwin.hub.letters import WAITING, Chosen, Retrying
from storetwin.kernel.errors import StoretwinError
from storetwin.runs.models import RunKind, RunState, Stage
from storetwin.web.data_asked import record_path
from storetwin.web.live import LiveStream, shell_parts
from storetwin.web.route import PageRoute
from storetwin.web.view import Page, Reading, Updating
from storetwin.web.words import KIND, RUN, Tone

router = APIRouter(route_class=PageRoute)
ROUTERS = (router,)
PATH: Final = "/dead-letters"
TEMPLATE: Final = "dead_letters/index.html"
PIECES: Final = "dead_letters/pieces.html"
API: Final = "/api/v1/dead-letters"
ROWS: Final = 50
SHOWN_BYTES: Final = 20_000  # of what the twin holds of a record
MOST_FOLLOWED: Final = 10
SPANS: Final[Mapping[str, timedelta]] = {
    "24h": timedelta(hours=24),
    "7d": timedelta(days=7),
    "30d": timedelta(days=30),
}
State = Literal["waiting", "resolved", "discarded"]
Text = Annotated[str, Field(max_length=200)]
Cause = Annotated[str, Field(max_length=2000)]


class Asked(BaseModel):
    """Which dead letters: what is empty asks for nothing."""

    model_config = ConfigDict(extra="ignore")

    connection: Text = ""
    resource: Text = ""
    cause: Cause = ""
    run: UUID | Literal[""] = ""
    within: Literal["24h", "7d", "30d", ""] = ""
    state: State = "waiting"

    def chosen(self, page: Page) -> Chosen:
        """Return them as the hub takes them."""
        return Chosen(
            None,
            self.connection or None,
            self.resource or None,
            self.cause or None,
            self.run or None,
            page.hub.clock() - SPANS[self.within] if self.within else None,
        )

    def query(self, **other: Any) -> str:
        """Return it as the address has it, some of it replaced."""
        values = self.model_dump(include=set(Asked.model_fields)) | other
        kept = {
            key: str(value)
            for key, value in values.items()
            if value and (key, value) != ("state", WAITING)
        }
        return f"?{urlencode(kept)}" if kept else ""

    @property
    def narrowing(self) -> dict[str, str]:
        """Return what leaves something out, but for the cause."""
        named = {name: getattr(self, name) for name in ("connection", "resource", "run", "within")}
        return {name: str(value) for name, value in named.items() if value}


class Looked(Asked):
    """The same in an address, with the place of the page and the runs that are followed."""

    behind: UUID | Literal[""] = ""
    runs: list[UUID] = Field(default_factory=list, max_length=MOST_FOLLOWED)


class RetryForm(Asked):
    """Which are tried again: one, or all that match."""

    id: UUID | Literal[""] = ""


class DiscardForm(RetryForm):
    """Which are discarded, and why."""

    reason: str = Field(default="", max_length=500)


@router.get(PATH)
async def dead_letters_page(page: Reading, asked: Annotated[Looked, Query()]) -> Response:
    """Show what was given up, by its causes; of one cause all records."""
    return await _render(page, asked, None)


@router.get(PATH + "/live")
async def dead_letters_live_page(page: Reading, asked: Annotated[Looked, Query()]) -> Response:
    """Tell how runs that try again go on."""

    async def feed() -> Mapping[str, str]:
        context = {"followed": await _followed(page, asked.runs)}
        return await shell_parts(page) | {"retrying": page.part(PIECES, "retrying", context)}

    return LiveStream(page, feed, every=1.0 if asked.runs else 5.0)


@router.get(PATH + "/{dead_letter_id}")
async def dead_letter_page(
    page: Reading, dead_letter_id: UUID, asked: Annotated[Looked, Query()]
) -> Response:
    """Show one dead letter beside the others of its cause."""
    letter = await page.hub.letters.one(dead_letter_id)
    return await _render(page, asked, letter)


@router.post(PATH + "/retry")
async def retry_dead_letters_page(page: Updating, given: Annotated[RetryForm, Form()]) -> Response:
    """Ask the stores once more for records, or try them again with core."""
    chosen = Chosen(ids=(given.id,)) if given.id else given.chosen(page)
    retrying = await page.hub.letters.retry(chosen)
    told, tone = told_of(retrying)
    runs = [run.run_id for run in retrying.runs[:MOST_FOLLOWED]]
    query = given.query()
    for run_id in runs:
        query += f"{'&' if query else '?'}runs={run_id}"
    return page.redirect(f"{PATH}{query}", told, tone)


@router.post(PATH + "/discard")
async def discard_dead_letters_page(
    page: Updating, given: Annotated[DiscardForm, Form()]
) -> Response:
    """Discard letters for a reason, which is kept."""
    chosen = Chosen(ids=(given.id,)) if given.id else given.chosen(page)
    discarded = await page.hub.letters.discard_because(chosen, given.reason, page.principal)
    letters = "1 dead letter was" if discarded == 1 else f"{discarded:,} dead letters were"
    told = f"{letters} discarded. The reason is kept in History."
    return page.redirect(f"{PATH}{given.query(cause='')}", told)


def told_of(retrying: Retrying) -> tuple[str, Tone]:
    """Return what becomes of letters that are to be retried, in words."""
    records = sum(run.records for run in retrying.runs)
    parts = []
    if retrying.runs:
        parts.append("1 is tried again." if records == 1 else f"{records:,} are tried again.")
    if retrying.without_id:
        one = retrying.without_id == 1
        parts.append(
            f"{'1 has' if one else f'{retrying.without_id:,} have'} no id: the next pull settles "
            f"{'it' if one else 'them'}."
        )
    parts += [f"Not now: {name}: {why}" for name, why in sorted(retrying.refused.items())]
    if retrying.has_more:
        parts.append("More match: press again when these are done.")
    is_well = bool(retrying.runs) and not retrying.refused
    told = " ".join(parts) or "None of them waits any more."
    return told[:900], Tone.OK if is_well else Tone.CHANGE


async def _render(page: Page, asked: Looked, letter: Mapping[str, Any] | None) -> Response:
    if page.wants_json:
        document = _as_json(letter) if letter is not None else None
        return await page.render(TEMPLATE, document=document, api=API)
    hub, state = page.hub, asked.state
    chosen = asked.chosen(page)
    causes = await hub.letters.causes(
        Chosen(None, chosen.connection, chosen.resource, None, chosen.run_id, chosen.since), state
    )
    rows: Sequence[Mapping[str, Any]] = []
    is_open = bool(asked.cause)
    if is_open:
        rows = await hub.letters.page(chosen, state, behind=asked.behind or None, limit=ROWS + 1)
    counts = await hub.letters.counts()
    context = {
        "asked": asked,
        "causes": causes,
        "open_cause": next((one for one in causes if one["cause"] == asked.cause), None),
        "is_open": is_open,
        "rows": rows[:ROWS],
        "older": rows[ROWS - 1]["dead_letter_id"] if len(rows) > ROWS else None,
        "shown": sum(one["waiting"] for one in causes),
        "waiting": sum(one["waiting"] for one in counts),
        "stores": sorted({one.name for one in await hub.register.every()}),
        "names": sorted({one["resource"] for one in counts}),
        "letter": letter,
        "record": await _held(page, letter) if letter is not None else None,
        "followed": await _followed(page, asked.runs),
        "STAGE": Stage,
    }
    return await page.render(TEMPLATE, context, fragments={"drawer"})


async def _held(page: Page, letter: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return what the twin holds of a letter's record, as text; None where it holds nothing."""
    if letter["remote_id"] is None:
        return None
    try:
        shown = await page.hub.records.one(
            str(letter["connection_id"]), letter["resource"], letter["remote_id"]
        )
    except StoretwinError:
        return None
    document = shown.document or b""
    text = document[:SHOWN_BYTES].decode("utf-8", "replace")
    return {
        "text": text,
        "size": len(document),
        "is_cut": len(document) > SHOWN_BYTES,
        "path": record_path(letter["resource"], letter["connection"], letter["remote_id"]),
    }


async def _followed(page: Page, run_ids: Sequence[UUID]) -> list[dict[str, Any]]:
    """Return how runs that try again are doing; those that are nobody's are left out."""
    found = []
    for run_id in run_ids[:MOST_FOLLOWED]:
        try:
            row, _, letters, result = await page.hub.asking.show(run_id)
        except StoretwinError:
            continue
        state = RunState(row["state"])
        found.append(
            {
                "run_id": run_id,
                "connection": row["connection"],
                "kind": KIND[RunKind(row["kind"])],
                "word": RUN[state],
                "is_over": state.has_ended,
                "read": row["records"] or row["created"] + row["updated"],
                "again": max(len(letters), row["unreadable"]),
                "error": row["error"],
                "result": result,
            }
        )
    return found


def _as_json(letter: Mapping[str, Any]) -> dict[str, Any]:
    return {name: json.loads(json.dumps(value, default=str)) for name, value in letter.items()}
