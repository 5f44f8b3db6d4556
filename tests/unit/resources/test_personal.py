"""What is taken out of a document, and what stays byte for byte."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storetwin.resources.personal import (
    Document,
    Person,
    blanked,
    is_clean,
    is_his,
    mentions,
    scrubbed,
    terms_of,
)

ADA = Person(
    frozenset({"ada@x.example"}),
    frozenset({"12"}),
    frozenset({"7"}),
    frozenset({"lovelace", "ada lovelace", "1 engine row", "+44 123 456789"}),
)
BILLING = {
    "first_name": "Ada",
    "last_name": "Lovelace",
    "company": "",
    "address_1": "1 Engine Row",
    "state": "LND",
    "country": "GB",
    "email": "Ada@X.example",
    "phone": "+44 123 456789",
    "plugin_door_code": "77",
}


def doc(value: Any) -> Document:
    return Document.of(json.dumps(value, ensure_ascii=False).encode())


def blank(resource: str, value: Any, *, is_own: bool = True) -> Any:
    return json.loads(blanked(resource, doc(value), ADA, is_own=is_own))


def test_an_order_keeps_what_an_accountant_needs() -> None:
    order = {
        "id": 7,
        "number": "7",
        "status": "completed",
        "total": "10.00",
        "customer_id": 12,
        "customer_ip_address": "198.51.100.7",
        "customer_user_agent": "Browser",
        "customer_note": "Ring!",
        "transaction_id": "tx",
        "billing": BILLING,
        "shipping": {"first_name": "", "country": "GB"},
        "line_items": [{"name": "Lovelace mug", "total": "10.00", "meta_data": []}],
        "meta_data": [
            {"id": 1, "key": "_colour", "value": "red"},
            {"id": 2, "key": "_billing_vat_number", "value": "GB123"},
            {"id": 3, "key": "_x", "value": {"deep": ["for ADA@x.example", 5]}},
        ],
        "refunds": [{"id": 9, "reason": "Mrs Lovelace was unhappy", "total": "-1.00"}],
    }
    found = blank("orders", order)
    for kept in ("id", "number", "status", "total", "line_items"):
        assert found[kept] == order[kept]
    assert found["billing"] == {
        "first_name": "[deleted]",
        "last_name": "[deleted]",
        "company": "",
        "address_1": "[deleted]",
        "state": "",
        "country": "",
        "email": "deleted@site.invalid",
        "phone": "+00 000 000000",
        "plugin_door_code": "[deleted]",
    }
    assert found["shipping"] == {"first_name": "", "country": ""}
    assert (found["customer_id"], found["customer_ip_address"]) == (0, "0.0.0.0")
    assert found["customer_note"] == found["customer_user_agent"] == "[deleted]"
    assert found["meta_data"][0]["value"] == "red"
    assert found["meta_data"][1]["value"] == "[deleted]"
    assert found["meta_data"][2]["value"]["deep"][0] == "for deleted@site.invalid"
    assert found["refunds"][0] == {"id": 9, "reason": "Mrs [deleted] was unhappy", "total": "-1.00"}


def test_a_customer_is_nobody_any_more() -> None:
    customer = {
        "id": 12,
        "email": "ada@x.example",
        "first_name": "Ada",
        "username": "ada",
        "role": "customer",
        "billing": BILLING,
        "avatar_url": "https://g.example/avatar/hash",
        "is_paying_customer": True,
        "meta_data": [{"id": 1, "key": "birthday", "value": "1815-12-10"}],
    }
    found = blank("customers", customer)
    assert found == {
        "id": 12,
        "email": "deleted@site.invalid",
        "first_name": "",
        "username": "",
        "role": "customer",
        "billing": dict.fromkeys(BILLING, ""),
        "avatar_url": "",
        "is_paying_customer": True,
        "meta_data": [{"id": 1, "key": "birthday", "value": "[deleted]"}],
    }


def test_of_others_only_his_email_is_taken() -> None:
    value = {
        "billing": {**BILLING, "email": "o@x.example"},
        "meta_data": [{"value": "ada@x.example!"}],
    }
    found = blank("orders", value, is_own=False)
    assert found["billing"] == value["billing"]
    assert found["meta_data"][0]["value"] == "deleted@site.invalid!"
    coupon = {"email_restrictions": ["ADA@x.example", "*@y.example"], "used_by": ["12", "13"]}
    assert mentions(doc(coupon), ADA)
    assert blank("coupons", coupon, is_own=False) == {
        "email_restrictions": ["deleted@site.invalid", "*@y.example"],
        "used_by": ["0", "13"],
    }


@pytest.mark.parametrize(
    ("resource", "remote_id", "parent_id", "value", "expected"),
    [
        ("customers", "12", None, {}, True),
        ("customers", "13", None, {"email": "ADA@X.EXAMPLE "}, True),
        ("customers", "13", None, {"billing": {"email": "ada@x.example"}}, False),
        ("orders", "1", "0", {"customer_id": 12}, True),
        ("orders", "1", "0", {"customer_id": 0, "billing": {"email": "Ada@x.example"}}, True),
        ("orders", "12", "0", {"customer_id": 120, "billing": []}, False),
        ("orders", "1", "0", {"meta_data": [{"value": "ada@x.example"}]}, False),
        ("refunds", "1", "7", {}, True),
        ("refunds", "7", "8", {"customer_id": 12}, False),
        ("order_notes", "1", "7", {}, True),
        ("reviews", "1", None, {"reviewer_email": "ada@x.example"}, True),
        ("reviews", "1", None, {"reviewer": "ada@x.example"}, False),
        ("coupons", "1", None, {"email": "ada@x.example"}, False),
        ("subscriptions", "1", None, {"customer_id": "12"}, True),
        ("bookings", "1", None, {"customer_email": "ada@x.example"}, True),
    ],
)
def test_whose_a_record_is(
    resource: str, remote_id: str, parent_id: str | None, value: Any, expected: bool
) -> None:
    assert is_his(resource, remote_id, parent_id, doc(value), ADA) is expected


def test_what_tells_that_a_text_speaks_of_him() -> None:
    found = set(terms_of(doc({"billing": BILLING, "customer_ip_address": "198.51.100.7"})))
    assert found == {
        "Ada",
        "Lovelace",
        "Ada Lovelace",
        "1 Engine Row",
        "+44 123 456789",
        "Ada@X.example",
        "198.51.100.7",
    }
    assert list(terms_of(doc({"billing": {"first_name": "B", "phone": "12"}}))) == []


def test_our_own_texts_lose_him_only() -> None:
    assert scrubbed('b\'{"email":"Ada@x.example"\' at 1 Engine Row', ADA) == (
        'b\'{"email":"deleted@site.invalid"\' at [deleted]'
    )
    assert scrubbed("the Lovelaces", ADA) == "the Lovelaces"
    assert scrubbed("anything", Person()) == "anything"


_TEXT = st.text() | st.sampled_from(["ada@x.example", "Ada Lovelace", "x +44 123 456789", "\u0000"])
_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | _TEXT,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(
                [
                    "id",
                    "billing",
                    "email",
                    "meta_data",
                    "key",
                    "value",
                    "customer_id",
                    "note",
                    "total",
                ]
            ),
            inner,
            max_size=5,
        )
    ),
    max_leaves=15,
)
_RESOURCES = st.sampled_from(
    ["orders", "customers", "reviews", "order_notes", "coupons", "bookings"]
)


@given(_RESOURCES, _VALUES, st.booleans(), st.booleans())
def test_whatever_it_is_nothing_of_him_is_left_and_it_stays_json(
    resource: str, value: Any, is_own: bool, is_ascii: bool
) -> None:
    document = json.dumps(value, ensure_ascii=is_ascii).encode("utf-8", "surrogateescape")
    empty = blanked(resource, Document.of(document), ADA, is_own=is_own)
    assert [p for p, _, _ in Document.of(empty).values] == [
        p for p, _, _ in Document.of(document).values
    ]
    json.loads(empty)
    own = ADA if is_own else Person(ADA.emails)
    assert is_clean(empty, own)
    assert blanked(resource, Document.of(empty), ADA, is_own=is_own) == empty


@given(_RESOURCES, _VALUES)
def test_of_who_has_nothing_to_do_with_it_every_byte_stays(resource: str, value: Any) -> None:
    nobody = Person(frozenset({"no@body.example"}), frozenset({"999999999999"}))
    document = json.dumps(value).encode()
    assert blanked(resource, Document.of(document), nobody, is_own=False) == document


def test_what_is_no_json_is_gone_through_all_the_same() -> None:
    broken = b'{"billing":{"email":"ada@x.example","x":NaN,"first_name":"A\x01\xff"},"total":1.10}'
    empty = blanked("orders", Document.of(broken), ADA, is_own=True)
    assert b"ada" not in empty
    assert empty.endswith(b'"total":1.10}')
    assert not is_clean(b'{"ada@x.example":1}', ADA)
