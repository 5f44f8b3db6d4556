"""The first minutes with the store that comes along: five steps that tick themselves from facts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from urllib.parse import quote, urlencode

from storetwin.db.database import Row
from storetwin.hub import Hub
from storetwin.runs.listing import Wanted
from storetwin.runs.models import RunKind, RunState

CHANGE_A_PRODUCT: Final = "?" + urlencode(
    {"change": "products", "fields": '{"regular_price": "19.90"}'}, quote_via=quote
) + "#change"  # fmt: skip
"""Where the page of the store that comes along has a change ready."""
BROUGHT: Final = (RunKind.RECEIVE, RunKind.SYNC)
"""Runs by which a change in the store arrives."""


@dataclass(frozen=True, slots=True)
class Facts:
    """What happened so far, each the first time; None where it did not.

    Args:
        pulled_at: a pull of the whole store was done.
        proven_at: a certificate said that nothing is missing.
        promoted_at: something was promoted into core.
        changed_at: a change in the store arrived after the pull.
        promoted_again_at: something was promoted after that change.
    """

    pulled_at: datetime | None = None
    proven_at: datetime | None = None
    promoted_at: datetime | None = None
    changed_at: datetime | None = None
    promoted_again_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Step:
    """One step.

    Args:
        hint: why, in a sentence.
        link: where it is done: text and path; an address of the store for ``is_outside``.
    """

    title: str
    hint: str
    link: tuple[str, str]
    is_done: bool
    is_outside: bool = False


@dataclass(frozen=True, slots=True)
class Guide:
    """All steps."""

    steps: Sequence[Step]

    @property
    def number(self) -> int:
        """Return the number of the step that comes next; one more than there are when all are done."""
        return next((n for n, s in enumerate(self.steps, 1) if not s.is_done), len(self.steps) + 1)

    @property
    def step(self) -> Step | None:
        """Return the step that comes next."""
        return self.steps[self.number - 1] if self.number <= len(self.steps) else None


def guide(facts: Facts, store_url: str) -> Guide:
    """Return the steps, as far as they are done. Pure.

    Args:
        store_url: of the store that comes along; its own page changes things.
    """
    return Guide(
        (
            Step(
                "Pull the whole store",
                "Every record is copied, byte for byte.",
                ("Operations", "/operations"),
                facts.pulled_at is not None,
            ),
            Step(
                "Prove that nothing is missing",
                "The store is walked once more and compared.",
                ("Certificates", "/certificates"),
                facts.proven_at is not None,
            ),
            Step(
                "Promote products into core",
                "Look at what is new, choose, and let it in.",
                ("Products", "/data/products"),
                facts.promoted_at is not None,
            ),
            Step(
                "Change a product in the store",
                "A new price is ready on its page: click Edit. The store tells the hub within seconds.",
                ("Open the store", f"{store_url}/{CHANGE_A_PRODUCT}"),
                facts.changed_at is not None,
                is_outside=True,
            ),
            Step(
                "Promote the change",
                "It stands as Updated, with each field before and after.",
                ("What changed", "/data/products?status=updated"),
                facts.promoted_again_at is not None,
            ),
        )
    )


async def demo_guide(hub: Hub) -> Guide | None:
    """Return the guide of the organisation's first store; None where it has none."""
    stores = await hub.register.every()
    if not stores:
        return None
    name = stores[0].name
    wanted = Wanted(states=[RunState.DONE, RunState.INCOMPLETE], limit=200)
    rows = await hub.asking.every(name, wanted)
    brought = await hub.asking.every(name, Wanted(kinds=BROUGHT, states=[RunState.DONE], limit=200))
    proofs = await hub.asking.certificates(name, is_complete=True, behind=None, limit=1)
    return guide(_facts(rows, brought, proofs), stores[0].url)


def _facts(rows: Sequence[Row], brought: Sequence[Row], proofs: Sequence[Row]) -> Facts:
    pulled_at = _first(rows, RunKind.PULL)
    promoted_at = _first(rows, RunKind.PROMOTE)
    changed_at = min(
        (
            row["ended_at"]
            for row in brought
            if pulled_at is not None
            and row["ended_at"] > pulled_at
            and row["created"] + row["updated"] > 0
        ),
        default=None,
    )
    again = None if changed_at is None else _first(rows, RunKind.PROMOTE, after=changed_at)
    proven_at = proofs[0]["ended_at"] if proofs else None
    return Facts(pulled_at, proven_at, promoted_at, changed_at, again)


def _first(rows: Sequence[Row], kind: RunKind, *, after: datetime | None = None) -> datetime | None:
    """Return when the first run of a kind ended, after a moment."""
    ends = [row["ended_at"] for row in rows if row["kind"] == kind]
    return min((end for end in ends if after is None or end > after), default=None)
