"""What is asked of a store, and what it hands on: plain values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Question:
    """One thing asked of a store.

    Args:
        path: below ``/wp-json/wc/v3``; with a leading ``/`` below ``/wp-json``.
        params: shown without their values.
        seconds: the most the answer may take, where that is less than usual.
        is_piece: it asks for a part of what failed: where it fails as well it is no use to repeat
            it, a smaller part is asked for instead.
        is_once: it changes something: it is never sent twice, whatever becomes of the answer.
    """

    path: str
    params: Mapping[str, str] = field(default_factory=dict, repr=False)
    method: str = "GET"
    body: bytes | None = field(default=None, repr=False)
    seconds: float | None = None
    is_piece: bool = False
    is_once: bool = False


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a list.

    Args:
        records: exact bytes of each, in the store's order.
        total: ``X-WP-Total``; a hint, for it may lie.
        served_at: the store's clock.
        burden: how many times as heavy it was as a page should be (:mod:`pace`).
        elapsed: seconds from the question to the end of the answer.
        is_dated: the store sent its Date; else ``served_at`` is our own clock's.
    """

    records: tuple[bytes, ...]
    total: int | None
    served_at: datetime
    remarks: tuple[str, ...]
    burden: float = 0.0
    elapsed: float = 0.0
    is_dated: bool = True


@dataclass(frozen=True, slots=True)
class Single:
    """One record by its own address."""

    document: bytes
    served_at: datetime
    remarks: tuple[str, ...] = ()
