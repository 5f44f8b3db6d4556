"""The audit log: who did what."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from storetwin.api.callers import Administrator
from storetwin.api.moments import Moment
from storetwin.api.paging import Cursor, Limit, Page, page_of, position_of
from storetwin.api.route import DoorRoute
from storetwin.tenancy.audit import Entry, Filters
from storetwin.tenancy.models import Via

router = APIRouter(prefix="/audit", tags=["audit"], route_class=DoorRoute)
ROUTERS = (router,)


class AuditEntry(BaseModel):
    """One thing that somebody did, or tried to."""

    entry_id: UUID
    at: datetime
    actor: str = Field(
        description="An e-mail; that and the name of a key; a user of the machine.",
        examples=["ada@example.org", "ada@example.org (key reports)"],
    )
    actor_id: UUID | None
    via: Via
    action: str = Field(
        description="What was done, by the name of the API's operation.",
        examples=["create_session"],
    )
    subject: str | None = Field(description="To what.", examples=["connection=shop"])
    outcome: str | None = Field(
        description="`done`, or the code of the problem; absent where it was cut off in the middle."
    )
    detail: dict[str, Any] | None
    address: str | None


@router.get("")
async def list_audit_entries(
    caller: Administrator,
    action: Annotated[str | None, Query(max_length=100, description="Only this.")] = None,
    actor: Annotated[str | None, Query(max_length=600, description="Only his.")] = None,
    since: Annotated[Moment | None, Query(description="From this moment on.")] = None,
    until: Annotated[Moment | None, Query(description="Before this moment.")] = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Page[AuditEntry]:
    """List what was done in the organisation, the newest first."""
    question = f"audit {action!r} {actor!r} {since} {until}"
    position = position_of(cursor, question, UUID)
    found = await caller.hub.people.audit(
        Filters(action, actor, since, until),
        limit=limit + 1,
        before=position[0] if position else None,
    )
    shown = [_document(entry) for entry in found]
    return page_of(shown, limit, question, lambda one: str(one.entry_id))


def _document(entry: Entry) -> AuditEntry:
    deed = entry.deed
    return AuditEntry(
        entry_id=entry.entry_id,
        at=entry.at,
        actor=deed.actor,
        actor_id=deed.actor_id,
        via=deed.via,
        action=deed.action,
        subject=deed.subject,
        outcome=deed.outcome,
        detail=dict(deed.detail) if deed.detail else None,
        address=deed.address,
    )
