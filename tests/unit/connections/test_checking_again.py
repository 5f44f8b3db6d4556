"""One check of a test is made again: what it takes with it, and what stays."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storetwin.connections.probe import (
    OPENS,
    STAGE_OF,
    WHOLE,
    Check,
    Stage,
    completed,
    stages_again,
)
from storetwin.web.connection_checks import KINDS

CHECKS = st.lists(
    st.builds(
        Check, st.sampled_from(sorted(STAGE_OF)), st.sampled_from([True, False, None]), st.just("")
    ),
    unique_by=lambda check: check.name,
)


def found(*wrong: str, without: tuple[Stage, ...] = ()) -> list[Check]:
    return [
        Check(name, name not in wrong, "as before")
        for name, stage in STAGE_OF.items()
        if stage not in without
    ]


def test_every_check_that_is_shown_belongs_to_a_stage() -> None:
    assert set(KINDS) == set(STAGE_OF)
    assert all(STAGE_OF[name] is stage for stage, name in OPENS.items())


@pytest.mark.parametrize(
    ("name", "stages"),
    [
        ("write", {Stage.WRITE}),
        ("webhooks", {Stage.FACTS}),
        ("clock", {Stage.OUTSIDE}),
        ("header", {Stage.KEYS}),
        ("something else", WHOLE),
    ],
)
def test_a_check_takes_with_it_what_the_same_requests_answer(name: str, stages: set[Stage]) -> None:
    assert stages_again(name, found(name)) == stages


def test_what_was_barred_is_made_as_well() -> None:
    barred = (Stage.WRITE, Stage.FACTS, Stage.IDENTITY)
    assert stages_again("keys", found("keys", "read", without=barred)) == {Stage.KEYS, *barred}
    outside = [Check("reachable", False, "")]
    assert stages_again("reachable", outside) == WHOLE


def test_what_is_barred_now_is_not_known_any_more() -> None:
    made = [Check("reachable", False, "Nobody answers.")]
    assert completed(found(), made, {Stage.OUTSIDE}) == tuple(made)


def test_the_rest_stays_and_stands_in_its_place() -> None:
    known = found("write")
    whole = completed(known, [Check("write", True, "now")], {Stage.WRITE})
    assert [check.name for check in whole] == [check.name for check in known]
    assert [check.finding for check in whole if check.name == "write"] == ["now"]
    assert {check.finding for check in whole if check.name != "write"} == {"as before"}


@given(CHECKS, CHECKS, st.sets(st.sampled_from(list(Stage))))
def test_no_check_stands_twice_and_what_was_made_is_there(
    known: list[Check], made: list[Check], stages: set[Stage]
) -> None:
    made = [check for check in made if STAGE_OF[check.name] in stages]
    whole = completed(known, made, stages)
    names = [check.name for check in whole]
    assert len(names) == len(set(names))
    assert set(made) <= set(whole)
