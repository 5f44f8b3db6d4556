"""What the tables of records share: how they are sorted, cut into pages, and answered."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Annotated, Any, Literal
from uuid import UUID

import msgspec
from fastapi import Depends, Query, Response
from pydantic import BaseModel, Field

from storetwin.api.moments import AtMoment, AtText, Moment
from storetwin.api.paging import Cursor, Limit, cursor_to, position_of
from storetwin.api.problems import ProblemError
from storetwin.kernel.money import MOST_MINOR
from storetwin.reading.board_models import Asked, TablePage
from storetwin.reading.choosing import Position, Slice, Sort, Span

DEEPEST = 2_000  # rows that page and page_size reach; a cursor reaches all
_KINDS: dict[Sort, Any] = {
    Sort.TOTAL: Annotated[int, msgspec.Meta(ge=-MOST_MINOR, le=MOST_MINOR)],
    Sort.NUMBER: AtText,
}
_ENCODER = msgspec.json.Encoder()

ConnectionAsked = Annotated[
    str | None, Query(min_length=1, max_length=200, description="Name or id of a connection.")
]
Statuses = Annotated[
    list[Annotated[str, Field(min_length=1, max_length=200)]] | None,
    Query(max_length=50, description="Only these; may be given several times."),
]
Text = Annotated[
    str | None,
    Query(
        min_length=1,
        max_length=100,
        description="A text to look for, in any case: in what people search by. At most 500 are found; "
        "one that is common, or shorter than three characters, is looked for in the newest 5,000.",
    ),
]


class TableAnswer(BaseModel):
    """What every table answers beside its rows."""

    next_cursor: str | None = Field(description="Asks for the next page; absent on the last.")
    row_count: int = Field(description="Of all pages.")
    row_count_is_exact: bool = Field(description="If not, there may be more.")
    page: int | None = Field(description="Which page it is; absent where a cursor was sent.")
    page_size: int
    is_search_cut: bool = Field(
        description="`q` occurs so often that not all was looked through: be more precise."
    )
    hint: str | None = Field(description="Why nothing is here, and what to do.")


@dataclass(frozen=True, slots=True)
class Part:
    """Which part of a table a request asks for."""

    sort: Sort
    is_descending: bool
    span: Span
    size: int
    cursor: str | None
    page: int | None

    def of(self, asked: Asked) -> Asked:
        """Return a question with the part that is asked for.

        Raises:
            ProblemError: 400, the cursor is of another question; 422, the page lies too deep.
        """
        number = 1 if self.page is None else self.page
        if number * self.size > DEEPEST:
            raise ProblemError(
                422,
                "too_deep",
                f"Pages reach {DEEPEST:,} rows deep.",
                remedy="Send `next_cursor` of the page before as `cursor`; it reaches any depth.",
            )
        part = Slice(
            self.sort,
            self.is_descending,
            self.span,
            offset=(number - 1) * self.size,
            limit=self.size,
        )
        return replace(asked, part=replace(part, after=self._after(asked)))

    def answer(self, asked: Asked, page: TablePage) -> Response:
        """Return a page as an answer."""
        last = page.last and cursor_to(_written(page.last), self._question(asked))
        return answer(
            {
                "data": page.rows,
                "next_cursor": last,
                "row_count": page.row_count,
                "row_count_is_exact": page.row_count_is_exact,
                "page": None if self.cursor else self.page or 1,
                "page_size": self.size,
                "is_search_cut": page.is_search_cut,
                "hint": page.hint,
            }
        )

    def _question(self, asked: Asked) -> str:
        return repr((replace(asked, part=Slice()), self.sort, self.is_descending, self.span))

    def _after(self, asked: Asked) -> Position | None:
        kind = _KINDS.get(self.sort, AtMoment)
        found = position_of(self.cursor, self._question(asked), kind | None, AtText, UUID)
        return None if found is None else Position(*found)


def _written(position: Position) -> tuple[Any, ...]:
    return position.value, position.remote_id, position.connection_id


def part_of(
    sort: Annotated[
        Sort, Query(description="`number`: as people sort, A-9 before A-10.")
    ] = Sort.CREATED,
    order: Annotated[Literal["asc", "desc"], Query(description="Which way.")] = "desc",
    since: Annotated[Moment | None, Query(description="Created then or later.")] = None,
    until: Annotated[Moment | None, Query(description="Created before.")] = None,
    limit: Limit = 50,
    cursor: Cursor = None,
    page: Annotated[
        int | None, Query(ge=1, le=DEEPEST, description="Instead of a cursor: counted from 1.")
    ] = None,
    page_size: Annotated[
        int | None, Query(ge=1, le=200, description="With `page`; the same as `limit`.")
    ] = None,
) -> Part:
    """Read which part of a table a request asks for.

    Raises:
        ProblemError: 422, page and cursor are two ways to say the same.
    """
    if cursor is not None and page is not None:
        raise ProblemError(422, "two_places", "Send `cursor` or `page`, not both.")
    return Part(sort, order == "desc", Span(since, until), page_size or limit, cursor, page)


Sorted = Annotated[Part, Depends(part_of)]


def answer(content: Any) -> Response:
    """Return something as JSON; msgspec writes it in a tenth of the time."""
    return Response(_ENCODER.encode(content), media_type="application/json")
