"""What the pages of import mappings show."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import urlencode

from storetwin.connections.models import Connection
from storetwin.core.definitions import ImportMapping
from storetwin.hub import Hub
from storetwin.kernel.errors import ConfigurationError, UnknownNameError
from storetwin.mapping.definition import check, mappable, nouns_of
from storetwin.mapping.describing import RuleSaid, described, label_of
from storetwin.mapping.flaws import Flaw
from storetwin.mapping.models import Field
from storetwin.mapping.nouns import NOUNS
from storetwin.mapping.sources import ATTRIBUTE, META
from storetwin.mapping.steps import STEPS
from storetwin.mapping.suggesting import Seen as SeenSource
from storetwin.mapping.transforms import Step
from storetwin.mirror.finding import Wanted
from storetwin.staging.trials import Checked, FieldTrial, RecordTrial
from storetwin.web.mapping_form import Edited, edited_of, put, rules_of

MOST_SOURCES = 200
USUAL = "products"
OFTEN_MAPPED = frozenset({USUAL, "variations", "categories", "orders", "customers", "coupons"})


@dataclass(frozen=True, slots=True)
class Where:
    """What of a mapping is looked at: a noun, one of its rules (``new`` for another), a record."""

    noun: str = ""
    rule: str = ""
    sample: str = ""

    @property
    def place(self) -> int | None:
        """Return the place of the rule; None where it is new, or none is looked at."""
        return int(self.rule) if self.rule.isdecimal() else None

    def query(self, **changes: str) -> str:
        """Return it as the query of an address."""
        told = {"noun": self.noun, "rule": self.rule, "sample": self.sample} | changes
        return urlencode({name: value for name, value in told.items() if value})


@dataclass(frozen=True, slots=True)
class Line:
    """A rule with what it makes of the record."""

    said: RuleSaid
    kind: str
    trial: FieldTrial | None
    flaws: tuple[Flaw, ...] = ()

    @property
    def source(self) -> tuple[str, str]:
        """Return where it reads, and what that is."""
        for start in (ATTRIBUTE, META):
            if self.said.source.startswith(start):
                return self.said.source.removeprefix(start), start.rstrip(":")
        return self.said.source, ""


@dataclass(frozen=True, slots=True)
class Tab:
    """A noun, and how many rules there are for it.

    Args:
        is_aside: it stands behind "more".
    """

    name: str
    label: str
    rules: int
    is_aside: bool


@dataclass
class Seen:
    """An import mapping as its page shows it.

    Args:
        document: the draft, with what a form says in place of a rule.
        is_edited: a form says something that is not kept.
        sample: None where the twin has no such records; ``sample_problem`` says why.
        active: the version by which records are promoted, of whatever mapping.
    """

    mapping: ImportMapping
    connection: Connection
    where: Where
    document: dict[str, Any]
    tabs: Sequence[Tab]
    lines: Sequence[Line]
    flaws: Sequence[Flaw]
    form: Edited | None
    is_edited: bool
    sample: RecordTrial | None
    sample_problem: str | None
    neighbours: tuple[str | None, str | None]
    sources: Sequence[SeenSource]
    active: str | None
    checked: Checked | None = None
    steps: Sequence[Step] = field(default_factory=lambda: tuple(STEPS.values()))

    @property
    def noun(self) -> str:
        """Return the noun that is looked at."""
        return self.where.noun

    @property
    def fields(self) -> Sequence[Field]:
        """Return the columns that may be mapped."""
        return tuple(mappable(NOUNS[self.noun]).values())

    @property
    def ignored(self) -> int:
        """Return how many members of a record nobody needs."""
        return len(NOUNS[self.noun].ignored)

    @property
    def here(self) -> FieldTrial | None:
        """Return what the edited rule makes of the record."""
        if self.form is None or self.sample is None:
            return None
        wanted = self.form.field.strip()
        return next((one for one in self.sample.fields if one.name == wanted), None)

    @property
    def label(self) -> str:
        """Return what the edited rule is called."""
        name = self.form.field.strip() if self.form else ""
        return label_of(self.noun, name) or "New field"

    @property
    def form_flaws(self) -> Sequence[Flaw]:
        """Return what is wrong with the edited rule."""
        place = self.where.place
        if place is None:
            place = len(rules_of(self.document, self.noun)) - 1
        start = f"rules.{self.noun}.{place}"
        return [one for one in self.flaws if f"{one.path}.".startswith(f"{start}.")]

    def label_of(self, name: str) -> str:
        """Return what people call a field of the noun."""
        return label_of(self.noun, name)


async def see_list(hub: Hub) -> list[tuple[Connection, ImportMapping, list[str]]]:
    """Return the mappings, each with the nouns that it speaks of."""
    return [
        (connection, one, nouns_of(parsed(one.document)))
        for connection, one in await hub.mappings.list()
    ]


async def see(hub: Hub, mapping_id: str, where: Where, form: Edited | None = None) -> Seen:
    """Return a mapping as its page shows it.

    Args:
        form: what a form says in place of the rule that is looked at.

    Raises:
        UnknownNameError: there is no such mapping, or no such noun.
    """
    mapping = await hub.mappings.one(None, mapping_id)
    connection = await hub.register.named(str(mapping.connection_id))
    kept = parsed(mapping.document)
    where = _settled(kept, where)
    document = kept
    if form is not None:
        document = put(kept, where.noun, where.place, form.document())
    elif where.place is not None:
        form = edited_of(rules_of(kept, where.noun)[where.place])
    elif where.rule:
        form = Edited()
    flaws = check(document)
    sample, problem, neighbours = await _sample(hub, connection, where, document)
    if sample is not None:
        where = replace(where, sample=sample.remote_id)
    sources = (await hub.mappings.trials.suggest(connection.name, [where.noun])).sources
    active = await hub.mappings.active(connection.name)
    return Seen(
        mapping=mapping,
        connection=connection,
        where=where,
        document=document,
        tabs=_tabs(kept, where.noun),
        lines=_lines(document, where.noun, sample, flaws),
        flaws=flaws,
        form=form,
        is_edited=document != kept,
        sample=sample,
        sample_problem=problem,
        neighbours=neighbours,
        sources=sources[where.noun][:MOST_SOURCES],
        active=f"{active[0].name} v{active[1].version}" if active else None,
    )


def parsed(document: str) -> dict[str, Any]:
    """Return what a mapping says."""
    read: dict[str, Any] = json.loads(document)
    return read


def _settled(kept: dict[str, Any], where: Where) -> Where:
    """Return a place that there is.

    Raises:
        UnknownNameError: there is no such noun.
    """
    noun = where.noun or next(iter(nouns_of(kept)), USUAL)
    if noun not in NOUNS or not NOUNS[noun].resource:
        raise UnknownNameError(f"There is no noun {noun!r}.")
    place = where.place
    is_there = place is None or place < len(rules_of(kept, noun))
    return Where(noun, where.rule if is_there else "", where.sample)


def _tabs(kept: dict[str, Any], here: str) -> list[Tab]:
    tabs = []
    for name, noun in NOUNS.items():
        if noun.resource:
            rules = len(rules_of(kept, name))
            is_aside = not rules and name != here and name not in OFTEN_MAPPED
            tabs.append(Tab(name, name.replace("_", " ").capitalize(), rules, is_aside))
    return sorted(tabs, key=lambda tab: tab.rules == 0)  # those that it speaks of first


def _lines(
    document: dict[str, Any], noun: str, sample: RecordTrial | None, flaws: Sequence[Flaw]
) -> list[Line]:
    trials = {one.name: one for one in sample.fields} if sample else {}
    kinds = {one.name: one.kind.value for one in NOUNS[noun].fields}
    lines = []
    for said in described(document):
        if said.noun != noun:
            continue
        start = f"rules.{noun}.{said.place}."
        own = tuple(one for one in flaws if f"{one.path}.".startswith(start))
        kind = kinds.get(said.field, "own field")
        lines.append(Line(said, kind, None if own else trials.get(said.field), own))
    return lines


async def _sample(
    hub: Hub, connection: Connection, where: Where, document: dict[str, Any]
) -> tuple[RecordTrial | None, str | None, tuple[str | None, str | None]]:
    """Return the record that is tried, or why there is none; and its neighbours."""
    trials = hub.mappings.trials
    sample: str | None = where.sample.strip() or None
    try:
        try:
            trial = await trials.preview(connection.name, where.noun, sample, document)
        except UnknownNameError:
            if sample is None:
                raise
            found = await _found(hub, connection, where.noun, sample)
            trial = await trials.preview(connection.name, where.noun, found, document)
        around = await trials.neighbours(connection.name, where.noun, trial.remote_id)
    except ConfigurationError as error:
        return None, error.message, (None, None)
    return trial, None, around


async def _found(hub: Hub, connection: Connection, noun: str, text: str) -> str:
    """Return the first record in which a text occurs.

    Raises:
        UnknownNameError: there is none.
    """
    resource = NOUNS[noun].resource
    found, _ = await hub.records.search(connection.name, resource, text, Wanted(), limit=1)
    if not found:
        raise UnknownNameError(f"There is no record with “{text}” among the {resource}.")
    return found[0].found.remote_id
