"""The store client over real sockets: against the sandbox store, and against servers that lie."""

import gzip
import json
import threading
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from pydantic import SecretStr

from hubs import LOOPBACK, lasting
from storetwin.connections.models import AuthScheme, Connection, Credentials, normalise_url
from storetwin.http.errors import RedirectedError
from storetwin.http.retry import GATEWAY_TRIES
from storetwin.kernel.backoff import Backoff
from storetwin.kernel.clock import utc_now
from storetwin.kernel.ids import new_id
from storetwin.sandboxes.woocommerce import running_store
from storetwin.settings import Settings
from storetwin.woocommerce.client import CONTROL_TRIES, DOUBT_TRIES, NO_DATE
from storetwin.woocommerce.connect import connect_store
from storetwin.woocommerce.errors import (
    BadAnswerError,
    CachedAnswersError,
    ForbiddenError,
    KeyRejectedError,
    MaintenanceError,
    NotFoundError,
    PermissionMissingError,
    RequestRefusedError,
    StoreDownError,
)

HASTY = Backoff(base=0.002, longest=0.02, attempts=3)
KEYS = ("ck_" + "1" * 40, "cs_" + "2" * 40)
LIST = b'[{"id":1},{"id":2}]'


@asynccontextmanager
async def client(url, keys=KEYS, *, clock=utc_now, timeout=5.0, **more):
    connection = Connection(
        id=new_id(utc_now()), organisation_id=new_id(utc_now()), name="shop", url=normalise_url(url),
        created_at=utc_now(), **more,
    )  # fmt: skip
    made = connect_store(
        connection,
        Credentials(*map(SecretStr, keys)),
        Settings(request_timeout=timeout, max_answer_bytes=200_000, allowed_networks=LOOPBACK),
        clock=clock,
        backoff=HASTY,
    )
    try:
        yield made
    finally:
        await made.close()


# -- the sandbox store --------------------------------------------------------------------------


@pytest.fixture(scope="module")
def store():
    with running_store(orders=30) as sandbox:
        yield sandbox


@pytest.fixture(autouse=True)
def without_faults(store):
    yield
    store.faults.clear()


@pytest.fixture
async def good(store):
    async with client(store.url, (store.key, store.secret)) as made:
        yield made


FIRST_TEN = {"per_page": "10", "orderby": "id", "order": "asc", "status": "any"}


async def test_a_page_holds_the_exact_bytes_the_total_and_the_stores_clock(store, good):
    page = await good.list("orders", FIRST_TEN)
    assert len(page.records) == 10
    for document in page.records:
        held = store.store.document("orders", json.loads(document)["id"])
        assert lasting(document) == lasting(held)
    assert page.total >= 10
    assert abs(page.served_at - utc_now()) < timedelta(seconds=5)
    assert page.burden < 1
    assert page.remarks == ()
    assert good.scheme is AuthScheme.OAUTH1


async def test_parameters_with_brackets_blanks_and_signs_keep_the_signature_whole(good):
    asked = {"status[0]": "any", "search": "Zoë & Sons +1 %41 ~ 100%", "per_page": "1"}
    assert (await good.list("orders", asked)).records == ()


async def test_one_record_is_read_by_its_address(store, good):
    number = (await good.list("orders", FIRST_TEN)).records[0]
    remote_id = json.loads(number)["id"]
    single = await good.get(f"orders/{remote_id}", {})
    assert json.loads(single.document)["id"] == remote_id


async def test_what_is_not_there_is_told_apart_from_a_route_that_is_not(good):
    with pytest.raises(NotFoundError) as caught:
        await good.get("orders/99999999", {})
    assert caught.value.wc_code == "woocommerce_rest_shop_order_invalid_id"
    assert not caught.value.is_route_missing
    with pytest.raises(NotFoundError) as caught:
        await good.list("bookings", {})
    assert caught.value.is_route_missing


async def test_a_web_page_with_404_says_nothing_of_a_record(store, good):
    store.faults.switch_on("plain-permalinks")
    with pytest.raises(BadAnswerError, match="404 with a web page") as caught:
        await good.get("orders/99999999", {})
    assert caught.value.kind == "html"


async def test_a_parameter_that_the_store_refuses_is_named_with_its_word(good):
    with pytest.raises(RequestRefusedError, match="per_page") as caught:
        await good.list("orders", {"per_page": "101"})
    assert caught.value.wc_code == "rest_invalid_param"


async def test_what_the_routes_take_is_known(good):
    routes = await good.capabilities()
    assert routes.accepts("orders", "modified_after")
    assert not routes.accepts("customers", "modified_after")
    assert "id" in routes.enum("orders", "orderby")


async def test_the_right_to_write_is_asked_for_without_writing(store, good):
    before = len(store.store.ids("orders"))
    assert await good.may_write()
    async with client(store.url, (store.read_only.key, store.read_only.secret)) as reader:
        assert not await reader.may_write()
    assert len(store.store.ids("orders")) == before


@pytest.mark.parametrize(
    "fault", ["notice:every=1", "big-notice:every=1", "bom:every=1", "comment:every=1"]
)
async def test_output_around_the_json_costs_no_record(store, good, fault):
    clean = await good.list("orders", FIRST_TEN)
    store.faults.switch_on(fault)
    dirty = await good.list("orders", FIRST_TEN)
    assert dirty.records == clean.records
    assert dirty.remarks


async def test_a_404_behind_notices_with_status_200_is_a_404(store, good):
    store.faults.switch_on("big-notice:every=1")
    with pytest.raises(NotFoundError):
        await good.get("orders/99999999", {})


@pytest.mark.parametrize(
    ("fault", "kind"),
    [
        ("truncate:every=1", "truncated"),
        ("empty:every=1", "empty"),
        ("poison:every=1", "server_error"),
    ],
)
async def test_an_answer_that_is_no_page_says_what_it_is(store, good, fault, kind):
    store.faults.switch_on(fault)
    with pytest.raises(BadAnswerError) as caught:
        await good.list("orders", FIRST_TEN)
    assert caught.value.kind == kind
    assert await good.control() is (kind == "server_error")


async def test_a_500_is_not_hammered(store, good):
    await good.list("orders", FIRST_TEN)
    store.faults.switch_on("poison:every=1")
    before = good.requests
    with pytest.raises(BadAnswerError):
        await good.list("orders", FIRST_TEN)
    assert good.requests == before + 1


async def test_a_store_in_maintenance_is_down_and_says_for_how_long(store, good):
    store.faults.switch_on("maintenance")
    with pytest.raises(MaintenanceError) as caught:
        await good.list("orders", FIRST_TEN)
    assert caught.value.retry_after == 600
    assert not await good.control()


@pytest.mark.parametrize("fault", ["rate-limit:every=1,times=2", "bad-gateway:every=1,times=2"])
async def test_a_store_that_is_busy_for_a_moment_is_asked_again(store, good, fault):
    store.faults.switch_on(fault)
    assert len((await good.list("orders", FIRST_TEN)).records) == 10


async def test_a_firewall_is_told_apart_from_a_wrong_key(store, good):
    store.faults.switch_on("waf:status=403")
    with pytest.raises(ForbiddenError, match="in front of the store"):
        await good.list("orders", FIRST_TEN)
    store.faults.switch_on("waf:status=200")
    with pytest.raises(BadAnswerError) as caught:
        await good.list("orders", FIRST_TEN)
    assert caught.value.kind == "html"


@pytest.mark.parametrize("seconds", [3600, -7200])
@pytest.mark.parametrize("auth", [AuthScheme.AUTO, AuthScheme.OAUTH1])
async def test_a_machine_whose_clock_is_off_signs_by_the_stores(store, seconds, auth):
    keys = (store.key, store.secret)
    off = lambda: utc_now() + timedelta(seconds=seconds)  # noqa: E731
    async with client(store.url, keys, clock=off, auth=auth) as made:
        assert len((await made.list("orders", FIRST_TEN)).records) == 10
        assert made.requests == 2
        await made.list("orders", FIRST_TEN)
        assert made.requests == 3


@pytest.mark.parametrize(
    ("change", "error", "words"),
    [
        (lambda s: (KEYS[0], s.secret), KeyRejectedError, "consumer key"),
        (lambda s: (s.key, KEYS[1]), KeyRejectedError, "consumer secret"),
        (lambda s: (s.write_only.key, s.write_only.secret), PermissionMissingError, "not read"),
    ],
)
async def test_keys_that_do_not_open_say_why(store, change, error, words):
    keys = change(store)
    async with client(store.url, keys) as made:
        with pytest.raises(error, match=words) as caught:
            await made.list("orders", FIRST_TEN)
        assert made.requests == 1
    assert keys[1] not in f"{caught.value!r}{caught.value.remedy}"


# -- servers that lie ---------------------------------------------------------------------------


@dataclass
class Lines:
    """Answers in order, the last one again and again; remembers what it was asked."""

    answers: list
    url: str = ""
    seen: list = field(default_factory=list)


@contextmanager
def answering(*answers):
    lines = Lines(
        [answer if isinstance(answer, tuple) else (200, {}, answer) for answer in answers]
    )

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            lines.seen.append(self.path + str(self.headers))
            status, headers, body = (
                lines.answers.pop(0) if len(lines.answers) > 1 else lines.answers[0]
            )
            self.send_response_only(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    lines.url = f"http://127.0.0.1:{server.server_port}"
    try:
        yield lines
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def refusal(code, message, status=401):
    return (
        status,
        {},
        json.dumps({"code": code, "message": message, "data": {"status": status}}).encode(),
    )


UNSEEN = refusal("woocommerce_rest_cannot_view", "Sorry, you cannot list resources.")
WRONG = refusal("woocommerce_rest_authentication_error", "Invalid signature - does not match.")


@pytest.mark.parametrize("said", [UNSEEN, WRONG])
async def test_over_plain_http_the_secret_is_never_sent(said):
    with answering(said) as server:
        async with client(server.url) as made:
            with pytest.raises(KeyRejectedError):
                await made.list("orders", {})
    assert server.seen
    for asked in server.seen:
        assert "oauth_signature=" in asked
        assert KEYS[1] not in asked
        assert "Authorization" not in asked


async def test_a_person_may_choose_otherwise():
    with answering(LIST) as server:
        async with client(server.url, auth=AuthScheme.QUERY) as made:
            await made.list("orders", {})
    assert KEYS[1] in server.seen[0]


async def test_it_says_what_it_takes_and_who_it_is():
    with answering(LIST) as server:
        async with client(server.url) as made:
            page = await made.list("orders", {})
    assert "Accept: application/json" in server.seen[0]
    assert "User-Agent: Storetwin/" in server.seen[0]
    assert page.remarks == (NO_DATE,)
    assert page.total is None


@pytest.mark.parametrize("total", ["many", "-1", ""])
async def test_a_total_that_is_no_number_is_no_total(total):
    with answering((200, {"X-WP-Total": total}, LIST)) as server:
        async with client(server.url) as made:
            assert (await made.list("orders", {})).total is None


@pytest.mark.parametrize("length", [10, 20, 30, 60, 90])
async def test_a_packed_page_that_was_cut_is_never_a_shorter_page(length):
    rows = b"[" + b",".join(b'{"id":%d,"k":"%d"}' % (i, i * i) for i in range(99)) + b"]"
    said = (200, {"Content-Encoding": "gzip"}, gzip.compress(rows)[:length])
    with answering(said) as server:
        async with client(server.url) as made:
            with pytest.raises(BadAnswerError) as caught:
                await made.list("orders", {})
    assert caught.value.kind in {"empty", "truncated"}


async def test_a_list_in_place_of_an_object_and_the_reverse_are_no_answers():
    with answering(LIST) as server:
        async with client(server.url) as made:
            with pytest.raises(BadAnswerError):
                await made.get("orders/1", {})
    with answering(b'{"id":1}') as server:
        async with client(server.url) as made:
            with pytest.raises(BadAnswerError):
                await made.list("orders", {})


async def test_a_page_that_is_too_large_is_not_asked_for_again():
    with answering(b"[" + b" " * 300_000 + b"]") as server:
        async with client(server.url) as made:
            with pytest.raises(BadAnswerError) as caught:
                await made.list("orders", {})
    assert caught.value.kind == "too_large"
    assert len(server.seen) == 1


async def test_a_redirect_names_the_address_to_connect_to():
    target = "https://shop.test/de/wp-json/wc/v3/orders?consumer_secret=" + KEYS[1]
    with answering((301, {"Location": target}, b"")) as server:
        async with client(server.url) as made:
            with pytest.raises(
                RedirectedError, match=r"redirects to https://shop\.test/de\.$"
            ) as caught:
                await made.list("orders", {})
    assert caught.value.remedy.endswith(" https://shop.test/de")


async def test_a_store_that_nobody_answers_for_is_not_in_control():
    with answering(LIST) as server:
        url = server.url
    async with client(url) as made:
        assert not await made.control()


async def test_a_store_that_says_no_still_answers():
    with answering(UNSEEN) as server:
        async with client(server.url) as made:
            assert await made.control()


async def test_a_store_that_stays_busy_is_down():
    with answering((502, {}, b"<html>")) as server:
        async with client(server.url) as made:
            with pytest.raises(StoreDownError, match="502"):
                await made.list("orders", {})
    assert len(server.seen) <= GATEWAY_TRIES * (1 + CONTROL_TRIES)
    assert server.seen[-1].startswith("/wp-json/wc/v3/data/currencies/current")


BUSY_PAGE = (502, {}, b"<html>Bad Gateway</html>")
CURRENCY = b'{"code":"USD"}'


async def test_a_gateway_without_an_answer_is_the_question_s_fault_while_the_store_answers_others():
    with answering(LIST, *[BUSY_PAGE] * GATEWAY_TRIES, CURRENCY) as server:
        async with client(server.url) as made:
            await made.list("orders", {})
            with pytest.raises(BadAnswerError) as caught:
                await made.list("orders", {"per_page": "100"})
    assert caught.value.kind == "gateway"
    assert len(server.seen) == 1 + GATEWAY_TRIES + 1


@pytest.mark.parametrize(
    "odd",
    [UNSEEN, (403, {}, b"<html>blocked"), (302, {"Location": "https://elsewhere.test/"}, b"")],
)
async def test_one_answer_that_contradicts_those_before_it_is_not_believed(odd):
    with answering(LIST, odd, odd, LIST) as server:
        async with client(server.url) as made:
            for _ in range(2):
                assert len((await made.list("orders", {})).records) == 2
    assert len(server.seen) == 4


@pytest.mark.parametrize(
    ("odd", "error"),
    [
        (UNSEEN, KeyRejectedError),
        ((403, {}, b"<html>blocked"), ForbiddenError),
        ((302, {"Location": "https://elsewhere.test/"}, b""), RedirectedError),
        ((200, {"Age": "31"}, LIST), CachedAnswersError),
    ],
)
async def test_three_of_them_are(odd, error):
    with answering(LIST, odd) as server:
        async with client(server.url) as made:
            await made.list("orders", {})
            with pytest.raises(error):
                await made.list("orders", {})
    assert len(server.seen) == 1 + DOUBT_TRIES
    assert not any("elsewhere" in line for line in server.seen)


async def test_a_kept_answer_is_asked_for_again_with_an_address_that_no_cache_has_seen():
    kept = (200, {"X-Cache": "HIT from edge"}, b"[]")
    with answering(kept, LIST) as server:
        async with client(server.url) as made:
            assert len((await made.list("orders", {})).records) == 2
    first, second = (line.split()[0] for line in server.seen)
    assert first != second
    assert all("Cache-Control: no-cache" in line for line in server.seen)
