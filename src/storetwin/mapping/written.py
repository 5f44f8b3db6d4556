"""What people write in an import mapping, read piece by piece: values, tables, paths, steps.

Nothing here raises, whatever stands there: what is wrong is noted, with its place.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from storetwin.mapping import kinds
from storetwin.mapping.flaws import Flaws, Place, kind_of, quoted
from storetwin.mapping.sources import Source, SourceError, parse_source
from storetwin.mapping.steps import STEPS
from storetwin.mapping.transforms import Apply, Parameter, ParameterError, Step, Takes

MOST_STEPS = 20
MOST_TABLES = 50
MOST_ENTRIES = 5_000
LONGEST_TEXT = 2_000
Built = tuple[Step, Apply, Mapping[str, Any]]
"""A step, what runs it, and its parameters."""


def read_tables(flaws: Flaws, place: Place, given: Any) -> dict[str, dict[str, Any]]:
    """Return the tables of a mapping by name; one with a flaw has what could be read."""
    if given is None:
        return {}
    own = place.called("the tables")
    if not isinstance(given, dict):
        flaws.add(own, f"an object of tables is wanted here, not {kind_of(given)}.")
        return {}
    if len(given) > MOST_TABLES:
        flaws.add(own, f"there are more than {MOST_TABLES} tables.")
        return {}
    found: dict[str, dict[str, Any]] = {}
    for name, table in given.items():
        read = _table(flaws, place.member(name).called(f"table {quoted(name)}"), table)
        found[str(name)] = read if read is not None else {}
    return found


def _table(flaws: Flaws, place: Place, given: Any) -> dict[str, Any] | None:
    if not isinstance(given, dict):
        flaws.add(place, f"an object of texts is wanted here, not {kind_of(given)}.")
        return None
    if len(given) > MOST_ENTRIES:
        flaws.add(place, f"it has more than {MOST_ENTRIES:,} entries.")
        return None
    found: dict[str, Any] = {}
    for name, value in given.items():
        own = place.member(name)
        if not isinstance(name, str) or len(name) > LONGEST_TEXT:
            flaws.add(own, "the name of an entry is a text of at most 2,000 characters.")
        elif value is None:
            found[name] = None
        else:
            found[name] = read_value(flaws, own, value)
    return found


def read_value(flaws: Flaws, place: Place, given: Any) -> Any:
    """Return a plain value; decimals as they were written."""
    if isinstance(given, str) and len(given) <= LONGEST_TEXT and is_text(given):
        return given
    if isinstance(given, bool):
        return given
    if isinstance(given, float):
        given = Decimal(repr(given))
    try:
        if isinstance(given, Decimal):
            return kinds.number(given)
        if isinstance(given, int):
            return kinds.integer(given)
    except kinds.MisfitError:
        pass
    what = "a short text, a number, or yes or no"
    flaws.add(place, f"{what} is wanted here, not {kind_of(given)} like this.")
    return None


def is_text(given: str) -> bool:
    """Say whether PostgreSQL can keep it."""
    return "\x00" not in given and not any("\ud800" <= letter <= "\udfff" for letter in given)


def read_source(flaws: Flaws, given: Any, place: Place) -> Source | None:
    """Return where a rule reads; None where nothing is said."""
    if given is None:
        return None
    if not isinstance(given, str):
        flaws.add(place, f"a path is wanted here, not {kind_of(given)}.")
        return None
    if not is_text(given):
        flaws.add(place, "it has characters that are none.")
        return None
    try:
        return parse_source(given)
    except SourceError as error:
        flaws.add(place, f"{quoted(given)} cannot be read: {error}.")
        return None


@dataclass(slots=True)
class StepReader:
    """Reads steps.

    Args:
        tables: of the mapping, by name.
    """

    flaws: Flaws
    tables: Mapping[str, Mapping[str, Any]]

    def read(self, given: Any, rule: Place, has_source: bool) -> list[Built] | None:
        """Return the steps of a rule; None where one of them has a flaw."""
        place = rule.member("steps")
        if given is None:
            given = []
        if not isinstance(given, list):
            self.flaws.add(place, f"a list of steps is wanted here, not {kind_of(given)}.")
            return None
        if len(given) > MOST_STEPS:
            self.flaws.add(place, f"there are more than {MOST_STEPS} steps.")
            return None
        found = []
        for count, one in enumerate(given):
            own = place.member(count).called(f"{rule.words}, step {count + 1}")
            step = self._step(one, own)
            if step is not None:
                found.append(step)
        if len(found) < len(given):
            return None
        if not has_source and not (found and found[0][0].is_source):
            what = "a source, or a first step that needs none (constant, join)"
            self.flaws.add(rule.member("source"), f"the rule needs {what}.")
            return None
        return found

    def _step(self, given: Any, place: Place) -> Built | None:
        if isinstance(given, str):  # a step of which nothing is said
            given = {"step": given}
        if not isinstance(given, dict):
            self.flaws.add(place, f"a step is wanted here, not {kind_of(given)}.")
            return None
        name = given.get("step")
        step = STEPS.get(name) if isinstance(name, str) else None
        if step is None:
            if name is None:
                self.flaws.add(place, "it does not say which step it is: step.")
            else:
                self.flaws.unknown(place.member("step"), "step", name, STEPS)
            return None
        before = len(self.flaws.found)
        self.flaws.members(place, given, ("step", *(one.name for one in step.parameters)))
        read = {one.name: self._parameter(one, given, place) for one in step.parameters}
        if len(self.flaws.found) > before:
            return None
        try:
            return step, step.build(read), read
        except ParameterError as error:
            self.flaws.add(place, f"{step.label}: {error}.")
            return None

    def _parameter(self, wanted: Parameter, given: Mapping[str, Any], step: Place) -> Any:
        place = step.member(wanted.name)
        value = given.get(wanted.name)
        if value is None:
            if wanted.is_needed:
                self.flaws.add(place, f"{wanted.name} is missing.")
            return wanted.usual
        read: Any = None
        match wanted.takes:
            case Takes.VALUE:
                read = read_value(self.flaws, place, value)
            case Takes.TABLE:
                read = self._table(value, place)
            case Takes.SOURCES:
                read = self._sources(value, place)
            case Takes.FLAG:
                read = value
                if not isinstance(value, bool):
                    self.flaws.add(place, f"{wanted.name} is yes or no, not {kind_of(value)}.")
            case Takes.WHOLE:
                read = self._whole(wanted, value, place)
            case Takes.CHOICE | Takes.TEXT:
                read = self._text(wanted, value, place)
        return read

    def _text(self, wanted: Parameter, value: Any, place: Place) -> Any:
        if not isinstance(value, str) or len(value) > LONGEST_TEXT or not is_text(value):
            what = f"a text of at most {LONGEST_TEXT:,} characters"
            self.flaws.add(place, f"{wanted.name} is {what}, not {kind_of(value)} like this.")
        elif wanted.choices and value not in wanted.choices:
            self.flaws.choice(place, wanted.name, value, wanted.choices)
        return value

    def _whole(self, wanted: Parameter, value: Any, place: Place) -> Any:
        is_whole = isinstance(value, int) and not isinstance(value, bool)
        if not is_whole or not wanted.least <= value <= wanted.most:
            what = f"a whole number from {wanted.least} to {wanted.most:,}"
            self.flaws.add(place, f"{wanted.name} is {what}.")
        return value

    def _table(self, value: Any, place: Place) -> Mapping[str, Any]:
        if isinstance(value, str):
            if value not in self.tables:
                self.flaws.unknown(place, "table", value, self.tables)
            return self.tables.get(value, {})
        return _table(self.flaws, place, value) or {}

    def _sources(self, value: Any, place: Place) -> tuple[Source, ...]:
        if not isinstance(value, list) or len(value) > MOST_STEPS:
            self.flaws.add(place, f"a list of at most {MOST_STEPS} paths is wanted here.")
            return ()
        read = [read_source(self.flaws, one, place.member(n)) for n, one in enumerate(value)]
        if None in value:
            self.flaws.add(place, "a path is wanted here, not nothing.")
        return tuple(one for one in read if one is not None)
