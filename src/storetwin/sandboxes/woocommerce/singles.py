"""Answering one record."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from storetwin.sandboxes.woocommerce.answers import Answer, RestError
from storetwin.sandboxes.woocommerce.hostile import is_unencodable, with_blank_meta
from storetwin.sandboxes.woocommerce.lists import View
from storetwin.sandboxes.woocommerce.members import picked
from storetwin.sandboxes.woocommerce.model.store import Store
from storetwin.sandboxes.woocommerce.php_json import with_base
from storetwin.sandboxes.woocommerce.representation import (
    Shape,
    shaped,
    variation_as_product,
)
from storetwin.sandboxes.woocommerce.request import Request


@dataclass(frozen=True, slots=True)
class Missing:
    """How a resource says that it has no such record.

    Args:
        code, message: of the error.
        shows_allow: whether the answer has an Allow header.
        status: of a GET or DELETE.
        edit_status: of a PUT.
    """

    code: str
    message: str = "Invalid ID."
    shows_allow: bool = True
    status: int = 404
    edit_status: int = 404

    def error(self, verb: str = "GET") -> RestError:
        """Return the error for a method."""
        status = self.edit_status if verb in ("PUT", "POST", "PATCH") else self.status
        return RestError(self.code, self.message, status, shows_allow=self.shows_allow)


_TERM = Missing("woocommerce_rest_term_invalid", "Resource does not exist.", False)
MISSING: dict[str, Missing] = {
    "orders": Missing("woocommerce_rest_shop_order_invalid_id", edit_status=400),
    "products": Missing("woocommerce_rest_product_invalid_id", edit_status=400),
    "variations": Missing(
        "woocommerce_rest_product_variation_invalid_id", shows_allow=False, edit_status=400
    ),
    "coupons": Missing("woocommerce_rest_shop_coupon_invalid_id", edit_status=400),
    "customers": Missing("wc_user_invalid_id", "Invalid user ID.", False),
    "categories": _TERM,
    "tags": _TERM,
    "brands": _TERM,
    "shipping_classes": _TERM,
    "terms": _TERM,
    "attributes": Missing("woocommerce_rest_taxonomy_invalid", "Resource does not exist.", False),
    "reviews": Missing("woocommerce_rest_review_invalid_id", "Invalid review ID.", False),
    "taxes": Missing("woocommerce_rest_invalid_id", "Invalid resource ID."),
    "tax_classes": Missing("woocommerce_rest_tax_class_invalid_slug", "Invalid slug."),
    "webhooks": Missing(
        "woocommerce_rest_shop_webhook_invalid_id", "ID is invalid.", edit_status=400
    ),
    "refunds": Missing("woocommerce_rest_shop_order_refund_invalid_id"),
    "subscriptions": Missing("woocommerce_rest_shop_subscription_invalid_id", edit_status=400),
    "bookings": Missing("woocommerce_rest_wc_booking_invalid_id", edit_status=400),
    "order_notes": Missing("woocommerce_rest_invalid_id", "Invalid resource ID."),
    "zones": Missing("woocommerce_rest_shipping_zone_invalid", "Resource does not exist."),
    "zone_methods": Missing(
        "woocommerce_rest_shipping_zone_method_invalid", "Resource does not exist."
    ),
}


_OWNERS = ("order_id", "product_id", "attribute_id", "zone_id")


def owner_in(found: Mapping[str, str]) -> int | None:
    """Return the record that the URL names above another, if it names one."""
    return next((int(found[name]) for name in _OWNERS if name in found), None)


def find_record(store: Store, resource: str, found: dict[str, str], verb: str = "GET") -> int:
    """Return the id that a single route names.

    Raises:
        RestError: there is no such record, or it belongs to another one.
    """
    table = store.tables[resource]
    number = int(found.get("instance_id") or found["id"])
    at = table.position(number)
    owner = owner_in(found)
    if at is None or number in table.unloadable:
        if resource == "variations" or not (
            resource == "products" and _is_variation(store, number)
        ):
            raise MISSING[resource].error(verb)
    elif owner is not None and table.owner[at] != owner:
        raise _elsewhere(resource, verb)
    return number


def _is_variation(store: Store, number: int) -> bool:
    return number in store.tables["variations"]


def _elsewhere(resource: str, verb: str) -> RestError:
    """A record asked for below another than its own: for refunds a 500 whose data is a number."""
    if resource == "refunds":
        text = "Invalid order refund ID."
        return RestError("woocommerce_rest_invalid_order_refund_id", text, 500, data=404)
    return MISSING[resource].error(verb)


def record_document(store: Store, resource: str, number: int) -> bytes:
    """Return a record in the shape of its single route, with the mark of the base URL."""
    document = store.tables[resource].document(number)
    if resource == "products" and document is None:
        table = store.tables["variations"]
        parent = table.owner[table.position(number) or 0]
        like = store.tables["products"].document(parent) or store.filled.moulds["products"][0]
        return variation_as_product(table.document(number) or b"{}", like, parent)
    assert document is not None, f"{resource} {number} was found and is gone"
    return shaped(document, Shape.ORDER_REFUND) if resource == "refunds" else document


def answer_document(
    document: bytes, request: Request, arguments: dict[str, Any] | None = None, status: int = 200
) -> Answer:
    """Return one record as an answer; ``_links`` stay whatever ``_fields`` asks for."""
    if is_unencodable(document):
        document = with_blank_meta(document)
    view = View.of(arguments or {})
    if view is not None:
        document = view.apply(document)
    names = request.fields()
    if names:
        document = picked(document, names, keep=("_links",))
    return Answer(status, with_base(document, request.base), records=1)
