"""The ledger of what really changed in a store, for tests to compare with."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field

Counts = defaultdict[str, defaultdict[int, int]]


def _counts() -> Counts:
    return defaultdict(lambda: defaultdict(int))


@dataclass(slots=True)
class Since:
    """What a record was at the last reading, and whether a date tells that it changed since.

    Args:
        before: its document; None when it did not exist.
        is_dated: one of the changes moved its modification date, or made it.
    """

    before: bytes | None
    is_dated: bool = False


@dataclass(slots=True)
class Changes:
    """What really changed since the store was made, for tests to compare with.

    Args:
        versions: resource → record id → how often its document became another one. A record
            that was created counts from 1.
        deleted: resource → ids of records deleted for good.
        readable: the same as ``versions``, of what a reader at each :meth:`mark` can tell apart:
            two changes between two readings are one, a change and its undoing are none.
        vanished: resource → ids that a reader knew and that were gone at a later reading.
        undated: resource → ids whose document once changed without its modification date: a reader of
            dates sees that late, or together with what came after it.
        since: what changed since the last reading; None until the first, when nothing is kept.
    """

    versions: Counts = field(default_factory=_counts)
    deleted: defaultdict[str, set[int]] = field(default_factory=lambda: defaultdict(set))
    readable: Counts = field(default_factory=_counts)
    vanished: defaultdict[str, set[int]] = field(default_factory=lambda: defaultdict(set))
    undated: defaultdict[str, set[int]] = field(default_factory=lambda: defaultdict(set))
    since: dict[tuple[str, int], Since] | None = None

    def __getitem__(self, resource: str) -> dict[int, int]:
        return dict(self.versions[resource])

    def note(
        self, resource: str, number: int, before: bytes | None = None, *, is_dated: bool = True
    ) -> None:
        """Count one more version of a record.

        Args:
            resource: the table.
            number: the record.
            before: its document until now; None when it is new.
            is_dated: its modification date moved.
        """
        self.versions[resource][number] += 1
        if not is_dated:
            self.undated[resource].add(number)
        self._remember(resource, number, before, is_dated=is_dated)

    def bury(self, resource: str, number: int, before: bytes | None) -> None:
        """Note that a record is deleted for good; ``before`` is its document until now."""
        self.deleted[resource].add(number)
        self._remember(resource, number, before, is_dated=False)

    def mark(self, document: Callable[[str, int], bytes | None], *, everything: bool) -> int:
        """Count what a reader who reads now can tell apart from the last reading.

        Args:
            document: gives a record as it is now.
            everything: it reads all records, as a sweep does; else only those whose modification
                date moved, and deletions and changes without a date wait for a later reading.

        Returns:
            How many records it finds new, changed or gone; 0 at the first reading, which only
            begins the count.
        """
        since, self.since = self.since or {}, {}
        found = 0
        for (resource, number), was in since.items():
            now = document(resource, number)
            if now == was.before:
                continue
            if not everything and (now is None or not was.is_dated):
                self.since[resource, number] = was
            elif now is None:
                found += 1
                self.vanished[resource].add(number)
            else:
                found += 1
                self.readable[resource][number] += 1
        return found

    def _remember(
        self, resource: str, number: int, before: bytes | None, *, is_dated: bool
    ) -> None:
        if self.since is None:
            return
        known = self.since.setdefault((resource, number), Since(before))
        known.is_dated |= is_dated
