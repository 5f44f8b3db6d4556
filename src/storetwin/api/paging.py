"""Lists in pages: an opaque cursor says where the next one begins."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Sequence
from hashlib import sha256
from typing import Annotated, Any, Generic, TypeVar

import msgspec
from fastapi import Query
from pydantic import BaseModel, Field

from storetwin.api.given import is_text
from storetwin.api.problems import ProblemError

LONGEST = 2048
MARK_LENGTH = 6  # bytes
Item = TypeVar("Item")

Limit = Annotated[int, Query(ge=1, le=200, description="How many at most.")]
Cursor = Annotated[
    str | None,
    Query(max_length=LONGEST, description="`next_cursor` of the page before; none for the first."),
]


class Page(BaseModel, Generic[Item]):
    """One page of a list."""

    data: list[Item]
    next_cursor: str | None = Field(
        default=None, description="Asks for the next page; absent on the last."
    )


def page_of(
    data: Sequence[Item], limit: int, question: str, position: Callable[[Item], Any]
) -> Page[Item]:
    """Return a page of what was read; one more than it holds says that there is another.

    Args:
        data: up to ``limit + 1``, in their order.
        position: where an item stands: its value of the column that the list is sorted by.
    """
    shown = list(data[:limit])
    more = cursor_to([position(shown[-1])], question) if len(data) > limit else None
    return Page(data=shown, next_cursor=more)


def cursor_to(position: Sequence[Any], question: str) -> str:
    """Return a cursor.

    Args:
        position: the last row's values of the columns it is sorted by: what JSON can hold.
        question: what was asked (filters and order); the cursor fits no other.
    """
    text = msgspec.json.encode(list(position))
    return _spelled(_mark(question, text) + text)


def position_of(cursor: str | None, question: str, *types: Any) -> tuple[Any, ...] | None:
    """Return the position in a cursor, each part of its type; None for the first page.

    Raises:
        ProblemError: 400, it is no cursor of ours for this question.
    """
    if cursor is None:
        return None
    try:
        whole = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
        mark, text = whole[:MARK_LENGTH], whole[MARK_LENGTH:]
        position = msgspec.json.decode(text, type=tuple.__class_getitem__(types))
    except (binascii.Error, ValueError, msgspec.DecodeError, msgspec.ValidationError):
        raise _bad() from None
    texts = [part for part in position if isinstance(part, str)]
    is_ours = mark == _mark(question, text) and cursor == _spelled(whole)
    if not is_ours or not all(map(is_text, texts)):
        raise _bad()
    return tuple(position)


def _spelled(whole: bytes) -> str:
    return base64.urlsafe_b64encode(whole).decode().rstrip("=")


def _mark(question: str, position: bytes) -> bytes:
    """Return what shows that a cursor was not garbled, and which list it belongs to."""
    return sha256(question.encode("utf-8", "replace") + b"\n" + position).digest()[:MARK_LENGTH]


def _bad() -> ProblemError:
    return ProblemError(
        400,
        "bad_cursor",
        "The cursor does not belong to this list.",
        remedy="Send `next_cursor` of the page before, with the same filters and order.",
    )
