"""One point in which an answer is not what a real WooCommerce gives."""

from __future__ import annotations

from dataclasses import dataclass

_LONGEST = 300


@dataclass(frozen=True, slots=True)
class Difference:
    """Where an answer differs, what was expected there and what was found.

    Args:
        where: ``status``, ``header Link``, ``body[3].line_items[0].price`` …
        expected: what the recording asks for, in words or as JSON.
        found: what the answer holds.
    """

    where: str
    expected: str
    found: str

    def __str__(self) -> str:
        """Return one line for a person."""
        return f"{self.where}: expected {_short(self.expected)}, found {_short(self.found)}"


def _short(text: str) -> str:
    return text if len(text) <= _LONGEST else text[:_LONGEST] + " …"
