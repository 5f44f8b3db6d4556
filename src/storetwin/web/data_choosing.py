"""What somebody has selected in Store data, as its form says it; and in words what came of it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Annotated, Any, Final
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from storetwin.api.given import is_text
from storetwin.api.problems import ProblemError
from storetwin.staging.models import ChoiceAction, Chose, Chosen, Preview
from storetwin.web.data_asked import Asked
from storetwin.web.data_view import label_of, one_of
from storetwin.web.figures import number

MOST_PICKED: Final = 10_000
Token = Annotated[str, Field(max_length=300)]
DONE: Final = {
    ChoiceAction.IGNORE: "ignored",
    ChoiceAction.RESTORE: "restored",
    ChoiceAction.SELECT: "marked for promotion",
    ChoiceAction.DESELECT: "no longer marked",
}
ALREADY: Final = {
    ChoiceAction.IGNORE: "were ignored already",
    ChoiceAction.RESTORE: "were not ignored",
    ChoiceAction.SELECT: "could not be marked: they would change nothing in core, or were marked",
    ChoiceAction.DESELECT: "were not marked",
}


class ChosenForm(BaseModel):
    """The form of a selection.

    Args:
        filter: of the table in which it was made, as its address has it.
        all: all that match are meant, without those of ``but``.
        id: boxes that are ticked; ``picked`` those of other pages as well, a line each.
        seen: how many the person was told.
        back: the table's own address.
    """

    model_config = ConfigDict(extra="ignore")

    filter: str = Field(default="", max_length=4000)
    all: str = Field(default="", max_length=3)
    id: list[Token] = Field(default_factory=list, max_length=300)
    picked: str = Field(default="", max_length=1_000_000)
    but: str = Field(default="", max_length=1_000_000)
    seen: str = Field(default="", max_length=12)
    back: str = Field(default="", max_length=4000)

    @property
    def seen_count(self) -> int | None:
        """Return how many the person was told, where the form says it."""
        return int(self.seen) if self.seen.isdecimal() else None

    def ids(self) -> list[tuple[UUID, str]]:
        """Return the records that are named."""
        return [] if self.all else tokens_of([*self.picked.split("\n"), *self.id])


def tokens_of(lines: Iterable[str]) -> list[tuple[UUID, str]]:
    """Return the records that some lines name, each once.

    Raises:
        ProblemError: one names none, or there are too many.
    """
    found: dict[tuple[UUID, str], None] = {}
    for line in lines:
        if not line.strip():
            continue
        connection_id, _, remote_id = line.strip("\r").partition(":")
        try:
            found[UUID(connection_id), remote_id] = None
        except ValueError as error:
            raise ProblemError(422, "bad_selection", "The selection cannot be read.") from error
        if not remote_id or not is_text(remote_id):
            raise ProblemError(422, "bad_selection", "The selection cannot be read.")
    if len(found) > MOST_PICKED:
        raise ProblemError(
            422,
            "too_many_selected",
            f"More than {MOST_PICKED:,} records are selected one by one.",
            remedy="Select all that match, and leave out those that are not meant.",
        )
    return list(found)


def chosen_of(form: ChosenForm, asked: Asked) -> Chosen:
    """Return which records a form means.

    Args:
        asked: the form's filter, read.

    Raises:
        ProblemError: it means none, or cannot be read.
    """
    ids = form.ids()
    if not ids and not form.all:
        raise ProblemError(
            422, "nothing_selected", "Nothing is selected.", remedy="Tick some records first."
        )
    but = tokens_of(form.but.split("\n")) if form.all else []
    return Chosen(asked.filter, tuple(ids), tuple(but), form.seen_count)


def told_of(action: ChoiceAction, chose: Chose) -> str:
    """Return in words what a choice came to."""
    parts = [f"{number(chose.changed)} {DONE[action]}."]
    rest = chose.matched - chose.changed
    if rest:
        parts.append(f"{number(rest)} {ALREADY[action]}.")
    if not chose.is_as_seen:
        parts.append(moved(chose.seen or 0, chose.matched))
    return " ".join(parts)


def moved(seen: int, now: int) -> str:
    """Return in words that other records match than somebody saw."""
    if now > seen:
        more = now - seen
        came = "record has come to match" if more == 1 else "records have come to match"
        return (
            f"{number(more)} {came} since you looked: {number(now)} were meant, not {number(seen)}."
        )
    fewer = seen - now
    went = "record does not match" if fewer == 1 else "records do not match"
    return f"{number(fewer)} {went} any more: {number(now)} were meant, not {number(seen)}."


def will_of(preview: Preview) -> int:
    """Return how many records a promotion would bring into core."""
    return preview.created + preview.updated + preview.deleted


def counted(n: int, resource: str) -> str:
    """Return a number of records in words: ``1 product``, ``362 products``."""
    noun = one_of(resource) if n == 1 else label_of(resource).lower()
    return f"{number(n)} {noun}"


def promoted_in_words(resource: str, lines: Sequence[Any], asked: int, expected: int | None) -> str:
    """Return in words what a promotion came to.

    Args:
        lines: the progress of its runs by resource.
        asked: records that were given to it.
        expected: those that its preview told.
    """
    own = [line for line in lines if line.resource == resource]
    others = [line for line in lines if line.resource != resource]
    done = sum(line.records - line.unreadable for line in own)
    along = sum(line.records - line.unreadable for line in others)
    aside = sum(line.unreadable for line in lines)
    parts = [f"{counted(done, resource)} promoted."]
    if along:
        parts.append(f"{number(along)} {'record' if along == 1 else 'records'} came along.")
    if aside:
        parts.append(f"{number(aside)} could not be, and {'waits' if aside == 1 else 'wait'}.")
    if expected is not None and asked != expected:
        parts.append(moved(expected, asked))
    return " ".join(parts)
