"""A catalogue in several languages: plugins show each language in a list of its own.

A record that several of these lists show is kept once, as the first of them showed it. Otherwise
a plugin that translates a record on its way out would make the twin see it change from list to
list, and write a version at each.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from storetwin.woocommerce.records import Record


@dataclass(slots=True)
class Languages:
    """Which language showed a record first, through all lists of one walk."""

    _first: dict[str, str] = field(default_factory=dict)

    def own(self, language: str, records: Sequence[Record]) -> tuple[Record, ...]:
        """Return those records that no other language has shown before."""
        seen = self._first.setdefault
        return tuple(r for r in records if seen(r.remote_id, language) == language)
