"""How keys travel: three schemes, and a signature that others compute alike."""

import base64
from urllib.parse import parse_qsl, unquote, urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr
from woocommerce.oauth import OAuth

from storetwin.connections.models import AuthScheme, Credentials
from storetwin.woocommerce.auth import encode, sign, signature

KEYS = Credentials(SecretStr("ck_key"), SecretStr("cs_secret"))
URL = "http://shop.test/wp-json/wc/v3/orders"
UNRESERVED = set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")
NAMES = st.text("abcdefghijklmnopqrstuvwxyz_", min_size=1, max_size=8)
# Without a percent sign: the peer, like WooCommerce, decodes a value before it encodes it.
VALUES = st.text(st.characters(codec="utf-8", exclude_characters="%/"), max_size=12)


def signed(params, method="GET", url=URL):
    return sign(AuthScheme.OAUTH1, KEYS, method, url, params, nonce="n1", timestamp=1_700_000_000)


def test_basic_puts_the_keys_into_a_header_and_a_nonce_into_the_query():
    query, headers = sign(AuthScheme.BASIC, KEYS, "GET", URL, {"page": "2"}, nonce="n", timestamp=0)
    assert query == {"page": "2", "_": "n"}
    scheme, token = headers["Authorization"].split()
    assert scheme == "Basic"
    assert base64.b64decode(token) == b"ck_key:cs_secret"


def test_query_puts_them_into_the_address():
    query, headers = sign(AuthScheme.QUERY, KEYS, "GET", URL, {"a": "1"}, nonce="n", timestamp=0)
    keys = {"consumer_key": "ck_key", "consumer_secret": "cs_secret"}
    assert query == {"a": "1", "_": "n", **keys}
    assert headers == {}


def test_a_signature_shows_the_key_and_never_the_secret():
    query, headers = signed({"page": "2"})
    assert headers == {}
    assert query["oauth_consumer_key"] == "ck_key"
    assert query["oauth_signature_method"] == "HMAC-SHA256"
    assert (query["oauth_nonce"], query["oauth_timestamp"]) == ("n1", "1700000000")
    assert "secret" not in urlencode(query)


@given(st.text())
def test_encoding_leaves_unreserved_characters_only_and_can_be_undone(text):
    coded = encode(text.encode("utf-8", "replace").decode())
    assert set(coded) <= UNRESERVED | {"%"}
    assert unquote(coded) == text.encode("utf-8", "replace").decode()


@given(st.dictionaries(NAMES, VALUES, max_size=6), st.sampled_from(["GET", "POST"]))
def test_woocommerces_own_library_computes_the_same_signature(params, method):
    query, _ = signed(params, method)
    found = query.pop("oauth_signature")
    peer = OAuth(URL, "ck_key", "cs_secret", version="wc/v3", method=method)
    assert found == peer.generate_oauth_signature(dict(query), URL)


@given(st.permutations([("a", "1"), ("b", "2"), ("status[0]", "any"), ("z", "é ~")]))
def test_the_order_of_the_parameters_does_not_matter(pairs):
    first, _ = signed(dict(sorted(pairs)))
    assert signed(dict(pairs))[0]["oauth_signature"] == first["oauth_signature"]


@given(st.dictionaries(NAMES, VALUES, min_size=1, max_size=4), st.data())
def test_whatever_is_changed_on_the_way_changes_the_signature(params, data):
    query, _ = signed(params)
    found = query.pop("oauth_signature")
    name = data.draw(st.sampled_from(sorted(query)))
    assert signature("GET", URL, query | {name: query[name] + "x"}, "cs_secret") != found
    assert signature("POST", URL, query, "cs_secret") != found
    assert signature("GET", URL + "/1", query, "cs_secret") != found
    assert signature("GET", URL, query, "cs_secret2") != found


@given(st.dictionaries(NAMES, st.text(st.characters(codec="utf-8"), max_size=12), max_size=6))
def test_what_is_signed_survives_the_address_bar(params):
    query, _ = signed(params)
    arrived = dict(parse_qsl(urlencode(query), keep_blank_values=True))
    found = arrived.pop("oauth_signature")
    assert signature("GET", URL, arrived, "cs_secret") == found


@pytest.mark.parametrize("scheme", [AuthScheme.BASIC, AuthScheme.QUERY, AuthScheme.OAUTH1])
def test_the_parameters_given_are_not_changed(scheme):
    params = {"page": "2"}
    sign(scheme, KEYS, "GET", URL, params, nonce="n", timestamp=1)
    assert params == {"page": "2"}
