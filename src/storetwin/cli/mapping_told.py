"""What ``storetwin mapping`` prints."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from storetwin.cli.running import print_json, say, say_error

if TYPE_CHECKING:
    from storetwin.connections.models import Connection
    from storetwin.core.definitions import ImportMapping
    from storetwin.hub import Hub
    from storetwin.staging.trials import Checked, Effect, RecordTrial

LONGEST = 48
MOST_IDS = 5


async def say_kept(hub: Hub, name: str, made: ImportMapping, *, as_json: bool) -> None:
    """Say that a mapping is kept, and what comes next."""
    if as_json:
        print_json(readable(await hub.register.named(name), made))
        return
    draft = "the active one stays until you activate it" if made.is_active else "not active yet"
    say(f"{made.name} v{made.version} is kept; {draft}.")
    say(f"Try it:      storetwin mapping check {name} {made.name} products")
    say(f"Activate it: storetwin mapping activate {name} {made.name}")


def say_compared(linked: int, name: str) -> None:
    """Say that what is in core is compared again."""
    if linked:
        say(f"{linked:,} records in core are compared with {name} again.")
        say("See what would change: storetwin staging")


def readable(connection: Connection, one: ImportMapping) -> dict[str, Any]:
    """Return a mapping as a document."""
    return {
        "id": str(one.id),
        "connection": connection.name,
        "name": one.name,
        "version": one.version,
        "active_version": one.active_version,
        "updated_at": one.updated_at,
    }


def print_list(found: list[tuple[Connection, ImportMapping]]) -> None:
    """Print mappings as a table."""
    rows = [
        (
            connection.name,
            one.name,
            f"v{one.version}",
            f"v{one.active_version}" if one.is_active else "",
            f"{one.updated_at:%Y-%m-%d %H:%M}",
        )
        for connection, one in found
    ]
    columns = ("connection", "mapping", "latest", "active", "changed")
    _print(columns, rows)


def print_rules(document: Any) -> None:
    """Print what a mapping says, rule by rule."""
    from storetwin.mapping.describing import described

    rows = [
        (one.noun, one.field, one.source, ", ".join(one.steps), one.when_empty)
        for one in described(document)
    ]
    _print(("noun", "field", "from", "steps", "when empty"), rows)


def readable_trial(trial: RecordTrial) -> dict[str, Any]:
    """Return a record before and after as a document."""
    from dataclasses import asdict

    return {
        "noun": trial.noun,
        "remote_id": trial.remote_id,
        "title": trial.title,
        "is_in_core": trial.is_in_core,
        "kept": trial.kept,
        "fields": [asdict(one) for one in trial.fields],
        "problems": [asdict(one) for one in trial.problems],
    }


def print_trial(trial: RecordTrial) -> None:
    """Print a record before and after."""
    say(f"{trial.noun} {trial.remote_id}: {trial.title}")
    rows = [
        (
            one.name,
            one.source or "",
            _short(one.active),
            _short(one.tried) if one.problem is None else one.problem,
            _short(one.core) if trial.is_in_core else "",
        )
        for one in trial.fields
    ]
    columns = ("field", "from", "active mapping", "this mapping", "core now")
    _print(columns, rows)
    say(f"{trial.kept:,} members are kept beside the columns.")


def print_effect(effect: Effect, *, as_json: bool) -> None:
    """Print what activating would change."""
    if as_json:
        fields = {noun: dict(counts) for noun, counts in effect.fields.items()}
        print_json({"looked_at": effect.linked, "changed": effect.changed, "fields": fields})
        return
    looked = "all" if effect.is_whole else "the first"
    say(f"{effect.changed:,} of {looked} {effect.linked:,} records in core would change.")
    for noun, counts in effect.fields.items():
        for name, n in counts.most_common():
            say(f"  {noun}: {name} of {n:,}")
    say("Nothing has happened.")


def print_checked(found: Checked, *, as_json: bool) -> None:
    """Print what a check came to."""
    if as_json:
        print_json(
            {
                "noun": found.noun,
                "records": found.records,
                "looked_at": found.looked_at,
                "fine": found.fine,
                "failing": found.failing,
                "refused": found.refused,
                "empty": {name: found.without[name] for name in found.empty},
                "failed": {name: found.with_problem[name] for name in found.failed},
            }
        )
        return
    what = (
        f"all {found.records:,}" if found.is_whole else f"{found.looked_at:,} of {found.records:,}"
    )
    say(f"Checked on {what} {found.noun} in {found.seconds:.1f} s: {found.fine:,} fine.")
    for name, n in found.empty.most_common():
        say(f"  {n:,} without {name}: {_some(found.without[name], n)}")
    for name, n in found.failed.most_common():
        say(f"  {n:,} fail at {name}: {_some(found.with_problem[name], n)}")
        say(f"    {found.messages[name]}")
    if found.refused:
        say(f"  {found.refused:,} would not enter core.")


def _some(ids: list[str], count: int) -> str:
    more = f" and {count - MOST_IDS:,} more" if count > MOST_IDS else ""
    return ", ".join(ids[:MOST_IDS]) + more


def _short(text: str | None) -> str:
    bare = " ".join((text or "").split())
    return bare if len(bare) <= LONGEST else bare[: LONGEST - 1] + "…"


class Dots:
    """Says now and then how far a check is, where somebody watches."""

    def __init__(self) -> None:
        self.told = 0

    def __call__(self, done: int, every: int) -> None:
        """Tell it."""
        if done - self.told >= 1000 and sys.stderr.isatty():
            self.told = done
            say_error(f"{done:,} of {every:,} …")


def _print(columns: Iterable[str], rows: Iterable[Iterable[str]]) -> None:
    from storetwin.cli.screen import out, table

    out().print(table(None, columns, rows))
