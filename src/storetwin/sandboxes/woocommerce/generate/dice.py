"""A seeded source of choices, one a record, so that any record can be made alone."""

from __future__ import annotations

from random import Random

_SPREAD = 0x9E3779B97F4A7C15
_MASK = (1 << 62) - 1
_KINDS = {"order": 1, "lines": 2, "product": 3, "variation": 4, "customer": 5, "coupon": 6,
          "review": 7, "term": 8, "refund": 9, "plan": 10, "churn": 11, "identity": 12, "secret": 13,
          "note": 14, "booking": 15, "subscription": 16, "storm": 17}  # fmt: skip


def dice(seed: int, kind: str, number: int) -> Random:
    """Return the random source of one record: always the same for the same three arguments."""
    return Random((seed * 1_000_003 + _KINDS[kind] * 7919 + number * _SPREAD) & _MASK)
