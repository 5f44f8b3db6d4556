"""A walk over a list that breaks, moves and blanks: everything readable once, everything else named."""

import asyncio
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from storetwin.kernel.errors import RecordError
from storetwin.resources import named
from storetwin.woocommerce.errors import BadAnswerError, RequestRefusedError, StoreDownError
from storetwin.woocommerce.exchange import Page
from storetwin.woocommerce.listing import Listing
from storetwin.woocommerce.paging import Position
from storetwin.woocommerce.walk import Batch, Unreadable, Walk

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)


@dataclass
class Shop:
    """A store's list of orders that breaks as told (the client's interface, without a socket)."""

    ids: list[int]
    poisoned: set[int] = field(default_factory=set)
    blank: set[int] = field(default_factory=set)
    spoiled: set[int] = field(default_factory=set)
    is_up: bool = True
    says_total: bool = True
    changes: list = field(default_factory=list)
    requests: int = 0
    flying: int = 0
    most_flying: int = 0
    greatest: int = 1_000
    weights: dict[int, float] = field(default_factory=dict)
    sizes: list[int] = field(default_factory=list)
    page_limit: int = 100
    cap: int = 100
    refuses_above: int = 100
    takes_offset: bool = True
    lies: int = 0

    async def control(self):
        self.requests += 1
        return self.is_up

    async def list(self, path, params, *, is_piece=False):
        self.requests += 1
        assert self.requests <= 3_000, "it would never end"
        self.flying += 1
        self.most_flying = max(self.most_flying, self.flying)
        await asyncio.sleep(0)
        self.flying -= 1
        if self.requests in self.spoiled or not self.is_up:
            raise BadAnswerError("truncated", "cut")
        if self.changes:
            self.change(*self.changes.pop(0))
        left_out = {int(i) for i in params.get("exclude", "").split(",") if i}
        rows = [i for i in self.ids if i not in left_out]
        total = len(rows) + self.lies
        if "include" in params:
            rows = [i for i in rows if i in {int(i) for i in params["include"].split(",")}]
        else:
            if int(params["per_page"]) > self.refuses_above:
                raise RequestRefusedError("per_page", wc_code="rest_invalid_param")
            size = min(self.cap, int(params["per_page"]))
            assert ("offset" in params) is self.takes_offset
            offset = int(params.get("offset", 0)) or (int(params.get("page", 1)) - 1) * size
            rows = rows[offset : offset + size]
        if self.poisoned & set(rows):
            raise BadAnswerError("server_error", "500")
        is_blank = bool(self.blank & set(rows)) and "_fields" not in params
        meta = b"[{},{}]" if is_blank else b"[]"
        records = tuple(b'{"id":%d,"meta_data":%b}' % (i, meta) for i in rows)
        burden = sum(self.weights.get(number, 0.0) for number in rows)
        self.sizes.append(int(params.get("per_page", 0)))
        return Page(records, total if self.says_total else None, NOON, (), burden)

    def change(self, kind, where):
        if kind == "create":
            self.greatest = max([self.greatest, *self.ids]) + 1  # a store never uses an id twice
            self.ids.append(self.greatest)
        elif self.ids:
            gone = self.ids.pop(where % len(self.ids))
            self.poisoned.discard(gone)


async def walk(shop, *, start=None, ahead=4):
    resource = replace(named("orders"), has_offset=shop.takes_offset)
    listing = Listing(shop, resource, "orders", {"status": "any"})
    read, named_ids, nameless, partial = [], [], 0, []
    async for step in Walk(listing, start or Position(), ahead=ahead).steps():
        if isinstance(step, Batch):
            read += [record.number for record in step.records]
            partial += [record.number for record in step.records if record.is_blank]
        elif isinstance(step, Unreadable):
            named_ids += step.numbers
            nameless += not step.numbers
    return read, named_ids, nameless, partial


async def test_pages_shrink_where_records_are_heavy_and_grow_again_behind_them():
    ids = list(range(1, 1001))
    shop = Shop(ids, weights=dict.fromkeys(range(300, 400), 0.5))
    read, *_ = await walk(shop)
    assert read == ids
    smallest = shop.sizes.index(min(shop.sizes))
    assert shop.sizes[smallest] < 10
    assert 100 in shop.sizes[:smallest]
    assert 100 in shop.sizes[smallest:]


@pytest.mark.parametrize("how", ["cap", "refuses_above"])
async def test_a_host_that_allows_smaller_pages_only_costs_smaller_pages_only(how):
    shop = Shop(list(range(1, 1001)), **{how: 20})
    read, *_ = await walk(shop)
    assert read == shop.ids
    assert shop.page_limit in (12, 20)
    assert shop.requests <= 1_000 // (shop.page_limit - 1) + 15


@pytest.mark.parametrize("cap", [1, 2, 3])
@pytest.mark.parametrize("count", [0, 1, 2, 3, 40])
@pytest.mark.parametrize("says_total", [True, False])
async def test_a_host_that_shows_a_record_or_two_at_a_time_is_read_whole(cap, count, says_total):
    """With an overlap a page of one record holds nothing but the overlap, whatever is behind it."""
    shop = Shop(list(range(1, count + 1)), cap=cap, says_total=says_total)
    read, *_ = await walk(shop)
    assert read == shop.ids
    assert shop.requests <= 2 * count + 15


async def test_a_quiet_list_is_read_once_with_pages_in_flight():
    shop = Shop(list(range(1, 2001)))
    read, *_ = await walk(shop)
    assert read == list(range(1, 2001))
    assert shop.most_flying == 4
    assert shop.requests <= 22 + 3


@pytest.mark.parametrize("how", ["cap", "refuses_above"])
@pytest.mark.parametrize("most", [100, 20])
@pytest.mark.parametrize("count", [0, 1, 99, 100, 101, 745])
async def test_a_list_that_knows_pages_only_is_read_on_known_ground_too(count, how, most):
    changes = [("create", 0), ("create", 0), ("delete", 7), ("create", 0), ("delete", 50)]
    shop = Shop(list(range(1, count + 1)), changes=changes, takes_offset=False, **{how: most})
    read, found, nameless, _ = await walk(shop)
    assert set(shop.ids) <= set(read)
    assert len(read) == len(set(read))
    assert (found, nameless) == ([], 0)
    assert shop.requests <= 12 + count // (most // 3)


@pytest.mark.parametrize("poisoned", [{1}, {57}, {99, 100, 101}])
async def test_poison_in_a_list_that_knows_pages_only_is_named(poisoned):
    shop = Shop(list(range(1, 301)), poisoned=set(poisoned), takes_offset=False)
    read, found, nameless, _ = await walk(shop)
    assert sorted(found) == sorted(poisoned)
    assert read == [i for i in range(1, 301) if i not in poisoned]
    assert nameless == 0


async def test_a_short_list_with_a_total_that_lies_makes_no_other_lists_pages_smaller():
    shop = Shop(list(range(1, 12)), takes_offset=False, lies=50)
    read, *_ = await walk(shop)
    assert (read, shop.page_limit) == (shop.ids, 100)


async def test_a_walk_that_gets_nowhere_ends(monkeypatch):
    monkeypatch.setattr("storetwin.woocommerce.walk.MAX_STUCK", 5)
    with pytest.raises(RecordError, match="cannot be read beyond 0: 5 pages"):
        await walk(Shop(list(range(1, 301)), poisoned={1}))


async def test_a_store_without_totals_is_read_page_by_page():
    shop = Shop(list(range(1, 501)), says_total=False)
    read, *_ = await walk(shop)
    assert read == list(range(1, 501))
    assert shop.most_flying == 1


@pytest.mark.parametrize(
    "poisoned", [{1}, {2}, {57}, {300}, {299, 300}, {99, 100, 101}, {5, 205, 206}]
)
async def test_poisoned_records_are_named_and_the_others_read(poisoned):
    shop = Shop(list(range(1, 301)), poisoned=set(poisoned))
    read, found, nameless, _ = await walk(shop)
    assert sorted(found) == sorted(poisoned)
    assert read == [i for i in range(1, 301) if i not in poisoned]
    assert nameless == 0
    assert shop.requests <= 10 + 45 * len(poisoned)


async def test_a_page_that_breaks_once_is_asked_for_again():
    shop = Shop(list(range(1, 301)), spoiled={2, 4})
    read, found, nameless, _ = await walk(shop)
    assert (read, found, nameless) == (list(range(1, 301)), [], 0)


async def test_a_blanked_page_is_read_in_halves_and_only_the_culprit_stays_blank():
    shop = Shop(list(range(1, 301)), blank={77, 210})
    read, found, _, partial = await walk(shop)
    assert sorted(read) == list(range(1, 301))
    assert (found, partial) == ([], [77, 210])


async def test_a_store_that_goes_down_ends_the_walk():
    shop = Shop(list(range(1, 301)), is_up=False)
    with pytest.raises(StoreDownError):
        await walk(shop)
    assert shop.requests <= 4


async def test_a_walk_goes_on_where_it_was():
    shop = Shop(list(range(1, 1001)))
    read, *_ = await walk(shop, start=Position(offset=500, last=500))
    assert read == list(range(501, 1001))


async def test_a_blanked_second_record_does_not_stop_a_short_list():
    read, _, _, partial = await walk(Shop([1, 2, 3], blank={2}))
    assert (sorted(read), partial) == ([1, 2, 3], [2])


async def test_a_deletion_at_each_reading_is_no_lie_of_the_list():
    deletions = [("create", 0)] + [("delete", 0)] * 12
    read, *_ = await walk(Shop(list(range(1, 61)), changes=deletions))
    assert read[-1] == 1_001


@pytest.mark.parametrize("gone", range(1, 13))
async def test_what_a_blanked_page_began_with_may_be_deleted_while_it_is_read_in_halves(gone):
    changes = [("create", 0)] * gone + [("delete", 0)] * 5
    shop = Shop(list(range(1, 24)), blank={8, 15}, changes=changes)
    read, found, nameless, partial = await walk(shop)
    assert set(shop.ids) <= set(read)
    assert (found, nameless, partial) == ([], 0, [8, 15])
    assert shop.requests <= 100


@pytest.mark.parametrize("gone", range(9, 24))
async def test_a_record_that_is_deleted_while_it_is_named_hides_no_other(gone):
    changes = [("create", 0)] * gone + [("delete", 4)]
    shop = Shop(list(range(1, 40)), poisoned={5}, changes=changes)
    read, found, nameless, _ = await walk(shop)
    assert set(shop.ids) <= set(read)
    assert (found, nameless) in (([], 0), ([5], 0))


@given(
    count=st.one_of(st.integers(0, 40), st.integers(0, 260)),
    poisoned=st.sets(st.one_of(st.integers(1, 20), st.integers(1, 260)), max_size=3),
    blank=st.sets(st.one_of(st.integers(1, 20), st.integers(1, 260)), max_size=3),
    changes=st.lists(
        st.tuples(
            st.sampled_from(["create", "delete", "delete"]),
            st.one_of(st.just(0), st.integers(0, 999)),
        ),
        max_size=20,
    ),
    cap=st.sampled_from([100, 100, 20, 10]),
    refuses_above=st.sampled_from([100, 100, 50, 10]),
    takes_offset=st.sampled_from([True, True, False]),
)
@settings(max_examples=300, deadline=None)
def test_whatever_happens_each_record_is_read_once_or_named(
    count, poisoned, blank, changes, cap, refuses_above, takes_offset
):
    async def check():
        shop = Shop(
            list(range(1, count + 1)),
            poisoned & set(range(1, count + 1)),
            blank,
            changes=list(changes),
            cap=cap if takes_offset else 100,  # no host that caps pages runs a store so old
            refuses_above=refuses_above,
            takes_offset=takes_offset,
        )
        before = set(shop.ids)
        read, found, nameless, _ = await walk(shop)
        assert len(read) == len(set(read))
        throughout = before & set(shop.ids)
        missing = throughout - set(read) - set(found)
        assert len(missing) <= nameless
        assert shop.requests <= 600

    asyncio.run(check())
