"""What a write does to the members of a record, resource by resource."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime
from typing import Any

from storetwin.sandboxes.woocommerce.generate.dice import dice
from storetwin.sandboxes.woocommerce.generate.orders import order_links
from storetwin.sandboxes.woocommerce.model.draft import Draft, merged_meta, sorted_meta
from storetwin.sandboxes.woocommerce.model.goods import priced_lines, retotal
from storetwin.sandboxes.woocommerce.model.hooks import TOPIC_HOOKS, Hook
from storetwin.sandboxes.woocommerce.model.records import Records
from storetwin.sandboxes.woocommerce.model.sales import price, set_window

Fields = dict[str, Any]
_MERGED = ("billing", "shipping", "dimensions")
_SORTED_META = ("orders", "refunds")
_PAID_STATUSES = ("processing", "completed")
_NO_MONEY = re.compile(r"[^\d.\-]")
_TERMS = ("categories", "tags", "brands", "shipping_classes", "terms")
_TEXTS = ("description", "short_description")
_PRINTABLE = "".join(map(chr, range(33, 127)))
_AMPERSAND = re.compile(r"&(?!\w+;|#\d+;)")
_TERM_LISTS = {"categories": "categories", "tags": "tags", "brands": "brands"}
_WINDOW = ("date_on_sale_from", "date_on_sale_to", "date_on_sale_from_gmt", "date_on_sale_to_gmt")
_PRICING = ("regular_price", "sale_price", *_WINDOW)
_READ_ONLY = frozenset(
    {"id", "date_created", "date_created_gmt", "date_modified", "date_modified_gmt", "_links",
     "permalink", "price", "on_sale", "related_ids", "variations", "total", "refunds", "number",
     "role", "username", "password", "line_items", "shipping_lines", "fee_lines", "coupon_lines",
     "tax_lines", "set_paid", "inventory_delta", "manual_update", *_WINDOW}
)  # fmt: skip


def apply_fields(store: Records, resource: str, draft: Draft, fields: Fields) -> None:
    """Write fields into a record. Unknown and read-only ones are ignored, as WooCommerce does."""
    for name, value in fields.items():
        if name == "meta_data":
            old = draft.get("meta_data") or []
            merged = merged_meta(old, value, store.new_meta_ids(value))
            draft["meta_data"] = sorted_meta(merged) if resource in _SORTED_META else merged
        elif name in _MERGED and isinstance(value, dict) and name in draft:
            draft[name] = {**draft[name], **{k: v for k, v in value.items() if k in draft[name]}}
        elif name in _TERM_LISTS and resource == "products":
            draft[name] = _short_terms(store, _TERM_LISTS[name], value)
        elif name == "settings" and isinstance(value, dict) and name in draft:
            draft[name] = _with_values(draft[name], value)
        elif name in draft and name not in _READ_ONLY:
            draft[name] = _shown(resource, name, value)
    after = _AFTER.get(resource)
    if after is not None:
        after(store, draft, fields)


def _shown(resource: str, name: str, value: Any) -> Any:
    """Return a value as it comes back: names of terms escaped, texts of goods in paragraphs."""
    if not isinstance(value, str):
        return value
    if resource in _TERMS and name == "name":
        return _AMPERSAND.sub("&amp;", value)
    if resource in ("products", "variations") and name in _TEXTS and value:
        return value if value.startswith("<") else f"<p>{value}</p>\n"
    return value


def _with_values(known: Any, given: Fields) -> Any:
    """Return the settings of a gateway or shipping method with new values in them."""
    if not isinstance(known, dict):
        return known
    return {
        name: {**entry, "value": given[name]} if name in given else entry
        for name, entry in known.items()
    }


def _short_terms(store: Records, resource: str, given: Any) -> list[Fields]:
    found = []
    for entry in given if isinstance(given, list) else []:
        document = store.tables[resource].document(int(entry.get("id", 0)))
        if document is not None:
            term = Draft(document)
            found.append({name: term[name] for name in ("id", "name", "slug")})
    return found


def _after_order(store: Records, draft: Draft, fields: Fields) -> None:
    for name in ("line_items", "shipping_lines", "fee_lines", "coupon_lines"):
        if name in fields:
            draft[name] = priced_lines(store, name, draft[name], fields[name])
    if any(name in fields for name in ("line_items", "shipping_lines", "fee_lines")):
        retotal(draft)
    if fields.get("set_paid") is True and draft["status"] in ("pending", "on-hold", "failed"):
        draft["status"] = "processing"
    status, now = draft["status"], store.now()
    if status in _PAID_STATUSES and not draft.has_moment("date_paid"):
        draft.set_moment("date_paid", now, store.site)
    if status == "completed" and not draft.has_moment("date_completed"):
        draft.set_moment("date_completed", now, store.site)
    draft["is_editable"] = status in ("pending", "on-hold", "auto-draft")
    draft["needs_payment"] = status in ("pending", "failed") and float(draft["total"]) > 0
    if "customer_id" in fields:
        draft.set_raw("_links", order_links(draft["id"], draft["customer_id"]).encode())


def _after_goods(store: Records, draft: Draft, fields: Fields) -> None:
    for name in ("regular_price", "sale_price"):
        if name in fields:
            draft[name] = _NO_MONEY.sub("", str(fields[name]))  # "12,50" is 1250 (measured)
    set_window(store, draft, fields)
    if any(name in fields for name in _PRICING):
        if _number(draft["sale_price"]) >= _number(draft["regular_price"]):
            draft["sale_price"] = ""
        price(store, draft)
    if "stock_quantity" in fields:
        given = fields["stock_quantity"] or 0
        draft["stock_quantity"] = given if draft["manage_stock"] is True else None
    elif "inventory_delta" in fields and draft["manage_stock"] is True:
        moved = int(draft["stock_quantity"] or 0) + _number(fields["inventory_delta"])
        draft["stock_quantity"] = int(moved)
    if draft["manage_stock"] is True and draft["stock_quantity"] is not None:
        enough = draft["stock_quantity"] > 0 or draft["backorders"] != "no"
        draft["stock_status"] = "instock" if enough else "outofstock"
    if "name" in draft and "type" in draft and not draft["name"] and draft["type"] != "variation":
        draft["name"] = "Product"


def _number(value: Any) -> float:
    """Return what PHP takes a text for in a sum: 0 where it is no number."""
    try:
        return float(value)
    except (TypeError, ValueError):
        return 0


def _after_tax(_: Records, draft: Draft, fields: Fields) -> None:
    if "rate" in fields:
        draft["rate"] = f"{float(fields['rate'] or 0):.4f}"


def _after_coupon(_: Records, draft: Draft, fields: Fields) -> None:
    draft["code"] = str(draft["code"]).lower()
    for name in ("amount", "minimum_amount", "maximum_amount"):
        if name in fields:
            draft[name] = f"{float(fields[name] or 0):.2f}"


def _after_gateway(_: Records, draft: Draft, fields: Fields) -> None:
    title = (fields.get("settings") or {}).get("title")
    if title is not None:
        draft["title"] = title


def _after_webhook(store: Records, draft: Draft, fields: Fields) -> None:
    number = draft["id"]
    is_new = number not in store.tables["webhooks"]
    if is_new:
        draft["status"] = "active"  # whatever was asked for (measured)
        draft["name"] = fields.get("name") or _webhook_name(store)
    hook = store.hooks.get(number)
    if hook is None and (is_new or fields.get("delivery_url") or fields.get("secret")):
        hook = store.hooks[number] = Hook(_secret(store, number))
    if hook is not None and fields.get("secret"):
        hook.secret = str(fields["secret"])
    if "topic" in fields:
        topic = str(fields["topic"])
        draft["resource"], draft["event"] = (topic.partition(".")[at] for at in (0, 2))
        draft["hooks"] = TOPIC_HOOKS.get(topic, [])


def _webhook_name(store: Records) -> str:
    now = datetime.fromisoformat(store.site.gmt(store.now()))
    return f"Webhook created on {now:%b %d, %Y @ %I:%M %p}"


def _secret(store: Records, number: int) -> str:
    """Return a secret that nobody was told."""
    draw = dice(store.seed, "secret", number).random
    return "".join(_PRINTABLE[int(draw() * len(_PRINTABLE))] for _ in range(50))


_AFTER: dict[str, Callable[[Records, Draft, Fields], None]] = {
    "orders": _after_order,
    "products": _after_goods,
    "variations": _after_goods,
    "taxes": _after_tax,
    "payment_gateways": _after_gateway,
    "zone_methods": _after_gateway,
    "webhooks": _after_webhook,
    "coupons": _after_coupon,
}
