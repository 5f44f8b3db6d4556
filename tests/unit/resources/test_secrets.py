"""Which settings of a store are sealed: too many rather than too few."""

import json

import pytest

from storetwin.resources import Secrets, named
from storetwin.resources.secrets import (
    Setting,
    is_secret_of_gateway,
    is_secret_setting,
    looks_like_a_key,
    secret_spans,
)

SECRET = [
    ("anything", "password", "x"),
    ("acme_api_key", "text", "x"),
    ("client_secret", "text", "x"),
    ("woocommerce_maxmind_license_key", "", "x"),
    ("access-token", "textarea", ["x"]),
    ("smtp_password", "email", "x"),
    ("store_pin", "text", "1234"),
    ("notify_url", "text", "https://user:word@shop.example/hook"),
    ("note", "text", "sk_live_51Hq0aBcDeFg"),
    ("note", "text", "9f86d081884c7d659a2feaa0c55ad015"),
    ("note", "textarea", "-----BEGIN PRIVATE KEY-----\nMIIE"),
]
OPEN = [  # ids of a real store, see the page of resources
    ("woocommerce_store_address", "text", "1 High Street"),
    ("woocommerce_currency", "select", "EUR"),
    ("woocommerce_myaccount_lost_password_endpoint", "text", "lost-password"),
    ("woocommerce_registration_generate_password", "checkbox", "no"),
    ("woocommerce_api_enabled", "checkbox", "no"),
    ("woocommerce_price_display_suffix", "text", "incl. tax"),
    ("woocommerce_email_from_address", "email", "shop@example.com"),
    ("subject", "text", "Your order is complete"),
    (
        "woocommerce_registration_privacy_policy_text",
        "textarea",
        "Your data is used to [privacy_policy]",
    ),
    ("hotkey", "text", "no"),
]


@pytest.mark.parametrize(("name", "kind", "value"), SECRET)
def test_what_is_sealed(name, kind, value):
    assert is_secret_setting(Setting(name, kind, value))


@pytest.mark.parametrize(("name", "kind", "value"), OPEN)
def test_what_stays_open(name, kind, value):
    assert not is_secret_setting(Setting(name, kind, value))


def test_a_gateway_shows_what_customers_see_and_nothing_else():
    assert not is_secret_of_gateway(Setting("title", "safe_text", "Cards"))
    assert not is_secret_of_gateway(Setting("testmode", "checkbox", "yes"))
    assert not is_secret_of_gateway(Setting("capture", "select", "manual"))
    assert is_secret_of_gateway(Setting("merchant", "text", "M-1"))
    assert is_secret_of_gateway(Setting("title", "password", "x"))
    assert is_secret_of_gateway(Setting("accounts", "account_details", [{"iban": "DE1"}]))


@pytest.mark.parametrize("text", ["ck_1a2b", "AKIAIOSFODNN7EXAMPLE", "eyJhbGciOi.x", "SG.abc"])
def test_known_keys_are_recognised(text):
    assert looks_like_a_key(f"  {text}")


@pytest.mark.parametrize(
    "text", ["", "US:CA", "https://shop.example/a", "checkout-page", "sketch", "{a} {b}"]
)
def test_words_are_no_keys(text):
    assert not looks_like_a_key(text)


def found(secrets, document):
    text = json.dumps(document)
    return {path: json.loads(text[a:b]) for path, (a, b) in secret_spans(secrets, text)}


def test_members_are_found_through_lists_and_empty_ones_are_left():
    secrets = Secrets(members=("tokens.value", "pin", "gone"))
    document = {"tokens": [{"value": "x"}, {"value": ""}, 7], "pin": [1, 2], "name": "n"}
    assert found(secrets, document) == {"tokens.value": "x", "pin": [1, 2]}


def test_settings_are_judged_one_by_one():
    document = {
        "id": "stripe",
        "settings": {
            "key": {"id": "key", "type": "text", "value": "a"},
            "plain": "typed without a frame",
            "title": {"id": "title", "type": "text", "value": "Cards"},
            "empty": {"id": "empty", "type": "password", "value": ""},
        },
    }
    secrets = named("payment_gateways").secrets
    assert found(secrets, document) == {
        "settings.key": "a",
        "settings.plain": "typed without a frame",
    }
    assert found(secrets, {"id": "bacs", "settings": []}) == {}


def test_a_setting_that_is_a_record_is_judged_by_its_own_id():
    secrets = named("settings").secrets
    assert found(secrets, {"id": "api_key", "type": "text", "value": "a"}) == {"value": "a"}
    assert found(secrets, {"id": "city", "type": "text", "value": "a"}) == {}
    assert found(secrets, {"value": "a", "type": "password"}) == {"value": "a"}


def test_a_value_that_stands_twice_is_sealed_twice():
    text = '{"id":"api_key","value":"a","value":"b"}'
    spans = [text[a:b] for _, (a, b) in secret_spans(named("settings").secrets, text)]
    assert spans == ['"a"', '"b"']
