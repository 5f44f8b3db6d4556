"""What is to be done with a record: every case that there is."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import product
from uuid import UUID

import pytest

from storetwin.core.decide import Match, Step, decide, match
from storetwin.core.models import Candidate, Incoming, Link, Origin
from storetwin.kernel.errors import ConflictError
from storetwin.mapping.models import Mapped

ORIGIN = Origin(UUID(int=1), "products", "7")
CORE, OTHER = UUID(int=2), UUID(int=3)
NOW = datetime(2026, 11, 20, tzinfo=UTC)
STORE = ORIGIN.connection_id


def mapped(content: bytes) -> Mapped:
    return Mapped("products", {}, {}, {}, {}, content)


def link(*, gone: bool = False, version: int = 1) -> Link:
    return Link(ORIGIN, "products", CORE, version, b"same", None, None, NOW, NOW if gone else None)


@pytest.mark.parametrize(
    ("content", "known", "expected"),
    [
        (None, None, Step.NOTHING),
        (None, link(), Step.BURY),
        (None, link(gone=True), Step.NOTHING),
        (b"same", None, Step.FIND),
        (b"same", link(), Step.NOTHING),
        (b"same", link(version=9), Step.NOTE),
        (b"same", link(gone=True), Step.WRITE),
        (b"other", link(), Step.WRITE),
        (b"other", link(gone=True), Step.WRITE),
    ],
)
def test_a_record_is_written_where_it_says_something_new(
    content: bytes | None, known: Link | None, expected: Step
) -> None:
    one = Incoming(ORIGIN, 1, None, mapped(content) if content else None)
    assert decide(one, known) is expected


def test_a_person_says_which_it_is() -> None:
    assert decide(Incoming(ORIGIN, 1, CORE, mapped(b"x")), None) is Step.WRITE
    assert decide(Incoming(ORIGIN, 1, None, mapped(b"x"), is_anew=True), None) is Step.WRITE
    assert decide(Incoming(ORIGIN, 1, CORE, mapped(b"x")), link()) is Step.WRITE
    with pytest.raises(ConflictError):
        decide(Incoming(ORIGIN, 1, OTHER, mapped(b"x")), link())


def test_another_import_mapping_is_noted() -> None:
    one = Incoming(ORIGIN, 1, None, mapped(b"same"), definition_id=OTHER, definition_version=2)
    assert decide(one, link()) is Step.NOTE


@pytest.mark.parametrize("taken", list(product((True, False), repeat=2)))
def test_what_matches_plainly_is_taken_and_nothing_else(taken: tuple[bool, bool]) -> None:
    every = [
        Candidate(core_id, frozenset({STORE} if is_taken else {OTHER}))
        for core_id, is_taken in zip((CORE, OTHER), taken, strict=True)
    ]
    assert match(STORE, []) == Match()
    alone = match(STORE, every[:1])
    assert alone == (Match(candidates=(CORE,)) if taken[0] else Match(CORE))
    assert match(STORE, every) == Match(candidates=(CORE, OTHER))
