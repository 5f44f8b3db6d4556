"""From a kept record to the values of an export's columns. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import msgspec

from storetwin.kernel.json_values import Number, parse, written
from storetwin.reading.export_columns import DOCUMENT, ExportColumn, Kind
from storetwin.reading.fields import Field
from storetwin.reading.query_filters import NUMBER
from storetwin.security import masked

_DECODER = msgspec.json.Decoder(float_hook=Number)
_FORMULA = re.compile(r"[=+\-@\t\r\n'＝＋－＠]")
_SAFE = re.compile(r"-?[0-9]+(\.[0-9]+)?")


@dataclass(frozen=True, slots=True)
class Exported:
    """A record on its way out, what is sealed in it hidden.

    Args:
        document: exact bytes; None where they are no JSON.
        readable: the document, or its clean copy.
        facts: what the twin keeps beside it, by column.
    """

    document: bytes | None
    readable: bytes
    facts: Mapping[str, Any]


def exported(row: Mapping[str, Any], connection: str) -> Exported:
    """Return a record as it was read."""
    payload, clean = row["payload"], row["clean"]
    document = None if payload is None else _shown(payload)
    readable = document if clean is None else _shown(clean)
    assert readable is not None
    facts = {
        "connection": connection,
        "remote_id": row["remote_id"],
        "parent": row["parent_id"],
        "state": row["state"],
        "status": row["status"],
        "created_at": row["created_at"],
        "modified_at": row["modified_at"],
    }
    return Exported(document, readable, facts)


def _shown(text: str) -> bytes:
    """Return a document with what is sealed in it hidden; hardly any has such."""
    document = text.encode()
    return masked(document) if b"$sealed" in document else document


def values_of(record: Exported, columns: Sequence[ExportColumn]) -> list[Any]:
    """Return a record's value in each column: JSON, or what the twin keeps."""
    parsed = _parsed(record.readable)
    return [_value(record, parsed, column) for column in columns]


def _value(record: Exported, parsed: Any, column: ExportColumn) -> Any:
    if column is DOCUMENT:
        return record.readable.decode()
    if column.field.column:
        return record.facts.get(column.field.column)
    return value_at(parsed, column.field)


def value_at(document: Any, asked: Field) -> Any:
    """Return what stands at a path; of a path through lists, a list of what each has there."""
    values = [document]
    for steps in asked.lists:
        found = [_follow(value, steps) for value in values]
        values = [inner for value in found if isinstance(value, list) for inner in value]
    values = [_follow(value, asked.steps) for value in values]
    return values if asked.lists else values[0]


def _follow(value: Any, steps: Sequence[str]) -> Any:
    for step in steps:
        value = value.get(step) if isinstance(value, dict) else None
    return value


def _parsed(document: bytes) -> Any:
    """Return a document with its fractions as they were written."""
    try:
        return _DECODER.decode(document)
    except (msgspec.DecodeError, ValueError, RecursionError):
        pass
    try:
        return parse(document)
    except ValueError:
        return None


# -- as text ----------------------------------------------------------------------------------------


def text_of(value: Any, kind: Kind) -> str:
    """Return a value as text; nothing is empty."""
    if isinstance(value, str):
        return f"{value}Z" if kind is Kind.TIME and value and not value.endswith("Z") else value
    if value is None:
        return ""
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
    return str(value) if type(value) is int else written(value)


def defused(text: str) -> str:
    """Return a cell that no spreadsheet takes for a formula: an apostrophe before what looks so.

    A cell that begins with an apostrophe gets one more, so taking one away from each cell that
    begins with one gives back what was there (OWASP, CSV Injection).
    """
    return f"'{text}" if _FORMULA.match(text) and not _SAFE.fullmatch(text) else text


# -- as typed values --------------------------------------------------------------------------------

DIGITS, DECIMALS = 38, 8
_INTEGERS = 2**63


def typed(value: Any, kind: Kind) -> Any:
    """Return a value as the type of its column; None where it is none of that type."""
    if value is None or kind is Kind.TEXT:
        return None if value is None else text_of(value, kind)
    match kind:
        case Kind.BOOLEAN:
            return value if isinstance(value, bool) else None
        case Kind.TIME:
            return _moment(value)
        case Kind.INTEGER:
            number = _decimal(value)
            is_whole = number is not None and number == number.to_integral_value()
            return (
                int(number) if number is not None and is_whole and abs(number) < _INTEGERS else None
            )
        case _:
            return _money(value)


def _decimal(value: Any) -> Decimal | None:
    if isinstance(value, bool):
        return None
    text = value.text if isinstance(value, Number) else str(value)
    return Decimal(text) if NUMBER.fullmatch(text) else None


def _money(value: Any) -> Decimal | None:
    number = _decimal(value)
    if number is None or number.adjusted() >= DIGITS - DECIMALS:
        return None
    exponent = number.normalize().as_tuple().exponent
    return number if isinstance(exponent, int) and exponent >= -DECIMALS else None


def _moment(value: Any) -> datetime | None:
    if isinstance(value, datetime):
        return value.astimezone(UTC)
    try:
        moment = datetime.fromisoformat(str(value))
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        return None
