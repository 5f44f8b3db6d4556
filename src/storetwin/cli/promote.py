"""``storetwin promote``: what was chosen comes into core, after a look at what that does."""

from __future__ import annotations

import asyncio
from dataclasses import asdict, replace
from typing import TYPE_CHECKING

import typer

from storetwin.cli.exits import Exit
from storetwin.cli.options import JSON
from storetwin.cli.running import print_json, say, say_error, with_hub
from storetwin.cli.staging import (
    ALL,
    BUT,
    CONNECTION,
    FIELD,
    IDS,
    RESOURCE,
    SEARCH,
    STATE,
    STATUS,
    chosen_of,
    filter_of,
)

if TYPE_CHECKING:
    from storetwin.hub import Hub
    from storetwin.hub.promoting import AskedPromotion
    from storetwin.mirror.context import Observer
    from storetwin.runs.models import RunState
    from storetwin.staging.models import Chosen, Preview

LOOK = 0.5  # seconds between two looks at a run that a worker does


def promote(
    resource: str = RESOURCE,
    ids: list[str] = IDS,
    *,
    state: list[str] = STATE,
    status: list[str] = STATUS,
    search: str | None = SEARCH,
    field: str | None = FIELD,
    connection: str | None = CONNECTION,
    but: list[str] = BUT,
    every: bool = ALL,
    dry_run: bool = typer.Option(False, "--dry-run", help="Only say what it would do."),
    yes: bool = typer.Option(False, "--yes", "-y", help="Do not ask first."),
    as_json: bool = JSON,
) -> None:
    """Promote what is selected, or what ids and options say, with whatever it names."""

    async def verb(hub: Hub) -> Exit:
        wanted = await filter_of(hub, resource, state, status, search, field, connection)
        narrows = ids or state or status or search or field or every
        if narrows:
            chosen = await chosen_of(hub, wanted, ids, but, connection, every=every)
        else:
            selected = replace(wanted, is_selected=True)
            chosen = await chosen_of(hub, selected, [], but, connection, every=True)
        preview = await hub.staging.preview(chosen)
        if not as_json or dry_run:
            _print_preview(preview, resource, as_json=as_json)
        if dry_run or not _is_wanted(preview, resource, yes=yes or as_json):
            return Exit.DONE
        return await _promote(hub, chosen, as_json=as_json)

    with_hub(verb, as_json=as_json)


def _is_wanted(preview: Preview, resource: str, *, yes: bool) -> bool:
    if preview.created + preview.updated + preview.deleted + preview.left_out_count == 0:
        say_error(f"Nothing to promote. Select something first: storetwin select {resource} …")
        return False
    return yes or typer.confirm("Promote them?")


async def _promote(hub: Hub, chosen: Chosen, *, as_json: bool) -> Exit:
    from storetwin.cli.screen import ProgressScreen

    asked = await hub.staging.promote(chosen)
    with ProgressScreen() as screen:
        states = [await _work(hub, one, screen) for one in asked]
        came = [(await hub.reports.run(str(one.run_id)))[1] for one in asked]
    is_done = all(state.value == "done" for state in states)
    behind = [{p["resource"]: p["unreadable"] for p in rows if p["unreadable"]} for rows in came]
    if as_json:
        runs = [
            {"run_id": str(one.run_id), "connection": one.connection.name, "state": state.value, "stayed_behind": left}
            for one, state, left in zip(asked, states, behind, strict=True)
        ]  # fmt: skip
        print_json({"runs": runs, "records": sum(one.records for one in asked)})
        return Exit.DONE if is_done else Exit.INCOMPLETE
    for one, state, rows, left in zip(asked, states, came, behind, strict=True):
        entered = [f"{p['records'] - p['unreadable']:,} {p['resource']}" for p in rows]
        what = ", ".join(entered) or "nothing"
        say(f"{one.connection.name}: {what} promoted, {state.value}.")
        for resource, count in left.items():
            see = f"storetwin staging {resource} --state waiting"
            say(f"  {count:,} {resource} stayed behind. See why: {see}")
    return Exit.DONE if is_done else Exit.INCOMPLETE


async def _work(hub: Hub, one: AskedPromotion, screen: Observer) -> RunState:
    """Do a promotion here; where a worker was faster, wait for its end."""
    from storetwin.hub.running import RunInProgressError
    from storetwin.runs.models import RunState
    from storetwin.runs.queued import Queued, RunGoneError

    opened = replace(hub, queued=Queued(one.run_id))
    while True:
        try:
            return await opened.staging.work(one.connection.name, screen)
        except (RunGoneError, RunInProgressError):
            await asyncio.sleep(LOOK)
        run, *_ = await hub.asking.show(one.run_id)
        if RunState(run["state"]).has_ended:
            return RunState(run["state"])


def _print_preview(preview: Preview, resource: str, *, as_json: bool) -> None:
    if as_json:
        left_out = [{"remote_id": one.remote_id, "reason": one.reason} for one in preview.left_out]
        print_json(asdict(preview) | {"left_out": left_out})
        return
    say(
        f"{preview.matched:,} {resource}: {preview.created:,} new, {preview.updated:,} changed, "
        f"{preview.deleted:,} deleted, {preview.unchanged:,} stay as they are."
    )
    for label, count in list(preview.changed_fields.items())[:10]:
        say(f"  {label}: of {count:,}")
    if preview.along:
        along = ", ".join(f"{count:,} {name}" for name, count in preview.along.items())
        say(f"  Come along: {along}")
    for one in preview.left_out:
        say(f"  Stays behind: {one.remote_id}: {one.reason}")
    if preview.left_out_count > len(preview.left_out):
        say(f"  … and {preview.left_out_count - len(preview.left_out):,} more stay behind.")
