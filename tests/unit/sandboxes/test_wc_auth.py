"""The page by which a shop gives keys away: what it asks, what it sends, and when it takes them back."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit
from urllib.request import HTTPRedirectHandler, Request, build_opener

import pytest

from receivers import Receiver, running_receiver
from storetwin.sandboxes.woocommerce import Sandbox, running_store
from storetwin.sandboxes.woocommerce.auth import Permission


class _Stay(HTTPRedirectHandler):
    def redirect_request(self, *_: Any) -> None:
        return None

    def http_error_default(self, _: Any, answer: Any, *rest: Any) -> Any:
        return answer

    http_error_302 = http_error_401 = http_error_default


@pytest.fixture(scope="module")
def store() -> Iterator[Sandbox]:
    with running_store(orders=1) as running:
        yield running


@pytest.fixture(autouse=True)
def usual_keys(store: Sandbox) -> Iterator[None]:
    yield
    store.shop.gate.reset()


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with running_receiver() as made:
        yield made


def ask(url: str) -> Any:
    return build_opener(_Stay).open(Request(url), timeout=30)


def question(receiver: Receiver, **other: str) -> dict[str, str]:
    usual = {
        "app_name": "Storetwin",
        "scope": "read_write",
        "user_id": "abc123",
        "return_url": "https://office.example/stores?a=1&success=7",
        "callback_url": receiver.url,
    }
    return usual | other


def page(store: Sandbox, asked: dict[str, str], route: str = "authorize") -> tuple[int, str]:
    answer = ask(f"{store.url}/wc-auth/v1/{route}?{urlencode(asked)}")
    return answer.status, answer.read().decode()


def link(text: str, kind: str) -> str:
    found = re.search(rf'href="([^"]+)" class="[^"]*wc-auth-{kind}"', text)
    assert found is not None, text
    return html.unescape(found[1])


def test_approve_makes_keys_that_work_and_leads_back(store: Sandbox, receiver: Receiver) -> None:
    status, text = page(store, question(receiver))
    assert status == 200
    assert "Storetwin would like to connect to your store" in text
    assert "View and manage orders and sales reports" in text
    answer = ask(link(text, "approve"))
    assert answer.status == 302
    back = urlsplit(answer.headers["Location"])
    assert back.netloc == "office.example"
    assert parse_qs(back.query) == {"a": ["1"], "success": ["1"], "user_id": ["abc123"]}
    [posted] = receiver.seen
    assert posted.headers["Content-Type"] == "application/json;charset=UTF-8"
    sent = json.loads(posted.body)
    assert set(sent) == {"key_id", "user_id", "consumer_key", "consumer_secret", "key_permissions"}
    assert (sent["user_id"], sent["key_permissions"]) == ("abc123", "read_write")
    [made] = [pair for pair in store.shop.gate.pairs if pair.key == sent["consumer_key"]]
    assert (made.secret, made.permission) == (sent["consumer_secret"], Permission.READ_WRITE)


def test_deny_sends_no_keys(store: Sandbox, receiver: Receiver) -> None:
    _, text = page(store, question(receiver))
    assert parse_qs(urlsplit(link(text, "deny")).query)["success"] == ["0"]
    assert receiver.seen == []


@pytest.mark.parametrize("status", [201, 204, 302, 404, 422, 500])
def test_anything_but_200_takes_the_keys_back(
    store: Sandbox, receiver: Receiver, status: int
) -> None:
    receiver.answer = lambda _: status
    before = store.shop.gate.pairs
    _, text = page(store, question(receiver))
    refused = ask(link(text, "approve"))
    assert refused.status == 401
    assert "unable to send the consumer data" in refused.read().decode()
    assert len(receiver.seen) == 1
    assert store.shop.gate.pairs == before


@pytest.mark.parametrize(
    ("other", "said"),
    [
        ({"app_name": ""}, "Missing parameter app_name"),
        ({"user_id": "0"}, "Missing parameter user_id"),
        ({"scope": "admin"}, "Invalid scope admin"),
        ({"return_url": "a b"}, "is not a valid URL"),
        ({"callback_url": "http://hub.example"}, "The callback_url needs to be over SSL"),
    ],
)
def test_what_is_wrong_is_a_401_page(
    store: Sandbox, receiver: Receiver, other: dict[str, str], said: str
) -> None:
    status, text = page(store, question(receiver, **other))
    assert status == 401
    assert said in text


def test_nobody_approves_without_having_seen_the_page(store: Sandbox, receiver: Receiver) -> None:
    for nonce in ({}, {"wc_auth_nonce": "x"}):
        status, text = page(store, question(receiver) | nonce, "access_granted")
        assert (status, receiver.seen) == (401, [])
        assert "Invalid nonce verification" in text
    assert page(store, question(receiver), "other")[0] == 401
    assert page(store, question(receiver), "login")[0] == 302


def test_what_comes_from_outside_is_shown_as_text(store: Sandbox, receiver: Receiver) -> None:
    name = '"&<b>Twin</b>%41'
    _, text = page(store, question(receiver, app_name=name, user_id="<i>x"))
    assert "<b>" not in text
    assert "&quot;&amp;Twin would like" in text
