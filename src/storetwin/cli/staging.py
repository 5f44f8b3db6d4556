"""``storetwin staging``, ``select``, ``ignore`` and ``map``: look before it enters, and choose."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any
from uuid import UUID

import typer

from storetwin.cli.exits import Exit
from storetwin.cli.options import JSON
from storetwin.cli.running import print_json, say, say_error, with_hub

if TYPE_CHECKING:
    from storetwin.hub import Hub
    from storetwin.staging.models import Chose, Chosen, Filter, StagedPage, StagedRecord
    from storetwin.staging.models import Count as Counted

STATES = "new, updated, deleted, in_sync, ignored, waiting or stale"
RESOURCE = typer.Argument(metavar="RESOURCE", help="Like products or orders.")
IDS = typer.Argument(None, metavar="[ID]...", help="Remote ids; none: what the options say.")
STATE = typer.Option(None, "--state", help=f"Only these: {STATES}; repeatable.")
STATUS = typer.Option(None, "--status", help="Only these of the store's own statuses; repeatable.")
SEARCH = typer.Option(None, "--search", "-q", help="In name, SKU, e-mail, number or id.")
FIELD = typer.Option(None, "--field", help="Records of which this column differs.")
CONNECTION = typer.Option(None, "--connection", "-c", help="Only of this store.")
BUT = typer.Option(None, "--but", metavar="ID", help="All that match but this one; repeatable.")
ALL = typer.Option(False, "--all", help="All records of the resource.")
MOST_CHANGES = 3


def staging(
    resource: str | None = typer.Argument(None, metavar="[RESOURCE]", help="Like products."),
    remote_id: str | None = typer.Argument(
        None, metavar="[ID]", help="One record, field by field."
    ),
    *,
    state: list[str] = STATE,
    status: list[str] = STATUS,
    search: str | None = SEARCH,
    field: str | None = FIELD,
    connection: str | None = CONNECTION,
    selected: bool = typer.Option(False, "--selected", help="Only what is selected."),
    sort: str = typer.Option("modified_at", "--sort", help="modified_at, name or key."),
    page: int = typer.Option(1, "--page", min=1, help="Counted from 1."),
    page_size: int = typer.Option(20, "--page-size", min=1, max=200, help="Rows of it."),
    as_json: bool = JSON,
) -> None:
    """Show what the stores' records would mean for core: counts, a table, or one record."""

    async def verb(hub: Hub) -> Exit:
        if resource is None:
            counts = await hub.staging.counts(connections=await _connections(hub, connection))
            _print_counts(counts, as_json=as_json)
        elif remote_id is not None:
            name = connection or (await hub.register.get()).name
            _print_record(await hub.staging.record(name, resource, remote_id), as_json=as_json)
        else:
            from storetwin.staging.models import Sort

            wanted = await filter_of(hub, resource, state, status, search, field, connection)
            found = await hub.staging.page(
                _selected(wanted) if selected else wanted,
                _named(Sort, sort, "--sort"),
                is_descending=sort == "modified_at",
                page=page,
                page_size=page_size,
            )
            _print_page(found, resource, as_json=as_json)
        return Exit.DONE

    with_hub(verb, as_json=as_json)


def select(
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
    undo: bool = typer.Option(False, "--undo", help="Take back that they are selected."),
    as_json: bool = JSON,
) -> None:
    """Select records for promotion: some by id, or all that match but some."""

    async def verb(hub: Hub) -> Exit:
        from storetwin.staging.models import ChoiceAction

        wanted = await filter_of(hub, resource, state, status, search, field, connection)
        chosen = await chosen_of(hub, wanted, ids, but, connection, every=every)
        action = ChoiceAction.DESELECT if undo else ChoiceAction.SELECT
        made = await hub.staging.choose(chosen, action)
        _print_choice(made, "deselected" if undo else "selected", resource, as_json=as_json)
        return Exit.DONE

    with_hub(verb, as_json=as_json)


def ignore(
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
    undo: bool = typer.Option(False, "--undo", help="Take back that they are ignored."),
    as_json: bool = JSON,
) -> None:
    """Leave records out of promotions until that is taken back: some by id, or all that match."""

    async def verb(hub: Hub) -> Exit:
        from storetwin.staging.models import ChoiceAction

        wanted = await filter_of(hub, resource, state, status, search, field, connection)
        chosen = await chosen_of(hub, wanted, ids, but, connection, every=every)
        action = ChoiceAction.RESTORE if undo else ChoiceAction.IGNORE
        made = await hub.staging.choose(chosen, action)
        _print_choice(made, "restored" if undo else "ignored", resource, as_json=as_json)
        return Exit.DONE

    with_hub(verb, as_json=as_json)


def map_(
    resource: str = RESOURCE,
    remote_id: str = typer.Argument(metavar="ID", help="Its remote id."),
    core_id: str | None = typer.Argument(
        None, metavar="[CORE_ID]", help="The core record that it is."
    ),
    new: bool = typer.Option(False, "--new", help="It is a new one, whatever matches it."),
    connection: str | None = CONNECTION,
    as_json: bool = JSON,
) -> None:
    """Say which core record a record is, or that it is a new one; it is selected for promotion."""
    if (core_id is None) is not new:
        raise typer.BadParameter("Give the id of a core record, or --new, one of the two.")

    async def verb(hub: Hub) -> Exit:
        name = connection or (await hub.register.get()).name
        known = None if core_id is None else _uuid(core_id)
        record = await hub.staging.map(name, resource, remote_id, known)
        if as_json:
            print_json(readable(record))
        else:
            what = "a new one" if known is None else f"core record {known}"
            say(f"{resource} {remote_id} of {name} is {what}, and selected.")
            say(f"  Next: storetwin promote {resource}")
        return Exit.DONE

    with_hub(verb, as_json=as_json)


# -- what several commands share --------------------------------------------------------------------


async def filter_of(
    hub: Hub,
    resource: str,
    states: list[str] | None,
    status: list[str] | None,
    search: str | None,
    field: str | None,
    connection: str | None,
) -> Filter:
    """Return a filter as options say it.

    Raises:
        typer.BadParameter: a state is none.
        UnknownConnectionError: there is no such connection.
    """
    from storetwin.staging.models import Filter, State

    return Filter(
        resource=resource,
        connection_ids=await _connections(hub, connection),
        states=tuple(_named(State, state, "--state") for state in states or ()),
        search=search,
        status=tuple(status or ()),
        field=field,
    )


async def chosen_of(
    hub: Hub,
    wanted: Filter,
    ids: list[str] | None,
    but: list[str] | None,
    connection: str | None,
    *,
    every: bool = False,
) -> Chosen:
    """Return what is meant as arguments and options say it.

    Raises:
        typer.BadParameter: they do not say which records.
    """
    from storetwin.staging.models import Chosen

    narrows = wanted.states or wanted.status or wanted.search or wanted.field
    if not ids and not narrows and not every:
        raise typer.BadParameter("Say which records: ids, --state, --search, … or --all.")
    if not ids and not but:
        return Chosen(wanted)
    owner = await (hub.register.named(connection) if connection else hub.register.get())
    return Chosen(
        wanted,
        ids=tuple((owner.id, one) for one in ids or ()),
        but=tuple((owner.id, one) for one in but or ()),
    )


def readable(record: StagedRecord) -> dict[str, Any]:
    """Return a record as ``--json`` shows it."""
    names = ("connection", "resource", "remote_id", "state", "is_selected", "name", "key", "status")
    found = {name: getattr(record, name) for name in names}
    return found | {
        "modified_at": record.modified_at and record.modified_at.isoformat(),
        "core_id": record.core_id and str(record.core_id),
        "why": record.why,
        "change_count": record.change_count,
        "changes": [{"path": c.path, "old": c.old, "new": c.new} for c in record.changes],
    }


async def _connections(hub: Hub, name: str | None) -> tuple[UUID, ...] | None:
    return None if name is None else ((await hub.register.named(name)).id,)


def _selected(wanted: Filter) -> Filter:
    from dataclasses import replace

    return replace(wanted, is_selected=True)


def _named(kind: Any, text: str, option: str) -> Any:
    try:
        return kind(text)
    except ValueError:
        known = ", ".join(kind)
        raise typer.BadParameter(f"{option} {text} is not one of {known}.") from None


def _uuid(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise typer.BadParameter(f"{text} is no id of a core record.") from None


# -- printing ---------------------------------------------------------------------------------------


def _print_counts(counts: list[Counted], *, as_json: bool) -> None:
    sums: dict[str, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    for count in counts:
        sums[count.resource][count.state.value] += count.records
        sums[count.resource]["selected"] += count.selected
    if as_json:
        print_json({name: dict(states) for name, states in sorted(sums.items())})
        return
    if not sums:
        say_error("Nothing was pulled yet. Start with: storetwin pull CONNECTION")
        return
    from storetwin.cli.screen import out, table

    states = ("new", "updated", "deleted", "waiting", "stale", "in_sync", "ignored", "selected")
    rows = [
        (name, *(f"{found[state]:,}" if found.get(state) else "" for state in states))
        for name, found in sorted(sums.items())
    ]
    heads = [f"{state.replace('_', ' ')}>" for state in states]
    out().print(table(None, ("resource", *heads), rows))


def _print_page(found: StagedPage, resource: str, *, as_json: bool) -> None:
    if as_json:
        print_json(
            {
                "data": [readable(record) for record in found.data],
                "row_count": found.row_count,
                "row_count_is_exact": not found.is_cut_off,
                "page": found.page,
                "page_size": found.page_size,
            }
        )
        return
    if not found.data:
        say_error(f"No {resource} match. See what there is: storetwin staging")
        return
    from storetwin.cli.screen import out, table

    rows = [
        (
            "✓" if record.is_selected else "",
            record.remote_id,
            record.state.value.replace("_", " "),
            record.name or "",
            record.key or "",
            record.status or "",
            _what(record),
        )
        for record in found.data
    ]
    out().print(table(None, ("", "id", "state", "name", "key", "status", "what"), rows))
    more = "more than " if found.is_cut_off else ""
    say(f"Page {found.page}: {len(rows)} of {more}{found.row_count:,}.")


def _what(record: StagedRecord) -> str:
    if record.why:
        return record.why
    told = [f"{c.label}: {c.old or '–'} → {c.new or '–'}" for c in record.changes[:MOST_CHANGES]]
    rest = record.change_count - len(told)
    return "; ".join([*told, *([f"{rest} more"] if rest > 0 else [])])


def _print_record(whole: Any, *, as_json: bool) -> None:
    record = whole.record
    if as_json:
        shown = [
            {"path": c.path, "label": c.label, "old": c.old, "new": c.new} for c in whole.changes
        ]
        may_be = [{"core_id": str(c.core_id), "told": dict(c.told)} for c in whole.candidates]
        found = readable(record) | {"changes": shown, "candidates": may_be}
        print_json(found | {"along": {n: list(ids) for n, ids in (whole.along or {}).items()}})
        return
    say(
        f"{record.resource} {record.remote_id} of {record.connection}: {record.name or ''}".rstrip()
    )
    say(f"  {record.state.value.replace('_', ' ')}{', selected' if record.is_selected else ''}")
    if record.why:
        say(f"  {record.why}")
    for one in whole.candidates:
        told = ", ".join(f"{name} {value}" for name, value in one.told.items())
        say(f"  May be core record {one.core_id}: {told}{' (taken)' if one.is_taken else ''}")
    for resource, ids in (whole.along or {}).items():
        say(f"  Comes along: {resource} {', '.join(ids)}")
    for change in whole.changes:
        say(f"  {change.label}: {_brief(change.old)} → {_brief(change.new)}")


def _brief(value: str | None) -> str:
    """Return a value as a line of the terminal has room for it; ``--json`` tells it whole."""
    from storetwin.staging.delta import LONGEST

    text = value or "–"
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"


def _print_choice(made: Chose, what: str, resource: str, *, as_json: bool) -> None:
    if as_json:
        print_json({"matched": made.matched, "changed": made.changed})
        return
    say(f"{made.changed:,} of {made.matched:,} {resource} {what}.")
    if what == "selected" and made.changed:
        say(f"  Next: storetwin promote {resource}")
