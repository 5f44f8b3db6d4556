"""Sending webhooks as WooCommerce does: late, merged, one after the other, never again."""

from storetwin.sandboxes.woocommerce.webhooks.log import Delivered, Deliveries
from storetwin.sandboxes.woocommerce.webhooks.sender import FAST, USUAL_DELAY, Webhooks
from storetwin.sandboxes.woocommerce.webhooks.troubles import TROUBLES, Troubles

__all__ = ["FAST", "TROUBLES", "USUAL_DELAY", "Delivered", "Deliveries", "Troubles", "Webhooks"]
