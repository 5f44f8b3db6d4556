"""What an order is made of: its lines, taxes, shipping, fees and coupons, as JSON text."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from storetwin.sandboxes.woocommerce.generate.catalogue import Sellable
from storetwin.sandboxes.woocommerce.generate.dice import dice
from storetwin.sandboxes.woocommerce.generate.plan import Plan
from storetwin.sandboxes.woocommerce.generate.taxes import TAX_RATES, TaxRate
from storetwin.sandboxes.woocommerce.generate.words import ODD_META, SHIPPING
from storetwin.sandboxes.woocommerce.php_json import php_float

ITEMS_AN_ORDER = 16  # ids reserved for each order in the tables of items and of their meta
META_AN_ORDER = 48
_FIRST_ITEM = 100
_FIRST_META = 1000
_COLOR = '"display_key":"Color","display_value":"Red"'
_SIZE = '"display_key":"Size","display_value":"M"'
_COUNTS = (1, 2, 2, 3, 3, 4, 4, 5, 5, 5)

Draw = Callable[[], float]


@dataclass(slots=True)
class Line:
    """One line of an order: what, how many, and the amounts in cents."""

    item_id: int
    meta_id: int
    sold: Sellable
    quantity: int
    total: int
    tax: int


@dataclass(slots=True)
class Amounts:
    """What an order costs, in cents. ``shipping`` is -1 when nothing is shipped."""

    lines: list[Line]
    rate: TaxRate | None
    items: int
    metas: int
    cart_tax: int = 0
    shipping: int = -1
    shipping_tax: int = 0
    fee: int = 0
    coupon: int = 0
    total: int = 0


def cents(amount: int) -> str:
    """Write cents as WooCommerce writes money: ``12.05``, ``-0.31``."""
    if amount < 0:
        return "-" + cents(-amount)
    return f"{amount // 100}.{amount % 100:02d}"


def lines_of(plan: Plan, order_id: int, at: int) -> Amounts:
    """Return what was bought with an order, the same at every call.

    Args:
        plan: the store's plan.
        order_id: the order.
        at: its place among the orders of the plan, from which its items have their ids.
    """
    draw = dice(plan.seed, "lines", order_id).random
    goods = plan.catalogue.sellables
    chosen = int(draw() * (len(TAX_RATES) + 1))
    rate = TAX_RATES[chosen] if chosen < len(TAX_RATES) else None
    factor = rate.percent / 100 if rate else 0.0
    amounts = Amounts([], rate, _FIRST_ITEM + at * ITEMS_AN_ORDER, _FIRST_META + at * META_AN_ORDER)
    for number in range(_COUNTS[int(draw() * 10)]):
        sold = goods[int(draw() * len(goods))]
        quantity = 1 + int(draw() ** 3 * 12)
        total = sold.price * quantity
        tax = int(total * factor + 0.5)
        amounts.cart_tax += tax
        amounts.total += total + tax
        item, meta = amounts.items + number, amounts.metas + number * 5
        amounts.lines.append(Line(item, meta, sold, quantity, total, tax))
    return amounts


def add_extras(amounts: Amounts, draw: Draw) -> None:
    """Draw shipping, fee and coupon of an order that has lines, and add them to its total."""
    if not amounts.lines:
        return
    if draw() < 0.8:
        amounts.shipping = int(draw() * 2500)
        factor = amounts.rate.percent / 100 if amounts.rate else 0.0
        amounts.shipping_tax = int(amounts.shipping * factor + 0.5)
        amounts.total += amounts.shipping + amounts.shipping_tax
    if draw() < 0.12:
        amounts.fee = 300 if draw() < 0.7 else -250
        amounts.total = max(0, amounts.total + amounts.fee)
    if draw() < 0.1:
        amounts.coupon = int(draw() * 800) + 50


def line_json(line: Line, rate: TaxRate | None, draw: Draw, gone: frozenset[int] | set[int]) -> str:
    """Write one line item. Goods in ``gone`` (deleted for good) show as id 0 and sku null."""
    total, tax = cents(line.total), cents(line.tax)
    taxes = f'{{"id":{rate.id},"total":"{tax}","subtotal":"{tax}"}}' if rate else ""
    named, coded = line.sold.named, line.sold.coded
    if gone and (line.sold.product_id in gone or line.sold.variation_id in gone):
        named = named[: named.rindex('"product_id"')] + '"product_id":0,"variation_id":0,'
        coded = '"sku":null,"global_unique_id":"","price":'
    price = php_float(line.total / 100 / line.quantity)
    return (
        f'{{"id":{line.item_id},{named}"quantity":{line.quantity},"tax_class":"",'
        f'"subtotal":"{total}","subtotal_tax":"{tax}","total":"{total}","total_tax":"{tax}",'
        f'"taxes":[{taxes}],"meta_data":[{_line_meta(line, draw())}],'
        f"{coded}{price}{line.sold.pictured}"
    )


def _line_meta(line: Line, chance: float) -> str:
    number = line.meta_id
    parts = []
    if line.sold.variation_id:
        parts = [
            f'{{"id":{number},"key":"pa_color","value":"red",{_COLOR}}}',
            f'{{"id":{number + 1},"key":"pa_size","value":"m",{_SIZE}}}',
        ]
    if chance < 0.25:
        count = line.quantity
        parts.append(
            f'{{"id":{number + 2},"key":"_reduced_stock","value":"{count}",'
            f'"display_key":"_reduced_stock","display_value":"{count}"}}'
        )
    elif chance < 0.29:
        parts.append(
            f'{{"id":{number + 3},"key":"Gift wrap <b>","value":"Yes & \\"please\\" \\ud83c\\udf81",'
            '"display_key":"Gift wrap","display_value":"Yes &amp; \\"please\\" \\ud83c\\udf81"}'
        )
    elif chance < 0.32:
        key, value = ODD_META[int((chance - 0.29) / 0.03 * len(ODD_META))]
        parts.append(
            f'{{"id":{number + 4},"key":"{key}","value":{value},'
            f'"display_key":"{key}","display_value":{value}}}'
        )
    return ",".join(parts)


def tax_line_json(amounts: Amounts) -> str:
    """Write the tax line, or nothing for an order without tax."""
    rate = amounts.rate
    if rate is None or not amounts.lines:
        return ""
    return (
        f'{{"id":{amounts.items + 7},"rate_code":"{rate.code}","rate_id":{rate.id},'
        f'"label":"{rate.label}","compound":false,"tax_total":"{cents(amounts.cart_tax)}",'
        f'"shipping_tax_total":"{cents(amounts.shipping_tax)}",'
        f'"rate_percent":{php_float(rate.percent)},"meta_data":[]}}'
    )


def shipping_line_json(amounts: Amounts, draw: Draw) -> str:
    """Write the shipping line, or nothing when nothing is shipped."""
    if amounts.shipping < 0:
        return ""
    method, title = SHIPPING[int(draw() * len(SHIPPING))]
    tax = cents(amounts.shipping_tax)
    taxes = f'{{"id":{amounts.rate.id},"total":"{tax}","subtotal":""}}' if amounts.rate else ""
    return (
        f'{{"id":{amounts.items + 8},"method_title":"{title}","method_id":"{method}",'
        f'"instance_id":"{1 + int(draw() * 9)}","total":"{cents(amounts.shipping)}",'
        f'"total_tax":"{tax}","taxes":[{taxes}],"tax_status":"taxable","meta_data":['
        f'{{"id":{amounts.metas + 30},"key":"Items","value":"X &times; 1","display_key":"Items",'
        '"display_value":"X &times; 1"}]}'
    )


def fee_line_json(amounts: Amounts) -> str:
    """Write the fee line: a handling fee or, negative, a discount."""
    if not amounts.fee:
        return ""
    name, status = ("Handling fee", "taxable") if amounts.fee > 0 else ("Loyalty discount", "none")
    return (
        f'{{"id":{amounts.items + 9},"name":"{name}","tax_class":"","tax_status":"{status}",'
        f'"amount":"{cents(amounts.fee)}","total":"{cents(amounts.fee)}","total_tax":"0.00",'
        '"taxes":[],"meta_data":[]}'
    )


def coupon_line_json(amounts: Amounts, draw: Draw) -> str:
    """Write the coupon line, if a coupon was used."""
    if not amounts.coupon:
        return ""
    info = r'"[1,\"x\",\"percent\",10]"'
    return (
        f'{{"id":{amounts.items + 10},"code":"code-alpha-{int(draw() * 50)}",'
        f'"discount":"{cents(amounts.coupon)}","discount_tax":"0","meta_data":['
        f'{{"id":{amounts.metas + 31},"key":"coupon_info","value":{info},'
        f'"display_key":"coupon_info","display_value":{info}}}],'
        '"discount_type":"percent","nominal_amount":10,"free_shipping":false}'
    )
