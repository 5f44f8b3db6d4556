"""Changing how a shop is set up over REST: settings, gateways, zones, webhooks, notes."""

from __future__ import annotations

import json
import re
from typing import Any
from urllib.parse import urlsplit

from storetwin.sandboxes.woocommerce.answers import RestError
from storetwin.sandboxes.woocommerce.model.draft import Draft
from storetwin.sandboxes.woocommerce.model.store import Store
from storetwin.sandboxes.woocommerce.request import Request
from storetwin.sandboxes.woocommerce.whole_lists import find_keyed

Fields = dict[str, Any]
_KINDS = ("postcode", "state", "country", "continent")
_NO_ZONE_ZERO = 'The "locations not covered by your other zones" zone cannot be updated.'
_TOPIC = re.compile(r"(?:coupon|customer|order|product)\.(?:created|updated|deleted|restored)")


def update_keyed(store: Store, resource: str, found: dict[str, str], fields: Fields) -> int:
    """Write a setting, or a payment gateway, and return its number.

    Raises:
        RestError: there is none, or a value is none of those it may have.
    """
    number = find_keyed(store, resource, found)
    draft = Draft(store.tables[resource].document(number) or b"{}")
    if resource == "settings":
        if "value" not in fields:
            return number
        fields = {"value": _valid(draft["type"], draft.get("options"), fields["value"])}
    elif isinstance(fields.get("settings"), dict):
        check_values(draft["settings"], fields["settings"])
    store.edit(resource, number, fields)
    return number


def check_values(known: Fields, given: Fields) -> None:
    """Check new values of the settings of a gateway or a shipping method.

    Raises:
        RestError: 400, a value is none of those it may have.
    """
    for name, value in given.items():
        if name in known:
            _valid(known[name]["type"], known[name].get("options"), value)


def _valid(kind: str, options: Any, value: Any) -> Any:
    """Return a value as it is stored.

    Raises:
        RestError: 400, it is none of those that the setting may have.
    """
    if kind == "checkbox" and value in ("yes", "no", ""):
        return value or "no"
    if kind in ("checkbox", "select", "radio"):
        if kind != "checkbox" and options is not None and str(value) in options:
            return value
        raise RestError("rest_setting_value_invalid", "An invalid setting value was passed.", 400)
    if kind == "multiselect":
        given = value if isinstance(value, list) else []
        return [each for each in given if options is None or each in options]
    return "" if value is None else str(value)


def set_locations(store: Store, zone: int, request: Request) -> None:
    """Exchange where a zone is; what has no code or an unknown type is left out without a word.

    Raises:
        RestError: 403, the rest of the world has no places.
    """
    if zone == 0:
        code = "woocommerce_rest_shipping_zone_locations_invalid_zone"
        raise RestError(code, _NO_ZONE_ZERO, 403)
    sent = json.loads(request.body or b"[]")
    with store.lock:
        for number in store.tables["zone_locations"].owned(zone):
            store.delete("zone_locations", number)
        for place in sent if isinstance(sent, list) else [sent]:
            if not isinstance(place, dict) or not place.get("code"):
                continue
            kind = str(place.get("type") or "country")
            if kind in _KINDS:
                fields = {"code": str(place["code"]), "type": kind}
                store.create("zone_locations", fields, owner=zone)


def check_setup(store: Store, resource: str, fields: Fields, number: int | None) -> None:
    """Check what is written into a zone, a method of it, or a webhook.

    Args:
        store: the shop.
        resource: what is written.
        fields: what was sent.
        number: the record that is changed; None for a new one.

    Raises:
        RestError: what is wrong with it.
    """
    if resource == "zones" and number == 0:
        raise RestError("woocommerce_rest_shipping_zone_invalid_zone", _NO_ZONE_ZERO, 403)
    if resource == "zone_methods" and isinstance(fields.get("settings"), dict) and number:
        known = Draft(store.tables[resource].document(number) or b"{}")["settings"]
        check_values(known, fields["settings"])
    if resource == "zone_methods" and number is None:
        _check_kind(store, str(fields.get("method_id")))
    if resource == "webhooks":
        _check_webhook(fields, is_new=number is None)


def _check_kind(store: Store, kind: str) -> None:
    if store.tables["shipping_methods"].find(kind) is None:
        code = "woocommerce_rest_shipping_zone_not_created"
        raise RestError(code, "Resource cannot be created.", 500)


def _check_webhook(fields: Fields, *, is_new: bool) -> None:
    prefix = "woocommerce_rest_shop_webhook_invalid"
    topic, url = fields.get("topic"), fields.get("delivery_url")
    is_topic = bool(_TOPIC.fullmatch(str(topic))) or str(topic).startswith("action.")
    if (is_new or topic) and not is_topic:
        text = f"Webhook topic {'is required and ' if is_new else ''}must be valid."
        raise RestError(f"{prefix}_topic", text, 400)
    is_url = urlsplit(str(url)).scheme in ("http", "https") and bool(urlsplit(str(url)).netloc)
    if (is_new or url) and not is_url:
        text = "Webhook delivery URL must be a valid URL starting with http:// or https://."
        raise RestError(f"{prefix}_delivery_url", text, 400)
