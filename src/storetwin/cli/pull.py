"""``storetwin pull`` and ``storetwin verify``."""

from __future__ import annotations

import functools
from collections.abc import Callable
from enum import StrEnum
from typing import TYPE_CHECKING

import typer

from storetwin.cli.exits import Exit
from storetwin.cli.options import JSON, NAME, NOW, RESOURCES
from storetwin.cli.running import print_json, with_hub

if TYPE_CHECKING:
    from storetwin.hub import Hub, Outcome

BURY = typer.Option(
    False, "--bury", help="The store really lost many records: bury them in the twin too."
)


class LevelChoice(StrEnum):
    """How closely to look."""

    IDS = "ids"
    MODIFIED = "modified"
    BYTES = "bytes"


RECORD = typer.Option(
    None, "--record", metavar="RESOURCE/ID", help="Only this record, like orders/3912; repeatable."
)
SINCE = typer.Option(
    None,
    "--since",
    metavar="TIME",
    help="Only what was created from then on, in the site's time zone unless it names one.",
)
UNTIL = typer.Option(
    None, "--until", metavar="TIME", help="Only what was created until then, itself excluded."
)


def pull(
    name: str = NAME,
    *,
    resource: list[str] = RESOURCES,
    record: list[str] = RECORD,
    since: str | None = SINCE,
    until: str | None = UNTIL,
    dry_run: bool = typer.Option(
        False, "--dry-run", help="Say what a pull would change; write nothing at all."
    ),
    full: bool = typer.Option(
        False, "--full", help="By force: read every page again from the beginning."
    ),
    bury: bool = BURY,
    patient: bool = typer.Option(
        False, "--patient", help="For schedules: ask for dead letters only when they are due."
    ),
    now: bool = NOW,
    as_json: bool = JSON,
) -> None:
    """Pull a store, go on where an earlier pull stopped, and prove that nothing is missing.

    With --record, --since, --until or --dry-run only a part of that, and no proof.
    """
    span = since is not None or until is not None
    _check_one_of(record=bool(record), since=span, dry_run=dry_run, full=full or bury or patient)
    if record and resource:
        raise typer.BadParameter("--record names its resource: leave out --resource.")

    async def verb(hub: Hub) -> Exit:
        from storetwin.cli import partial
        from storetwin.cli.screen import ProgressScreen

        parts, chosen = hub.partial, resource or []
        say: Callable[..., Exit]
        with ProgressScreen() as screen:
            if record:
                found = await parts.records(name, record, observe=screen, now=now)
                say = partial.tell_records(found).say
            elif span:
                pulled = await parts.span(name, chosen, since, until, observe=screen, now=now)
                say = partial.tell_span(pulled, name).say
            elif dry_run:
                rehearsed = await parts.rehearse(name, chosen, observe=screen, now=now)
                say = partial.tell_rehearsal(rehearsed, name).say
            else:
                outcome = await hub.pull(
                    name,
                    chosen,
                    full=full,
                    bury_many=bury,
                    observe=screen,
                    patient=patient,
                    now=now,
                )
                say = functools.partial(report, outcome, name)
        return say(as_json=as_json)

    with_hub(verb, as_json=as_json)


def _check_one_of(**given: bool) -> None:
    """Check that of ways to pull that exclude each other one is given at most."""
    if sum(given.values()) > 1:
        raise typer.BadParameter(
            "Give --record, --since with --until, or --dry-run, each alone: "
            "--full, --bury and --patient are for whole pulls."
        )


def verify(
    name: str = NAME,
    resource: list[str] = RESOURCES,
    level: LevelChoice = typer.Option(
        LevelChoice.MODIFIED,
        "--level",
        help="ids: which records exist. modified: and their dates. bytes: read every page again.",
    ),
    bury: bool = BURY,
    now: bool = NOW,
    as_json: bool = JSON,
) -> None:
    """Walk the store once more, mend what differs, and print the certificate of completeness."""

    async def verb(hub: Hub) -> Exit:
        from storetwin.cli.screen import ProgressScreen
        from storetwin.mirror.models import Level

        with ProgressScreen() as screen:
            outcome = await hub.verify(
                name, resource or [], Level(level.value), bury_many=bury, observe=screen, now=now
            )
        return report(outcome, name, as_json=as_json)

    with_hub(verb, as_json=as_json)


def report(outcome: Outcome, name: str, *, as_json: bool) -> Exit:
    """Print a certificate; return DONE, or INCOMPLETE when something is missing."""
    if as_json:
        print_json({"run_id": str(outcome.run_id), "certificate": outcome.certificate})
    else:
        from storetwin.cli.screen import certificate_table, certificate_verdict, out

        console = out()
        console.print()
        console.print(certificate_table(outcome.certificate, name))
        console.print()
        console.print(certificate_verdict(outcome.certificate))
    return Exit.DONE if outcome.is_complete else Exit.INCOMPLETE
