"""A WooCommerce look-alike (REST API v3) over a real socket, for demo, tests and other people.

    with running_store(orders=300) as sandbox:
        print(sandbox.url, sandbox.key, sandbox.secret)

It shares no code with the hub. Its keys are fixed and public: they are no secrets.
"""

from storetwin.sandboxes.woocommerce.auth import (
    READ_ONLY,
    READ_WRITE,
    WRITE_ONLY,
    KeyPair,
)
from storetwin.sandboxes.woocommerce.model.store import Backup, Changes, Store
from storetwin.sandboxes.woocommerce.server import (
    Options,
    PortTakenError,
    Sandbox,
    running_store,
    serve,
)
from storetwin.sandboxes.woocommerce.storm import Change, Storm
from storetwin.sandboxes.woocommerce.webhooks import Delivered, Deliveries, Webhooks
from storetwin.sandboxes.woocommerce.wire import Exchange, Requests, read_wire_log

__all__ = [
    "READ_ONLY",
    "READ_WRITE",
    "WRITE_ONLY",
    "Backup",
    "Change",
    "Changes",
    "Delivered",
    "Deliveries",
    "Exchange",
    "KeyPair",
    "Options",
    "PortTakenError",
    "Requests",
    "Sandbox",
    "Store",
    "Storm",
    "Webhooks",
    "read_wire_log",
    "running_store",
    "serve",
]
