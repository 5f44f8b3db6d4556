"""How the shop is set up: zones, payment gateways, settings, places, order statuses.

Facts come from a recorded store. What is added: gateways and a courier of plugins, with secrets.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from storetwin.sandboxes.woocommerce.fixed import fixed_answers, places, settings
from storetwin.sandboxes.woocommerce.generate.dice import dice
from storetwin.sandboxes.woocommerce.php_json import MARK

Document = dict[str, Any]
API = f"{MARK}/wp-json/wc/v3"
_READ = {"allow": ["GET"]}
_EDIT = {"allow": ["GET", "POST", "PUT", "PATCH"]}
_ALL = {"allow": ["GET", "POST", "PUT", "PATCH", "DELETE"]}
_HEX = "0123456789abcdef"
_ALPHABET = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
# Zone → where it is. Zone 4 is recorded; zone 0 is the rest of the world; zone 5 stands empty.
_LOCATIONS: Mapping[int, tuple[tuple[str, str], ...]] = {
    1: (("US:NY", "state"), ("US:NJ", "state")),
    2: (("US", "country"),),
    3: (("DE", "country"), ("FR", "country"), ("IT", "country"), ("NL", "country")),
    4: (("GB", "country"), ("SW1*", "postcode"), ("10000...19999", "postcode")),
}
# Zone → (instance, which of the three recorded methods), in the order in which they are offered.
_METHODS: Mapping[int, tuple[tuple[int, int], ...]] = {
    0: ((9, 0),),
    1: ((1, 0), (2, 1)),
    2: ((3, 0), (4, 1), (5, 2)),
    3: ((6, 0), (7, 1)),
    4: ((8, 0),),
}


def links(path: str, own: object, hints: Mapping[str, list[str]] = _ALL) -> Document:
    """Return ``_links`` of a record in a collection below the API."""
    here = f"{API}/{path}"
    return {"self": [{"href": f"{here}/{own}", "targetHints": hints}],
            "collection": [{"href": here}]}  # fmt: skip


def _recorded(path: str) -> list[Document]:
    found: list[Document] = json.loads(fixed_answers()["answers"][path]["body"])
    return found


# Shipping


def zone(number: int, name: str = "", order: int = 0) -> Document:
    """Return a shipping zone."""
    here = f"{API}/shipping/zones/{number}"
    below = {"describedby": [{"href": f"{here}/locations"}]}
    return {"id": number, "name": name, "order": order,
            "_links": {**links("shipping/zones", number), **below}}  # fmt: skip


def zones() -> dict[int, Document]:
    """Return the zones by id; 0 is the rest of the world."""
    return {row["id"]: zone(row["id"], row["name"], row["order"])
            for row in _recorded("shipping/zones")}  # fmt: skip


def location(zone_id: int, code: str, kind: str) -> Document:
    """Return a place in a zone. Locations have no ids in the API."""
    here = f"{API}/shipping/zones/{zone_id}"
    return {"code": code, "type": kind,
            "_links": {"collection": [{"href": f"{here}/locations"}],
                       "describes": [{"href": here}]}}  # fmt: skip


def locations() -> Iterator[tuple[int, Document]]:
    """Yield (zone, location)."""
    for zone_id, known in _LOCATIONS.items():
        for code, kind in known:
            yield zone_id, location(zone_id, code, kind)


def shipping_methods() -> list[Document]:
    """Return the kinds of methods that a zone may have."""
    return _recorded("shipping_methods")


def zone_method(zone_id: int, instance: int, kind: str, order: int) -> Document:
    """Return a method of a zone; of an unknown kind one without settings."""
    known = {row["method_id"]: row for row in _recorded("shipping/zones/2/methods")}
    described = next((row for row in shipping_methods() if row["id"] == kind), None)
    title = described["title"] if described else kind
    empty: Document = {
        "title": title,
        "method_title": title,
        "method_description": "",
        "settings": {},
    }
    here = f"{API}/shipping/zones/{zone_id}"
    return {
        **known.get(kind, {**next(iter(known.values())), **empty, "method_id": kind}),
        "id": instance, "instance_id": instance, "order": order, "enabled": True,
        "_links": {**links(f"shipping/zones/{zone_id}/methods", instance),
                   "describes": [{"href": here}]},
    }  # fmt: skip


def zone_methods() -> Iterator[tuple[int, int, Document]]:
    """Yield (zone, instance, method)."""
    kinds = [row["method_id"] for row in _recorded("shipping/zones/2/methods")]
    for zone_id, offered in _METHODS.items():
        for order, (instance, which) in enumerate(offered, start=1):
            yield zone_id, instance, zone_method(zone_id, instance, kinds[which], order)


# Payment


def _secret(seed: int, prefix: str, number: int, alphabet: str = _ALPHABET) -> str:
    """Return what looks like a key of a payment provider, and opens nothing."""
    draw = dice(seed, "secret", number).random
    return prefix + "".join(alphabet[int(draw() * len(alphabet))] for _ in range(32))


def _field(name: str, label: str, kind: str, value: str) -> Document:
    return {"id": name, "label": label, "description": "", "type": kind, "value": value,
            "default": "", "tip": "", "placeholder": ""}  # fmt: skip


def _gateway(name: str, title: str, fields: list[Document]) -> Document:
    example = _recorded("payment_gateways")[0]
    return {
        **example, "id": name, "title": title, "description": f"Pay with {title}.", "order": 0,
        "enabled": True, "method_title": title, "method_description": f"{title} by a plugin.",
        "method_supports": ["products", "refunds"],
        "settings": {field["id"]: field for field in fields},
        "settings_url": f"{MARK}/wp-admin/admin.php?page=wc-settings&tab=checkout&section={name}",
        "_links": links("payment_gateways", name, _EDIT),
    }  # fmt: skip


def own_gateways() -> list[Document]:
    """Return WooCommerce's own payment gateways."""
    return _recorded("payment_gateways")


def plugins_gateways(seed: int) -> list[Document]:
    """Return the gateways of plugins, with secrets in their settings."""
    stripe = [
        _field("title", "Title", "safe_text", "Credit Card (Stripe)"),
        _field("testmode", "Test mode", "checkbox", "no"),
        _field("publishable_key", "Live publishable key", "text", _secret(seed, "pk_live_", 1)),
        _field("secret_key", "Live secret key", "password", _secret(seed, "sk_live_", 2)),
        _field("webhook_secret", "Webhook secret", "password", _secret(seed, "whsec_", 3)),
        _field("test_secret_key", "Test secret key", "password", ""),
    ]
    paypal = [
        _field("title", "Title", "safe_text", "PayPal"),
        _field("merchant_email", "Merchant email", "text", "merchant@example.test"),
        _field("client_id", "Client ID", "text", _secret(seed, "A", 4)),
        _field("client_secret", "Client secret", "password", _secret(seed, "E", 5)),
    ]
    return [
        _gateway("stripe", "Credit Card (Stripe)", stripe),
        _gateway("ppcp-gateway", "PayPal", paypal),
    ]


# Settings


def setting_groups(*, with_courier: bool) -> list[Document]:
    """Return the groups of settings, the courier's among them where its plugin is there."""
    found = []
    for group in [*settings(), *([_courier_group()] if with_courier else [])]:
        own = {name: value for name, value in group.items() if name != "options"}
        here = f"{API}/settings/{group['id']}"
        found.append({**own, "_links": {"options": [{"href": here}]}})
    return found


def has_list(group: str) -> bool:
    """Say whether the store knows a list of settings for a group (measured: not for all)."""
    without = (known["id"] for known in settings() if known["options"] is None)
    return group not in without


def options_of(group: str, seed: int) -> list[Document] | None:
    """Return the settings of a group; None where the store knows no list for it."""
    if group == "courier":
        return [_option(group, row) for row in _courier_options(seed)]
    rows = next(known["options"] for known in settings() if known["id"] == group)
    return None if rows is None else [_option(group, row) for row in rows]


def _option(group: str, row: Document) -> Document:
    where = links(f"settings/{group}", row["id"], _EDIT)
    choices = row.get("options")
    if isinstance(choices, str):
        row = {**row, "options": _CHOICES[choices]()}
    return {**row, "_links": where}


def _countries() -> dict[str, str]:
    return {code: name for code, (name, _) in places()["countries"].items()}


def _countries_and_states() -> dict[str, str]:
    found = {}
    for code, (name, states) in places()["countries"].items():
        if not states:
            found[code] = name
        for state, label in states.items():
            found[f"{code}:{state}"] = f"{name} - {label}"
    return found


def _currencies() -> dict[str, str]:
    known = places()["currencies"].items()
    return {code: f"{name} ({symbol}) — {code}" for code, (name, symbol) in known}


_CHOICES = {
    "@countries": _countries,
    "@places": _countries_and_states,
    "@currencies": _currencies,
}


def _courier_group() -> Document:
    return {"id": "courier", "label": "Courier", "description": "Labels and tracking, by a plugin.",
            "parent_id": "", "sub_groups": []}  # fmt: skip


def _courier_options(seed: int) -> list[Document]:
    def row(name: str, label: str, kind: str, value: str) -> Document:
        return {"id": f"courier_{name}", "label": label, "description": "", "type": kind,
                "default": "", "value": value}  # fmt: skip

    return [
        row("account", "Account number", "text", "4711-0815"),
        row("api_key", "API key", "text", _secret(seed, "", 6, _HEX)),
        row("api_password", "API password", "password", _secret(seed, "", 7)),
        row("sandbox", "Use the test system", "checkbox", "yes"),
    ]


# Places


def countries() -> list[Document]:
    """Return every country with its states."""
    return [
        {"code": code, "name": name, "states": _states(states),
         "_links": links("data/countries", code.lower(), _READ)}
        for code, (name, states) in places()["countries"].items()
    ]  # fmt: skip


def _states(states: Mapping[str, str]) -> list[Document]:
    """Return states; PHP makes numbers of array keys like "81" (measured)."""
    return [
        {"code": int(code) if code == code.lstrip("0") and code.isdecimal() else code, "name": name}
        for code, name in states.items()
    ]


def currencies() -> list[Document]:
    """Return every currency."""
    return [
        {"code": code, "name": name, "symbol": symbol,
         "_links": links("data/currencies", code, _READ)}
        for code, (name, symbol) in places()["currencies"].items()
    ]  # fmt: skip


def continents() -> list[Document]:
    """Return the continents with their countries; most have a currency and units, too."""
    names, known = places()["locale"], places()["countries"]
    found = []
    for code, title, inside in places()["continents"]:
        rows = []
        for country, facts in inside.items():
            told = dict(zip(names, facts, strict=False))
            states = known.get(country, ("", {}))[1]
            rows.append({"code": country, **told, "states": _states(states)})
        found.append(
            {"code": code, "name": title, "countries": rows,
             "_links": links("data/continents", code.lower(), _READ)}
        )  # fmt: skip
    return found


def order_statuses() -> list[Document]:
    """Return slug and name of WooCommerce's own order statuses."""
    return _recorded("orders/statuses")
