"""A shop in use: records change while their lists are read. Seeded, bounded, counted."""

from __future__ import annotations

from random import Random

from storetwin.sandboxes.woocommerce.fault_kinds import FaultSpec
from storetwin.sandboxes.woocommerce.generate.dice import dice
from storetwin.sandboxes.woocommerce.model.store import Store
from storetwin.sandboxes.woocommerce.turn import Turn

KINDS = ("create", "edit", "trash", "delete")
_NO_TRASH = ("customers", "categories", "tags", "brands", "shipping_classes", "taxes", "refunds")


class Churn:
    """Changes one record at each N-th list request.

    Args:
        store: what changes; it counts the changes itself.
        spec: ``every``, ``times``, ``resources``, ``kinds``.

    Raises:
        ValueError: a resource or a kind is unknown.
    """

    def __init__(self, store: Store, spec: FaultSpec) -> None:
        self._store = store
        self._turn = Turn(spec.number("every", 3), spec.number("times", 0))
        self._resources = spec.text("resources", "orders").split("+")
        self._kinds = spec.text("kinds", "+".join(KINDS)).split("+")
        unknown = [name for name in self._resources if name not in store.tables]
        unknown += [kind for kind in self._kinds if kind not in KINDS]
        if unknown:
            raise ValueError(f"churn does not know {', '.join(unknown)}")
        self._random: Random = dice(store.seed, "churn", 0)
        self.done: dict[str, int] = dict.fromkeys(KINDS, 0)
        """How often each kind of change was made."""

    def list_was_read(self) -> None:
        """Count one list request, and change a record when its turn has come."""
        if not self._turn.strikes():
            return
        number = self._turn.struck - 1
        resource = self._resources[number % len(self._resources)]
        kind = self._kinds[number // len(self._resources) % len(self._kinds)]
        if kind == "trash" and resource in _NO_TRASH:
            kind = "edit"
        self._change(resource, kind)
        self.done[kind] += 1

    def _change(self, resource: str, kind: str) -> None:
        store = self._store
        if kind == "create" and resource in ("orders", "products", "coupons", "customers"):
            text = f"churn-{store.next_post}"
            fields = {
                "name": text,
                "code": text,
                "customer_note": text,
                "email": f"{text}@example.test",
            }
            store.create(resource, {k: v.replace(" ", "-") for k, v in fields.items()})
            return
        chosen = self._chosen(resource)
        if chosen is None:
            return
        if kind == "trash":
            store.trash(resource, chosen)
        elif kind == "delete":
            store.delete(resource, chosen)
        else:
            text = f"churn {self._random.random():.9f}"
            store.edit(resource, chosen, {"customer_note": text, "description": text})

    def _chosen(self, resource: str) -> int | None:
        """Return a record that is there and neither in the trash nor outside of all lists."""
        table = self._store.tables[resource]
        for _ in range(200):
            if not len(table.ids):
                return None
            number = table.ids[int(self._random.random() * len(table.ids))]
            if table.status_of(number) not in (None, "trash", "auto-draft", "shipped"):
                return number
        return None
