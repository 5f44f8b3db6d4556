"""How statements about records are put together: nothing of a filter stands in the text of one."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from storetwin.staging.choosing import (
    Q,
    Slice,
    Stretch,
    change,
    choose,
    count_all,
    is_narrowed,
    stretches_of,
)
from storetwin.staging.models import Chosen, Count, Filter, Sort, State

SHOP, OTHER = UUID(int=1), UUID(int=2)
COUNTS = [
    Count(SHOP, "products", State.NEW, "publish", 5, 2),
    Count(SHOP, "products", State.IN_SYNC, "publish", 9, 0),
    Count(OTHER, "products", State.NEW, "draft", 3, 3),
    Count(SHOP, "products", State.GONE, "publish", 4, 0),
]
FILTERS = st.builds(
    Filter,
    resource=st.just("products"),
    states=st.lists(st.sampled_from(State), max_size=3).map(tuple),
    search=st.none() | st.text(max_size=20),
    status=st.lists(st.text(max_size=8), max_size=2).map(tuple),
    modified_after=st.none() | st.just(datetime(2026, 1, 1, tzinfo=UTC)),
    field=st.none() | st.text(max_size=20),
    is_selected=st.none() | st.booleans(),
    rule_id=st.none() | st.uuids(),
)


def total(stretches: list[Stretch]) -> int:
    return sum(stretch.records for stretch in stretches)


def test_stretches_are_what_a_filter_leaves() -> None:
    assert total(stretches_of(COUNTS, Filter("products"))) == 17  # what is gone is not seen
    assert total(stretches_of(COUNTS, Filter("products", states=(State.NEW,)))) == 8
    assert total(stretches_of(COUNTS, Filter("products", status=("draft",)))) == 3
    assert total(stretches_of(COUNTS, Filter("products", is_selected=True))) == 5
    assert total(stretches_of(COUNTS, Filter("products", is_selected=False))) == 12


@given(FILTERS, st.sampled_from(Sort), st.booleans(), st.integers(0, 20_000))
def test_what_is_given_goes_in_as_parameters(
    wanted: Filter, sort: Sort, is_descending: bool, count: int
) -> None:
    stretches = stretches_of(COUNTS, wanted)
    texts = {
        choose(wanted, Slice(sort, is_descending), stretches, count)[0],
        count_all(wanted, stretches)[0],
        change(Q.select_records, Chosen(wanted), [SHOP])[0],
    }
    for text in texts:
        assert "/* conditions */" not in text
        assert "/* direction */" not in text
        shape = Filter(
            wanted.resource, wanted.connection_ids, (), "a" if wanted.search and wanted.search.strip() else None,
            (), wanted.modified_after, None, None if wanted.field is None else "b", wanted.is_selected,
            None if wanted.rule_id is None else SHOP,
        )  # fmt: skip
        assert text in {
            choose(shape, Slice(sort, is_descending), stretches, count)[0],
            count_all(shape, stretches)[0],
            change(Q.select_records, Chosen(shape), [SHOP])[0],
        }


def test_records_by_name_are_not_taken_for_all() -> None:
    statement, params = change(
        Q.select_records, Chosen(Filter("products"), ids=((SHOP, "7"),)), [SHOP]
    )
    assert "meant" in statement
    assert params["found_ids"] == ["7"]
    assert "few_states" not in params


@given(FILTERS, st.lists(st.tuples(st.just(SHOP), st.text(max_size=4)), max_size=2).map(tuple))
def test_how_many_are_meant_the_counts_say_where_they_know(
    wanted: Filter, but: tuple[tuple[UUID, str], ...]
) -> None:
    statement, params = change(Q.deselect_records, Chosen(wanted, but=but), [SHOP])
    is_known = not is_narrowed(wanted) and not (wanted.search and wanted.search.strip())
    assert ("staging.counts" in statement) is is_known
    assert "SELECT count(*) FROM changed" in statement
    assert params["but_ids"] == [remote_id for _, remote_id in but]
