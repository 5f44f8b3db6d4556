"""What can be broken on purpose. Each fault is small, named, deterministic and bounded."""

from __future__ import annotations

from collections.abc import Sequence

from storetwin.sandboxes.woocommerce.answers import Answer
from storetwin.sandboxes.woocommerce.request import Request


class Board:
    def __init__(self, store: object, faults: Sequence[str] = ()) -> None:
        """Stage 2."""

    """The switches. Stage 2 fills it."""

    def fatal_for(self, resource: str, ids: Sequence[int], request: Request) -> Answer | None:
        """Return the answer of a page that dies, or None."""
        return None

    def before(self, request: Request) -> Answer | None:
        """Return an answer that comes instead of the shop's own, or None."""
        return None

    def after(self, request: Request, answer: Answer) -> Answer:
        """Return what becomes of an answer on its way."""
        return answer

    def delay(self) -> float:
        """Return seconds to wait before an answer goes out."""
        return 0.0

    def clock_offset(self) -> float:
        """Return by how many seconds the Date header is off."""
        return 0.0

    def namespaces(self, known: tuple[str, ...]) -> tuple[str, ...]:
        """Return the namespaces that the site shows."""
        return known

    def fatal(self, request: Request) -> Answer:
        """Return the answer of a PHP fatal error."""
        return Answer(500, b"")

    def blank_meta(self, resource: str, ids: Sequence[int], documents: list[bytes]) -> list[bytes]:
        """Return the documents of a page, with blank meta where one record spoils it."""
        return documents
