"""Compares bodies: records by their shape, errors word for word, dirt around JSON as it stands."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass

from storetwin.testing.conformance.difference import Difference
from storetwin.testing.conformance.exchange import Answer, Json, Recording
from storetwin.testing.conformance.php_text import written_differently
from storetwin.testing.conformance.records import compare_records, same_values
from storetwin.testing.conformance.routes import IDENTITIES, kind_of, records_in
from storetwin.testing.conformance.shapes import Shapes, type_of

_DECODER = json.JSONDecoder()
_START = re.compile(r"[\[{]")


@dataclass(frozen=True, slots=True)
class Body:
    """A body taken apart: the JSON document, and what stands around it.

    Args:
        before, after: everything that is not the document; all of it in ``before`` when the body
            holds no JSON document that ends.
        document: the document's exact text, or None.
    """

    before: str
    document: str | None
    after: str

    @classmethod
    def of(cls, text: str) -> Body:
        """Find the JSON document in a body."""
        for start in _START.finditer(text):
            try:
                _, end = _DECODER.raw_decode(text, start.start())
            except ValueError:
                continue
            whole = text[start.start() : end]
            # In a document that was cut off, something inside of it still parses.
            if text[:1] in "[{" and start.start() > 0:
                break
            return cls(text[: start.start()], whole, text[end:])
        return cls(text, None, "")


def compare_bodies(recording: Recording, answer: Answer, shapes: Shapes) -> Iterator[Difference]:
    """Yield how an answer's body differs from the recorded one."""
    wanted, found = Body.of(recording.text), Body.of(answer.text)
    if wanted.document is None and recording.text[:1] in ("[", "{"):
        yield from _cut_off(found, answer.text)
    elif wanted.document is None:
        yield from _same_text("body", wanted.before, answer.text)
    elif found.document is None:
        yield Difference("body", "a JSON document", answer.text)
    else:
        yield from _same_text("body before the JSON", wanted.before, found.before)
        yield from _same_text("body after the JSON", wanted.after, found.after)
        recorded = {each.expected for each in written_differently(wanted.document)}
        for each in written_differently(found.document):
            if each.expected not in recorded:  # one recording was edited to hide a path
                yield each
        yield from _documents(recording, wanted.document, found.document, shapes)


def _cut_off(found: Body, text: str) -> Iterator[Difference]:
    if found.document is not None or text[:1] not in ("[", "{"):
        yield Difference("body", "a JSON document that is cut off", text)


def _same_text(where: str, wanted: str, found: str) -> Iterator[Difference]:
    if wanted != found:
        yield Difference(where, repr(wanted), repr(found))


def _documents(
    recording: Recording, wanted: str, found: str, shapes: Shapes
) -> Iterator[Difference]:
    if recording.status >= 400 or recording.method == "OPTIONS":
        yield from same_values("body", json.loads(wanted), json.loads(found))
        return
    expected, actual = json.loads(wanted), json.loads(found)
    if type(expected) is not type(actual):
        yield Difference("body", type_of(expected), type_of(actual))
        return
    yield from _same_identities(recording, expected, actual)
    yield from compare_records(recording, expected, actual, shapes)


def _same_identities(recording: Recording, wanted: Json, found: Json) -> Iterator[Difference]:
    """Compare what names each member of a list that is the same in every store."""
    key = IDENTITIES.get(kind_of(recording.route))
    if key is None:
        return
    expected, actual = (
        [located.record.get(key) for located in records_in(recording.route, document)
         if isinstance(located.record, dict)]
        for document in (wanted, found)
    )  # fmt: skip
    if expected != actual:
        yield Difference(f"body[].{key}", json.dumps(expected), json.dumps(actual))
