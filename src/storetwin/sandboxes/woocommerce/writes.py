"""Creating, changing and deleting one record, with the errors of each resource."""

from __future__ import annotations

import html
import json
from dataclasses import dataclass
from typing import Any

from storetwin.sandboxes.woocommerce.answers import Answer, RestError
from storetwin.sandboxes.woocommerce.model.draft import Draft
from storetwin.sandboxes.woocommerce.model.store import Store
from storetwin.sandboxes.woocommerce.php_json import dumps, with_base
from storetwin.sandboxes.woocommerce.representation import edit_view
from storetwin.sandboxes.woocommerce.request import Request
from storetwin.sandboxes.woocommerce.setup_writes import check_setup
from storetwin.sandboxes.woocommerce.singles import (
    MISSING,
    answer_document,
    find_record,
    owner_in,
    record_document,
)

Fields = dict[str, Any]
_POST_TYPES = {
    "orders": "shop_order", "products": "product", "variations": "product_variation",
    "coupons": "shop_coupon", "refunds": "shop_order_refund",
}  # fmt: skip
_NO_TRASH = {
    "customers": "Customers do not support trashing.",
    "taxes": "Taxes do not support trashing.",
    "tax_classes": "Taxes do not support trashing.",
    "webhooks": "Webhooks do not support trashing.",
    "order_notes": "Webhooks do not support trashing.",
    "zones": "Shipping zones do not support trashing.",
    "zone_methods": "Shipping methods do not support trashing.",
    **dict.fromkeys(
        ("categories", "tags", "brands", "shipping_classes", "terms"),
        "Resource does not support trashing.",
    ),
}
_GONE_AT_ONCE = ("attributes", "refunds")
"""What is deleted for good even without ``force`` (measured)."""
_GATEWAYS = ("bacs", "cheque", "cod")
_WRONG_ROUTE = (
    "To manipulate product variations you should use the "
    "/products/<product_id>/variations/<id> endpoint."
)
_KEPT = (
    "status", "currency", "billing", "shipping", "meta_data", "line_items", "shipping_lines",
    "fee_lines", "coupon_lines",
)  # fmt: skip
"""What stays as it is when null is written into it (measured); other members are emptied."""
_UNDECLARED = ("inventory_delta", "meta_data", "status", "delivery_url")
"""What is written though no argument is declared: a webhook's URL is read-only by its schema."""


@dataclass(frozen=True, slots=True)
class Target:
    """What a write is about.

    Args:
        resource: the table.
        parameters: of the URL: ``id``, and ``order_id`` or another one above it.
    """

    resource: str
    parameters: dict[str, str]

    @property
    def owner(self) -> int:
        """The record it stands below, or 0."""
        return owner_in(self.parameters) or 0


def declared(given: Fields, arguments: Fields, specs: Fields) -> Fields:
    """Return what a write may use: checked declared members, and a few undeclared ones."""
    if not specs:
        return {name: value for name, value in given.items() if not name.startswith("oauth_")}
    found = {name: arguments[name] for name in given if name in arguments}
    found |= {name: given[name] for name in _UNDECLARED if name in given and name not in found}
    kept = [name for name in _KEPT if name in given and given[name] is None]
    return {name: value for name, value in found.items() if name not in kept}


def create(store: Store, target: Target, fields: Fields) -> int:
    """Create a record and return its id.

    Raises:
        RestError: something unique is taken, something needed is missing, or the record above
            it is gone.
    """
    resource = target.resource
    if "id" in fields and resource in ("orders", "products", "coupons", "customers"):
        kind = _POST_TYPES.get(resource, "resource")
        raise RestError(f"woocommerce_rest_{kind}_exists", f"Cannot create existing {kind}.", 400)
    _check_unique(store, resource, fields, None)
    if resource == "refunds":
        return _create_refund(store, target.owner, fields)
    _check_needed(store, target, fields)
    check_setup(store, resource, fields, None)
    if resource == "customers":
        fields = {"username": str(fields["email"]).partition("@")[0], **fields}
    owner = target.owner or int(fields.get("product_id") or 0)
    return store.create(resource, fields, owner)


def _check_needed(store: Store, target: Target, fields: Fields) -> None:
    resource = target.resource
    needed = {
        "customers": "email", "categories": "name", "tags": "name", "brands": "name",
        "terms": "name", "shipping_classes": "name", "attributes": "name", "coupons": "code",
        "tax_classes": "name",
    }.get(resource)  # fmt: skip
    if needed and not fields.get(needed):
        raise RestError(
            "rest_missing_callback_param", f"Missing parameter(s): {needed}", 400,
            data={"status": 400, "params": [needed]},
        )  # fmt: skip
    if resource == "variations" and target.owner not in store.tables["products"]:
        raise RestError("woocommerce_rest_invalid_product_id", "Invalid product ID.", 404)


def _check_unique(store: Store, resource: str, fields: Fields, own: int | None) -> None:
    if resource in ("products", "variations") and fields.get("sku"):
        taken = _holder(store, ("products", "variations"), "sku", str(fields["sku"]), own)
        if taken:
            raise RestError(
                "product_invalid_sku", "Invalid or duplicated SKU.", 400,
                data={"status": 400, "resource_id": taken, "unique_sku": f"{fields['sku']}-1"},
            )  # fmt: skip
    if resource == "customers" and fields.get("email"):
        email = str(fields["email"])
        if _holder(store, ("customers",), "email", email, own):
            if own is not None:
                code, text = "woocommerce_rest_customer_invalid_email", "Email address is invalid."
                raise RestError(code, text, 400)
            raise RestError(
                "registration-error-email-exists",
                f"An account is already registered with {email}. "
                "Please log in or use a different email address.", 400,
            )  # fmt: skip
    if resource == "coupons" and fields.get("code"):
        code = str(fields["code"]).lower()
        if _holder(store, ("coupons",), "code", code, own):
            text = "The coupon code already exists"
            raise RestError("woocommerce_rest_coupon_code_already_exists", text, 400)
    _check_term(store, resource, fields, own)


def _check_term(store: Store, resource: str, fields: Fields, own: int | None) -> None:
    if resource not in ("categories", "tags", "brands") or own is not None:
        return
    parent = None if resource == "tags" else int(fields.get("parent") or 0)
    taken = _holder(store, (resource,), "name", str(fields.get("name")), own, parent)
    if taken:
        where = "in this taxonomy" if parent is None else "with this parent"
        text = f"A term with the name provided already exists {where}."
        raise RestError("term_exists", text, 400, data={"status": 400, "resource_id": taken})


def _holder(
    store: Store, resources: tuple[str, ...], member: str, value: str, own: int | None,
    parent: int | None = None,
) -> int | None:  # fmt: skip
    """Return the id of another record in which a member has this value, below the same parent."""
    needle = f'"{member}":{dumps(value)},'.encode()
    above = b"" if parent is None else f'"parent":{parent},'.encode()
    for resource in resources:
        table = store.tables[resource]
        for number in table:
            if number == own:
                continue
            document = table.document(number)
            if document is not None and needle in document and above in document:
                return number
    return None


def _create_refund(store: Store, order: int, fields: Fields) -> int:
    if order not in store.tables["orders"]:
        raise _refund_refused("invalid_order_id", "Invalid order ID.", 404)
    try:
        amount = float(fields.get("amount") or 0)
    except ValueError:
        raise _refund_refused("cannot_create_order_refund", "Invalid refund amount.") from None
    if amount < 0:
        text = "Refund amount must be greater than zero."
        raise _refund_refused("invalid_order_refund", text, 400)
    if amount > store.refundable(order):
        raise _refund_refused("cannot_create_order_refund", "Invalid refund amount.")
    if str(fields.get("api_refund", True)).lower() not in ("false", "0", ""):
        raise _no_automatic_refund(store, order)
    return store.refund(order, f"{amount:.2f}", str(fields.get("reason") or ""))


def _refund_refused(code: str, message: str, data: int = 500) -> RestError:
    """Return the error of a refund: always a 500, with a number for its data (measured)."""
    return RestError(f"woocommerce_rest_{code}", message, 500, data=data)


def _no_automatic_refund(store: Store, order: int) -> RestError:
    """Money goes back by itself unless ``api_refund`` is false, and no gateway here can do it."""
    method = Draft(store.tables["orders"].document(order) or b"{}")["payment_method"]
    lack = "does not support automatic refunds" if method in _GATEWAYS else "does not exist"
    text = f"The payment gateway for this order {lack}."
    return _refund_refused("cannot_create_order_refund", text)


def update(store: Store, target: Target, fields: Fields) -> int:
    """Write fields into a record and return its id.

    Raises:
        RestError: there is no such record, or something unique is taken.
    """
    resource = target.resource
    number = find_record(store, resource, target.parameters, "PUT")
    if resource == "products" and number not in store.tables["products"]:
        raise RestError("woocommerce_rest_invalid_product_id", html.escape(_WRONG_ROUTE), 404)
    _check_unique(store, resource, fields, number)
    check_setup(store, resource, fields, number)
    store.edit(resource, number, fields)
    return number


def delete(store: Store, target: Target, *, force: bool) -> bytes:
    """Delete a record, or move it to the trash, and return what the answer shows.

    Raises:
        RestError: there is no such record, it is in the trash already (410), or the resource has
            no trash (501).
    """
    resource = target.resource
    number = find_record(store, resource, target.parameters, "DELETE")
    if resource == "products" and number not in store.tables["products"]:
        raise RestError("woocommerce_rest_invalid_product_id", html.escape(_WRONG_ROUTE), 404)
    before = record_document(store, resource, number)
    if resource == "zones" and number == 0 and force:
        return before  # the rest of the world stays, and nobody says so
    if force or resource in _GONE_AT_ONCE:
        store.delete(resource, number)
        if resource == "reviews":
            return b'{"deleted":true,"previous":' + _without_links(before) + b"}"
        return before
    if resource in _NO_TRASH:
        short = "" if resource in ("zones", "zone_methods") else "woocommerce_"
        raise RestError(f"{short}rest_trash_not_supported", _NO_TRASH[resource], 501)
    if store.status_of(resource, number) == "trash":
        raise _already_trashed(resource)
    store.trash(resource, number)
    return record_document(store, resource, number) if resource == "reviews" else before


def _already_trashed(resource: str) -> RestError:
    kind = _POST_TYPES.get(resource)
    text = (
        f"The {kind} has already been deleted." if kind else "The object has already been trashed."
    )
    return RestError("woocommerce_rest_already_trashed", text, 410)


def _without_links(document: bytes) -> bytes:
    draft = Draft(document)
    return dumps({name: draft[name] for name in draft.names() if name != "_links"}).encode()


def delete_tax_class(store: Store, slug: str, *, force: bool) -> bytes:
    """Delete a tax class by its slug.

    Raises:
        RestError: there is none, or ``force`` is missing.
    """
    if not force:
        text = _NO_TRASH["tax_classes"]
        raise RestError("woocommerce_rest_trash_not_supported", text, 501)
    for number in store.tables["tax_classes"]:
        if store.slug(number) == slug:
            before = store.tables["tax_classes"].document(number) or b"{}"
            store.delete("tax_classes", number)
            return before
    raise MISSING["tax_classes"].error()


def created_answer(store: Store, resource: str, number: int, request: Request) -> Answer:
    """Return 201 with the new record and its Location."""
    document = edit_view(record_document(store, resource, number), resource)
    answer = answer_document(document, request, status=201)
    where = json.loads(with_base(document, request.base))["_links"].get("self")
    if where:
        answer.headers.append(("Location", where[0]["href"]))
    return answer
