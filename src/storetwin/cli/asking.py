"""``storetwin run``: ask a worker for a run, stop it, ask for it again."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

from storetwin.cli.exits import Exit
from storetwin.cli.options import JSON, NAME, NOW, RESOURCES
from storetwin.cli.pull import BURY, RECORD, SINCE, UNTIL, LevelChoice
from storetwin.cli.running import print_json, say, say_error, with_hub

if TYPE_CHECKING:
    from uuid import UUID

    from storetwin.hub import Hub
    from storetwin.runs.asking import Asked

KINDS = ("pull", "sync", "sweep", "verify")
RUN = typer.Argument(metavar="ID", help="The beginning of the run's id: storetwin runs lists them.")

app = typer.Typer(
    help="Runs that a worker does: ask for one, stop it, ask for it again.", no_args_is_help=True
)


@app.command()
def start(
    name: str = NAME,
    *,
    kind: str = typer.Option("pull", "--kind", help=f"{', '.join(KINDS)}."),
    resource: list[str] = RESOURCES,
    record: list[str] = RECORD,
    since: str | None = SINCE,
    until: str | None = UNTIL,
    full: bool = typer.Option(False, "--full", help="By force: read every page again."),
    dry_run: bool = typer.Option(
        False, "--dry-run", help="Say what a pull would change: storetwin runs ID shows it."
    ),
    level: LevelChoice | None = typer.Option(None, "--level", help="How closely to verify."),
    batch_size: int | None = typer.Option(
        None, "--batch-size", help="Records on a page of the store at most: 10 to 100."
    ),
    bury: bool = BURY,
    now: bool = NOW,
    as_json: bool = JSON,
) -> None:
    """Put a run into the queue, and come back at once: the next free worker begins it."""
    if kind not in KINDS:
        raise typer.BadParameter(f"--kind {kind} is not one of {', '.join(KINDS)}.")

    async def verb(hub: Hub) -> Exit:
        from storetwin.runs.asking import Asked
        from storetwin.runs.models import RunKind

        asked = Asked(
            RunKind(kind),
            tuple(resource or ()),
            full=full,
            dry=dry_run,
            records=tuple(record or ()),
            since=since,
            until=until,
            level=level.value if level else None,
            bury=bury,
            now=now,
            batch=batch_size,
        )
        return await _ask(hub, name, asked, as_json=as_json)

    with_hub(verb, as_json=as_json)


@app.command()
def cancel(run_id: str = RUN, as_json: bool = JSON) -> None:
    """Stop a run: at once where it waits, within two seconds where it is at work, wherever that is."""

    async def verb(hub: Hub) -> Exit:
        run = await hub.asking.cancel(await _whole_id(hub, run_id))
        if as_json:
            print_json({"run_id": run["run_id"], "state": run["state"]})
        elif run["state"] == "cancelled":
            say("Cancelled. What was read stays; the next run goes on there.")
        else:
            say("It stops within two seconds. What was read stays; the next goes on there.")
        return Exit.DONE

    with_hub(verb, as_json=as_json)


@app.command()
def retry(run_id: str = RUN, as_json: bool = JSON) -> None:
    """Ask for a run once more, with the same options."""

    async def verb(hub: Hub) -> Exit:
        again, is_new = await hub.asking.retry(await _whole_id(hub, run_id))
        return await _tell(hub, again, is_new=is_new, as_json=as_json)

    with_hub(verb, as_json=as_json)


async def _ask(hub: Hub, name: str, asked: Asked, *, as_json: bool) -> Exit:
    run_id, is_new = await hub.asking.ask(name, asked)
    return await _tell(hub, run_id, is_new=is_new, as_json=as_json)


async def _tell(hub: Hub, run_id: UUID, *, is_new: bool, as_json: bool) -> Exit:
    from storetwin.jobs.living import living_workers

    workers = await living_workers(hub)
    if as_json:
        print_json({"run_id": run_id, "is_new": is_new, "workers": workers})
        return Exit.DONE
    say(f"Run {run_id} waits for a worker." if is_new else f"Run {run_id} waits already.")
    say("Follow it: storetwin watch --once")
    if not workers:
        say_error("No worker is at work: it waits until one is. Start: storetwin serve")
    return Exit.DONE


async def _whole_id(hub: Hub, prefix: str) -> UUID:
    run, _ = await hub.reports.run(prefix)
    found: UUID = run["run_id"]
    return found
