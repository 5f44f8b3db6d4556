"""Records of a list by their ids, many in one request."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence

from storetwin.mirror.models import PartPosition
from storetwin.woocommerce.errors import HEARD_OUT, BadAnswerError, RequestRefusedError
from storetwin.woocommerce.listing import Listing, Loaded
from storetwin.woocommerce.paging import SMALLEST_LIMIT
from storetwin.woocommerce.refusals import stopped
from storetwin.woocommerce.walk import Batch

FEW = 3  # so many that a list does not show are sooner asked for by their own addresses


async def included(listing: Listing, ids: Sequence[int]) -> AsyncIterator[Batch]:
    """Yield what a list shows of these ids, at most 100; what it does not show is just absent.

    A bundle that fails, is refused for its size, or comes without its meta_data is halved. A host
    that shows fewer rows than were asked for is asked for the rest.

    Raises:
        StoreDownError: the store has stopped answering.
    """
    wanted = list(ids)
    while wanted:
        shown: set[int] = set()
        async for batch in _halved(listing, wanted, is_whole=True):
            shown |= {record.number for record in batch.records if record.number is not None}
            yield batch
        wanted = [number for number in wanted if number not in shown]
        if len(shown) < SMALLEST_LIMIT or len(wanted) <= FEW:
            return


async def _halved(listing: Listing, ids: Sequence[int], *, is_whole: bool) -> AsyncIterator[Batch]:
    loaded: Loaded | None = None
    try:
        loaded = await listing.included(ids)
    except BadAnswerError as error:
        is_heard = not is_whole or len(ids) == 1 or error.kind in HEARD_OUT
        if not is_heard and not await listing.client.control():
            raise stopped(error) from error
    except RequestRefusedError:
        if len(ids) == 1:
            raise
    if (loaded is None or loaded.is_blank) and len(ids) > 1:
        half = len(ids) // 2
        for piece in (ids[:half], ids[half:]):
            async for batch in _halved(listing, piece, is_whole=False):
                yield batch
    elif loaded is not None:
        yield Batch(
            loaded.records,
            PartPosition().position,
            loaded.served_at,
            None,
            loaded.remarks,
            loaded.nameless,
        )
