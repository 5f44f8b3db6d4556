"""What a promotion would do, what comes first, and what a rule may say: pure."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from uuid import UUID

import pytest

from storetwin.core.models import Candidate, Origin
from storetwin.kernel.errors import ConfigurationError
from storetwin.mapping.documents import read
from storetwin.mapping.mapper import compile_mapper
from storetwin.mapping.nouns import NOUNS, noun_of
from storetwin.resources import RESOURCES
from storetwin.staging.copies import Copy, in_order
from storetwin.staging.models import Filter, RuleAction, State
from storetwin.staging.named import companions_of, containers_of
from storetwin.staging.plan import Closely, labels_of, look, summarise
from storetwin.staging.rules import (
    Rule,
    RuleRefusedError,
    check,
    filter_as_json,
    filter_of_json,
)

SHOP, OTHER, CORE = UUID(int=1), UUID(int=2), UUID(int=3)
PRODUCT = compile_mapper(NOUNS["products"]).map(read('{"id": 1, "sku": "A"}'))
NOW = datetime(2026, 1, 1, tzinfo=UTC)


def copy(number: int, **more: object) -> Copy:
    origin = Origin(SHOP, "products", str(number))
    return replace(Copy(origin, State.NEW, False, False, 1, None, PRODUCT), **more)


def test_a_close_look_tells_new_from_known_from_unclear() -> None:
    copies = [
        copy(1),
        copy(2),
        copy(3),
        copy(4),
        copy(5, problem="no JSON"),
        copy(6, is_anew=True),
        copy(7, core_id=CORE),
    ]
    may_be = {
        copies[1].origin: [Candidate(CORE, frozenset({OTHER}))],
        copies[2].origin: [Candidate(CORE, frozenset({SHOP}))],
        copies[3].origin: [Candidate(CORE, frozenset()), Candidate(OTHER, frozenset())],
        copies[5].origin: [Candidate(CORE, frozenset({SHOP}))],
    }
    found, left_out = look(copies, may_be)
    assert found == 1
    assert [one.remote_id for one in left_out] == ["3", "4", "5"]
    assert {one.remote_id: len(one.candidates) for one in left_out} == {"3": 1, "4": 2, "5": 0}
    closely = Closely(7, found, left_out, frozenset({Origin(SHOP, "tags", "9")}))
    preview = summarise({State.NEW: 7, State.UPDATED: 2, State.IN_SYNC: 4}, closely, {"Name": 2})
    assert (preview.matched, preview.created, preview.updated, preview.unchanged) == (13, 3, 3, 4)
    assert (dict(preview.along), preview.left_out_count, preview.looked_at) == ({"tags": 1}, 3, 7)


def test_what_is_named_comes_before_what_names_it() -> None:
    every = [resource.name for resource in RESOURCES]
    ordered = in_order(every)
    assert sorted(ordered) == sorted(every)
    for noun in NOUNS.values():
        references = [one for one in noun.references if one.comes_along]
        references += [one for part in noun.parts for one in part.references if one.comes_along]
        for one in references:
            there = NOUNS[one.noun].resource
            if noun.resource and there != noun.resource:
                assert ordered.index(there) < ordered.index(noun.resource), (noun.name, there)


def test_companions_are_what_a_record_names() -> None:
    noun = NOUNS["products"]
    mapped = compile_mapper(noun).map(
        read('{"id": 1, "categories": [{"id": 4}], "tags": [{"id": 6}], "shipping_class_id": 0}')
    )
    assert companions_of(noun, mapped) == {("categories", "4"), ("tags", "6")}
    refunds = noun_of("refunds")
    assert refunds is not None
    refund = compile_mapper(refunds).map(read('{"id": 9, "amount": "1.00"}'), "7")
    assert containers_of(refunds, refund) == {"orders": "7"}
    assert ("orders", "7") in companions_of(refunds, refund)


def test_columns_are_called_as_people_call_them() -> None:
    assert labels_of(NOUNS["orders"], [("total", 3), ("order_lines/quantity", 2)]) == {
        "Total": 3,
        "order lines: quantity": 2,
    }


def rule(**more: object) -> Rule:
    return replace(Rule(CORE, "new", None, Filter("products"), RuleAction.SELECT), **more)


def test_a_rule_is_due_when_something_came_or_its_time_has() -> None:
    assert rule().is_due(NOW, has_news=True)
    assert not rule().is_due(NOW, has_news=False)
    assert not rule(is_active=False).is_due(NOW, has_news=True)
    assert not rule(spec="1d", next_at=NOW + timedelta(hours=1)).is_due(NOW, has_news=True)
    assert rule(spec="1d", next_at=NOW).is_due(NOW, has_news=False)
    moments = [NOW]
    for _ in range(5):
        following = rule(spec="6h").next_after(moments[-1], UTC)
        assert following is not None
        moments.append(following)
    assert all(
        timedelta(0) < after - before <= timedelta(hours=6) for before, after in pairwise(moments)
    )


@pytest.mark.parametrize(
    "wrong",
    [
        rule(filter=Filter("products", states=(State.IN_SYNC,))),
        rule(filter=Filter("products", states=(State.STALE,))),
        rule(filter=Filter("products", states=(State.WAITING,)), action=RuleAction.PROMOTE),
    ],
)
def test_what_does_not_go_together_is_refused(wrong: Rule) -> None:
    with pytest.raises(RuleRefusedError):
        check(wrong)


def test_a_time_that_is_none_is_refused() -> None:
    with pytest.raises(ConfigurationError):
        check(rule(spec="now and then"))


def test_a_filter_is_kept_as_it_was_given() -> None:
    wanted = Filter(
        "orders", states=(State.NEW,), search="ada", status=("failed",), modified_after=NOW, field="total"
    )  # fmt: skip
    assert filter_of_json("orders", filter_as_json(wanted)) == wanted
    assert rule().of(SHOP).states == (State.NEW, State.UPDATED)
