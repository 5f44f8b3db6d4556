"""A record of a store as what it comes to in core: compiled once, called for each record.

No document makes it raise. What does not fit its column goes to ``extra`` and is named in a problem;
what nobody declared goes to ``extra`` without a word.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

import msgspec

from storetwin.kernel.content_hash import content_hash
from storetwin.mapping import documents, kinds
from storetwin.mapping.models import Field, Mapped, Noun, Problem, Row, Site, Value
from storetwin.mapping.parts import PartReader, compile_part
from storetwin.mapping.readers import Columns, Found, Members, columns_of, members_of, sources_of

_ENCODER = msgspec.json.Encoder(order="deterministic", decimal_format="number")
_NUL = b"\\u0000"
Parts = dict[str, list[Row]]
CUSTOM = "custom."
NO_SITE = Site()
_TOO_DEEP = "The record is nested too deeply to be mapped."


class Rule(Protocol):
    """What a person's import mapping says about one column, in place of the field's source."""

    @property
    def sources(self) -> tuple[str, ...]:
        """Return the dotted members that it reads: they count as taken."""
        ...

    def value(self, document: Mapping[str, Any]) -> Value | Problem:
        """Return what stands in the column, or why that cannot be had. It never raises."""
        ...


class Definition(Protocol):
    """A person's import mapping of one noun."""

    @property
    def rules(self) -> Mapping[str, Rule]:
        """Return a rule for each column that is mapped anew; ``custom.NAME`` is a field of its own."""
        ...


@dataclass(frozen=True, slots=True)
class Mapper:
    """What maps the records of one noun, for one store and one import mapping."""

    noun: Noun
    fixed: Row
    values: Columns
    references: Columns
    container: tuple[str, ...]
    level: Columns
    parts: tuple[PartReader, ...]
    members: Members
    rules: tuple[tuple[Field, Rule], ...] = ()
    custom: tuple[tuple[str, Rule], ...] = ()
    tables: tuple[str, ...] = field(default=())

    def map(self, document: dict[str, Any], container: str | None = None) -> Mapped:
        """Return what a record comes to.

        Args:
            document: as :func:`storetwin.mapping.documents.read` returns it.
            container: remote id of the record that contains it, as a term's attribute.
        """
        try:
            return self._mapped(document, container)
        except UnicodeEncodeError:
            return self._mapped_mended(document, container)
        except RecursionError:
            return self._unmapped(_TOO_DEEP)

    def _mapped(
        self,
        document: dict[str, Any],
        container: str | None,
        mended: tuple[Problem, ...] | None = None,
    ) -> Mapped:
        found = Found()
        values = self.fixed.copy()
        self.values.read(document, "", "", values, found)
        references: Row = {}
        self.references.read(document, "", "", references, found)
        for name in self.container:
            if references[name] is None:
                references[name] = container
        level: Row = {}
        self.level.read(document, "", "", level, found)
        parts: Parts = {table: [] for table in self.tables}
        for part in self.parts:
            part.read(document, parts[part.table], found)
        if self.rules or self.custom:
            self._apply(document, values, found)
        self.members.rest(document, "", found)
        encoded = _encoded(values, references, parts, found.extra, level)
        if mended is None and _NUL in encoded:
            return self._mapped_mended(document, container)
        if self.noun.derive is not None:
            values.update(self.noun.derive(values, parts))
        return Mapped(
            noun=self.noun.name,
            values=values,
            references=references,  # type: ignore[arg-type]  # kinds.named returns texts only
            parts=parts,
            extra=found.extra,
            hash=content_hash(encoded, ()),
            problems=(*(mended or ()), *found.problems),
            level=level,
        )

    def _mapped_mended(self, document: dict[str, Any], container: str | None) -> Mapped:
        """Map a record that holds what PostgreSQL cannot keep."""
        paths: list[str] = []
        whole = documents.mended(document, "", paths)
        problems = tuple(
            Problem(path, "A character that no database keeps was replaced by U+FFFD.")
            for path in dict.fromkeys(paths)
        )
        return self._mapped(whole, container, problems)

    def _apply(self, document: dict[str, Any], values: Row, found: Found) -> None:
        """Let an import mapping fill the columns that it speaks of."""
        for column, rule in self.rules:
            values[column.name] = self._made(column, rule, document, found)
        if self.custom:
            own: dict[str, Any] = {}
            for name, rule in self.custom:
                made = rule.value(document)
                if isinstance(made, Problem):
                    _left(rule, made, document, found)
                else:
                    own[name] = made
            values["custom"] = own

    def _made(self, column: Field, rule: Rule, document: dict[str, Any], found: Found) -> Value:
        made = rule.value(document)
        if not isinstance(made, Problem):
            try:
                return kinds.of_field(column, made)
            except kinds.MisfitError as error:
                made = Problem(column.name, f"What the import mapping made is {error}.")
        _left(rule, made, document, found)
        return None

    def _unmapped(self, why: str) -> Mapped:
        return Mapped(
            noun=self.noun.name,
            values={one.name: None for one in self.noun.fields},
            references={one.name: None for one in self.noun.references},
            parts={table: [] for table in self.tables},
            extra={},
            hash=content_hash(why.encode(), ()),
            problems=(Problem("", why, is_fatal=True),),
            level={one.name: None for one in self.noun.levels},
        )


def _left(rule: Rule, problem: Problem, document: dict[str, Any], found: Found) -> None:
    """Keep what a rule could make nothing of."""
    found.problems.append(problem)
    for source in rule.sources:
        value = documents.at(document, source)
        if value is not None:
            found.extra[source] = value


def _encoded(values: Row, references: Row, parts: Parts, extra: Row, level: Row) -> bytes:
    """Return all that counts as JSON: columns by their place, which is the same for every record."""
    content = (
        *values.values(),
        *references.values(),
        *level.values(),
        [[[*row.values()] for row in rows] for rows in parts.values()],
        extra,
    )
    try:
        return _ENCODER.encode(content)
    except OverflowError:  # an integer beyond 64 bits
        return documents.written(_plain(content)).encode()


def _plain(value: Any) -> Any:
    """Return lists where tuples stand."""
    return [_plain(one) for one in value] if isinstance(value, tuple | list) else value


def compile_mapper(
    noun: Noun, definition: Definition | None = None, site: Site = NO_SITE
) -> Mapper:
    """Return what maps the records of a noun.

    Args:
        definition: the import mapping that is active; None for none.
        site: what its records do not say themselves.
    """
    rules = dict(definition.rules) if definition is not None else {}
    fields = tuple(one for one in noun.fields if one.name not in rules)
    known = sources_of((*fields, *noun.levels), noun.references, noun.ignored)
    known += [part.source for part in noun.parts]
    read_by_rules = [source for rule in rules.values() for source in rule.sources]
    known += read_by_rules
    return Mapper(
        noun=noun,
        fixed={
            **{one.name: None for one in noun.fields},
            **{one.name: getattr(site, one.site) for one in noun.fields if one.site is not None},
            **noun.constants,
        },
        values=columns_of(fields, left_out=tuple(noun.ignored)),
        references=columns_of((), noun.references),
        container=tuple(one.name for one in noun.references if one.is_container),
        level=columns_of(noun.levels),
        parts=tuple(compile_part(part, read_by_rules) for part in noun.parts),
        members=members_of(known),
        rules=tuple((one, rules[one.name]) for one in noun.fields if one.name in rules),
        custom=tuple(
            (name.removeprefix(CUSTOM), rule)
            for name, rule in rules.items()
            if name.startswith(CUSTOM)
        ),
        tables=tuple(dict.fromkeys(part.table for part in noun.parts)),
    )
