"""Whose an order is, and what a customer's orders come to, whatever came first."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Mapping
from datetime import timedelta
from decimal import Decimal
from random import Random
from typing import Any

import pytest

from core_stores import NOON, UPDATED, Stores, customer, order
from storetwin.mapping.keys import lookup_key
from storetwin.mapping.models import Mapped
from storetwin.resources.personal import NO_EMAIL

WHO = """
SELECT o.number, c.email, c.is_guest FROM core.orders o LEFT JOIN core.customers c ON c.id = o.customer_id
ORDER BY o.number
"""
CUSTOMERS = "SELECT email, first_name, is_guest FROM core.customers ORDER BY email, is_guest"
FIGURES = """
SELECT c.email, f.currency, f.orders, f.spent, f.refunded, f.lifetime_value, f.average, f.first_order_at, f.last_order_at
FROM core.customer_figures f JOIN core.customers c ON c.id = f.customer_id ORDER BY c.email, f.currency
"""
ADA = "Ada@Example.org"
EMAILS = (ADA, "ada@example.org", " old@example.org", "x@example.org")
NUMBERS = [str(number) for number in range(10, 30)]


async def told(stores: Stores) -> list[Any]:
    """Return all that does not depend on ids and moments."""
    addresses = "SELECT key, first_name, email FROM core.customer_addresses ORDER BY email, key"
    return [await stores.rows(query) for query in (WHO, CUSTOMERS, FIGURES, addresses)]


async def test_who_has_no_account_is_known_by_the_e_mail_of_the_orders(stores: Stores) -> None:
    await stores.put(order("10", email=ADA, number="1"), "1")
    await stores.put(
        order("5", email="ada@example.org", number="2", placed_at=NOON + timedelta(days=1)),
        "2",
        store=1,
    )
    await stores.put(order("7", number="3"), "3")
    assert await stores.rows(WHO) == [
        {"number": "1", "email": "ada@example.org", "is_guest": True},
        {"number": "2", "email": "ada@example.org", "is_guest": True},
        {"number": "3", "email": None, "is_guest": None},
    ]
    (figures,) = await stores.rows(FIGURES)
    assert (figures["orders"], figures["lifetime_value"], figures["average"]) == (
        2,
        15,
        Decimal("7.5"),
    )
    assert (figures["first_order_at"], figures["last_order_at"]) == (NOON, NOON + timedelta(days=1))


async def test_refunds_are_taken_off_and_what_was_not_paid_does_not_count(stores: Stores) -> None:
    await stores.put(order("10", email=ADA, refunded="-2.50"), "1")
    await stores.put(order("99", email=ADA, status="failed"), "2")
    await stores.put(order("1000", email=ADA, currency="JPY"), "3")
    euros, yen = await stores.rows(FIGURES)
    assert (euros["spent"], euros["refunded"], euros["lifetime_value"]) == (
        10,
        Decimal("2.5"),
        Decimal("7.5"),
    )
    assert (yen["currency"], yen["orders"], yen["spent"]) == ("JPY", 1, 1000)
    await stores.put(order("99", email=ADA, status="completed"), "2", version=2)
    await stores.bury("orders", "1")
    euros, _ = await stores.rows(FIGURES)
    assert (euros["orders"], euros["spent"]) == (1, 99)


@pytest.mark.parametrize("places", list(itertools.permutations(range(4))))
async def test_any_order_of_accounts_and_orders_gives_the_same(
    stores: Stores, places: tuple[int, ...]
) -> None:
    deeds = [
        lambda: stores.put(order("10", email=ADA, number="1"), "1"),
        lambda: stores.put(order("20", email="old@example.org", customer="5", number="2"), "2"),
        lambda: stores.put(customer("ada@example.org", first_name="Grace"), "5"),
        lambda: stores.put(order("30", email="old@example.org", number="3"), "3", store=1),
    ]
    for place in places:
        await deeds[place]()
    assert (await told(stores))[0] == [
        {"number": "1", "email": "ada@example.org", "is_guest": False},
        {"number": "2", "email": "ada@example.org", "is_guest": False},
        {"number": "3", "email": "old@example.org", "is_guest": True},
    ]
    _, customers, figures, _ = await told(stores)
    assert [row["first_name"] for row in customers] == ["Grace", "Ada"]
    assert [(row["orders"], row["spent"]) for row in figures] == [(2, 30), (1, 30)]


async def test_a_guest_goes_with_the_last_order_and_stays_in_the_changes(stores: Stores) -> None:
    await stores.put(order("10", email=ADA), "1")
    await stores.put(order("10", email="other@example.org"), "1", version=2)
    assert [row["email"] for row in await stores.rows(CUSTOMERS)] == ["other@example.org"]
    actions = await stores.rows(
        "SELECT action FROM core.changes WHERE noun = 'customers' ORDER BY change"
    )
    assert [row["action"] for row in actions] == ["created", "created", "deleted"]


async def test_a_guest_with_an_account_from_now_on_stays_the_same_customer(stores: Stores) -> None:
    await stores.put(order("10", email=ADA), "1")
    (guest,) = await stores.rows("SELECT id FROM core.customers")
    outcome = await stores.put(customer("ADA@example.org"), "5")
    assert (outcome.core_id, outcome.action) == (guest["id"], UPDATED)


async def test_accounts_of_two_stores_with_one_e_mail_are_one_customer(stores: Stores) -> None:
    first = await stores.put(customer(ADA), "5", store=1)
    second = await stores.put(customer("ada@example.org"), "9", store=0)
    assert first.core_id == second.core_id
    await stores.put(order("10", customer="5", email="x@example.org"), "1", store=1)
    await stores.put(order("20", customer="9", email="y@example.org"), "1", store=0)
    (figures,) = await stores.rows(FIGURES)
    assert figures["spent"] == 30


async def test_an_account_whose_e_mail_changes_leaves_the_guest_behind(stores: Stores) -> None:
    await stores.put(customer(ADA), "5")
    await stores.put(order("10", email=ADA, number="1"), "1")
    await stores.put(order("20", customer="5", number="2"), "2")
    await stores.put(customer("new@example.org"), "5", version=2)
    assert await stores.rows(WHO) == [
        {"number": "1", "email": ADA, "is_guest": True},
        {"number": "2", "email": "new@example.org", "is_guest": False},
    ]


async def test_only_whom_a_change_touches_is_counted(stores: Stores) -> None:
    for number in range(30):
        await stores.put(order("10", email=f"{number}@example.org"), str(number))
    before = await stores.rows(
        "SELECT customer_id, xmin::text, computed_at FROM core.customer_figures ORDER BY 1"
    )
    await stores.put(order("11", email="7@example.org"), "7", version=2)
    after = await stores.rows(
        "SELECT customer_id, xmin::text, computed_at FROM core.customer_figures ORDER BY 1"
    )
    assert sum(1 for one, other in zip(before, after, strict=True) if one != other) == 1


def bought(dice: Random, number: str) -> Mapped:
    """Return an order as somebody may have placed it: several at once, or at no time that is known."""
    email = dice.choice([*EMAILS, None, NO_EMAIL])
    first_name = dice.choice(["Ada", "Grace", "Mary", "Joan"])
    placed_at = dice.choice([None, *(NOON + timedelta(days=day) for day in range(3))])
    one = order(
        "10",
        email=email,
        number=number,
        placed_at=placed_at,
        customer=dice.choice([None, None, "5"]),
        customer_note=first_name,  # so that its hash tells it from another
    )
    for address in one.parts["order_addresses"]:
        address["first_name"] = first_name
    return one


def guests_of(orders: Mapping[str, Mapped], accounts: set[str]) -> list[dict[str, Any]]:
    """Return the guests whom some orders leave, as the rules say it, without looking at core."""
    latest: dict[str, Mapped] = {}
    for one in orders.values():
        email = lookup_key(one.values["email"])  # type: ignore[arg-type]
        named = one.references["customer_id"] is not None and accounts
        if email and email != NO_EMAIL and email not in accounts and not named:
            latest[email] = max(latest.get(email, one), one, key=_when)
    return [
        {"email": one.values["email"], "first_name": one.values["customer_note"]}
        for _, one in sorted(latest.items())
    ]


def _when(one: Mapped) -> tuple[Any, ...]:
    placed_at = one.values["placed_at"]
    return (placed_at is not None, placed_at or NOON, one.values["number"])


@pytest.mark.parametrize("seed", range(8))
async def test_however_orders_come_together_guests_are_who_the_latest_says(
    stores: Stores, seed: int
) -> None:
    dice = Random(seed)
    last: dict[str, Mapped] = {}
    versions: Counter[str] = Counter()
    for deed in range(12):
        batch = {
            number: bought(dice, number) for number in dice.choices(NUMBERS, k=dice.randint(1, 8))
        }
        versions.update(batch.keys())
        await stores.write(
            "orders",
            *(
                stores.incoming(one, number, version=versions[number])
                for number, one in batch.items()
            ),
        )
        last |= batch
        accounts = set()
        if deed >= 8:
            await stores.put(customer(EMAILS[0]), "5")
            accounts = {lookup_key(EMAILS[0]) or ""}
        found = await stores.rows(
            "SELECT email, first_name FROM core.customers WHERE is_guest ORDER BY email_lower"
        )
        assert found == guests_of(last, accounts)
        whose = await stores.rows(
            "SELECT c.email_lower AS email, count(*) AS n FROM core.orders o "
            "JOIN core.customers c ON c.id = o.customer_id GROUP BY 1 ORDER BY 1"
        )
        counted = await stores.rows(
            "SELECT c.email_lower AS email, f.orders AS n FROM core.customer_figures f "
            "JOIN core.customers c ON c.id = f.customer_id ORDER BY 1"
        )
        assert counted == whose
