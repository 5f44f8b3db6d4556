"""Which lists have to be walked to see every record of a resource."""

from __future__ import annotations

from collections.abc import Sequence

from storetwin.db.database import Row
from storetwin.mirror import repository
from storetwin.mirror.context import RunContext
from storetwin.mirror.models import Part
from storetwin.resources import Resource
from storetwin.woocommerce.languages import Languages
from storetwin.woocommerce.listing import Listing


async def parts_of(
    context: RunContext, resource: Resource, *, below: str | None = None
) -> list[Part]:
    """Return the lists of a resource on this store, in walking order.

    Args:
        below: only those of this container.

    A resource without a list of its own is read container by container; so is one whose
    top-level route this store is too old for. No parts: the store does not have the resource, or
    nothing that contains its records.
    """
    path, parent, member = resource.path, resource.parent, None
    if not context.routes.exists(path):
        if resource.fallback is None or not context.routes.exists(resource.fallback):
            return []
        path, parent = resource.fallback, resource.fallback_parent
        member = resource.fallback_member
    lists = resource.lists_of(path, context.routes)
    languages = Languages() if len(resource.languages) > 1 else None
    if parent is None:
        return [
            Part((0, index), path, params, languages=languages)
            for index, params in enumerate(lists)
        ]
    rows: Sequence[Row] = [{"remote_id": below, "remote_number": None}]
    if below is None:
        async with context.transaction() as tx:
            shelf = context.shelf(context.catalogue.named(parent))
            rows = await repository.list_containers(tx, shelf, member)
    return [
        Part(
            key=(place if row["remote_number"] is None else row["remote_number"], index),
            path=path.replace("{parent}", row["remote_id"]),
            params=params,
            container=row["remote_id"],
            languages=languages,
        )
        for place, row in enumerate(rows)
        for index, params in enumerate(lists)
    ]


def has_route(context: RunContext, resource: Resource) -> bool:
    """Say whether this store can show the resource at all."""
    paths = (resource.path, resource.fallback)
    return any(path is not None and context.routes.exists(path) for path in paths)


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
        sealer=context.sealer,
        languages=part.languages,
    )
