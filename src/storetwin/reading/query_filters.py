"""The filters of a question: which operator takes what, and as what values are compared. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal

from storetwin.kernel.errors import ConfigurationError
from storetwin.kernel.moments import read_moment
from storetwin.reading.fields import COLUMNS, Field, Kind, read_field
from storetwin.reading.query_models import (
    ON_TEXT,
    RANGES,
    Filter,
    GivenFilter,
    Operator,
    QuestionError,
    Sort,
    Value,
)

MOST_VALUES = 200
LONGEST_TEXT = 1000
BIGGEST = Decimal(10) ** 40
NUMBER = re.compile(r"-?[0-9]{1,40}(\.[0-9]{1,40})?([eE][+-]?[0-9]{1,3})?")
_MOMENT = re.compile(r"\d{4}-\d\d-\d\d([T ]\d\d:\d\d(:\d\d(\.\d{1,6})?)?(Z|[+-]\d\d:?\d\d)?)?")


def read_filter(given: GivenFilter) -> Filter:
    """Read a filter.

    Raises:
        QuestionError, FieldError: it makes no sense.
    """
    field = read_field(given.field)
    if given.operator not in set(Operator):
        raise QuestionError(
            f"There is no operator {given.operator[:40]!r}.",
            remedy=f"Choose from: {', '.join(Operator)}.",
        )
    operator = Operator(given.operator)
    values = _values_of(given, operator)
    if operator is Operator.IS_NULL:
        return Filter(field, operator, values, Sort.BOOLEAN)
    kind = COLUMNS[field.column] if field.column else None
    if kind is None:
        return _on_document(field, operator, values)
    return _on_column(field, kind, operator, values)


def _values_of(given: GivenFilter, operator: Operator) -> tuple[Value, ...]:
    """Return a filter's values, as many as its operator takes."""
    value = given.value
    several = () if isinstance(value, str) or not isinstance(value, Sequence) else tuple(value)
    name = f"{given.field} {operator}"
    if operator is Operator.IN:
        if not 1 <= len(several) <= MOST_VALUES:
            raise QuestionError(f"{name} needs a list.", remedy=f"Give 1 to {MOST_VALUES} values.")
    elif operator is Operator.BETWEEN:
        if len(several) != 2:
            raise QuestionError(f"{name} needs two values.", remedy="Give the least and the most.")
    elif several or (isinstance(value, Sequence) and not isinstance(value, str)):
        raise QuestionError(f"{name} takes one value.", remedy="Use in for several.")
    else:
        several = (value,)
    if operator is Operator.IS_NULL:
        if not isinstance(several[0], bool):
            raise QuestionError(f"{name} takes true or false.", remedy=f"Write {name} true.")
        return several
    return tuple(_checked(name, one) for one in several)


def _checked(name: str, value: Value) -> Value:
    if value is None:
        raise QuestionError(f"{name} needs a value.", remedy="Use is_null to find what is not set.")
    if isinstance(value, str) and len(value) > LONGEST_TEXT:
        raise QuestionError(f"A value of {name} is too long.", remedy="1,000 characters at most.")
    if isinstance(value, str) and ("\0" in value or not _is_unicode(value)):
        raise QuestionError(f"A value of {name} is no text.", remedy="Leave such characters out.")
    if isinstance(value, bool | str):
        return value
    number = Decimal(str(value))
    if not number.is_finite() or abs(number) > BIGGEST or len(number.as_tuple().digits) > 80:
        raise QuestionError(f"A value of {name} is too big.", remedy="40 digits at most.")
    return number


def _is_unicode(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _on_column(field: Field, kind: Kind, operator: Operator, values: tuple[Value, ...]) -> Filter:
    if any(isinstance(value, bool) for value in values):
        raise QuestionError(f"{field.name} is neither true nor false.", remedy="Give a text.")
    if kind is Kind.TEXT:
        texts = tuple(_plain(value) for value in values)
        if field.column == "email":
            texts = tuple(text.lower() for text in texts)
        return Filter(field, operator, texts, Sort.TEXT)
    if operator in ON_TEXT:
        raise QuestionError(f"{field.name} is no text.", remedy="Use =, <, <=, >, >= or between.")
    if kind is Kind.INTEGER:
        if not all(isinstance(value, Decimal) for value in values):
            raise QuestionError(f"{field.name} is a number.", remedy="Give a number.")
        return Filter(field, operator, values, Sort.NUMBER)
    return Filter(field, operator, _moments(field, values), Sort.MOMENT)


def _on_document(field: Field, operator: Operator, values: tuple[Value, ...]) -> Filter:
    sorts = {_sort_of(value, operator) for value in values}
    if operator in ON_TEXT:
        return Filter(field, operator, tuple(map(_plain, values)), Sort.TEXT)
    if Sort.BOOLEAN in sorts and (len(sorts) > 1 or operator in RANGES):
        raise QuestionError(
            f"{field.name} cannot be compared with true or false like that.",
            remedy="Use = or !=.",
        )
    if sorts == {Sort.MOMENT}:
        return Filter(field, operator, _moments(field, values), Sort.MOMENT)
    if len(sorts) == 1:
        sort = sorts.pop()
        numbers = tuple(Decimal(_plain(v)) for v in values) if sort is Sort.NUMBER else values
        return Filter(field, operator, numbers, sort)
    return Filter(field, operator, tuple(map(_plain, values)), Sort.TEXT)


def _sort_of(value: Value, operator: Operator) -> Sort:
    """Say as what a value is compared: what is written as text is text, but in a range."""
    if isinstance(value, bool):
        return Sort.BOOLEAN
    if isinstance(value, Decimal):
        return Sort.NUMBER
    if operator in RANGES and isinstance(value, str):
        if _MOMENT.fullmatch(value):
            return Sort.MOMENT
        if NUMBER.fullmatch(value):
            return Sort.NUMBER
    return Sort.TEXT


def _moments(field: Field, values: tuple[Value, ...]) -> tuple[datetime, ...]:
    found = []
    for value in values:
        try:
            found.append(read_moment(_plain(value)))
        except ConfigurationError as error:
            raise QuestionError(f"{field.name}: {error.message}", remedy=error.remedy) from None
    return tuple(found)


def _plain(value: Value) -> str:
    if isinstance(value, Decimal):
        return format(value, "f")
    return str(value).lower() if isinstance(value, bool) else str(value)
