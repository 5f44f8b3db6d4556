"""What an import mapping that is not active makes of records, and how it differs: pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from storetwin.mapping.definition import Rules, compile_rules
from storetwin.mapping.mapper import CUSTOM
from storetwin.mapping.models import Mapped, Noun, Problem
from storetwin.mapping.transforms import is_empty
from storetwin.staging.copies import Active, Copy
from storetwin.staging.delta import as_text

MOST_NAMED = 100  # records of each kind that a check names
_TOLD = ("name", "title", "number", "sku", "email", "slug", "code")


@dataclass(frozen=True, slots=True)
class FieldTrial:
    """What stands in a column: by the active mapping, by the one that is tried, and in core now.

    Args:
        source, steps: of the rule that is tried; None where there is none for the column.
        problem: why the one that is tried comes to nothing.
    """

    name: str
    label: str
    kind: str
    source: str | None
    steps: tuple[str, ...] | None
    active: str | None
    tried: str | None
    core: str | None
    problem: str | None = None

    @property
    def is_changed(self) -> bool:
        """Say whether the mapping that is tried makes something else of it."""
        return self.active != self.tried


@dataclass(frozen=True, slots=True)
class RecordTrial:
    """One record, before and after.

    Args:
        title: what people know it by.
        document: as the store says it, what is sealed in it hidden.
        kept: how many members no column took, by the mapping that is tried; they are kept as extra.
        is_in_core: it was promoted.
    """

    noun: str
    remote_id: str
    title: str
    document: bytes
    fields: tuple[FieldTrial, ...]
    problems: tuple[Problem, ...]
    kept: int
    is_in_core: bool


@dataclass
class Checked:
    """What a mapping makes of all records of a noun.

    Args:
        looked_at: records, of ``records``; fewer where the time was over first.
        fine: every rule came to something.
        empty, failed: records for which a rule came to nothing, or failed, by field: ``failing`` how
            many, and some of their ids.
        refused: records that would not enter core.
    """

    noun: str
    records: int = 0
    looked_at: int = 0
    fine: int = 0
    failing: int = 0
    refused: int = 0
    seconds: float = 0.0
    empty: Counter[str] = field(default_factory=Counter)
    failed: Counter[str] = field(default_factory=Counter)
    without: dict[str, list[str]] = field(default_factory=dict)
    with_problem: dict[str, list[str]] = field(default_factory=dict)
    messages: dict[str, str] = field(default_factory=dict)

    @property
    def is_whole(self) -> bool:
        """Say whether every record was looked at."""
        return self.looked_at >= self.records


@dataclass
class Effect:
    """What activating a mapping would change in core.

    Args:
        linked: records that are in core and were looked at; ``changed`` of them come to something
            else by the mapping that is tried.
        fields: how many records differ in each column, by noun and column.
        is_whole: all were looked at; else the time was over first.
    """

    linked: int = 0
    changed: int = 0
    fields: dict[str, Counter[str]] = field(default_factory=dict)
    is_whole: bool = True


def trying(document: Any) -> Active:
    """Return a mapping that is not active as if it were."""
    compiled: dict[str, Rules] = {}

    def of(noun: Noun) -> Rules:
        if noun.name not in compiled:
            compiled[noun.name] = compile_rules(document, noun)
        return compiled[noun.name]

    return Active(of=of)


def why_not(copies: Sequence[Copy]) -> str:
    """Say why a record cannot be mapped."""
    if not copies or copies[0].is_gone:
        return "the store has it no more."
    return copies[0].problem or "the twin has no copy of it."


def title_of(mapped: Mapped, noun: Noun) -> str:
    """Return what people know a record by."""
    for name in _TOLD:
        if (value := mapped.values.get(name)) not in (None, ""):
            return as_text(value) or ""
    return noun.label


def fields_of(
    noun: Noun,
    rules: Rules,
    before: Mapped | None,
    after: Mapped,
    core: Mapping[str, Any] | None,
) -> tuple[FieldTrial, ...]:
    """Return what is mapped anew, or differs."""
    problems = {one.field: one.message for one in after.problems}
    known = {one.name: (one.label, one.kind.value) for one in noun.fields if one.name != "custom"}
    sides = [_values(before), _values(after), _values_of(core)]
    names = [*rules.rules, *(name for name in known if name not in rules.rules)]
    own = {name for side in sides for name in side if name.startswith(CUSTOM)}
    names += sorted(own - set(names))
    found = []
    for name in names:
        label, kind = known.get(name, (name.removeprefix(CUSTOM), "own field"))
        rule = rules.rules.get(name)
        active, tried, in_core = (as_text(side.get(name)) for side in sides)
        if rule is None and active == tried:
            continue
        found.append(
            FieldTrial(
                name=name,
                label=label,
                kind=kind,
                source=rule.source.text if rule and rule.source else None,
                steps=tuple(label for label, _ in rule.steps) if rule else None,
                active=active,
                tried=tried,
                core=in_core,
                problem=problems.get(name),
            )
        )
    return tuple(found)


def _values(mapped: Mapped | None) -> dict[str, Any]:
    return {} if mapped is None else _values_of(mapped.values)


def _values_of(values: Mapping[str, Any] | None) -> dict[str, Any]:
    """Return values by column, own fields each for itself."""
    flat = dict(values or {})
    own = flat.pop("custom", None)
    if isinstance(own, dict):
        flat |= {f"{CUSTOM}{name}": value for name, value in own.items()}
    return flat


def judge(found: Checked, copy: Copy, rules: Rules) -> None:
    """Note what became of one record."""
    found.looked_at += 1
    remote_id, mapped = copy.origin.remote_id, copy.mapped
    if copy.problem is not None:
        found.refused += 1
    if mapped is None:
        found.failing += 1
        return
    values = _values(mapped)
    problems = {one.field: one.message for one in mapped.problems if one.field in rules.rules}
    for name, message in problems.items():
        found.failed[name] += 1
        found.messages.setdefault(name, message)
        _name(found.with_problem, name, remote_id)
    empty = [name for name in rules.rules if name not in problems and is_empty(values.get(name))]
    for name in empty:
        found.empty[name] += 1
        _name(found.without, name, remote_id)
    if problems:
        found.failing += 1
    elif not empty:
        found.fine += 1


def _name(of: dict[str, list[str]], name: str, remote_id: str) -> None:
    listed = of.setdefault(name, [])
    if len(listed) < MOST_NAMED:
        listed.append(remote_id)


def tell_apart(effect: Effect, noun: Noun, before: Mapped, after: Mapped) -> None:
    """Count in which columns a promoted record differs between two mappings."""
    effect.linked += 1
    old, new = _values(before), _values(after)
    changed = {name for name in old.keys() | new.keys() if old.get(name) != new.get(name)}
    effect.changed += bool(changed)
    effect.fields.setdefault(noun.name, Counter()).update(changed)
