"""Compares an answer with a recorded one: status, headers, body."""

from __future__ import annotations

from collections.abc import Iterator

from storetwin.testing.conformance.bodies import compare_bodies
from storetwin.testing.conformance.difference import Difference
from storetwin.testing.conformance.exchange import Answer, Recording
from storetwin.testing.conformance.headers import compare_headers
from storetwin.testing.conformance.shapes import Shapes


def compare(recording: Recording, answer: Answer, shapes: Shapes) -> list[Difference]:
    """Return how an answer differs from what a real WooCommerce gives; empty when it does not.

    Args:
        recording: the exchange, aimed at the records that the store under test was asked for.
        answer: what the store under test answered.
        shapes: learned from all recordings.
    """
    return list(_differences(recording, answer, shapes))


def _differences(recording: Recording, answer: Answer, shapes: Shapes) -> Iterator[Difference]:
    if recording.status != answer.status:
        yield Difference("status", str(recording.status), f"{answer.status} {answer.text[:200]}")
        return
    yield from compare_headers(recording, answer)
    yield from compare_bodies(recording, answer, shapes)
