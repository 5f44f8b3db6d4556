"""Every event on every standing: what it leads to, and what holds whatever happens."""

from __future__ import annotations

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storetwin.staging.decide import Event, Standing, after, at_rest
from storetwin.staging.models import State

LINKED = (State.UPDATED, State.DELETED, State.IN_SYNC, State.STALE, State.GONE)
STANDINGS = [
    Standing(state, is_linked, is_gone, is_selected, has_copy)
    for state, is_linked, is_gone, is_selected, has_copy in product(State, *([(False, True)] * 4))
]


@pytest.mark.parametrize(
    ("before", "event", "state"),
    [
        (None, Event.SEEN, State.NEW),
        (None, Event.GONE, None),
        (None, Event.FORGOTTEN, None),
        (Standing(State.NEW), Event.SEEN, State.NEW),
        (Standing(State.NEW), Event.GONE, None),
        (Standing(State.NEW), Event.PROMOTED, State.IN_SYNC),
        (Standing(State.NEW), Event.REFUSED, State.WAITING),
        (Standing(State.WAITING), Event.SEEN, State.NEW),
        (Standing(State.IN_SYNC, is_linked=True), Event.SEEN, State.STALE),
        (Standing(State.IN_SYNC, is_linked=True), Event.GONE, State.DELETED),
        (Standing(State.IN_SYNC, is_linked=True), Event.MAPPED_ANEW, State.STALE),
        (Standing(State.IN_SYNC, is_linked=True), Event.FORGOTTEN, State.WAITING),
        (Standing(State.STALE, is_linked=True), Event.FOUND_EQUAL, State.IN_SYNC),
        (Standing(State.STALE, is_linked=True), Event.FOUND_UNLIKE, State.UPDATED),
        (Standing(State.UPDATED, is_linked=True), Event.FOUND_EQUAL, State.UPDATED),
        (Standing(State.DELETED, is_linked=True, is_gone=True), Event.PROMOTED, State.GONE),
        (Standing(State.DELETED, is_linked=True, is_gone=True), Event.SEEN, State.STALE),
        (Standing(State.GONE, is_linked=True, is_gone=True), Event.SEEN, State.STALE),
        (Standing(State.GONE, is_linked=True, is_gone=True), Event.IGNORED, State.GONE),
        (Standing(State.IGNORED), Event.SEEN, State.IGNORED),
        (Standing(State.IGNORED), Event.GONE, State.IGNORED),
        (Standing(State.IGNORED), Event.RESTORED, State.NEW),
        (Standing(State.IGNORED, is_linked=True), Event.RESTORED, State.STALE),
        (Standing(State.IGNORED, is_gone=True), Event.RESTORED, None),
        (Standing(State.IGNORED, is_linked=True, is_gone=True), Event.RESTORED, State.DELETED),
        (Standing(State.IN_SYNC, is_linked=True), Event.SELECTED, State.IN_SYNC),
    ],
)
def test_what_happens_leads_where_it_should(
    before: Standing | None, event: Event, state: State | None
) -> None:
    found = after(before, event)
    assert (None if found is None else found.state) is state


@pytest.mark.parametrize("before", STANDINGS, ids=str)
def test_every_event_leads_somewhere(before: Standing) -> None:
    for event in Event:
        found = after(before, event)
        if found is None:
            assert not before.is_linked or event not in (Event.SEEN, Event.GONE), (before, event)
            continue
        if event is Event.IGNORED:
            assert not found.is_selected or before.state is State.GONE
        if event is Event.SELECTED:
            assert found.is_selected is (before.is_selected or before.state.is_promotable)
        if event in (Event.GONE, Event.SEEN) and before.state is State.IGNORED:
            assert found.state is State.IGNORED


def test_what_was_chosen_as_a_change_is_not_promoted_as_a_deletion() -> None:
    chosen = Standing(State.UPDATED, is_linked=True, is_selected=True)
    gone = after(chosen, Event.GONE)
    assert gone == Standing(State.DELETED, is_linked=True, is_gone=True)
    back = after(after(gone, Event.SELECTED), Event.SEEN)
    assert back == Standing(State.STALE, is_linked=True)


@given(st.lists(st.sampled_from(Event), max_size=30))
def test_whatever_happens_a_row_says_what_is_true(events: list[Event]) -> None:
    standing: Standing | None = None
    for event in events:
        if event in (Event.PROMOTED, Event.REFUSED) and (
            standing is None or not standing.state.is_promotable or not standing.has_copy
        ):
            continue  # nothing promotes these
        if event in (Event.GONE, Event.FORGOTTEN) and standing and not standing.has_copy:
            continue
        standing = after(standing, event)
        if standing is None:
            continue
        if standing.state in LINKED:
            assert standing.is_linked, (event, standing)
        if standing.is_selected:
            assert standing.state.is_promotable, (event, standing)
        if standing.state in (State.NEW, State.STALE, State.UPDATED):
            assert standing.has_copy, (event, standing)
            assert not standing.is_gone, (event, standing)
        if standing.state in (State.DELETED, State.GONE):
            assert standing.is_gone, (event, standing)


@pytest.mark.parametrize("standing", STANDINGS, ids=str)
def test_at_rest_nobody_has_decided(standing: Standing) -> None:
    found = at_rest(standing)
    assert found is None or found.state in (
        State.NEW,
        State.STALE,
        State.DELETED,
        State.WAITING,
    )
