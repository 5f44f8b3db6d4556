"""Orders and refunds written out as JSON, exactly as a WooCommerce 10.5 writes them.

This is the hot path: text is put together from pieces that are encoded once.
"""

from __future__ import annotations

from dataclasses import dataclass

from storetwin.sandboxes.woocommerce.generate.dice import dice
from storetwin.sandboxes.woocommerce.generate.lines import (
    Amounts,
    Draw,
    add_extras,
    cents,
    coupon_line_json,
    fee_line_json,
    line_json,
    lines_of,
    shipping_line_json,
    tax_line_json,
)
from storetwin.sandboxes.woocommerce.generate.plan import NOW, Plan
from storetwin.sandboxes.woocommerce.generate.words import (
    CITIES,
    COMPANIES,
    COUNTRIES,
    CREATED_VIA,
    CUSTOMER_NOTES,
    FIRST_NAMES,
    LAST_NAMES,
    ODD_META,
    PAYMENTS,
    POSTCODES,
    REFUND_REASONS,
    STATES,
    WORDS,
)
from storetwin.sandboxes.woocommerce.php_json import MARK, dumps, php_float
from storetwin.sandboxes.woocommerce.site_time import NEVER, SiteTime

FIRST = [dumps(name) for name in FIRST_NAMES]
LAST = [dumps(name) for name in LAST_NAMES]
_CITIES = [dumps(name) for name in CITIES]
_COMPANIES = [dumps(name) for name in COMPANIES]
_STREETS = [word.capitalize() for word in WORDS]
_NOTES = [dumps(note) for note in CUSTOMER_NOTES]
_REASONS = [dumps(reason) for reason in REFUND_REASONS]
# A serialized text that was cut off comes back as false (measured on orders).
_ODD_META = (*ODD_META, ("_odd_broken_serial", "false"))
_SOURCES = ("utm", "organic", "typein", "referral")
_PAID = frozenset({"processing", "completed", "refunded", "shipped", "trash"})
_EDITABLE = frozenset({"pending", "on-hold", "auto-draft"})
_ALPHABET = "abcdefghijkmnopqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ0123456789"
_NO_ADDRESS = (
    '"first_name":"","last_name":"","company":"","address_1":"","address_2":"","city":"",'
    '"state":"","postcode":"","country":""'
)
ALLOW_ALL = '"targetHints":{"allow":["GET","POST","PUT","PATCH","DELETE"]}'
API = MARK + r"\/wp-json\/wc\/v3"


@dataclass(slots=True)
class OrderFacts:
    """What the columns of an order say, and the refunds that hang on it.

    Args:
        at: its place among the generated orders.
        created, modified: epoch seconds, or NEVER.
        refund_ids: its refunds that still exist.
    """

    id: int
    at: int
    status: str
    created: int
    modified: int
    customer_id: int
    refund_ids: list[int]


@dataclass(slots=True)
class RefundFacts:
    """What the columns of a refund say. ``nth`` counts the refunds of one order from 0."""

    id: int
    order_id: int
    order_at: int
    nth: int
    created: int


def order_links(order_id: int, customer_id: int) -> str:
    """Return the value of ``_links`` of an order."""
    here = f"{API}\\/orders\\/{order_id}"
    customer = (
        f',"customer":[{{"href":"{API}\\/customers\\/{customer_id}"}}]' if customer_id else ""
    )
    return (
        f'{{"self":[{{"href":"{here}",{ALLOW_ALL}}}],"collection":[{{"href":"{API}\\/orders"}}],'
        f'"email_templates":[{{"embeddable":true,"href":"{here}\\/actions\\/email_templates"}}]'
        f"{customer}}}"
    )


class OrderWriter:
    """Writes the orders and refunds of one plan.

    Args:
        plan: the store's plan.
        site: its clock; may be exchanged.
    """

    def __init__(self, plan: Plan, site: SiteTime) -> None:
        self._plan = plan
        self.site = site
        self.gone: set[int] = set()
        """Products and variations deleted for good: lines that name them show 0 and null."""

    def loses_with(self, order_id: int, at: int, sold: set[int]) -> bool:
        """Say whether a generated order shows a line of these that is not without product yet."""
        pairs = (
            {line.sold.product_id, line.sold.variation_id}
            for line in lines_of(self._plan, order_id, at).lines
        )
        return any(pair & sold and not pair & self.gone for pair in pairs)

    def order(self, facts: OrderFacts) -> str:
        """Return the JSON of one order as its list and its own route show it."""
        random = dice(self._plan.seed, "order", facts.id)
        draw = random.random
        amounts = lines_of(self._plan, facts.id, facts.at)
        if facts.status == "auto-draft":
            amounts = Amounts([], None, amounts.items, amounts.metas)
        add_extras(amounts, draw)
        paid = facts.created + 60 + int(draw() * 600) if facts.status in _PAID else NEVER
        done = NEVER
        if facts.status in ("completed", "trash"):
            done = min(NOW - 1, paid + int(draw() * 86_400 * 5))
        key = "".join([_ALPHABET[int(draw() * 58)] for _ in range(13)])
        paid_text, done_text = self.site.pair(paid), self.site.pair(done)
        return (
            self._head(facts, amounts, key)
            + _parties(draw, facts)
            + _payment(draw, facts, (done_text[0], paid_text[0]))
            + f'"meta_data":[{_order_meta(draw, amounts.metas + 40, facts)}],'
            + self._items(facts, amounts, draw)
            + self._tail(facts, amounts, key, (done_text[1], paid_text[1]))
        )

    def _head(self, facts: OrderFacts, amounts: Amounts, key: str) -> str:
        created, modified = self.site.pair(facts.created)[0], self.site.pair(facts.modified)[0]
        tax = amounts.cart_tax + amounts.shipping_tax
        return (
            f'{{"id":{facts.id},"parent_id":0,"status":"{facts.status}","currency":"USD",'
            f'"version":"10.5.0","prices_include_tax":false,"date_created":{created},'
            f'"date_modified":{modified},"discount_total":"{cents(amounts.coupon)}",'
            f'"discount_tax":"0.00","shipping_total":"{cents(max(0, amounts.shipping))}",'
            f'"shipping_tax":"{cents(amounts.shipping_tax)}",'
            f'"cart_tax":"{cents(amounts.cart_tax)}",'
            f'"total":"{cents(amounts.total)}","total_tax":"{cents(tax)}",'
            f'"customer_id":{facts.customer_id},"order_key":"wc_order_{key}",'
        )

    def _items(self, facts: OrderFacts, amounts: Amounts, draw: Draw) -> str:
        gone, rate = self.gone, amounts.rate
        lines = ",".join([line_json(line, rate, draw, gone) for line in amounts.lines])
        return (
            f'"line_items":[{lines}],"tax_lines":[{tax_line_json(amounts)}],'
            f'"shipping_lines":[{shipping_line_json(amounts, draw)}],'
            f'"fee_lines":[{fee_line_json(amounts)}],'
            f'"coupon_lines":[{coupon_line_json(amounts, draw)}],'
            f'"refunds":[{self._refunds(facts, amounts)}],'
        )

    def _refunds(self, facts: OrderFacts, amounts: Amounts) -> str:
        if not facts.refund_ids:
            return ""
        parts = []
        for nth, number in enumerate(facts.refund_ids):
            reason = _reason(self._plan, number)
            total = _refunded(amounts, nth)
            parts.append(f'{{"id":{number},"reason":{reason},"total":"-{cents(total)}"}}')
        return ",".join(parts)

    def _tail(
        self, facts: OrderFacts, amounts: Amounts, key: str, done_paid: tuple[str, str]
    ) -> str:
        number = facts.id
        created, modified = self.site.pair(facts.created)[1], self.site.pair(facts.modified)[1]
        editable = "true" if facts.status in _EDITABLE else "false"
        owing = facts.status in ("pending", "failed") and amounts.total > 0
        return (
            f'"payment_url":"{MARK}\\/checkout\\/order-pay\\/{number}\\/?pay_for_order=true'
            f'&key=wc_order_{key}","is_editable":{editable},'
            f'"needs_payment":{"true" if owing else "false"},'
            f'"needs_processing":{"true" if amounts.lines else "false"},'
            f'"date_created_gmt":{created},"date_modified_gmt":{modified},'
            f'"date_completed_gmt":{done_paid[0]},"date_paid_gmt":{done_paid[1]},'
            f'"currency_symbol":"$","_links":{order_links(number, facts.customer_id)}}}'
        )

    def refund(self, facts: RefundFacts) -> str:
        """Return the JSON of one refund as the top-level list shows it (with ``parent_id``)."""
        amounts = lines_of(self._plan, facts.order_id, facts.order_at)
        line = amounts.lines[facts.nth % len(amounts.lines)]
        item = amounts.items + 11 + 2 * facts.nth
        created, created_gmt = self.site.pair(facts.created)
        line_text = self._refund_line(amounts, facts.nth, item)
        here = f"{API}\\/orders\\/{facts.order_id}"
        return (
            f'{{"id":{facts.id},"parent_id":{facts.order_id},"date_created":{created},'
            f'"date_created_gmt":{created_gmt},"amount":"{cents(_refunded(amounts, facts.nth))}",'
            f'"reason":{_reason(self._plan, facts.id)},"refunded_by":1,"refunded_payment":false,'
            f'"meta_data":[],"line_items":[{line_text}],"shipping_lines":[],'
            f'"tax_lines":[{_refund_tax(amounts, item + 1, line.tax // line.quantity)}],'
            '"fee_lines":[],'
            f'"_links":{{"self":[{{"href":"{here}\\/refunds\\/{facts.id}",'
            f'"targetHints":{{"allow":["GET","DELETE"]}}}}],'
            f'"collection":[{{"href":"{here}\\/refunds"}}],"up":[{{"href":"{here}"}}]}}}}'
        )

    def _refund_line(self, amounts: Amounts, nth: int, item: int) -> str:
        line = amounts.lines[nth % len(amounts.lines)]
        total, tax = cents(-line.sold.price), cents(-(line.tax // line.quantity))
        taxes = ""
        if amounts.rate:
            taxes = f'{{"id":{amounts.rate.id},"total":"{tax}","subtotal":"{tax}"}}'
        named, coded = line.sold.named, line.sold.coded
        if line.sold.product_id in self.gone or line.sold.variation_id in self.gone:
            named = named[: named.rindex('"product_id"')] + '"product_id":0,"variation_id":0,'
            coded = '"sku":null,"global_unique_id":"","price":'
        return (
            f'{{"id":{item},{named}"quantity":-1,"tax_class":"","subtotal":"{total}",'
            f'"subtotal_tax":"{tax}","total":"{total}","total_tax":"{tax}","taxes":[{taxes}],'
            f'"meta_data":[{{"id":{amounts.metas + 41 + nth},"key":"_refunded_item_id",'
            f'"value":"{line.item_id}","display_key":"_refunded_item_id",'
            f'"display_value":"{line.item_id}"}}],'
            f"{coded}{php_float(line.sold.price / 100)}{line.sold.pictured}"
        )


def _refunded(amounts: Amounts, nth: int) -> int:
    """Return what a refund gives back: one piece of a line with its tax, in cents."""
    line = amounts.lines[nth % len(amounts.lines)]
    return line.sold.price + line.tax // line.quantity


def _refund_tax(amounts: Amounts, item: int, tax: int) -> str:
    if amounts.rate is None:
        return ""
    given_back = Amounts(amounts.lines, amounts.rate, item - 7, 0, cart_tax=-tax)
    return tax_line_json(given_back)


def _reason(plan: Plan, refund_id: int) -> str:
    return _REASONS[int(dice(plan.seed, "refund", refund_id).random() * len(_REASONS))]


def _parties(draw: Draw, facts: OrderFacts) -> str:
    first, last = FIRST[int(draw() * len(FIRST))], LAST[int(draw() * len(LAST))]
    company = _COMPANIES[int(draw() * len(_COMPANIES))]
    country = COUNTRIES[int(draw() * len(COUNTRIES))]
    state = STATES[int(draw() * len(STATES))] if country == "US" else ""
    owner = f"bill{facts.customer_id}" if facts.customer_id else f"guest{int(draw() * 5000)}"
    where = (
        f'"first_name":{first},"last_name":{last},"company":{company},'
        f'"address_1":"{int(draw() * 900) + 1} {_STREETS[int(draw() * 26)]} St","address_2":"",'
        f'"city":{_CITIES[int(draw() * len(_CITIES))]},"state":"{state}",'
        f'"postcode":"{POSTCODES[int(draw() * len(POSTCODES))]}","country":"{country}"'
    )
    ship_to = where if draw() < 0.6 else _NO_ADDRESS
    return (
        f'"billing":{{{where},"email":"{owner}@example.test",'
        f'"phone":"+1 (212) 555-{int(draw() * 10000):04d}"}},"shipping":{{{ship_to},"phone":""}},'
    )


def _payment(draw: Draw, facts: OrderFacts, done_paid: tuple[str, str]) -> str:
    method, title = PAYMENTS[int(draw() * len(PAYMENTS))]
    charge = f"ch_{int(draw() * 2**53):016x}" if method == "stripe" else ""
    address = (
        f"2001:db8::{int(draw() * 9999)}" if draw() < 0.1 else f"203.0.113.{int(draw() * 256)}"
    )
    note = _NOTES[int(draw() * len(_NOTES))] if draw() < 0.05 else '""'
    return (
        f'"payment_method":"{method}","payment_method_title":"{title}","transaction_id":"{charge}",'
        f'"customer_ip_address":"{address}",'
        f'"customer_user_agent":"Mozilla\\/5.0 (X11; Linux) {int(draw() * 100)}",'
        f'"created_via":"{CREATED_VIA[int(draw() * len(CREATED_VIA))]}","customer_note":{note},'
        f'"date_completed":{done_paid[0]},"date_paid":{done_paid[1]},"cart_hash":"",'
        f'"number":"{facts.id}",'
    )


def _order_meta(draw: Draw, number: int, facts: OrderFacts) -> str:
    source = _SOURCES[int(draw() * 4)]
    parts = [f'{{"id":{number},"key":"_wc_order_attribution_source_type","value":"{source}"}}']
    chance = draw()
    if chance < 0.4:
        parts.append(
            f'{{"id":{number + 1},"key":"_wc_order_attribution_utm_source","value":"google"}}'
        )
    elif chance < 0.5:
        key, value = _ODD_META[int(draw() * len(_ODD_META))]
        parts.append(f'{{"id":{number + 2},"key":"{key}","value":{value}}}')
    elif chance < 0.53:
        parts = [
            f'{{"id":{number + 2 + n},"key":"_dup","value":"{c}"}}' for n, c in enumerate("ab")
        ] + parts
    if facts.status == "trash":
        parts.append(f'{{"id":{number + 5},"key":"_wp_trash_meta_status","value":"wc-completed"}}')
        parts.append(
            f'{{"id":{number + 6},"key":"_wp_trash_meta_time","value":"{facts.modified}"}}'
        )
    return ",".join(sorted(parts, key=_key_of))


def _key_of(entry: str) -> str:
    """Return what the meta of an order is sorted by: its key, along MariaDB's index."""
    return entry.partition(',"key":"')[2].partition('"')[0].lower()
