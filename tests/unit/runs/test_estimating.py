"""What a run would take, judged by those before it."""

from hypothesis import given
from hypothesis import strategies as st

from storetwin.runs.asking import Asked
from storetwin.runs.estimating import Estimate, Past, estimate
from storetwin.runs.models import RunKind

SYNC = Asked(RunKind.SYNC)
AGAIN = Asked(RunKind.PULL, full=True)
HELD = {"orders": 950, "products": 60}


def test_runs_that_were_asked_the_same_are_believed() -> None:
    past = [Past(SYNC.as_text(), n, n // 10, n / 100) for n in (100, 300, 200)]
    other = Past(Asked(RunKind.SYNC, ("orders",)).as_text(), 1, 1, 1.0)
    assert estimate(SYNC, HELD, [other, *past]) == Estimate(200, 20, 2.0, 3)


def test_everything_is_what_the_twin_holds() -> None:
    assert estimate(AGAIN, HELD, []) == Estimate(1010, 22, None, 0)
    other = Past(Asked(RunKind.PULL).as_text(), 1000, 20, 10.0)
    assert estimate(AGAIN, HELD, [other]).seconds == 10.1
    named = Asked(RunKind.PULL, ("products",), full=True)
    assert estimate(named, HELD, []).records == 60


def test_what_nobody_knows_is_unknown() -> None:
    assert estimate(SYNC, HELD, []) == Estimate(None, None, None, 0)
    assert estimate(AGAIN, {}, []) == Estimate(None, None, None, 0)
    span = Asked(RunKind.PULL, since="2026-01-01")
    assert estimate(span, HELD, []) == Estimate(None, None, None, 0)


def test_single_records_are_counted() -> None:
    asked = Asked(RunKind.PULL, records=("orders/1", "orders/2"))
    assert estimate(asked, HELD, []) == Estimate(2, 2, None, 0)


@given(
    st.lists(
        st.builds(
            Past,
            st.sampled_from([SYNC.as_text(), AGAIN.as_text()]),
            st.integers(0, 10**7),
            st.integers(0, 10**5),
            st.floats(0, 10**6),
        ),
        max_size=8,
    ),
    st.dictionaries(st.sampled_from(["orders", "products"]), st.integers(0, 10**7)),
    st.sampled_from([SYNC, AGAIN]),
)
def test_an_estimate_is_never_less_than_nothing(past: list, held: dict, asked: Asked) -> None:
    found = estimate(asked, held, past)
    assert all(n is None or n >= 0 for n in (found.records, found.requests, found.seconds))
