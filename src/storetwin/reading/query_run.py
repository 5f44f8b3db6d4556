"""Answering a question: bounded in rows, bytes and seconds, in a transaction that writes nothing."""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from storetwin.db.database import Row, Transaction
from storetwin.db.errors import DatabaseBusyError
from storetwin.kernel.errors import ConfigurationError
from storetwin.kernel.json_values import Number, parse
from storetwin.reading.fields import Sample, sample_of
from storetwin.reading.query_models import Question
from storetwin.reading.query_sql import Q, Shape, Statement, compose
from storetwin.security import masked

SECONDS = 5.0
MOST_BYTES = 4_000_000
SAMPLED = 100  # of the newest, and as many others
_AT_ONCE = 100


class TooBroadError(ConfigurationError):
    """A question reads, or answers, more than one may."""

    code = "too_broad"


@dataclass(frozen=True, slots=True)
class Answer:
    """The answer to a question.

    Args:
        columns: their names, in order.
        rows: values of JSON, numbers as they were written.
        next_offset: where the next rows begin; None if these are the last.
        each: the list whose elements the rows are, like ``line_items[]``; None: they are records.
        doubts: what the one who asked should know.
    """

    columns: tuple[str, ...]
    rows: list[list[Any]]
    next_offset: int | None
    each: str | None
    doubts: tuple[str, ...]


async def look_at(
    tx: Transaction, resource: str, organisation_id: UUID, connection_id: UUID | None
) -> Sample:
    """Look at some records of a resource."""
    params = {
        "organisation_id": organisation_id,
        "connection_id": connection_id,
        "resource": resource,
        "limit": SAMPLED,
    }
    rows = await tx.fetch_all(Q.sample_documents, params)
    return sample_of(_parsed(row["document"]) for row in rows)


async def ask(
    tx: Transaction,
    question: Question,
    organisation_id: UUID,
    connection_id: UUID | None,
    *,
    most_bytes: int = MOST_BYTES,
    seconds: float = SECONDS,
) -> Answer:
    """Answer a question.

    Raises:
        FieldError: it names a field that no record has.
        TooBroadError: it takes too long, or one row is too big.
    """
    await tx.set_local("transaction_read_only", "on")
    await tx.set_local("statement_timeout", f"{round(seconds * 1000)}ms")
    began = time.monotonic()
    try:
        sample = await look_at(tx, question.resource, organisation_id, connection_id)
        doubts = [doubt for named in question.fields if (doubt := sample.check(named))]
        statement = compose(question, organisation_id, connection_id)
        rows, is_cut = await _read(tx, statement, question.limit, most_bytes, seconds)
    except DatabaseBusyError as error:
        if time.monotonic() - began < seconds:
            raise
        raise _too_long(question, seconds) from error
    if not sample.size:
        doubts.append(f"The twin has no {question.resource} here.")
    end = question.offset + len(rows)
    return Answer(
        columns=tuple(shape.label for shape in statement.shapes),
        rows=rows,
        next_offset=end if is_cut else None,
        each=".".join(".".join(steps) + "[]" for steps in question.each) or None,
        doubts=tuple(dict.fromkeys(doubts)),
    )


async def _read(
    tx: Transaction, statement: Statement, limit: int, most_bytes: int, seconds: float
) -> tuple[list[list[Any]], bool]:
    """Return the rows that there is room for, and whether there are more."""
    found: list[list[Any]] = []
    left = most_bytes
    give_up_at = time.monotonic() + seconds
    async for row in tx.stream(statement.text, dict(statement.params), size=_AT_ONCE):
        left -= sum(len(str(value)) for value in row.values() if value is not None) + 2 * len(row)
        if len(found) >= limit or (left < 0 and found):
            return found, True
        if left < 0:
            raise TooBroadError(
                f"One row of the answer is larger than {most_bytes:,} bytes.",
                remedy="Name fewer fields, or fields inside of them.",
            )
        if time.monotonic() > give_up_at:
            raise DatabaseBusyError("It takes too long.")
        found.append([_value(shape, row) for shape in statement.shapes])
    return found, False


def _too_long(question: Question, seconds: float) -> TooBroadError:
    named = {one.field.column for one in question.filters}
    missing = [name for name in ("created_at", "status", "connection") if name not in named]
    return TooBroadError(
        f"The question reads more than can be read in {seconds:g} s.",
        remedy=f"Add a filter on {' or '.join(missing) or 'remote_id'}, which are fast.",
    )


# -- values ---------------------------------------------------------------------------------------


def _value(shape: Shape, row: Row) -> Any:
    values = [row[name] for name in shape.names]
    match shape.form:
        case "json":
            return None if values[0] is None else _parsed(values[0])
        case "kind":
            return _of_kind(values[2], values[1])
        case "either":
            return next((_plain(value) for value in values if value is not None), None)
        case _:
            return _plain(values[0])


def _of_kind(kind: str | None, text: str | None) -> Any:
    """Return the value by which is grouped, as it stands in the document."""
    if text is None:
        return None
    if kind == "boolean":
        return text == "true"
    return Number(text) if kind == "number" else text


def _plain(value: Any) -> Any:
    """Return what PostgreSQL counted or reckoned: sums as text, like stores write money."""
    if isinstance(value, Decimal):
        return format(value, "f")
    return value.isoformat() if isinstance(value, datetime) else value


def _parsed(text: str) -> Any:
    """Return a value with what is sealed in it hidden."""
    try:
        return parse(masked(text.encode()))
    except ValueError:
        return None  # deeper than anybody reads
