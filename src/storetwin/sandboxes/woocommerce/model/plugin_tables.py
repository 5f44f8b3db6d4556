"""The tables that plugins bring, and what they do to WooCommerce's own."""

from __future__ import annotations

from collections.abc import Callable

from storetwin.sandboxes.woocommerce.generate.dice import dice
from storetwin.sandboxes.woocommerce.generate.orders import OrderWriter
from storetwin.sandboxes.woocommerce.generate.plan import NOW, START, Plan
from storetwin.sandboxes.woocommerce.generate.plugins import (
    BOOKING_STATUSES,
    LANGUAGE,
    OTHER_LANGUAGE,
    SUBSCRIPTION_STATUSES,
    booking,
    in_language,
    subscription,
    translated,
)
from storetwin.sandboxes.woocommerce.generate.small import Dated
from storetwin.sandboxes.woocommerce.members import members
from storetwin.sandboxes.woocommerce.model.table import Table
from storetwin.sandboxes.woocommerce.site_time import SiteTime

Clock = Callable[[], SiteTime]
TRANSLATED_TERMS = ("categories", "tags", "terms")
_EACH_PRODUCT = 3  # so many simple products go before one is translated


def subscriptions_table(plan: Plan, first: int, clock: Clock) -> Table:
    """Return subscriptions, one for twenty orders.

    Args:
        plan: the store's plan.
        first: the first free id of a post.
        clock: gives the clock that dates are written with.
    """
    writer = OrderWriter(plan, clock())

    def write(at: int) -> str:
        writer.site = clock()
        row = Dated(table.ids[at], at, SUBSCRIPTION_STATUSES[table.status[at]],
                    table.created[at], table.modified[at])  # fmt: skip
        return subscription(writer, plan, row, table.owner[at], writer.site)

    table = Table("subscriptions", SUBSCRIPTION_STATUSES, write)
    _fill(table, plan, "subscription", first, max(3, plan.sizes.orders // 20))
    return table


def bookings_table(plan: Plan, first: int) -> Table:
    """Return bookings, one for thirty orders."""

    def write(at: int) -> str:
        row = Dated(table.ids[at], at, BOOKING_STATUSES[table.status[at]],
                    table.created[at], table.modified[at])  # fmt: skip
        return booking(plan, row, table.owner[at])

    table = Table("bookings", BOOKING_STATUSES, write)
    _fill(table, plan, "booking", first, max(3, plan.sizes.orders // 30))
    return table


def _fill(table: Table, plan: Plan, kind: str, first: int, count: int) -> None:
    """Draw ``count`` rows; the first of them have each status once."""
    for at in range(count):
        draw = dice(plan.seed, kind, -1 - at).random
        place = at if at < len(table.statuses) else int(draw() * 3)
        created = START + (NOW - START) * at // count
        modified = min(NOW - 1, created + int(draw() * 86_400 * 30))
        table.add(
            first + at, status=table.statuses[place], created=created, modified=modified,
            owner=2 + int(draw() * plan.sizes.customers),
        )  # fmt: skip


def speak(tables: dict[str, Table], first: int) -> int:
    """Give products and terms a language, and translate some; return the next free id of a post.

    Args:
        tables: all tables; products and terms are changed.
        first: the first free id of a post.
    """
    number = first
    products = tables["products"]
    simple = [n for n in products if b'"type":"simple"' in (products.document(n) or b"")]
    for original in simple[::_EACH_PRODUCT]:
        _translate(products, original, number)
        number += 1
    next_term = 1 + max(tables[name].ids[-1] for name in (*TRANSLATED_TERMS, "brands"))
    for name in TRANSLATED_TERMS:
        for original in list(tables[name]):
            _translate(tables[name], original, next_term)
            next_term += 1
    for name in ("products", "variations", "brands", "shipping_classes", *TRANSLATED_TERMS):
        _let_speak(tables[name])
    return number


def _translate(table: Table, original: int, number: int) -> None:
    at = table.position(original)
    assert at is not None, f"{table.name} {original} was just listed"
    document = translated(table.document(original) or b"{}", number)
    table.add(
        number, status=table.statuses[table.status[at]], created=table.created[at],
        modified=table.modified[at], owner=table.owner[at],
    )  # fmt: skip
    table.put(number, document)
    table.languages[number] = OTHER_LANGUAGE
    table.pairs[original], table.pairs[number] = number, original


def _let_speak(table: Table) -> None:
    older = table.age

    def spoken(document: bytes) -> bytes:
        if older is not None:
            document = older(document)
        number = int(members(document)["id"])
        own = table.languages.get(number, LANGUAGE)
        other = LANGUAGE if own == OTHER_LANGUAGE else OTHER_LANGUAGE
        ids = {own: number}
        if number in table.pairs:
            ids[other] = table.pairs[number]
        return in_language(document, own, dict(sorted(ids.items(), reverse=True)))

    table.age, table.is_spoken = spoken, True
    table.forget_all()
    for number in list(table.changed):
        table.put(number, table.changed[number])
