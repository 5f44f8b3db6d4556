"""Lists in pages: an opaque cursor says where the next one begins."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence
from hashlib import sha256
from typing import Annotated, Any, Generic, TypeVar

import msgspec
from fastapi import Query
from pydantic import BaseModel, Field

from storetwin.api.problems import ProblemError

LONGEST = 2048
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


def cursor_to(position: Sequence[Any], question: str) -> str:
    """Return a cursor.

    Args:
        position: the last row's values of the columns it is sorted by: what JSON can hold.
        question: what was asked (filters and order); the cursor fits no other.
    """
    text = msgspec.json.encode([_mark(question), *position])
    return base64.urlsafe_b64encode(text).decode().rstrip("=")


def position_of(cursor: str | None, question: str, *types: Any) -> tuple[Any, ...] | None:
    """Return the position in a cursor, each part of its type; None for the first page.

    Raises:
        ProblemError: 400, it is no cursor of ours for this question.
    """
    if cursor is None:
        return None
    try:
        text = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
        mark, *position = msgspec.json.decode(text, type=tuple.__class_getitem__((str, *types)))
    except (binascii.Error, ValueError, msgspec.DecodeError, msgspec.ValidationError):
        raise _bad() from None
    if mark != _mark(question):
        raise _bad()
    return tuple(position)


def _mark(question: str) -> str:
    return sha256(question.encode("utf-8", "replace")).hexdigest()[:8]


def _bad() -> ProblemError:
    return ProblemError(
        400,
        "bad_cursor",
        "The cursor does not belong to this list.",
        remedy="Send `next_cursor` of the page before, with the same filters and order.",
    )
