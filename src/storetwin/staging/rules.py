"""Rules: choices that are made by themselves; in the caller's transaction."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import Any
from uuid import UUID

from storetwin.db.database import Row, Transaction
from storetwin.db.errors import UniqueViolationError
from storetwin.db.queries import load_queries
from storetwin.kernel.errors import ConfigurationError
from storetwin.runs.schedules import next_time, parse_spec
from storetwin.staging.models import Filter, RuleAction, State

Q = load_queries(__package__)

MOST_RULES = 200  # of an organisation
USUAL_STATES = (State.NEW, State.UPDATED)


class RuleRefusedError(ConfigurationError):
    """A rule that cannot be kept: its name is taken, or what it says does not go together."""

    code = "rule_refused"


@dataclass(frozen=True, slots=True)
class Rule:
    """A choice that is made by itself.

    Args:
        connection_id: of this store only; None: of each.
        filter: which of the resource's records; without states the new and the updated ones.
        spec: when, as in schedules: ``15m``, ``0 6 * * *``; None: whenever records came or changed.
        next_at: when it is due, where it has a time.
        last_at: when it was applied last, and to how many records.
    """

    rule_id: UUID
    name: str
    connection_id: UUID | None
    filter: Filter
    action: RuleAction
    spec: str | None = None
    is_active: bool = True
    next_at: datetime | None = None
    last_at: datetime | None = None
    last_count: int | None = None
    created_at: datetime | None = None

    @property
    def resource(self) -> str:
        """Return whose records it chooses."""
        return self.filter.resource

    def is_due(self, now: datetime, *, has_news: bool) -> bool:
        """Say whether it is to be applied.

        Args:
            has_news: records came or changed since it was applied last.
        """
        if not self.is_active:
            return False
        return has_news if self.spec is None else self.next_at is None or self.next_at <= now

    def next_after(self, now: datetime, zone: tzinfo) -> datetime | None:
        """Return when it is due next, where it has a time."""
        if self.spec is None:
            return None
        return next_time(parse_spec(self.spec), started_at=now, now=now, zone=zone, phase=0.0)

    def of(self, connection_id: UUID) -> Filter:
        """Return which records of a store it chooses."""
        one = self.filter
        return Filter(
            resource=one.resource,
            connection_ids=(connection_id,),
            states=one.states or USUAL_STATES,
            search=one.search,
            status=one.status,
            modified_after=one.modified_after,
            modified_before=one.modified_before,
            field=one.field,
        )


def check(rule: Rule) -> None:
    """Check that what a rule says goes together.

    Raises:
        RuleRefusedError: it does not.
        ConfigurationError: its time cannot be used.
    """
    if rule.spec is not None:
        parse_spec(rule.spec)
    odd = [s.value for s in rule.filter.states if not s.is_promotable or s is State.STALE]
    if odd:
        raise RuleRefusedError(
            f"A rule chooses no records that are {' or '.join(odd)}.",
            remedy="Choose among new, updated, deleted and waiting.",
        )
    if rule.action is RuleAction.PROMOTE and State.WAITING in rule.filter.states:
        raise RuleRefusedError(
            "Waiting records are not promoted by themselves: a person has to decide.",
            remedy="Leave the state waiting out.",
        )


async def list_rules(tx: Transaction, organisation_id: UUID) -> list[Rule]:
    """Return the rules, the oldest first."""
    rows = await tx.fetch_all(Q.list_rules, {"organisation_id": organisation_id})
    return [_rule_of(row) for row in rows]


async def keep(tx: Transaction, organisation_id: UUID, rule: Rule, now: datetime) -> None:
    """Keep a rule, new or changed.

    Raises:
        RuleRefusedError: another one is called so, or there are too many.
    """
    counted = await tx.fetch_one(Q.count_rules, {"organisation_id": organisation_id})
    if rule.created_at is None and counted and counted["n"] >= MOST_RULES:
        raise RuleRefusedError(f"There are {MOST_RULES} rules already.", remedy="Remove some.")
    values = {
        "organisation_id": organisation_id,
        "rule_id": rule.rule_id,
        "name": rule.name,
        "connection_id": rule.connection_id,
        "resource": rule.resource,
        "filter": json.dumps(filter_as_json(rule.filter)),
        "action": rule.action.value,
        "spec": rule.spec,
        "is_active": rule.is_active,
        "next_at": rule.next_at,
        "now": now,
    }
    try:
        await tx.execute(Q.put_rule, values)
    except UniqueViolationError as error:
        raise RuleRefusedError(
            f"Another rule is called {rule.name!r}.", remedy="Give it another name."
        ) from error


async def remove(tx: Transaction, organisation_id: UUID, rule_id: UUID) -> bool:
    """Remove a rule; what it has chosen stays chosen. False where there is none."""
    params = {"organisation_id": organisation_id, "rule_id": rule_id}
    return bool(await tx.execute(Q.remove_rule, params))


async def note_applied(
    tx: Transaction,
    organisation_id: UUID,
    rule_id: UUID,
    count: int,
    *,
    now: datetime,
    next_at: datetime | None,
) -> None:
    """Write down that a rule was applied, and when it is due next."""
    values = {"rule_id": rule_id, "count": count, "now": now, "next_at": next_at}
    await tx.execute(Q.note_applied, {"organisation_id": organisation_id} | values)


async def news_of(tx: Transaction, organisation_id: UUID, connection_id: UUID) -> datetime | None:
    """Return the end of the latest run that may have brought what no rule has looked at."""
    params = {"organisation_id": organisation_id, "connection_id": connection_id}
    row = await tx.fetch_one(Q.latest_end, params)
    return row["ended_at"] if row else None


async def note_followed(
    tx: Transaction, organisation_id: UUID, connection_id: UUID, ended_at: datetime
) -> None:
    """Write down up to which end of a run every rule was applied."""
    params = {"organisation_id": organisation_id, "connection_id": connection_id}
    await tx.execute(Q.note_followed, params | {"ended_at": ended_at})


def filter_as_json(wanted: Filter) -> dict[str, Any]:
    """Return what of a filter is kept: what narrows."""
    found: dict[str, Any] = {
        "states": [state.value for state in wanted.states],
        "search": wanted.search,
        "status": list(wanted.status),
        "modified_after": wanted.modified_after and wanted.modified_after.isoformat(),
        "modified_before": wanted.modified_before and wanted.modified_before.isoformat(),
        "field": wanted.field,
    }
    return {name: value for name, value in found.items() if value}


def filter_of_json(resource: str, kept: Mapping[str, Any]) -> Filter:
    """Return the filter that was kept."""
    after, before = kept.get("modified_after"), kept.get("modified_before")
    return Filter(
        resource=resource,
        states=tuple(State(state) for state in kept.get("states", ())),
        search=kept.get("search"),
        status=tuple(kept.get("status", ())),
        modified_after=datetime.fromisoformat(after) if after else None,
        modified_before=datetime.fromisoformat(before) if before else None,
        field=kept.get("field"),
    )


def _rule_of(row: Row) -> Rule:
    return Rule(
        rule_id=row["rule_id"],
        name=row["name"],
        connection_id=row["connection_id"],
        filter=filter_of_json(row["resource"], json.loads(row["filter"])),
        action=RuleAction(row["action"]),
        spec=row["spec"],
        is_active=row["is_active"],
        next_at=row["next_at"],
        last_at=row["last_at"],
        last_count=row["last_count"],
        created_at=row["created_at"],
    )
