"""What is said of webhooks, and the formula of silence."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from storetwin.connections.webhooks_health import (
    MISSED,
    Standing,
    Traffic,
    Upkeep,
    health,
    is_silent,
)

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
FRESH = Traffic(created_at=NOW - timedelta(days=1))
USED = replace(FRESH, last_delivery_at=NOW - timedelta(minutes=1), deliveries=12)


def standing(traffic: Traffic = USED, upkeep: Upkeep = Upkeep(), **given: bool) -> Standing:  # noqa: B008
    usual = {"has_public_url": True, "is_wanted": True} | given
    return health(upkeep, traffic, now=NOW, **usual).standing


def test_the_worst_is_said_first() -> None:
    broken = Upkeep(lacking={"order.updated": "it is disabled"})
    silent = replace(USED, missed=MISSED)
    assert standing(silent, broken, has_public_url=False) is Standing.POLLING
    assert standing(silent, broken, is_wanted=False) is Standing.OFF
    assert standing(silent, broken) is Standing.BROKEN
    assert standing(silent, Upkeep(trouble="The key may not write.")) is Standing.BROKEN
    assert standing(silent) is Standing.SILENT
    assert standing(FRESH) is Standing.WAITING
    assert standing() is Standing.OK


@pytest.mark.parametrize(("missed", "silent"), [(0, False), (MISSED - 1, False), (MISSED, True)])
def test_silence_begins_with_the_third_change_that_was_not_told(missed: int, silent: bool) -> None:
    assert is_silent(replace(USED, missed=missed)) is silent
    assert is_silent(replace(FRESH, missed=missed)) is silent


def test_what_was_refused_counts_until_something_is_taken_again() -> None:
    at = NOW - timedelta(minutes=5)
    refused = replace(FRESH, last_refused_at=at, last_refusal="its signature is wrong", refused=1)
    assert standing(refused) is Standing.REFUSED
    assert standing(replace(refused, last_delivery_at=at + timedelta(seconds=1))) is Standing.OK
    assert standing(replace(refused, last_delivery_at=at - timedelta(seconds=1))) is (
        Standing.REFUSED
    )
    long_ago = replace(refused, last_refused_at=NOW - timedelta(days=2))
    assert standing(long_ago) is Standing.WAITING


def test_each_trouble_comes_with_a_remedy() -> None:
    for upkeep, traffic in (
        (Upkeep(lacking={"order.updated": "x"}), USED),
        (Upkeep(), replace(USED, missed=9)),
        (Upkeep(), replace(FRESH, last_refused_at=NOW, last_refusal="x")),
    ):
        found = health(upkeep, traffic, has_public_url=True, is_wanted=True, now=NOW)
        assert found.remedy


def test_upkeep_survives_its_json() -> None:
    upkeep = Upkeep(("order.updated",), {"a.b": "c"}, (NOW,), "trouble", "remedy")
    assert Upkeep.from_json(upkeep.as_json()) == upkeep
    assert Upkeep.from_json(None) == Upkeep()
