"""A person's import mapping: rules that say anew what stands in columns of core.

A document is an object::

    {"rules": {"products": [{"field": "custom.volume_ml", "source": "name",
                             "steps": [{"step": "extract", "pattern": "(\\\\d+) ?ml"}, {"step": "number"}],
                             "when_empty": "leave"}]},
     "tables": {"materials": {"Steinzeug": "stoneware"}}}

:func:`check` says everything that is wrong with one, and never raises; :func:`compile_rules` makes of
one without flaws what :func:`~storetwin.mapping.mapper.compile_mapper` takes.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final

from storetwin.mapping import kinds
from storetwin.mapping.flaws import Flaw, Flaws, Place, kind_of, quoted
from storetwin.mapping.mapper import CUSTOM
from storetwin.mapping.models import Field, Kind, Noun
from storetwin.mapping.nouns import NOUNS
from storetwin.mapping.rules import MappedRule, fitted
from storetwin.mapping.transforms import Gives
from storetwin.mapping.written import (
    LONGEST_TEXT,
    Built,
    StepReader,
    read_source,
    read_tables,
    read_value,
)

MOST_RULES = 300  # of one noun
RULES, TABLES = "rules", "tables"
_MEMBERS = ("field", "source", "steps", "when_empty", "note")
_CUSTOM_NAME = re.compile(r"[a-z][a-z0-9_]{0,62}", re.ASCII)
_FITTING: Final[Mapping[Gives, frozenset[Kind]]] = {
    Gives.ANYTHING: frozenset(Kind),
    Gives.TEXT: frozenset(Kind),
    Gives.NUMBER: frozenset(
        {Kind.TEXT, Kind.INTEGER, Kind.NUMBER, Kind.MONEY, Kind.JSON, Kind.TEXTS}
    ),
    Gives.LIST: frozenset({Kind.TEXT, Kind.TEXTS, Kind.JSON}),
}
Document = Mapping[str, Any]


class WhenEmpty(StrEnum):
    """What happens where a rule comes to nothing, or fails."""

    LEAVE = "leave"  # the column stays empty
    REFUSE = "refuse"  # the record is set aside: it does not enter core


@dataclass(frozen=True, slots=True)
class Rules:
    """The rules for one noun, compiled: a :class:`~storetwin.mapping.mapper.Definition`."""

    rules: Mapping[str, MappedRule] = field(default_factory=dict)


def mappable(noun: Noun) -> dict[str, Field]:
    """Return the columns of a noun that a person may map, by name."""
    return {one.name: one for one in noun.fields if one.is_mapped}


def check(document: Any) -> list[Flaw]:
    """Return everything that is wrong with a mapping, in the order in which it stands there."""
    return _read(document)[1]


def compile_rules(document: Any, noun: Noun) -> Rules:
    """Return the rules of a mapping for one noun; a rule with a flaw is left out."""
    return Rules({rule.field: rule for rule in _read(document)[0].get(noun.name, ())})


def nouns_of(document: Any) -> list[str]:
    """Return the nouns that a mapping speaks of, in the order in which they are declared."""
    rules = document.get(RULES) if isinstance(document, dict) else None
    return [name for name in NOUNS if isinstance(rules, dict) and rules.get(name)]


def _read(document: Any) -> tuple[dict[str, list[MappedRule]], list[Flaw]]:
    flaws, top = Flaws(), Place()
    found: dict[str, list[MappedRule]] = {}
    whole = flaws.members(top, document, (RULES, TABLES))
    if whole is None:
        return found, flaws.found
    tables = read_tables(flaws, top.member(TABLES), whole.get(TABLES))
    rules = whole.get(RULES, {})
    place = top.member(RULES).called("the rules")
    if not isinstance(rules, dict):
        flaws.add(place, f"an object of nouns is wanted here, not {kind_of(rules)}.")
        return found, flaws.found
    for name, listed in rules.items():
        own = place.member(name).called(name if name in NOUNS else "the rules")
        noun = NOUNS.get(name)
        if noun is None:
            flaws.unknown(own, "noun", name, NOUNS)
        elif not isinstance(listed, list):
            flaws.add(own, f"a list of rules is wanted here, not {kind_of(listed)}.")
        else:
            found[name] = _RuleReader(flaws, noun, tables).read(listed, own)
    return found, flaws.found


@dataclass(slots=True)
class _RuleReader:
    """Reads the rules of one noun."""

    flaws: Flaws
    noun: Noun
    tables: Mapping[str, Mapping[str, Any]]

    def read(self, listed: Sequence[Any], place: Place) -> list[MappedRule]:
        """Return those without flaws."""
        if len(listed) > MOST_RULES:
            self.flaws.add(place, f"there are more than {MOST_RULES} rules.")
            return []
        rules: dict[str, MappedRule] = {}
        for count, given in enumerate(listed):
            own = place.member(count).called(f"{self.noun.name}, rule {count + 1}")
            before = len(self.flaws.found)
            rule = self._rule(given, own)
            if rule is not None and rule.field in rules:
                self.flaws.add(own.member("field"), f"{rule.field} has a rule already.")
            elif rule is not None and len(self.flaws.found) == before:
                rules[rule.field] = rule
        return list(rules.values())

    def _rule(self, given: Any, place: Place) -> MappedRule | None:
        rule = self.flaws.members(place, given, _MEMBERS)
        if rule is None:
            return None
        name, column = self._field(rule.get("field"), place.member("field"))
        source = read_source(self.flaws, rule.get("source"), place.member("source"))
        reader = StepReader(self.flaws, self.tables)
        steps = reader.read(rule.get("steps"), place, rule.get("source") is not None)
        when_empty, fallback = self._when_empty(rule.get("when_empty"), place.member("when_empty"))
        note = rule.get("note")
        if note is not None and not (isinstance(note, str) and len(note) <= LONGEST_TEXT):
            self.flaws.add(place.member("note"), "a text is wanted here.")
        if name is None or steps is None:
            return None
        if column is not None:
            self._fits(column, steps, place)
            fallback = self._fits_value(column, fallback, place.member("when_empty"))
        return MappedRule(
            field=name,
            kind=column.kind if column is not None else None,
            source=source,
            steps=tuple((step.label, apply) for step, apply, _ in steps),
            also=tuple(one for _, _, given in steps for one in given.get("sources") or ()),
            refuses=when_empty is WhenEmpty.REFUSE,
            fallback=fallback,
            is_escaped=source is not None and source.takes in self._escaped,
        )

    @property
    def _escaped(self) -> frozenset[str]:
        return frozenset(one.source for one in self.noun.fields if one.is_escaped and one.source)

    def _field(self, given: Any, place: Place) -> tuple[str | None, Field | None]:
        known = mappable(self.noun)
        if not isinstance(given, str) or not given:
            self.flaws.add(place, f"the name of a field is wanted here, not {kind_of(given)}.")
            return None, None
        if given.startswith(CUSTOM):
            if _CUSTOM_NAME.fullmatch(given.removeprefix(CUSTOM)) is None:
                what = "small letters, digits and _, the first a letter, 63 at most"
                self.flaws.add(place, f"the name of an own field is {what}.")
                return None, None
            return given, None
        if given in known:
            return given, known[given]
        if given in {one.name for one in self.noun.fields}:
            self.flaws.add(place, f"{given} of {self.noun.name} cannot be mapped.")
            return None, None
        by_label = {one.label.lower(): one.name for one in known.values()}
        if given.lower() in by_label:
            message = f"there is no field {quoted(given)}."
            self.flaws.add(place, message, by_label[given.lower()])
        else:
            self.flaws.unknown(place, "field", given, [*known, f"{CUSTOM}{given}"])
        return None, None

    def _when_empty(self, given: Any, place: Place) -> tuple[WhenEmpty, Any]:
        if given is None:
            return WhenEmpty.LEAVE, None
        if isinstance(given, dict):
            whole = self.flaws.members(place, given, ("default",)) or {}
            if "default" not in whole:
                self.flaws.add(place, "say default, and the value.")
                return WhenEmpty.LEAVE, None
            return WhenEmpty.LEAVE, read_value(
                self.flaws, place.member("default"), whole["default"]
            )
        if given in list(WhenEmpty):
            return WhenEmpty(given), None
        if isinstance(given, str):
            self.flaws.choice(place, "when_empty", given, list(WhenEmpty))
        else:
            self.flaws.add(place, 'leave, refuse, or {"default": …} is wanted here.')
        return WhenEmpty.LEAVE, None

    # -- what does not go together --------------------------------------------------------------

    def _fits(
        self,
        column: Field,
        steps: Sequence[Built],
        place: Place,
    ) -> None:
        """Note where a column cannot hold what the last step makes."""
        if not steps:
            return
        step, _, given = steps[-1]
        if step.name in ("constant", "default"):
            self._fits_value(column, given["value"], place.member("steps"))
            return
        gives = step.gives
        if step.name == "split" and given["keep"] != "all":
            gives = Gives.TEXT
        if column.kind not in _FITTING[gives]:
            made = {Gives.NUMBER: "a number", Gives.LIST: "a list"}[gives]
            self.flaws.add(
                place.member("steps"),
                f"{step.label} makes {made}, and {column.name} is {_said(column.kind)}.",
            )

    def _fits_value(self, column: Field, value: Any, place: Place) -> Any:
        try:
            return fitted(column.kind, value)
        except kinds.MisfitError as error:
            self.flaws.add(place, f"{column.name} is {_said(column.kind)}, and this is {error}.")
            return None


_SAID = {
    Kind.TEXT: "a text",
    Kind.INTEGER: "a whole number",
    Kind.NUMBER: "a number",
    Kind.MONEY: "an amount",
    Kind.BOOLEAN: "yes or no",
    Kind.TIME: "a time",
    Kind.DATE: "a date",
    Kind.TEXTS: "a list of texts",
    Kind.JSON: "anything",
}


def _said(kind: Kind) -> str:
    return _SAID[kind]
