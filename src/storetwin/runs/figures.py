"""Figures of the whole installation, for who watches over it."""

from __future__ import annotations

from dataclasses import dataclass

from storetwin.db.database import Transaction
from storetwin.db.queries import load_queries

Q = load_queries(__package__)


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure.

    Args:
        name: what is counted: runs, dead_letters, inbox, connections, or age (seconds).
        labels: by what: kind and state; of an age the connection's id.
    """

    name: str
    labels: tuple[str, ...]
    value: float


async def read_figures(tx: Transaction) -> list[Figure]:
    """Return the figures of all organisations together; names none of them."""
    return [
        Figure(
            row["figure"],
            tuple(label for label in (row["label"], row["other"]) if label is not None),
            float(row["value"]),
        )
        for row in await tx.fetch_all(Q.figures)
    ]
