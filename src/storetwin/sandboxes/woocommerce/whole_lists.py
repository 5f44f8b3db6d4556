"""Answering lists that come whole, whatever page is asked for, and what has a word for its name."""

from __future__ import annotations

import json
from collections.abc import Mapping

from storetwin.sandboxes.woocommerce.answers import Answer, RestError
from storetwin.sandboxes.woocommerce.fixed import fixed_answers
from storetwin.sandboxes.woocommerce.generate.setup import has_list
from storetwin.sandboxes.woocommerce.generate.words import ODD_META, WORDS
from storetwin.sandboxes.woocommerce.members import members, picked, replaced
from storetwin.sandboxes.woocommerce.model.store import Store
from storetwin.sandboxes.woocommerce.php_json import dumps, with_base
from storetwin.sandboxes.woocommerce.request import Request
from storetwin.sandboxes.woocommerce.singles import MISSING, answer_document, owner_in

_WITHOUT_TOTALS = ("order_notes", "setting_groups", "settings", "countries", "currencies",
                   "continents")  # fmt: skip
_NO_GROUP = ("rest_setting_setting_group_invalid", "Invalid setting group.")
_NO_KEY: Mapping[str, tuple[str, str]] = {
    "payment_gateways": ("woocommerce_rest_payment_gateway_invalid", "Resource does not exist."),
    "shipping_methods": ("woocommerce_rest_shipping_method_invalid", "Resource does not exist."),
    "settings": ("rest_setting_setting_invalid", "Invalid setting."),
    "tax_classes": ("woocommerce_rest_tax_class_invalid_slug", "Invalid slug."),
    "currencies": (
        "woocommerce_rest_data_invalid_currency",
        "There are no currencies matching these parameters.",
    ),
    **dict.fromkeys(
        ("countries", "continents"),
        ("woocommerce_rest_data_invalid_location",
         "There are no locations matching these parameters."),
    ),
}  # fmt: skip


def whole_list(store: Store, resource: str, found: dict[str, str], request: Request) -> Answer:
    """Return all records of a list that ignores paging.

    Raises:
        RestError: 404, what the list belongs to is gone.
    """
    table = store.tables[resource]
    owner = owner_of(store, resource, found)
    numbers = list(table) if owner is None else table.owned(owner)
    documents = _arranged(resource, [table.document(n) or b"{}" for n in numbers], request)
    names = request.fields()
    if names:
        documents = [picked(document, names) for document in documents]
    body = with_base(b"[" + b",".join(documents) + b"]", request.base)
    if resource in _WITHOUT_TOTALS:
        return Answer(200, body, records=len(documents))
    count = len(documents)
    return Answer(200, body, total=count, pages=min(1, count), records=count)


def _arranged(resource: str, documents: list[bytes], request: Request) -> list[bytes]:
    """Return records in the order of their list: attributes by name, notes the newest first."""
    if resource == "attributes":
        return sorted(documents, key=lambda each: json.loads(members(each)["name"]).lower())
    if resource != "order_notes":
        return documents
    kind = request.query.get("type", "any")
    if kind != "any":
        flag = b"true" if kind == "customer" else b"false"
        documents = [each for each in documents if members(each)["customer_note"] == flag]
    return documents[::-1]


def owner_of(store: Store, resource: str, found: dict[str, str]) -> int | None:
    """Return what the list in the URL belongs to; None where it is nobody's.

    Raises:
        RestError: 404, there is no such order, zone or group of settings.
    """
    if resource == "settings":
        return _group(store, found["group_id"])
    if resource == "zone_locations":
        return _zone(store, int(found["id"]))
    owner = owner_in(found)
    if resource == "zone_methods" and owner is not None:
        return _zone(store, owner)
    if resource == "order_notes" and (owner or 0) not in store.tables["orders"]:
        raise RestError("woocommerce_rest_shop_order_invalid_id", "Invalid order ID.", 404)
    return owner


def _zone(store: Store, number: int) -> int:
    if number not in store.tables["zones"]:
        raise MISSING["zones"].error()
    return number


def _group(store: Store, name: str) -> int:
    """Return a group's number. One that no list knows is not found (measured: integration)."""
    number = store.tables["setting_groups"].find(name)
    if number is None or not has_list(name):
        raise RestError(*_NO_GROUP, 404, shows_allow=False)
    return number


def find_keyed(store: Store, resource: str, found: dict[str, str]) -> int:
    """Return the number of the record that the URL names by a word.

    Raises:
        RestError: 404, there is none.
    """
    name = next(reversed(found.values()))
    if resource in ("countries", "continents", "currencies"):
        name = name.upper()
    owner = _group(store, found["group_id"]) if resource == "settings" else None
    number = store.tables[resource].find(name, owner)
    if number is None:
        raise RestError(*_NO_KEY[resource], 404)
    return number


def keyed_document(store: Store, resource: str, number: int, found: dict[str, str]) -> bytes:
    """Return a record named by a word as its own route shows it: a setting with its group."""
    document = store.tables[resource].document(number) or b"{}"
    if resource != "settings":
        return document
    parts = members(document)
    shown = {name: value for name, value in parts.items() if name != "_links"}
    shown["group_id"] = dumps(found["group_id"]).encode()
    return replaced(b"{}", {**shown, "_links": parts["_links"]})


def keyed(store: Store, resource: str, found: dict[str, str], request: Request) -> Answer:
    """Return one record named by a word; a tax class comes as a list of one.

    Raises:
        RestError: 404, there is none.
    """
    number = find_keyed(store, resource, found)
    document = keyed_document(store, resource, number, found)
    if resource == "tax_classes":
        return Answer(200, with_base(b"[" + document + b"]", request.base), records=1)
    return answer_document(document, request)


def fixed_answer(path: str, request: Request) -> Answer:
    """Return an answer that does not depend on the data."""
    found = fixed_answers()["answers"][path]
    body = with_base(found["body"].encode(), request.base)
    names = request.fields()
    if names and body.startswith(b"{"):
        body = picked(body, names, keep=("_links",))
    total = found["total"]
    return Answer(200, body, total=total, pages=None if total is None else 1)


def order_statuses(store: Store, *, counted: bool = False) -> Answer:
    """Return the registered order statuses; ``counted`` with how many orders have each."""
    table, orders = store.tables["order_statuses"], store.tables["orders"]
    rows = [json.loads(table.document(number) or b"{}") for number in table]
    if counted:
        for row in rows:
            code = orders.statuses.index(row["slug"]) if row["slug"] in orders.statuses else 254
            row["total"] = orders.status.count(code)
    return Answer(200, dumps(rows).encode())


def current_currency(store: Store, request: Request) -> Answer:
    """Return the currency of the shop, which is a setting."""
    settings, currencies = store.tables["settings"], store.tables["currencies"]
    option = settings.find("woocommerce_currency")
    assert option is not None, "no shop is without a currency"
    code = json.loads(settings.document(option) or b"{}")["value"]
    number = currencies.find(code)
    if number is None:
        raise RestError(*_NO_KEY["currencies"], 404)
    return answer_document(currencies.document(number) or b"{}", request)


def custom_field_names(page: int, per_page: int) -> Answer:
    """Return the names of products' custom fields.

    ``_fields`` kills it, as rows are strings (measured).
    """
    plain = [json.loads(f'"{key}"') for key, _ in ODD_META if not key.startswith("_")]
    names = sorted([*plain, *(f"custom_{word}" for word in WORDS[:22])])
    shown = names[(page - 1) * per_page : page * per_page]
    pages = -(-len(names) // per_page)
    return Answer(200, dumps(shown).encode(), total=len(names), pages=pages)
