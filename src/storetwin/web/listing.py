"""A list that may be long, searched and shown page by page; what else was asked stays asked. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Annotated, Final, Generic, TypeVar
from urllib.parse import urlencode

from fastapi import Query

T = TypeVar("T")
ROWS: Final = 50  # on a page
MOST_PAGES: Final = 100_000
Search = Annotated[str | None, Query(alias="q", max_length=200)]
PageNumber = Annotated[int, Query(alias="page", ge=1, le=MOST_PAGES)]


@dataclass(frozen=True, slots=True)
class Part(Generic[T]):
    """A page of a list.

    Args:
        rows: what is shown.
        total: how many there are.
        found: how many of them hold what is searched for.
        first: the place of the first that is shown among those found, from 0.
        size: rows a page.
        at: the id of the element at which the page is opened; empty for its top.
        kept: what else the address says; what is empty is not written.
    """

    path: str
    at: str
    rows: Sequence[T]
    total: int
    found: int
    first: int
    size: int
    q: str = ""
    kept: Mapping[str, str] = field(default_factory=dict)

    @property
    def is_long(self) -> bool:
        """Say whether one may want to search in it."""
        return self.total > self.size or bool(self.q)

    @property
    def number(self) -> int:
        """Return which page it is, from 1."""
        return self.first // self.size + 1

    @property
    def before(self) -> str | None:
        """Return where the page before is."""
        return self.href(self.number - 1) if self.first else None

    @property
    def after(self) -> str | None:
        """Return where the next page is."""
        return self.href(self.number + 1) if self.first + self.size < self.found else None

    @property
    def all(self) -> str:
        """Return where the list is without a search."""
        return self._at({})

    def href(self, number: int) -> str:
        """Return where another page of the same list is."""
        return self._at({"q": self.q, "page": str(number) if number > 1 else ""})

    def told(self, noun: str, nouns: str) -> str:
        """Say what is shown, in words."""
        word = noun if self.found == 1 else nouns
        is_whole = len(self.rows) == self.found
        piece = "" if is_whole else f"{self.first + 1:,}–{self.first + len(self.rows):,} of "
        match = "matches" if self.found == 1 else "match"
        of_all = f" that {match}, of {self.total:,}" if self.q else ""
        return f"{piece}{self.found:,} {word}{of_all}"

    def _at(self, more: Mapping[str, str]) -> str:
        values = {name: value for name, value in {**self.kept, **more}.items() if value}
        return f"{self.path}{'?' + urlencode(values) if values else ''}{'#' + self.at if self.at else ''}"


def part_of(
    rows: Sequence[T],
    q: str | None,
    number: int,
    *,
    path: str,
    at: str,
    words: Callable[[T], str],
    size: int = ROWS,
    kept: Mapping[str, str] | None = None,
) -> Part[T]:
    """Return a page of a list; the last where there are fewer.

    Args:
        q: what one of its words has to hold, in any case of letters.
        words: what is searched in.
    """
    wanted = (q or "").strip()
    found = [row for row in rows if wanted.casefold() in words(row).casefold()]
    last = max((len(found) - 1) // size, 0)
    first = min(number - 1, last) * size
    shown = found[first : first + size]
    return Part(path, at, shown, len(rows), len(found), first, size, wanted, kept or {})
