"""The control door and the page's stream, over a real socket."""

from __future__ import annotations

import http.client
import json
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from typing import Any

import pytest

from storetwin.sandboxes.woocommerce import Sandbox, running_store
from storetwin.sandboxes.woocommerce.app import Shop
from storetwin.sandboxes.woocommerce.fault_kinds import KINDS
from storetwin.sandboxes.woocommerce.faults import Board
from storetwin.sandboxes.woocommerce.model.store import Store
from storetwin.sandboxes.woocommerce.page.live import Listener
from storetwin.sandboxes.woocommerce.wire import Exchange

BROWSER = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}


@pytest.fixture(scope="module")
def running() -> Iterator[Sandbox]:
    with running_store(orders=40, seed=3, faults=["bom:times=1"]) as sandbox:
        yield sandbox


@pytest.fixture
def store(running: Sandbox) -> Sandbox:
    running.shop.reset()
    return running


def ask(
    store: Sandbox, method: str, path: str, body: Any = None, headers: dict[str, str] | None = None
) -> tuple[int, dict[str, str], bytes]:
    connection = http.client.HTTPConnection(store.url.partition("://")[2], timeout=10)
    try:
        connection.request(method, path, body if body is None else json.dumps(body), headers or {})
        answer = connection.getresponse()
        return answer.status, dict(answer.getheaders()), answer.read()
    finally:
        connection.close()


def told(store: Sandbox, method: str, path: str, body: Any = None) -> Any:
    status, _, text = ask(store, method, "/sandbox" + path, body)
    assert status == 200, text
    return json.loads(text)


def test_it_tells_how_to_use_the_store(store):
    found = told(store, "GET", "/store")
    assert (found["url"], found["key"], found["secret"]) == (store.url, store.key, store.secret)
    assert found["control"] == store.url + "/sandbox"
    assert found["records"] == store.store.counts()


def test_it_tells_what_was_asked_for(store):
    for number in range(3):
        ask(store, "GET", f"/wp-json/?n={number}")
    found = told(store, "GET", "/requests")
    assert [line["query"] for line in found["requests"]] == ["n=0", "n=1", "n=2"]
    assert [line["number"] for line in found["requests"]] == [1, 2, 3]
    assert found["requests"][0]["faults"] == ["bom"]
    assert found["requests"][1]["faults"] == []
    assert abs(found["requests"][0]["at"] - time.time()) < 60
    assert found["requests"][0]["size"] > 100
    assert [n["number"] for n in told(store, "GET", "/requests?since=1&most=1")["requests"]] == [3]
    assert told(store, "DELETE", "/requests") == {"total": 0, "requests": []}


@pytest.mark.parametrize(
    "fault", ["down:times=1", "latency:ms=1", "no-totals", "strip-auth", "plain-permalinks"]
)
def test_each_request_says_what_struck_it(store, fault):
    store.faults.clear()
    store.faults.switch_on(fault)
    ask(store, "GET", signed(store, "orders"), headers={"Authorization": "Basic eDp5"})
    [heard] = told(store, "GET", "/requests")["requests"]
    assert heard["faults"] == [fault.partition(":")[0]]


def signed(store: Sandbox, path: str) -> str:
    """The address of a request, signed as a client does over plain http."""
    from woocommerce.oauth import OAuth

    url = f"{store.url}/wp-json/wc/v3/{path}"
    address = OAuth(
        url=url,
        consumer_key=store.key,
        consumer_secret=store.secret,
        version="wc/v3",
        method="GET",
        oauth_timestamp=int(time.time()),
    ).get_oauth_url()
    return str(address).removeprefix(store.url)


def test_it_shows_the_catalogue_as_it_is(store):
    kinds = {kind["name"]: kind for kind in told(store, "GET", "/kinds")["kinds"]}
    assert list(kinds) == list(KINDS)
    assert kinds["poison"]["meaning"] == KINDS["poison"].meaning
    assert kinds["poison"]["parameters"] == dict(KINDS["poison"].parameters)


def test_it_shows_the_exact_bytes_of_records(store):
    ids = told(store, "GET", "/records/orders")["ids"]
    assert ids == store.store.ids("orders")
    status, _, body = ask(store, "GET", f"/sandbox/records/orders/{ids[0]}")
    assert (status, body) == (200, store.store.document("orders", ids[0]))
    assert ask(store, "GET", "/sandbox/records/orders/9999999")[0] == 404


def test_a_reset_brings_back_records_and_faults(store):
    number = told(store, "POST", "/mutate", {"verb": "create"})["id"]
    told(store, "DELETE", "/faults")
    told(store, "POST", "/faults", {"fault": "down"})
    told(store, "POST", "/reset")
    assert [fault["name"] for fault in told(store, "GET", "/faults")["faults"]] == ["bom"]
    assert number not in store.store.ids("orders")
    assert store.store.base == store.url


@pytest.mark.parametrize(
    ("method", "path", "body", "words"),
    [
        ("POST", "/faults", {"fault": "cake"}, "There is no fault 'cake'"),
        ("POST", "/faults", {}, "Send"),
        ("POST", "/faults", [1], "JSON object"),
        ("POST", "/mutate", {"verb": "burn"}, "There is no verb 'burn'"),
        ("POST", "/mutate", {"verb": "edit", "id": 5_000_000}, "no record 5000000"),
        ("POST", "/mutate", {"verb": "create", "resource": "cakes"}, "There is no resource"),
        ("POST", "/mutate", {"verb": "trash", "resource": "taxes", "id": 1}, "no trash"),
        ("GET", "/records/cakes", None, "There is no resource"),
        ("GET", "/requests?since=then", None, "then"),
    ],
)
def test_what_is_asked_wrongly_is_said_in_words(store, method, path, body, words):
    status, _, text = ask(store, method, "/sandbox" + path, body)
    assert status == 400
    assert words in json.loads(text)["error"]


def test_another_sites_page_may_not_touch_it(store):
    elsewhere, here = {"Origin": "https://elsewhere.example"}, {"Origin": store.url}
    fault = {"fault": "down"}
    assert ask(store, "POST", "/sandbox/faults", fault, elsewhere)[0] == 403
    assert store.faults.names == ["bom"]
    assert ask(store, "POST", "/sandbox/faults", fault, here)[0] == 200


def test_a_browser_sees_the_page_and_everybody_else_the_shop(store):
    status, headers, body = ask(store, "GET", "/", headers=BROWSER)
    assert (status, b"<title>Sandbox store" in body) == (200, True)
    policy = headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert b"Welcome" in ask(store, "GET", "/")[2]
    assert b'"namespaces"' in ask(store, "GET", "/?rest_route=/", headers=BROWSER)[2]
    assert ask(store, "GET", "/?rest_route=", headers=BROWSER)[2] != body
    assert b"Page not found" in ask(store, "GET", "/nothing", headers=BROWSER)[2]
    assert store.requests.total == 4, "opening the page is no request to the shop"


def test_the_page_asks_for_nothing_that_is_not_there(store):
    import re

    page = ask(store, "GET", "/", headers=BROWSER)[2].decode()
    names = set(re.findall(r"/sandbox/page/([\w.]+)", page))
    scripts = {name for name in names if name.endswith(".js")}
    for name in names | {"dom.js"}:
        status, headers, body = ask(store, "GET", f"/sandbox/page/{name}")
        assert status == 200, name
        assert headers["x-content-type-options"] == "nosniff"
        scripts |= set(re.findall(r'from "/sandbox/page/(\w+\.js)"', body.decode()))
    assert len(scripts) == 8
    icons = ask(store, "GET", "/sandbox/page/icons.svg")[2].decode()
    for name in re.findall(r"icons\.svg#(\w+)", page):
        assert f'id="{name}"' in icons, name
    assert not re.search(r"<script>|\sstyle=|\son\w+=", page), "the policy forbids it inline"
    assert ask(store, "GET", "/sandbox/page/..%2Ffront.py")[0] == 404


def test_the_stream_tells_requests_and_figures(store):
    connection = http.client.HTTPConnection(store.url.partition("://")[2], timeout=10)
    connection.request("GET", "/sandbox/events")
    answer = connection.getresponse()
    assert answer.headers["content-type"].startswith("text/event-stream")
    store.store.create_order({})
    ask(store, "GET", "/wp-json/?hello=1")
    lines = iter(answer.readline, b"")
    assert any(b'"hello=1"' in line for line in lines)
    assert any(b'"requests": 1' in line for line in lines)
    connection.close()


def events(listener: Listener) -> dict[str, Any]:
    found = {}
    for event in listener.news():
        lines = dict(line.split(": ", 1) for line in event.strip().splitlines())
        found[lines["event"]] = json.loads(lines["data"])
        found.setdefault("id", lines.get("id"))
    return found


def test_a_listener_hears_each_request_once_and_goes_on_where_it_was():
    model = Store(orders=5)
    shop = Shop(model, Board(model))
    first = Listener(shop, "born", "")
    assert events(first)["requests"] == {"rows": [], "missed": 0, "is_new": True}
    assert events(first) == {}
    shop.requests.note(Exchange("GET", "/a", "", 200, 0))
    heard = events(first)
    assert [row["path"] for row in heard["requests"]["rows"]] == ["/a"]
    assert heard["requests"]["is_new"] is False
    shop.requests.note(Exchange("GET", "/b", "", 200, 0))
    again = events(Listener(shop, "born", heard["id"]))
    assert [row["path"] for row in again["requests"]["rows"]] == ["/b"]
    other = events(Listener(shop, "another run", heard["id"]))
    assert other["requests"]["is_new"] is True
    for _ in range(250):
        shop.requests.note(Exchange("GET", "/c", "", 200, 0))
    late = events(first)["requests"]
    assert (len(late["rows"]), late["missed"]) == (200, 51)
    shop.requests.clear()
    assert events(first)["requests"] == {"rows": [], "missed": 0, "is_new": True}


def test_the_store_stops_at_once_while_a_page_is_open():
    process = subprocess.Popen(
        [sys.executable, "-m", "storetwin.sandboxes.woocommerce", "--port", "0", "--orders", "5",
         "--json"],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    with process:
        assert process.stdout is not None
        url = json.loads(process.stdout.readline())["url"]
        host, _, port = url.partition("://")[2].rpartition(":")
        with socket.create_connection((host, int(port)), timeout=10) as listening:
            listening.sendall(b"GET /sandbox/events HTTP/1.1\r\nHost: x\r\n\r\n")
            assert listening.recv(100).startswith(b"HTTP/1.1 200")
            asked = time.monotonic()
            process.terminate()
            assert process.wait(10) == 0
            assert time.monotonic() - asked < 5
        assert process.stderr is not None
        assert process.stderr.read() == ""
