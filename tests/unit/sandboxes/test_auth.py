import base64
import hmac
import json
import time
from urllib.parse import quote, urlencode

import pytest

from storetwin.sandboxes.woocommerce.auth import (
    READ_ONLY,
    READ_WRITE,
    WRITE_ONLY,
    KeyPair,
    Permission,
)
from storetwin.sandboxes.woocommerce.request import Request

PATH = "/wp-json/wc/v3/orders"
HTTP = "http://shop.test"


def encoded(text):
    return quote(str(text), safe="~")


def signed(params, *, pair=READ_WRITE, secret=None, algorithm="sha1", **changes):
    """Sign like RFC 5849 says, with the parameters in the query."""
    sent = {
        **params, "oauth_consumer_key": pair.key, "oauth_timestamp": str(int(time.time())),
        "oauth_nonce": f"n{time.perf_counter_ns()}",
        "oauth_signature_method": f"HMAC-{algorithm.upper()}", **changes,
    }  # fmt: skip
    sent = {name: value for name, value in sent.items() if value is not None}
    pairs = sorted((encoded(k), encoded(v)) for k, v in sent.items())
    text = "&".join(["GET", encoded(HTTP + PATH), encoded("&".join(f"{k}={v}" for k, v in pairs))])
    digest = hmac.digest(f"{secret or pair.secret}&".encode(), text.encode(), algorithm)
    return {**sent, "oauth_signature": base64.b64encode(digest).decode()}


def ask(counter, params, *, base=HTTP, headers=None, path=PATH):
    request = Request("GET", path, urlencode(params), headers or {}, b"", base)
    answer = counter.shop.respond(request)
    return answer.status, json.loads(answer.body)


def told(reply):
    status, body = reply
    return status, body["code"], body["message"]


ERROR = "woocommerce_rest_authentication_error"
STRANGER = (401, "woocommerce_rest_cannot_view", "Sorry, you cannot list resources.")


@pytest.mark.parametrize("algorithm", ["sha1", "sha256"])
def test_a_right_signature_opens(counter, algorithm):
    status, rows = ask(counter, signed({"per_page": 2, "status[0]": "any"}, algorithm=algorithm))
    assert status == 200
    assert len(rows) == 2


def test_a_header_with_the_signature_opens(counter):
    sent = signed({})
    header = "OAuth " + ", ".join(f'{k}="{encoded(v)}"' for k, v in sent.items())
    assert ask(counter, {}, headers={"authorization": header})[0] == 200


def test_brackets_without_a_number_break_the_signature(counter):
    assert told(ask(counter, signed({"status[]": "any"}))) == (
        401, ERROR, "Invalid signature - provided signature does not match.",
    )  # fmt: skip


def test_a_wrong_secret_is_told(counter):
    assert told(ask(counter, signed({}, secret="cs_wrong")))[2].startswith("Invalid signature")


def test_an_unknown_key_is_told(counter):
    stranger = KeyPair("ck_unknown", "cs", Permission.READ)
    assert told(ask(counter, signed({}, pair=stranger))) == (401, ERROR, "Consumer key is invalid.")


def test_a_nonce_serves_once(counter):
    sent = signed({})
    assert ask(counter, sent)[0] == 200
    assert told(ask(counter, sent))[2] == "Invalid nonce - nonce has already been used."


@pytest.mark.parametrize(("off", "status"), [(-890, 200), (890, 200), (-960, 401), (960, 401)])
def test_a_timestamp_may_be_a_quarter_of_an_hour_off(counter, off, status):
    reply = ask(counter, signed({}, oauth_timestamp=str(int(time.time()) + off)))
    assert reply[0] == status
    assert status == 200 or told(reply)[2] == "Invalid timestamp."


def test_a_missing_nonce_is_told(counter):
    reply = told(ask(counter, signed({}, oauth_nonce=None)))
    assert reply[:2] == (401, "woocommerce_rest_authentication_missing_parameter")


def basic(pair, secret=None):
    token = base64.b64encode(f"{pair.key}:{secret or pair.secret}".encode()).decode()
    return {"authorization": f"Basic {token}"}


def test_basic_is_read_over_tls_only(counter):
    assert told(ask(counter, {}, headers=basic(READ_WRITE))) == STRANGER
    assert ask(counter, {}, headers=basic(READ_WRITE), base="https://shop.test")[0] == 200


def test_basic_with_a_wrong_secret_is_told_and_an_unknown_key_is_a_stranger(counter):
    wrong = ask(counter, {}, headers=basic(READ_WRITE, "cs_no"), base="https://shop.test")
    assert told(wrong) == (401, ERROR, "Consumer secret is invalid.")
    unknown = KeyPair("ck_unknown", "cs", Permission.READ)
    assert told(ask(counter, {}, headers=basic(unknown), base="https://shop.test")) == STRANGER


def test_keys_in_the_query_serve_over_tls_only(counter):
    keys = {"consumer_key": READ_WRITE.key, "consumer_secret": READ_WRITE.secret}
    assert told(ask(counter, keys)) == STRANGER
    assert ask(counter, keys, base="https://shop.test")[0] == 200


def test_a_plain_permalink_hides_the_keys(counter):
    reply = ask(
        counter, {"rest_route": "/wc/v3/orders"}, headers=basic(READ_WRITE),
        base="https://shop.test", path="/",
    )  # fmt: skip
    assert told(reply) == STRANGER


def test_a_strangers_bad_parameter_is_told_before_his_missing_key(counter):
    assert ask(counter, {"per_page": 101})[0] == 400


def test_a_key_may_do_only_what_it_was_made_for(counter):
    counter.pair = READ_ONLY
    assert counter.get("orders").status == 200
    refused = counter.ask("POST", "products/tags", {"name": "x"})
    assert refused.status == 401
    assert b"does not have write permissions" in refused.body
    counter.pair = WRITE_ONLY
    assert b"does not have read permissions" in counter.get("orders").body
    assert counter.ask("POST", "products/tags", {"name": "x"}).status == 201


def test_the_keys_do_not_open_wordpress_itself(counter):
    reply = ask(
        counter,
        {},
        headers=basic(READ_WRITE),
        base="https://shop.test",
        path="/wp-json/wp/v2/users/me",
    )
    assert reply[0] == 401
    assert reply[1]["code"] == "rest_not_logged_in"
