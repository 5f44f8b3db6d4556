"""The command ``storetwin``. Commands import what they need when they run: ``--help`` stays fast."""

from __future__ import annotations

import typer

from storetwin.cli import (
    analytics,
    api_key,
    asking,
    audit,
    connection,
    core,
    database,
    dead_letters,
    deliveries,
    demo,
    export,
    history,
    housekeeping,
    identity,
    mapping,
    mcp,
    organisation,
    person,
    promote,
    pull,
    query,
    records,
    rule,
    runs,
    sandbox,
    schedule,
    serve,
    staging,
    status,
    sync,
    user,
    vault,
    watch,
    webhook,
)

app = typer.Typer(
    name="storetwin",
    help="A complete, provable twin of every WooCommerce store in PostgreSQL.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command("demo")(demo.demo)
app.command("serve")(serve.serve)
app.command("worker")(serve.worker)
app.command("pull")(pull.pull)
app.command("sync")(sync.sync)
app.command("verify")(pull.verify)
app.command("status")(status.status)
app.command("runs")(runs.runs)
app.command("analytics")(analytics.analytics)
app.command("watch")(watch.watch)
app.command("show")(records.show)
app.command("changes")(history.changes)
app.command("query")(query.query)
app.command("export")(export.export)
app.command("staging")(staging.staging)
app.command("select")(staging.select)
app.command("ignore")(staging.ignore)
app.command("map")(staging.map_)
app.command("promote")(promote.promote)
app.command("core")(core.core)
app.command("customers")(core.customers)
app.command("mcp")(mcp.mcp)
app.command("prune")(housekeeping.prune)
for verb in (identity.identity, identity.accept, identity.pause, identity.resume):
    connection.app.command()(verb)
for command in (deliveries.deliveries, deliveries.retry):
    webhook.app.command()(command)
app.add_typer(connection.app, name="connection")
app.add_typer(webhook.app, name="webhook")
app.add_typer(dead_letters.app, name="dead-letters")
app.add_typer(schedule.app, name="schedule")
app.add_typer(mapping.app, name="mapping")
app.add_typer(rule.app, name="rule")
app.add_typer(asking.app, name="run")
app.add_typer(user.app, name="user")
app.add_typer(organisation.app, name="organisation")
app.add_typer(api_key.app, name="api-key")
app.add_typer(audit.app, name="audit")
app.add_typer(person.app, name="person")
app.add_typer(vault.app, name="vault")
app.add_typer(database.app, name="db")
app.add_typer(sandbox.app, name="sandbox")


def _version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        typer.echo(f"storetwin {version('storetwin')}")
        raise typer.Exit


@app.callback()
def root(
    _: bool = typer.Option(
        False, "--version", help="Show the version.", callback=_version, is_eager=True
    ),
) -> None:
    """A complete, provable twin of every WooCommerce store in PostgreSQL."""


def main() -> None:
    """Run the command line."""
    app()
