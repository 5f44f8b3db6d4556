"""How history is told: the versions of a record, what differs between two, ``storetwin changes``."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from typing import TYPE_CHECKING, Any

import typer

from storetwin.cli.exits import Exit
from storetwin.cli.options import JSON, NAME
from storetwin.cli.running import print_json, say, say_error, with_hub

if TYPE_CHECKING:
    from storetwin.hub import Hub
    from storetwin.hub.history import Between, Told
    from storetwin.mirror.history import Event, Version

NAMED = 4  # fields named in one line
LONGEST = 100  # characters of a value in one line


# -- versions of one record -----------------------------------------------------------------------


def version_facts(version: Version) -> dict[str, Any]:
    """Return what is known of a version, as the JSON document that every door shows."""
    facts = asdict(version)
    return {"version": facts.pop("number")} | facts


def print_versions(versions: Sequence[Told], *, as_json: bool) -> None:
    """Print every version of a record, the latest first."""
    if as_json:
        told = [version_facts(one.version) | {"fields": one.fields} for one in reversed(versions)]
        print_json({"versions": told})
        return
    from storetwin.cli.screen import out, table

    rows = [
        (
            one.version.number,
            one.version.state.value,
            one.version.brought_by,
            _stamp(one.version.modified_at),
            _stamp(one.version.read_at),
            _stamp(one.version.written_at),
            _stamp(one.version.superseded_at, absent="now"),
            _said(one),
        )
        for one in reversed(versions)
    ]
    columns = ("version>", "state", "brought by", "dated", "read", "written", "held until")
    out().print(table(None, (*columns, "changed"), rows))
    say("Times are UTC; dated and read by the store's clock, the others by ours.")


def _said(told: Told) -> str:
    if told.version.state == "gone":
        return "gone"
    return "first version" if told.version.number == 1 else short(told.fields)


def short(fields: Sequence[str] | None) -> str:
    """Return the names of changed fields in a few words."""
    if fields is None:
        return "(the version before is not kept)"
    if not fields:
        return "(no field)"
    rest = len(fields) - NAMED
    return ", ".join(fields[:NAMED]) + (f" and {rest} more" if rest > 0 else "")


def _stamp(moment: datetime | None, *, absent: str = "–") -> str:
    return absent if moment is None else f"{moment:%Y-%m-%d %H:%M:%S}"


# -- between two versions -------------------------------------------------------------------------


def print_difference(between: Between, *, as_json: bool) -> None:
    """Print what differs between two versions, field by field."""
    changes = between.comparison.changes
    if as_json:
        found = [
            {"field": c.name, "kind": c.kind.value, "before": c.before, "after": c.after}
            for c in changes
        ]
        print_json(
            {
                "first": version_facts(between.first),
                "second": version_facts(between.second),
                "is_same": between.is_same,
                "changes": found,
            }
        )
        return
    from rich.text import Text

    from storetwin.cli.screen import out, table

    for version in (between.first, between.second):
        say(
            f"version {version.number:<5} {version.state.value}, by {version.brought_by}, "
            f"written {_stamp(version.written_at)} UTC"
        )
    if not changes:
        say(_why_nothing(between))
        return
    rows = [
        (
            _cut(change.name),
            Text("" if change.kind == "added" else _value(change.before), "red"),
            Text("" if change.kind == "removed" else _value(change.after), "green"),
            "" if change.kind == "changed" else change.kind.value,
        )
        for change in changes
    ]
    out().print(table(None, ("field", "was", "became", ""), rows))


def _why_nothing(between: Between) -> str:
    if between.is_same:
        return "They are the same, byte for byte."
    return (
        "No field differs: only how it is written does, or what is sealed, or what is different "
        "in every answer."
    )


def _value(value: Any) -> str:
    from storetwin.kernel.json_values import written

    return _cut(written(value))


def _cut(text: str) -> str:
    plain = "".join(c if c.isprintable() else " " for c in text)
    return plain if len(plain) <= LONGEST else plain[: LONGEST - 1] + "…"


# -- what happened in a span ----------------------------------------------------------------------


def changes(
    name: str = NAME,
    resource: str | None = typer.Option(None, "--resource", "-r", help="Only this resource."),
    since: str = typer.Option(
        ..., "--since", metavar="TIME", help="From then on: a date or a time, UTC."
    ),
    until: str | None = typer.Option(
        None, "--until", metavar="TIME", help="Until then, itself excluded; now by default."
    ),
    limit: int = typer.Option(100, "--limit", min=0, help="How many at most; 0 for all."),
    as_json: bool = JSON,
) -> None:
    """List what was written to a twin between two moments, the latest first, and who brought it."""

    async def verb(hub: Hub) -> Exit:
        from storetwin.kernel.moments import read_moment

        begin = read_moment(since)
        end = read_moment(until) if until else hub.clock()
        shown, has_more = 0, False
        printer = _Documents() if as_json else _Lines()
        async for event in hub.history.events(name, resource, begin, end):
            if limit and shown == limit:
                has_more = True
                break
            printer.show(event)
            shown += 1
        printer.end(has_more=has_more)
        if not shown:
            say_error(f"Nothing was written between {_stamp(begin)} and {_stamp(end)} UTC.")
            say_error(f"  The twin learns of changes by: storetwin pull {name}")
        elif has_more and not as_json:
            say_error(f"The latest {shown:,}; --limit 0 lists all.")
        return Exit.DONE

    with_hub(verb, as_json=as_json)


class _Lines:
    """Prints each event as it comes, one a line: a span may have millions."""

    def show(self, event: Event) -> None:
        record = f"{event.resource} {event.remote_id}"
        said = {"new": "", "gone": ""}.get(event.what.value, short(event.fields))
        say(
            f"{_stamp(event.written_at)}  {record:<22} {event.version:>4}  "
            f"{event.what.value:<8} {event.brought_by:<8} {_cut(said)}".rstrip()
        )

    def end(self, *, has_more: bool) -> None:
        """Nothing is left to print."""


class _Documents:
    """Prints one JSON document piece by piece."""

    def __init__(self) -> None:
        self._before = '{"changes": ['

    def show(self, event: Event) -> None:
        from storetwin.kernel.json_values import written

        sys.stdout.write(f"{self._before}\n{written(asdict(event))}")
        self._before = ","

    def end(self, *, has_more: bool) -> None:
        begin = self._before if self._before != "," else ""
        sys.stdout.write(f'{begin}\n], "has_more": {"true" if has_more else "false"}}}\n')
