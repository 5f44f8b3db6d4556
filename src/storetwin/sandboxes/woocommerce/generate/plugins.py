"""Records of plugins: subscriptions, bookings, and goods in another language."""

from __future__ import annotations

from storetwin.sandboxes.woocommerce.generate.dice import dice
from storetwin.sandboxes.woocommerce.generate.orders import OrderFacts, OrderWriter
from storetwin.sandboxes.woocommerce.generate.plan import Plan
from storetwin.sandboxes.woocommerce.generate.small import Dated
from storetwin.sandboxes.woocommerce.members import joined, members
from storetwin.sandboxes.woocommerce.php_json import MARK, dumps
from storetwin.sandboxes.woocommerce.site_time import SiteTime

SUBSCRIPTION_STATUSES = ("active", "on-hold", "pending", "cancelled", "pending-cancel", "expired",
                         "switched", "trash")  # fmt: skip
BOOKING_STATUSES = ("paid", "confirmed", "complete", "unpaid", "pending-confirmation", "cancelled",
                    "trash")  # fmt: skip
LANGUAGE, OTHER_LANGUAGE = "en", "de"
_DAY = 86_400


def subscription(writer: OrderWriter, plan: Plan, row: Dated, customer: int, site: SiteTime) -> str:
    """Return a subscription: an order that comes again."""
    draw = dice(plan.seed, "subscription", row.id).random
    place = row.at % len(plan.orders.ids)
    facts = OrderFacts(row.id, place, "completed", row.created, row.modified, customer, [])
    parts = members(writer.order(facts).encode())
    ends = parts.pop("_links")
    period = ("month", "month", "year", "week")[int(draw() * 4)]
    following = f'"{site.gmt(row.modified + 30 * _DAY)}"' if row.status == "active" else '""'
    parent = plan.orders.ids[place]
    told = {
        "parent_id": str(parent), "status": f'"{row.status}"', "needs_payment": "false",
        "billing_period": f'"{period}"', "billing_interval": str(1 + int(draw() * 3)),
        "trial_period": '""', "suspension_count": "0", "requires_manual_renewal": "false",
        "start_date_gmt": f'"{site.gmt(row.created)}"', "trial_end_date_gmt": '""',
        "next_payment_date_gmt": following, "payment_retry_date_gmt": '""',
        "last_payment_date_gmt": f'"{site.gmt(row.modified)}"', "cancelled_date_gmt": '""',
        "end_date_gmt": '""', "resubscribed_from": '""', "resubscribed_subscription": '""',
        "removed_line_items": "[]",
    }  # fmt: skip
    ends = ends.replace(b"\\/orders", b"\\/subscriptions")
    encoded = {name: value.encode() for name, value in told.items()}
    return joined({**parts, **encoded, "_links": ends}).decode()


def booking(plan: Plan, row: Dated, customer: int) -> str:
    """Return a booking. Its dates are numbers: seconds since 1970."""
    draw = dice(plan.seed, "booking", row.id).random
    start = row.created + _DAY * int(1 + draw() * 60)
    order = plan.orders.ids[row.at % len(plan.orders.ids)]
    product = plan.catalogue.products[int(draw() * len(plan.catalogue.products))].id
    where = f"{MARK}/wp-json/wc-bookings/v1/bookings"
    return dumps(
        {
            "id": row.id, "all_day": draw() < 0.3, "cost": f"{draw() * 200:.2f}",
            "customer_id": customer, "date_created": row.created, "date_modified": row.modified,
            "end": start + 3600 * int(1 + draw() * 8), "google_calendar_event_id": "0",
            "order_id": order, "order_item_id": 0, "parent_id": 0,
            "person_counts": {} if draw() < 0.5 else {"0": 1 + int(draw() * 4)},
            "product_id": product, "resource_id": 0, "start": start, "status": row.status,
            "local_timezone": "", "meta_data": [],
            "_links": {
                "self": [{"href": f"{where}/{row.id}"}], "collection": [{"href": where}],
            },
        }
    )  # fmt: skip


def translated(document: bytes, number: int) -> bytes:
    """Return a product or a term in the other language, under an id of its own."""
    parts = members(document)
    old = parts["id"]
    parts["id"] = str(number).encode()
    for name, ending in (("name", f" ({OTHER_LANGUAGE})"), ("slug", f"-{OTHER_LANGUAGE}")):
        parts[name] = parts[name][:-1] + ending.encode() + b'"'
    if "permalink" in parts:
        parts["permalink"] = parts["permalink"].replace(
            b"\\/product\\/", f"\\/{OTHER_LANGUAGE}\\/product\\/".encode(), 1
        )
    parts["_links"] = parts["_links"].replace(b"\\/" + old + b'"', b"\\/" + parts["id"] + b'"')
    return joined(parts)


def in_language(document: bytes, language: str, translations: dict[str, int]) -> bytes:
    """Return a record with what Polylang adds: its language, and its ids in every language."""
    parts = members(document)
    ends = parts.pop("_links")
    parts["lang"] = dumps(language).encode()
    parts["translations"] = dumps(translations).encode()
    return joined({**parts, "_links": ends})
