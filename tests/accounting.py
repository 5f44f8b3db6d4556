"""Where each scalar of a record went: into a column, beside the columns, or nowhere, for a reason.

It knows the declarations and what came out, and nothing of how the mapper works.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from html import unescape
from typing import Any

from storetwin.kernel.json_leaves import Path, leaves, string_of
from storetwin.mapping.documents import joined
from storetwin.mapping.models import Field, Kind, Mapped, Noun, Part, Row

_BROKEN = re.compile("[\x00\ud800-\udfff]")
COLUMN, EXTRA, IGNORED = "column", "extra", "ignored"


@dataclass
class Account:
    """What became of the scalars of some records.

    Args:
        places: how many went where.
        dropped: those that went nowhere, by path.
        doubled: those that went to a column and beside the columns.
    """

    places: Counter[str] = field(default_factory=Counter)
    dropped: list[str] = field(default_factory=list)
    doubled: list[str] = field(default_factory=list)

    @property
    def share_of_extra(self) -> float:
        return self.places[EXTRA] / max(1, sum(self.places.values()))

    def add(self, noun: Noun, text: str, mapped: Mapped) -> None:
        """Follow each scalar of a document."""
        for path, (start, end) in leaves(text):
            word = text[start:end]
            found = set(_places(noun, path, word, mapped))
            shown = f"{noun.resource}:{'.'.join(str(step) for step in path)} = {word[:60]}"
            if not found:
                self.dropped.append(shown)
            if word == "null" and EXTRA in found:
                found.discard(COLUMN)  # nothing stands in every column that holds nothing
            if {COLUMN, EXTRA} <= found:
                self.doubled.append(shown)
            self.places.update(found)


def _places(noun: Noun, path: Path, word: str, mapped: Mapped) -> Iterator[str]:
    if _is_in_extra(path, word, mapped.extra):
        yield EXTRA
    if _is_ignored(path, noun.ignored) or _is_twin(path, noun.fields, mapped.values):
        yield IGNORED
    if _is_in_row(path, word, noun.fields, mapped.values):
        yield COLUMN
    if _is_in_row(path, word, noun.levels, mapped.level):
        yield COLUMN
    for reference in noun.references:
        if path == (reference.source,) and _names(word, mapped.references[reference.name]):
            yield COLUMN
    for part in noun.parts:
        if path[0] == part.source:
            yield from _places_in_part(part, path[1:], word, mapped.parts[part.table])


def _places_in_part(part: Part, path: Path, word: str, rows: list[Row]) -> Iterator[str]:
    own = [row for row in rows if all(row[k] == v for k, v in part.constants.items())]
    if part.is_object:
        if not path and word in ("null", '""'):
            yield COLUMN  # no row
        yield from _places_in_row(part, path, word, own[0] if own else None)
        return
    if (len(path) < 2 and word == "null") or (not path and word == '""'):
        yield COLUMN  # no rows, or no row
        return
    if not path or not own:
        return
    step = str(path[0])
    [*found] = [row for row in own if str(row["position"]) == step]
    if not found and step.isdecimal():  # a list with holes: the rows are in its order
        yield from _places_in_holes(part, path, word, own)
    for row in found:
        if len(path) == 1:
            references = [row[one.remote] for one in part.references if one.source == ""]
            if any(_names(word, value) for value in references):
                yield COLUMN
        yield from _places_in_row(part, path[1:], word, row)


def _places_in_holes(part: Part, path: Path, word: str, rows: list[Row]) -> Iterator[str]:
    for row in rows:
        yield from _places_in_row(part, path[1:], word, row)
        for one in part.references:
            if one.source == "" and len(path) == 1 and _names(word, row[one.remote]):
                yield COLUMN


def _places_in_row(part: Part, path: Path, word: str, row: Row | None) -> Iterator[str]:
    if _is_ignored(path, part.ignored):
        yield IGNORED
    if row is None:  # an address that says nothing
        is_column = path in {(one.source,) for one in part.fields}
        if is_column and string_of(word) in ("", "null"):
            yield COLUMN
        return
    if _is_twin(path, part.fields, row):
        yield IGNORED
    if _is_in_row(path, word, part.fields, row):
        yield COLUMN
    for one in part.references:
        if path == (one.source,) and _names(word, row[one.remote]):
            yield COLUMN
    sources = {one.source for one in (*part.fields, *part.references)}
    if path == (part.key,) and part.key not in sources:
        named = _mended(string_of(word))
        if word in ("null", '""') or str(row["key"]).endswith(named):
            yield COLUMN


def _is_in_row(path: Path, word: str, fields: tuple[Field, ...], row: Mapping[str, Any]) -> bool:
    return _is_nothing(path, word, fields, row) or any(
        _says_same(one, path, word, row[one.name]) for one in fields if one.source is not None
    )


def _says_same(one: Field, path: Path, word: str, value: Any) -> bool:
    source = tuple(one.source.split(".")) if one.source else ()
    if path[: len(source)] != source:
        return False
    rest = path[len(source) :]
    if one.kind in (Kind.JSON, Kind.TEXTS):
        return _is_inside(rest, word, value)
    return not rest and _is_scalar(word, value, is_escaped=one.is_escaped)


def _is_inside(path: Path, word: str, value: Any) -> bool:
    for step in path:
        if isinstance(value, dict):
            names = {_mended(str(name)): name for name in value}
            if _mended(str(step)) not in names:
                return False
            value = value[names[_mended(str(step))]]
        elif isinstance(value, list):
            if not str(step).isdecimal():
                return False
            place = int(step)
            if place >= len(value):
                return any(_is_scalar(word, inner) for inner in value)
            value = value[place]
        else:
            return False
    return _is_scalar(word, value)


def _is_scalar(word: str, value: Any, *, is_escaped: bool = False) -> bool:
    text = _mended(string_of(word))
    if value is None:
        return word == "null" or text == ""
    if isinstance(value, bool):
        return text.lower() in (("true", "yes", "1") if value else ("false", "no", "0"))
    if isinstance(value, int | Decimal):
        return _number(text) == Decimal(value)
    if isinstance(value, date):
        return _is_day_or_moment(text, value)
    return value == text or (is_escaped and value == unescape(text))


def _is_day_or_moment(text: str, value: date) -> bool:
    return _moment(text) == value if isinstance(value, datetime) else text.startswith(str(value))


def _number(text: str) -> Decimal | None:
    try:
        return Decimal(text)
    except InvalidOperation:
        return None


def _moment(text: str) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def _names(word: str, value: Any) -> bool:
    text = _mended(string_of(word)).strip()
    return text in ("", "0", "null") if value is None else text == value


def _is_in_extra(path: Path, word: str, extra: Mapping[str, Any]) -> bool:
    shown = ""
    for place, step in enumerate(path, start=1):
        shown = joined(shown, _mended(str(step)))
        if shown in extra and _is_inside(path[place:], word, extra[shown]):
            return True
    return False


def _is_ignored(path: Path, ignored: Mapping[str, str]) -> bool:
    steps = [str(step) for step in path]
    return any(steps[: len(names)] == names for names in (one.split(".") for one in ignored))


def _is_twin(path: Path, fields: Iterable[Field], row: Mapping[str, Any]) -> bool:
    return any(path == (one.local,) and row[one.name] is not None for one in fields)


def _is_nothing(path: Path, word: str, fields: tuple[Field, ...], row: Mapping[str, Any]) -> bool:
    """Say whether a null, or an empty text, stands for columns that hold nothing."""
    if word not in ("null", '""'):
        return False
    name = ".".join(str(step) for step in path)
    own = [
        one
        for one in fields
        if one.local == name or (one.source is not None and one.source.startswith(f"{name}."))
    ]
    return bool(own) and all(row[one.name] is None for one in own)


def _mended(text: str) -> str:
    return _BROKEN.sub("\ufffd", text)
