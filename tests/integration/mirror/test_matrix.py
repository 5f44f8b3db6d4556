"""The fault matrix in small: every fault alone and some pairs, held to the same expectations.

Here a shop's main resources are pulled: among them is every one that a fault of the matrix
concerns. ``make matrix`` tries the same with all resources, 3,000 orders and the installed program,
and writes docs/reference/fault-matrix.md.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from benchmarks.matrix.expectations import (
    ALONE,
    COMPLETE,
    FAILED,
    INCOMPLETE,
    Row,
    alone,
    kinds,
    pairs,
)
from benchmarks.matrix.judging import Documents, Verdict, documents_of, judge, unnamed

from database_clones import clone
from hubs import MAIN, NAME, Twin, open_twin
from storetwin.kernel.errors import InvariantError, StoretwinError
from storetwin.sandboxes.woocommerce import Store, running_store
from storetwin.sandboxes.woocommerce.fault_kinds import KINDS

ORDERS = 200
PAIRS = 2
HURRIED = {"request_timeout": 1.0, "max_answer_bytes": 4 * 1024 * 1024}
ROOT = Path(__file__).parents[3]
PAGE = ROOT / "docs" / "reference" / "fault-matrix.md"


@pytest.fixture(scope="module")
def shared_dsn(postgres, template) -> Iterator[str]:
    """One database for all rows, each with a connection of its own."""
    with clone(postgres, template) as dsn:
        yield dsn


@asynccontextmanager
async def connected(dsn: str) -> AsyncIterator[Twin]:
    with running_store(orders=ORDERS) as store:
        async with open_twin(dsn, Path("/nonexistent"), store, **HURRIED) as twin:
            try:
                store.requests.clear()
                yield twin
            finally:
                await twin.hub.register.remove(NAME)


@pytest.fixture(scope="module")
def undisturbed() -> list[int]:
    """How many requests a pull takes that nothing disturbs; learned from the first that asks."""
    return []


async def requests_of(dsn: str, known: list[int]) -> int:
    if not known:
        async with connected(dsn) as twin:
            assert (await twin.pull(*MAIN)).is_complete
            known.append(twin.sandbox.requests.total)
    return known[0]


def in_store(store: Store) -> Documents:
    """What there is to be pulled."""
    everything = documents_of(store)
    return {resource: everything[resource] for resource in MAIN}


async def in_twin(twin: Twin) -> Documents:
    return {resource: await twin.documents(resource) for resource in MAIN}


async def pull(twin: Twin, before: Documents) -> tuple[int, Verdict]:
    """Pull as the command does; return its exit code, and what the twin holds then."""
    certificate = None
    try:
        outcome = await twin.pull(*MAIN)
    except InvariantError:
        raise
    except StoretwinError:
        code = FAILED
    else:
        code, certificate = COMPLETE if outcome.is_complete else INCOMPLETE, outcome.certificate
    after = in_store(twin.sandbox.store)
    return code, judge(before, after, await in_twin(twin), certificate)


@pytest.mark.parametrize("row", [*alone(), *pairs(PAIRS)], ids=lambda row: row.name)
async def test_nothing_is_lost_and_everything_is_named(
    shared_dsn: str, undisturbed: list[int], row: Row
) -> None:
    most = row.most(await requests_of(shared_dsn, undisturbed))
    async with connected(shared_dsn) as twin:
        store = twin.sandbox
        for part in row.parts:
            store.faults.switch_on(part.fault.replace("wait=1", "wait=0"))  # we would wait
        concerned = {
            str(n) for part in row.parts if part.names for n in store.faults.ids(part.kind)
        }
        before = in_store(store.store)
        code, verdict = await pull(twin, before)
        assert code == row.code
        assert not verdict.lost
        assert not verdict.wrong
        if code != FAILED:
            assert verdict.records == concerned
            assert verdict.lists == row.lists
            assert verdict.told == row.told
        assert store.requests.total <= most
        late = [part.kind for part in row.parts if "after=" in part.fault]
        assert all(store.faults.struck(kind) for kind in late)
        store.faults.clear()

        code, verdict = await pull(twin, before)
        assert code == COMPLETE
        assert not verdict.missing
        assert not verdict.wrong
        assert await twin.letters() == {}
        if row.code != INCOMPLETE and not row.is_moving:
            versions = {resource: await twin.earlier_versions(resource) for resource in MAIN}
            assert not any(versions.values()), "a version without a change"


def test_every_fault_of_the_sandbox_has_its_line() -> None:
    assert set(kinds(alone())) == KINDS.keys()


def test_the_page_has_every_row() -> None:
    text = PAGE.read_text(encoding="utf-8")
    missing = [
        row.name
        for row in (*alone(), *pairs())
        if not all(f"`{part.fault}`" in text for part in row.parts)
    ]
    assert not missing, "run `make matrix`"
    assert "not as they have to be" not in text


def test_each_row_is_tried_once() -> None:
    assert len({expected.fault for expected in ALONE}) == len(ALONE)
    rows = pairs()
    assert len({row.name for row in rows}) == len(rows)
    assert all(len(set(kinds([row]))) == 2 for row in rows)


# -- the judge itself -------------------------------------------------------------------------------


def line(*lacking: str, remarks: tuple[str, ...] = ()) -> dict:
    """A certificate that names some orders."""
    entries = [{"record": name, "reason": "why"} for name in lacking]
    return {"resources": [{"resource": "orders", "lacking": entries, "remarks": remarks}]}


STORE = {"orders": {"1": b"one", "2": b"two", "3": b"three"}}


@pytest.mark.parametrize(
    ("twin", "certificate", "missing", "lost", "wrong"),
    [
        ({"1": b"one", "2": b"two", "3": b"three"}, line(), "", "", ""),
        ({"1": b"one", "2": b"two"}, line(), "3", "3", ""),
        ({"1": b"one", "2": b"two"}, line("3"), "3", "", ""),
        ({"1": b"one", "2": b"two"}, line("between 2 and the end"), "3", "", ""),
        ({"1": b"one", "2": b"two"}, None, "3", "", ""),
        ({"1": b"one", "2": b"no", "3": b"three"}, line(), "", "", "2"),
        ({"1": b"one"}, line("2"), "23", "3", ""),
    ],
)
def test_the_judge_finds_what_is_missing_lost_and_wrong(
    twin, certificate, missing, lost, wrong
) -> None:
    verdict = judge(STORE, STORE, {"orders": twin}, certificate)
    assert {name for _, name in verdict.missing} == set(missing)
    assert {name for _, name in verdict.lost} == set(lost)
    assert {name for _, name in verdict.wrong} == set(wrong)


def test_what_came_went_or_changed_meanwhile_may_be_either_way() -> None:
    before = {"orders": {"1": b"one", "2": b"two"}}
    after = {"orders": {"1": b"ONE", "3": b"three"}}
    for twin in ({"1": b"one"}, {"1": b"ONE", "2": b"two", "3": b"three"}):
        verdict = judge(before, after, {"orders": twin}, line())
        assert not verdict.lost
        assert not verdict.wrong


def test_records_that_are_counted_and_answer_nowhere_are_told() -> None:
    told = line(remarks=("the store counts 2 rows that no address up to 99 answers for",))
    assert not judge(STORE, STORE, {"orders": {"1": b"one"}}, told).lost
    assert len(judge(STORE, STORE, {"orders": {}}, told).lost) == 3


def test_a_record_is_named_by_its_id_by_its_gap_or_with_its_whole_list() -> None:
    missing = {"4", "7", "9"}
    assert unnamed(missing, {}) == missing
    assert unnamed(missing, {"7": "why"}) == {"4", "9"}
    assert unnamed(missing, {"between 4 and 9": "why"}) == {"4", "9"}
    assert unnamed(missing, {"between 4 and the end": "why"}) == {"4"}
    assert unnamed(missing, {"the list orders": "why"}) == set()
