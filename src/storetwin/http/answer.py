"""One request and its answer, as plain values."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Request:
    """What is asked.

    Args:
        url: without query.
        params: the query; shown without its values, for they may hold keys.
        headers: shown without their values as well.
        seconds: the most it may take, where that is less than usual.
    """

    method: str
    url: str
    params: Mapping[str, str] = field(default_factory=dict, repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    body: bytes | None = field(default=None, repr=False)
    seconds: float | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back, whatever its status.

    Args:
        headers: names in lower case.
        served_at: the other side's ``Date``.
        elapsed: seconds from asking to the last byte.
        store_seconds: what of it the store took itself, as far as can be told: until its first
            byte, without the way there and back, and without what we were busy with meanwhile.
    """

    status: int
    headers: Mapping[str, str]
    body: bytes = field(repr=False)
    served_at: datetime | None
    elapsed: float
    store_seconds: float = 0.0


Heard = Callable[[Request, Answer | None], None]
"""Told of a request when it is sent (None), and of its answer."""


def unheard(_: Request, __: Answer | None) -> None:
    """Listen to nothing."""
