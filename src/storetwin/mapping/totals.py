"""What the lines of an order come to, and why that may differ from its total.

WooCommerce's total is lines after discounts, shipping, fees and taxes (``WC_Abstract_Order::
calculate_totals``), never below zero (``WC_Cart_Totals``). It adds up unrounded amounts and shows each
of them rounded, so that the sum of what it shows may be some hundredths off. Refunds are not taken off
the total; gift cards and credits of plugins often are, without a line that says so.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import cache

from storetwin.kernel.money import minor_digits, to_minor
from storetwin.mapping import kinds
from storetwin.mapping.models import Row, Value

_NOTHING = Decimal(0)
_HALF = Decimal("0.5")
_ROUNDING = "Rounding: the store adds up unrounded amounts, and shows each of them rounded."
_CREDIT = re.compile(r"gift|credit|voucher|wallet|points|deposit|balance", re.IGNORECASE)
_LINES = ("order_lines", "order_shipping_lines", "order_fee_lines")


@dataclass(frozen=True, slots=True)
class Totals:
    """What an order comes to.

    Args:
        difference: its total less what its parts come to; None where it has no total.
        note: why they differ, or what is odd though they agree.
    """

    difference: Decimal | None
    note: str | None = None


def reckon(values: Row, parts: Mapping[str, list[Row]]) -> Totals:
    """Compare the total of an order with what its lines, shipping, fees and taxes come to."""
    total = _amount(values.get("total"))
    if total is None:
        return Totals(None, "The order has no total.")
    net = [one for table in _LINES for one in _amounts(parts, table, "total")]
    taxes = _taxes(parts)
    told = _amount(values.get("total_tax"))
    tax = told or _NOTHING if taxes is None else taxes
    half = _half(minor_digits(_text(values.get("currency"))))
    come = _sum(net) + tax
    if abs(total - max(come, _NOTHING)) < half:
        return Totals(_NOTHING)
    if told is not None and abs(total - max(come - tax + told, _NOTHING)) < half:
        return Totals(_NOTHING, f"Its tax lines come to {tax:f}, and its taxes to {told:f}.")
    difference = total - come
    if not net:
        return Totals(difference, "It has no lines: the total was entered, or came, without them.")
    amounts = [*(one for one in net if one is not None), *_tax_amounts(parts), tax, total]
    allowed = _HALF * _unit(amounts, tax, values) * len(amounts)
    if abs(difference) <= allowed:
        return Totals(difference, _ROUNDING)
    return Totals(difference, _reason(values, net, difference))


def _reason(values: Row, net: list[Decimal | None], difference: Decimal) -> str:
    if None in net:
        return "An amount of its lines cannot be read."
    for name, amount in _credits(values):
        if amount and abs(amount) == abs(difference):
            return f"It was paid in part otherwise: {name} is the difference."
    return (
        "Its lines, shipping, fees and taxes come to another amount: somebody, or a plugin, set it."
    )


def _taxes(parts: Mapping[str, list[Row]]) -> Decimal | None:
    """Return what the tax lines come to; None where there are none."""
    return _sum(_tax_amounts(parts)) if parts.get("order_tax_lines") else None


def _tax_amounts(parts: Mapping[str, list[Row]]) -> list[Decimal]:
    told = [
        one
        for name in ("tax_total", "shipping_tax_total")
        for one in _amounts(parts, "order_tax_lines", name)
    ]
    return [one for one in told if one is not None]


def _unit(amounts: Iterable[Decimal], tax: Decimal, values: Row) -> Decimal:
    """Return the last place to which the store shows amounts.

    Amounts without decimals may be those of a store that shows none, or plain prices: taxes tell.
    """
    places = max(-int(kinds.plain(one).as_tuple().exponent) for one in amounts)
    if not tax:
        places = max(places, minor_digits(_text(values.get("currency"))))
    return Decimal(1).scaleb(-places)


def _credits(values: Row) -> Iterator[tuple[str, Decimal]]:
    """Yield (name, amount) of what plugins took off the total without a line."""
    cards = values.get("gift_cards")
    if isinstance(cards, list):
        amounts = [_amount(card.get("amount")) for card in cards if isinstance(card, dict)]
        yield "what its gift cards paid", _sum(amounts)
    meta = values.get("meta")
    for one in meta if isinstance(meta, list) else ():
        key = one.get("key") if isinstance(one, dict) else None
        if isinstance(key, str) and _CREDIT.search(key):
            found = one.get("value")
            inner = found.values() if isinstance(found, dict) else [found]
            yield f"the custom field {key}", _sum(_amount(amount) for amount in inner)


def _amount(value: object) -> Decimal | None:
    if isinstance(value, Decimal):
        return value
    try:
        return kinds.money(value)
    except kinds.MisfitError:
        return None


def _amounts(parts: Mapping[str, list[Row]], table: str, name: str) -> list[Decimal | None]:
    """Return the amounts that stand in a column of a part."""
    told = [row.get(name) for row in parts.get(table, ())]
    return [one if one.__class__ is Decimal else _amount(one) for one in told]


def _sum(amounts: Iterable[Decimal | None]) -> Decimal:
    come = _NOTHING
    for one in amounts:
        if one is not None:
            come += one
    return come


@cache
def _half(digits: int) -> Decimal:
    return _HALF.scaleb(-digits)


def _text(value: Value) -> str | None:
    return value if isinstance(value, str) else None


def derive_totals(values: Row, parts: Mapping[str, list[Row]]) -> Row:
    """Return the columns of an order that follow from others."""
    totals = reckon(values, parts)
    currency = _text(values.get("currency"))
    refunded = -_sum(_amounts(parts, "order_refunds", "total"))
    return {
        "subtotal": kinds.cents(_sum(_amounts(parts, "order_lines", "subtotal"))),
        "fee_total": kinds.cents(_sum(_amounts(parts, "order_fee_lines", "total"))),
        "refunded_total": kinds.cents(refunded),
        "total_minor": _minor(_amount(values.get("total")), currency),
        "refunded_minor": _minor(refunded, currency),
        "item_count": kinds.plain(_sum(_amounts(parts, "order_lines", "quantity"))),
        "totals_difference": None if totals.difference is None else kinds.cents(totals.difference),
        "totals_note": totals.note,
    }


def _minor(amount: Decimal | None, currency: str | None) -> int | None:
    return None if amount is None else to_minor(f"{amount:f}", currency)
