"""Sale windows: a product is on sale between two moments, and a scheduled action says when.

Measured: the end of a window flips price and ``on_sale`` and bumps the product, at that second, if
the store's cron runs. Here it runs with every request and every look at the model's lists.
"""

from __future__ import annotations

from typing import Any

from storetwin.sandboxes.woocommerce.dates import filter_moment
from storetwin.sandboxes.woocommerce.model.draft import Draft
from storetwin.sandboxes.woocommerce.model.records import Records
from storetwin.sandboxes.woocommerce.site_time import NEVER, gmt_to_moment

_EDGES = ("date_on_sale_from", "date_on_sale_to")
GOODS = ("products", "variations")


def set_window(store: Records, draft: Draft, fields: dict[str, Any]) -> None:
    """Write the edges of a sale that were sent: local ones, or ``_gmt`` ones, or null."""
    for edge in _EDGES:
        for name, is_gmt in ((edge, False), (f"{edge}_gmt", True)):
            if name not in fields or edge not in draft:
                continue
            text = str(fields[name] or "")
            if not text:
                draft.clear_moment(edge)
                continue
            whole = (
                text if "T" in text else f"{text}T{'23:59:59' if edge[-2:] == 'to' else '00:00:00'}"
            )
            moment = filter_moment(whole, store.site, dates_are_gmt=is_gmt, is_order=False)
            draft.set_moment(edge, moment, store.site)


def price(store: Records, draft: Draft) -> None:
    """Set price and ``on_sale`` as they are now."""
    now, sale = store.now(), draft["sale_price"]
    first, last = (gmt_to_moment(draft.get(f"{edge}_gmt")) for edge in _EDGES)
    is_on = sale != "" and (first == NEVER or first <= now) and (last == NEVER or now <= last)
    draft["on_sale"] = is_on
    draft["price"] = sale if is_on else draft["regular_price"]
    draft["purchasable"] = draft["price"] != ""
    store.due |= {moment for moment in (first, last + 1) if moment > now}


def run_due(store: Records) -> None:
    """Begin and end the sales whose moment has come, and bump what they change."""
    now = store.now()
    if not store.due or min(store.due) > now:
        return
    store.due = {moment for moment in store.due if moment > now}
    for resource in GOODS:
        for number, document in list(store.tables[resource].changed.items()):
            draft = Draft(document)
            was = draft["on_sale"]
            if any(draft.has_moment(edge) for edge in _EDGES):
                price(store, draft)
                if draft["on_sale"] != was:
                    store.rewrite(resource, number, draft, bump=True)
                    store.tell(resource, "updated", number)
