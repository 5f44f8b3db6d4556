"""Naming a record that the store cannot show.

Such a record fails under ``_fields=id`` and alone as well, so its id is never seen. It lies in
the gap between its neighbours: the ids of the gap are asked for with ``include`` in bundles, and
a bundle that fails is halved until one id stands alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from storetwin.woocommerce.errors import BadAnswerError, RequestRefusedError
from storetwin.woocommerce.listing import Listing
from storetwin.woocommerce.paging import Position

MAX_NEIGHBOURS = 8  # records behind it that may be unreadable too
MAX_GAP = 20_000
GAP_AT_THE_END = 300  # ids looked at behind the last record of a list


@dataclass(frozen=True, slots=True)
class Named:
    """What stands behind the last record that could be read.

    Args:
        ids: those that fail.
        before: the id of the next record that can be read.
        is_clear: all ids up to it were asked for and answered: what failed is gone, or well again.
    """

    ids: tuple[int, ...]
    before: int | None
    is_clear: bool = False


async def name_unreadable(listing: Listing, position: Position) -> Named:
    """Find out which record stands, unreadable, behind ``position``."""
    if not listing.resource.can_include or not listing.resource.has_numeric_key:
        return Named((), None)
    light = replace(listing, light=True, is_piecing=True)
    before = await _next_readable(light, position)
    end = before if before is not None else position.last + GAP_AT_THE_END
    if end - position.last > MAX_GAP:
        return Named((), before)
    gap = range(position.last + 1, end)
    found: list[int] = []
    bundle = listing.client.page_limit
    for start in range(0, len(gap), bundle):
        found += await _failing(light, gap[start : start + bundle])
    return Named(tuple(found), before, is_clear=not found and before is not None)


async def _next_readable(listing: Listing, position: Position) -> int | None:
    for step in range(1, MAX_NEIGHBOURS + 1):
        try:
            page = await listing.page(position.offset + step, 1)
        except BadAnswerError:
            continue
        return next((record.number for record in page.records), None)
    return None


async def _failing(listing: Listing, ids: Sequence[int]) -> list[int]:
    """Return those of ``ids`` that make the store fail, each confirmed alone."""
    if not ids or set(ids) <= listing.excluded:
        return []
    try:
        await listing.included(ids)
    except BadAnswerError:
        if len(ids) == 1:
            return [] if await _recovers(listing, ids) else list(ids)
        half = len(ids) // 2
        return [*await _failing(listing, ids[:half]), *await _failing(listing, ids[half:])]
    except RequestRefusedError:
        return []
    return []


async def _recovers(listing: Listing, ids: Sequence[int]) -> bool:
    """Say whether a record is answered for after all, with the whole patience."""
    try:
        await replace(listing, is_piecing=False).included(ids)
    except BadAnswerError:
        return False
    return True
