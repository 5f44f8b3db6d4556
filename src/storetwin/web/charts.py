"""What a chart is drawn from: numbers for the eye, and the same as exact text for its table. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from storetwin.web.words import Tone


@dataclass(frozen=True, slots=True)
class Series:
    """One line, or one layer of bars.

    Args:
        values: None where nothing is known.
        texts: how the table writes them, where that is not how numbers are written.
    """

    name: str
    tone: Tone
    values: Sequence[float | Decimal | None]
    is_filled: bool = False
    texts: Sequence[str] = field(default=())

    def text(self, at: int) -> str:
        """Return one value as the table has it."""
        if self.texts:
            return self.texts[at]
        value = self.values[at]
        return "–" if value is None else f"{value:,}"


@dataclass(frozen=True, slots=True)
class Chart:
    """A chart with everything that is told of it.

    Args:
        kind: ``bars`` (one upon the other), or ``lines``.
        sentence: what it shows, for whoever does not see it.
        unit: of its numbers.
        labels: of the places from left to right; ``heads`` the longer ones of the table.
    """

    id: str
    kind: str
    title: str
    sentence: str
    unit: str
    labels: Sequence[str]
    series: Sequence[Series]
    heads: Sequence[str] = field(default=())
    span: str = "Time"

    @property
    def data(self) -> dict[str, Any]:
        """Return what is drawn."""
        return {
            "labels": list(self.labels),
            "unit": self.unit,
            "series": [
                {
                    "name": one.name,
                    "token": one.tone.value,
                    "fill": one.is_filled,
                    "v": [None if value is None else float(value) for value in one.values],
                    "t": [one.text(at) for at in range(len(one.values))],
                }
                for one in self.series
            ],
        }

    @property
    def rows(self) -> list[tuple[str, list[str]]]:
        """Return the table: the latest first."""
        heads = self.heads or self.labels
        rows = [(head, [one.text(at) for one in self.series]) for at, head in enumerate(heads)]
        return rows[::-1]
