"""A rule of an import mapping, compiled: what stands in a column, out of a record."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from html import unescape
from typing import Any

from storetwin.mapping import kinds
from storetwin.mapping.models import Kind, Problem, Value
from storetwin.mapping.sources import Source
from storetwin.mapping.transforms import Apply, StepError, is_empty

BETWEEN = ", "  # of the elements of a list, where a text is wanted


@dataclass(frozen=True, slots=True)
class MappedRule:
    """What a rule says about one column: a :class:`~storetwin.mapping.mapper.Rule`.

    Args:
        kind: of the column; None for an own field, which takes anything.
        steps: each with what people call it.
        also: what the steps read beside the source.
        refuses: a record for which it comes to nothing does not enter core.
        fallback: what stands there where it comes to nothing.
        is_escaped: the store escapes the member for HTML.
    """

    field: str
    kind: Kind | None
    source: Source | None
    steps: tuple[tuple[str, Apply], ...] = ()
    also: tuple[Source, ...] = ()
    refuses: bool = False
    fallback: Value = None
    is_escaped: bool = False

    @property
    def sources(self) -> tuple[str, ...]:
        """Return the dotted members that it takes: what it only reads a piece of stays where it is."""
        read = (*((self.source,) if self.source else ()), *self.also)
        return tuple(one.takes for one in read if one.takes is not None)

    def value(self, document: Mapping[str, Any]) -> Value | Problem:
        """Return what stands in the column, or why that cannot be had. It never raises."""
        try:
            made = self._made(document)
        except _FailedError as error:
            return Problem(self.field, str(error), is_fatal=self.refuses)
        if not is_empty(made):
            return made
        if self.refuses:
            return Problem(self.field, "The import mapping wants a value.", is_fatal=True)
        return made if self.fallback is None else self.fallback

    def _made(self, document: Mapping[str, Any]) -> Value:
        value: Any = self.source.read(document) if self.source is not None else None
        if self.is_escaped and isinstance(value, str) and "&" in value:
            value = unescape(value)
        for count, (label, apply) in enumerate(self.steps, 1):
            try:
                value = apply(value, document)
            except StepError as error:
                raise _FailedError(f"Step {count} ({label}): {error}.") from error
        if self.kind is None or value is None:
            return value  # type: ignore[no-any-return]  # an own field takes anything
        try:
            return fitted(self.kind, value)
        except kinds.MisfitError as error:
            raise _FailedError(f"What the import mapping made is {error}.") from error


class _FailedError(ValueError):
    """A rule failed; the message says where and why."""


def fitted(kind: Kind, value: Any) -> Value:
    """Return a value as a column holds it: of a list that is wanted as a text, its elements.

    Raises:
        MisfitError: the column cannot hold it.
    """
    if isinstance(value, list) and kind is not Kind.JSON and kind is not Kind.TEXTS:
        if len(value) > 1 and kind is Kind.TEXT:
            return BETWEEN.join(kinds.text(one) for one in value)
        if len(value) > 1:
            raise kinds.MisfitError("a list of several")
        value = value[0] if value else None
    elif kind is Kind.TEXTS and not isinstance(value, list | dict) and value not in (None, ""):
        value = [value]
    return kinds.of_kind(kind, value)
