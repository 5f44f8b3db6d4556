"""``storetwin query``: a question to the twin, and what can be asked of a resource."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import typer

from storetwin.cli.exits import Exit
from storetwin.cli.options import JSON
from storetwin.cli.running import print_json, say, say_error, with_hub

if TYPE_CHECKING:
    from storetwin.hub import Hub
    from storetwin.hub.queries import Described
    from storetwin.reading.query_models import GivenFilter
    from storetwin.reading.query_run import Answer

_WHERE = re.compile(
    r"\s*(?P<field>.+?)\s*(?P<operator>!=|<=|>=|=|<|>| (?:in|between|contains|prefix|is_null)\b)"
    r"\s*(?P<value>.*)",
    re.DOTALL,
)
_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?")


def query(
    resource: str = typer.Argument(help="A resource, like orders.", metavar="RESOURCE"),
    *,
    field: list[str] | None = typer.Option(
        None, "--field", help="A field, or count(), sum(total), … (may be given several times)."
    ),
    where: list[str] | None = typer.Option(
        None,
        "--where",
        metavar="CONDITION",
        help="Like 'status=processing', 'total>=100', 'currency in EUR,USD' (may be given "
        "several times; all have to hold).",
    ),
    group: list[str] | None = typer.Option(
        None, "--group", help="Group by a field, or by day(…), week(…), month(…) of a time."
    ),
    sort: list[str] | None = typer.Option(
        None, "--sort", help="Sort by a column of the answer; -NAME: the greatest first."
    ),
    limit: int = typer.Option(20, "--limit", min=1, max=1000, help="How many rows at most."),
    offset: int = typer.Option(0, "--offset", min=0, max=10_000, help="Leave out so many rows."),
    connection: str | None = typer.Option(None, "--connection", help="Only of this connection."),
    gone: bool = typer.Option(False, "--gone", help="Also what the store deleted."),
    describe: bool = typer.Option(False, "--describe", help="Say which fields there are."),
    as_json: bool = JSON,
) -> None:
    """Ask the twin: fields, conditions, groups, sums. Nothing is asked of the store."""

    async def verb(hub: Hub) -> Exit:
        from storetwin.reading.query_models import Asked

        if describe:
            _print_description(await hub.queries.describe(resource, connection), as_json=as_json)
            return Exit.DONE
        asked = Asked(
            resource=resource,
            fields=tuple(field or ()),
            filters=tuple(map(_filter, where or ())),
            group=tuple(group or ()),
            sort=tuple(sort or ()),
            limit=limit,
            offset=offset,
            connection=connection,
            has_gone=gone,
        )
        _print_answer(await hub.queries.ask(asked), as_json=as_json)
        return Exit.DONE

    with_hub(verb, as_json=as_json)


def _filter(text: str) -> GivenFilter:
    """Read a condition: what is in quotes is text, what looks like a number is one."""
    from storetwin.kernel.errors import ConfigurationError
    from storetwin.reading.query_models import GivenFilter

    found = _WHERE.fullmatch(text)
    if found is None:
        raise ConfigurationError(
            f"{text!r} is no condition.",
            remedy="Write a field, an operator and a value: 'status=processing', 'total>=100', "
            "'currency in EUR,USD', 'date_paid is_null true'.",
        )
    operator, value = found["operator"].strip(), found["value"].strip()
    given: Any = _value(value)
    if operator in ("in", "between"):
        given = [_value(part.strip()) for part in value.split(",")]
    return GivenFilter(found["field"], operator, given)


def _value(text: str) -> str | bool | Decimal:
    if len(text) >= 2 and text[0] == text[-1] and text[0] in "'\"":
        return text[1:-1]
    if text in ("true", "false"):
        return text == "true"
    return Decimal(text) if _NUMBER.fullmatch(text) else text


def _print_answer(answer: Answer, *, as_json: bool) -> None:
    if as_json:
        print_json(
            {
                "columns": answer.columns,
                "rows": answer.rows,
                "next_offset": answer.next_offset,
                "each": answer.each,
                "doubts": answer.doubts,
            }
        )
        return
    for doubt in answer.doubts:
        say_error(f"Note: {doubt}")
    if not answer.rows:
        say("No record fits. --describe shows which fields there are.")
        return
    _print_table(answer.columns, answer.rows)
    if answer.next_offset is not None:
        say(f"There are more: --offset {answer.next_offset}, or --limit up to 1000.")


def _print_table(columns: tuple[str, ...], rows: list[list[Any]]) -> None:
    from storetwin.cli.screen import out, table
    from storetwin.kernel.json_values import written

    lines = [
        ["–" if v is None else v if isinstance(v, str) else written(v) for v in row] for row in rows
    ]
    out().print(table(None, columns, lines))


def _print_description(described: Described, *, as_json: bool) -> None:
    from storetwin.reading.fields import COLUMN_MEANINGS

    seen = described.sample.fields.values()
    if as_json:
        fields = [
            {
                "name": s.name,
                "kinds": sorted(s.kinds),
                "records": s.records,
                "words": sorted(s.words),
            }
            for s in seen
        ]
        size = described.sample.size
        print_json({"resource": described.resource, "looked_at": size, "fields": fields})
        return
    say("Kept of every record, fast to filter by:")
    for name, meaning in COLUMN_MEANINGS.items():
        say(f"  {name:<14} {meaning}")
    if not described.sample.size:
        say(f"The twin has no {described.resource} yet: storetwin pull CONNECTION")
        return
    say(f"In the documents ({described.sample.size} looked at):")
    for one in seen:
        words = f" ({', '.join(sorted(one.words))})" if one.words else ""
        say(f"  {one.name}: {', '.join(sorted(one.kinds))}{words}")
