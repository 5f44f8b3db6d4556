"""The nouns of this room."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID


class State(StrEnum):
    """What a record would mean for core."""

    NEW = "new"
    UPDATED = "updated"
    DELETED = "deleted"
    IN_SYNC = "in_sync"
    IGNORED = "ignored"
    WAITING = "waiting"  # a person has to say which core record it is, or why it cannot enter
    STALE = "stale"  # it changed, and is compared within seconds
    GONE = "gone"  # promoted as a deletion; kept so that it is known when it comes back

    @property
    def is_shown(self) -> bool:
        """Say whether it is seen where nobody asks for certain states."""
        return self is not State.GONE

    @property
    def is_promotable(self) -> bool:
        """Say whether promoting the record may change core."""
        return self in _PROMOTABLE


_PROMOTABLE = frozenset({State.NEW, State.UPDATED, State.DELETED, State.WAITING, State.STALE})
SHOWN = tuple(state for state in State if state.is_shown)


class Sort(StrEnum):
    """What the table is sorted by."""

    MODIFIED = "modified_at"
    NAME = "name"
    KEY = "key"


class ChoiceAction(StrEnum):
    """What a person does to records without promoting them."""

    SELECT = "select"
    DESELECT = "deselect"
    IGNORE = "ignore"
    RESTORE = "restore"


class RuleAction(StrEnum):
    """What a rule does to the records that match it."""

    SELECT = "select"
    IGNORE = "ignore"
    PROMOTE = "promote"


@dataclass(frozen=True, slots=True)
class FieldChange:
    """A column whose value differs.

    Args:
        path: of the column; rows of parts as in ``order_lines/17/quantity``.
        label: what people call it.
        old: in core now, as text; None for nothing.
        new: after promotion, likewise.
    """

    path: str
    label: str
    old: str | None
    new: str | None


@dataclass(frozen=True, slots=True)
class Filter:
    """Which records are meant; what is left empty does not narrow.

    Args:
        connection_ids: of these stores; None for all that may be seen.
        search: text in name, SKU, e-mail or number, or an id.
        status: the store's own.
        field: records whose value of this column would change.
        is_selected: chosen for promotion, or not.
        rule_id: records that this rule has chosen.
    """

    resource: str
    connection_ids: tuple[UUID, ...] | None = None
    states: tuple[State, ...] = ()
    search: str | None = None
    status: tuple[str, ...] = ()
    modified_after: datetime | None = None
    modified_before: datetime | None = None
    field: str | None = None
    is_selected: bool | None = None
    rule_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Chosen:
    """Records to act on: some by name, or all that match a filter but some.

    Args:
        ids: (connection, remote id) of each; empty where a filter chooses.
        filter: of which resource, and, without ids, which of its records.
        but: left out of what matches.
        seen: how many the person was told; where it is another number now, it is said.
    """

    filter: Filter
    ids: tuple[tuple[UUID, str], ...] = ()
    but: tuple[tuple[UUID, str], ...] = ()
    seen: int | None = None


@dataclass(frozen=True, slots=True)
class Chose:
    """What a choice came to.

    Args:
        matched: records that were meant.
        changed: those that were not so before, and could become so.
        seen: as in :class:`Chosen`.
    """

    matched: int
    changed: int
    seen: int | None = None

    @property
    def is_as_seen(self) -> bool:
        """Say whether as many records were meant as the person was told."""
        return self.seen is None or self.seen == self.matched


@dataclass(frozen=True, slots=True)
class Count:
    """Records of a connection and resource in one state.

    Args:
        status: the store's own; empty for none.
        records: how many there are; ``selected`` of them are chosen for promotion.
    """

    connection_id: UUID
    resource: str
    state: State
    status: str
    records: int
    selected: int


@dataclass(frozen=True, slots=True)
class StagedRecord:
    """A line of the table.

    Args:
        name: what people know it by; ``key`` SKU, number or e-mail.
        figures: what the table shows beside it: price, stock, total.
        changes: first fields that differ; ``change_count`` how many do.
        why: of a record that waits, or is ignored by a rule.
    """

    connection_id: UUID
    connection: str
    resource: str
    remote_id: str
    state: State
    is_selected: bool
    is_gone: bool
    version: int
    name: str | None
    key: str | None
    status: str | None
    modified_at: datetime | None
    core_id: UUID | None
    figures: Mapping[str, Any] = field(default_factory=dict)
    changes: tuple[FieldChange, ...] = ()
    change_count: int = 0
    why: str | None = None
    rule_id: UUID | None = None
    candidates: tuple[UUID, ...] = ()
    columns: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class StagedPage:
    """A page of the table.

    Args:
        row_count: that match; where ``is_cut_off`` there are more.
    """

    data: tuple[StagedRecord, ...]
    row_count: int
    is_cut_off: bool
    page: int
    page_size: int
    counted_at: datetime


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A record that a promotion leaves out, and why.

    Args:
        candidates: core records of which it may be one.
    """

    connection_id: UUID
    remote_id: str
    reason: str
    candidates: tuple[UUID, ...] = ()


@dataclass(frozen=True, slots=True)
class Preview:
    """What a promotion would do; nothing has happened yet.

    Args:
        changed_fields: how many columns of how many records, by label.
        along: records of other resources that come along, by resource.
        left_out: some of what stays behind; ``left_out_count`` how many.
        looked_at: how many records were looked at closely: what comes along, what stays behind and
            which new records are core records already is told of these.
    """

    matched: int
    created: int
    updated: int
    deleted: int
    unchanged: int
    changed_fields: Mapping[str, int]
    along: Mapping[str, int]
    left_out_count: int
    left_out: tuple[LeftOut, ...]
    looked_at: int = 0
