"""What may be asked of a run, and what goes together."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storetwin.api.run_forms import AskableKind
from storetwin.kernel.errors import StoretwinError
from storetwin.runs.asking import (
    ASKABLE,
    LARGEST_PAGE,
    SMALLEST_PAGE,
    Asked,
    NotAskableError,
    NotRepeatableError,
    check,
)
from storetwin.runs.models import RunKind
from storetwin.woocommerce.paging import FULL_PAGE, SMALLEST_LIMIT

PULL = Asked(RunKind.PULL)
texts = st.text("orders/19-", min_size=1, max_size=8)
wishes = st.builds(
    Asked,
    kind=st.sampled_from(ASKABLE),
    resources=st.lists(texts, max_size=2).map(tuple),
    full=st.booleans(),
    dry=st.booleans(),
    records=st.lists(texts, max_size=2).map(tuple),
    since=st.none() | texts,
    until=st.none() | texts,
    level=st.none() | st.sampled_from(("ids", "modified", "bytes")),
    bury=st.booleans(),
    now=st.booleans(),
    batch=st.none() | st.integers(1, 120),
)


def is_allowed(asked: Asked) -> bool:
    try:
        check(asked)
    except NotAskableError:
        return False
    return True


@given(wishes)
def test_what_is_allowed_is_done_by_exactly_one_verb(asked: Asked) -> None:
    ways = [asked.full, asked.dry, bool(asked.records), asked.is_span]
    if is_allowed(asked):
        assert sum(ways) <= (asked.kind is RunKind.PULL)
        assert asked.level is None or asked.kind is RunKind.VERIFY
        assert not (asked.records and asked.resources)
        assert not (asked.bury and (asked.kind is RunKind.SYNC or any(ways[1:])))
    else:
        plain = Asked(asked.kind, asked.resources, now=asked.now)
        assert is_allowed(plain), "without what does not go together it is allowed"


@given(wishes)
def test_what_is_kept_with_a_run_says_all_that_was_asked(asked: Asked) -> None:
    if is_allowed(asked):
        assert Asked.of_run(asked.run_kind, asked.as_options()) == asked


@given(wishes, wishes)
def test_the_same_is_kept_as_the_same_text(one: Asked, other: Asked) -> None:
    is_same = replace(one, kind=other.kind) == other
    assert (one.as_text() == other.as_text()) is is_same


@pytest.mark.parametrize(
    ("kind", "options", "asked"),
    [
        (
            RunKind.PULL,
            {"resources": ["orders"], "full": False, "bury": False, "now": True},
            Asked(RunKind.PULL, ("orders",), now=True),
        ),
        (
            RunKind.PULL,
            {"resources": ["orders"], "since": "2026-01-01", "until": None, "now": False},
            Asked(RunKind.PULL, ("orders",), since="2026-01-01"),
        ),
        (
            RunKind.PULL,
            {"records": ["orders/7"], "now": False},
            Asked(RunKind.PULL, records=("orders/7",)),
        ),
        (
            RunKind.VERIFY,
            {"resources": [], "level": "ids", "bury": True, "now": False},
            Asked(RunKind.VERIFY, level="ids", bury=True),
        ),
        (RunKind.SYNC, {"resources": ["orders"], "now": False}, Asked(RunKind.SYNC, ("orders",))),
        (RunKind.REHEARSE, {}, Asked(RunKind.PULL, dry=True)),
    ],
)
def test_runs_of_schedules_and_of_the_command_line_can_be_repeated(
    kind: RunKind, options: dict[str, Any], asked: Asked
) -> None:
    assert Asked.of_run(kind, options) == asked
    check(asked)


@pytest.mark.parametrize("kind", [RunKind.RETRY, RunKind.RECEIVE])
def test_what_nobody_can_ask_for_is_not_repeated(kind: RunKind) -> None:
    with pytest.raises(NotRepeatableError):
        Asked.of_run(kind, {"letters": ["x"]})


@pytest.mark.parametrize(("size", "allowed"), [(9, False), (10, True), (100, True), (101, False)])
def test_pages_are_neither_tiny_nor_larger_than_stores_give(size: int, allowed: bool) -> None:
    assert is_allowed(replace(PULL, batch=size)) is allowed
    assert (SMALLEST_PAGE, LARGEST_PAGE) == (SMALLEST_LIMIT, FULL_PAGE)


def test_the_api_offers_what_can_be_asked_for() -> None:
    assert [RunKind(kind.value) for kind in AskableKind] == list(ASKABLE)
    assert issubclass(NotAskableError, StoretwinError)
