"""Webhooks over real sockets: what arrives, when, how often, and what becomes of the webhook."""

from __future__ import annotations

import json
import socket
import ssl
import threading
import time
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest
import trustme
from woocommerce import API

from raw_requests import wait_until
from receivers import Received, Receiver, running_receiver
from storetwin.sandboxes.woocommerce import Sandbox, running_store
from storetwin.sandboxes.woocommerce.webhooks import rules

PATIENCE = 10.0


@pytest.fixture
def receiver():
    with running_receiver() as running:
        yield running


@pytest.fixture
def store():
    with running_store(orders=60) as running:
        yield running


def ask(store: Sandbox, method: str, path: str, body: object = None, **params: object):
    """Ask the store over the wire, and return its JSON."""
    client = API(store.url, store.key, store.secret, timeout=PATIENCE)
    if method in ("POST", "PUT"):
        return getattr(client, method.lower())(path, body).json()
    return getattr(client, method.lower())(path, params=params).json()


def hook(store: Sandbox, url: str, topic: str = "order.updated", secret: str = "höhö") -> int:
    sent = {"topic": topic, "delivery_url": url, "secret": secret}
    return ask(store, "POST", "webhooks", sent)["id"]


def shown(store: Sandbox, number: int) -> dict:
    return json.loads(store.store.document("webhooks", number))


def order(store: Sandbox) -> int:
    return next(n for n in store.store.ids("orders")
                if store.store.status_of("orders", n) == "processing")  # fmt: skip


def sent(store: Sandbox) -> None:
    assert store.webhooks.wait_until_sent(PATIENCE)


def hold(store: Sandbox) -> None:
    """Let deliveries wait until :func:`let_go`."""
    store.webhooks.delay = 600.0


def let_go(store: Sandbox) -> None:
    store.webhooks.delay = 0.0
    sent(store)


def deliver(store: Sandbox, times: int, number: int | None = None) -> None:
    """Make one delivery after the other."""
    number = number or order(store)
    for at in range(times):
        store.store.edit("orders", number, {"customer_note": f"{time.monotonic()} {at}"})
        sent(store)


# -- pings ------------------------------------------------------------------------------------------


def test_a_new_webhook_pings_before_it_is_answered(store, receiver):
    number = hook(store, receiver.url)
    [ping] = receiver.seen
    assert (ping.method, ping.body) == ("POST", b"webhook_id=%d" % number)
    assert not any(name.startswith("X-WC") for name in ping.headers)
    deliver(store, 2)
    assert len(receiver.pings) == 1


def test_a_ping_follows_redirects_and_a_delivery_does_not(store, receiver):
    receiver.answer = lambda came: (301, {"Location": "/there"}) if came.path == "/in" else 200
    number = hook(store, receiver.url)
    assert [came.path for came in receiver.seen] == ["/in", "/there"]
    deliver(store, 1)
    assert [came.path for came in receiver.deliveries] == ["/in"]
    assert store.store.hooks[number].failures == 0  # nobody followed, and it counts as taken


def test_a_ping_that_fails_is_repeated_after_each_delivery_until_one_is_taken(store, receiver):
    receiver.answer = lambda came: 204 if came.is_ping else 200
    number = hook(store, receiver.url)
    assert shown(store, number)["status"] == "active"
    deliver(store, 2)
    assert [came.is_ping for came in receiver.seen] == [True, False, True, False, True]
    receiver.answer = lambda _: 200
    deliver(store, 2)
    assert [came.is_ping for came in receiver.seen[5:]] == [False, True, False]


def test_a_receiver_that_hangs_holds_up_the_creation_and_nobody_else(store, receiver):
    store.webhooks.ping_timeout = 2.0
    receiver.answer = lambda _: time.sleep(20) or 200
    made: list[float] = []

    def create() -> None:
        began = time.monotonic()
        hook(store, receiver.url)
        made.append(time.monotonic() - began)

    thread = threading.Thread(target=create)
    thread.start()
    assert ask(store, "GET", "orders")
    assert thread.is_alive()
    thread.join(PATIENCE)
    assert 2.0 <= made[0] < 9.0


# -- deliveries -------------------------------------------------------------------------------------


def test_a_delivery_is_signed_and_shows_the_record_as_it_is_then(store, receiver):
    number, about = hook(store, receiver.url), order(store)
    hold(store)
    for note in ("one", "two", "drei ß"):
        ask(store, "PUT", f"orders/{about}", {"customer_note": note})
    let_go(store)
    [came] = receiver.deliveries
    assert came.body == store.store.document("orders", about)
    assert json.loads(came.body)["customer_note"] == "drei ß"
    told = {name: text for name, text in came.headers.items() if name.startswith("X-WC")}
    assert told == {
        "X-WC-Webhook-Source": f"{store.url}/",
        "X-WC-Webhook-Topic": "order.updated",
        "X-WC-Webhook-Resource": "order",
        "X-WC-Webhook-Event": "updated",
        "X-WC-Webhook-Signature": rules.signature(came.body, "höhö"),
        "X-WC-Webhook-ID": str(number),
        "X-WC-Webhook-Delivery-ID": told["X-WC-Webhook-Delivery-ID"],
    }
    assert store.deliveries[-1].events == 3


def test_the_delay_is_that_of_a_real_store_and_a_fast_queue_shortens_it(receiver):
    with running_store(orders=20, webhook_delay=25.0) as store:
        hook(store, receiver.url)
        store.store.edit("orders", order(store), {})
        assert not store.webhooks.wait_until_sent(0.5)
        assert store.webhooks.waiting == 1
        store.webhooks.fast_queue = True
        sent(store)
        assert len(receiver.deliveries) == 1


def test_what_is_gone_by_then_is_an_error_with_a_valid_signature(store, receiver):
    hook(store, receiver.url, "product.created")
    hold(store)
    product = store.store.create("products", {"name": "short-lived"})
    store.store.delete("products", product)
    let_go(store)
    [came] = receiver.deliveries
    assert came.body == (
        b'{"code":"woocommerce_rest_product_invalid_id","message":"Invalid ID.",'
        b'"data":{"status":404}}'
    )
    assert came.headers["X-WC-Webhook-Signature"] == rules.signature(came.body, "höhö")


def test_a_deletion_is_an_id(store, receiver):
    hook(store, receiver.url, "order.deleted")
    number = order(store)
    store.store.trash("orders", number)
    sent(store)
    assert receiver.deliveries[0].body == b'{"id":%d}' % number


def test_a_variation_has_the_shape_of_a_product(store, receiver):
    hook(store, receiver.url, "product.updated")
    variation = store.store.ids("variations")[0]
    store.store.edit("variations", variation, {"regular_price": "7"})
    sent(store)
    [came] = receiver.deliveries
    told = json.loads(came.body)
    assert (told["id"], told["type"], told["regular_price"]) == (variation, "variation", "7")
    assert told["parent_id"] in store.store.ids("products")
    assert list(told) == list(ask(store, "GET", f"products/{variation}"))


def test_a_slow_receiver_holds_all_others(store, receiver):
    slow = threading.Event()
    receiver.answer = lambda came: (slow.wait(PATIENCE), 200)[1] if "slow" in came.path else 200
    slow.set()
    hook(store, receiver.url + "?slow")
    hook(store, receiver.url + "?quick", "customer.updated")
    slow.clear()
    store.store.edit("orders", order(store), {})
    store.store.edit("customers", store.store.ids("customers")[0], {})
    wait_until(lambda: receiver.deliveries)
    time.sleep(0.3)
    assert [came.path for came in receiver.deliveries] == ["/in?slow"]
    assert ask(store, "GET", "orders")
    assert store.webhooks.waiting == 1
    slow.set()
    sent(store)
    assert [came.path for came in receiver.deliveries] == ["/in?slow", "/in?quick"]


def test_a_record_that_kills_php_is_never_delivered_and_nobody_knows(store, receiver):
    number, about = hook(store, receiver.url), order(store)
    store.faults.switch_on(f"poison:ids={about}")
    deliver(store, 1, about)
    assert receiver.deliveries == []
    assert store.store.hooks[number].failures == 0


# -- failures ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("how", ["500", "303", "404", "refused", "timeout", "garbage"])
def test_seven_failures_disable_it_and_none_is_sent_again(store, receiver, how):
    url = receiver.url
    number, about = hook(store, url), order(store)
    with socket.create_server(("127.0.0.1", 0)) as other:
        if how == "timeout":
            store.webhooks.timeout = 0.05
            receiver.answer = lambda _: time.sleep(0.2) or 200
        elif how == "refused":
            other.close()
        elif how == "garbage":
            threading.Thread(target=_babble, args=(other,), daemon=True).start()
        else:
            receiver.answer = lambda _: int(how)
        if how in ("refused", "garbage"):
            url = f"http://127.0.0.1:{_port(other, receiver)}/"
            store.store.edit("webhooks", number, {"delivery_url": url})
        deliver(store, 6, about)
        assert shown(store, number)["status"] == "active"
        deliver(store, 1, about)
        assert shown(store, number)["status"] == "disabled"
        deliver(store, 2, about)
    assert [each.status for each in store.deliveries if not each.is_ping] == [
        {"refused": 0, "timeout": 0, "garbage": 0}.get(how, int(how) if how.isdecimal() else 0)
    ] * 7


def _port(other: socket.socket, receiver: Receiver) -> int:
    return 9 if other.fileno() < 0 else other.getsockname()[1]


def _babble(server: socket.socket) -> None:
    while True:
        try:
            line, _ = server.accept()
        except OSError:
            return
        line.sendall(b"SSH-2.0-nothing to see\r\n\r\n")
        line.close()


def test_a_success_forgets_failures_and_being_made_active_does_not(store, receiver):
    number, about = hook(store, receiver.url), order(store)
    receiver.answer = lambda _: 500
    deliver(store, 5, about)
    receiver.answer = lambda _: 200
    deliver(store, 1, about)
    receiver.answer = lambda _: 500
    deliver(store, 6, about)
    assert shown(store, number)["status"] == "active"
    deliver(store, 1, about)
    assert shown(store, number)["status"] == "disabled"
    assert ask(store, "PUT", f"webhooks/{number}", {"status": "active"})["status"] == "active"
    deliver(store, 1, about)
    assert shown(store, number)["status"] == "disabled"


def test_what_waits_for_a_paused_webhook_is_sent_and_for_a_deleted_one_not(store, receiver):
    """Nobody looks at the status any more when it is sent (source: wc_deliver_webhook_async)."""
    first, second = hook(store, receiver.url + "?1"), hook(store, receiver.url + "?2")
    hold(store)
    store.store.edit("orders", order(store), {})
    ask(store, "PUT", f"webhooks/{first}", {"status": "paused"})
    ask(store, "DELETE", f"webhooks/{second}", force=True)
    let_go(store)
    assert [came.path for came in receiver.deliveries] == ["/in?1"]
    deliver(store, 1)
    assert len(receiver.deliveries) == 1


def test_each_delivery_saves_the_webhook_and_so_bumps_its_date(store, receiver):
    number = hook(store, receiver.url)
    before = shown(store, number)
    store.store.now = lambda: 1_800_000_000
    deliver(store, 1)
    after = shown(store, number)
    assert after["date_modified_gmt"] == "2027-01-15T08:00:00" > before["date_modified_gmt"]


# -- troubles ---------------------------------------------------------------------------------------


def several(store: Sandbox, count: int) -> list[int]:
    """Change several orders at once, and return them in the order of their events."""
    hold(store)
    found = [n for n in store.store.ids("orders")
             if store.store.status_of("orders", n) == "processing"][:count]  # fmt: skip
    for number in found:
        store.store.edit("orders", number, {"customer_note": "x"})
    let_go(store)
    return found


def arrived(receiver: Receiver) -> list[int]:
    return [json.loads(came.body)["id"] for came in receiver.deliveries]


def test_dropped_doubled_reordered_and_forged_in_turns(store, receiver):
    hook(store, receiver.url)
    store.webhooks.troubles.switch(["drop+double+reorder+forge:every=2"])
    a, _, c, d, e, f, g, h = several(store, 8)
    # the second is dropped, the fourth doubled, the sixth overtaken, the eighth forged
    assert arrived(receiver) == [a, c, d, d, e, g, f, h]
    bad = [came for came in receiver.deliveries
           if came.headers["X-WC-Webhook-Signature"] != rules.signature(came.body, "höhö")]  # fmt: skip
    assert [json.loads(came.body)["id"] for came in bad] == [h]
    assert receiver.deliveries[2].headers == receiver.deliveries[3].headers
    assert [each.faults for each in store.deliveries if each.faults] == [
        ("drop",), ("double",), ("double",), ("forge",),
    ]  # fmt: skip
    assert next(each for each in store.deliveries if each.faults == ("drop",)).status == 0


def test_late(store, receiver):
    hook(store, receiver.url)
    store.webhooks.troubles.switch(["late:seconds=1,times=1"])
    first, *others = several(store, 3)
    assert arrived(receiver) == [*others, first]
    assert receiver.deliveries[-1].at - receiver.deliveries[0].at > 0.7


# -- ends and edges ---------------------------------------------------------------------------------


def test_it_stops_at_once_while_a_receiver_hangs(receiver):
    with running_store(orders=20) as store:
        hook(store, receiver.url)
        receiver.answer = lambda _: time.sleep(20) or 200
        store.store.edit("orders", order(store), {})
        assert not store.webhooks.wait_until_sent(0.3)
        began = time.monotonic()
    assert time.monotonic() - began < 10


def test_https_is_verified(receiver, tmp_path):
    authority = trustme.CA()
    issued = authority.issue_cert("127.0.0.1")
    chain, key = tmp_path / "chain.pem", tmp_path / "key.pem"
    chain.write_bytes(b"".join(part.bytes() for part in issued.cert_chain_pems))
    issued.private_key_pem.write_to_path(str(key))
    with (
        running_store(orders=20, https=(str(chain), str(key))) as there,
        running_store(orders=20) as store,
    ):
        number = store.store.create(
            "webhooks", {"topic": "order.updated", "delivery_url": f"{there.url}/hook"}
        )
        deliver(store, 1)
        assert store.store.hooks[number].failures == 1
        store.webhooks.tls = ssl.create_default_context()
        authority.configure_trust(store.webhooks.tls)
        deliver(store, 1)
        assert store.deliveries[-2].status == 404  # the theme of the other shop: it was reached


def test_a_clone_sends_what_the_shop_sends_and_says_where_it_comes_from(store, receiver):
    hook(store, receiver.url)
    with store.clone(home_url="https://copy.test") as copy:
        copy.store.edit("orders", order(copy), {})
        sent(copy)
    [came] = receiver.deliveries
    assert came.headers["X-WC-Webhook-Source"] == "https://copy.test/"
    assert b"https:\\/\\/copy.test\\/wp-json" in came.body
    assert came.headers["X-WC-Webhook-Signature"] == rules.signature(came.body, "höhö")


def test_a_reset_forgets_webhooks_and_what_waits(store, receiver):
    hook(store, receiver.url)
    store.webhooks.delay = 5.0
    store.store.edit("orders", order(store), {})
    store.shop.reset()
    assert (store.webhooks.waiting, store.deliveries, store.store.hooks) == (0, [], {})
    store.webhooks.delay = 0.0
    hook(store, receiver.url)
    deliver(store, 1)
    assert len(receiver.deliveries) == 1


# -- the control door -------------------------------------------------------------------------------


def door(store: Sandbox, path: str, body: object = None, method: str | None = None):
    data = None if body is None else json.dumps(body).encode()
    with urlopen(Request(f"{store.url}/sandbox/{path}", data, method=method)) as found:
        return json.load(found)


def test_the_control_door_switches_and_shows(store, receiver):
    number = hook(store, receiver.url)
    asked = {"delay": 0.1, "fast_queue": True, "faults": ["drop:every=2"], "timeout": 3}
    told = door(store, "webhooks", asked)
    assert (told["delay"], told["fast_queue"], told["timeout"]) == (0.1, True, 3)
    assert told["faults"] == [{"fault": "drop:every=2", "struck": {}}]
    deliver(store, 2)
    assert door(store, "webhooks")["faults"][0]["struck"] == {"drop": 1}
    ping, first, dropped = door(store, "deliveries")["deliveries"]
    assert (ping["topic"], ping["body"]) == ("", f"webhook_id={number}")
    assert (first["status"], first["resource_id"]) == (200, order(store))
    assert (dropped["status"], dropped["faults"]) == (0, ["drop"])
    assert door(store, "deliveries?since=2")["deliveries"] == [dropped]
    assert door(store, "deliveries", method="DELETE") == {"total": 0, "deliveries": []}
    assert door(store, "webhooks", {"faults": []})["faults"] == []


@pytest.mark.parametrize(
    "asked", [{"faults": ["eat"]}, {"faults": "drop"}, {"delay": -1}, {"colour": "red"}]
)
def test_what_is_asked_wrongly_is_told(store, asked):
    with pytest.raises(HTTPError) as told:
        door(store, "webhooks", asked)
    assert told.value.code == 400
    assert "error" in json.load(told.value)


def test_a_receiver_notes_what_came(receiver):
    """The tests' own tool: names of headers as sent, in their order."""
    request = Request(receiver.url, b"x=1", {"X-Probe": "1"})
    with urlopen(request):
        [came] = receiver.seen
    assert isinstance(came, Received)
    assert came.body == b"x=1"
