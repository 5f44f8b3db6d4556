"""What reads the members of one object: into columns, and what is left over into ``extra``."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from storetwin.mapping import documents, kinds
from storetwin.mapping.models import Field, Problem, Reference, Row, Value

Convert = Callable[[Any], Value]
META = "meta:"


@dataclass(slots=True)
class Found:
    """What reading a record found beside its columns."""

    extra: dict[str, Any] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)

    def misfit(self, path: str, value: Any, column: str, why: object) -> None:
        """Note a value that does not fit, and keep it."""
        self.extra[path] = value
        self.problems.append(Problem(column, f"It is {why}; it is kept beside the columns."))


@dataclass(frozen=True, slots=True)
class Columns:
    """Which members go into which columns.

    Args:
        texts: (column, member) of texts: most of them, so they have a way of their own.
        plain: (column, member, converter).
        deep: the same for members of members.
        custom: (column, key, converter) of what stands among the custom fields.
        twins: (column, the member that says the same in the store's own time).
        whole: columns that take the object as it is.
        left_out: dotted members that are taken out of it.
        is_more: there are others than texts and plain ones.
    """

    texts: tuple[tuple[str, str], ...]
    plain: tuple[tuple[str, str, Convert], ...]
    deep: tuple[tuple[str, str, Convert], ...] = ()
    custom: tuple[tuple[str, str, Convert], ...] = ()
    twins: tuple[tuple[str, str], ...] = ()
    whole: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()
    is_more: bool = False

    def read(
        self, document: dict[str, Any], prefix: str, place: str, row: Row, found: Found
    ) -> None:
        """Fill a row.

        Args:
            prefix: path of the object, with a dot behind it.
            place: of the row within the record, as in ``order_lines/17/``.
        """
        get = document.get
        for column, member in self.texts:
            value = get(member)
            row[column] = value
            if value is not None and value.__class__ is not str:
                self._put(kinds.text, value, row, column, found, prefix + member, place)
        for column, member, convert in self.plain:
            value = get(member)
            if value is None:
                row[column] = None
                continue
            try:
                row[column] = convert(value)
            except kinds.MisfitError as error:
                row[column] = None
                found.misfit(prefix + member, value, place + column, error)
        if self.is_more:
            self._read_more(document, prefix, place, row, found)

    @staticmethod
    def _put(
        convert: Convert, value: Any, row: Row, column: str, found: Found, path: str, place: str
    ) -> None:
        try:
            row[column] = convert(value)
        except kinds.MisfitError as error:
            row[column] = None
            found.misfit(path, value, place + column, error)

    def _read_more(
        self, document: dict[str, Any], prefix: str, place: str, row: Row, found: Found
    ) -> None:
        for column, path, convert in self.deep:
            value = documents.at(document, path)
            row[column] = None
            if value is not None:
                self._put(convert, value, row, column, found, prefix + path, place)
        if self.custom:
            self._read_custom(document, place, row, found)
        for column in self.whole:
            row[column] = documents.without(document, self.left_out)
        for column, member in self.twins:
            value = document.get(member)
            if value and (row[column] is None or value.__class__ is not str):
                found.extra[prefix + member] = value

    def _read_custom(self, document: dict[str, Any], place: str, row: Row, found: Found) -> None:
        """Read from the custom fields, which are kept whole as well: what does not fit is not lost."""
        told = custom_fields(document)
        for column, key, convert in self.custom:
            row[column] = None
            if key in told:
                try:
                    row[column] = convert(told[key])
                except kinds.MisfitError as error:
                    found.problems.append(Problem(place + column, f"It is {error}."))


def custom_fields(document: Mapping[str, Any]) -> dict[str, Any]:
    """Return the custom fields of an object by key; of several with one key the first."""
    listed = document.get("meta_data")
    told: dict[str, Any] = {}
    if isinstance(listed, list):
        for one in listed:
            if isinstance(one, dict) and isinstance(one.get("key"), str):
                value = one.get("value")
                if value is not None:
                    told.setdefault(one["key"], value)
    return told


def columns_of(
    fields: Iterable[Field],
    references: Iterable[Reference] = (),
    *,
    remote: bool = False,
    left_out: tuple[str, ...] = (),
) -> Columns:
    """Compile what fills columns.

    Args:
        left_out: dotted members that a column with the whole object goes without.
        remote: references stand in their ``remote_`` columns, as in parts; else under their names.
    """
    every = [
        (one.name, one.source, kinds.converter_of(one)) for one in fields if one.source is not None
    ]
    every += [
        (one.remote if remote else one.name, one.source, kinds.named)
        for one in references
        if one.source
    ]
    plain = [one for one in every if _is_plain(one[1])]
    deep = tuple(one for one in every if "." in one[1] and not one[1].startswith(META))
    custom = tuple(
        (name, source.removeprefix(META), convert)
        for name, source, convert in every
        if source.startswith(META)
    )
    twins = tuple((one.name, one.local) for one in fields if one.local is not None)
    whole = tuple(name for name, source, _ in every if source == "")
    return Columns(
        texts=tuple((name, source) for name, source, convert in plain if convert is kinds.text),
        plain=tuple(one for one in plain if one[2] is not kinds.text),
        deep=deep,
        custom=custom,
        twins=twins,
        whole=whole,
        left_out=left_out,
        is_more=bool(deep or custom or twins or whole),
    )


def _is_plain(source: str) -> bool:
    return source != "" and "." not in source and not source.startswith(META)


@dataclass(frozen=True, slots=True)
class Members:
    """Which members of an object are accounted for; what is left over goes to ``extra``.

    Args:
        known: those of the object itself.
        below: of its members that are only partly taken.
        takes_all: nothing is left over.
    """

    known: frozenset[str]
    below: tuple[tuple[str, Members], ...] = ()
    takes_all: bool = False

    def rest(self, document: dict[str, Any], prefix: str, found: Found) -> None:
        """Put what is left over into ``extra``."""
        if self.takes_all:
            return
        known = self.known
        if not document.keys() <= known:
            for name, value in document.items():
                if name not in known:
                    found.extra[prefix + documents.joined("", name)] = value
        for name, members in self.below:
            value = document.get(name)
            if isinstance(value, dict):
                members.rest(value, f"{prefix}{name}.", found)
            elif value is not None and value not in ("", []):
                found.misfit(prefix + name, value, prefix + name, "no object")


def members_of(paths: Iterable[str]) -> Members:
    """Compile which members are accounted for: dotted paths; ``""`` for all of the object."""
    whole: set[str] = set()
    partly: dict[str, list[str]] = {}
    takes_all = False
    for path in paths:
        if path.startswith(META):
            continue
        takes_all = takes_all or path == ""
        first, dot, rest = path.partition(".")
        if dot:
            partly.setdefault(first, []).append(rest)
        else:
            whole.add(first)
    below = {name: members_of(rest) for name, rest in partly.items() if name not in whole}
    return Members(frozenset(whole | below.keys()), tuple(below.items()), takes_all)


def sources_of(
    fields: Iterable[Field], references: Iterable[Reference], ignored: Mapping[str, str]
) -> list[str]:
    """Return the dotted members that columns take, or that nobody needs."""
    taken = [one.source for one in fields if one.source is not None]
    taken += [one.local for one in fields if one.local is not None]
    taken += [one.source for one in references if one.source]
    return [*taken, *ignored]
