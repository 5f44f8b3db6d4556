"""Which records stand on a page of a table: the one place where such a statement is put together.

A table is a merge of stretches: the records of one connection and one status, of which an index
knows the order. Which stretches there are, the tallies say. So whatever is filtered by, a page
costs the beginnings of some stretches, at any depth and however rare a status is.

Records without a value come last ascending and first descending.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from storetwin.db.queries import load_queries

Q = load_queries(__package__)

FEW = 5_000  # records that are taken whole and sorted, where no order helps to find them

Value = datetime | int | str | None


class Sort(StrEnum):
    """What a table is sorted by."""

    CREATED = "created_at"
    MODIFIED = "modified_at"
    TOTAL = "total"
    NUMBER = "number"


# What is put into statements comes from here alone.
_COLUMNS = {
    Sort.CREATED: ("created_at", "timestamptz"),
    Sort.MODIFIED: ("modified_at", "timestamptz"),
    Sort.TOTAL: ("total_minor", "bigint"),
    Sort.NUMBER: ("number_key", "text"),
}
_BRANCH = re.compile(r"/\* branch \*/(.*)/\* end of branch \*/", re.DOTALL)
_ALL = f"ORDER BY created_at, remote_id LIMIT {2 * FEW}"  # by the index that knows the dates
_WALK = re.compile(r"/\* walk \*/.*/\* end of walk \*/", re.DOTALL)
_OWN_STATUS = "status = stretch.status"
_NO_STATUS = "status IS NULL AND stretch.status = ''"


@dataclass(frozen=True, slots=True)
class Position:
    """Where a page ended: what its last record is sorted by, and the record."""

    value: Value
    remote_id: str
    connection_id: UUID


@dataclass(frozen=True, slots=True)
class Span:
    """When records were created; `until` itself is not meant. None: no bound."""

    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Slice:
    """Which part of a table.

    Args:
        after: behind this position.
        offset: so many rows further.
        limit: how many rows.
    """

    sort: Sort = Sort.CREATED
    is_descending: bool = True
    span: Span = Span()
    after: Position | None = None
    offset: int = 0
    limit: int = 50

    @property
    def reach(self) -> int:
        """How many rows of any stretch can stand on the page, or before it."""
        return self.offset + self.limit


@dataclass(frozen=True, slots=True)
class Stretch:
    """The records of one connection and one status; empty: those without one."""

    connection_id: UUID
    status: str


Statement = tuple[str, dict[str, Any]]


def choose_of_stretches(
    wanted: Slice, stretches: Sequence[Stretch], *, gathers: bool = False
) -> Statement:
    """Return the statement that chooses a page from some stretches.

    Args:
        gathers: few records fit, and the order does not help to find them: take all, then sort.
    """
    outer, branch = _taken_apart(Q.choose_of_stretches)
    if gathers:
        branch = _WALK.sub("/* all */", branch)
    branches = [branch]
    if not all(stretch.status for stretch in stretches):
        branches.append(branch.replace(_OWN_STATUS, _NO_STATUS))
    parts = [
        _in_order(one, wanted).replace("/* conditions */", _spanned(wanted.span) + condition)
        for condition in segments(wanted)
        for one in branches
    ]
    statement = _in_order(outer, wanted).replace("/* branches */", " UNION ALL ".join(parts))
    statement = statement.replace("/* all */", _ALL)
    return statement, params_of(wanted) | of_stretches(stretches)


def choose_of_found(wanted: Slice, found: Sequence[tuple[UUID, str]]) -> Statement:
    """Return the statement that chooses a page from records that were found."""
    outer, branch = _taken_apart(Q.choose_of_found)
    behind = " OR ".join(f"(true{condition})" for condition in segments(wanted))
    conditions = f"{_spanned(wanted.span)} AND ({behind})"
    statement = _in_order(outer, wanted).replace(
        "/* branches */", _in_order(branch, wanted).replace("/* conditions */", conditions)
    )
    return statement, params_of(wanted) | of_found(found)


def segments(wanted: Slice) -> list[str]:
    """Return the conditions of the parts in which what lies behind a position is read.

    There are two where records with a value and records without one lie behind it: no index leads
    from the one to the other by a comparison.
    """
    column, kind = _COLUMNS[wanted.sort]
    if wanted.after is None:
        return [""]
    # What has no date of creation lies within no span.
    all_have_values = wanted.sort is Sort.CREATED and wanted.span != Span()
    sign = "<" if wanted.is_descending else ">"
    if wanted.after.value is None:
        with_values = [f" AND {column} IS NOT NULL"] if wanted.is_descending else []
        rest = (
            f" AND {column} IS NULL"
            f" AND (remote_id, connection_id) {sign} (%(after_id)s, %(after_connection)s)"
        )
        return with_values or [" AND false"] if all_have_values else [rest, *with_values]
    behind = (
        f" AND ({column}, remote_id) {sign}= (%(after)s::{kind}, %(after_id)s)"
        f" AND ({column}, remote_id, connection_id) {sign} (%(after)s::{kind}, %(after_id)s, %(after_connection)s)"
    )
    have_nulls_behind = not wanted.is_descending and not all_have_values
    return [behind, f" AND {column} IS NULL"] if have_nulls_behind else [behind]


def params_of(wanted: Slice) -> dict[str, Any]:
    """Return the parameters of a slice."""
    params: dict[str, Any] = {
        "limit": wanted.limit,
        "offset": wanted.offset,
        "reach": wanted.reach,
        "since": wanted.span.since,
        "until": wanted.span.until,
    }
    if wanted.after is not None:
        params |= {
            "after": wanted.after.value,
            "after_id": wanted.after.remote_id,
            "after_connection": wanted.after.connection_id,
        }
    return params


def of_stretches(stretches: Sequence[Stretch]) -> dict[str, Any]:
    """Return some stretches as parameters."""
    return {
        "connections": [stretch.connection_id for stretch in stretches],
        "statuses": [stretch.status for stretch in stretches],
    }


def of_found(found: Sequence[tuple[UUID, str]]) -> dict[str, Any]:
    """Return some records as parameters."""
    return {"found_connections": [c for c, _ in found], "found_ids": [r for _, r in found]}


def _taken_apart(statement: str) -> tuple[str, str]:
    """Return a statement with a mark where its one branch stood, and that branch."""
    found = _BRANCH.search(statement)
    assert found is not None
    return _BRANCH.sub("/* branches */", statement), found[1]


def _in_order(text: str, wanted: Slice) -> str:
    column, _ = _COLUMNS[wanted.sort]
    direction = "DESC" if wanted.is_descending else "ASC"
    return text.replace("created_at", column).replace("/* direction */", direction)


def _spanned(span: Span) -> str:
    since = " AND created_at >= %(since)s" if span.since is not None else ""
    return since + (" AND created_at < %(until)s" if span.until is not None else "")
