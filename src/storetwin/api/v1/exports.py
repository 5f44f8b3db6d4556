"""Records in bulk, as a file."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request, Response
from pydantic import BaseModel, Field

from storetwin.api.bulk import streamed
from storetwin.api.callers import Exporter
from storetwin.api.moments import Moment
from storetwin.api.route import DoorRoute
from storetwin.hub.exports import Export, ExportAsked, Exports
from storetwin.reading.export_formats import Format

router = APIRouter(prefix="/exports", tags=["exports"], route_class=DoorRoute)
ROUTERS = (router,)

_TEXT = {"schema": {"type": "string"}}
_FILE = {"schema": {"type": "string", "format": "binary"}}
_ANSWER: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "The records, as they come. An answer that breaks off is not whole.",
        "content": {
            "text/csv": _TEXT,
            "application/x-ndjson": _TEXT,
            "application/json": {"schema": {"type": "array", "items": {}}},
            "application/vnd.apache.parquet": _FILE,
        },
    }
}
Status = Annotated[str, Field(max_length=100)]
Name = Annotated[str, Field(max_length=200)]


class ExportParams(BaseModel):
    """Which records, and in which form."""

    format: Format = Field(default=Format.CSV, description="How they are written.")
    connection: str | None = Field(
        default=None, max_length=200, description="Name or id; all without it."
    )
    since: Moment | None = Field(
        default=None, description="Created from then on, by the store's date."
    )
    until: Moment | None = Field(default=None, description="Created before then.")
    status: list[Status] = Field(
        default=[], max_length=50, description="Only these; all without it."
    )
    field: list[Name] = Field(
        default=[], max_length=100, description="Columns of csv and parquet, in place of ours."
    )
    include_gone: bool = Field(default=False, description="Also what the store deleted.")


@router.get("/{resource}", response_class=Response, responses=_ANSWER)
async def export_records(
    caller: Exporter,
    request: Request,
    resource: Annotated[str, Path(max_length=63)],
    params: Annotated[ExportParams, Query()],
) -> Response:
    """Take away all records of a resource: csv, jsonl, json or parquet.

    They come from the twin as it is at one moment, in constant memory, however many there are. An
    answer that breaks off lacks HTTP's last chunk: a client that checks it knows.
    """
    exports = caller.hub.exports
    export = await exports.prepare(
        ExportAsked(
            resource=resource,
            format=params.format,
            connection=params.connection,
            since=params.since,
            until=params.until,
            statuses=tuple(params.status),
            fields=tuple(params.field),
            has_gone=params.include_gone,
        )
    )
    headers = {"Content-Disposition": f'attachment; filename="{export.file_name}"'}
    pieces = _pieces(exports, export)
    return await streamed(request, pieces, params.format.media_type, headers)


async def _pieces(exports: Exports, export: Export) -> AsyncGenerator[bytes]:
    async with aclosing(exports.stream(export)) as pieces:
        async for piece in pieces:
            yield piece.data
