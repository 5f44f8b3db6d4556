"""Which records are meant: the one place where such a statement is put together.

By date a table is a merge of stretches, the records of one connection, state, status and choice, of
which an index knows the order; which stretches there are, the counts say. By name or key an index
is walked that knows neither state nor status: where few records fit, they are taken whole and
sorted instead. What is put into a statement comes from here alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from storetwin.db.queries import load_queries
from storetwin.kernel.natural import natural_key
from storetwin.staging.models import SHOWN, Chosen, Count, Filter, Sort

Q = load_queries(__package__)

FEW = 5_000  # records that are taken whole and sorted, where their order is known by no index
MOST_COUNTED = 10_000  # records that are counted one by one, and rows that pages reach

Ids = Sequence[tuple[UUID, str]]
Statement = tuple[str, dict[str, Any]]

_COLUMNS = {Sort.MODIFIED: "modified_at", Sort.NAME: "name_key", Sort.KEY: "key"}
_KEY = re.compile(r"\bkey\b")
_MEANT = re.compile(r"/\* meant \*/.*?/\* end of meant \*/", re.DOTALL)
_OF_MEANT = re.compile(r"/\* of meant \*/.*?/\* end of them \*/", re.DOTALL)
_MATCHED = re.compile(r"/\* matched \*/.*?/\* end of matched \*/", re.DOTALL)
_SUMS = re.compile(r"/\* sums \*/(.*)/\* end of sums \*/", re.DOTALL)
_EACH = re.compile(r"/\* each \*/(.*)/\* end of each \*/", re.DOTALL)
_MATCHES = re.compile(r"/\* matches \*/(.*)/\* end \*/", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Stretch:
    """The records of one connection, state, status and choice, and how many there are."""

    connection_id: UUID
    state: str
    status: str
    is_selected: bool
    records: int


@dataclass(frozen=True, slots=True)
class Slice:
    """Which rows of a table: ``limit`` of them, ``offset`` rows further."""

    sort: Sort = Sort.MODIFIED
    is_descending: bool = True
    offset: int = 0
    limit: int = 50


def stretches_of(counts: Iterable[Count], wanted: Filter) -> list[Stretch]:
    """Return the stretches that a filter leaves."""
    states = frozenset(wanted.states or SHOWN)
    found = []
    for count in counts:
        if count.state not in states or (wanted.status and count.status not in wanted.status):
            continue
        for is_selected, records in (
            (True, count.selected),
            (False, count.records - count.selected),
        ):
            if records and wanted.is_selected in (None, is_selected):
                of = (count.connection_id, count.state.value, count.status)
                found.append(Stretch(*of, is_selected, records))
    return found


def is_narrowed(wanted: Filter) -> bool:
    """Say whether a filter asks for more than the counts know."""
    narrows = (wanted.modified_after, wanted.modified_before, wanted.field, wanted.rule_id)
    return any(value is not None for value in narrows)


def choose(wanted: Filter, part: Slice, stretches: Sequence[Stretch], count: int) -> Statement:
    """Return the statement that chooses a page.

    Args:
        count: how many records fit, as far as they were counted.
    """
    if part.sort is Sort.MODIFIED:
        query = Q.choose_of_stretches
    else:
        query = Q.choose_of_few if count <= FEW else Q.choose_of_connections
    return _ready(query, wanted, part), params_of(wanted, part) | of_stretches(stretches)


def choose_of_found(
    wanted: Filter, part: Slice, stretches: Sequence[Stretch], found: Ids
) -> Statement:
    """Return the statement that chooses a page of records that were found otherwise."""
    statement = _ready(Q.choose_of_found, wanted, part)
    return statement, params_of(wanted, part) | of_stretches(stretches) | of_found(found)


def count_all(wanted: Filter, stretches: Sequence[Stretch]) -> Statement:
    """Return the statement that counts what fits, up to one more than is counted."""
    statement = Q.count_in_stretches.replace("/* conditions */", conditions(wanted))
    params = params_of(wanted, Slice()) | of_stretches(stretches)
    return statement, params | {"most": MOST_COUNTED + 1}


def change(statement: str, chosen: Chosen, connections: Sequence[UUID]) -> Statement:
    """Return a statement that changes what is meant, all of it in one.

    Args:
        statement: with the mark for what is meant, as in ``Q.select_records``.
        connections: that the filter may be about.
    """
    params: dict[str, Any] = {"resource": chosen.filter.resource} | of_found(chosen.ids)
    if chosen.ids:
        return statement, params
    wanted = chosen.filter
    searched = _searched(wanted)
    meant = Q.meant.replace("/* conditions */", conditions(wanted, "r.") + searched)
    is_selected = [True, False] if wanted.is_selected is None else [wanted.is_selected]
    params |= params_of(wanted, Slice()) | {
        "few_connections": list(connections),
        "few_states": [state.value for state in wanted.states or SHOWN],
        "any_status": not wanted.status,
        "few_statuses": list(wanted.status),
        "few_selected": is_selected,
        "but_connections": [connection for connection, _ in chosen.but],
        "but_ids": [remote_id for _, remote_id in chosen.but],
    }
    statement = _MEANT.sub(lambda _: meant.rstrip(";"), statement)
    if not searched:
        each = _part(_EACH, meant)
        statement = _OF_MEANT.sub(lambda _: each, statement)
    if not searched and not is_narrowed(wanted):
        sums = _part(_SUMS, Q.matched)
        statement = _MATCHED.sub(lambda _: sums, statement)
    return statement, params


def conditions(wanted: Filter, table: str = "") -> str:
    """Return what has to hold beside what the stretches say."""
    parts = {
        "modified_at >= %(after)s": wanted.modified_after,
        "modified_at < %(before)s": wanted.modified_before,
        "rule_id = %(rule_id)s": wanted.rule_id,
        "changed_columns @> ARRAY[%(field)s::text]": wanted.field,
    }
    return "".join(f" AND {table}{part}" for part, value in parts.items() if value is not None)


def params_of(wanted: Filter, part: Slice) -> dict[str, Any]:
    """Return the parameters of a filter and a slice."""
    text = (wanted.search or "").strip().lower()
    return {
        "resource": wanted.resource,
        "after": wanted.modified_after,
        "before": wanted.modified_before,
        "rule_id": wanted.rule_id,
        "field": wanted.field,
        "text": text,
        "key": natural_key(text),
        "limit": part.limit,
        "offset": part.offset,
        "reach": part.offset + part.limit,
        "most": FEW,
    }


def of_stretches(stretches: Sequence[Stretch]) -> dict[str, Any]:
    """Return some stretches as parameters."""
    return {
        "connections": [stretch.connection_id for stretch in stretches],
        "states": [stretch.state for stretch in stretches],
        "statuses": [stretch.status for stretch in stretches],
        "selected": [stretch.is_selected for stretch in stretches],
        "few_connections": sorted({stretch.connection_id for stretch in stretches}),
        "few_states": sorted({stretch.state for stretch in stretches}),
        "few_statuses": sorted({stretch.status for stretch in stretches}),
        "few_selected": sorted({stretch.is_selected for stretch in stretches}),
    }


def of_found(found: Ids) -> dict[str, Any]:
    """Return some records as parameters."""
    return {
        "found_connections": [connection for connection, _ in found],
        "found_ids": [remote_id for _, remote_id in found],
    }


def _ready(query: str, wanted: Filter, part: Slice) -> str:
    direction = "DESC" if part.is_descending else "ASC"
    query = query.replace("/* direction */", direction)
    if query != Q.choose_of_stretches:
        query = _KEY.sub(_COLUMNS[part.sort], query)
    return query.replace("/* conditions */", conditions(wanted))


def _searched(wanted: Filter) -> str:
    return f" AND {_part(_MATCHES, Q.matches)}" if wanted.search and wanted.search.strip() else ""


def _part(mark: re.Pattern[str], query: str) -> str:
    """Return the marked part of a query."""
    found = mark.search(query)
    assert found is not None
    return found[1]
