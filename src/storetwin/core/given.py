"""What people give for a column, as what stands in it: pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from storetwin.kernel.errors import ConfigurationError
from storetwin.mapping.models import Field, Kind, Noun, Value

LONGEST = 100_000
MOST_TEXTS = 1_000
MOST_DIGITS = 40
_BIGGEST = 2**63 - 1


class BadValueError(ConfigurationError):
    """What was given cannot stand in a column."""

    code = "bad_value"


def editable(noun: Noun) -> dict[str, Field]:
    """Return the columns that a person may change, by name."""
    return {one.name: one for one in noun.fields if one.is_mapped and one.kind is not Kind.JSON}


def values_of(noun: Noun, given: Mapping[str, Any]) -> dict[str, Value]:
    """Return what somebody gave for some columns as it stands in them.

    Raises:
        BadValueError: a column is not there or cannot be changed, or a value cannot stand in it.
    """
    allowed = editable(noun)
    unknown = sorted(given.keys() - allowed.keys())
    if unknown:
        raise BadValueError(
            f"{noun.label} has no {unknown[0][:60]!r} that could be changed.",
            remedy=f"It has: {', '.join(allowed)}.",
        )
    return {name: value_of(allowed[name], value) for name, value in given.items()}


def value_of(column: Field, given: Any) -> Value:
    """Return what somebody gave for a column as it stands in it; nothing empties it.

    Raises:
        BadValueError: it cannot stand there.
    """
    if given is None:
        return None
    reader, wanted = _READERS[column.kind]
    try:
        return reader(given)
    except (ValueError, TypeError, InvalidOperation, OverflowError):
        raise BadValueError(
            f"{column.label} cannot be what was given.", remedy=f"Give {wanted}, or nothing."
        ) from None


def _text(given: Any) -> str:
    if not isinstance(given, str) or len(given) > LONGEST:
        raise ValueError
    return given


def _integer(given: Any) -> int:
    if isinstance(given, bool) or not isinstance(given, int | str):
        raise TypeError
    number = int(_text(given)) if isinstance(given, str) else given
    if abs(number) > _BIGGEST:
        raise ValueError
    return number


def _number(given: Any) -> Decimal:
    if isinstance(given, bool) or not isinstance(given, int | float | str | Decimal):
        raise TypeError
    number = Decimal(str(given).strip())
    digits = number.as_tuple()
    if (
        not number.is_finite()
        or len(digits.digits) > MOST_DIGITS
        or abs(number.adjusted()) > MOST_DIGITS
    ):
        raise ValueError
    return number


def _yes_or_no(given: Any) -> bool:
    if not isinstance(given, bool):
        raise TypeError
    return given


def _moment(given: Any) -> datetime:
    moment = given if isinstance(given, datetime) else datetime.fromisoformat(_text(given))
    if moment.tzinfo is None:
        raise ValueError
    return moment.astimezone(UTC)


def _day(given: Any) -> date:
    if isinstance(given, date) and not isinstance(given, datetime):
        return given
    return date.fromisoformat(_text(given))


def _texts(given: Any) -> list[Any]:
    if not isinstance(given, list) or len(given) > MOST_TEXTS:
        raise TypeError
    return [_text(one) for one in given]


def _nothing(_: Any) -> Value:
    raise TypeError


_READERS: Mapping[Kind, tuple[Callable[[Any], Value], str]] = {
    Kind.TEXT: (_text, "a text"),
    Kind.INTEGER: (_integer, "a whole number"),
    Kind.NUMBER: (_number, "a number, like 1.5"),
    Kind.MONEY: (_number, "an amount, like 12.00"),
    Kind.BOOLEAN: (_yes_or_no, "true or false"),
    Kind.TIME: (_moment, "a moment with its zone, like 2026-11-20T12:00:00Z"),
    Kind.DATE: (_day, "a day, like 2026-11-20"),
    Kind.TEXTS: (_texts, "a list of texts"),
    Kind.JSON: (_nothing, "nothing: it cannot be changed here"),
}
