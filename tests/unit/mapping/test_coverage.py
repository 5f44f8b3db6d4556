"""Every scalar of every record is in a column, beside the columns, or left out for a reason.

At length, with 10,000 orders: ``pytest tests/unit/mapping/test_coverage.py --hypothesis-profile=long``.
"""

from __future__ import annotations

import pytest
from hypothesis import settings

from accounting import EXTRA, Account
from recorded import recorded
from storetwin.mapping import documents
from storetwin.mapping.mapper import compile_mapper
from storetwin.mapping.models import Noun
from storetwin.mapping.nouns import NOUNS, noun_of
from storetwin.resources import RESOURCES
from storetwin.sandboxes.woocommerce.model.store import Store

MOST_EXTRA = 0.2
ORDERS = 10_000 if settings.get_current_profile_name() == "long" else 300


@pytest.fixture(scope="module")
def store() -> Store:
    return Store(seed=3, orders=ORDERS)


def account_of(noun: Noun, texts: list[str]) -> Account:
    mapper, account = compile_mapper(noun), Account()
    for text in texts:
        account.add(noun, text, mapper.map(documents.read(text)))
    return account


def assert_kept(account: Account) -> None:
    assert sum(account.places.values()) > 0
    assert account.dropped == []
    assert account.doubled == []
    assert account.share_of_extra <= MOST_EXTRA, account.places


@pytest.mark.parametrize("resource", [resource.name for resource in RESOURCES])
def test_of_every_recorded_record(resource: str) -> None:
    noun = noun_of(resource)
    assert noun is not None
    texts = list(recorded().get(resource, ()))
    if not texts:
        assert resource == "continents", "it was recorded once"
        return
    assert_kept(account_of(noun, texts))


@pytest.mark.parametrize("resource", [resource.name for resource in RESOURCES])
def test_of_every_record_of_a_sandbox(resource: str, store: Store) -> None:
    noun = noun_of(resource)
    assert noun is not None
    if resource == "system_status":  # made for each request; the recorded one stands for it
        return
    table = store.tables[resource]
    texts = [(table.document(number) or b"").decode() for number in store.ids(resource)]
    assert_kept(account_of(noun, texts))


def test_a_dropped_scalar_would_be_seen() -> None:
    noun = NOUNS["orders"]
    text = '{"number": "17", "total": "12.00", "news": {"a": 1}}'
    mapped = compile_mapper(noun).map(documents.read(text))
    account = Account()
    account.add(noun, text, mapped)
    assert (account.dropped, account.doubled, account.places[EXTRA]) == ([], [], 1)
    mapped.values["total"] = None
    mapped.extra["number"] = "17"
    del mapped.extra["news"]
    account = Account()
    account.add(noun, text, mapped)
    assert account.dropped == ['orders:total = "12.00"', "orders:news.a = 1"]
    assert account.doubled == ['orders:number = "17"']


def test_every_reason_for_leaving_something_out_is_given() -> None:
    for noun in NOUNS.values():
        for owner in (noun, *noun.parts):
            assert all(owner.ignored.values()), owner


def test_nothing_that_is_left_out_is_a_column_as_well() -> None:
    for noun in NOUNS.values():
        sources = {one.source for one in (*noun.fields, *noun.levels, *noun.references)}
        sources |= {part.source for part in noun.parts}
        assert not sources & noun.ignored.keys(), noun.name
