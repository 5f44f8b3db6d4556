"""The different shapes in which WooCommerce shows one and the same record."""

from __future__ import annotations

import json
import re
from decimal import ROUND_HALF_UP, Decimal
from enum import Enum
from typing import Any

import msgspec

from storetwin.sandboxes.woocommerce.members import joined, members
from storetwin.sandboxes.woocommerce.php_json import MARK, dumps

_API = (MARK + r"\/wp-json\/wc\/v3").encode()
_PARENT = re.compile(rb'^(\{"id":\d+),"parent_id":\d+')
_MONEY = frozenset(
    {"discount_total", "discount_tax", "shipping_total", "shipping_tax", "cart_tax", "total",
     "total_tax", "subtotal", "subtotal_tax", "tax_total", "shipping_tax_total", "discount",
     "amount"}
)  # fmt: skip
_EMPTY_LIST = b"[]"
_PARAGRAPH = re.compile(rb'^"<p>(.*)<\\/p>\\n"$')


class Shape(Enum):
    """Which route shows the record."""

    OWN = "as its own route shows it"
    ORDER_REFUND = "a refund below its order: without parent_id"
    TOP_LEVEL_VARIATION = "a variation in the list of all: other links"
    VARIATION_AS_PRODUCT = "a variation at /products/{id}: the members of a product"


def shaped(document: bytes, shape: Shape) -> bytes:
    """Return the record in another shape."""
    if shape is Shape.ORDER_REFUND:
        return _PARENT.sub(rb"\1", document, count=1)
    if shape is Shape.TOP_LEVEL_VARIATION:
        return _top_level(document)
    return document


def _top_level(document: bytes) -> bytes:
    number = int(document[6 : document.index(b",")])
    start = document.rindex(b',"_links":{')
    return document[:start] + (
        b',"_links":{"self":[{"href":"%s\\/variations\\/%d"}],'
        b'"collection":[{"href":"%s\\/variations"}],'
        b'"up":[{"href":"%s\\/products\\/0"}]}}' % (_API, number, _API, _API)
    )


_AS_PRODUCT: dict[str, bytes] = {
    "featured": b"false", "catalog_visibility": b'"visible"', "short_description": b'""',
    "total_sales": b'"0"', "external_url": b'""', "button_text": b'""',
    "sold_individually": b"false", "shipping_required": b"true", "shipping_taxable": b"true",
    "reviews_allowed": b"false", "average_rating": b'"0.00"', "rating_count": b"0",
    "upsell_ids": _EMPTY_LIST, "cross_sell_ids": _EMPTY_LIST, "purchase_note": b'""',
    "categories": _EMPTY_LIST, "brands": _EMPTY_LIST, "tags": _EMPTY_LIST, "images": _EMPTY_LIST,
    "default_attributes": _EMPTY_LIST, "variations": _EMPTY_LIST, "grouped_products": _EMPTY_LIST,
    "related_ids": _EMPTY_LIST, "has_options": b"false", "post_password": b'""',
}  # fmt: skip


def variation_as_product(variation: bytes, parent: bytes, parent_id: int) -> bytes:
    """Return a variation as ``/products/{id}`` shows it: in the members of its parent's shape."""
    own, of_parent = members(variation), members(parent)
    number = own["id"]
    price = json.loads(own["price"]) or "0.00"
    html = (
        '<span class="woocommerce-Price-amount amount"><bdi><span class='
        f'"woocommerce-Price-currencySymbol">&#36;</span>{price}</bdi></span>'
    )
    links = (
        b'{"self":[{"href":"%s\\/products\\/%s","targetHints":{"allow":["GET","POST","PUT","PATCH",'
        b'"DELETE"]}}],"collection":[{"href":"%s\\/products"}],'
        b'"up":[{"href":"%s\\/products\\/%d"}]}' % (_API, number, _API, _API, parent_id)
    )
    special = {
        "name": of_parent["name"],
        "slug": of_parent["slug"],
        "type": b'"variation"',
        "parent_id": b"%d" % parent_id,
        "catalog_visibility": of_parent["catalog_visibility"],
        "price_html": dumps(html).encode(),
        "_links": links,
    }
    return joined(
        {name: special.get(name) or own.get(name) or _AS_PRODUCT[name] for name in of_parent}
    )


def edit_view(document: bytes, resource: str) -> bytes:
    """Return goods as an editor sees them (``context=edit``, and the answer to every write).

    Texts come raw, products show two members more, other resources look the same.
    """
    if resource == "variations":
        return document.replace(b'"tax_class":"",', b'"tax_class":"parent",', 1)
    if resource != "products":
        return document
    parts = members(document)
    links = parts.pop("_links")
    for name in ("description", "short_description"):
        parts[name] = _PARAGRAPH.sub(rb'"\1"', parts[name])
    if parts["average_rating"] == b'"0.00"':
        parts["average_rating"] = b'"0"'
    parts["permalink_template"] = b'"%s\\/product\\/%%pagename%%\\/"' % MARK.encode()
    parts["generated_slug"] = parts["slug"]
    return joined({**parts, "_links": links})


def rounded(document: bytes, decimals: int) -> bytes:
    """Return an order or refund with its money strings at another number of decimals (``dp``)."""
    value = json.loads(document)
    _round(value, decimals)
    return dumps(value).encode()


def _round(value: Any, decimals: int) -> None:
    if isinstance(value, list):
        for item in value:
            _round(item, decimals)
        return
    if not isinstance(value, dict):
        return
    for name, item in value.items():
        if name in _MONEY and isinstance(item, str) and item:
            value[name] = _at_decimals(item, decimals)
        elif name != "meta_data":
            _round(item, decimals)


def _at_decimals(text: str, decimals: int) -> str:
    quantum = Decimal(1).scaleb(-decimals)
    number = Decimal(text).quantize(quantum, ROUND_HALF_UP)
    if decimals >= 0:
        return f"{number:f}"
    return f"{Decimal(text).quantize(Decimal('0.1'), ROUND_HALF_UP):f}"


def without_meta(document: bytes, only: tuple[str, ...], never: tuple[str, ...]) -> bytes:
    """Return the record with some of its meta, as ``include_meta`` and ``exclude_meta`` ask."""
    parts = members(document)
    raw = parts.get("meta_data")
    if raw is None:
        return document
    kept = []
    for entry in msgspec.json.decode(raw, type=list[msgspec.Raw]):
        key = json.loads(members(bytes(entry))["key"])
        if (not only or key in only) and key not in never:
            kept.append(bytes(entry))
    return joined({**parts, "meta_data": b"[" + b",".join(kept) + b"]"})
