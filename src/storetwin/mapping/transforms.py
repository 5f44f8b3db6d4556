"""What the steps of an import mapping do, each safe with whatever a store sends.

A step takes a value as JSON has it and returns another; what it cannot work with raises
:class:`StepError`, and nothing else is ever raised. What is said of each is in
:mod:`storetwin.mapping.steps`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal, DecimalException
from enum import StrEnum
from typing import Any

from storetwin.mapping import kinds, markup, units
from storetwin.mapping.patterns import PatternError, compile_pattern, compile_template
from storetwin.mapping.sources import Source
from storetwin.mapping.units import NumberError

Document = Mapping[str, Any]
Apply = Callable[[Any, Document], Any]
MOST_CHARACTERS = 1_000_000
LONGEST_MARKUP = 1_000_000


class StepError(ValueError):
    """A step can make nothing of a value; the message says why, and never what the value is."""


class ParameterError(ValueError):
    """A parameter cannot be used; the message says why."""


class Takes(StrEnum):
    """What a parameter is."""

    TEXT = "text"
    CHOICE = "choice"
    WHOLE = "whole"
    FLAG = "flag"
    VALUE = "value"  # a text, a number, yes or no
    TABLE = "table"  # texts and what each becomes, or the name of a table of the mapping
    SOURCES = "sources"


class Gives(StrEnum):
    """What a step returns; what columns that cannot be is refused when a mapping is saved."""

    ANYTHING = "anything"
    TEXT = "text"
    NUMBER = "number"
    LIST = "list"


@dataclass(frozen=True, slots=True)
class Parameter:
    """What can be said of a step.

    Args:
        is_needed: else ``usual`` holds where it is not said.
        least, most: of a whole number.
    """

    name: str
    label: str
    takes: Takes
    about: str
    usual: Any = None
    is_needed: bool = False
    choices: tuple[str, ...] = ()
    least: int = 0
    most: int = 0


@dataclass(frozen=True, slots=True)
class Step:
    """A kind of step.

    Args:
        build: takes the parameters, checked one by one, and returns what runs; raises
            :class:`ParameterError` where they do not go together.
        is_source: it needs no value: a rule may begin with it and have no source.
    """

    name: str
    label: str
    about: str
    parameters: tuple[Parameter, ...]
    build: Callable[[Mapping[str, Any]], Apply]
    gives: Gives = Gives.TEXT
    is_source: bool = False


def is_empty(value: Any) -> bool:
    """Say whether there is nothing in a value; 0 and no are something."""
    return value is None or (isinstance(value, str | list | dict) and not value)


def text_of(value: Any) -> str:
    """Return a value as text.

    Raises:
        StepError: it is none.
    """
    try:
        return kinds.text(value)
    except kinds.MisfitError as error:
        raise StepError(f"it is {error}") from error


def _of_each(change: Callable[[str], Any]) -> Apply:
    """Return what changes a text, or every text of a list; nothing stays nothing."""

    def apply(value: Any, _: Document) -> Any:
        if value is None:
            return None
        if isinstance(value, list):
            return [change(text_of(one)) for one in value if one is not None]
        return change(text_of(value))

    return apply


def _bounded(text: str) -> str:
    if len(text) > MOST_CHARACTERS:
        raise StepError(f"it comes to more than {MOST_CHARACTERS:,} characters")
    return text


def constant(given: Mapping[str, Any]) -> Apply:
    """Return what always says the same."""
    return lambda _value, _document: given["value"]


def default(given: Mapping[str, Any]) -> Apply:
    """Return what says something where there is nothing."""
    return lambda value, _: given["value"] if is_empty(value) else value


def lookup(given: Mapping[str, Any]) -> Apply:
    """Return what looks texts up."""
    folds, otherwise = given["ignore_case"], given["otherwise"]
    table = {
        (name.strip().casefold() if folds else name.strip()): value
        for name, value in given["table"].items()
    }

    def look_up(text: str) -> Any:
        key = text.strip().casefold() if folds else text.strip()
        if key in table:
            return table[key]
        if otherwise == "fail":
            raise StepError("the table does not have it")
        return text if otherwise == "keep" else None

    apply = _of_each(look_up)

    def without_holes(value: Any, document: Document) -> Any:
        found = apply(value, document)
        if isinstance(found, list):
            return [one for one in found if one is not None]
        return found

    return without_holes


def join(given: Mapping[str, Any]) -> Apply:
    """Return what makes one text of several."""
    sources: tuple[Source, ...] = given["sources"]
    separator: str = given["separator"]

    def apply(value: Any, document: Document) -> Any:
        texts: list[str] = []
        for one in (value, *(source.read(document) for source in sources)):
            several = one if isinstance(one, list) else [one]
            texts += [text_of(each) for each in several if not is_empty(each)]
        return _bounded(separator.join(texts)) or None

    return apply


def split(given: Mapping[str, Any]) -> Apply:
    """Return what parts a text."""
    separator, keep = given["separator"], given["keep"]
    if not separator:
        raise ParameterError("the separator is empty")

    def apply(value: Any, _: Document) -> Any:
        if value is None:
            return None
        several = value if isinstance(value, list) else [value]
        found = [
            bare
            for one in several
            if one is not None
            for piece in text_of(one).split(separator)
            if (bare := piece.strip())
        ]
        if keep == "all":
            return found
        return (found[0] if keep == "first" else found[-1]) if found else None

    return apply


def number(given: Mapping[str, Any]) -> Apply:
    """Return what reads numbers."""
    source, target = given["from"], given["to"]
    if source and target and not units.measures_alike(source, target):
        raise ParameterError(f"{source} and {target} do not measure the same thing")
    if source and not target:
        raise ParameterError("say into which unit as well: to")

    def apply(value: Any, _: Document) -> Any:
        if isinstance(value, list) and len(value) == 1:
            value = value[0]
        if is_empty(value):
            return None
        try:
            return kinds.plain(_amount(value, given))
        except (NumberError, kinds.MisfitError) as error:
            raise StepError(str(error)) from error
        except DecimalException as error:
            raise StepError("it is no number that anybody could use") from error

    return apply


def _amount(value: Any, given: Mapping[str, Any]) -> Decimal:
    """Return a number in the unit that is wanted."""
    target, digits = given["to"], given["digits"]
    unit = ""
    if isinstance(value, str):
        amount, unit = units.number_of(value, given["decimal"])
    elif isinstance(value, int | Decimal) and not isinstance(value, bool):
        amount = Decimal(kinds.written_number(value))
    else:
        raise NumberError("it is no number")
    if target:
        if not (unit or given["from"]):
            raise NumberError("it has no unit, and none was said")
        amount = units.converted(amount, unit or given["from"], target)
    amount = units.trimmed(amount)
    return amount if digits is None else units.rounded(amount, digits)


def html_to_text(_: Mapping[str, Any]) -> Apply:
    """Return what takes tags away."""

    def strip(text: str) -> str:
        if len(text) > LONGEST_MARKUP:
            raise StepError(f"it has more than {LONGEST_MARKUP:,} characters")
        return markup.text_of(text)

    return _of_each(strip)


def trim(given: Mapping[str, Any]) -> Apply:
    """Return what takes spaces away."""
    if given["inside"]:
        return _of_each(lambda text: " ".join(text.split()))
    return _of_each(str.strip)


def case(given: Mapping[str, Any]) -> Apply:
    """Return what changes letters."""
    change = {"upper": str.upper, "lower": str.lower, "sentence": _sentence}[given["to"]]
    return _of_each(change)


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:]


def extract(given: Mapping[str, Any]) -> Apply:
    """Return what takes what a pattern finds."""
    try:
        pattern = compile_pattern(
            given["pattern"], ignores_case=given["ignore_case"], group=given["group"]
        )
    except PatternError as error:
        raise ParameterError(str(error)) from error

    def look(text: str) -> str | None:
        try:
            return pattern.extract(text)
        except PatternError as error:
            raise StepError(str(error)) from error

    apply = _of_each(look)

    def without_holes(value: Any, document: Document) -> Any:
        found = apply(value, document)
        if isinstance(found, list):
            return [one for one in found if one is not None]
        return found

    return without_holes


def replace(given: Mapping[str, Any]) -> Apply:
    """Return what replaces what a pattern finds."""
    try:
        pattern = compile_pattern(given["pattern"], ignores_case=given["ignore_case"])
        template = compile_template(given["with"], pattern)
    except PatternError as error:
        raise ParameterError(str(error)) from error

    def put(text: str) -> str:
        try:
            return _bounded(pattern.replace(text, template))
        except PatternError as error:
            raise StepError(str(error)) from error

    return _of_each(put)


def cut(given: Mapping[str, Any]) -> Apply:
    """Return what shortens a text."""
    length, ending = given["length"], given["ending"]
    if len(ending) >= length:
        raise ParameterError("the ending is as long as all of it")

    def shorten(text: str) -> str:
        return text if len(text) <= length else text[: length - len(ending)].rstrip() + ending

    return _of_each(shorten)
