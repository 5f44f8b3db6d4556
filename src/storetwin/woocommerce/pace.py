"""How many records a page asks for: as many as a store gives within a few seconds. Pure.

A page of 100 orders takes 0.4 to 1.2 seconds on a small host and 0.5 MB (measured, see
docs/explanation/how-a-store-behaves.md): most lists stay at full pages for ever. Smaller pages
are for records of megabytes, for hosts that are slow, and for hosts with one processor: there a
page of ours has to be shorter than a shopper's own, for as long as it is at work he gets half.
"""

from __future__ import annotations

from storetwin.woocommerce.paging import FULL_PAGE, SMALLEST

AIM_SECONDS = 3.0
AIM_BYTES = 8 * 1024 * 1024
GENTLE_SECONDS = 0.25  # of the store's own time; a shopper's page that is not cached takes as much
GENTLE_RECORDS = 20
HEAVY, LIGHT = 2.0, 0.33  # apart by more than the factor of a step, so that sizes do not swing

LEAST_PATIENCE, MANY_TIMES = 10.0, 5.0


def patience(longest: float) -> float:
    """Return the seconds that a piece of a page may take which got no answer.

    A record that hangs costs so much at each halving of its page, instead of the whole time limit.

    Args:
        longest: seconds that a good page took, whole pages among them.
    """
    return max(LEAST_PATIENCE, MANY_TIMES * longest)


def burden(
    elapsed: float, store_seconds: float, size_bytes: int, *, records: int, is_gentle: bool
) -> float:
    """Return how many times as heavy a page was as it should be.

    Args:
        elapsed: seconds from asking to the last byte.
        store_seconds: seconds of it that the store itself took.
        records: how many it holds; for gentleness alone they never become too few, for each
            request costs the store as much as six orders, whatever it asks for.
        is_gentle: the store gets rests between requests, for each alone costs it much; or it is
            being found out how much at once it bears.
    """
    gentle = min(store_seconds / GENTLE_SECONDS, records / GENTLE_RECORDS) if is_gentle else 0.0
    return max(elapsed / AIM_SECONDS, size_bytes / AIM_BYTES, gentle)


def next_size(size: int, asked: int, weight: float) -> int:
    """Return how many records to ask for from here on.

    Each change gives up the pages in flight, so a page is only changed when it is far off: cut in
    halves until it fits, or made as large as will fit well.

    Args:
        size: records that pages ask for at the moment.
        asked: records that this page asked for; fewer than ``size`` while a bad page is split.
        weight: what :func:`burden` said of it.
    """
    if weight > HEAVY:
        while asked > SMALLEST and weight > 1.0:
            asked, weight = asked // 2, weight / 2
        return max(SMALLEST, min(size, asked))
    if weight < LIGHT and asked >= size:
        return min(FULL_PAGE, int(size * 0.5 / max(weight, 0.005)))
    return size
