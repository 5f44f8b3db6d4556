"""The resources with few records: terms, attributes, taxes, coupons, reviews, customers.

Each function returns the members of one record in WooCommerce's order, ready for ``php_json``.
"""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from storetwin.sandboxes.woocommerce.generate.catalogue import Product
from storetwin.sandboxes.woocommerce.generate.dice import dice
from storetwin.sandboxes.woocommerce.generate.plan import NOW, START
from storetwin.sandboxes.woocommerce.generate.taxes import TaxRate
from storetwin.sandboxes.woocommerce.generate.terms import Attribute, Term
from storetwin.sandboxes.woocommerce.generate.words import (
    CITIES,
    COUNTRIES,
    FIRST_NAMES,
    LAST_NAMES,
    POSTCODES,
)
from storetwin.sandboxes.woocommerce.php_json import MARK
from storetwin.sandboxes.woocommerce.site_time import NEVER, SiteTime

Document = dict[str, Any]
API = MARK + "/wp-json/wc/v3"
ALLOW_ALL = {"allow": ["GET", "POST", "PUT", "PATCH", "DELETE"]}
ROLES = ("customer", "shop_manager", "editor", "subscriber", "administrator")
REVIEW_STATUSES = ("approved", "hold", "spam", "trash")
COUPON_STATUSES = ("publish", "draft", "pending", "private", "trash")


def links(collection: str, key: object, *, up: str | None = None) -> Document:
    """Return ``_links`` of a record: itself, its list, and what it belongs to."""
    found: Document = {
        "self": [{"href": f"{API}/{collection}/{key}", "targetHints": ALLOW_ALL}],
        "collection": [{"href": f"{API}/{collection}"}],
    }
    if up is not None:
        found["up"] = [{"href": f"{API}/{up}"}]
    return found


def category(term: Term, collection: str = "products/categories") -> Document:
    """Return a category or a brand."""
    up = f"{collection}/{term.parent}" if term.parent else None
    return {
        "id": term.id, "name": term.name, "slug": term.slug, "parent": term.parent,
        "description": term.description, "display": "default", "image": None, "menu_order": 0,
        "count": term.count, "_links": links(collection, term.id, up=up),
    }  # fmt: skip


def tag(term: Term, collection: str = "products/tags") -> Document:
    """Return a tag or a shipping class."""
    return {
        "id": term.id, "name": term.name, "slug": term.slug, "description": term.description,
        "count": term.count, "_links": links(collection, term.id),
    }  # fmt: skip


def attribute_term(term: Term, attribute_id: int) -> Document:
    """Return a term of an attribute."""
    return {
        "id": term.id, "name": term.name, "slug": term.slug, "description": term.description,
        "menu_order": 0, "count": term.count,
        "_links": links(f"products/attributes/{attribute_id}/terms", term.id),
    }  # fmt: skip


def attribute(item: Attribute) -> Document:
    """Return a product attribute."""
    return {
        "id": item.id, "name": item.name, "slug": item.slug, "type": "select",
        "order_by": "menu_order", "has_archives": item.has_archives,
        "_links": links("products/attributes", item.id),
    }  # fmt: skip


def tax(rate: TaxRate) -> Document:
    """Return a tax rate."""
    return {
        "id": rate.id, "country": rate.country, "state": rate.state,
        "postcode": rate.postcodes[-1] if rate.postcodes else "", "city": "",
        "rate": f"{rate.percent:.4f}", "name": rate.label, "priority": 1, "compound": False,
        "shipping": True, "order": rate.id - 1, "class": rate.tax_class,
        "postcodes": list(rate.postcodes), "cities": [], "_links": links("taxes", rate.id),
    }  # fmt: skip


def tax_class(slug: str, name: str) -> Document:
    """Return a tax class, which has no id."""
    return {
        "slug": slug, "name": name,
        "_links": {"collection": [{"href": f"{API}/taxes/classes"}]},
    }  # fmt: skip


@dataclass(frozen=True, slots=True)
class Dated:
    """What the columns say of a record: id, place, status, and epoch seconds."""

    id: int
    at: int
    status: str
    created: int
    modified: int


def dates(site: SiteTime, name: str, moment: int) -> Document:
    """Return a date and its GMT twin."""
    if moment == NEVER:
        return {name: None, f"{name}_gmt": None}
    return {name: site.local(moment), f"{name}_gmt": site.gmt(moment)}


def coupon(seed: int, row: Dated, site: SiteTime, product_ids: list[int]) -> Document:
    """Return a coupon."""
    draw = dice(seed, "coupon", row.id).random
    expires = START + int(draw() * (NOW - START)) if draw() < 0.5 else NEVER
    odd = row.at == 0
    code = 'äöü 10% &amp; "off"' if odd else f"code-alpha-{row.at}"
    nested = {"a": 1, "b": {"c": [1, 2, 3], "d": None, "e": True}}
    return {
        "id": row.id, "code": code, "amount": f"{draw() * 20:.2f}", "status": row.status,
        **dates(site, "date_created", row.created), **dates(site, "date_modified", row.modified),
        "discount_type": ("percent", "fixed_cart", "fixed_product")[int(draw() * 3)],
        "description": "x" if odd else "", **dates(site, "date_expires", expires),
        "usage_count": int(draw() * 5), "individual_use": odd,
        "product_ids": product_ids if odd else [], "excluded_product_ids": [],
        "usage_limit": int(draw() * 50) if draw() < 0.5 else None, "usage_limit_per_user": None,
        "limit_usage_to_x_items": None, "free_shipping": False, "product_categories": [],
        "excluded_product_categories": [], "exclude_sale_items": False, "minimum_amount": "0.00",
        "maximum_amount": "0.00",
        "email_restrictions": ["*@example.test", "a@b.test"] if odd else [], "used_by": [],
        "meta_data": [{"id": row.id * 12, "key": "_odd_nested", "value": nested}] if odd else [],
        "_links": links("coupons", row.id),
    }  # fmt: skip


def review(seed: int, row: Dated, site: SiteTime, product: Product) -> Document:
    """Return a review of a product."""
    draw = dice(seed, "review", row.id).random
    email = f"rev{row.at}@example.test"
    picture = _gravatar(email)
    name = f"{_pick(FIRST_NAMES, draw())} {_pick(LAST_NAMES, draw())}"
    shown = (
        product.name.replace(' "', " &#8220;").replace('" ', "&#8221; ").replace(" & ", " &#038; ")
    )
    return {
        "id": row.id, **dates(site, "date_created", row.created), "product_id": product.id,
        "product_name": shown, "product_permalink": f"{MARK}/product/{product.slug}/",
        "status": row.status, "reviewer": name, "reviewer_email": email,
        "review": ("<p>Great!</p>\n", "<p>Nicht gut 😡</p>\n")[draw() < 0.3],
        "rating": 1 + int(draw() * 5), "verified": draw() < 0.5,
        "reviewer_avatar_urls": {
            str(size): f"{picture}?s={size}&d=mm&r=g" for size in (24, 48, 96)
        },
        "_links": links("products/reviews", row.id, up=f"products/{product.id}"),
    }  # fmt: skip


def customer(seed: int, row: Dated, site: SiteTime) -> Document:
    """Return a customer; ``row.status`` is the role."""
    draw = dice(seed, "customer", row.id).random
    email = f"cust{row.at}{'+tag' if row.at % 50 == 0 else ''}@example.test"
    empty = draw() < 0.3
    first, last = ("", "") if empty else (_pick(FIRST_NAMES, draw()), _pick(LAST_NAMES, draw()))
    address = {
        "first_name": first, "last_name": last, "company": "",
        "address_1": "" if empty else f"{int(draw() * 900)} Copper St", "address_2": "",
        "city": "" if empty else _pick(CITIES, draw()),
        "postcode": "" if empty else _pick(POSTCODES, draw()),
        "country": "" if empty else _pick(COUNTRIES, draw()), "state": "",
    }  # fmt: skip
    billing = {
        **address, "email": "" if empty else f"bill{row.id}@example.test",
        "phone": "" if empty else "+1 212 555 0001",
    }  # fmt: skip
    shipping = {**(address if draw() < 0.5 else dict.fromkeys(address, "")), "phone": ""}
    meta = [{"id": row.id * 20, "key": "bb", "value": "9"}] if draw() < 0.2 else []
    return {
        "id": row.id, **dates(site, "date_created", row.created),
        **dates(site, "date_modified", row.modified), "email": email, "first_name": first,
        "last_name": last, "role": row.status, "username": f"cust{row.at}", "billing": billing,
        "shipping": shipping, "is_paying_customer": draw() < 0.4,
        "avatar_url": f"{_gravatar(email)}?s=96&d=mm&r=g", "meta_data": meta,
        "_links": links("customers", row.id),
    }  # fmt: skip


def _gravatar(email: str) -> str:
    return f"https://secure.gravatar.com/avatar/{sha256(email.encode()).hexdigest()}"


def _pick(choices: tuple[str, ...], chance: float) -> str:
    return choices[int(chance * len(choices))]
