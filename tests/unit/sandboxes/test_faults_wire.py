"""Faults that play with the connection, over real sockets."""

import http.client
import json
import resource
import time
import zlib

import pytest

from raw_requests import ORDERS, SOON, begin, get, wait_until
from storetwin.sandboxes.woocommerce import running_store

AT_ONCE = 2.0  # seconds; alone on a machine it takes 0.3
GZIP = {"Accept-Encoding": "gzip"}


@pytest.fixture(scope="module")
def running():
    with running_store(orders=60) as sandbox:
        yield sandbox


@pytest.fixture
def store(running):
    yield running
    running.faults.clear()
    wait_until(lambda: is_let_go(running))
    running.requests.clear()


def is_let_go(store):
    """Say whether the server holds no connection open for a client that went away."""
    return not store.shop.waiting


@pytest.mark.parametrize("fault", ["hang", "drip:bytes=1,ms=2000", "endless:ms=2000"])
def test_a_client_that_goes_away_ends_it_and_it_was_noted_before(store, fault):
    name = fault.partition(":")[0]
    store.faults.switch_on(fault + (",every=1" if ":" in fault else ":every=1"))
    connection = http.client.HTTPConnection(store.url.partition("://")[2], timeout=SOON)
    connection.request("GET", "/wp-json/")
    wait_until(lambda: store.requests.total)
    assert store.faults.struck(name) == 1
    assert store.requests.log[-1].faults == (name,)
    assert store.shop.waiting == 1
    connection.close()
    wait_until(lambda: is_let_go(store))


def test_a_hang_answers_nothing_and_ends_without_an_answer(store):
    store.faults.switch_on("hang:every=2,seconds=1")
    assert get(store)[0].status == 200
    started = time.monotonic()
    with pytest.raises(http.client.RemoteDisconnected):
        get(store)
    assert time.monotonic() - started >= 1
    assert store.requests.log[-1].status == 0
    assert get(store)[0].status == 200


def test_a_drip_brings_the_whole_body_in_small_pieces(store):
    whole = get(store, per_page=1)[1]
    store.faults.switch_on("drip:every=1,bytes=100,ms=1")
    connection, response = begin(store, per_page=1)
    pieces = []
    while piece := response.read1(65_536):
        pieces.append(piece)
    connection.close()
    assert b"".join(pieces) == whole
    assert max(map(len, pieces)) <= 100


def test_an_endless_body_begins_as_json_and_goes_on(store):
    store.faults.switch_on("endless:every=1,ms=0")
    connection, response = begin(store)
    begun = response.read(5_000_000)
    connection.close()
    assert len(begun) == 5_000_000
    assert response.headers["Content-Type"].startswith("application/json")
    assert json.loads(begun + b'"}]')[0]["id"] == 1
    wait_until(lambda: is_let_go(store))


def test_a_huge_body_is_json_of_that_size_and_takes_no_memory(store):
    store.faults.switch_on("huge:every=1,mb=200")
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    connection, response = begin(store)
    size, first, last = 0, b"", b""
    while part := response.read(2**20):
        size, first, last = size + len(part), first or part[:20], part[-3:]
    connection.close()
    assert size == 200 * 2**20
    assert (first, last) == (b'[{"id":1,"filling":"', b'x"}]'[1:])
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 50_000  # kilobytes


def test_a_reset_breaks_off_in_the_middle_of_the_body(store):
    whole = get(store)[1]
    store.faults.switch_on("reset:every=2")
    assert get(store)[1] == whole
    with pytest.raises(http.client.IncompleteRead) as broken:
        get(store)
    assert broken.value.partial == whole[: len(whole) // 2]
    assert store.requests.log[-1].status == 0


def test_a_compressed_stream_is_cut_within_whole_chunks(store):
    store.faults.switch_on("cut-gzip:every=1")
    assert json.loads(get(store)[1])
    response, body = get(store, headers=GZIP)
    assert response.headers["Content-Encoding"] == "gzip"
    unpacker = zlib.decompressobj(wbits=31)
    assert unpacker.decompress(body).startswith(b'[{"id":')
    assert not unpacker.eof


@pytest.mark.parametrize(
    "fault", ["hang:every=1", "drip:every=1,bytes=1,ms=1000", "latency:ms=60000"]
)
def test_the_server_stops_at_once_though_somebody_waits(fault):
    with running_store(orders=5, faults=[fault]) as sandbox:
        connection = http.client.HTTPConnection(sandbox.url.partition("://")[2], timeout=SOON)
        connection.request("GET", ORDERS)
        wait_until(lambda: sandbox.shop.waiting)
        started = time.monotonic()
    assert time.monotonic() - started < AT_ONCE
    connection.close()


def test_the_server_stops_at_once_though_somebody_does_not_read():
    with running_store(orders=5, faults=["huge:every=1"]) as sandbox:
        connection, _ = begin(sandbox)
        wait_until(lambda: sandbox.shop.waiting)
        started = time.monotonic()
    assert time.monotonic() - started < AT_ONCE
    connection.close()


@pytest.mark.parametrize(
    ("how", "status", "kind"),
    [("memory", 500, b""), ("gateway", 502, b"<html>"), ("gateway,status=504", 504, b"<html>")],
)
def test_a_record_kills_the_server_behind_the_proxy(store, how, status, kind):
    store.faults.switch_on(f"poison:count=1,ms=20,how={how}")
    number = min(store.faults.ids("poison"))
    for path, params in ((ORDERS, {"include": number}), (f"{ORDERS}/{number}", {})):
        response, body = get(store, path, **params)
        assert response.status == status
        assert body[:6] == kind
        assert "X-WP-Total" not in response.headers
    assert get(store, exclude=number)[0].status == 200
    assert store.faults.struck("poison") == 2


def test_a_record_breaks_the_connection_off(store):
    store.faults.switch_on("poison:count=1,how=reset")
    number = min(store.faults.ids("poison"))
    for path, params in ((ORDERS, {"include": number}), (f"{ORDERS}/{number}", {})):
        with pytest.raises(http.client.IncompleteRead):
            get(store, path, **params)
    assert json.loads(get(store, exclude=number)[1])


def test_a_record_cuts_its_page(store):
    whole = get(store)[1]
    number = json.loads(whole)[0]["id"]
    store.faults.switch_on(f"poison:ids={number},how=cut")
    response, body = get(store)
    assert response.status == 200
    assert body == whole[: len(whole) // 2]
    assert json.loads(get(store, exclude=number)[1])
