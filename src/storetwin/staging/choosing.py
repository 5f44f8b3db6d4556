"""Which records are meant: the one place where such a statement is put together.

By date a table is a merge of stretches, the records of one connection, state and status, of which an
index knows the order; which stretches there are, the counts say. By name or key an index is walked
that knows neither state nor status: where few records fit, they are taken whole and sorted instead.
What is chosen stands in a table of its own, which has stretches as well: it is asked in place of the
records. What is put into a statement comes from here alone.
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

_CONDITIONS = "/* conditions */"
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
_CHOICE = re.compile(r"/\* choice \*/ (.*) /\* end of choice \*/", re.DOTALL)
_RECORD = re.compile(r"/\* record \*/ (.*) /\* end of record \*/", re.DOTALL)
_ALL_CHOSEN = re.compile(r"/\* all chosen \*/ (.*) /\* end of all chosen \*/", re.DOTALL)
_NUMBERS = {None: "c.records", True: "c.selected", False: "c.records - c.selected"}


@dataclass(frozen=True, slots=True)
class Stretch:
    """The records of one connection, state and status, and how many of them fit."""

    connection_id: UUID
    state: str
    status: str
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
        records = count.records
        if wanted.is_selected is not None:
            records = count.selected if wanted.is_selected else records - count.selected
        if records:
            found.append(Stretch(count.connection_id, count.state.value, count.status, records))
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
    params = params_of(wanted, part) | of_stretches(stretches)
    if part.sort is Sort.MODIFIED:
        return _ready(_in_stretches(Q.choose_of_stretches, wanted), part), params
    if count > FEW:
        query = Q.choose_of_connections.replace(_CONDITIONS, conditions(wanted))
    elif wanted.is_selected:
        query = Q.choose_of_few_chosen.replace(_CONDITIONS, _of_chosen(wanted))
    else:
        query = Q.choose_of_few.replace(_CONDITIONS, conditions(wanted))
    return _ready(query, part), params


def choose_of_found(
    wanted: Filter, part: Slice, stretches: Sequence[Stretch], found: Ids
) -> Statement:
    """Return the statement that chooses a page of records that were found otherwise."""
    statement = _ready(Q.choose_of_found.replace(_CONDITIONS, conditions(wanted)), part)
    return statement, params_of(wanted, part) | of_stretches(stretches) | of_found(found)


def count_all(wanted: Filter, stretches: Sequence[Stretch]) -> Statement:
    """Return the statement that counts what fits, up to one more than is counted."""
    statement = _in_stretches(Q.count_in_stretches, wanted)
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
    meant = Q.meant.replace(_CONDITIONS, _of_many(wanted) + searched)
    params |= params_of(wanted, Slice()) | {
        "few_connections": list(connections),
        "few_states": [state.value for state in wanted.states or SHOWN],
        "any_status": not wanted.status,
        "few_statuses": list(wanted.status),
        "but_connections": [connection for connection, _ in chosen.but],
        "but_ids": [remote_id for _, remote_id in chosen.but],
    }
    if not searched:
        each = _part(_EACH, meant)
        if statement == Q.deselect_records:  # of what is chosen, which is in no need to be asked
            each = _part(_EACH, Q.meant.replace(_CONDITIONS, _of_chosen(wanted)))
        statement = _OF_MEANT.sub(lambda _: each, statement)
    statement = _MEANT.sub(lambda _: meant.rstrip(";"), statement)
    if not searched and not is_narrowed(wanted):
        sums = _part(_SUMS, Q.matched).replace(_CONDITIONS, conditions(wanted))
        sums = sums.replace("c.records", _NUMBERS[wanted.is_selected])
        statement = _MATCHED.sub(lambda _: sums, statement)
    return statement, params


def conditions(wanted: Filter, *, asks_choice: bool = True) -> str:
    """Return what has to hold of a record ``r`` beside what the stretches say.

    Args:
        asks_choice: also whether it is chosen, of one record at a time.
    """
    choice = ""
    if asks_choice and wanted.is_selected is not None:
        choice = f" AND {_part(_CHOICE, Q.beside)} IS {'NOT ' * wanted.is_selected}NULL"
    return _dated(wanted) + _of_record(wanted, "r") + choice


def _of_many(wanted: Filter) -> str:
    """Return the same where all that fit are read anyhow."""
    if not wanted.is_selected:
        return conditions(wanted)
    return f"{conditions(wanted, asks_choice=False)} AND {_part(_ALL_CHOSEN, Q.beside)}"


def _of_chosen(wanted: Filter) -> str:
    """Return the same of ``r``, one that is chosen: what the selections do not know its record does."""
    if wanted.is_selected is False:
        return " AND false"
    beyond = _of_record(wanted, "o")
    if not beyond:
        return _dated(wanted)
    record = _part(_RECORD, Q.beside).replace("/* its conditions */", beyond)
    return f"{_dated(wanted)} AND {record} IS NOT NULL"


def _in_stretches(query: str, wanted: Filter) -> str:
    """Return a query of stretches: of those of the records, or of what is chosen."""
    if not wanted.is_selected:
        return query.replace(_CONDITIONS, conditions(wanted))
    return query.replace("staging.records r", "staging.selections r").replace(
        _CONDITIONS, _of_chosen(wanted)
    )


def _dated(wanted: Filter) -> str:
    after = " AND r.modified_at >= %(after)s" if wanted.modified_after is not None else ""
    before = " AND r.modified_at < %(before)s" if wanted.modified_before is not None else ""
    return after + before


def _of_record(wanted: Filter, table: str) -> str:
    """Return what only the records themselves can tell."""
    rule = f" AND {table}.rule_id = %(rule_id)s" if wanted.rule_id is not None else ""
    field = (
        f" AND {table}.changed_columns @> ARRAY[%(field)s::text]"
        if wanted.field is not None
        else ""
    )
    return rule + field


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
        "few_connections": sorted({stretch.connection_id for stretch in stretches}),
        "few_states": sorted({stretch.state for stretch in stretches}),
        "few_statuses": sorted({stretch.status for stretch in stretches}),
    }


def of_found(found: Ids) -> dict[str, Any]:
    """Return some records as parameters."""
    return {
        "found_connections": [connection for connection, _ in found],
        "found_ids": [remote_id for _, remote_id in found],
    }


def _ready(query: str, part: Slice) -> str:
    query = query.replace("/* direction */", "DESC" if part.is_descending else "ASC")
    return _KEY.sub(_COLUMNS[part.sort], query)


def _searched(wanted: Filter) -> str:
    return f" AND {_part(_MATCHES, Q.matches)}" if wanted.search and wanted.search.strip() else ""


def _part(mark: re.Pattern[str], query: str) -> str:
    """Return the marked part of a query."""
    found = mark.search(query)
    assert found is not None
    return found[1]
