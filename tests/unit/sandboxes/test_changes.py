"""What the store says changed is exactly what changed: tests of the twin count on it."""

import random

import pytest

from storetwin.sandboxes.woocommerce.model.store import Store

WITH_TRASH = ("orders", "products", "variations", "coupons", "reviews")
FIELDS = {
    "name": "New",
    "customer_note": "n",
    "regular_price": "3",
    "description": "d",
    "code": "c",
}


def documents(store):
    return {
        (name, number): store.document(name, number)
        for name in store.tables
        for number in store.ids(name)
    }


def mutate(store, chance):
    resource = chance.choice(sorted(set(store.tables) - {"webhooks", "tax_classes"}))
    number = chance.choice(store.ids(resource))
    verb = chance.choice(["edit", "trash", "restore", "delete", "create", "refund"])
    if verb == "edit":
        store.edit(
            resource,
            number,
            {k: f"{v}{chance.random()}" for k, v in FIELDS.items() if k != "regular_price"},
        )
    elif verb == "trash" and resource in WITH_TRASH:
        store.trash(resource, number)
    elif verb == "restore" and resource in WITH_TRASH:
        store.restore(resource, number)
    elif verb == "delete":
        store.delete(resource, number)
    elif verb == "refund":
        store.refund(chance.choice(store.ids("orders")), "1.00")
    elif resource == "variations":
        store.create(resource, FIELDS, owner=chance.choice(store.ids("products")))
    elif resource in ("orders", "products", "customers", "coupons", "categories"):
        store.create(resource, FIELDS)


@pytest.mark.parametrize("seed", range(6))
def test_the_count_of_changes_is_the_difference_of_all_documents(seed):
    store, chance = Store(seed=seed, orders=80), random.Random(seed)
    store.now = lambda: 1_900_000_000
    before = documents(store)
    for _ in range(60):
        mutate(store, chance)
    after = documents(store)
    changed = {key for key in after if before.get(key) != after[key]}
    noted = {(name, n) for name, found in store.changes.versions.items() for n in found}
    gone = {(name, n) for name, found in store.changes.deleted.items() for n in found}
    assert {key for key in noted if key in after} == changed
    assert set(before) - set(after) == gone & set(before)
    assert not gone & set(after)
