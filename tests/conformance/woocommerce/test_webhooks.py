"""What the sandbox sends by itself, held to the deliveries and pings of a real WooCommerce."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from conformance.woocommerce.store_under_test import StoreUnderTest
from conformance.woocommerce.test_recordings import shapes
from receivers import Received, Receiver, running_receiver
from storetwin.sandboxes.woocommerce.webhooks.rules import signature
from storetwin.testing.conformance import Answer, Recording
from storetwin.testing.conformance.bodies import compare_bodies

_FILE = Path(__file__).parents[1] / "recordings" / "woocommerce" / "webhook_deliveries.json"
_RECORDED = json.loads(_FILE.read_text("utf-8"))
_SECRET = 'ünï "c\u00f8dé" & so on'
_STORE = "http://127.0.0.1:8088"
_FREE = {
    "Host": r"127\.0\.0\.1:\d+",
    "Content-Length": r"\d+",
    "X-WC-Webhook-Source": r"https?://127\.0\.0\.1:\d+/",
    "X-WC-Webhook-Signature": r"[A-Za-z0-9+/]{43}=",
    "X-WC-Webhook-ID": r"[1-9]\d*",
    "X-WC-Webhook-Delivery-ID": r"[0-9a-f]{32}",
}
"""Headers whose values are data, and the form that they have in every recording."""


def _topic(exchange: dict[str, Any]) -> str:
    return exchange["headers"].get("X-WC-Webhook-Topic", "ping")


def _named(topic: str, body: str) -> str:
    return f"{topic} of a variation" if '"type":"variation"' in body else topic


def _cases() -> dict[str, dict[str, Any]]:
    """Return the last recorded delivery of each topic; variations apart, which look otherwise."""
    return {_named(_topic(each), each["body_text"]): each for each in _RECORDED}


CASES = _cases()
TOPICS = sorted({_topic(exchange) for exchange in _RECORDED} - {"ping"})


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with running_receiver() as running:
        yield running


@pytest.fixture
def came(store: StoreUnderTest, receiver: Receiver) -> dict[str, Received]:
    """What arrives when everything happens that was recorded; named as the recordings are."""
    assert store.sandbox is not None
    for topic in TOPICS:
        sent = {"name": topic, "topic": topic, "delivery_url": receiver.url, "secret": _SECRET}
        store.post("webhooks", sent)
    happens(store)
    assert store.sandbox.webhooks.wait_until_sent(20)
    return {_named(each.topic or "ping", each.body.decode()): each for each in receiver.seen}


def happens(store: StoreUnderTest) -> None:
    """Let everything happen that was recorded, each before the next is queued."""
    assert store.sandbox is not None
    product = store.get("products", type="simple", status="publish")[0]["id"]
    order = store.post("orders", {"line_items": [{"product_id": product, "quantity": 1}]})["id"]
    store.sandbox.webhooks.wait_until_sent(20)  # a delivery shows the record as it is by then
    store.put(f"orders/{order}", {"customer_note": "w3", "status": "processing"})
    store.put(f"products/{product}", {"stock_quantity": 77})
    made = store.post("products", {"name": "WH", "type": "simple", "regular_price": "3"})["id"]
    customer = store.post("customers", {"email": "wh@example.test"})["id"]
    store.put(f"customers/{customer}", {"first_name": "W"})
    parent = next(row for row in store.get("products", type="variable") if row["variations"])
    path = f"products/{parent['id']}/variations/{parent['variations'][0]}"
    store.put(path, {"regular_price": "33"})
    coupon = store.ids("coupons")[0]
    store.put(f"coupons/{coupon}", {"description": "w"})
    store.sandbox.webhooks.wait_until_sent(20)
    store.delete(f"orders/{order}")
    store.delete(f"products/{made}")
    store.delete(f"customers/{customer}", force="true")
    store.sandbox.store.restore("orders", order, "completed")


@pytest.mark.breaks
@pytest.mark.parametrize("name", CASES)
def test_the_store_sends_what_a_real_one_sends(
    name: str, store: StoreUnderTest, came: dict[str, Received]
) -> None:
    recorded, found = CASES[name], came[name]
    assert found.method == recorded["method"]
    assert list(found.headers) == list(recorded["headers"])
    for header, value in recorded["headers"].items():
        if header in _FREE:
            assert re.fullmatch(_FREE[header], value), f"the recording has another {header}"
            assert re.fullmatch(_FREE[header], found.headers[header]), header
        else:
            assert found.headers[header] == value
    if name == "ping":
        assert re.fullmatch(rb"webhook_id=\d+", found.body)
        assert re.fullmatch(r"webhook_id=\d+", recorded["body_text"])
        return
    assert found.headers["X-WC-Webhook-Source"] == f"{store.url}/"
    assert found.headers["X-WC-Webhook-Signature"] == signature(found.body, _SECRET)
    _same_body(recorded, found, store)


def _same_body(recorded: dict[str, Any], found: Received, store: StoreUnderTest) -> None:
    told = json.loads(found.body)
    path = f"/wp-json/wc/v3/{recorded['headers']['X-WC-Webhook-Resource']}s/{told['id']}"
    origin = {"Link": f'<{_STORE}/wp-json/>; rel="https://api.w.org/"'}
    recording = Recording("webhook", "GET", path, {}, None, 200, origin, recorded["body_text"])
    answer = Answer(200, {}, found.body, store.url)
    differences = list(compare_bodies(recording, answer, shapes()))
    assert not differences, "\n".join(map(str, differences))


@pytest.mark.breaks
def test_every_recorded_topic_is_caused(came: dict[str, Received]) -> None:
    assert set(came) >= set(CASES)
    assert len(CASES) == 13


def test_a_delivery_id_names_a_webhook_and_a_second_and_no_delivery() -> None:
    """The trap of which the sandbox's ids are made: four recorded deliveries share one."""
    ids = [each["headers"]["X-WC-Webhook-Delivery-ID"] for each in _RECORDED[-4:]]
    bodies = {json.loads(each["body_text"])["id"] for each in _RECORDED[-4:]}
    assert (len(set(ids)), len(bodies)) == (1, 4)
