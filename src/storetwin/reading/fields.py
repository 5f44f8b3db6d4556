"""What a record has: the names by which its fields are asked for, and what a sample shows of them.

A field is a dotted path into the document as the store sent it (``billing.country``); ``[]`` goes
through a list (``line_items[].sku``). Beside the document stand the columns that the twin keeps of
every record; they are fast. ``document.`` before a path means the document even where a column
has the same name.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from enum import StrEnum
from typing import Any

from storetwin.kernel.errors import ConfigurationError
from storetwin.kernel.json_values import Number

LONGEST_PATH = 200
MOST_STEPS = 8
MOST_LISTS = 3
DEEPEST = 5
MOST_FIELDS = 400
MOST_VALUES = 20
DOCUMENT = "document."
_STEP = re.compile(r"[^.\[\]\x00-\x1f]{1,100}")
_DECIMAL = re.compile(r"-?[0-9]{1,40}\.[0-9]{1,40}")
_INTEGER = re.compile(r"-?[0-9]{1,40}")
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d.*")
# Fields whose values are words of the store, never of a person.
_WORDS = frozenset(
    {"status", "type", "currency", "payment_method", "created_via", "stock_status", "tax_status"}
    | {"catalog_visibility", "discount_type", "role", "backorders", "shipping_class", "method_id"}
)


class FieldError(ConfigurationError):
    """A field was named that cannot be used so."""

    code = "bad_field"


class Kind(StrEnum):
    """What the values of a column are."""

    TEXT = "text"
    INTEGER = "integer"
    TIME = "time"


COLUMNS: Mapping[str, Kind] = {
    "connection": Kind.TEXT,
    "remote_id": Kind.TEXT,
    "parent": Kind.TEXT,
    "state": Kind.TEXT,
    "status": Kind.TEXT,
    "email": Kind.TEXT,
    "created_at": Kind.TIME,
    "modified_at": Kind.TIME,
    "read_at": Kind.TIME,
    "twin_version": Kind.INTEGER,
}
COLUMN_MEANINGS: Mapping[str, str] = {
    "connection": "name of the connection it came through",
    "remote_id": "the store's own id",
    "parent": "the record it belongs to: a variation's product, a refund's order",
    "state": "how the store has it: listed, unlisted, partial or gone",
    "status": "the store's word for it, like processing",
    "email": "its e-mail address, in lower case",
    "created_at": "when the store says it was created (UTC)",
    "modified_at": "when the store says it was changed last (UTC)",
    "read_at": "when the store sent it",
    "twin_version": "how many versions of it the twin has seen",
}


@dataclass(frozen=True, slots=True)
class Field:
    """A field of a record.

    Args:
        name: as it was asked for.
        column: the twin's own column; None for a path into the document.
        lists: the lists that the path goes through, each by its steps from the one before.
        steps: from the last list, or from the document, to the value.
    """

    name: str
    column: str | None = None
    lists: tuple[tuple[str, ...], ...] = ()
    steps: tuple[str, ...] = ()

    @property
    def top(self) -> str:
        """Return the member of the document with which the path begins."""
        return (self.lists[0] if self.lists else self.steps)[0]

    @property
    def path(self) -> str:
        """Return the path without ``document.`` before it."""
        return self.name.removeprefix(DOCUMENT)


def read_field(name: str) -> Field:
    """Read a field's name.

    Raises:
        FieldError: it cannot be one.
    """
    if name in COLUMNS:
        return Field(name, column=name)
    lists: list[tuple[str, ...]] = []
    steps: list[str] = []
    parts = name.removeprefix(DOCUMENT).split(".")
    for part in parts:
        step = part.removesuffix("[]")
        if not _STEP.fullmatch(step):
            raise _bad(name, "it is no path")
        if step == "$sealed":
            raise _bad(name, "sealed values cannot be asked for")
        steps.append(step)
        if step != part:
            lists.append(tuple(steps))
            steps = []
    if len(name) > LONGEST_PATH or len(parts) > MOST_STEPS or len(lists) > MOST_LISTS:
        raise _bad(name, f"it has more than {MOST_STEPS} steps, or {MOST_LISTS} lists")
    return Field(name, lists=tuple(lists), steps=tuple(steps))


def _bad(name: str, why: str) -> FieldError:
    return FieldError(
        f"{name[:LONGEST_PATH]!r} cannot be a field: {why}.",
        remedy="Write a path like billing.country or line_items[].sku, or one of the twin's own: "
        f"{', '.join(COLUMNS)}.",
    )


# -- what a sample shows ----------------------------------------------------------------------------


@dataclass(slots=True)
class Seen:
    """What a sample of records shows of a field: never a value of a person.

    Args:
        kinds: what its values are: text, decimal text, time, number, boolean, object, list, null.
        records: how many records of the sample have it.
        words: its values, where they are words of the store.
    """

    name: str
    kinds: set[str] = field(default_factory=set)
    records: int = 0
    words: set[str] = field(default_factory=set)


@dataclass(frozen=True, slots=True)
class Sample:
    """The fields of some records of a resource.

    Args:
        size: how many records were looked at.
    """

    size: int = 0
    fields: Mapping[str, Seen] = field(default_factory=dict)

    def check(self, asked: Field) -> str | None:
        """Say what is doubtful about a field; None if nothing is.

        Raises:
            FieldError: no record of the resource has it.
        """
        if asked.column or not self.size or asked.path in self.fields:
            return None
        tops = {name.partition(".")[0].removesuffix("[]") for name in self.fields}
        near = get_close_matches(asked.path, [*self.fields, *COLUMNS], n=3, cutoff=0.6)
        if asked.top not in tops:
            hint = f" Did you mean {' or '.join(near)}?" if near else ""
            raise FieldError(
                f"There is no field {asked.name!r}.{hint}",
                remedy=f"Choose from: {', '.join(sorted(tops | set(COLUMNS)))}.",
            )
        hint = f" Did you mean {' or '.join(near)}?" if near else ""
        return f"None of the {self.size} records looked at has {asked.name}.{hint}"


def sample_of(documents: Iterable[Any]) -> Sample:
    """Return the fields of some documents, parsed with their numbers as they were written."""
    fields: dict[str, Seen] = {}
    size = 0
    for document in documents:
        size += 1
        found: set[str] = set()
        for name, value in _walk("", document, DEEPEST):
            if name not in fields and len(fields) >= MOST_FIELDS:
                continue
            seen = fields.setdefault(name, Seen(name))
            seen.kinds.add(kind_of(value))
            _keep_word(seen, value)
            found.add(name)
        for name in found:
            fields[name].records += 1
    return Sample(size, dict(sorted(fields.items())))


def _walk(prefix: str, value: Any, levels: int) -> Iterator[tuple[str, Any]]:
    """Yield (path, value) of everything below; what plugins keep in meta_data is not gone into."""
    if levels == 0:
        return
    if isinstance(value, dict):
        for name, inner in value.items():
            if not _STEP.fullmatch(name) or name == "$sealed" or (name == "_links" and not prefix):
                continue
            path = f"{prefix}.{name}" if prefix else name
            yield path, inner
            if not path.endswith(("meta_data[].value", "meta_data[].display_value")):
                yield from _walk(path, inner, levels - 1)
    elif isinstance(value, list) and prefix:
        for inner in value[:MOST_VALUES]:
            if isinstance(inner, dict):
                yield from _walk(f"{prefix}[]", inner, levels)
            else:
                yield f"{prefix}[]", inner


def kind_of(value: Any) -> str:
    """Say what a value is, without saying the value."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, Number | int | float):
        return "number"
    if isinstance(value, str):
        return _kind_of_text(value)
    if isinstance(value, dict):
        return "sealed" if "$sealed" in value else "object"
    return "list"


def _kind_of_text(text: str) -> str:
    forms = ((_DECIMAL, "decimal text"), (_INTEGER, "integer text"), (_TIME, "time"))
    if not text:
        return "empty text"
    return next((kind for form, kind in forms if form.fullmatch(text)), "text")


def _keep_word(seen: Seen, value: Any) -> None:
    name = seen.name.rpartition(".")[2]
    is_word = name in _WORDS or seen.name == "meta_data[].key"
    if (
        is_word
        and isinstance(value, str)
        and 0 < len(value) <= 60
        and len(seen.words) < MOST_VALUES
    ):
        seen.words.add(value)


def default_fields(search: Sequence[str]) -> tuple[str, ...]:
    """Return what is shown of a resource where nobody says what."""
    named = ("connection", "remote_id", "status", "created_at")
    return (*named, *(name for name in search if name not in named))
