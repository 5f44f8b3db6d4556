"""Questions of fields, filters, groups and sorts."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Path, Query, Response
from pydantic import BaseModel, Field, StrictBool, StrictFloat, StrictInt, StrictStr

from storetwin.api.callers import Reader
from storetwin.api.given import Given
from storetwin.api.route import QuestionRoute
from storetwin.kernel.json_values import written
from storetwin.reading.fields import COLUMN_MEANINGS, COLUMNS
from storetwin.reading.query_models import (
    MOST_FILTERS,
    MOST_OFFSET,
    MOST_OUTPUTS,
    MOST_ROWS,
    Asked,
    GivenFilter,
)

router = APIRouter(prefix="/queries", tags=["queries"], route_class=QuestionRoute)
ROUTERS = (router,)

Text = Annotated[StrictStr, Field(max_length=1000)]
Number = Annotated[StrictInt, Field(ge=-(2**63), le=2**63 - 1)]
Float = Annotated[StrictFloat, Field(allow_inf_nan=False, ge=-1e40, le=1e40)]
One = StrictBool | Number | Float | Text
Name = Annotated[str, Field(min_length=1, max_length=220)]
ResourceName = Annotated[str, Field(min_length=1, max_length=63, examples=["orders"])]


class FilterGiven(Given):
    """A condition; all of them have to hold."""

    field: Name = Field(description="A path or a column.", examples=["status"])
    operator: Literal[
        "=", "!=", "<", "<=", ">", ">=", "in", "between", "contains", "prefix", "is_null"
    ] = "="
    value: One | Annotated[list[One], Field(max_length=200)] | None = Field(
        default=None, description="A list for `in` and `between`; true or false for `is_null`."
    )


class QueryGiven(Given):
    """A question; see docs/reference/queries.md."""

    resource: ResourceName
    fields: list[Name] = Field(
        default=[],
        max_length=MOST_OUTPUTS,
        description="Paths, columns, and `count()`, `count_distinct(…)`, `sum(…)`, `avg(…)`, "
        "`min(…)`, `max(…)`.",
        examples=[["count()", "sum(total)"]],
    )
    filters: list[FilterGiven] = Field(default=[], max_length=MOST_FILTERS)
    group: list[Name] = Field(
        default=[],
        max_length=MOST_OUTPUTS,
        description="Paths and columns; `day(…)`, `week(…)`, `month(…)` of a time.",
        examples=[["status"]],
    )
    sort: list[Name] = Field(
        default=[],
        max_length=MOST_OUTPUTS,
        description="Fields of the answer; with `-` before, the greatest first.",
        examples=[["-sum(total)"]],
    )
    limit: int = Field(default=100, ge=1, le=MOST_ROWS)
    offset: int = Field(default=0, ge=0, le=MOST_OFFSET)
    connection: str | None = Field(
        default=None, min_length=1, max_length=200, description="Name or id: only its records."
    )
    include_gone: bool = Field(default=False, description="Also records that the store deleted.")


class QueryAnswer(BaseModel):
    """The answer to a question."""

    columns: list[str]
    rows: list[list[Any]] = Field(
        description="One list a row, in the order of `columns`; sums and averages as text, "
        "like stores write money."
    )
    next_offset: int | None = Field(description="Where the next rows begin; null on the last.")
    each: str | None = Field(description="The list whose elements the rows are; null: records.")
    doubts: list[str] = Field(description="What should be known of the answer.")


class FieldSeen(BaseModel):
    """A field of a resource."""

    name: str
    kinds: list[str] = Field(examples=[["decimal text"]])
    records: int = Field(description="How many of the records that were looked at have it.")
    words: list[str] = Field(description="Its values, where they are words of the store.")


class ColumnKept(BaseModel):
    """A column that the twin keeps of every record: fast to filter by."""

    name: str
    kind: str
    meaning: str


class ResourceDescribed(BaseModel):
    """What can be asked of a resource."""

    resource: str
    looked_at: int = Field(description="How many records were looked at.")
    defaults: list[str] = Field(description="What is shown where no fields are named.")
    columns: list[ColumnKept]
    fields: list[FieldSeen]


@router.post("", response_model=QueryAnswer)
async def ask_query(caller: Reader, query: QueryGiven) -> Response:
    """Answer a question from the twin: fields, filters, groups, sorts.

    It reads for five seconds at most; a question that needs longer is told what would narrow it.
    """
    asked = Asked(
        resource=query.resource,
        fields=tuple(query.fields),
        filters=tuple(GivenFilter(f.field, f.operator, _exact(f.value)) for f in query.filters),
        group=tuple(query.group),
        sort=tuple(query.sort),
        limit=query.limit,
        offset=query.offset,
        connection=query.connection,
        has_gone=query.include_gone,
    )
    answer = await caller.hub.queries.ask(asked)
    document = {
        "columns": answer.columns,
        "rows": answer.rows,
        "next_offset": answer.next_offset,
        "each": answer.each,
        "doubts": answer.doubts,
    }
    return Response(written(document), media_type="application/json")


def _exact(value: Any) -> Any:
    """Return numbers as they were written, not as they are kept in binary."""
    return Decimal(repr(value)) if isinstance(value, float) else value


@router.get("/{resource}")
async def describe_resource(
    caller: Reader,
    resource: Annotated[str, Path(max_length=63)],
    connection: Annotated[
        str | None, Query(max_length=200, description="Name or id; absent: records of all of them.")
    ] = None,
) -> ResourceDescribed:
    """Say which fields a resource has, by looking at some of its records; no value of a person."""
    described = await caller.hub.queries.describe(resource, connection)
    return ResourceDescribed(
        resource=described.resource,
        looked_at=described.sample.size,
        defaults=list(described.defaults),
        columns=[
            ColumnKept(name=name, kind=kind, meaning=COLUMN_MEANINGS[name])
            for name, kind in COLUMNS.items()
        ],
        fields=[
            FieldSeen(
                name=seen.name,
                kinds=sorted(seen.kinds),
                records=seen.records,
                words=sorted(seen.words),
            )
            for seen in described.sample.fields.values()
        ],
    )
