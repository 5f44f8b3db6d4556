"""Holding a twin against its store, record by record."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from storetwin.resources import RESOURCES, Resource
from storetwin.resources import named as declared
from storetwin.sandboxes.woocommerce import Store

Documents = Mapping[str, Mapping[str, bytes]]
"""Resource → remote id → exact bytes."""

_RELATED = re.compile(rb'"related_ids":\[[^\]]*\]')
_LINKS = re.compile(rb',"_links":\{.*\}\}$')
_NUMBERED = re.compile(rb'\{"id":(\d+),')
_WHOLE = re.compile(r"the list .*|up to \d+ unlisted|\d+ of \d+ records|unnamed near .*")
_BETWEEN = re.compile(r"between (\d+) and (\d+|the end)")
_COUNTED = re.compile(r"the store counts (\d+) rows that no address (?:up to \d+ )?answers for")


def lasting(document: bytes) -> bytes:
    """Return a document without what differs from answer to answer, or from route to route.

    Those are a product's random ``related_ids`` and, last in each document, ``_links``.
    """
    return _LINKS.sub(b"}", _RELATED.sub(b'"related_ids":[]', document))


def compared(store: Store) -> tuple[Resource, ...]:
    """Return the resources whose records a sandbox store can show us: all that is pulled by itself."""
    return tuple(r for r in RESOURCES if r.name in store.tables and not r.is_extra)


def documents_of(store: Store) -> dict[str, dict[str, bytes]]:
    """Return everything that a store has, hidden and trashed records included."""
    return {
        resource.name: {
            _remote_id(store, resource, number): store.document(resource.name, number) or b""
            for number in store.ids(resource.name)
        }
        for resource in compared(store)
    }


def _remote_id(store: Store, resource: Resource, number: int) -> str:
    """Return what the twin calls a record: its number, or a pattern of its members."""
    document = store.document(resource.name, number) or b""
    found = _NUMBERED.match(document)
    if found and resource.key == "id":
        return found[1].decode()
    members = json.loads(document)
    if resource.parent is not None:
        table = store.tables[resource.name]
        owner = table.owner[table.position(number) or 0]
        members["parent"] = _remote_id(store, declared(resource.parent), owner)
    return resource.key.format_map(members) if "{" in resource.key else str(members[resource.key])


def unnamed(missing: Iterable[str], named: Iterable[str]) -> set[str]:
    """Return those of some missing records that a certificate does not name.

    Named is also what lies in a gap that is named, and everything where a whole list is.
    """
    names = set(named)
    gaps = [found for name in names if (found := _BETWEEN.fullmatch(name))]
    if any(_WHOLE.fullmatch(name) for name in names):
        return set()
    return {
        name
        for name in set(missing) - names
        if not any(_lies_between(name, gap[1], gap[2]) for gap in gaps)
    }


def _is_many(name: str) -> bool:
    return bool(_WHOLE.fullmatch(name) or _BETWEEN.fullmatch(name))


def _lies_between(name: str, after: str, before: str) -> bool:
    return (
        name.isdecimal()
        and int(after) < int(name)
        and (before == "the end" or int(name) < int(before))
    )


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a twin lacks and what the program said of it; (resource, record) throughout.

    Args:
        missing: records that were there throughout and are not in the twin.
        lost: those of them that a finished run does not name.
        named: what the certificate names as lacking.
        told: how many records the certificate counts that answer nowhere.
        wrong: records that did not change and have other bytes in the twin.
    """

    missing: frozenset[tuple[str, str]] = frozenset()
    lost: frozenset[tuple[str, str]] = frozenset()
    named: frozenset[tuple[str, str]] = frozenset()
    told: int = 0
    wrong: frozenset[tuple[str, str]] = frozenset()

    @property
    def records(self) -> set[str]:
        """The ids of the records that are named."""
        return {name for _, name in self.named if not _is_many(name)}

    @property
    def lists(self) -> int:
        """How many lists and gaps are named instead of a record."""
        return sum(_is_many(name) for _, name in self.named)


@dataclass(slots=True)
class _Sums:
    missing: set[tuple[str, str]] = field(default_factory=set)
    lost: set[tuple[str, str]] = field(default_factory=set)
    named: set[tuple[str, str]] = field(default_factory=set)
    wrong: set[tuple[str, str]] = field(default_factory=set)
    told: int = 0


def judge(
    before: Documents, after: Documents, twin: Documents, certificate: Mapping[str, Any] | None
) -> Verdict:
    """Hold a twin against its store.

    Args:
        before, after: everything in the store when the pull began and when it ended.
        twin: everything that is not buried.
        certificate: None where the run failed: it claims nothing, so nothing is lost.
    """
    lines = {line["resource"]: line for line in certificate["resources"]} if certificate else {}
    sums = _Sums()
    for resource in after:
        _judge_resource(resource, before[resource], after[resource], twin[resource], lines, sums)
    lost = sums.lost if len(sums.lost) > sums.told else set()
    return Verdict(
        frozenset(sums.missing),
        frozenset(lost),
        frozenset(sums.named),
        sums.told,
        frozenset(sums.wrong),
    )


def _judge_resource(
    resource: str,
    before: Mapping[str, bytes],
    after: Mapping[str, bytes],
    held: Mapping[str, bytes],
    lines: Mapping[str, Any],
    sums: _Sums,
) -> None:
    throughout = before.keys() & after.keys()
    missing = throughout - held.keys()
    sums.missing |= {(resource, name) for name in missing}
    line = lines.get(resource)
    named: set[str] = set()
    if line is not None:
        named = {entry["record"] for entry in line["lacking"]}
        sums.named |= {(resource, name) for name in named}
        sums.lost |= {(resource, name) for name in unnamed(missing, named)}
        counted = (found for remark in line["remarks"] if (found := _COUNTED.fullmatch(remark)))
        sums.told += sum(int(found[1]) for found in counted)
    same = {name for name in throughout & held.keys() - named if before[name] == after[name]}
    if declared(resource).secrets is not None:
        return  # sealed: their bytes are not the store's
    wrong = {name for name in same if lasting(held[name]) != lasting(after[name])}
    sums.wrong |= {(resource, name) for name in wrong} if line is not None else set()
