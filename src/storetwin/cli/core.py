"""``storetwin core`` and ``storetwin customers``: the back office's own records, and what customers are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import UUID

import typer

from storetwin.cli.exits import Exit
from storetwin.cli.options import JSON
from storetwin.cli.running import print_json, say_error, with_hub

if TYPE_CHECKING:
    from storetwin.core.figures import Ranked, SegmentCount
    from storetwin.core.read import Document
    from storetwin.hub import Hub
    from storetwin.hub.core import CoreRecord
    from storetwin.mapping.models import Noun

NOUN = typer.Argument(metavar="NOUN", help="Like products, orders or customers.")
ID = typer.Argument(None, metavar="[ID]", help="One record, by its id in core.")
SEARCH = typer.Option(
    None, "--search", "-q", help="How a SKU, slug, e-mail, number or code begins."
)
CONNECTION = typer.Option(None, "--connection", "-c", help="Only what this store has.")
SET = typer.Option(
    None, "--set", metavar="COLUMN=VALUE", help="Change a column; it stands whatever stores say."
)
TAKE_BACK = typer.Option(
    None, "--take-back", metavar="COLUMN", help="Let it be again what the stores say."
)
LIMIT = typer.Option(20, "--limit", min=1, max=200, help="How many at most.")
MOST_COLUMNS = 5
_TELLING = (
    "number",
    "sku",
    "code",
    "name",
    "email",
    "slug",
    "status",
    "total",
    "price",
    "amount",
    "currency",
)


def core(
    noun: str = NOUN,
    core_id: str | None = ID,
    *,
    search: str | None = SEARCH,
    connection: str | None = CONNECTION,
    gone: bool = typer.Option(False, "--gone", help="Only what no store has any more."),
    edited: bool = typer.Option(False, "--edited", help="Only what a person changed."),
    set_: list[str] = SET,
    take_back: list[str] = TAKE_BACK,
    limit: int = LIMIT,
    as_json: bool = JSON,
) -> None:
    """List records of core, show one with where it comes from, or change one."""

    async def verb(hub: Hub) -> Exit:
        from storetwin.core.listing import Wanted
        from storetwin.hub.core import noun_named

        found = noun_named(noun)
        if core_id is not None:
            record = await _one(hub, noun, _id(core_id), set_ or [], take_back or [])
            _print_record(record, as_json=as_json)
            return Exit.DONE
        if set_ or take_back:
            say_error("Name the record that is to be changed, by its id in core.")
            return Exit.WRONG_USE
        wanted = Wanted(search=search, is_gone=True if gone else None, is_edited=edited)
        rows = await hub.core.page(noun, wanted, connection=connection, limit=limit)
        _print_list(found, rows, as_json=as_json)
        return Exit.DONE

    with_hub(verb, as_json=as_json)


def customers(
    segment: str | None = typer.Argument(
        None, metavar="[SEGMENT]", help="Like champion or at_risk."
    ),
    *,
    currency: str | None = typer.Option(None, "--currency", help="Only figures in this currency."),
    limit: int = LIMIT,
    as_json: bool = JSON,
) -> None:
    """Show what customers are to the shop: how many of each segment, or those of one."""

    async def verb(hub: Hub) -> Exit:
        if segment is None:
            counts = [one for one in await hub.core.segments() if currency in (None, one.currency)]
            _print_segments(counts, as_json=as_json)
        else:
            ranked = await hub.core.segment(_segment(segment), currency=currency, limit=limit)
            _print_customers(ranked, as_json=as_json)
        return Exit.DONE

    with_hub(verb, as_json=as_json)


async def _one(hub: Hub, noun: str, core_id: UUID, given: list[str], back: list[str]) -> CoreRecord:
    if not given and not back:
        return await hub.core.one(noun, core_id)
    from storetwin.hub.core import noun_named

    values = _values(noun_named(noun), given)
    return await hub.core.change(noun, core_id, values, back, user_id=None)


def _values(noun: Noun, given: list[str]) -> dict[str, Any]:
    """Return what is to be set, each in the form that its column takes; nothing empties it."""
    from storetwin.mapping.models import Kind

    kinds = {one.name: one.kind for one in noun.fields}
    values: dict[str, Any] = {}
    for one in given:
        name, separator, text = one.partition("=")
        if not separator:
            say_error(f"Write {one!r} like COLUMN=VALUE.")
            raise typer.Exit(int(Exit.WRONG_USE))
        if kinds.get(name) is Kind.BOOLEAN and text in ("true", "false"):
            values[name] = text == "true"
        elif kinds.get(name) is Kind.TEXTS:
            values[name] = [part for part in text.split(",") if part]
        else:
            values[name] = text or None
    return values


def _id(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        say_error(f"{text!r} is no id of core: `storetwin core NOUN --json` shows them.")
        raise typer.Exit(int(Exit.WRONG_USE)) from None


def _segment(text: str) -> Any:
    from storetwin.core.segments import Segment

    try:
        return Segment(text)
    except ValueError:
        say_error(f"There is no segment {text!r}. There are: {', '.join(Segment)}.")
        raise typer.Exit(int(Exit.WRONG_USE)) from None


def _print_list(noun: Noun, rows: list[Document], *, as_json: bool) -> None:
    if as_json:
        print_json([_document(row) for row in rows])
    elif not rows:
        say_error(
            f"Core has no such {noun.name}. `storetwin staging {noun.resource}` shows what could come in."
        )
    else:
        from storetwin.cli.screen import out, table

        names = [name for name in _TELLING if any(row.values.get(name) is not None for row in rows)]
        names = names[:MOST_COLUMNS]
        lines = [
            (str(row.core_id), *(_text(row.values.get(name)) for name in names)) for row in rows
        ]
        out().print(table(None, ("id", *names), lines))


def _print_record(record: CoreRecord, *, as_json: bool) -> None:
    document = record.document
    if as_json:
        print_json(
            {
                **_document(document),
                "parts": document.parts,
                "links": [
                    {
                        "connection": one.connection,
                        "resource": one.resource,
                        "remote_id": one.remote_id,
                    }
                    for one in record.links
                ],
                "edits": {
                    one.field: {"value": one.value, "said": one.said} for one in record.edits
                },
            }
        )
        return
    from storetwin.cli.screen import out, table

    edited = {one.field: one for one in record.edits}
    rows = []
    for column in record.noun.fields:
        value = document.values.get(column.name)
        if value is None and column.name not in edited:
            continue
        note = f"stores say {_text(edited[column.name].said)}" if column.name in edited else ""
        rows.append((column.name, _text(value), note))
    out().print(
        table(f"{record.noun.label} {document.core_id}", ("column", "value", "changed"), rows)
    )
    if record.links:
        links = [(one.connection, one.resource, one.remote_id) for one in record.links]
        out().print(table("From", ("connection", "resource", "record"), links))
    counts = [(name, f"{len(lines):,}") for name, lines in document.parts.items() if lines]
    if counts:
        out().print(table("Parts", ("table", "rows>"), counts))


def _print_segments(counts: list[SegmentCount], *, as_json: bool) -> None:
    if as_json:
        print_json(
            [
                {
                    "segment": one.segment.value,
                    "currency": one.currency,
                    "customers": one.customers,
                    "orders": one.orders,
                    "lifetime_value": one.lifetime_value,
                }
                for one in counts
            ]
        )
    elif not counts:
        say_error(
            "No customer has an order that counts. `storetwin promote orders` brings them into core."
        )
    else:
        from storetwin.cli.screen import out, table

        rows = [
            (
                one.segment.value,
                one.currency,
                f"{one.customers:,}",
                f"{one.orders:,}",
                f"{one.lifetime_value:,.2f}",
            )
            for one in counts
        ]
        out().print(
            table(None, ("segment", "currency", "customers>", "orders>", "lifetime value>"), rows)
        )


def _print_customers(ranked: list[Ranked], *, as_json: bool) -> None:
    if as_json:
        print_json(
            [
                {
                    "customer_id": one.figures.customer_id,
                    "email": one.email,
                    "name": one.name,
                    "is_guest": one.is_guest,
                    "currency": one.figures.currency,
                    "orders": one.figures.orders,
                    "lifetime_value": one.figures.lifetime_value,
                    "average": one.figures.average,
                    "last_order_at": one.figures.last_order_at,
                    "recency_days": one.figures.recency_days,
                }
                for one in ranked
            ]
        )
    elif not ranked:
        say_error("Nobody is in this segment. `storetwin customers` counts all of them.")
    else:
        from storetwin.cli.screen import out, table

        rows = [
            (
                one.name or one.email or str(one.figures.customer_id),
                one.figures.currency,
                f"{one.figures.orders:,}",
                f"{one.figures.lifetime_value:,.2f}",
                f"{one.figures.recency_days} days",
            )
            for one in ranked
        ]
        columns = ("customer", "currency", "orders>", "lifetime value>", "last order>")
        out().print(table(None, columns, rows))


def _document(row: Document) -> dict[str, Any]:
    return {
        "id": row.core_id,
        "values": row.values,
        "references": row.core_ids,
        "updated_at": row.updated_at,
        "gone_at": row.gone_at,
    }


def _text(value: Any) -> str:
    if value is None:
        return ""
    text = ", ".join(map(str, value)) if isinstance(value, list) else str(value)
    return text if len(text) <= 60 else f"{text[:59]}…"
