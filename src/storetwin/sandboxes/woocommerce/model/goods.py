"""The lines of orders that are written through the API: what they cost and what they move."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from storetwin.sandboxes.woocommerce.model.draft import Draft, merged_meta
from storetwin.sandboxes.woocommerce.model.records import Records

Line = dict[str, Any]


def priced_lines(store: Records, kind: str, old: list[Line], given: Any) -> list[Line]:
    """Return the lines of an order after a write: changed by id, removed by null, added."""
    found = [dict(line) for line in old]
    for entry in given if isinstance(given, list) else []:
        place = next((at for at, line in enumerate(found) if line["id"] == entry.get("id")), None)
        if place is None:
            found.append(_NEW[kind](store, entry))
        elif _is_removal(entry):
            found.pop(place)
        else:
            found[place] = _changed(store, found[place], entry)
    return found


def _is_removal(entry: Line) -> bool:
    return entry.get("quantity") == 0 or (
        "product_id" in entry and entry["product_id"] is None
    ) or ("method_id" in entry and entry["method_id"] is None)  # fmt: skip


def _changed(store: Records, line: Line, entry: Line) -> Line:
    changed = {
        **line,
        **{k: v for k, v in entry.items() if k in line and k not in ("id", "meta_data")},
    }
    if "quantity" in entry and "total" not in entry and "price" in line:
        total = Decimal(str(line["price"])) * int(entry["quantity"])
        changed["total"] = changed["subtotal"] = f"{total:.2f}"
    if "meta_data" in entry:
        meta = merged_meta(
            line["meta_data"], entry["meta_data"], store.new_meta_ids(entry["meta_data"])
        )
        changed["meta_data"] = [_displayed(item) for item in meta]
    return changed


def _displayed(entry: Line) -> Line:
    return (
        {"display_key": entry["key"], "display_value": entry["value"], **entry}
        if ("display_key" in entry)
        else {**entry, "display_key": entry["key"], "display_value": entry["value"]}
    )


def _meta(store: Records, entry: Line) -> list[Line]:
    given = entry.get("meta_data") or []
    return [_displayed(item) for item in merged_meta([], given, store.new_meta_ids(given))]


def _product_line(store: Records, entry: Line) -> Line:
    product_id, variation_id = (
        int(entry.get("product_id") or 0),
        int(entry.get("variation_id") or 0),
    )
    quantity = int(entry.get("quantity") or 1)
    resource = "variations" if variation_id else "products"
    document = store.tables[resource].document(variation_id or product_id)
    sold = None if document is None else Draft(document)
    price = Decimal(str((sold["price"] if sold else "0") or "0"))
    total = str(entry.get("total") or f"{price * quantity:.2f}")
    number = Decimal(total) / quantity
    name = entry.get("name") or (sold["name"] if sold else "Product")
    return {
        "id": store.new_item_id(), "name": name, "product_id": product_id,
        "variation_id": variation_id, "quantity": quantity, "tax_class": "",
        "subtotal": str(entry.get("subtotal") or total), "subtotal_tax": "0.00", "total": total,
        "total_tax": "0.00", "taxes": [], "meta_data": _meta(store, entry),
        "sku": sold["sku"] if sold else None, "global_unique_id": "", "price": float(number),
        "image": {"id": 0 if variation_id else "", "src": ""}, "parent_name": None,
    }  # fmt: skip


def _shipping_line(store: Records, entry: Line) -> Line:
    return {
        "id": store.new_item_id(), "method_title": entry.get("method_title", ""),
        "method_id": entry.get("method_id", ""), "instance_id": str(entry.get("instance_id", "")),
        "total": f"{Decimal(str(entry.get('total') or 0)):.2f}", "total_tax": "0.00", "taxes": [],
        "tax_status": "taxable", "meta_data": _meta(store, entry),
    }  # fmt: skip


def _fee_line(store: Records, entry: Line) -> Line:
    total = f"{Decimal(str(entry.get('total') or 0)):.2f}"
    return {
        "id": store.new_item_id(), "name": entry.get("name", "Fee"), "tax_class": "",
        "tax_status": "taxable", "amount": total, "total": total, "total_tax": "0.00", "taxes": [],
        "meta_data": _meta(store, entry),
    }  # fmt: skip


def _coupon_line(store: Records, entry: Line) -> Line:
    return {
        "id": store.new_item_id(), "code": entry.get("code", ""), "discount": "0.00",
        "discount_tax": "0", "meta_data": _meta(store, entry), "discount_type": "percent",
        "nominal_amount": 10, "free_shipping": False,
    }  # fmt: skip


_NEW = {
    "line_items": _product_line,
    "shipping_lines": _shipping_line,
    "fee_lines": _fee_line,
    "coupon_lines": _coupon_line,
}


def retotal(draft: Draft) -> None:
    """Add an order up again after its lines changed."""
    lines = [*draft["line_items"], *draft["shipping_lines"], *draft["fee_lines"]]
    total = sum((Decimal(line["total"]) for line in lines), Decimal(0))
    tax = sum((Decimal(line["total_tax"]) for line in lines), Decimal(0))
    shipping = sum((Decimal(line["total"]) for line in draft["shipping_lines"]), Decimal(0))
    draft["shipping_total"] = f"{shipping:.2f}"
    draft["total_tax"] = f"{tax:.2f}"
    draft["total"] = f"{total + tax:.2f}"
    draft["needs_processing"] = bool(draft["line_items"])
