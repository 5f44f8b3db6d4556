"""Answering one record, and lists that come whole whatever page is asked for."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from storetwin.sandboxes.woocommerce.answers import Answer, RestError
from storetwin.sandboxes.woocommerce.fixed import fixed_answers
from storetwin.sandboxes.woocommerce.generate.words import ODD_META, WORDS
from storetwin.sandboxes.woocommerce.hostile import is_unencodable, with_blank_meta
from storetwin.sandboxes.woocommerce.lists import View
from storetwin.sandboxes.woocommerce.members import members, picked
from storetwin.sandboxes.woocommerce.model.store import Store
from storetwin.sandboxes.woocommerce.php_json import MARK, dumps, with_base
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
    "webhooks": Missing("woocommerce_rest_shop_webhook_invalid_id", "ID is invalid."),
    "refunds": Missing("woocommerce_rest_shop_order_refund_invalid_id"),
}


def find_record(store: Store, resource: str, found: dict[str, str], verb: str = "GET") -> int:
    """Return the id that a single route names.

    Raises:
        RestError: there is no such record, or it belongs to another one.
    """
    table = store.tables[resource]
    number = int(found["id"])
    at = table.position(number)
    owner = found.get("order") or found.get("product") or found.get("attribute")
    if at is None or number in table.unloadable:
        if resource == "variations" or not (
            resource == "products" and _is_variation(store, number)
        ):
            raise MISSING[resource].error(verb)
    elif owner is not None and table.owner[at] != int(owner):
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
        variation = store.tables["variations"].document(number) or b"{}"
        parent = int(members(variation)["parent_id"])
        like = store.tables["products"].document(parent)
        return variation_as_product(variation, like or b"{}")
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


def whole_list(store: Store, resource: str, request: Request) -> Answer:
    """Return all records of a list that ignores paging, with totals."""
    table = store.tables[resource]
    found = [table.document(number) or b"{}" for number in table]
    if resource == "attributes":
        found.sort(key=lambda document: json.loads(members(document)["name"]).lower())
    names = request.fields()
    if names:
        found = [picked(document, names) for document in found]
    body = with_base(b"[" + b",".join(found) + b"]", request.base)
    return Answer(200, body, total=len(found), pages=min(1, len(found)), records=len(found))


def fixed_answer(path: str, request: Request) -> Answer:
    """Return an answer that does not depend on the data."""
    found = fixed_answers()["answers"][path]
    body = with_base(found["body"].encode(), request.base)
    names = request.fields()
    if names and body.startswith(b"{"):
        body = picked(body, names, keep=("_links",))
    total = found["total"]
    return Answer(200, body, total=total, pages=None if total is None else 1)


def system_status(store: Store, request: Request) -> Answer:
    """Return the status report, with the counts of this store."""
    text = fixed_answers()["answers"]["system_status"]["body"]
    parts = members(text.encode())
    parts["environment"] = _environment(store, parts["environment"])
    parts["post_type_counts"] = dumps(store.post_type_counts()).encode()
    names = request.fields()
    if names:
        parts = {name: value for name, value in parts.items() if name in _first(names)}
    body = b"{" + b",".join(b'"%s":%s' % (k.encode(), v) for k, v in parts.items()) + b"}"
    return Answer(200, with_base(body, request.base))


def _environment(store: Store, recorded: bytes) -> bytes:
    """Return what the store says of itself: who it is, and where it thinks that it is."""
    found = {**json.loads(recorded), "store_id": store.store_id}
    if store.home_url is not None:
        found["home_url"] = found["site_url"] = store.home_url
    return dumps(found).encode()


def _first(names: tuple[str, ...]) -> set[str]:
    return {name.partition(".")[0] for name in names}


def order_totals(store: Store) -> Answer:
    """Return how many orders have each registered status."""
    statuses = json.loads(fixed_answers()["answers"]["orders/statuses"]["body"])
    orders = store.tables["orders"]
    rows = [
        {**status, "total": orders.status.count(orders.statuses.index(status["slug"]))}
        for status in statuses
    ]
    return Answer(200, dumps(rows).encode())


def order_notes(store: Store, order: str, request: Request) -> Answer:
    """Return the notes of an order: one of the system's own, or none.

    Raises:
        RestError: 404, the order is gone.
    """
    number = int(order)
    at = store.tables["orders"].position(number)
    if at is None:
        raise RestError("woocommerce_rest_shop_order_invalid_id", "Invalid order ID.", 404)
    moment = store.tables["orders"].created[at]
    status = store.tables["orders"].status_of(number)
    api = f"{MARK}/wp-json/wc/v3/orders/{number}"
    note = {
        "id": number + 10_000_000, "author": "WooCommerce", "date_created": store.site.local(moment),
        "date_created_gmt": store.site.gmt(moment),
        "note": f"Order status changed from Pending payment to {status}.", "customer_note": False,
        "_links": {
            "self": [{"href": f"{api}/notes/{number + 10_000_000}",
                      "targetHints": {"allow": ["GET", "DELETE"]}}],
            "collection": [{"href": f"{api}/notes"}], "up": [{"href": api}],
        },
    }  # fmt: skip
    notes = [] if status in ("pending", "auto-draft") else [note]
    return Answer(200, with_base(dumps(notes).encode(), request.base))


def custom_field_names(page: int, per_page: int) -> Answer:
    """Return the names of products' custom fields.

    ``_fields`` kills it, as rows are strings (measured).
    """
    plain = [json.loads(f'"{key}"') for key, _ in ODD_META if not key.startswith("_")]
    names = sorted([*plain, *(f"custom_{word}" for word in WORDS[:22])])
    shown = names[(page - 1) * per_page : page * per_page]
    pages = -(-len(names) // per_page)
    return Answer(200, dumps(shown).encode(), total=len(names), pages=pages)
