"""Which lists have to be walked to see every record of a resource."""

from __future__ import annotations

from storetwin.mirror import repository
from storetwin.mirror.context import RunContext
from storetwin.mirror.models import Part
from storetwin.resources import Resource, named
from storetwin.woocommerce.listing import Listing


async def parts_of(context: RunContext, resource: Resource) -> list[Part]:
    """Return the lists of a resource on this store, in walking order.

    A resource without a list of its own is read container by container; so is one whose
    top-level route this store is too old for. No parts: the store does not have the resource.
    """
    path, parent, member = resource.path, resource.parent, None
    if not context.routes.exists(path):
        if resource.fallback is None or resource.fallback_parent is None:
            return []
        path, parent = resource.fallback, resource.fallback_parent
        member = resource.fallback_member
    lists = resource.lists.for_route(path, context.routes)
    if parent is None:
        return [Part((0, index), path, params) for index, params in enumerate(lists)]
    async with context.transaction() as tx:
        rows = await repository.list_containers(tx, context.shelf(named(parent)), member)
    return [
        Part(
            key=(row["remote_number"] or 0, index),
            path=path.replace("{parent}", row["remote_id"]),
            params=params,
            container=row["remote_id"],
        )
        for row in rows
        for index, params in enumerate(lists)
    ]


def listing_of(
    context: RunContext,
    resource: Resource,
    part: Part,
    *,
    light: bool = False,
    excluded: frozenset[int] = frozenset(),
) -> Listing:
    """Return the reader of one part."""
    return Listing(
        client=context.client,
        resource=resource,
        path=part.path,
        params=part.params,
        container=part.container,
        light=light,
        excluded=set(excluded),
    )
