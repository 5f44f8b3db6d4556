"""What can happen to deliveries on their way: lost, doubled, out of order, forged, late."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from storetwin.sandboxes.woocommerce.turn import Turn

TROUBLES: dict[str, str] = {
    "drop": "it is never sent, and the store does not know",
    "double": "it is sent twice, the same bytes",
    "reorder": "the next one overtakes it, if one waits",
    "forge": "its signature is made with another secret",
    "late": "it is sent so many seconds later",
}
_PARAMETERS = ("every", "times", "after", "seconds")
USUALLY_LATE = 5


@dataclass(slots=True)
class Trouble:
    """A trouble that is switched on.

    Args:
        text: as asked for.
        names: what happens, in turns.
        turn: when it happens.
        seconds: how late ``late`` is.
    """

    text: str
    names: tuple[str, ...]
    turn: Turn
    seconds: int = USUALLY_LATE
    by_name: dict[str, int] = field(default_factory=dict)

    def strikes(self) -> str | None:
        """Count a delivery, and return what happens to it."""
        if not self.turn.strikes():
            return None
        name = self.names[(self.turn.struck - 1) % len(self.names)]
        self.by_name[name] = self.by_name.get(name, 0) + 1
        return name


class Troubles:
    """Knows which troubles are on. A delivery meets one of them at most.

    Args:
        texts: those to switch on: ``drop:every=3``, or several that take turns,
            ``drop+double+reorder+forge:every=2``. Parameters are ``every`` (1), ``times`` (no
            limit), ``after`` (0) and, for ``late``, ``seconds`` (5).

    Raises:
        ValueError: a trouble or a parameter is unknown, or no number.
    """

    def __init__(self, texts: Iterable[str] = ()) -> None:
        self._on: list[Trouble] = []
        self.switch(texts)

    def switch(self, texts: Iterable[str]) -> None:
        """Let these troubles be on and no others; they begin to count anew.

        Raises:
            ValueError: a trouble or a parameter is unknown, or no number; all stays as it was.
        """
        self._on = [_parsed(text) for text in texts]

    def strikes(self) -> tuple[str | None, int]:
        """Count a delivery; return what happens to it, and how many seconds late ``late`` is."""
        for trouble in self._on:
            name = trouble.strikes()
            if name is not None:
                return name, trouble.seconds
        return None, 0

    @property
    def texts(self) -> list[str]:
        """The troubles that are on, as they were asked for."""
        return [trouble.text for trouble in self._on]

    def described(self) -> list[dict[str, Any]]:
        """Return what is on and how often each struck, for the control door."""
        return [{"fault": each.text, "struck": dict(each.by_name)} for each in self._on]


def _parsed(text: str) -> Trouble:
    named, _, rest = text.partition(":")
    names = tuple(name.strip() for name in named.split("+"))
    for name in names:
        if name not in TROUBLES:
            known = ", ".join(TROUBLES)
            raise ValueError(f"There is no webhook fault {name!r}. There are: {known}.")
    values: dict[str, int] = {}
    for part in filter(None, rest.split(",")):
        key, _, value = (piece.strip() for piece in part.partition("="))
        if key not in _PARAMETERS:
            raise ValueError(f"{named} has no parameter {key!r}. It has: {', '.join(_PARAMETERS)}.")
        if not (value.isascii() and value.isdecimal() and len(value) < 10):
            raise ValueError(f"{named}: {key}={value!r} is not a number")
        values[key] = int(value)
    turn = Turn(max(1, values.get("every", 1)), values.get("times", 0), values.get("after", 0))
    return Trouble(text, names, turn, values.get("seconds", USUALLY_LATE))
