"""Traps of authentication: signatures, clocks, and what is said to those who may not."""

from __future__ import annotations

import time

import pytest

from conformance.woocommerce.signing import signed
from conformance.woocommerce.store_under_test import Keys, StoreUnderTest, code_of, header


def test_a_right_signature_opens(store: StoreUnderTest) -> None:
    assert signed(store, "orders", per_page=1).status == 200


def test_a_nonce_can_be_used_once(store: StoreUnderTest) -> None:
    nonce = f"conformance{time.time_ns()}"
    assert signed(store, "orders", oauth_nonce=nonce).status == 200
    again = signed(store, "orders", oauth_nonce=nonce)
    assert (again.status, code_of(again)) == (401, "woocommerce_rest_authentication_error")
    assert "nonce has already been used" in again.text


@pytest.mark.parametrize(("seconds", "status"), [(-890, 200), (890, 200), (-960, 401), (960, 401)])
def test_clocks_may_differ_by_a_quarter_of_an_hour(
    store: StoreUnderTest, seconds: int, status: int
) -> None:
    answer = signed(store, "orders", seconds_off=seconds)
    assert answer.status == status
    assert ("Invalid timestamp." in answer.text) == (status == 401)


def test_a_parameter_must_not_be_missing(store: StoreUnderTest) -> None:
    answer = signed(store, "orders", oauth_nonce=None)
    assert answer.status == 401
    assert code_of(answer) == "woocommerce_rest_authentication_missing_parameter"


def test_lists_are_signed_with_their_numbers(store: StoreUnderTest) -> None:
    assert signed(store, "orders", **{"status[0]": "completed"}).status == 200
    assert "signature" in signed(store, "orders", **{"status[]": "completed"}).text


def test_an_unknown_key_is_told_from_a_wrong_secret(store: StoreUnderTest) -> None:
    unknown = signed(store, "orders", keys=Keys("ck_unknown", "cs_x"))
    wrong = signed(store, "orders", keys=Keys(store.keys["read_write"].key, "cs_x"))
    assert "Consumer key is invalid." in unknown.text
    assert "Invalid signature" in wrong.text


def test_an_unknown_key_is_no_key_to_basic(store: StoreUnderTest) -> None:
    answer = store.ask("GET", "orders", keys=Keys("ck_unknown", "cs_x"))
    assert (answer.status, code_of(answer)) == (401, "woocommerce_rest_cannot_view")
    assert header(answer, "WWW-Authenticate") == ""


def test_keys_open_nothing_without_pretty_addresses(store: StoreUnderTest) -> None:
    assert store.ask("GET", "/", {"rest_route": "/wc/v3/orders"}).status == 401


def test_over_http_keys_are_not_read_but_signatures_are(store: StoreUnderTest) -> None:
    assert store.ask("GET", "orders", plain=True).status == 401
    assert signed(store, "orders", plain=True).status == 200


def test_keys_in_the_query_open_over_tls(store: StoreUnderTest) -> None:
    pair = store.keys["read_write"]
    asked = {"consumer_key": pair.key, "consumer_secret": pair.secret}
    assert store.ask("GET", "orders", asked, anonymous=True).status == 200
