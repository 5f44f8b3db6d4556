"""The rule of an import mapping that somebody edits on a page, as names and texts of a form."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from storetwin.mapping.definition import MOST_RULES
from storetwin.mapping.steps import STEPS
from storetwin.mapping.transforms import Parameter, Step, Takes
from storetwin.mapping.written import LONGEST_TEXT, MOST_STEPS

LONGEST = 20_000  # characters of one text of a form
_NAME = re.compile(r"s(\d{1,2})\.([a-z_]{1,40})", re.ASCII)
_DO = re.compile(r"(add|remove|up)(?:-(\d{1,2}))?", re.ASCII)
LEAVE, REFUSE, DEFAULT = "leave", "refuse", "default"
Document = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Input:
    """A parameter of a step as a form shows it.

    Args:
        name: of the input.
        value: what stands in it.
    """

    name: str
    parameter: Parameter
    value: str

    @property
    def is_on(self) -> bool:
        """Say whether a box is ticked."""
        return self.value == "on"


@dataclass(frozen=True, slots=True)
class EditedStep:
    """A step as a form has it: its parameters are texts."""

    name: str
    texts: Mapping[str, str] = field(default_factory=dict)

    @property
    def kind(self) -> Step | None:
        """Return its declaration; None for a step that there is none of."""
        return STEPS.get(self.name)

    def inputs(self, place: int) -> list[Input]:
        """Return what a form asks about it."""
        declared = self.kind.parameters if self.kind else ()
        return [
            Input(f"s{place}.{one.name}", one, self.texts.get(one.name, _shown(one, one.usual)))
            for one in declared
        ]

    def document(self) -> Any:
        """Return the step as a mapping has it."""
        if self.kind is None:
            return {"step": self.name}
        said = {"step": self.name}
        for one in self.kind.parameters:
            value = _read(one, self.texts.get(one.name, _shown(one, one.usual)))
            if value is not None:
                said[one.name] = value
        return said


@dataclass(frozen=True, slots=True)
class Edited:
    """A rule as a form has it."""

    field: str = ""
    source: str = ""
    steps: tuple[EditedStep, ...] = ()
    when_empty: str = LEAVE
    default: str = ""

    def document(self) -> Document:
        """Return the rule as a mapping has it."""
        rule: Document = {"field": self.field.strip()}
        if self.source.strip():
            rule["source"] = self.source.strip()
        if self.steps:
            rule["steps"] = [step.document() for step in self.steps]
        if self.when_empty == REFUSE:
            rule["when_empty"] = REFUSE
        elif self.when_empty == DEFAULT:
            rule["when_empty"] = {"default": _plain(self.default)}
        return rule

    def after(self, what: str) -> Edited:
        """Return it with a step more, without one, or with one further up."""
        found = _DO.fullmatch(what)
        if found is None:
            return self
        steps = list(self.steps)
        if found[1] == "add" and len(steps) < MOST_STEPS:
            steps.append(EditedStep("trim"))
        elif found[2] is not None and int(found[2]) < len(steps):
            step = steps.pop(int(found[2]))
            if found[1] == "up":
                steps.insert(max(int(found[2]) - 1, 0), step)
        return Edited(self.field, self.source, tuple(steps), self.when_empty, self.default)


def edited_of(rule: Mapping[str, Any]) -> Edited:
    """Return a rule as a form has it."""
    empty = rule.get("when_empty")
    steps = rule.get("steps")
    return Edited(
        field=str(rule.get("field", "")),
        source=str(rule.get("source") or ""),
        steps=tuple(_step_of(one) for one in (steps if isinstance(steps, list) else ())),
        when_empty=DEFAULT if isinstance(empty, dict) else REFUSE if empty == REFUSE else LEAVE,
        default=_text(empty.get("default")) if isinstance(empty, dict) else "",
    )


def read_form(given: Iterable[tuple[str, str]]) -> Edited:
    """Return what a form says; what is too long, or not known, is left out."""
    texts: dict[str, str] = {}
    steps: dict[int, dict[str, str]] = {}
    for name, value in given:
        if len(value) > LONGEST:
            continue
        found = _NAME.fullmatch(name)
        if found is None:
            texts.setdefault(name, value)
        elif int(found[1]) < MOST_STEPS:
            steps.setdefault(int(found[1]), {}).setdefault(found[2], value)
    read = []
    for place in sorted(steps):
        of = steps[place]
        name = of.pop("step", "")[:40]
        if of.pop("was", name) != name:  # another kind of step: its parameters are other ones
            of = {}
        read.append(EditedStep(name, _with_boxes(name, of)))
    return Edited(
        field=texts.get("field", "")[:LONGEST_TEXT],
        source=texts.get("source", "")[:LONGEST_TEXT],
        steps=tuple(read),
        when_empty=texts.get("when_empty", LEAVE)[:20],
        default=texts.get("default", "")[:LONGEST_TEXT],
    )


def put(
    document: Mapping[str, Any], noun: str, place: int | None, rule: Document | None
) -> Document:
    """Return a mapping with one rule changed, added (no place), or taken out (no rule)."""
    rules = {name: list(listed) for name, listed in dict(document.get("rules") or {}).items()}
    listed = rules.setdefault(noun, [])
    if place is not None and place < len(listed):
        listed[place : place + 1] = [] if rule is None else [rule]
    elif rule is not None and len(listed) < MOST_RULES:
        listed.append(rule)
    if not listed:
        del rules[noun]
    return {**document, "rules": rules}


def rules_of(document: Mapping[str, Any], noun: str) -> Sequence[Mapping[str, Any]]:
    """Return the rules for a noun."""
    listed = dict(document.get("rules") or {}).get(noun)
    return listed if isinstance(listed, list) else []


def _with_boxes(name: str, of: dict[str, str]) -> dict[str, str]:
    """Return texts with what a box that is not ticked says: it sends nothing."""
    kind = STEPS.get(name)
    if kind is None or not of:
        return of
    boxes = {one.name: "" for one in kind.parameters if one.takes is Takes.FLAG}
    return boxes | of


def _step_of(given: Any) -> EditedStep:
    if isinstance(given, str):
        given = {"step": given}
    name = given.get("step", "") if isinstance(given, dict) else ""
    kind = STEPS.get(name) if isinstance(name, str) else None
    if kind is None:
        return EditedStep(str(name))
    return EditedStep(
        name,
        {
            one.name: _shown(one, given[one.name])
            for one in kind.parameters
            if given.get(one.name) is not None
        },
    )


def _shown(parameter: Parameter, value: Any) -> str:
    """Return a value as a form shows it."""
    match parameter.takes:
        case Takes.FLAG:
            return "on" if value else ""
        case Takes.TABLE if isinstance(value, dict):
            return "\n".join(f"{name} = {_text(to)}" for name, to in value.items())
        case Takes.SOURCES if isinstance(value, list | tuple):
            return "\n".join(map(str, value))
    return _text(value)


def _text(value: Any) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value)


def _read(parameter: Parameter, text: str) -> Any:
    """Return what a form says of a parameter; None where it says nothing."""
    match parameter.takes:
        case Takes.FLAG:
            return True if text == "on" else None
        case Takes.WHOLE:
            bare = text.strip()
            return int(bare) if bare.isdecimal() and len(bare) < 10 else bare or None
        case Takes.VALUE:
            return _plain(text)
        case Takes.TABLE:
            return _table(text)
        case Takes.SOURCES:
            return [line.strip() for line in text.splitlines() if line.strip()]
    is_unsaid = text == "" and (parameter.is_needed or not parameter.usual)
    return None if is_unsaid else text


def _plain(text: str) -> Any:
    """Return a number, yes or no where it is written so; else the text."""
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return text
    return value if isinstance(value, int | float) else text


def _table(text: str) -> Any:
    lines = [line for line in text.splitlines() if line.strip()]
    if len(lines) == 1 and "=" not in lines[0]:
        return lines[0].strip()
    pairs = (line.partition("=") for line in lines)
    return {name.strip(): value.strip() for name, _, value in pairs}
