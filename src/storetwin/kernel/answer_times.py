"""How long answers took, counted so that percentiles can be told of any of them together.

Counts are numbers of answers: the first took no longer than the first of ``BOUNDS``, the second
longer than that but no longer than the second, and so on; the last took longer than all bounds.
Zeros at the end are left out.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from itertools import accumulate, zip_longest
from typing import Final, TypeAlias

Counts: TypeAlias = tuple[int, ...]

# Milliseconds, each about a third more than the one before. Counts that are kept speak of these: never change them.
BOUNDS: Final = (
    5, 7, 9, 12, 16, 21, 28, 38, 51, 68, 90, 121, 161, 216, 288, 385, 514, 686, 917, 1_225, 1_636,
    2_185, 2_919, 3_899, 5_209, 6_958, 9_295, 12_416, 16_585, 22_154, 29_593, 39_531, 52_805,
    70_537, 94_223, 125_863, 168_128, 224_585, 300_000,
)  # fmt: skip
MOST_COUNTS: Final = len(BOUNDS) + 1


def counted(took: int) -> Counts:
    """Return the counts of one answer that took so many milliseconds."""
    return (0,) * bisect_left(BOUNDS, took) + (1,)


def added(one: Sequence[int], other: Sequence[int]) -> Counts:
    """Return the counts of both together."""
    return tuple(map(sum, zip_longest(one, other, fillvalue=0)))


def percentile(counts: Sequence[int], percent: int, slowest: int) -> int | None:
    """Return within how many milliseconds so many percent of the answers came; None for no answers.

    Between two bounds answers are taken to be spread evenly: that is as exact as the bounds are near.

    Args:
        percent: from 1 to 100.
        slowest: milliseconds of the slowest answer; no percentile is above.
    """
    so_far = list(accumulate(counts))
    if not so_far or not so_far[-1]:
        return None
    sought = percent * so_far[-1] / 100
    at = bisect_left(so_far, sought)
    low = BOUNDS[at - 1] if at else 0
    high = min(BOUNDS[at], slowest) if at < len(BOUNDS) else slowest
    share = 1 - (so_far[at] - sought) / counts[at]
    return round(min(low + (high - low) * share, slowest))
