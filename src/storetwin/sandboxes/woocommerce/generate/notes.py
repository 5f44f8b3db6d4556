"""The notes on orders: what WooCommerce and plugins write there, and what a person tells a customer.

Notes are comments in WordPress and share their ids with reviews.
"""

from __future__ import annotations

from array import array
from dataclasses import dataclass, field

from storetwin.sandboxes.woocommerce.generate.plan import ORDER_STATUSES, Plan
from storetwin.sandboxes.woocommerce.php_json import MARK, dumps
from storetwin.sandboxes.woocommerce.site_time import SiteTime

_NONE = ("auto-draft", "checkout-draft")
_TOLD = (
    "Your parcel has left our house. 📦",
    "We are out of the blue one. Is <b>grün</b> all right?",
    "Thank you for your patience!",
)
_NAMES = {
    "pending": "Pending payment", "processing": "Processing", "on-hold": "On hold",
    "completed": "Completed", "cancelled": "Cancelled", "refunded": "Refunded",
    "failed": "Failed", "trash": "Completed", "shipped": "Shipped", "checkout-draft": "Draft",
}  # fmt: skip


@dataclass(slots=True)
class NoteColumns:
    """One entry a note, in id order. ``nth`` counts the notes of one order from 0."""

    ids: array[int] = field(default_factory=lambda: array("q"))
    order: array[int] = field(default_factory=lambda: array("q"))
    created: array[int] = field(default_factory=lambda: array("q"))
    nth: bytearray = field(default_factory=bytearray)


def lay_notes(plan: Plan, first_id: int) -> NoteColumns:
    """Give each order the notes that its status brings: two for most, three for every fifth."""
    columns, number = NoteColumns(), first_id
    orders = plan.orders
    for at, order in enumerate(orders.ids):
        status = ORDER_STATUSES[orders.status[at]]
        count = 0 if status in _NONE else 1 if status == "pending" else 2 + (at % 5 == 0)
        for nth in range(count):
            columns.ids.append(number)
            columns.order.append(order)
            columns.created.append(orders.created[at] + 60 * nth + 1)
            columns.nth.append(nth)
            number += 1
    return columns


def note_text(order: int, status: str, nth: int) -> tuple[str, bool]:
    """Return the text of a generated note, and whether the customer sees it."""
    if nth == 0:
        return f"Stock levels reduced: item of order {order} (SKU) 12→11", False
    if nth == 1:
        return status_note("pending", status), False
    return _TOLD[order % len(_TOLD)], True


def status_note(before: str, after: str) -> str:
    """Return what WooCommerce notes when the status of an order changes."""
    old, new = _NAMES.get(before, before.capitalize()), _NAMES.get(after, after.capitalize())
    return f"Order status changed from {old} to {new}."


def note(number: int, order: int, moment: int, text: tuple[str, bool], site: SiteTime) -> str:
    """Return the JSON of a note.

    Args:
        number: its id.
        order: what it is on.
        moment: when it was written.
        text: what it says, and whether the customer sees it.
        site: the store's clock.
    """
    api = f"{MARK}/wp-json/wc/v3/orders/{order}"
    return dumps(
        {
            "id": number, "author": "WooCommerce" if not text[1] else "admin",
            "date_created": site.local(moment), "date_created_gmt": site.gmt(moment),
            "note": text[0], "customer_note": text[1],
            "_links": {
                "self": [{"href": f"{api}/notes/{number}",
                          "targetHints": {"allow": ["GET", "DELETE"]}}],
                "collection": [{"href": f"{api}/notes"}], "up": [{"href": api}],
            },
        }
    )  # fmt: skip
