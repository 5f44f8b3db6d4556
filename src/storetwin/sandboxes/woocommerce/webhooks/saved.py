"""Which receivers are asked whether they are there, when a webhook is written over REST."""

from __future__ import annotations

from storetwin.sandboxes.woocommerce.model.draft import Draft
from storetwin.sandboxes.woocommerce.model.store import Store
from storetwin.sandboxes.woocommerce.writes import Target


def webhook_url(store: Store, target: Target) -> str:
    """Return where the webhook that is about to be written delivers to; empty if it is none."""
    if target.resource != "webhooks":
        return ""
    document = store.tables["webhooks"].document(int(target.parameters.get("id", 0)))
    return "" if document is None else str(Draft(document)["delivery_url"])


def pings_after(store: Store, target: Target, number: int, before: str) -> list[int]:
    """Return the webhook that was written, if its receiver is pinged now.

    A new one always is; another one if it is active and has a new URL, or no ping of it has had
    a 200 yet (source: WC_Webhook_Data_Store::update).

    Args:
        store: the shop.
        target: what was written.
        number: the record.
        before: its delivery URL as it was; empty for a new one.
    """
    hook = store.hooks.get(number) if target.resource == "webhooks" else None
    if hook is None or store.status_of("webhooks", number) != "active":
        return []
    draft = Draft(store.tables["webhooks"].document(number) or b"{}")
    return [number] if hook.awaits_ping or draft["delivery_url"] != before else []
