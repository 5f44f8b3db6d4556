"""The store that other people's tests are given."""

import json
import urllib.request

import pytest

from receivers import running_receiver
from storetwin.testing import running_woocommerce_store


@pytest.fixture
def store():
    with running_woocommerce_store(orders=20, seed=2) as running:
        yield running


def test_a_record_goes_through_all_verbs(store):
    number = store.create("orders", {"customer_note": "one"})
    store.edit("orders", number, {"customer_note": "two"})
    assert store.record("orders", number)["customer_note"] == "two"
    store.trash("orders", number)
    assert store.record("orders", number)["status"] == "trash"
    store.restore("orders", number, "completed")
    assert store.record("orders", number)["status"] == "completed"
    refund = store.refund(number, "0.00", "nothing")
    assert store.record("refunds", refund)["parent_id"] == number
    store.delete("orders", number)
    assert number not in store.ids("orders")
    with pytest.raises(KeyError, match=str(number)):
        store.record("orders", number)
    with pytest.raises(KeyError):
        store.edit("orders", number)


def test_what_is_broken_for_a_block_is_whole_afterwards(store):
    store.switch_on("bom")
    with store.broken("down", "latency:ms=1"):
        assert store.faults == ["bom", "down", "latency"]
    assert store.faults == ["bom"]
    store.repair()
    assert store.faults == []


def test_a_reset_brings_back_every_byte(store):
    before = {number: store.raw("orders", number) for number in store.ids("orders")}
    store.edit("orders", next(iter(before)), {"customer_note": "x"})
    store.delete("orders", store.create("orders"))
    store.switch_on("down")
    store.reset()
    assert {number: store.raw("orders", number) for number in store.ids("orders")} == before
    assert (store.faults, store.requests) == ([], [])


def test_keys_are_public_and_differ(store):
    pairs = {(store.key, store.secret)}
    pairs |= {(pair.key, pair.secret) for pair in (store.read_only, store.write_only)}
    assert len(pairs) == 3
    assert store.url in repr(store)


def test_it_may_be_an_older_release_with_other_plugins_and_odd_records():
    options = {"orders": 5, "version": "8", "plugins": ["statuses"], "odd": True}
    with running_woocommerce_store(**options) as running:
        described = json.load(urllib.request.urlopen(running.url + "/sandbox/store"))
        assert (described["version"], described["plugins"]) == ("8.0.0", ["statuses"])
        assert len(running.ids("orders")) > 5
    for wrong in ({"version": "2"}, {"plugins": ["nosuch"]}):
        with pytest.raises(ValueError, match=r"2|nosuch"), running_woocommerce_store(**wrong):
            pass


def test_a_storm_changes_it_and_its_webhooks_tell(store):
    with running_receiver() as receiver:
        hook = {"topic": "order.updated", "delivery_url": receiver.url, "secret": "s"}
        store.create("webhooks", hook)
        store.webhooks(delay=0.1, timeout=5, faults=["drop:every=2"])
        changed = store.storm(seed=4, kinds=["order-meta"]).change(12)
        assert store.wait_until_sent()
        sent = [each for each in store.deliveries if not each.is_ping]
        assert {each.resource_id for each in sent} == {change.number for change in changed}
        assert len(receiver.deliveries) == len(sent) - len(sent) // 2
    with pytest.raises(ValueError, match="eat"):
        store.webhooks(faults=["eat"])
    with pytest.raises(ValueError, match="delay"):
        store.webhooks(delay=-1)
