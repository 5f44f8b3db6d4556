"""Every decision of the mirror, exhaustively where the space is small."""

from datetime import UTC, datetime, timedelta
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storetwin.mirror.decide import (
    Change,
    decide_change,
    gaps,
    may_bury,
    needs_fetching,
    reads_light,
)
from storetwin.mirror.models import Known, Level, State
from storetwin.resources import named
from storetwin.woocommerce.records import read_record

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
A, B = b"a" * 16, b"b" * 16


def known(*, content=A, state=State.LISTED, modified_at=NOON, read_at=NOON + timedelta(hours=1)):
    return Known("7", 3, content, state, modified_at, read_at)


def decide(before, content=A, state=State.LISTED, modified_at=NOON, hours=2):
    return decide_change(
        before, content, state, modified_at=modified_at, served_at=NOON + timedelta(hours=hours)
    )


def test_what_the_twin_does_not_know_is_its_first_version():
    assert decide(None) is Change.CREATE


def test_the_same_content_changes_nothing():
    assert decide(known()) is Change.KEEP


def test_other_content_is_the_next_version():
    assert decide(known(), content=B) is Change.UPDATE


def test_an_answer_that_was_overtaken_changes_nothing():
    assert decide(known(), content=B, hours=1 - 1 / 60) is Change.KEEP


def test_an_answer_from_long_before_comes_from_a_clock_that_was_set_back():
    assert decide(known(), content=B, hours=0) is Change.UPDATE


def test_a_buried_record_that_is_back_gets_a_new_version():
    assert decide(known(state=State.GONE)) is Change.UPDATE


def test_a_record_that_turns_up_in_no_list_only_changes_its_state():
    assert decide(known(), state=State.UNLISTED) is Change.RESTATE
    assert decide(known(state=State.UNLISTED)) is Change.RESTATE


def test_a_blanked_reading_does_not_replace_a_whole_one_of_the_same_moment():
    assert decide(known(), content=B, state=State.PARTIAL) is Change.KEEP
    later = NOON + timedelta(minutes=1)
    assert decide(known(), content=B, state=State.PARTIAL, modified_at=later) is Change.UPDATE


@given(st.sampled_from(State), st.sampled_from(State), st.sampled_from([A, B]))
def test_writing_the_same_reading_twice_writes_once(before_state, state, content):
    if state is State.GONE:
        return
    before = known(state=before_state)
    first = decide(before, content, state)
    if first is Change.KEEP:
        return
    after = known(content=content, state=state, read_at=NOON + timedelta(hours=2))
    assert decide(after, content, state) is Change.KEEP


def light(modified):
    stamp = "null" if modified is None else f'"{modified:%Y-%m-%dT%H:%M:%S}"'
    return read_record(named("orders"), f'{{"id":7,"date_modified_gmt":{stamp}}}'.encode())


@pytest.mark.parametrize("level", [Level.IDS, Level.MODIFIED])
@pytest.mark.parametrize("state", [State.GONE, State.PARTIAL])
def test_what_is_gone_or_partial_here_and_listed_there_is_fetched(level, state):
    assert needs_fetching(light(NOON), known(state=state), level)
    assert needs_fetching(light(NOON), None, level)


def test_dates_are_compared_at_level_modified_only():
    newer = light(NOON + timedelta(seconds=1))
    assert needs_fetching(newer, known(), Level.MODIFIED)
    assert not needs_fetching(newer, known(), Level.IDS)
    assert not needs_fetching(light(NOON), known(), Level.MODIFIED)


def test_a_record_without_a_date_cannot_be_judged_by_it():
    assert needs_fetching(light(None), known(modified_at=None), Level.MODIFIED)


@pytest.mark.parametrize(("seconds", "wanted"), [(0, True), (2, True), (3, False)])
def test_a_snapshot_read_in_the_second_of_its_change_is_read_again(seconds, wanted):
    young = known(read_at=NOON + timedelta(seconds=seconds))
    assert needs_fetching(light(NOON), young, Level.MODIFIED) is wanted


def test_only_orders_are_cheaper_to_read_lightly():
    for name, level in product(("orders", "products", "customers"), Level):
        wanted = name == "orders" and level is not Level.BYTES
        assert reads_light(named(name), level) is wanted


@pytest.mark.parametrize(
    ("vanished", "present", "allowed"),
    [(1, 1, True), (20, 20, True), (21, 100, False), (100, 1000, True), (101, 1000, False)],
)
def test_a_store_that_lost_much_at_once_buries_nothing(vanished, present, allowed):
    assert may_bury(vanished, present) is allowed


@given(st.sets(st.integers(1, 200)), st.integers(0, 5))
def test_the_gaps_are_exactly_the_ids_between_and_some_behind(ids, beyond):
    found = [number for gap in gaps(sorted(ids), beyond=beyond) for number in gap]
    if not ids:
        assert found == []
        return
    assert found == [n for n in range(min(ids), max(ids) + 1 + beyond) if n not in ids]
