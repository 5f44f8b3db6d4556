"""One resource as compact columns; a record's JSON is written when somebody asks for it."""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

from storetwin.sandboxes.woocommerce.php_json import dumps
from storetwin.sandboxes.woocommerce.site_time import NEVER

GONE = 255
"""Status code of a row that was deleted for good."""
_CACHED_DOCUMENTS = 2048


@dataclass(slots=True)
class Table:
    """The records of one resource, in id order.

    Args:
        name: the resource.
        statuses: what the status codes mean; one entry for resources without a status.
        write: writes the JSON of a generated record at a position, with the mark of the base URL.
        ids, status, created, modified, owner: one entry a record; dates in epoch seconds or
            NEVER; ``owner`` is the customer, order, product or attribute it belongs to, or 0.
        changed: the JSON of records that are no longer as generated.
        hidden: records that no list shows and no total counts, though they answer by themselves.
        unloadable: records that are counted but come neither in a list nor alone.
        key: the member that names a record for people, and stands first in its JSON.
        age: makes of a record what an older WooCommerce shows; None changes nothing.
        is_spoken: its lists show one language, the default one unless ``lang`` says otherwise.
        languages: the language of records that are not in the default one.
        pairs: record → its translation.
        membership: rises when a record is added, removed or changes its status.
        touched: rises with any change.
    """

    name: str
    statuses: tuple[str, ...]
    write: Callable[[int], str]
    ids: array[int] = field(default_factory=lambda: array("q"))
    status: bytearray = field(default_factory=bytearray)
    created: array[int] = field(default_factory=lambda: array("q"))
    modified: array[int] = field(default_factory=lambda: array("q"))
    owner: array[int] = field(default_factory=lambda: array("q"))
    changed: dict[int, bytes] = field(default_factory=dict)
    hidden: set[int] = field(default_factory=set)
    unloadable: set[int] = field(default_factory=set)
    key: str = "id"
    age: Callable[[bytes], bytes] | None = None
    is_spoken: bool = False
    languages: dict[int, str] = field(default_factory=dict)
    pairs: dict[int, int] = field(default_factory=dict)
    membership: int = 0
    touched: int = 0
    _cache: OrderedDict[int, bytes] = field(default_factory=OrderedDict)

    def position(self, number: int) -> int | None:
        """Return where the record stands, or None when there is no such record (any more)."""
        at = bisect_left(self.ids, number)
        if at < len(self.ids) and self.ids[at] == number and self.status[at] != GONE:
            return at
        return None

    def __contains__(self, number: int) -> bool:
        return self.position(number) is not None

    def __len__(self) -> int:
        return len(self.ids) - self.status.count(GONE)

    def __iter__(self) -> Iterator[int]:
        """All ids that exist, hidden and trashed ones included."""
        return (number for number, code in zip(self.ids, self.status, strict=True) if code != GONE)

    def document(self, number: int) -> bytes | None:
        """Return the JSON of a record with the mark of the base URL; None when it is gone."""
        found = self.changed.get(number)
        if found is not None:
            return found
        found = self._cache.get(number)
        if found is not None:
            return found
        at = self.position(number)
        if at is None:
            return None
        text = self.write(at).encode("ascii")
        if self.age is not None:
            text = self.age(text)
        self._cache[number] = text
        if len(self._cache) > _CACHED_DOCUMENTS:
            self._cache.popitem(last=False)
        return text

    def owned(self, owner: int) -> list[int]:
        """Return the ids of the records that belong to another one."""
        found: list[int] = []
        at = -1
        while True:
            try:
                at = self.owner.index(owner, at + 1)
            except ValueError:
                return found
            if self.status[at] != GONE:
                found.append(self.ids[at])

    def find(self, name: str, owner: int | None = None) -> int | None:
        """Return the id of the record whose key is ``name``, below an owner if one is given."""
        start = f'{{"{self.key}":{dumps(name)},'.encode()
        for number in self if owner is None else self.owned(owner):
            if (self.document(number) or b"").startswith(start):
                return number
        return None

    def status_of(self, number: int) -> str | None:
        """Return the status of a record; None when it is gone."""
        at = self.position(number)
        return None if at is None else self.statuses[self.status[at]]

    def add(
        self,
        number: int,
        *,
        status: str | None = None,
        created: int = NEVER,
        modified: int = NEVER,
        owner: int = 0,
    ) -> int:
        """Append a row and return its position. Ids must rise."""
        code = 0 if status is None else self.statuses.index(status)
        self.ids.append(number)
        self.status.append(code)
        self.created.append(created)
        self.modified.append(modified)
        self.owner.append(owner)
        self.membership += 1
        self.touched += 1
        return len(self.ids) - 1

    def put(self, number: int, document: bytes) -> None:
        """Keep the JSON of a record that changed."""
        self.changed[number] = document if self.age is None else self.age(document)
        self.forget(number)

    def forget(self, number: int) -> None:
        """Drop a cached document, so that it is written again."""
        self._cache.pop(number, None)
        self.touched += 1

    def forget_all(self) -> None:
        """Drop every cached document."""
        self._cache.clear()
        self.touched += 1

    def set_status(self, at: int, status: str) -> None:
        """Change the status of the record at a position."""
        self.status[at] = self.statuses.index(status)
        self.membership += 1
        self.touched += 1

    def remove(self, number: int) -> None:
        """Delete a record for good."""
        at = self.position(number)
        if at is None:
            return
        self.status[at] = GONE
        self.changed.pop(number, None)
        self.membership += 1
        self.forget(number)

    def hide(self, numbers: Iterable[int]) -> None:
        """Let no list show these records."""
        self.hidden = set(numbers)
        self.membership += 1
        self.touched += 1

    def unload(self, numbers: Iterable[int]) -> None:
        """Let these records be counted and never load."""
        self.unloadable = set(numbers)
        self.touched += 1
