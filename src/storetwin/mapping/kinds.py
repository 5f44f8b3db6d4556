"""What stands in a record as what stands in a column: one function a kind.

``""`` and null are nothing where a text cannot stand. What does not fit its kind raises
:class:`MisfitError`; nothing else is ever raised. Equal values come out equal to the last digit, as in
``464.3200`` and ``464.32``, so that they hash alike.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Context, Decimal
from functools import lru_cache
from html import unescape
from typing import Any

from storetwin.mapping.models import Field, Kind, Value

MOST_DIGITS = 18  # before the point; a bigint has one more
MOST_DECIMALS = 30
LONGEST_NAME = 200  # characters of what names a record: it stands in an index
MOST_INTEGER = 2**63 - 1
MOST_BITS = 13_000  # Python writes no number of more than 4300 digits
_AMOUNT = re.compile(rf"-?[0-9]{{1,{MOST_DIGITS}}}(?:\.([0-9]{{1,{MOST_DECIMALS}}}))?", re.ASCII)
_WHOLE = re.compile(rf"-?[0-9]{{1,{MOST_DIGITS + 1}}}", re.ASCII)
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)
_TRUE = frozenset({"true", "yes", "1"})
_FALSE = frozenset({"false", "no", "0"})
_CENTS = Decimal("0.01")
_TOO_BIG = 10**MOST_DIGITS
_EXACT = Context(prec=2 * (MOST_DIGITS + MOST_DECIMALS))  # else digits beyond the 28th are rounded
_NOTHING = Decimal(0)
_NO_MONEY = Decimal("0.00")


class MisfitError(ValueError):
    """A value is not of its kind; the message says what it is not."""


def text(value: Any) -> str:
    """Return a text; numbers as they were written, ``true`` and ``false``."""
    kind = value.__class__
    if kind is str:
        return value  # type: ignore[no-any-return]
    if kind is bool:
        return "true" if value else "false"
    if kind is int or kind is Decimal:
        return written_number(value)
    raise MisfitError("no text")


def escaped(value: Any) -> str:
    """Return a text that the store escaped for HTML as people wrote it."""
    found = text(value)
    return unescape(found) if "&" in found else found


def short(value: Any) -> str:
    """Return a text that an index can hold."""
    found = text(value)
    if len(found) > LONGEST_NAME:
        raise MisfitError(f"no text of at most {LONGEST_NAME} characters")
    return found


def written_number(value: int | Decimal) -> str:
    """Return a number as text."""
    if isinstance(value, int) and value.bit_length() > MOST_BITS:
        raise MisfitError("no number that anybody could use")
    return str(value)


def integer(value: Any) -> int | None:
    """Return a whole number."""
    kind = value.__class__
    if kind is int:
        whole = value
    elif kind is str:
        if value == "":
            return None
        if _WHOLE.fullmatch(value) is None:
            raise MisfitError("no whole number")
        whole = int(value)
    elif kind is Decimal and _is_usable(value) and value == value.to_integral_value():
        whole = int(value)
    else:
        raise MisfitError("no whole number")
    if not -MOST_INTEGER <= whole <= MOST_INTEGER:
        raise MisfitError(f"no number of at most {MOST_DIGITS} digits")
    return whole  # type: ignore[no-any-return]


def number(value: Any) -> Decimal | None:
    """Return a number without needless zeros at its end."""
    kind = value.__class__
    if kind is Decimal:
        return _number(str(value))
    found = _decimal(value)
    return found if found is None or kind is int else plain(found)


@lru_cache(maxsize=4096)  # most prices and rates of a store come again and again
def _number(value: str) -> Decimal:
    found = Decimal(value)
    if not _is_usable(found):
        raise MisfitError("no amount")
    return plain(found)


def plain(amount: Decimal) -> Decimal:
    """Return a number without needless zeros at its end."""
    if not amount:
        return _NOTHING
    if amount.same_quantum(_NOTHING):
        return amount
    bare = amount.normalize(_EXACT)
    is_whole = int(bare.as_tuple().exponent) > 0
    return bare.quantize(_NOTHING, context=_EXACT) if is_whole else bare


def money(value: Any) -> Decimal | None:
    """Return an amount, with two decimals or as many more as it has."""
    if value.__class__ is str:
        return _money(value)
    found = _decimal(value)
    return None if found is None else cents(found)


@lru_cache(maxsize=16384)  # most amounts of a store come again and again
def _money(value: str) -> Decimal | None:
    found = _decimal(value)
    return None if found is None else cents(found)


def cents(amount: Decimal) -> Decimal:
    """Return an amount with two decimals, or as many more as it has."""
    if not amount:
        return _NO_MONEY
    if amount.same_quantum(_CENTS):
        return amount
    if -int(amount.as_tuple().exponent) > 2:
        amount = amount.normalize(_EXACT)
        if -int(amount.as_tuple().exponent) >= 2:
            return amount
    return amount.quantize(_CENTS, context=_EXACT)


def _decimal(value: Any) -> Decimal | None:
    kind = value.__class__
    if kind is str:
        if value == "":
            return None
        if _AMOUNT.fullmatch(value) is None:
            return _unusual(value)
        return Decimal(value)
    if kind is int and -_TOO_BIG < value < _TOO_BIG:
        return Decimal(value)
    if kind is Decimal and _is_usable(value):
        return value  # type: ignore[no-any-return]
    raise MisfitError("no amount")


def _unusual(value: str) -> Decimal:
    """Return a number with spaces around it, a sign, or an exponent, as PHP writes small ones."""
    bare = value.strip()
    if re.fullmatch(r"[+-]?[0-9]*\.?[0-9]*(?:[eE][+-]?[0-9]{1,3})?", bare, re.ASCII) is None:
        raise MisfitError("no amount")
    if not any(letter.isdigit() for letter in bare.lower().partition("e")[0]):
        raise MisfitError("no amount")
    found = Decimal(bare)
    if not _is_usable(found):
        raise MisfitError(f"no amount of at most {MOST_DIGITS} digits")
    return found


def _is_usable(value: Decimal) -> bool:
    return (
        value.is_finite()
        and value.adjusted() < MOST_DIGITS
        and int(value.as_tuple().exponent) >= -MOST_DECIMALS
    )


def boolean(value: Any) -> bool | None:
    """Return yes or no, in the words that PHP has for it."""
    if value is True or value is False:
        return value
    if value.__class__ is int or value.__class__ is str:
        word = str(value).lower() if value.__class__ is str or value in (0, 1) else "?"
        if word in _TRUE:
            return True
        if word in _FALSE:
            return False
        if word == "":
            return None
    raise MisfitError("neither yes nor no")


def time(value: Any) -> datetime | None:
    """Return a moment; without a zone it is UTC, as in the members that end in ``_gmt``."""
    if value.__class__ is not str:
        raise MisfitError("no time")
    if value == "":
        return None
    if _DAY.match(value) is None:
        raise MisfitError("no time")
    try:
        moment = datetime.fromisoformat(value)
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise MisfitError("no time") from error


def day(value: Any) -> date | None:
    """Return a date."""
    moment = time(value)
    return None if moment is None else moment.date()


def texts(value: Any) -> list[Any]:
    """Return a list of texts; what PHP made an object because its list had holes is one as well."""
    if value == "":
        return []
    if value.__class__ is dict and is_list(value):
        value = [one for _, one in in_order(value)]
    if value.__class__ is not list:
        raise MisfitError("no list of texts")
    return [text(one) for one in value]


def is_list(value: dict[str, Any]) -> bool:
    """Say whether PHP made an object of a list with holes: ``{"0": "a", "2": "b"}``."""
    return all(name.isdecimal() and len(name) < MOST_DIGITS for name in value)


def in_order(value: dict[str, Any]) -> list[tuple[str, Any]]:
    """Return the elements of such a list in their order, with their places."""
    return sorted(value.items(), key=lambda item: int(item[0]))


def anything(value: Any) -> Any:
    """Return it as it stands."""
    return value


def named(value: Any) -> str | None:
    """Return the remote id of what a record names; None where it names nothing."""
    if value.__class__ is int:
        if value == 0:
            return None
        found = written_number(value)
    elif value.__class__ is str:
        found = value.strip()
        if found in ("", "0"):
            return None
    else:
        raise MisfitError("no id")
    if len(found) > LONGEST_NAME:
        raise MisfitError("no id")
    return found


CONVERTERS: dict[Kind, Callable[[Any], Value]] = {
    Kind.TEXT: text,
    Kind.INTEGER: integer,
    Kind.NUMBER: number,
    Kind.MONEY: money,
    Kind.BOOLEAN: boolean,
    Kind.TIME: time,
    Kind.DATE: day,
    Kind.TEXTS: texts,
    Kind.JSON: anything,
}


def converter_of(column: Field) -> Callable[[Any], Value]:
    """Return what makes a member what stands in a column."""
    if column.is_escaped:
        return escaped
    return short if column.is_short else CONVERTERS[column.kind]


def of_kind(kind: Kind, value: Any) -> Value:
    """Return what a rule, or a person, says as what is of a kind; what is of it already, as it is.

    Raises:
        MisfitError: it is not of the kind.
    """
    if value is None:
        return None
    if kind is Kind.TIME and isinstance(value, datetime):
        if value.tzinfo is None:
            raise MisfitError("no time with a zone")
        return value.astimezone(UTC)
    if kind is Kind.DATE and isinstance(value, date) and not isinstance(value, datetime):
        return value
    return CONVERTERS[kind](value)


def of_field(column: Field, value: Any) -> Value:
    """Return what a rule, or a person, says as what stands in a column.

    Raises:
        MisfitError: it is not of the column's kind, or too long for it.
    """
    found = of_kind(column.kind, value)
    return short(found) if column.is_short and found is not None else found
