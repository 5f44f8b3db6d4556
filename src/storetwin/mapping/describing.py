"""What an import mapping says, in words: for lists, rule by rule. It takes any document."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from storetwin.mapping.flaws import quoted
from storetwin.mapping.nouns import NOUNS
from storetwin.mapping.steps import STEPS

LEFT = "left empty"


@dataclass(frozen=True, slots=True)
class RuleSaid:
    """A rule in words.

    Args:
        place: among the rules of its noun, the first is 0.
        label: of the field; its own name for an own field.
        when_empty: what happens where it comes to nothing.
    """

    noun: str
    place: int
    field: str
    label: str
    source: str
    steps: tuple[str, ...]
    when_empty: str


def described(document: Any) -> list[RuleSaid]:
    """Return the rules of a mapping, noun by noun."""
    rules = document.get("rules") if isinstance(document, dict) else None
    found = []
    for noun, listed in rules.items() if isinstance(rules, dict) else ():
        for place, rule in enumerate(listed if isinstance(listed, list) else ()):
            if isinstance(rule, dict):
                found.append(_said(str(noun), place, rule))
    return found


def label_of(noun: str, field: str) -> str:
    """Return what people call a field; its own name for an own field."""
    declared = NOUNS.get(noun)
    for one in declared.fields if declared is not None else ():
        if one.name == field:
            return one.label
    return field.removeprefix("custom.")


def step_said(step: Any) -> str:
    """Return a step in a few words, as in ``match (\\d+) ?ml``."""
    if isinstance(step, str):
        step = {"step": step}
    if not isinstance(step, dict):
        return "?"
    name = step.get("step")
    kind = STEPS.get(name) if isinstance(name, str) else None
    if kind is None:
        return _short(name)
    return " ".join([kind.label, *_details(kind.name, step)])


def _details(name: str, step: Mapping[str, Any]) -> list[str]:
    say = _SAYING.get(name)
    return [] if say is None else say(step)


def _value(step: Mapping[str, Any]) -> list[str]:
    return [quoted(_short(step.get("value")))]


def _table(step: Mapping[str, Any]) -> list[str]:
    table = step.get("table")
    return [f"in {quoted(table)}"] if isinstance(table, str) else []


def _sources(step: Mapping[str, Any]) -> list[str]:
    sources = step.get("sources")
    return [f"with {', '.join(map(_short, sources))}"] if isinstance(sources, list) else []


def _pieces(step: Mapping[str, Any]) -> list[str]:
    keep = step.get("keep", "all")
    kept = [] if keep == "all" else [_short(keep)]
    return [f"at {quoted(_short(step.get('separator', ',')))}", *kept]


def _units(step: Mapping[str, Any]) -> list[str]:
    units = [_short(step[key]) for key in ("from", "to") if step.get(key)]
    comma = ["with comma"] if step.get("decimal") == "comma" else []
    return [*comma, " → ".join(units)] if units else comma


def _replaced(step: Mapping[str, Any]) -> list[str]:
    return [_short(step.get("pattern")), "→", quoted(_short(step.get("with", "")))]


_SAYING: Mapping[str, Callable[[Mapping[str, Any]], list[str]]] = {
    "constant": _value,
    "default": _value,
    "lookup": _table,
    "join": _sources,
    "split": _pieces,
    "number": _units,
    "case": lambda step: [_short(step.get("to"))],
    "extract": lambda step: [_short(step.get("pattern"))],
    "replace": _replaced,
    "cut": lambda step: [f"to {_short(step.get('length'))}"],
}


def _short(value: Any) -> str:
    text = "" if value is None else str(value)
    return text if len(text) <= 40 else text[:39] + "…"


def _said(noun: str, place: int, rule: Mapping[str, Any]) -> RuleSaid:
    field, source, steps = rule.get("field"), rule.get("source"), rule.get("steps")
    name = field if isinstance(field, str) else ""
    return RuleSaid(
        noun=noun,
        place=place,
        field=name,
        label=label_of(noun, name),
        source=source if isinstance(source, str) else "",
        steps=tuple(step_said(one) for one in steps) if isinstance(steps, list) else (),
        when_empty=_when_empty(rule.get("when_empty")),
    )


def _when_empty(given: Any) -> str:
    if isinstance(given, dict):
        return quoted(_short(given.get("default")))
    return "set aside" if given == "refuse" else LEFT
