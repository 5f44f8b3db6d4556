"""What is shown of a request and its answer: whatever stands there, no key, no person."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from storetwin.connections.models import AuthScheme, Credentials
from storetwin.http.answer import Answer, Request
from storetwin.woocommerce.auth import sign
from storetwin.woocommerce.overheard import LONGEST, Overheard

KEY, SECRET = "ck_" + "a1" * 20, "cs_" + "b2/+" * 10
URL = "https://shop.example/wp-json/wc/v3/orders"
CREDENTIALS = Credentials(SecretStr(KEY), SecretStr(SECRET))


def told(answer: Answer | None, request: Request | None = None) -> tuple[str, str]:
    heard = Overheard(CREDENTIALS)
    heard(request or Request("GET", URL), None)
    if answer:
        heard(request or Request("GET", URL), answer)
    found = heard.told()
    assert found is not None
    return found.asked, found.answered


def answered(body: bytes, status: int = 401, **headers: str) -> str:
    return told(Answer(status, headers, body, None, 0.012))[1]


def test_nothing_was_asked_yet() -> None:
    assert Overheard().told() is None


@pytest.mark.parametrize("scheme", [s for s in AuthScheme if s is not AuthScheme.AUTO])
def test_however_keys_travel_they_are_left_out(scheme: AuthScheme) -> None:
    query, headers = sign(
        scheme, CREDENTIALS, "GET", URL, {"per_page": "1"}, nonce="n" * 32, timestamp=1
    )
    asked, answer = told(None, Request("GET", URL, query, headers | {"Accept": "application/json"}))
    assert asked.startswith(f"GET {URL}?")
    assert "per_page=1" in asked
    assert "Accept: application/json" in asked
    for secret in (KEY, SECRET, *headers.values(), query.get("oauth_signature", KEY)):
        assert secret not in asked
    assert answer == ""  # none came


def test_an_error_is_shown_as_the_store_says_it_without_what_is_secret() -> None:
    said = {"code": "no", "message": f"{SECRET} of anna@shop.example may not", "data": [1, 2]}
    shown = answered(json.dumps(said).encode(), server="nginx", **{"set-cookie": "sid=1"})
    assert shown.startswith("401, after 12 ms\nserver: nginx\n\n{")
    assert '"code": "no"' in shown
    assert "may not" in shown
    for hidden in (SECRET, "anna", "sid"):
        assert hidden not in shown


def test_of_what_keys_open_only_the_shape_is_shown() -> None:
    order = {"id": 7, "billing": {"first_name": "Anna", "phone": "+43 1"}, "lines": ["a"] * 9}
    shown = answered(json.dumps([order] * 5).encode(), 200)
    assert json.loads(shown.partition("\n\n")[2]) == [
        {"id": 7, "billing": {"first_name": "…", "phone": "…"}, "lines": ["…"] * 4}
    ] * 3 + ["…"]
    behind = b"<br /> Warning: x " + json.dumps([order]).encode()
    shown = answered(behind, 200)
    assert "Warning: x" in shown
    assert "Anna" not in shown


def test_a_page_is_cut_and_a_key_in_its_edge_is_found() -> None:
    page = f"<p>{'x' * (LONGEST - 10)}{SECRET}</p>".encode() * 40
    shown = answered(page, 403)
    assert len(shown) < LONGEST + 100
    assert shown.endswith(f"… {len(page):,} bytes in all")
    assert "b2/" not in shown


def test_an_address_in_a_redirect_does_not_tell_the_keys() -> None:
    place = f"https://www.shop.example/?consumer_key={KEY}&consumer_secret=%63s_1&a=b"
    shown = answered(b"", 301, location=place)
    assert "location: https://www.shop.example/?consumer_key=…&consumer_secret=…&a=b" in shown


@given(st.binary(max_size=300), st.sampled_from([200, 301, 401, 500]), st.text(max_size=30))
def test_whatever_comes_no_secret_is_told(before: bytes, status: int, name: str) -> None:
    for body in (
        before + SECRET.encode() + before,
        json.dumps({name: [SECRET, {KEY: name}]}).encode(),
    ):
        shown = answered(body, status, location=f"/{KEY}", server=SECRET)
        assert SECRET not in shown
        assert KEY not in shown
        assert shown.encode("utf-8")
        assert "\0" not in shown
