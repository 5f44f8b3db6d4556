"""A busy shop: the same seed gives the same changes, of all kinds, and the ledger stays right."""

import time

import pytest

from storetwin.sandboxes.woocommerce import running_store
from storetwin.sandboxes.woocommerce.model.store import Store
from storetwin.sandboxes.woocommerce.storm import WEIGHTS, Storm


def a_store(seed=5, orders=120):
    store = Store(seed=seed, orders=orders)
    ticks = iter(range(1_900_000_000, 2_000_000_000))
    store.now = lambda: next(ticks)
    return store


def documents(store):
    return {
        (name, number): store.document(name, number)
        for name in store.tables
        for number in store.ids(name)
    }


def test_the_same_seed_gives_the_same_changes():
    first, second, other = a_store(), a_store(), a_store()
    done = Storm(lambda: first, 7).change(150)
    assert Storm(lambda: second, 7).change(150) == done
    assert documents(first) == documents(second)
    assert Storm(lambda: other, 8).change(150) != done


@pytest.mark.parametrize("kind", WEIGHTS)
def test_every_kind_changes_what_it_names(kind):
    store = a_store()
    if kind == "untrash-order":
        store.trash("orders", store.ids("orders")[3])
    before = documents(store)
    [done] = Storm(lambda: store, 3, [kind]).change()
    key = (done.resource, done.number)
    assert done.kind == kind
    assert documents(store).get(key) != before.get(key)


def test_a_shop_of_nothing_has_nothing_left_to_change():
    store = a_store()
    store.wipe()
    with pytest.raises(LookupError, match="customer"):
        Storm(lambda: store, 3, ["customer"]).change()
    with pytest.raises(ValueError, match="hail"):
        Storm(lambda: store, 3, ["hail"])


@pytest.mark.parametrize("seed", range(4))
def test_the_ledger_is_the_difference_of_all_documents(seed):
    store = a_store(seed)
    before = documents(store)
    Storm(lambda: store, seed).change(200)
    after = documents(store)
    noted = {(name, n) for name, found in store.changes.versions.items() for n in found}
    gone = {(name, n) for name, found in store.changes.deleted.items() for n in found}
    assert {key for key in noted if key in after} == {
        key for key in after if before.get(key) != after[key]
    }
    assert before.keys() - after.keys() == gone & before.keys()


@pytest.mark.parametrize("seed", range(4))
def test_marks_count_what_a_reader_of_everything_tells_apart(seed):
    store = a_store(seed)
    storm = Storm(lambda: store, seed)
    assert store.mark(everything=True) == 0
    known, versions, vanished = documents(store), {}, set()
    for size in (40, 1, 90, 0, 25):
        storm.change(size)
        found = store.mark(everything=True)
        now = documents(store)
        changed = {key for key in now if known.get(key) != now[key]}
        gone = known.keys() - now.keys()
        assert found == len(changed) + len(gone)
        for key in changed:
            versions[key] = versions.get(key, 0) + 1
        vanished |= gone
        known = now
    counted = {
        (name, n): count for name, found in store.changes.readable.items()
        for n, count in found.items()
    }  # fmt: skip
    assert counted == versions
    assert {(name, n) for name, found in store.changes.vanished.items() for n in found} == vanished


def test_a_reader_of_dates_sees_the_rest_with_the_next_sweep():
    store = a_store()
    order = next(n for n in store.ids("orders") if store.status_of("orders", n) == "completed")
    store.mark()
    refund = store.refund(order, "0.50")
    assert store.mark() == 2
    store.delete("refunds", refund)  # bumps nothing: its order has no new date
    assert store.mark() == 0
    assert store.mark(everything=True) == 2
    assert store.changes.readable["orders"][order] == 2
    assert store.changes.vanished["refunds"] == {refund}
    made = store.create("orders", {})
    store.delete("orders", made)
    assert store.mark(everything=True) == 0  # nobody ever saw it


def test_it_blows_at_a_rate():
    with running_store(orders=60) as sandbox:
        storm = sandbox.storm(seed=2)
        with storm.blowing(a_minute=6000):
            time.sleep(0.5)
        made = sum(storm.done.values())
        assert 15 <= made <= 60
        time.sleep(0.1)
        assert sum(storm.done.values()) == made
        sandbox.store.wipe()
        with pytest.raises(LookupError), sandbox.storm(kinds=["customer"]).blowing(6000):
            time.sleep(0.1)
