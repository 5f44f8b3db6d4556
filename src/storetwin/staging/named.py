"""What records name: what comes along with them, and what they cannot be without."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from storetwin.core.models import Origin
from storetwin.core.read import links
from storetwin.db.database import Transaction
from storetwin.db.queries import load_queries
from storetwin.mapping.models import Mapped, Noun
from storetwin.mapping.nouns import NOUNS
from storetwin.staging.copies import Copy, Store
from storetwin.staging.models import State
from storetwin.staging.refusals import Refusal, why_alone

Q = load_queries(__package__)


def containers_of(noun: Noun, mapped: Mapped) -> Mapping[str, str]:
    """Return the records that one cannot be without, by resource: a refund's order."""
    return {
        NOUNS[one.noun].resource: remote_id
        for one in noun.references
        if one.is_container and (remote_id := mapped.references.get(one.name)) is not None
    }


def companions_of(noun: Noun, mapped: Mapped) -> set[tuple[str, str]]:
    """Return the records that come along with one: (resource, remote id)."""
    found = {
        (NOUNS[one.noun].resource, remote_id)
        for one in noun.references
        if one.comes_along and (remote_id := mapped.references.get(one.name)) is not None
    }
    for part in noun.parts:
        for one in part.references:
            if not one.comes_along:
                continue
            rows = mapped.parts.get(part.table, ())
            named = {row.get(one.remote) for row in rows}
            found |= {(NOUNS[one.noun].resource, name) for name in named if isinstance(name, str)}
    return found


def named_by(store: Store, noun: Noun, copies: Iterable[Copy]) -> set[Origin]:
    """Return the records that come along with those that can be promoted."""
    return {
        store.origin(*companion)
        for copy in copies
        if copy.mapped is not None and copy.problem is None
        for companion in companions_of(noun, copy.mapped)
    }


async def new_among(tx: Transaction, store: Store, named: Iterable[Origin]) -> dict[str, list[str]]:
    """Return those of some records that are new, by resource."""
    states = await _states_outside(tx, store, named)
    found: dict[str, list[str]] = {}
    for origin in sorted(states, key=lambda one: one.remote_id):
        if states[origin] is State.NEW:
            found.setdefault(origin.resource, []).append(origin.remote_id)
    return found


async def left_alone(
    tx: Transaction, store: Store, noun: Noun, copies: Iterable[Copy]
) -> list[Refusal]:
    """Return the records that cannot be without one that stays outside: a refund's order."""
    named = {
        copy.origin: store.origin(*one)
        for copy in copies
        if copy.mapped is not None
        for one in containers_of(noun, copy.mapped).items()
    }
    states = await _states_outside(tx, store, named.values())
    return [
        Refusal(origin, why_alone(container, states[container].value))
        for origin, container in named.items()
        if container in states
    ]


async def _states_outside(
    tx: Transaction, store: Store, origins: Iterable[Origin]
) -> dict[Origin, State]:
    """Return the states of those that core does not know and that staging does."""
    asked = set(origins)
    outside: dict[str, list[str]] = {}
    for origin in asked - (await links(tx, asked)).keys():
        outside.setdefault(origin.resource, []).append(origin.remote_id)
    found: dict[Origin, State] = {}
    for resource, ids in outside.items():
        params = store.params(resource) | {"ids": sorted(ids)}
        for row in await tx.fetch_all(Q.read_states, params):
            found[store.origin(resource, row["remote_id"])] = State(row["state"])
    return found
