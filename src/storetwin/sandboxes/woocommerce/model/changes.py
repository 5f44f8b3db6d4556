"""The ledger of what really changed in a store, for tests to compare with."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field


@dataclass(slots=True)
class Changes:
    """What really changed since the store was made, for tests to compare with.

    Args:
        versions: resource → record id → how often its document became another one. A record
            that was created counts from 1.
        deleted: resource → ids of records deleted for good.
    """

    versions: defaultdict[str, defaultdict[int, int]] = field(
        default_factory=lambda: defaultdict(lambda: defaultdict(int))
    )
    deleted: defaultdict[str, set[int]] = field(default_factory=lambda: defaultdict(set))

    def __getitem__(self, resource: str) -> dict[int, int]:
        return dict(self.versions[resource])

    def note(self, resource: str, number: int) -> None:
        """Count one more version of a record."""
        self.versions[resource][number] += 1
