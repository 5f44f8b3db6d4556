"""Certificates of completeness: asked for at any time, and kept."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Path, Query, Request, Response
from pydantic import BaseModel, Field

from storetwin.api.callers import Importer, Reader
from storetwin.api.given import Given
from storetwin.api.paging import Cursor, Limit, Page, page_of, position_of
from storetwin.api.route import DoorRoute
from storetwin.api.run_forms import Name, RunShown
from storetwin.api.v1.runs import accepted
from storetwin.db.database import Row
from storetwin.mirror.models import Level
from storetwin.runs.asking import Asked
from storetwin.runs.models import RunKind

router = APIRouter(prefix="/certificates", tags=["certificates"], route_class=DoorRoute)
of_connection = APIRouter(prefix="/connections", tags=["certificates"], route_class=DoorRoute)
ROUTERS = (router, of_connection)


class NewCertificate(Given):
    """A certificate that is asked for."""

    level: Level = Field(
        default=Level.MODIFIED,
        description="Which records exist (`ids`), their dates as well (`modified`), or every byte.",
    )
    resources: list[Name] = Field(
        default_factory=list, max_length=100, description="None means all of the connection."
    )
    now: bool = Field(default=False, description="Do not mind the connection's quiet hours.")


class CertificateShown(BaseModel):
    """What a certificate says, in short."""

    certificate_id: UUID
    connection: str
    connection_id: UUID
    run_id: UUID
    level: Level
    is_complete: bool = Field(
        description="Each record that was there throughout is in the twin, at the stated level."
    )
    started_at: datetime
    ended_at: datetime


class CertificateWhole(CertificateShown):
    """A certificate, resource by resource."""

    document: dict[str, Any] = Field(
        description="Each resource counted on both sides, with what is lacking and why."
    )


@router.get("")
async def list_certificates(
    caller: Reader,
    limit: Limit = 50,
    cursor: Cursor = None,
    connection: Annotated[
        str | None, Query(max_length=200, description="Name or id of the connection.")
    ] = None,
    is_complete: Annotated[
        bool | None, Query(description="Only those, or only the others.")
    ] = None,
) -> Page[CertificateShown]:
    """List certificates, the newest first."""
    question = f"certificates {connection} {is_complete}"
    position = position_of(cursor, question, UUID)
    rows = await caller.hub.asking.certificates(
        connection,
        is_complete=is_complete,
        behind=position[0] if position else None,
        limit=limit + 1,
    )
    shown = [CertificateShown(**row) for row in rows]
    return page_of(shown, limit, question, lambda one: one.certificate_id)


@router.get("/{certificate_id}")
async def show_certificate(caller: Reader, certificate_id: UUID) -> CertificateWhole:
    """Show a certificate with each resource."""
    return _whole(await caller.hub.asking.certificate(certificate_id))


@of_connection.post("/{connection}/certificates", status_code=202)
async def request_certificate(
    caller: Importer,
    connection: Annotated[str, Path(max_length=200)],
    new: NewCertificate,
    request: Request,
    response: Response,
) -> RunShown:
    """Ask for a certificate: a run that walks the store once more. Its id names the proof in the end."""
    asked = Asked(RunKind.VERIFY, tuple(new.resources), level=new.level.value, now=new.now)
    run_id, _ = await caller.hub.asking.ask(connection, asked)
    response.headers["Location"] = request.url_for("show_run", run_id=str(run_id)).path
    return await accepted(caller, run_id)


def _whole(row: Row) -> CertificateWhole:
    document = json.loads(row["document"])
    return CertificateWhole(**(row | {"document": document}))
