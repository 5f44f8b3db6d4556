"""Tools that answer questions: what there is, what it holds, sums and counts."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Annotated, Any, Literal

import msgspec
from pydantic import BaseModel, ConfigDict, Field

from storetwin.hub import Hub
from storetwin.mcp.answers import MOST_BYTES
from storetwin.mcp.identity import Who
from storetwin.mirror.models import State
from storetwin.reading.fields import COLUMN_MEANINGS
from storetwin.reading.query_models import MOST_OFFSET, MOST_ROWS, Asked, GivenFilter
from storetwin.reading.query_run import Answer
from storetwin.reading.tallies import Days
from storetwin.tenancy.models import Permission

Text = Annotated[str, Field(max_length=1000)]
Name = Annotated[str, Field(min_length=1, max_length=220)]
ResourceName = Annotated[str, Field(max_length=63, description="Like orders, products, customers.")]
ConnectionName = Annotated[
    str | None, Field(max_length=200, description="Name or id of a connection; all without it.")
]
Day = Annotated[date | None, Field(description="Like 2026-01-31; the last is not among them.")]
Value = bool | int | float | Text | None
_ROOM = 2_000  # of an answer, for what is beside its rows


class FilterGiven(BaseModel):
    """A condition; all of them have to hold."""

    model_config = ConfigDict(extra="forbid")

    field: Name
    operator: Literal[
        "=", "!=", "<", "<=", ">", ">=", "in", "between", "contains", "prefix", "is_null"
    ] = "="
    value: Value | Annotated[list[Value], Field(max_length=200)] = None


@dataclass(frozen=True, slots=True)
class Caller:
    """Gives each call the hub of the organisation in which its caller asks.

    Args:
        hub: of any organisation.
    """

    hub: Hub
    who: Who

    async def own(self) -> Hub:
        """Return the caller's hub: what it does not reach is not his.

        Raises:
            UnauthenticatedError: nobody whom we know.
            ForbiddenError: he may not read.
        """
        principal = await self.who()
        principal.require(Permission.READ)
        return self.hub.of(principal.organisation_id)


@dataclass(frozen=True, slots=True)
class Questions:
    """Tools about many records at a time."""

    caller: Caller

    async def list_resources(self, connection: ConnectionName = None) -> Any:
        """List the kinds of records that the twin holds for each store, how many, and how fresh."""
        hub = await self.caller.own()
        chosen = [await hub.register.named(connection)] if connection else None
        found = {}
        for one in chosen or await hub.register.every():
            inventory = await hub.records.inventory(one.name)
            found[one.name] = [
                {
                    "resource": held.resource,
                    "records": sum(
                        n for state, n in held.counts.items() if state is not State.GONE
                    ),
                    "gone": held.counts.get(State.GONE, 0),
                    "changed_at": held.changed_at,
                    "synced_at": held.cursor.synced_at if held.cursor else None,
                }
                for held in inventory
                if held.counts or held.is_pulled
            ]
        return {"connections": found}

    async def describe_resource(
        self, resource: ResourceName, connection: ConnectionName = None
    ) -> Any:
        """Say which fields a resource has, what kind of values they hold, and which are fast.

        Call this before `query`. It looks at some records and shows no value of a person.
        """
        hub = await self.caller.own()
        described = await hub.queries.describe(resource, connection)
        fields = {
            seen.name: _short(sorted(seen.kinds), sorted(seen.words))
            for seen in described.sample.fields.values()
        }
        return {
            "resource": described.resource,
            "looked_at": described.sample.size,
            "fast_columns": COLUMN_MEANINGS,
            "fields": fields,
        }

    async def query(
        self,
        resource: ResourceName,
        fields: Annotated[list[Name], Field(max_length=40)] | None = None,
        filters: Annotated[list[FilterGiven], Field(max_length=20)] | None = None,
        group: Annotated[list[Name], Field(max_length=40)] | None = None,
        sort: Annotated[list[Name], Field(max_length=40)] | None = None,
        limit: Annotated[int, Field(ge=1, le=MOST_ROWS)] = 50,
        offset: Annotated[int, Field(ge=0, le=MOST_OFFSET)] = 0,
        connection: ConnectionName = None,
    ) -> Any:
        """Ask the twin: fields, filters, groups, sorts; counted and summed exactly.

        Fields are dotted paths into the store's documents (billing.country), `[]` goes through a
        list (line_items[].sku: then the rows are its elements), and fast columns like status and
        created_at. Aggregates: count(), count_distinct(f), sum(f), avg(f), min(f), max(f). Groups:
        fields, or day(f), week(f), month(f) of a time. Sort by a column of the answer, `-` before
        it for the greatest first. Filter by created_at or status where you can: the rest is slow.
        Example: fields ["count()", "sum(total)"], group ["status"], sort ["-count()"], filters
        [{"field": "created_at", "operator": ">=", "value": "2026-01-01"}].
        """
        hub = await self.caller.own()
        asked = Asked(
            resource=resource,
            fields=tuple(fields or ()),
            filters=tuple(
                GivenFilter(given.field, given.operator, _exact(given.value))
                for given in filters or ()
            ),
            group=tuple(group or ()),
            sort=tuple(sort or ()),
            limit=limit,
            offset=offset,
            connection=connection,
        )
        # Rows may take less than the answer: names, quotes and commas come on top.
        return _answered(await hub.queries.ask(asked, most_bytes=MOST_BYTES // 2 - _ROOM))

    async def order_statistics(
        self, since: Day = None, until: Day = None, connection: ConnectionName = None
    ) -> Any:
        """Count orders by status and sum revenue by currency, exactly; fast for any number.

        Days are days of creation (UTC). Revenue is what WooCommerce takes for paid.
        """
        hub = await self.caller.own()
        found = await hub.board.statistics(connection, Days(since, until), None)
        return msgspec.to_builtins(found)


def _answered(answer: Answer) -> Any:
    found: dict[str, Any] = {"columns": answer.columns, "rows": answer.rows}
    if answer.next_offset is not None:
        found["next_offset"] = answer.next_offset
    if answer.each:
        found["each"] = answer.each
    if answer.doubts:
        found["doubts"] = answer.doubts
    return found


def _short(kinds: list[str], words: list[str]) -> str:
    return f"{', '.join(kinds)}: {', '.join(words)}" if words else ", ".join(kinds)


def _exact(value: Any) -> Any:
    return Decimal(repr(value)) if isinstance(value, float) else value
