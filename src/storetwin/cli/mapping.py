"""``storetwin mapping``: which fields of a store become which columns of core, and how."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from storetwin.cli.exits import Exit
from storetwin.cli.mapping_told import (
    Dots,
    print_checked,
    print_effect,
    print_list,
    print_rules,
    print_trial,
    readable,
    readable_trial,
    say_compared,
    say_kept,
)
from storetwin.cli.options import JSON, NAME
from storetwin.cli.running import print_json, say, say_error, with_hub

if TYPE_CHECKING:
    from storetwin.hub import Hub

app = typer.Typer(
    help="Import mappings: which fields of a store become which columns of core.",
    no_args_is_help=True,
)
MAPPING = typer.Argument(help="Name or id of the mapping.", metavar="MAPPING")
NOUN = typer.Argument(help="Like products or orders.", metavar="NOUN")
FILE = typer.Argument(help="YAML or JSON; - is standard input.", metavar="FILE")
TRIED = typer.Option(None, "--file", "-f", help="Try this file instead of what is kept.")


@app.command("list")
def list_(
    name: str | None = typer.Argument(None, metavar="[CONNECTION]", help="Only this connection."),
    as_json: bool = JSON,
) -> None:
    """List the import mappings, and which is active."""

    async def verb(hub: Hub) -> Exit:
        found = await hub.mappings.list(name)
        if as_json:
            print_json([readable(connection, one) for connection, one in found])
        elif not found:
            say_error("No import mapping yet: records enter core as the store says them.")
            say_error("Begin with: storetwin mapping suggest CONNECTION > mapping.yaml")
        else:
            print_list(found)
        return Exit.DONE

    with_hub(verb, as_json=as_json)


@app.command()
def show(
    name: str = NAME,
    mapping: str = MAPPING,
    *,
    version: int | None = typer.Option(None, "--version", min=1, help="As this version says it."),
    as_yaml: bool = typer.Option(False, "--yaml", help="Print what it says, to be edited."),
    as_json: bool = JSON,
) -> None:
    """Show what an import mapping says, rule by rule."""

    async def verb(hub: Hub) -> Exit:
        from storetwin.hub.mappings import plain

        one = await hub.mappings.one(name, mapping)
        text = one.document
        if version is not None:
            text = (await hub.mappings.version(name, mapping, version)).document
        document = plain(text)
        if as_yaml:
            _print_yaml(document)
        elif as_json:
            connection = await hub.register.named(name)
            print_json(readable(connection, one) | {"document": document})
        else:
            print_rules(document)
        return Exit.DONE

    with_hub(verb, as_json=as_json)


@app.command()
def suggest(name: str = NAME, as_json: bool = JSON) -> None:
    """Print a mapping made of the attributes and custom fields that the store's records have."""

    async def verb(hub: Hub) -> Exit:
        made = await hub.mappings.trials.suggest(name)
        if as_json:
            print_json(made.document)
        else:
            _print_yaml(made.document)
        if not made.document["rules"]:
            say_error("The records have no attributes and no custom fields that could be mapped.")
        return Exit.DONE

    with_hub(verb, as_json=as_json)


@app.command()
def add(
    name: str = NAME,
    mapping: str = typer.Argument(help="What it is called.", metavar="MAPPING"),
    file: Path = FILE,
    as_json: bool = JSON,
) -> None:
    """Add an import mapping; it changes nothing until it is activated."""
    document = _read(file)

    async def verb(hub: Hub) -> Exit:
        with _telling_flaws(as_json):
            made = await hub.mappings.create(name, mapping, document)
        await say_kept(hub, name, made, as_json=as_json)
        return Exit.DONE

    with_hub(verb, as_json=as_json)


@app.command()
def edit(
    name: str = NAME,
    mapping: str = MAPPING,
    file: Path | None = typer.Argument(
        None, help="YAML or JSON; - is standard input.", metavar="[FILE]"
    ),
    rename: str | None = typer.Option(None, "--name", help="What it is called from now on."),
    as_json: bool = JSON,
) -> None:
    """Change an import mapping; what is active stays so until the change is activated."""
    if file is None and rename is None:
        raise typer.BadParameter("Give a file, or --name.")
    document = None if file is None else _read(file)

    async def verb(hub: Hub) -> Exit:
        with _telling_flaws(as_json):
            made = await hub.mappings.change(name, mapping, name=rename, document=document)
        await say_kept(hub, name, made, as_json=as_json)
        return Exit.DONE

    with_hub(verb, as_json=as_json)


@app.command()
def activate(
    name: str = NAME,
    mapping: str = MAPPING,
    dry_run: bool = typer.Option(
        False, "--dry-run", help="Say what it would change in core, and change nothing."
    ),
    as_json: bool = JSON,
) -> None:
    """Promote by the latest version of a mapping from now on; what is in core is compared again."""

    async def verb(hub: Hub) -> Exit:
        from storetwin.hub.mappings import plain

        if dry_run:
            one = await hub.mappings.one(name, mapping)
            effect = await hub.mappings.trials.effect(name, plain(one.document))
            print_effect(effect, as_json=as_json)
            return Exit.DONE
        done = await hub.mappings.activate(name, mapping)
        if as_json:
            version = done.mapping.active_version if done.mapping else None
            print_json({"active_version": version, "compared_again": done.linked})
        else:
            say(f"{mapping} is active.")
            say_compared(done.linked, name)
        return Exit.DONE

    with_hub(verb, as_json=as_json)


@app.command()
def deactivate(name: str = NAME) -> None:
    """Promote by no import mapping any more: as the store says it."""

    async def verb(hub: Hub) -> Exit:
        await hub.mappings.required_active(name)
        done = await hub.mappings.activate(name, None)
        say("No import mapping is active any more.")
        say_compared(done.linked, name)
        return Exit.DONE

    with_hub(verb)


@app.command()
def preview(
    name: str = NAME,
    mapping: str = MAPPING,
    noun: str = NOUN,
    remote_id: str | None = typer.Argument(None, metavar="[ID]", help="The first one without it."),
    *,
    file: Path | None = TRIED,
    as_json: bool = JSON,
) -> None:
    """Show one record by the active mapping, by this one, and as core has it."""
    given = None if file is None else _read(file)

    async def verb(hub: Hub) -> Exit:
        document = await _tried(hub, name, mapping, given, as_json=as_json)
        trial = await hub.mappings.trials.preview(name, noun, remote_id, document)
        if as_json:
            print_json(readable_trial(trial))
        else:
            print_trial(trial)
        return Exit.DONE

    with_hub(verb, as_json=as_json)


@app.command()
def check(
    name: str = NAME,
    mapping: str = MAPPING,
    noun: str = NOUN,
    *,
    file: Path | None = TRIED,
    seconds: int = typer.Option(60, "--seconds", min=1, help="After which it stops."),
    as_json: bool = JSON,
) -> None:
    """Map every record of a noun, and say which rules come to nothing, or fail."""
    given = None if file is None else _read(file)

    async def verb(hub: Hub) -> Exit:
        document = await _tried(hub, name, mapping, given, as_json=as_json)
        found = await hub.mappings.trials.check(
            name, noun, document, observe=Dots(), seconds=seconds
        )
        print_checked(found, as_json=as_json)
        return Exit.INCOMPLETE if found.failing or not found.is_whole else Exit.DONE

    with_hub(verb, as_json=as_json)


@app.command()
def remove(name: str = NAME, mapping: str = MAPPING) -> None:
    """Remove an import mapping that is not active."""

    async def verb(hub: Hub) -> Exit:
        await hub.mappings.remove(name, mapping)
        say(f"{mapping} is removed.")
        return Exit.DONE

    with_hub(verb)


# -- files ----------------------------------------------------------------------------------------


def _read(file: Path) -> Any:
    """Return what a file says.

    Raises:
        BadParameter: it cannot be read, or is neither YAML nor JSON.
    """
    from storetwin.cli.mapping_files import NoDocumentError, parse

    try:
        text = sys.stdin.read() if str(file) == "-" else file.read_text(encoding="utf-8")
        return parse(text)
    except OSError as error:
        raise typer.BadParameter(f"{file} cannot be read: {error.strerror}.") from error
    except (UnicodeDecodeError, NoDocumentError) as error:
        raise typer.BadParameter(f"{file} is neither YAML nor JSON: {error}") from error


def _print_yaml(document: Any) -> None:
    from storetwin.cli.mapping_files import written

    print(written(document), end="")


async def _tried(hub: Hub, name: str, mapping: str, given: Any, *, as_json: bool) -> Any:
    from storetwin.hub.mappings import plain

    if given is None:
        return plain((await hub.mappings.one(name, mapping)).document)
    with _telling_flaws(as_json):
        hub.mappings.check(given)
    return given


@contextmanager
def _telling_flaws(as_json: bool) -> Iterator[None]:
    """List every flaw of a mapping before the error that names the first."""
    from storetwin.mapping.flaws import MappingFlawedError

    try:
        yield
    except MappingFlawedError as error:
        for flaw in () if as_json else error.flaws:
            say_error(str(flaw))
        raise
