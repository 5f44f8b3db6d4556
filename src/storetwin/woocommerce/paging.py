"""How a list is read so that nothing is skipped: pure decisions over offsets and ids.

A list sorted by id changes under the reader in two ways only: records are added at its end, and
records vanish from it. So each page begins with the last record of the page before. If that
record, or an older one, stands first, nothing lies between; if a younger one does, the list has
moved up and the reader steps back until it finds ground it knows.

Neither totals nor short pages end a list: it ends when a full-sized page that begins on known
ground shows nothing new, and less than half of what was asked for.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import Enum
from itertools import pairwise

FULL_PAGE = 100  # the largest per_page that WooCommerce takes
SMALLEST = 2  # one known record and one new one
SMALLEST_LIMIT = 10  # no host allows less on a page; fewer are records that do not load
# Answers in a row that bring nothing new before we say that the list lies; each record that is
# deleted in the moment of a reading makes one.
MAX_IDLE = 24


@dataclass(frozen=True, slots=True)
class Position:
    """Where a walk stands in one list.

    Args:
        offset: rows of the list up to and including ``last``.
        last: the greatest id read; 0 before the first.
        overlaps: False right after a record that could be neither read nor named: the next
            page cannot begin with it.
    """

    offset: int = 0
    last: int = 0
    overlaps: bool = True

    @property
    def ask(self) -> int:
        """The offset of the next page: one row back, so that it begins on known ground."""
        return max(0, self.offset - 1) if self.overlaps else self.offset


def covering(offset: int, size: int) -> tuple[int, int]:
    """Return the ``page`` and ``per_page`` that show most of the rows from ``offset`` on.

    For lists that know pages only. One request, for rows may move between two: the page may begin
    before ``offset`` and end before ``size`` rows of it; at least the row there and one more are
    on it.
    """
    sizes = range(max(SMALLEST, size // 2), max(SMALLEST, size) + 1) if offset else (size,)
    best = max(sizes, key=lambda length: length - offset % length)
    if offset and best - offset % best < SMALLEST:
        best = next(s for s in range(max(sizes), offset + 3) if s - offset % s >= SMALLEST)
    return offset // best + 1, best


class Verdict(Enum):
    """What a page turned out to be."""

    FRESH = "it brought new records"
    MOVED = "the list moved, step back"
    KNOWN = "known ground only, go on"
    END = "known ground and nothing behind it"
    LYING = "the store goes on answering without bringing anything new"
    UNSORTED = "the store does not sort by id"


@dataclass(frozen=True, slots=True)
class Reading:
    """What follows from a page: the verdict, which rows are new, where to ask next.

    Args:
        size: the per_page to ask with at least; 0 leaves it to the reader.
    """

    verdict: Verdict
    fresh_from: int
    position: Position
    ask: int
    idle: int
    size: int = 0


def judge(
    position: Position,
    asked: int,
    size: int,
    ids: Sequence[int],
    *,
    idle: int = 0,
    may_grow: bool = True,
    full: int = FULL_PAGE,
    usual: int = FULL_PAGE,
) -> Reading:
    """Judge one page.

    Args:
        position: where the walk stands.
        asked: the offset of the request that this page answers.
        size: its per_page.
        ids: the ids on the page, in order.
        idle: how many pages before it brought nothing new.
        may_grow: a full page may be asked for here; False where one is known to fail.
        full: the most records that may be asked for.
        usual: how many records such a page of this list shows; 0 where it shows all that it can.
    """
    if any(a >= b for a, b in pairwise(ids)):
        return Reading(Verdict.UNSORTED, len(ids), position, asked, idle)
    larger = max(full, size) if may_grow else 0
    reading = _judge_sorted(position, asked, ids, idle, (size, larger, min(size, usual)))
    if idle >= MAX_IDLE and reading.verdict in (Verdict.MOVED, Verdict.KNOWN):
        return Reading(Verdict.LYING, len(ids), position, asked, idle)
    return reading


def _judge_sorted(
    position: Position, asked: int, ids: Sequence[int], idle: int, sizes: tuple[int, int, int]
) -> Reading:
    """Judge a page in the order of its ids; ``sizes`` as for :func:`_judge_known`."""
    size, larger, _ = sizes
    if not ids and (asked == 0 or not position.overlaps):
        return _judge_nothing(position, asked, size, idle, larger)
    if not ids or (asked > 0 and ids[0] > position.last and position.overlaps):
        wanted = larger or size
        back = max(0, asked - wanted // 2 * (idle + 1))
        return Reading(Verdict.MOVED, len(ids), position, back, idle + 1, wanted)
    fresh = sum(1 for number in ids if number <= position.last)
    if fresh < len(ids):
        after = Position(asked + len(ids), ids[-1])
        return Reading(Verdict.FRESH, fresh, after, after.ask, 0)
    return _judge_known(position, asked, ids, idle, sizes)


def _judge_nothing(position: Position, asked: int, size: int, idle: int, larger: int) -> Reading:
    """Empty at the very beginning, or behind a record we had to skip: only there it is the end."""
    if size < larger:
        return Reading(Verdict.KNOWN, 0, position, asked, idle + 1, larger)
    return Reading(Verdict.END, 0, position, asked, idle)


def _judge_known(
    position: Position, asked: int, ids: Sequence[int], idle: int, sizes: tuple[int, int, int]
) -> Reading:
    """Known ground only. A full-sized page of which half is missing ends the list.

    A fuller one does not, nor a small one: rows may be counted and never load, and some hosts cap
    a page below what was asked for. From the last row that it shows a full one is asked for. Where
    that is known to fail the next page is asked for without an overlap (what is deleted in this
    very moment could hide a record there; the certificate's own walk would bring it); an empty one
    ends the list.

    Args:
        sizes: the per_page, a larger one that may be asked for (0: none), and ``usual``.
    """
    size, larger, usual = sizes
    after = replace(position, offset=asked + len(ids), overlaps=True)
    is_full = size >= FULL_PAGE or 0 < larger <= size
    if is_full and 0 < len(ids) <= usual // 2:
        return Reading(Verdict.END, len(ids), after, after.ask, idle + 1)
    if is_full and usual == 1:
        after = replace(position, offset=asked + 1, overlaps=False)
        return Reading(Verdict.KNOWN, 1, after, after.ask, idle + 1)
    if len(ids) > 1 or larger:
        wanted = larger if len(ids) < size else 0
        return Reading(Verdict.KNOWN, len(ids), after, after.ask, idle + 1, wanted)
    after = replace(position, offset=asked + size, overlaps=False)
    return Reading(Verdict.KNOWN, len(ids), after, after.ask, idle + 1)
