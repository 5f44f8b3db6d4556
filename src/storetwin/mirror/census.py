"""The store's own count of its rows, whatever its lists show, and what its lists say they have.

Both are read at one moment, counts before and after the lists: a record that is created or
deleted meanwhile cannot hide one that no list shows.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import msgspec

from storetwin.kernel.errors import CredentialError, RecordError
from storetwin.mirror import repository
from storetwin.mirror.context import RunContext
from storetwin.mirror.decide import may_bury
from storetwin.mirror.parts import parts_of
from storetwin.resources import Resource
from storetwin.woocommerce.errors import BadAnswerError, NotFoundError, RequestRefusedError

REFUSALS = (BadAnswerError, NotFoundError, RequestRefusedError, msgspec.DecodeError, RecordError)

MORE_TRIES = 2  # a shop in use rests for the second that a census takes


@dataclass(frozen=True, slots=True)
class Census:
    """Rows of a store at one moment.

    Args:
        counts: by post type; empty when the store does not say.
        counts_before: the same, read before the lists.
        listed: by resource, the totals of its lists; without those whose lists do not say.
        verified: names of the resources that this certificate is about.
    """

    counts: Mapping[str, int]
    counts_before: Mapping[str, int] = field(default_factory=dict)
    listed: Mapping[str, int] = field(default_factory=dict)
    verified: frozenset[str] = frozenset()

    @property
    def is_steady(self) -> bool:
        """Say whether the store had as many rows after its lists were read as before."""
        return self.counts == self.counts_before

    def rows(self, resource: Resource) -> int:
        """Return how many rows the store counts, together with those that share its count."""
        return max(_rows(resource, self.counts), _rows(resource, self.counts_before))

    def can_judge(self, resource: Resource) -> bool:
        """Say whether the count can be held against something: the lists' totals, or the twin."""
        names = counted_together(resource)
        return self.verified.issuperset(names) or all(name in self.listed for name in names)

    def rows_without_list(self, resource: Resource) -> int | None:
        """Return how many rows no list shows; None where the lists do not say how long they are."""
        names = counted_together(resource)
        if not all(name in self.listed for name in names):
            return None
        return self.rows(resource) - sum(self.listed[name] for name in names)


def _rows(resource: Resource, counts: Mapping[str, int]) -> int:
    assert resource.counted is not None
    return sum(counts.get(name, 0) for name in resource.counted.post_types)


def counted_together(resource: Resource) -> tuple[str, ...]:
    """Return the names of the resources that share a count, this one first."""
    assert resource.counted is not None
    return (resource.name, *resource.counted.together_with)


async def take_census(context: RunContext, resources: Sequence[Resource]) -> Census:
    """Ask the store how many rows it has and how long its lists are, at a moment of rest if any."""
    census = await _count_once(context, resources)
    for _ in range(MORE_TRIES):
        if census.is_steady:
            break
        census = await _count_once(context, resources)
    return census


async def _count_once(context: RunContext, resources: Sequence[Resource]) -> Census:
    counted = [resource for resource in resources if resource.counted is not None]
    before = await _post_counts(context) if counted else {}
    listed: dict[str, int] = {}
    if before:
        for name in dict.fromkeys(n for resource in counted for n in counted_together(resource)):
            total = await _listed(context, context.catalogue.named(name))
            if total is not None:
                listed[name] = total
    verified = frozenset(resource.name for resource in resources)
    return Census(await _post_counts(context) if before else {}, before, listed, verified)


async def _post_counts(context: RunContext) -> dict[str, int]:
    try:
        single = await context.client.get("system_status", {"_fields": "post_type_counts"})
        status = msgspec.json.decode(single.document, type=_Status)
    except (*REFUSALS, CredentialError):  # such keys may read records, and not the status
        return {}
    return {count.type: int(count.count) for count in status.post_type_counts}


class _Count(msgspec.Struct):
    type: str
    count: str | int


class _Status(msgspec.Struct):
    post_type_counts: list[_Count] = []


async def _listed(context: RunContext, resource: Resource) -> int | None:
    """Return the totals of a resource's lists; None where they do not say, or are too many."""
    total = 0
    if not context.routes.exists(resource.path) or len(resource.languages) > 1:
        return None
    for part in await parts_of(context, resource):
        try:
            page = await context.client.list(
                part.path, {**part.params, "per_page": "1", "_fields": "id"}
            )
        except REFUSALS:
            return None
        if page.total is None:
            return None
        total += page.total
    return total


async def surplus_of(
    context: RunContext, resource: Resource, lacking: int, census: Census
) -> tuple[int, int]:
    """Return how many rows the store has more than the twin, and how many more than its lists.

    The first includes records made since their list was read, and misses as many as were deleted
    since. The second is exact, where the lists say how long they are; else it is the first, and so
    it is where they say far less than what they have just shown: then their totals lie.

    Args:
        lacking: records that the certificate names already.
    """
    names = counted_together(resource)
    async with context.transaction() as tx:
        held = 0
        for name in names:
            shelf = context.shelf(context.catalogue.named(name))
            held += await repository.count_present(tx, shelf)
        known = await repository.count_unlisted(tx, context.shelf(resource), names)
    more_than_twin = 0
    if census.verified.issuperset(names):
        more_than_twin = max(0, census.rows(resource) - held - lacking)
    without_list = census.rows_without_list(resource)
    if without_list is None or not may_bury(without_list - census.rows(resource) + held, held):
        return more_than_twin, more_than_twin
    return more_than_twin, max(0, without_list - known)
