"""The list moves under the reader, the store drops rows: no record is skipped, no record comes twice."""

from dataclasses import dataclass, field

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from storetwin.woocommerce.paging import MAX_IDLE, Position, Verdict, covering, judge

MOST_REQUESTS = 5_000


@dataclass
class Shelf:
    """A list as WooCommerce serves it: rows by id, some counted but never loaded."""

    ids: list[int]
    unloadable: set[int] = field(default_factory=set)
    next_id: int = 10_000

    def page(self, offset, size):
        rows = self.ids[offset : offset + size]
        return [row for row in rows if row not in self.unloadable]

    def change(self, kind, where):
        if kind == "create":
            self.next_id += 1
            self.ids.append(self.next_id)
        elif self.ids:
            self.ids.pop(where % len(self.ids))


def read(shelf, usual, changes=(), *, may_grow=True):
    """Walk a shelf to its end; `changes` happen between pages. Returns what was read, and requests."""
    changes, position, asked, idle, read_ids, requests = list(changes), Position(), 0, 0, [], 0
    size = usual
    while requests < MOST_REQUESTS:
        ids = shelf.page(asked, size)
        requests += 1
        reading = judge(position, asked, size, ids, idle=idle, may_grow=may_grow)
        assert reading.verdict not in (Verdict.LYING, Verdict.UNSORTED)
        read_ids += ids[reading.fresh_from :] if reading.verdict is Verdict.FRESH else []
        position, asked, idle = reading.position, reading.ask, reading.idle
        size = max(usual, reading.size)
        if reading.verdict is Verdict.END:
            return read_ids, requests
        if changes:
            shelf.change(*changes.pop(0))
    raise AssertionError("the walk did not end")


@given(st.integers(0, 100_000), st.integers(1, 100))
def test_a_numbered_page_shows_the_row_asked_for_and_one_more_and_of_large_ones_a_third(
    offset, size
):
    number, length = covering(offset, size)
    behind = number * length - offset
    assert (number - 1) * length <= offset
    assert behind >= min(2 if offset else 1, size)
    assert behind >= (size // 3 if size >= 12 else 1)
    assert length <= max(size, 100) or size < 12


CHANGES = st.lists(
    st.tuples(st.sampled_from(["create", "delete", "delete"]), st.integers(0, 10_000)), max_size=60
)


@given(
    count=st.integers(0, 300),
    size=st.sampled_from([2, 3, 7, 10, 100]),
    unloadable=st.sets(st.integers(1, 300), max_size=8),
    changes=CHANGES,
)
@settings(max_examples=400, deadline=None)
@example(count=3, size=2, unloadable={1, 2}, changes=[])
@example(count=8, size=7, unloadable=set(), changes=[("create", 0)] + [("delete", 0)] * 7)
@example(count=200, size=100, unloadable={199}, changes=[("create", 0), ("delete", 0)])
@example(count=3, size=2, unloadable={1}, changes=[("create", 0), ("delete", 0)])
def test_what_stays_in_the_list_is_read_once(count, size, unloadable, changes):
    shelf = Shelf(list(range(1, count + 1)), unloadable)
    before = set(shelf.ids)
    got, _ = read(shelf, size, changes)
    assert len(got) == len(set(got))
    throughout = before & set(shelf.ids) - unloadable
    assert throughout <= set(got)


@pytest.mark.parametrize(
    ("count", "requests"), [(0, 1), (1, 2), (99, 2), (100, 2), (199, 3), (29_993, 304)]
)
def test_a_quiet_list_costs_one_request_a_page_and_one_to_know_its_end(count, requests):
    got, asked = read(Shelf(list(range(1, count + 1))), 100)
    assert got == list(range(1, count + 1))
    assert asked == requests


def test_a_page_that_begins_behind_known_ground_is_stepped_back_from():
    reading = judge(Position(offset=200, last=200), asked=199, size=100, ids=list(range(203, 303)))
    assert reading.verdict is Verdict.MOVED
    assert reading.ask == 149


def test_an_empty_page_in_the_middle_is_not_the_end():
    reading = judge(Position(offset=200, last=200), asked=199, size=100, ids=[])
    assert reading.verdict is Verdict.MOVED


def test_a_short_page_is_not_the_end():
    reading = judge(Position(offset=100, last=100), asked=99, size=100, ids=[100, 101, 102])
    assert reading.verdict is Verdict.FRESH
    assert reading.ask == 101


def test_a_store_that_ignores_the_sort_is_noticed():
    assert judge(Position(), 0, 100, [3, 1, 2]).verdict is Verdict.UNSORTED


def test_a_store_that_goes_on_bringing_nothing_is_given_up_on():
    reading = judge(Position(100, 100), 99, 100, [], idle=MAX_IDLE)
    assert reading.verdict is Verdict.LYING


def test_behind_a_record_that_has_no_name_the_walk_goes_on_without_overlap():
    position = Position(offset=51, last=50, overlaps=False)
    assert position.ask == 51
    reading = judge(position, 51, 100, [52, 53])
    assert (reading.verdict, reading.fresh_from) == (Verdict.FRESH, 0)


@given(
    count=st.integers(0, 60),
    size=st.sampled_from([2, 3, 7]),
    unloadable=st.sets(st.integers(1, 60), max_size=1),
)
def test_where_full_pages_fail_a_quiet_list_is_read_in_small_ones(count, size, unloadable):
    shelf = Shelf(list(range(1, count + 1)), unloadable)
    got, _ = read(shelf, size, may_grow=False)
    assert got == [number for number in shelf.ids if number not in unloadable]
