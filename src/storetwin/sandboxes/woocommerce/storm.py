"""A busy shop: a seeded driver that changes records of all kinds, at once or at a rate."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from random import Random
from typing import NamedTuple

from storetwin.sandboxes.woocommerce.generate.dice import dice
from storetwin.sandboxes.woocommerce.model.draft import Draft
from storetwin.sandboxes.woocommerce.model.store import Store

WEIGHTS: Mapping[str, int] = {
    "new-order": 18, "order-status": 18, "order-meta": 10, "stock": 16, "price": 4,
    "variation-stock": 6, "variation-price": 4, "new-customer": 4, "customer": 6, "refund": 4,
    "refund-deleted": 2, "coupon": 2, "trash-order": 1, "trash-product": 1, "untrash-order": 1,
    "delete-order": 1, "delete-product": 1, "delete-customer": 1, "term": 1, "category": 1,
}  # fmt: skip
"""What happens in a busy shop, and how often of a hundred or so."""
_OUT_OF_LISTS = ("trash", "auto-draft", "shipped", "draft", "checkout-draft")
_STATUSES = ("processing", "on-hold", "completed", "cancelled", "failed")
_TRIES = 200


class Change(NamedTuple):
    """One thing that happened.

    Args:
        kind: one of :data:`WEIGHTS`.
        resource: the table.
        number: the record; what hangs on it may have changed too.
    """

    kind: str
    resource: str
    number: int


class Storm:
    """Changes a store as its customers and staff do: the same seed, the same changes.

    Args:
        store: gives the shop as it is now.
        seed: where the choices come from.
        kinds: what may happen, of :data:`WEIGHTS`; everything if none is named.

    Raises:
        ValueError: there is no such kind.
    """

    def __init__(
        self, store: Callable[[], Store], seed: int = 1, kinds: Sequence[str] = ()
    ) -> None:
        unknown = [kind for kind in kinds if kind not in WEIGHTS]
        if unknown:
            known = ", ".join(WEIGHTS)
            raise ValueError(f"A storm has no {', '.join(unknown)}. It has: {known}.")
        self._store = store
        self._random: Random = dice(seed, "storm", 0)
        self._seed = seed
        self._kinds = tuple(kinds or WEIGHTS)
        self._weights = [WEIGHTS[kind] for kind in self._kinds]
        self._nth = 0
        self.done: Counter[str] = Counter()
        """How often each kind of change was made."""

    def change(self, times: int = 1) -> list[Change]:
        """Make so many changes now, and return them.

        Raises:
            LookupError: the shop has nothing (any more) that could change in any of these ways.
        """
        return [self._change() for _ in range(times)]

    @contextmanager
    def blowing(self, a_minute: float = 200.0) -> Iterator[Storm]:
        """Change the store from a thread of its own, at a steady rate, until the block ends.

        What went wrong in the thread is raised at the end of the block.
        """
        stop = threading.Event()
        wrong: list[Exception] = []

        def blow() -> None:
            began, done = time.monotonic(), 0
            try:
                while not stop.wait(max(0.0, began + done * 60 / a_minute - time.monotonic())):
                    self.change()
                    done += 1
            except Exception as error:  # noqa: BLE001 - it is raised where it can be seen
                wrong.append(error)

        thread = threading.Thread(target=blow, name="sandbox-storm", daemon=True)
        thread.start()
        try:
            yield self
        finally:
            stop.set()
            thread.join()
        if wrong:
            raise wrong[0]

    def _change(self) -> Change:
        store = self._store()
        for _ in range(_TRIES):
            [kind] = self._random.choices(self._kinds, self._weights)
            with store.lock:
                found = _KINDS[kind](self, store)
            if found is not None:
                self.done[kind] += 1
                return Change(kind, *found)
        raise LookupError(f"nothing is left that could change: {', '.join(self._kinds)}")

    # Choosing

    def any_of(
        self,
        store: Store,
        resource: str,
        fits: Callable[[int], bool] = lambda _: True,
        outside: Sequence[str] = _OUT_OF_LISTS,
    ) -> int | None:
        """Return a record that is there and in no status of ``outside``; None if none is found."""
        table = store.tables[resource]
        for _ in range(_TRIES):
            if not len(table.ids):
                return None
            number = table.ids[int(self._random.random() * len(table.ids))]
            status = table.status_of(number)
            if status is not None and status not in outside and fits(number):
                return number
        return None

    def below(self, most: int) -> int:
        """Return a number from 1 to ``most``."""
        return 1 + int(self._random.random() * most)

    def one_of(self, choices: Sequence[str]) -> str:
        """Return one of some words."""
        return choices[int(self._random.random() * len(choices))]

    def text(self, what: str) -> str:
        """Return a text that no other change bears."""
        self._nth += 1
        return f"{what} {self._seed}-{self._nth}"


Found = tuple[str, int] | None
"""The table and the record that changed; None when there is nothing to change."""


def _new_order(storm: Storm, store: Store) -> Found:
    product = storm.any_of(store, "products", lambda n: _sells(store, "products", n))
    customer = storm.any_of(store, "customers")
    lines = [{"product_id": product, "quantity": storm.below(3)}] if product else []
    order = store.create("orders", {
        "line_items": lines, "customer_id": customer or 0, "set_paid": True,
        "customer_note": storm.text("storm"),
    })  # fmt: skip
    return "orders", order


def _sells(store: Store, resource: str, number: int) -> bool:
    draft = store.draft(resource, number)
    return draft["price"] != "" and (resource == "variations" or draft["type"] == "simple")


def _edit(
    resource: str,
    fields: Callable[[Storm, Draft], dict[str, object]],
    fits: Callable[[Store, int], bool] = lambda _, __: True,
) -> Callable[[Storm, Store], Found]:
    def change(storm: Storm, store: Store) -> Found:
        number = storm.any_of(store, resource, lambda found: fits(store, found))
        if number is None:
            return None
        store.edit(resource, number, fields(storm, store.draft(resource, number)))
        return resource, number

    return change


def _other_status(storm: Storm, draft: Draft) -> dict[str, object]:
    return {"status": storm.one_of([name for name in _STATUSES if name != draft["status"]])}


def _meta(storm: Storm, _: Draft) -> dict[str, object]:
    return {"meta_data": [{"key": "_storm", "value": storm.text("meta")}]}


def _counts_stock(resource: str) -> Callable[[Store, int], bool]:
    return lambda store, number: store.draft(resource, number)["manage_stock"] is True


def _stock(storm: Storm, draft: Draft) -> dict[str, object]:
    return {"stock_quantity": (draft["stock_quantity"] or 0) + storm.below(40)}


def _price(storm: Storm, draft: Draft) -> dict[str, object]:
    before = str(draft["regular_price"])
    cents = storm.below(99_999)
    price = f"{cents // 100}.{cents % 100:02d}"
    return {"regular_price": price if price != before else f"{price}1"}


def _has_price(resource: str) -> Callable[[Store, int], bool]:
    return lambda store, number: _sells(store, resource, number)


def _new_customer(storm: Storm, store: Store) -> Found:
    email = storm.text("storm").replace(" ", "-") + "@example.test"
    fields = {"email": email, "first_name": "Storm", "username": email.partition("@")[0]}
    return "customers", store.create("customers", fields)


def _refund(storm: Storm, store: Store) -> Found:
    order = storm.any_of(store, "orders", lambda n: store.refundable(n) >= 2)
    if order is None:
        return None
    return "refunds", store.refund(order, "1.00", storm.text("refund"))


def _trash(resource: str) -> Callable[[Storm, Store], Found]:
    def change(storm: Storm, store: Store) -> Found:
        number = storm.any_of(store, resource)
        if number is None:
            return None
        store.trash(resource, number)
        return resource, number

    return change


def _untrash_order(storm: Storm, store: Store) -> Found:
    other = [name for name in store.tables["orders"].statuses if name != "trash"]
    number = storm.any_of(store, "orders", outside=other)
    if number is None:
        return None
    store.restore("orders", number)
    return "orders", number


def _delete(resource: str) -> Callable[[Storm, Store], Found]:
    def change(storm: Storm, store: Store) -> Found:
        number = storm.any_of(store, resource)
        if number is None:
            return None
        store.delete(resource, number)
        return resource, number

    return change


_KINDS: Mapping[str, Callable[[Storm, Store], Found]] = {
    "new-order": _new_order,
    "order-status": _edit("orders", _other_status),
    "order-meta": _edit("orders", _meta),
    "stock": _edit("products", _stock, _counts_stock("products")),
    "price": _edit("products", _price, _has_price("products")),
    "variation-stock": _edit("variations", _stock, _counts_stock("variations")),
    "variation-price": _edit("variations", _price, _has_price("variations")),
    "new-customer": _new_customer,
    "customer": _edit("customers", lambda storm, _: {"first_name": storm.text("Name")}),
    "refund": _refund,
    "refund-deleted": _delete("refunds"),
    "coupon": _edit("coupons", lambda storm, _: {"description": storm.text("coupon")}),
    "trash-order": _trash("orders"),
    "trash-product": _trash("products"),
    "untrash-order": _untrash_order,
    "delete-order": _delete("orders"),
    "delete-product": _delete("products"),
    "delete-customer": _delete("customers"),
    "term": _edit("terms", lambda storm, _: {"name": storm.text("Term")}),
    "category": _edit("categories", lambda storm, _: {"name": storm.text("Category")}),
}
