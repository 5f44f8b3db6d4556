"""One request over a real socket, to servers that misbehave in every way there is."""

import asyncio
import gzip
import ssl
import tracemalloc
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime

import pytest
import trustme

from storetwin.http.answer import Request
from storetwin.http.egress import ANYWHERE
from storetwin.http.errors import (
    AnswerCutError,
    AnswerTooLargeError,
    NoAnswerError,
    RedirectedError,
    TlsError,
    UnreachableError,
)
from storetwin.http.transport import TlsPolicy, Transport
from storetwin.kernel.errors import ConfigurationError

OK = b"HTTP/1.1 200 OK\r\n"
CHUNKED = OK + b"Transfer-Encoding: chunked\r\n\r\n"
SECRET = "cs_" + "5" * 40


def whole(body=b"[]", *headers, status=b"200 OK"):
    lines = [b"HTTP/1.1 " + status, *headers, b"Content-Length: %d" % len(body)]
    return b"\r\n".join(lines) + b"\r\n\r\n" + body


@dataclass
class Server:
    """Answers every request with the same bytes and remembers what it was asked.

    Args:
        answers_at_once: does not wait for a whole request.
        stalls: keeps the connection open, saying no more.
        endless: repeats its last bytes until the client goes away.
    """

    bytes_: bytes
    stalls: bool = False
    endless: bytes = b""
    seen: list[bytes] = field(default_factory=list)
    connections: int = 0
    port: int = 0
    answers_at_once: bool = False
    over: asyncio.Event = field(default_factory=asyncio.Event)
    _open: set = field(default_factory=set)

    async def __call__(self, reader, writer):
        self.connections += 1
        self._open.add(asyncio.current_task())
        try:
            if self.answers_at_once:
                await reader.read(1)
                writer.write(self.bytes_)
                return
            while head := await reader.readuntil(b"\r\n\r\n"):
                self.seen.append(head)
                writer.write(self.bytes_)
                await writer.drain()
                while self.endless:
                    writer.write(self.endless)
                    await writer.drain()
                if self.stalls:
                    await self.over.wait()
                if not self.is_whole():
                    break
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()
            self._open.discard(asyncio.current_task())

    def is_whole(self):
        """Say whether what it answers ends by itself, so that another request can follow."""
        head, _, body = self.bytes_.partition(b"\r\n\r\n")
        return head.endswith(b"Content-Length: %d" % len(body))

    async def end(self):
        self.over.set()
        if self._open:
            await asyncio.wait(set(self._open), timeout=5)


@asynccontextmanager
async def serving(bytes_=None, *, tls=None, **how):
    server = Server(whole() if bytes_ is None else bytes_, **how)
    listener = await asyncio.start_server(server, "127.0.0.1", 0, ssl=tls)
    server.port = listener.sockets[0].getsockname()[1]
    try:
        yield server
    finally:
        listener.close()
        await server.end()


@asynccontextmanager
async def transport(*, timeout=5.0, max_bytes=1_000_000, **tls):
    made = Transport(
        timeout=timeout,
        max_bytes=max_bytes,
        tls=TlsPolicy(**tls),
        egress=ANYWHERE,
        user_agent="Storetwin/1",
    )
    try:
        yield made
    finally:
        await made.close()


async def ask(server, *, scheme="http", path="/wp-json", params=None, headers=None, **how):
    async with transport(**how) as made:
        url = f"{scheme}://127.0.0.1:{server.port}{path}"
        return await made.send(Request("GET", url, params or {}, headers or {}))


@pytest.fixture(scope="module")
def authority():
    return trustme.CA()


def certified(authority, name="127.0.0.1"):
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert(name).configure_cert(context)
    return context


# -- whole answers ------------------------------------------------------------------------------


async def test_an_answer_comes_with_its_status_headers_clock_and_time():
    said = whole(b'{"a":1}', b"Date: Fri, 20 Nov 2026 12:00:00 GMT", b"X-WP-Total: 7")
    async with serving(said) as server:
        answer = await ask(server)
    assert (answer.status, answer.body) == (200, b'{"a":1}')
    assert answer.headers["x-wp-total"] == "7"
    assert answer.served_at == datetime(2026, 11, 20, 12, tzinfo=UTC)
    assert answer.elapsed > 0


@pytest.mark.parametrize("status", [b"404 Not Found", b"500 Oops", b"503 Later"])
async def test_an_answer_that_says_no_is_an_answer(status):
    async with serving(whole(status=status)) as server:
        assert (await ask(server)).status == int(status[:3])


async def test_a_date_that_is_none_leaves_the_clock_unknown():
    async with serving(whole(b"[]", b"Date: yesterday")) as server:
        assert (await ask(server)).served_at is None


async def test_it_says_who_it_is_and_takes_compressed_answers():
    packed = gzip.compress(b"[1]")
    async with serving(whole(packed, b"Content-Encoding: gzip")) as server:
        answer = await ask(server, params={"a": "b c&d", "é": "+"}, headers={"X-Key": "1"})
    assert answer.body == b"[1]"
    assert b"User-Agent: Storetwin/1" in server.seen[0]
    assert b"gzip" in server.seen[0]
    assert b"X-Key: 1" in server.seen[0]
    assert b"a=b+c%26d&%C3%A9=%2B " in server.seen[0]


async def test_connections_are_used_again_and_counted_are_requests_and_bytes():
    async with serving(whole(b"[1,2]")) as server, transport() as made:
        for _ in range(3):
            await made.send(Request("GET", f"http://127.0.0.1:{server.port}/"))
        assert (made.requests, made.bytes, server.connections) == (3, 15, 1)


async def test_no_cookie_is_kept():
    async with serving(whole(b"[]", b"Set-Cookie: a=b")) as server, transport() as made:
        for _ in range(2):
            await made.send(Request("GET", f"http://127.0.0.1:{server.port}/"))
    assert b"Cookie" not in server.seen[1]


# -- answers that are none ----------------------------------------------------------------------


@pytest.mark.parametrize(
    "said",
    [
        CHUNKED + b"5\r\n[1,2,\r\n",
        CHUNKED + b"zz\r\n",
        OK + b"Content-Length: 50\r\n\r\n[1,2",
        whole(gzip.compress(b"[1,2]")[:-9], b"Content-Encoding: gzip"),
        whole(b"not gzip at all", b"Content-Encoding: gzip"),
        b"SSH-2.0-OpenSSH\r\n\r\n",
        b"",
    ],
    ids=["chunk", "no-chunk", "length", "cut-gzip", "no-gzip", "no-http", "nothing"],
)
async def test_an_answer_that_breaks_off_is_never_a_shorter_one(said):
    async with serving(said) as server:
        with pytest.raises(AnswerCutError):
            await ask(server)


@pytest.mark.parametrize("said", [b"", OK, CHUNKED + b"1\r\n[\r\n"])
async def test_a_server_that_falls_silent_is_waited_for_so_long_only(said):
    async with serving(said, stalls=True) as server:
        with pytest.raises(NoAnswerError, match=r"within 0\.2 seconds"):
            await ask(server, timeout=0.2)


async def test_an_endless_answer_is_read_so_far_only():
    async with serving(CHUNKED, endless=b"400\r\n" + b"x" * 1024 + b"\r\n") as server:
        with pytest.raises(AnswerTooLargeError, match="50,000 bytes") as caught:
            await ask(server, max_bytes=50_000)
    assert "STORETWIN_MAX_ANSWER_BYTES" in caught.value.remedy


async def test_a_small_answer_that_unpacks_to_a_huge_one_is_read_so_far_only():
    async with serving(whole(gzip.compress(b"0" * 5_000_000), b"Content-Encoding: gzip")) as server:
        with pytest.raises(AnswerTooLargeError):
            await ask(server, max_bytes=1_000_000)


async def test_a_request_may_allow_less_time_than_usual_and_never_more():
    async with serving(CHUNKED, stalls=True) as server, transport(timeout=0.3) as made:
        for seconds, waited in ((0.1, "0.1"), (9.0, "0.3")):
            request = Request("GET", f"http://127.0.0.1:{server.port}/", seconds=seconds)
            with pytest.raises(NoAnswerError, match=f"within {waited} seconds"):
                await made.send(request)


async def test_endless_answers_together_take_no_more_memory_than_one():
    filling = b"10000\r\n" + b"x" * 65_536 + b"\r\n"
    async with serving(CHUNKED, endless=filling) as server, transport(max_bytes=20_000_000) as made:
        tracemalloc.start()
        request = Request("GET", f"http://127.0.0.1:{server.port}/")
        ends = await asyncio.gather(*(made.send(request) for _ in range(4)), return_exceptions=True)
        most = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    assert [type(end) for end in ends] == [AnswerTooLargeError] * 4
    assert most < 25_000_000


# -- nobody there -------------------------------------------------------------------------------


async def test_a_refused_connection_is_told_with_its_reason():
    async with serving() as server:
        pass
    with pytest.raises(UnreachableError, match="connection refused") as caught:
        await ask(server)
    assert not caught.value.is_name_unknown


async def test_a_name_that_does_not_exist_is_told_apart():
    async with transport() as made:
        with pytest.raises(UnreachableError, match=r"shop\.invalid") as caught:
            await made.send(Request("GET", "https://shop.invalid/wp-json"))
    assert caught.value.is_name_unknown


# -- certificates -------------------------------------------------------------------------------


async def test_a_certificate_of_a_known_authority_is_trusted(authority):
    async with serving(tls=certified(authority)) as server:
        ca = authority.cert_pem.bytes().decode()
        assert (await ask(server, scheme="https", ca=ca)).status == 200


async def test_a_certificate_of_nobody_is_not(authority):
    async with serving(tls=certified(authority)) as server:
        with pytest.raises(TlsError, match="not trusted") as caught:
            await ask(server, scheme="https")
    assert server.seen == []
    assert "--ca" in caught.value.remedy


async def test_a_certificate_for_another_name_is_not_either(authority):
    async with serving(tls=certified(authority, "other.test")) as server:
        with pytest.raises(TlsError, match="not trusted"):
            await ask(server, scheme="https", ca=authority.cert_pem.bytes().decode())
    assert server.seen == []


async def test_a_server_without_tls_is_no_matter_of_certificates(authority):
    async with serving(b"HTTP/1.1 400 Bad Request\r\n\r\n") as server:
        server.answers_at_once = True
        with pytest.raises(TlsError, match="does not speak TLS with us: ") as caught:
            await ask(server, scheme="https")
    assert "operation not permitted" not in caught.value.message
    assert "http://" in caught.value.remedy


async def test_without_the_check_any_certificate_will_do(authority):
    async with serving(tls=certified(authority, "other.test")) as server:
        assert (await ask(server, scheme="https", is_insecure=True)).status == 200


async def test_an_authority_that_is_no_certificate_is_a_matter_for_a_person():
    with pytest.raises(ConfigurationError, match="not a PEM certificate"):
        TlsPolicy("nonsense").context()


# -- redirects ----------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize(
    ("location", "target"),
    [
        (b"https://elsewhere.test/wp-json/wc/v3?a=1#x", "https://elsewhere.test/wp-json/wc/v3"),
        (b"/shop/wp-json", "http://127.0.0.1:{port}/shop/wp-json"),
        (b"https://127.0.0.1/shop/wp-json", "https://127.0.0.1/shop/wp-json"),
    ],
)
async def test_a_redirect_is_told_and_never_followed(status, location, target):
    said = whole(b"", b"Location: " + location, status=b"%d Moved" % status)
    async with serving(said) as server:
        with pytest.raises(RedirectedError) as caught:
            await ask(server, params={"consumer_secret": SECRET})
    assert caught.value.target == target.format(port=server.port)
    assert len(server.seen) == 1


async def test_a_redirect_that_repeats_the_query_shows_no_secret():
    location = b"https://elsewhere.test/?consumer_secret=" + SECRET.encode()
    async with serving(whole(b"", b"Location: " + location, status=b"301 Moved")) as server:
        with pytest.raises(RedirectedError) as caught:
            await ask(server)
    assert SECRET not in f"{caught.value} {caught.value.remedy}"


async def test_a_redirect_to_nowhere_is_an_answer():
    async with serving(whole(b"", status=b"304 Not Modified")) as server:
        assert (await ask(server)).status == 304


# -- secrets ------------------------------------------------------------------------------------


@pytest.mark.parametrize("said", [b"", OK + b"Content-Length: 9\r\n\r\n["])
async def test_no_error_shows_what_the_address_or_the_headers_hold(said):
    async with serving(said) as server:
        with pytest.raises(AnswerCutError) as caught:
            await ask(
                server,
                params={"consumer_secret": SECRET},
                headers={"Authorization": f"Basic {SECRET}"},
            )
    assert SECRET not in f"{caught.value!r} {caught.value} {caught.value.remedy}"


def test_a_request_shows_neither():
    request = Request("GET", "https://x.test/", {"a": SECRET}, {"b": SECRET}, SECRET.encode())
    assert SECRET not in repr(request)
