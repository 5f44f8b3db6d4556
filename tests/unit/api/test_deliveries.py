"""Reading deliveries: the recorded ones, forged ones, and any bytes at all."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from ipaddress import ip_network
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storetwin.api.deliveries import (
    GONE,
    UNREADABLE,
    Ping,
    Receiver,
    Refused,
    judge,
    read_body,
    sign,
)
from storetwin.connections.webhooks import place_of
from storetwin.connections.webhooks_plan import TEST_TOPIC, TOPICS
from storetwin.mirror.inbox import Delivery

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
SECRET = "höhö secret".encode()
RECEIVER = Receiver(UUID(int=1), UUID(int=2), SECRET, frozenset({"127.0.0.1:8088"}), ())
BODY = b'{"id":35741}'


def headers(body: bytes = BODY, **changed: str | None) -> dict[bytes, bytes]:
    """Headers as recorded of WooCommerce 10.5, in lower case as a server hands them on."""
    usual = {
        b"user-agent": b"WooCommerce/10.5.0 Hookshot (WordPress/6.9.1)",
        b"content-type": b"application/json",
        b"x-wc-webhook-source": b"http://127.0.0.1:8088/",
        b"x-wc-webhook-topic": b"order.deleted",
        b"x-wc-webhook-resource": b"order",
        b"x-wc-webhook-event": b"deleted",
        b"x-wc-webhook-signature": sign(SECRET, body),
        b"x-wc-webhook-id": b"9",
        b"x-wc-webhook-delivery-id": b"fb178b902c8f5dbb0297e45bdad75e43",
    }
    for name, value in changed.items():
        key = b"x-wc-webhook-" + name.encode()
        if value is None:
            usual.pop(key)
        else:
            usual[key] = value.encode()
    return usual


def test_a_genuine_delivery() -> None:
    found = judge(RECEIVER, headers(), BODY, NOW)
    assert isinstance(found, Delivery)
    assert (found.topic, found.resource, found.remote_id) == ("order.deleted", "orders", "35741")
    assert (found.webhook_id, found.body, found.note) == ("9", BODY, None)


def test_the_signature_is_openssls() -> None:
    """As OpenSSL computes it: openssl dgst -sha256 -hmac secret -binary | base64."""
    assert sign(b"secret", BODY) == b"Vd/opXwaEnqOUcQY3KnYH2YxDqWuG/+VDe3krLcgK8w="


@pytest.mark.parametrize(
    ("changed", "status", "reason"),
    [
        ({"signature": "dIyqOeMGml6nl/7ZmqOpQ8eG0n1D9bkNQTnAr/66X6A="}, 401, "wrong"),
        ({"signature": ""}, 401, "wrong"),
        ({"signature": "ünï"}, 401, "wrong"),
        ({"signature": None}, 401, "not signed"),
        ({"source": "https://staging.example/"}, 403, "staging.example"),
        ({"source": "http://127.0.0.1:8089/"}, 403, "8089"),
        ({"source": "http://127.0.0.1:8088/sub"}, 403, "sub"),
        ({"source": None}, 403, "nowhere"),
        ({"topic": "action.woocommerce_login"}, 400, "action.woocommerce_login"),
        ({"topic": "customer.restored"}, 400, "customer.restored"),
        ({"topic": None}, 400, "not named"),
    ],
)
def test_what_is_not_genuine(changed: dict[str, str | None], status: int, reason: str) -> None:
    found = judge(RECEIVER, headers(**changed), BODY, NOW)
    assert isinstance(found, Refused)
    assert found.status == status
    assert reason in found.reason


@pytest.mark.parametrize(
    "source", ["http://127.0.0.1:8088", "HTTPS://127.0.0.1:8088/", "https://127.0.0.1:8088//"]
)
def test_scheme_and_slash_are_forgiven(source: str) -> None:
    assert isinstance(judge(RECEIVER, headers(source=source), BODY, NOW), Delivery)


def test_a_test_of_ours_names_nothing() -> None:
    found = judge(RECEIVER, headers(topic=TEST_TOPIC), BODY, NOW)
    assert isinstance(found, Delivery)
    assert (found.remote_id, found.note) == (None, "a test")


def test_the_ping_is_a_form_and_nothing_else() -> None:
    form = {b"content-type": b"application/x-www-form-urlencoded"}
    assert isinstance(judge(RECEIVER, form, b"webhook_id=12", NOW), Ping)
    for body in (b"", b"webhook_id=", b"webhook_id=12&x=1", b"webhook_id=12\n", b"{}"):
        assert isinstance(judge(RECEIVER, form, body, NOW), Refused), body
    assert isinstance(judge(RECEIVER, {}, b"webhook_id=12", NOW), Refused)


@pytest.mark.parametrize(
    ("topic", "body", "told"),
    [
        ("product.updated", b'{"id":14,"type":"simple","parent_id":0}', ("products", "14", None)),
        (
            "product.updated",
            b'{"id":483,"type":"variation","parent_id":481}',
            ("variations", "483", "481"),
        ),
        ("product.deleted", b'{"id":35742}', ("products", "35742", None)),
        ("order.updated", b'{"id":35741,"parent_id":0}', ("orders", "35741", None)),
        ("coupon.updated", b'{"id":"3277"}', ("coupons", "3277", None)),
        ("order.updated", b'{"id":1,"x":"\\ud83d"}', ("orders", "1", None)),
        ("order.updated", b'{"id":1,"x":1e400,"y":NaN}', ("orders", "1", None)),
        ("order.updated", b'{"id":1,"x":"\xff"}', ("orders", "1", None)),
    ],
)
def test_which_record_a_body_names(topic: str, body: bytes, told: tuple) -> None:
    found = read_body(topic, body)
    assert (found.resource, found.remote_id, found.parent_id) == told
    assert found.note is None


def test_a_record_that_is_gone_is_told_by_the_signed_error_object() -> None:
    body = b'{"code":"woocommerce_rest_product_invalid_id","message":"x","data":{"status":404}}'
    assert read_body("product.created", body).note == GONE


@pytest.mark.parametrize(
    "body", [b"", b"[]", b"null", b"{", b'{"id":0}', b'{"id":-1}', b'{"id":true}', b'{"id":1.5}',
             b'{"id":"1; DROP"}', b'{"id":99999999999999999999}', b'{"id":[1]}']
)  # fmt: skip
def test_what_names_no_record(body: bytes) -> None:
    found = read_body("order.updated", body)
    assert (found.remote_id, found.note) == (None, UNREADABLE)


@given(st.binary(max_size=200), st.sampled_from(sorted(TOPICS)))
def test_any_signed_bytes_are_taken_and_no_unsigned_ones(body: bytes, topic: str) -> None:
    assert isinstance(judge(RECEIVER, headers(body, topic=topic), body, NOW), Delivery)
    assert isinstance(judge(RECEIVER, headers(body + b" ", topic=topic), body, NOW), Refused)


@given(st.dictionaries(st.binary(max_size=20), st.binary(max_size=40)), st.binary(max_size=40))
def test_no_headers_break_it(any_headers: dict[bytes, bytes], body: bytes) -> None:
    assert isinstance(judge(RECEIVER, any_headers, body, NOW), Refused | Ping)


def test_what_is_kept_of_headers_is_short_and_printable() -> None:
    long = {"source": "https://x.example/" + "y" * 5000 + "\0"}
    found = judge(RECEIVER, headers(**long), BODY, NOW)
    assert isinstance(found, Refused)
    assert len(found.reason) < 400
    assert "\0" not in found.reason


@pytest.mark.parametrize(
    ("peer", "is_let_in"),
    [
        ("203.0.113.9", True),
        ("::ffff:203.0.113.9", True),
        ("203.0.114.9", False),
        ("2001:db8::7", True),
        ("nonsense", False),
        ("", False),
        (None, False),
    ],
)
def test_networks(peer: str | None, is_let_in: bool) -> None:
    networks = (ip_network("203.0.113.0/24"), ip_network("2001:db8::/32"))
    assert replace(RECEIVER, networks=networks).admits(peer) is is_let_in
    assert RECEIVER.admits(peer)


def test_secrets_do_not_show() -> None:
    assert "secret" not in repr(RECEIVER).replace("secret=", "")
    found = judge(RECEIVER, headers(), BODY, NOW)
    assert "35741}" not in repr(found)


@pytest.mark.parametrize("url", ["", "::", "ftp://x", "http://", "https://u:p@x", "http://["])
def test_no_place(url: str) -> None:
    assert place_of(url) is None
