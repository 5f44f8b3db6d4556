"""What promoting a record would change, and which next step it waits for, as its page says it. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from typing import Final

from storetwin.hub.core import CoreRecord
from storetwin.mapping.models import Kind, Noun
from storetwin.mapping.nouns import NOUNS, noun_of
from storetwin.staging.delta import WHOLE, as_text
from storetwin.staging.look import WholeRecord
from storetwin.staging.models import FieldChange, State
from storetwin.web.data_asked import record_path
from storetwin.web.data_payload import Line, folded, word_by_word
from storetwin.web.data_view import one_of
from storetwin.web.figures import money

NOTHING: Final = (None, "", "[]", "{}")
"""What a new record brings nothing by; it is not listed of it."""
SAID: Final[Mapping[str, str]] = {"true": "yes", "false": "no"}


@dataclass(frozen=True, slots=True)
class Side:
    """A value on one side of a difference.

    Args:
        line: it in pieces, what differs marked; empty for nothing.
        moment: it where it is a time.
    """

    line: Line
    moment: datetime | None = None


@dataclass(frozen=True, slots=True)
class Difference:
    """A field that would change."""

    label: str
    path: str
    old: Side
    new: Side


def differences_of(
    resource: str, changes: Sequence[FieldChange], currency: str | None
) -> list[Difference]:
    """Return changes with what differs marked, their values as people write them.

    Args:
        currency: that the record's amounts are in.
    """
    kinds = kinds_of(noun_of(resource))
    found = []
    for change in changes:
        kind = kinds.get(_column(change.path), Kind.TEXT)
        old, new = (spoken(text, kind, currency) for text in (change.old, change.new))
        left, right = word_by_word(old, new)
        found.append(
            Difference(
                change.label[:1].upper() + change.label[1:],
                change.path,
                Side(folded(left), moment_of(change.old, kind)),
                Side(folded(right), moment_of(change.new, kind)),
            )
        )
    return found


def kinds_of(noun: Noun | None) -> dict[str, Kind]:
    """Return what columns hold, those of parts as ``order_lines/quantity``."""
    if noun is None:
        return {}
    found = {one.name: one.kind for one in (*noun.fields, *noun.levels)}
    for part in noun.parts:
        own = (*part.fields, part.value) if part.value else part.fields
        found |= {f"{part.table}/{one.name}": one.kind for one in own}
    return found


def _column(path: str) -> str:
    steps = path.split("/")
    return path if len(steps) < 3 else f"{steps[0]}/{steps[-1]}"


def spoken(text: str | None, kind: Kind, currency: str | None) -> str | None:
    """Return a value as people write it: amounts with their currency, yes and no."""
    if text is None:
        return None
    if kind is Kind.BOOLEAN:
        return SAID.get(text, text)
    if kind is Kind.MONEY:
        try:
            amount = Decimal(text)
        except InvalidOperation:
            return text
        whole, _, cents = f"{amount:f}".partition(".")
        return money(f"{whole}.{cents.rstrip('0').ljust(2, '0')}", currency)
    return text


def moment_of(text: str | None, kind: Kind) -> datetime | None:
    """Return the time that a value is, where it is one and says its zone."""
    if text is None or kind is not Kind.TIME:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return moment if moment.tzinfo else None


def equal_of(core: CoreRecord, changed: set[str]) -> list[tuple[str, str, Side]]:
    """Return the columns of core that stay as they are: name, label, value."""
    values = core.document.values
    currency = as_text(values.get("currency"))
    found = []
    for field in core.noun.fields:
        text = as_text(values.get(field.name), WHOLE)
        if field.name not in changed and text not in NOTHING:
            _, line = word_by_word(None, spoken(text, field.kind, currency))
            found.append((field.name, field.label, Side(line, moment_of(text, field.kind))))
    return found


class Step(StrEnum):
    """What leads a record on that waits."""

    CHOOSE = "choose"  # a person says which core record it is, or that it is a new one
    FIRST = "first"  # another record, without which it cannot be, is looked at
    MAP = "map"  # what is made of it is changed
    READ = "read"  # it is read again from the store
    AGAIN = "again"  # nothing holds it up any more


@dataclass(frozen=True, slots=True)
class Waiting:
    """Why a record waits, and the one step that leads on.

    Args:
        first: the record to look at before it: address, and what it is.
    """

    step: Step
    why: str
    first: tuple[str, str] | None = None


def waiting_of(whole: WholeRecord, *, has_copy: bool) -> Waiting | None:
    """Return what a record waits for; None for one that does not wait.

    Args:
        has_copy: the twin has its document.
    """
    record = whole.record
    if record.state is not State.WAITING:
        return None
    why = record.why or "A person has to decide about it."
    if whole.candidates:
        return Waiting(Step.CHOOSE, _possible(whole))
    first = _container(whole)
    if first is not None:
        return Waiting(Step.FIRST, why, first)
    if any(problem.is_fatal for problem in whole.problems):
        return Waiting(Step.MAP, f"{why} Change what the mapping makes of it, or the store.")
    if not has_copy or not whole.changes:
        return Waiting(Step.READ, f"{why} Read it again once the store has put it right.")
    return Waiting(Step.AGAIN, "What it waited for is there now. It can be promoted.")


def _possible(whole: WholeRecord) -> str:
    what, count = one_of(whole.record.resource), len(whole.candidates)
    if count > 1:
        return (
            f"{count} core records may be this {what}. Say which it is, or that it is a new one."
            " Until then it stays outside core."
        )
    taken = " It belongs to another record of this store already." if _is_taken(whole) else ""
    return (
        f"One core record may be this {what}.{taken} Say whether it is, or that this is a new one."
        " Until then it stays outside core."
    )


def _is_taken(whole: WholeRecord) -> bool:
    return all(candidate.is_taken for candidate in whole.candidates)


def _container(whole: WholeRecord) -> tuple[str, str] | None:
    """Return a record that has to be in core first, where there is one."""
    noun = noun_of(whole.record.resource)
    for reference in noun.references if noun else ():
        resource = NOUNS[reference.noun].resource
        for remote_id in (whole.along or {}).get(resource, ()) if reference.is_container else ():
            address = record_path(resource, whole.record.connection, remote_id)
            return address, f"{one_of(resource)} {remote_id}"
    return None
