"""Answering the status report, as each release writes it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from storetwin.sandboxes.woocommerce.answers import Answer
from storetwin.sandboxes.woocommerce.fixed import fixed_answers
from storetwin.sandboxes.woocommerce.members import joined, members, picked
from storetwin.sandboxes.woocommerce.model.store import Store
from storetwin.sandboxes.woocommerce.php_json import dumps, with_base
from storetwin.sandboxes.woocommerce.request import Request

# Member, or member.member → the release that brought it.
_BROUGHT: Mapping[str, str] = {
    "environment.store_id": "8.4", "environment.server_architecture": "9.9",
    "environment.wp_environment_type": "10.5", "logging": "8.7",
    "settings.HPOS_enabled": "7.7", "settings.HPOS_sync_enabled": "7.7",
    "settings.order_datastore": "7.7", "settings.enabled_features": "9.9",
    "settings.enforce_approved_download_dirs": "7.7", "settings.wccom_connected": "7.7",
}  # fmt: skip


def system_status(store: Store, request: Request) -> Answer:
    """Return the status report, with the counts of this store."""
    parts = {name: json.loads(value) for name, value in members(_recorded()).items()}
    parts["environment"] |= _environment(store)
    parts["database"]["wc_database_version"] = store.release.number
    parts["post_type_counts"] = store.post_type_counts()
    parts["settings"] |= _storage(store)
    for path, first in _BROUGHT.items():
        if not store.release.has(first):
            _drop(parts, path)
    body = joined({name: dumps(value).encode() for name, value in parts.items()})
    names = request.fields()
    return Answer(200, with_base(picked(body, names) if names else body, request.base))


def _recorded() -> bytes:
    text: str = fixed_answers()["answers"]["system_status"]["body"]
    return text.encode()


def _environment(store: Store) -> dict[str, Any]:
    """Return what the store says of itself: who it is, and where it thinks that it is."""
    found: dict[str, Any] = {"store_id": store.store_id, "version": store.release.number}
    if store.home_url is not None:
        found["home_url"] = found["site_url"] = store.home_url
    return found


def _storage(store: Store) -> dict[str, Any]:
    if not store.release.keeps_orders_as_posts:
        return {}
    return {"HPOS_enabled": False, "order_datastore": "WC_Order_Data_Store_CPT"}


def _drop(parts: dict[str, Any], path: str) -> None:
    first, _, rest = path.partition(".")
    if rest:
        parts[first].pop(rest, None)
    else:
        parts.pop(first, None)
