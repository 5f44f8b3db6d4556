"""Faults between a store and its reader: page sizes, totals, redirects, caches, refusals."""

import asyncio
import json
import time

import pytest

from raw_requests import ORDERS, get
from storetwin.sandboxes.woocommerce import running_store
from storetwin.sandboxes.woocommerce.fault_load import Core


@pytest.fixture(scope="module")
def running():
    with running_store(orders=60) as sandbox:
        yield sandbox


@pytest.fixture
def store(running):
    yield running
    running.faults.clear()


def totals(response):
    return response.headers["X-WP-Total"], response.headers["X-WP-TotalPages"]


def test_a_host_gives_smaller_pages_than_asked_for(store):
    everything = [row["id"] for row in json.loads(get(store, per_page=100)[1])]
    store.faults.switch_on("page-limit:most=20")
    first, body = get(store, per_page=100)
    assert [row["id"] for row in json.loads(body)] == everything[:20]
    assert totals(first) == (str(len(everything)), "3")
    assert "page=2" in first.headers["Link"]
    assert [r["id"] for r in json.loads(get(store, per_page=100, offset=30)[1])] == everything[
        30:50
    ]
    assert store.faults.struck("page-limit") == 2
    assert len(json.loads(get(store, per_page=20)[1])) == 20
    assert len(json.loads(get(store)[1])) == 10
    assert store.faults.struck("page-limit") == 2


def test_a_host_refuses_larger_pages(store):
    store.faults.switch_on("page-limit:most=20,how=refuse")
    response, body = get(store, per_page=21)
    assert response.status == 400
    told = json.loads(body)
    assert told["code"] == "rest_invalid_param"
    assert told["data"]["params"] == {
        "per_page": "per_page must be between 1 (inclusive) and 20 (inclusive)"
    }
    assert get(store, per_page=20)[0].status == 200


@pytest.mark.parametrize(
    ("how", "lie"), [("small", lambda n: n // 2), ("large", lambda n: 2 * n + 1), ("zero", int)]
)
def test_totals_lie_and_the_link_believes_them(store, how, lie):
    count = 0 if how == "zero" else int(totals(get(store)[0])[0])
    store.faults.switch_on(f"totals:how={how}")
    response, body = get(store)
    assert totals(response) == (str(lie(count)), str(-(-lie(count) // 10)))
    assert len(json.loads(body)) == 10
    assert ('rel="next"' in response.headers["Link"]) == (how != "zero")


def test_totals_change_from_answer_to_answer(store):
    store.faults.switch_on("totals:how=changing")
    seen = [totals(get(store)[0])[0] for _ in range(7)]
    assert len(set(seen)) == 7


def test_a_redirect_sends_the_whole_address_to_another_host(store):
    store.faults.switch_on("redirect:to=https://moved.example/,status=307,every=2")
    assert get(store, page=1)[0].status == 200
    response, _ = get(store, page=2)
    assert response.status == 307
    assert response.headers["Location"] == f"https://moved.example{ORDERS}?page=2"


def test_a_proxy_gives_an_old_answer_again(store):
    began = store.store.now
    now = began()  # signatures bear the time, and the store looks at its own clock
    try:
        store.store.now = lambda: now
        store.faults.switch_on("cache:seconds=60")
        first, body = get(store, page=1)
        assert first.headers["X-Cache"] == "MISS"
        assert first.headers["Age"] is None
        number = json.loads(body)[0]["id"]
        store.store.edit("orders", number, {"customer_note": "after the proxy looked"})
        store.store.now = lambda: now + 42
        again, kept = get(store, page=1)
        assert kept == body
        assert (again.headers["Age"], again.headers["X-Cache"]) == ("42", "HIT")
        assert again.headers["Date"] == first.headers["Date"]
        assert store.faults.struck("cache") == 1
        assert b"after the proxy looked" in get(store, page=1, _="other")[1]
        store.store.now = lambda: now + 61
        assert b"after the proxy looked" in get(store, page=1)[1]
    finally:
        store.store.now = began


def test_a_proxy_that_knows_woocommerce_passes_over_other_parameters(store):
    store.faults.switch_on("cache:keyed=known")
    body = get(store, page=1, _="one")[1]
    number = json.loads(body)[0]["id"]
    store.store.edit("orders", number, {"customer_note": "unseen by the proxy"})
    response, kept = get(store, _="two", page=1)
    assert response.headers["X-Cache"] == "HIT"
    assert kept == body
    assert get(store, page=2)[0].headers["X-Cache"] == "MISS"


def test_a_proxy_keeps_no_failures_and_not_for_ever(store):
    store.faults.switch_on("cache")
    store.faults.switch_on("bad-gateway:every=1,times=1")
    assert get(store, page=3)[0].status == 502
    assert get(store, page=3)[0].headers["X-Cache"] == "MISS"
    for nth in range(500):
        store.shop.faults.keep(*_asked(nth))
    assert get(store, page=3)[0].headers["X-Cache"] == "MISS"


def _asked(nth):
    from storetwin.sandboxes.woocommerce.answers import Answer
    from storetwin.sandboxes.woocommerce.request import Request

    return Request("GET", ORDERS, f"page=9{nth}", {}, b"", "http://shop.test"), Answer()


def test_right_keys_are_refused_in_their_turn(store):
    store.faults.switch_on("unauthorised:every=2")
    answers = [get(store) for _ in range(4)]
    assert [response.status for response, _ in answers] == [200, 401, 200, 401]
    assert json.loads(answers[1][1])["code"] == "woocommerce_rest_cannot_view"
    assert [get(store, "/wp-json/")[0].status for _ in range(2)] == [200, 200]


def test_a_login_form_is_a_200(store):
    store.faults.switch_on("login-page:every=1,times=1")
    response, body = get(store)
    assert response.status == 200
    assert response.headers["Content-Type"].startswith("text/html")
    assert b"wp-login.php" in body
    assert json.loads(get(store)[1])


def test_json_comes_as_something_else(store):
    store.faults.switch_on("content-type:type=text/plain")
    response, body = get(store)
    assert response.headers["Content-Type"] == "text/plain"
    assert json.loads(body)


def test_work_is_done_for_each_record(store):
    store.faults.switch_on("busy:ms=4")
    assert store.faults.work(25) == pytest.approx(0.1)
    assert store.faults.work(0) == pytest.approx(0.004)
    store.faults.switch_on("busy:ms=4,per=request")
    assert store.faults.work(25) == pytest.approx(0.004)


async def test_requests_at_once_share_one_core_in_turns():
    core = Core(asyncio.Event())
    started = time.monotonic()

    async def took():
        await core.burn(0.06)
        return time.monotonic() - started

    all_took = await asyncio.gather(*(took() for _ in range(4)))
    assert max(all_took) >= 0.24
    assert min(all_took) >= 0.2  # the first is ready when the others have a slice or two to go


async def test_work_ends_when_the_server_stops():
    closing = asyncio.Event()
    working = asyncio.create_task(Core(closing).burn(3600))
    await asyncio.sleep(0)
    closing.set()
    await asyncio.wait_for(working, 5)


def test_a_busy_store_takes_its_time(store):
    store.faults.switch_on("busy:ms=2")
    started = time.monotonic()
    response, _ = get(store, per_page=50)
    assert response.status == 200
    assert time.monotonic() - started >= 0.1
    assert store.requests.log[-1].faults == ("busy",)
