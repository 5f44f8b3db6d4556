"""Finding what differs between two ascending lists of ids in few questions: pure.

One is the twin's, at hand; the other is the store's, which shows some ids from an offset on. An
offset and an id that fit together say that as many records vanished before them as came. So the
lists are halved where their lengths differ, and left alone where they are equal.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass, field

PAGE = 100  # ids in one answer; so many cost a store as little as one
MOST_QUESTIONS = 150
MOST_DIFFERENCES = 500


class SearchFailedError(Exception):
    """The store's list moved meanwhile, or differs too much: it has to be walked."""


@dataclass(frozen=True, slots=True)
class Question:
    """Ids to be asked for: ``size`` of them from ``offset`` on."""

    offset: int
    size: int


@dataclass(frozen=True, slots=True)
class _Stretch:
    """A stretch of both lists between two places where they are known to fit: [start, end)."""

    held: tuple[int, int]
    listed: tuple[int, int]

    @property
    def lengths(self) -> tuple[int, int]:
        return self.held[1] - self.held[0], self.listed[1] - self.listed[0]


@dataclass(slots=True)
class Search:
    """Compares the twin's ids with those of a store's list.

    Args:
        held: the twin's ids, ascending.
        total: how many records the store's list has.

    Attributes:
        missing: ids of the twin that the list does not show.
        extra: ids that the list shows and the twin does not have.
    """

    held: Sequence[int]
    total: int
    missing: list[int] = field(default_factory=list)
    extra: list[int] = field(default_factory=list)
    questions: int = 0
    _open: list[_Stretch] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Begin with both lists whole."""
        self._push(_Stretch((0, len(self.held)), (0, self.total)))

    @property
    def question(self) -> Question | None:
        """Return what to ask next; None when the search is at its end.

        Raises:
            SearchFailedError: it takes too long, or too much differs.
        """
        found = len(self.missing) + len(self.extra)
        if self.questions >= MOST_QUESTIONS or found > MOST_DIFFERENCES:
            raise SearchFailedError
        if not self._open:
            return None
        first, end = self._open[-1].listed
        if end - first <= PAGE:
            return Question(first, end - first)
        return Question((first + end) // 2, 1)

    def answer(self, ids: Sequence[int]) -> None:
        """Take what the list showed for the question.

        Raises:
            SearchFailedError: it showed something else than can be there.
        """
        question = self.question
        assert question is not None
        self.questions += 1
        stretch = self._open.pop()
        if len(ids) != question.size or list(ids) != sorted(set(ids)):
            raise SearchFailedError
        self._check(stretch, ids)
        if question.size > 1 or stretch.lengths[1] == 1:
            self._compare(stretch, ids)
        else:
            self._halve(stretch, question.offset, ids[0])

    def _check(self, stretch: _Stretch, ids: Sequence[int]) -> None:
        """An id from outside the stretch shows that the list moved."""
        start, end = stretch.held
        above = self.held[start - 1] if start else 0
        below = self.held[end] if end < len(self.held) else None
        if ids[0] <= above or (below is not None and ids[-1] >= below):
            raise SearchFailedError

    def _compare(self, stretch: _Stretch, ids: Sequence[int]) -> None:
        """All ids of a stretch are known by now."""
        held = self.held[slice(*stretch.held)]
        shown, known = set(ids), set(held)
        self.missing += [number for number in held if number not in shown]
        self.extra += [number for number in ids if number not in known]

    def _halve(self, stretch: _Stretch, offset: int, number: int) -> None:
        """One id in the middle is known by now: go on before it and behind it."""
        (start, end), (first, last) = stretch.held, stretch.listed
        place = bisect_left(self.held, number, start, end)
        is_held = place < end and self.held[place] == number
        if not is_held:
            self.extra.append(number)
        self._push(_Stretch((place + is_held, end), (offset + 1, last)))
        self._push(_Stretch((start, place), (first, offset)))

    def _push(self, stretch: _Stretch) -> None:
        held, listed = stretch.lengths
        if held == listed:
            return
        if listed == 0:
            self.missing += self.held[slice(*stretch.held)]
        else:
            self._open.append(stretch)
