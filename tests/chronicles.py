"""What a store has had, told by the store itself: the model that a twin is held against."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import zstandard
from benchmarks.matrix.judging import documents_of, unnamed

from hubs import IN_TABLES, Twin, bytes_of, lasting
from storetwin.sandboxes.woocommerce import Changes, Store

OFF_THE_LISTS = ("shipped", "auto-draft")
NO_CONTENT = ("gone", "partial")  # states whose bytes are not those of a record as it was
_PARENT = re.compile(rb',"parent_id":\d+')


def content(resource: str, document: bytes) -> bytes:
    """Return a document without what differs from answer to answer or from route to route.

    Below its order a refund is shown without its ``parent_id``.
    """
    kept = lasting(document)
    return _PARENT.sub(b"", kept, count=1) if resource == "refunds" else kept


class Chronicle(Changes):
    """Counts changes as the store does, and remembers every content that a record has had."""

    def __init__(self, store: Store) -> None:
        super().__init__()
        self.store = store
        self.contents: dict[str, dict[int, list[bytes]]] = {
            resource: defaultdict(list) for resource in store.tables
        }
        self.unloadable: defaultdict[str, set[int]] = defaultdict(set)
        for resource in store.tables:
            self.look(resource, store.ids(resource))

    def note(
        self, resource: str, number: int, before: bytes | None = None, *, is_dated: bool = True
    ) -> None:
        super().note(resource, number, before, is_dated=is_dated)
        self.look(resource, [number])

    def look(self, resource: str, numbers: Iterable[int]) -> None:
        """Remember what these records look like now."""
        for number in numbers:
            document = self.store.document(resource, number)
            known = self.contents[resource][number]
            if document is not None and known[-1:] != [content(resource, document)]:
                known.append(content(resource, document))

    def name(self, resource: str, number: int) -> str:
        """Return what the twin calls a record."""
        return self.store.slug(number) if resource == "tax_classes" else str(number)

    def off_the_lists(self, resource: str) -> set[str]:
        """Return the names of records that no list shows, though they exist."""
        status = self.store.status_of
        hidden = self.store.tables[resource].hidden
        return {
            self.name(resource, n)
            for n in self.store.ids(resource)
            if n in hidden or (resource == "orders" and status(resource, n) in OFF_THE_LISTS)
        }

    def present(self) -> dict[str, set[int]]:
        """Return the ids that exist now by resource."""
        return {resource: set(self.store.ids(resource)) for resource in self.store.tables}


def _is_without_second_opinion(line: Mapping[str, Any]) -> bool:
    """Say whether a certificate tells that it could not look for what no list shows."""
    return any(
        "not held against the store's own count" in remark
        or "rows that no address" in remark
        or "rows more than its lists say" in remark
        for remark in line["remarks"]
    )


async def assert_lost_nothing(
    twin: Twin,
    chronicle: Chronicle,
    certificate: Mapping[str, Any],
    before: dict[str, set[int]],
    *,
    in_peace: bool = False,
) -> None:
    """What was there throughout a run is in the twin, or named; a complete run names nothing."""
    after = chronicle.present()
    for line in certificate["resources"]:
        resource = line["resource"]
        if resource not in IN_TABLES:
            continue
        throughout = before[resource] & after[resource]
        if not in_peace:
            throughout -= chronicle.unloadable[resource]
        missing = {chronicle.name(resource, number) for number in throughout}
        missing -= (await twin.snapshots(resource)).keys()
        if _is_without_second_opinion(line):
            missing -= chronicle.off_the_lists(resource)
        named = {entry["record"]: entry["reason"] for entry in line["lacking"]}
        assert not (named and line["is_complete"]), (resource, named)
        assert not unnamed(missing, named), (resource, missing, named)


async def assert_agrees(
    twin: Twin, chronicle: Chronicle, resources: Sequence[str], certificate: Mapping[str, Any]
) -> None:
    """The twin is what the store is, and its versions are what the store has been."""
    lines = certificate["resources"]
    expected = documents_of(chronicle.store)
    blind = {line["resource"] for line in lines if _is_without_second_opinion(line)}
    for resource in resources:
        if resource not in IN_TABLES:  # nothing happens to these
            assert not await twin.snapshots(resource, gone=True), resource
            snapshots = await twin.snapshots(resource)
            assert snapshots.keys() == expected.get(resource, snapshots).keys(), resource
            continue
        await _assert_same_records(twin, chronicle, resource, is_partial=resource in blind)
        await _assert_real_versions(twin, chronicle, resource)


async def _assert_same_records(
    twin: Twin, chronicle: Chronicle, resource: str, *, is_partial: bool
) -> None:
    snapshots = await twin.snapshots(resource)
    expected = twin.expected(resource)
    unfound = chronicle.off_the_lists(resource) if is_partial else set()
    expected = {n: text for n, text in expected.items() if n in snapshots or n not in unfound}
    assert snapshots.keys() == expected.keys(), (resource, snapshots.keys() ^ expected.keys())
    different = [
        name
        for name, row in snapshots.items()
        if content(resource, bytes_of(row)) != content(resource, expected[name])
    ]
    assert not different, (resource, different)
    for name, row in snapshots.items():
        wanted = "unlisted" if name in chronicle.off_the_lists(resource) else "listed"
        assert row["state"] == wanted, (resource, name, row["state"], wanted)


async def _assert_real_versions(twin: Twin, chronicle: Chronicle, resource: str) -> None:
    buried = await twin.snapshots(resource, gone=True)
    deleted = {chronicle.name(resource, n) for n in chronicle.deleted[resource]}
    assert buried.keys() <= deleted, (resource, buried.keys() - deleted)
    if resource == "tax_classes":
        return
    earlier = await _earlier(twin, resource)
    for name, row in ((await twin.snapshots(resource)) | buried).items():
        kept = earlier.get(name, [])
        assert row["version"] == len(kept) + 1, (resource, name, row["version"], len(kept))
        seen = [content(resource, text) for state, text in kept if state not in NO_CONTENT]
        if row["state"] not in NO_CONTENT:
            seen.append(content(resource, bytes_of(row)))
        if int(name) in chronicle.unloadable[resource]:
            # Its own address answered that it does not exist: buried, and dug out again.
            seen = [text for at, text in enumerate(seen) if at == 0 or text != seen[at - 1]]
        had = chronicle.contents[resource][int(name)]
        assert is_course(seen, had), (resource, name, _places(seen, had), len(had))


def _places(seen: Sequence[bytes], had: Sequence[bytes]) -> list[int]:
    return [had.index(content) if content in had else -1 for content in seen]


def is_course(seen: Sequence[bytes], had: Sequence[bytes]) -> bool:
    """Say whether contents were had in this order, and none of them is told twice in a row."""
    at = 0
    for content in seen:
        while at < len(had) and had[at] != content:
            at += 1
        if at == len(had):
            return False
        at += 1
    return True


_EARLIER = """
SELECT remote_id, version, state, document_zstd
FROM mirror.versions WHERE connection_id = %(connection_id)s AND resource = %(resource)s
ORDER BY remote_id, version
"""


async def _earlier(twin: Twin, resource: str) -> dict[str, list[tuple[str, bytes]]]:
    found: dict[str, list[tuple[str, bytes]]] = defaultdict(list)
    for row in await twin.rows(_EARLIER, resource=resource):
        document = zstandard.ZstdDecompressor().decompress(row["document_zstd"])
        found[row["remote_id"]].append((row["state"], document))
    return found
