"""What is wrong with an import mapping, and where: every problem at once, for people and programs."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Any

from storetwin.kernel.errors import ConfigurationError

MOST_FLAWS = 100
_QUOTED = 60  # characters of what somebody wrote


@dataclass(frozen=True, slots=True)
class Place:
    """Where something stands in a document.

    Args:
        path: as programs say it: ``rules.products.1.steps.0.pattern``.
        words: as people say it: ``products, rule 2, step 1``.
    """

    path: str = ""
    words: str = "the mapping"

    def member(self, name: object) -> Place:
        """Return the place of a member."""
        return Place(f"{self.path}.{name}" if self.path else str(name), self.words)

    def called(self, words: str) -> Place:
        """Return the same place as people call it."""
        return Place(self.path, words)


@dataclass(frozen=True, slots=True)
class Flaw:
    """What is wrong at one place.

    Args:
        suggestion: what was probably meant.
    """

    path: str
    where: str
    message: str
    suggestion: str | None = None

    def __str__(self) -> str:
        """Return it as one line."""
        hint = f" Did you mean {self.suggestion}?" if self.suggestion else ""
        return f"{self.where}: {self.message}{hint}"


class MappingFlawedError(ConfigurationError):
    """An import mapping cannot be used.

    Args:
        flaws: everything that is wrong with it.
    """

    code = "mapping_flawed"

    def __init__(self, flaws: Sequence[Flaw]) -> None:
        text = str(flaws[0])
        several = f" {len(flaws) - 1} more like this." if len(flaws) > 1 else ""
        super().__init__(
            f"The import mapping cannot be used. {text[:1].upper()}{text[1:]}{several}",
            remedy="Mend what each flaw names, and try again.",
        )
        self.flaws = tuple(flaws)


@dataclass(slots=True)
class Flaws:
    """What was found so far; a document of nothing but flaws is not listed to its end."""

    found: list[Flaw] = field(default_factory=list)

    def add(self, place: Place, message: str, suggestion: str | None = None) -> None:
        """Note a flaw."""
        if len(self.found) < MOST_FLAWS:
            self.found.append(Flaw(place.path, place.words, message, suggestion))

    def unknown(self, place: Place, what: str, name: object, known: Iterable[str]) -> None:
        """Note a name that nobody knows, with the one that looks most like it."""
        self.add(place, f"there is no {what} {quoted(name)}.", nearest(name, known))

    def choice(self, place: Place, what: str, name: str, known: Iterable[str]) -> None:
        """Note a word that is none of those that may stand here."""
        every = tuple(known)
        may = ", ".join(every[:-1]) + f" or {every[-1]}"
        self.add(place, f"{what} is {may}, not {quoted(name)}.", nearest(name, every))

    def members(self, place: Place, given: Any, known: Iterable[str]) -> dict[str, Any] | None:
        """Return an object whose members are known; what else there is is noted."""
        if not isinstance(given, dict):
            self.add(place, f"an object is wanted here, not {kind_of(given)}.")
            return None
        names = tuple(known)
        for name in given:
            if name not in names:
                self.unknown(place.member(name), "member", name, names)
        return given


def nearest(name: object, known: Iterable[str]) -> str | None:
    """Return the name that looks most like one that somebody wrote; None where none does."""
    if not isinstance(name, str) or len(name) > _QUOTED:
        return None
    near = get_close_matches(name.lower(), list(known), 1, 0.6)
    return near[0] if near else None


def quoted(value: object) -> str:
    """Return what somebody wrote, cut where it is long."""
    text = value if isinstance(value, str) else kind_of(value)
    text = text.encode("utf-8", "replace").decode()
    return f"“{text if len(text) <= _QUOTED else text[: _QUOTED - 1] + '…'}”"


def kind_of(value: object) -> str:
    """Say what a value is, as people call it."""
    match value:
        case None:
            return "nothing"
        case bool():
            return "yes or no"
        case str():
            return "a text"
        case dict():
            return "an object"
        case list() | tuple():
            return "a list"
        case _:
            return "a number"
