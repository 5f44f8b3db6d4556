"""How a record looks right after it was created with nothing but its defaults."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from storetwin.sandboxes.woocommerce.generate import setup, small
from storetwin.sandboxes.woocommerce.generate.dice import dice
from storetwin.sandboxes.woocommerce.generate.notes import note
from storetwin.sandboxes.woocommerce.generate.terms import Term
from storetwin.sandboxes.woocommerce.model.draft import Draft
from storetwin.sandboxes.woocommerce.model.records import Records
from storetwin.sandboxes.woocommerce.php_json import MARK, dumps

Document = dict[str, Any]
_ALPHABET = "abcdefghijkmnopqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ0123456789"
_ADDRESS = ("first_name", "last_name", "company", "address_1", "address_2", "city")
_API = MARK + "/wp-json/wc/v3"


def blank(store: Records, resource: str, number: int, owner: int, fields: Document) -> Document:
    """Return the members of a new record, in order, before the given fields are written.

    Args:
        store: the shop, for its clock and for records to copy the shape of.
        resource: what is created.
        number: its id.
        owner: the record it is created below, or 0.
        fields: what was sent, for names and slugs.
    """
    if resource == "orders":
        return _order(store, number)
    if resource in _SETUP:
        return _SETUP[resource](number, owner, fields)
    if resource == "order_notes":
        text = (str(fields.get("note", "")), bool(fields.get("customer_note")))
        made: Document = json.loads(note(number, owner, store.now(), text, store.site))
        return made | ({"author": "admin"} if fields.get("added_by_user") else {})
    if resource in ("categories", "brands", "tags", "shipping_classes", "terms"):
        return _term(resource, number, owner, fields)
    return _copied(store, resource, number, owner, fields)


def _order(store: Records, number: int) -> Document:
    now = store.now()
    local, gmt = store.site.local(now), store.site.gmt(now)
    billing = dict.fromkeys((*_ADDRESS, "state", "postcode", "country", "email", "phone"), "")
    shipping = dict.fromkeys((*_ADDRESS, "state", "postcode", "country", "phone"), "")
    draw = dice(store.seed, "order", number).random
    key = "wc_order_" + "".join(_ALPHABET[int(draw() * len(_ALPHABET))] for _ in range(13))
    zero = "0.00"
    return {
        "id": number, "parent_id": 0, "status": "pending", "currency": "USD", "version": "10.5.0",
        "prices_include_tax": False, "date_created": local, "date_modified": local,
        "discount_total": zero, "discount_tax": zero, "shipping_total": zero, "shipping_tax": zero,
        "cart_tax": zero, "total": zero, "total_tax": zero, "customer_id": 0, "order_key": key,
        "billing": billing, "shipping": shipping, "payment_method": "",
        "payment_method_title": "", "transaction_id": "", "customer_ip_address": "",
        "customer_user_agent": "", "created_via": "rest-api", "customer_note": "",
        "date_completed": None, "date_paid": None, "cart_hash": "", "number": str(number),
        "meta_data": [], "line_items": [], "tax_lines": [], "shipping_lines": [], "fee_lines": [],
        "coupon_lines": [], "refunds": [],
        "payment_url": f"{MARK}/checkout/order-pay/{number}/?pay_for_order=true&key={key}",
        "is_editable": True, "needs_payment": False, "needs_processing": False,
        "date_created_gmt": gmt, "date_modified_gmt": gmt, "date_completed_gmt": None,
        "date_paid_gmt": None, "currency_symbol": "$",
        "_links": {
            "self": [{"href": f"{_API}/orders/{number}", "targetHints": small.ALLOW_ALL}],
            "collection": [{"href": f"{_API}/orders"}],
            "email_templates": [
                {"embeddable": True, "href": f"{_API}/orders/{number}/actions/email_templates"}
            ],
        },
    }  # fmt: skip


_SETUP: dict[str, Callable[[int, int, Document], Document]] = {
    "zones": lambda number, _, fields: setup.zone(number, str(fields.get("name", ""))),
    "zone_methods": lambda number, owner, fields: setup.zone_method(
        owner, number, str(fields.get("method_id")), int(fields.get("order") or 1)
    ),
    "zone_locations": lambda _, owner, fields: setup.location(
        owner, str(fields.get("code")), str(fields.get("type"))
    ),
    "order_statuses": lambda _n, _o, fields: {"slug": fields["slug"], "name": fields["name"]},
}


def new_refund(
    store: Records, number: int, order: int, amount: str, reason: str, *, is_full: bool
) -> Document:
    """Return a refund of an amount, without lines."""
    now = store.now()
    api = f"{_API}/orders/{order}"
    value = "full" if is_full else "partial"
    kind = {"id": store.new_meta_ids([1]), "key": "_refund_type", "value": value}
    return {
        "id": number, "parent_id": order, "date_created": store.site.local(now),
        "date_created_gmt": store.site.gmt(now), "amount": amount, "reason": reason,
        "refunded_by": 1, "refunded_payment": False, "meta_data": [kind], "line_items": [],
        "shipping_lines": [], "tax_lines": [], "fee_lines": [],
        "_links": {
            "self": [{"href": f"{api}/refunds/{number}",
                      "targetHints": {"allow": ["GET", "DELETE"]}}],
            "collection": [{"href": f"{api}/refunds"}], "up": [{"href": api}],
        },
    }  # fmt: skip


def slug_of(name: str) -> str:
    """Return the slug WordPress makes of a plain name."""
    kept = "".join(c if c.isalnum() else "-" for c in name.lower())
    return "-".join(part for part in kept.split("-") if part)


def _term(resource: str, number: int, owner: int, fields: Document) -> Document:
    name = str(fields.get("name", ""))
    term = Term(number, name.replace("&", "&amp;"), str(fields.get("slug") or slug_of(name)))
    if resource == "terms":
        return small.attribute_term(term, owner)
    if resource in ("categories", "brands"):
        return small.category(term, f"products/{resource}")
    return small.tag(term, f"products/{resource}")


_RESET: dict[str, Document] = {
    "products": {
        "status": "publish", "type": "simple", "sku": "", "price": "", "regular_price": "",
        "sale_price": "", "on_sale": False, "purchasable": False, "total_sales": 0,
        "manage_stock": False, "stock_quantity": None, "stock_status": "instock", "description": "",
        "short_description": "", "categories": [], "tags": [], "brands": [], "attributes": [],
        "default_attributes": [], "variations": [], "grouped_products": [], "meta_data": [],
        "price_html": "", "featured": False, "catalog_visibility": "visible", "menu_order": 0,
        "backorders": "no", "backorders_allowed": False, "has_options": False,
        "low_stock_amount": None, "virtual": False, "downloadable": False, "downloads": [],
        "external_url": "", "button_text": "", "average_rating": "0.00", "rating_count": 0,
    },
    "variations": {
        "status": "publish", "sku": "", "price": "", "regular_price": "", "sale_price": "",
        "on_sale": False, "purchasable": False, "manage_stock": False, "stock_quantity": None,
        "stock_status": "instock", "description": "", "attributes": [], "meta_data": [], "name": "",
    },
    "customers": {
        "email": "", "first_name": "", "last_name": "", "role": "customer", "username": "",
        "is_paying_customer": False, "meta_data": [],
    },
    "coupons": {
        "code": "", "amount": "0.00", "status": "publish", "discount_type": "fixed_cart",
        "description": "", "usage_count": 0, "individual_use": False, "product_ids": [],
        "usage_limit": None, "email_restrictions": [], "meta_data": [], "date_expires": None,
        "date_expires_gmt": None,
    },
    "taxes": {
        "country": "", "state": "", "postcode": "", "city": "", "rate": "0.0000", "name": "Tax",
        "priority": 1, "compound": False, "shipping": True, "order": 1, "class": "standard",
        "postcodes": [], "cities": [],
    },
    "reviews": {"review": "", "rating": 0, "verified": False, "status": "approved"},
    "attributes": {"type": "select", "order_by": "menu_order", "has_archives": False},
    "webhooks": {"status": "active"},
}  # fmt: skip


def _copied(store: Records, resource: str, number: int, owner: int, fields: Document) -> Document:
    """Take the shape of a generated record and empty it: all records have the same members."""
    example, above = store.filled.moulds[resource]
    old = Draft(example)
    known = str(old["id"])
    found = {name: old[name] for name in old.names()}
    found |= {k: v for k, v in _RESET.get(resource, {}).items() if k in found}
    found["id"] = number
    links = dumps(found["_links"]).replace("\\/", "/")
    links = links.replace(f'/{known}"', f'/{number}"').replace(f"/{above}/", f"/{owner}/")
    if owner:
        links = links.replace(f'products/{above}"', f'products/{owner}"')
    found["_links"] = json.loads(links)
    name = str(fields.get("name", ""))
    if "slug" in found:
        found["slug"] = str(fields.get("slug") or slug_of(name) or f"{resource[:-1]}-{number}")
        found["permalink"] = f"{MARK}/product/{found['slug']}/"
    if resource == "variations":
        found["parent_id"] = owner
    for member in ("billing", "shipping"):
        if isinstance(found.get(member), dict):
            found[member] = dict.fromkeys(found[member], "")
    return found
