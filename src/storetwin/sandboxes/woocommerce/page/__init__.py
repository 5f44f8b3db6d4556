"""The page at ``/`` of a running sandbox: requests live, faults as switches, records to change."""

from storetwin.sandboxes.woocommerce.page.front import Front
from storetwin.sandboxes.woocommerce.page.live import LiveStream

__all__ = ["Front", "LiveStream"]
