"""Random histories: a store, what happens to it while it is pulled, and who breaks or stops what.

A history is plain data. It prints as the code that makes it, so that a failing one can be pasted
into a test, and it shrinks to the few things that matter.
"""

from __future__ import annotations

from dataclasses import dataclass

from hypothesis import strategies as st

from storetwin.resources import RESOURCES

VERBS = ("create", "edit", "trash", "restore", "delete", "refund")
CHANGING = (
    "orders",
    "refunds",
    "products",
    "variations",
    "customers",
    "coupons",
    "categories",
    "tags",
    "brands",
    "shipping_classes",
    "terms",
    "reviews",
    "taxes",
)
WITH_META = ("orders", "refunds", "products", "variations", "customers", "coupons")
COUNTED = ("orders", "products", "variations", "coupons")
TURNING = (
    "notice",
    "big-notice",
    "bom",
    "comment",
    "truncate",
    "empty",
    "rate-limit:wait=0",
    "bad-gateway",
    "maintenance:wait=0",
    "waf:status=200",
    "waf:status=403",
    "down",
    "content-type",
    "unauthorised",
    "login-page",
    "redirect",
    "reset",
    "cut-gzip",
    "totals:how=small",
    "totals:how=large",
    "totals:how=zero",
    "totals:how=changing",
)
LASTING = (
    "no-totals",
    "strip-auth",
    "plain-permalinks",
    "truncate:once=1",
    "page-limit:most=3",
    "page-limit:most=17",
    "page-limit:most=40,how=refuse",
    "cache",
    "cache:keyed=known",
    "clock:seconds=800",
    "clock:seconds=-800",
    "clock:seconds=3600",
)
RUNS = ("pull", "pull --full", "verify", "verify --level bytes", "dead-letters retry")
DEATHS = ("fatal", "die", "exit", "memory,ms=1", "gateway", "reset", "cut")
LONGEST = 16  # moments of a history


@dataclass(frozen=True)
class Change:
    """A record is changed; ``pick`` chooses among those to which it can happen."""

    verb: str
    resource: str
    pick: int = 0


@dataclass(frozen=True)
class Break:
    """A fault is switched on."""

    fault: str


@dataclass(frozen=True)
class Repair:
    """Every fault is switched off."""


@dataclass(frozen=True)
class Stop:
    """The pull is cancelled, as Ctrl-C does; another one goes on."""


@dataclass(frozen=True)
class Wait:
    """The store's clock moves on."""

    seconds: int


Act = Change | Break | Repair | Stop | Wait


@dataclass(frozen=True)
class Moment:
    """Something happens so many requests after what happened before."""

    after: int
    act: Act


@dataclass(frozen=True)
class History:
    """A store and what happens to it.

    Args:
        seed, orders: of the store.
        resources: those that are pulled; empty for all.
        at_once: pages in flight at most.
        pace: seconds that pass in the store with each request.
        runs: what is run while things happen, one after another, the last one again and again.
        moments: in their order.
    """

    seed: int = 1
    orders: int = 0
    resources: tuple[str, ...] = ()
    at_once: int = 1
    pace: int = 0
    runs: tuple[str, ...] = ("pull",)
    moments: tuple[Moment, ...] = ()


def changes() -> st.SearchStrategy[Change]:
    """Draw a change of any record."""
    return st.builds(Change, st.sampled_from(VERBS), st.sampled_from(CHANGING), st.integers(0, 200))


@st.composite
def _turning(draw: st.DrawFn) -> str:
    name = draw(st.sampled_from(TURNING))
    every, times, after = (
        draw(st.integers(1, 5)),
        draw(st.integers(0, 8)),
        draw(st.integers(0, 10)),
    )
    mark = "," if ":" in name else ":"
    return f"{name}{mark}every={every},times={times},after={after}"


@st.composite
def _targeted(draw: st.DrawFn) -> str:
    count = draw(st.integers(1, 4))
    kind = draw(st.sampled_from(["poison", "short-page", "hidden", "hostile-bytes", "inf-meta"]))
    known = {"hidden": COUNTED, "hostile-bytes": WITH_META, "inf-meta": WITH_META}
    resource = draw(st.sampled_from(known.get(kind, CHANGING)))
    how = f",how={draw(st.sampled_from(DEATHS))}" if kind == "poison" else ""
    return f"{kind}:count={count},resource={resource}{how}"


def faults() -> st.SearchStrategy[str]:
    """Draw a fault that ends with the hour, as text."""
    return st.one_of(_turning(), _targeted(), st.sampled_from(LASTING))


def _acts() -> st.SearchStrategy[Act]:
    breaking = faults().map(Break)
    waiting = st.sampled_from([1, 2, 3, 30]).map(Wait)
    return st.one_of(
        changes(), changes(), changes(), breaking, st.just(Repair()), st.just(Stop()), waiting
    )


def histories() -> st.SearchStrategy[History]:
    """Draw a history; the smallest is an empty store that nothing happens to."""
    names = [resource.name for resource in RESOURCES if not resource.is_extra]
    some = st.lists(st.sampled_from(names), min_size=1, max_size=4, unique=True).map(tuple)
    return st.builds(
        History,
        seed=st.integers(1, 8),
        orders=st.integers(0, 150),
        resources=st.one_of(st.just(()), some),
        at_once=st.integers(1, 6),
        pace=st.sampled_from([0, 1, 3]),
        runs=st.lists(st.sampled_from(RUNS), min_size=1, max_size=4).map(tuple),
        moments=st.lists(st.builds(Moment, st.integers(0, 30), _acts()), max_size=LONGEST).map(
            tuple
        ),
    )
