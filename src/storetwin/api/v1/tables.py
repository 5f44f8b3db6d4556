"""The table of any resource: what people look for a record by, and the record itself."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Response
from pydantic import AwareDatetime, BaseModel, Field

from storetwin.api.callers import Reader
from storetwin.api.route import DoorRoute
from storetwin.api.tables import ConnectionAsked, Sorted, Statuses, TableAnswer, Text
from storetwin.reading.board_models import Asked

router = APIRouter(prefix="/tables", tags=["tables"], route_class=DoorRoute)
ROUTERS = (router,)


class TableRow(BaseModel):
    """A record as a table shows it."""

    external_id: str = Field(description="The store's own id.", examples=["4711"])
    connection: str = Field(description="Name of the connection it came through.")
    state: str = Field(description="`listed`, `unlisted` or `partial`.")
    status: str | None = Field(examples=["publish"])
    name: str | None = Field(examples=["Hoodie"])
    sku: str | None = Field(examples=["HOODIE-1"])
    email: str | None = Field(description="In lower case.")
    order_number: str | None
    created_at: AwareDatetime | None
    modified_at: AwareDatetime | None
    total: str | None = Field(examples=["59.90"])
    currency: str | None = Field(examples=["EUR"])
    raw: Any = Field(default=None, description="As the store sent it; only with `raw=true`.")


class TablePage(TableAnswer):
    """A page of a table."""

    data: list[TableRow]


@router.get("/{resource}", response_model=TablePage)
async def list_rows(
    caller: Reader,
    resource: Annotated[str, Path(min_length=1, max_length=100, examples=["products"])],
    part: Sorted,
    connection: ConnectionAsked = None,
    status: Statuses = None,
    q: Text = None,
    raw: Annotated[
        bool, Query(description="Each row with the record as the store sent it.")
    ] = False,
) -> Response:
    """List the records of a resource as a table.

    Sorted by `number` it is sorted by the store's ids, where records have no number of their own.
    Trash and drafts that no person made are left out unless `status` names them. Search, pages and
    dates are as for orders.
    """
    asked = part.of(
        Asked(
            resource=resource,
            connection=connection,
            statuses=tuple(status or ()),
            text=q,
            has_documents=raw,
            is_plain=True,
        )
    )
    return part.answer(asked, await caller.hub.board.table(asked))
