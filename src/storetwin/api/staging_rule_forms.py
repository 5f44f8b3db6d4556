"""What requests and answers about the rules of staging look like."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import BaseModel, Field

from storetwin.api.callers import Caller
from storetwin.api.given import Given
from storetwin.staging.models import Filter, RuleAction, State
from storetwin.staging.rules import Rule


class RuleGiven(Given):
    """A choice that is made by itself."""

    name: str = Field(min_length=1, max_length=100, examples=["New kitchen things"])
    resource: str = Field(min_length=1, max_length=63, examples=["products"])
    action: RuleAction
    connection: str | None = Field(
        default=None, max_length=200, description="Only of this store, by name or id."
    )
    states: list[Literal["new", "updated", "deleted", "waiting"]] = Field(
        default=[], max_length=4, description="None: new and updated."
    )
    search: str | None = Field(default=None, min_length=1, max_length=100)
    status: list[Annotated[str, Field(max_length=200)]] = Field(default=[], max_length=50)
    field: str | None = Field(default=None, min_length=1, max_length=200)
    schedule: str | None = Field(
        default=None,
        min_length=1,
        max_length=200,
        description="An interval or a cron expression; null: whenever records came or changed.",
        examples=["1d", "0 6 * * *"],
    )
    is_active: bool = True


class RuleShown(BaseModel):
    """A rule, and what it did last."""

    rule_id: UUID
    name: str
    resource: str
    action: RuleAction
    connection_id: UUID | None
    states: list[str]
    search: str | None
    status: list[str]
    field: str | None
    schedule: str | None
    is_active: bool
    next_at: datetime | None
    last_at: datetime | None
    last_count: int | None = Field(description="How many records it chose last.")


class RuleApplied(BaseModel):
    """What applying a rule came to."""

    records: int = Field(description="That it chose, or gave to promotions.")


async def filter_given(caller: Caller, given: RuleGiven) -> tuple[UUID | None, Filter]:
    """Return the store that a rule is about, if it is one only, and which records it chooses.

    Raises:
        UnknownConnectionError: there is no such connection.
    """
    connection_id = None
    if given.connection is not None:
        connection_id = (await caller.hub.register.named(given.connection)).id
    return connection_id, Filter(
        resource=given.resource,
        states=tuple(State(state) for state in given.states),
        search=given.search,
        status=tuple(given.status),
        field=given.field,
    )


def rule_shown(rule: Rule) -> RuleShown:
    """Return a rule as it is answered."""
    return RuleShown(
        rule_id=rule.rule_id,
        name=rule.name,
        resource=rule.resource,
        action=rule.action,
        connection_id=rule.connection_id,
        states=list(rule.filter.states),
        search=rule.filter.search,
        status=list(rule.filter.status),
        field=rule.filter.field,
        schedule=rule.spec,
        is_active=rule.is_active,
        next_at=rule.next_at,
        last_at=rule.last_at,
        last_count=rule.last_count,
    )
