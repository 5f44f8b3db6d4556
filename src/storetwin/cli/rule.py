"""``storetwin rule``: choices of the staging explorer that are made by themselves."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

from storetwin.cli.exits import Exit
from storetwin.cli.options import JSON
from storetwin.cli.running import print_json, say, say_error, with_hub
from storetwin.cli.staging import CONNECTION, FIELD, RESOURCE, SEARCH, STATE, STATUS, filter_of

if TYPE_CHECKING:
    from storetwin.hub import Hub
    from storetwin.staging.rules import Rule

app = typer.Typer(
    help="Rules that select, ignore or promote records by themselves.", no_args_is_help=True
)
NAME = typer.Argument(metavar="NAME", help="What the rule is called.")


@app.command("list")
def list_(as_json: bool = JSON) -> None:
    """List the rules, and what each did last."""

    async def verb(hub: Hub) -> Exit:
        rules = await hub.staging.rules.list()
        if as_json:
            print_json([_readable(rule) for rule in rules])
        elif not rules:
            say_error(
                "There is no rule yet. Make one: storetwin rule add NAME RESOURCE --action select"
            )
        else:
            from storetwin.cli.screen import out, table

            rows = [
                (
                    rule.name,
                    rule.action.value,
                    rule.resource,
                    ", ".join(rule.filter.states) or "new, updated",
                    rule.spec or "at once",
                    "active" if rule.is_active else "rests",
                    f"{rule.last_count:,}" if rule.last_count is not None else "",
                )
                for rule in rules
            ]
            heads = ("name", "does", "resource", "states", "when", "", "last>")
            out().print(table(None, heads, rows))
        return Exit.DONE

    with_hub(verb, as_json=as_json)


@app.command()
def add(
    name: str = NAME,
    resource: str = RESOURCE,
    *,
    action: str = typer.Option(..., "--action", help="select, ignore or promote."),
    state: list[str] = STATE,
    status: list[str] = STATUS,
    search: str | None = SEARCH,
    field: str | None = FIELD,
    connection: str | None = CONNECTION,
    every: str | None = typer.Option(
        None, "--every", help="An interval, like 1d; else whenever records came or changed."
    ),
    cron: str | None = typer.Option(None, "--cron", help='Like "0 6 * * *": each day at six.'),
) -> None:
    """Make a rule; it chooses what comes or changes from now on, or at its times."""
    from storetwin.staging.models import RuleAction

    if action not in list(RuleAction):
        raise typer.BadParameter(f"--action {action} is not one of {', '.join(RuleAction)}.")

    async def verb(hub: Hub) -> Exit:
        wanted = await filter_of(hub, resource, state, status, search, field, connection)
        owner = None if connection is None else (await hub.register.named(connection)).id
        rule = await hub.staging.rules.add(
            name, wanted, RuleAction(action), connection_id=owner, spec=every or cron
        )
        say(f"Rule {rule.name!r}: {rule.action.value} {rule.resource}, {rule.spec or 'at once'}.")
        say(f"  Apply it to what is there already: storetwin rule apply {rule.name!r}")
        return Exit.DONE

    with_hub(verb)


@app.command()
def apply(name: str = NAME) -> None:
    """Apply a rule now, whenever it is due."""

    async def verb(hub: Hub) -> Exit:
        count = await hub.staging.rules.apply(name)
        say(f"{count:,} records.")
        return Exit.DONE

    with_hub(verb)


@app.command()
def remove(name: str = NAME) -> None:
    """Remove a rule; what it has chosen stays chosen."""

    async def verb(hub: Hub) -> Exit:
        await hub.staging.rules.remove(name)
        say(f"Rule {name!r} is removed.")
        return Exit.DONE

    with_hub(verb)


def _readable(rule: Rule) -> dict[str, object]:
    return {
        "rule_id": str(rule.rule_id),
        "name": rule.name,
        "resource": rule.resource,
        "action": rule.action.value,
        "states": list(rule.filter.states),
        "schedule": rule.spec,
        "is_active": rule.is_active,
        "last_at": rule.last_at and rule.last_at.isoformat(),
        "last_count": rule.last_count,
    }
