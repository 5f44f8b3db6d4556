"""One origin over aiohttp: bounded time and size, checked addresses and certificates, no redirects."""

from __future__ import annotations

import asyncio
import errno
import os
import ssl
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import NoReturn
from urllib.parse import urljoin, urlsplit

import aiohttp
from yarl import URL

from storetwin.http.answer import Answer, Heard, Request, unheard
from storetwin.http.body import Reader, Room, Unpacker
from storetwin.http.egress import AddressRefusedError, Egress
from storetwin.http.errors import (
    AnswerCutError,
    EgressRefusedError,
    NoAnswerError,
    RedirectedError,
    TlsError,
    UnreachableError,
)
from storetwin.http.timing import Stopwatch, Way
from storetwin.kernel.clock import parse_http_date
from storetwin.kernel.errors import ConfigurationError

CONNECT_SECONDS = 15.0
REDIRECTS = frozenset({301, 302, 303, 307, 308})


@dataclass(frozen=True, slots=True)
class TlsPolicy:
    """What to trust: the machine's authorities, one more (PEM text), or anything at all."""

    ca: str | None = None
    is_insecure: bool = False

    def context(self) -> ssl.SSLContext:
        """Return the context for one origin.

        Raises:
            ConfigurationError: the PEM text holds no certificate.
        """
        made = ssl.create_default_context()
        if self.ca:
            try:
                made.load_verify_locations(cadata=self.ca)
            except ssl.SSLError as error:
                raise ConfigurationError(
                    "The certificate authority of the connection is not a PEM certificate.",
                    remedy="Add the connection again with --ca FILE.",
                ) from error
        if self.is_insecure:
            made.check_hostname = False
            made.verify_mode = ssl.CERT_NONE
        return made


class Transport:
    """Sends requests to one origin and returns whatever answer comes.

    Args:
        timeout: seconds for one whole exchange, unless the request allows less.
        max_bytes: an answer is read no further than this, nor are all together that are read at
            the same time.
        egress: which addresses the origin may have.
        heard: told of each request, and again of its answer, whatever it is.
    """

    def __init__(
        self,
        *,
        timeout: float,
        max_bytes: int,
        tls: TlsPolicy,
        egress: Egress,
        user_agent: str,
        heard: Heard | None = None,
    ) -> None:
        self._timeout = timeout
        self._room = Room(max_bytes)
        self._tls = tls
        self._egress = egress
        self._user_agent = user_agent
        self._heard = heard or unheard
        self._session: aiohttp.ClientSession | None = None
        self._way = Way()
        self.requests = 0
        self.bytes = 0

    async def close(self) -> None:
        """Close every connection."""
        if self._session is not None:
            await self._session.close()

    async def send(self, request: Request) -> Answer:
        """Send one request once.

        Raises:
            UnreachableError, NoAnswerError, AnswerCutError, AnswerTooLargeError: no whole answer.
            TlsError: the certificate is not trusted.
            EgressRefusedError: the origin lies where we do not connect to.
            RedirectedError: the answer sends us elsewhere.
            ConfigurationError: the address is none.
        """
        self.requests += 1
        url = _url(request)
        self._heard(request, None)
        watch = Stopwatch()
        seconds = min(self._timeout, request.seconds or self._timeout)
        try:
            async with self._open(request).request(
                request.method,
                url.with_query(list(request.params.items())),
                headers=request.headers,
                data=request.body,
                allow_redirects=False,
                timeout=aiohttp.ClientTimeout(total=seconds, sock_connect=CONNECT_SECONDS),
                trace_request_ctx=watch,
            ) as response:
                waited = watch.waited()
                body = await self._read(response)
                headers = {name.lower(): value for name, value in response.headers.items()}
                answer = Answer(
                    status=response.status,
                    headers=headers,
                    body=body,
                    served_at=parse_http_date(headers.get("date")),
                    elapsed=watch.elapsed,
                    store_seconds=self._way.store_seconds(waited),
                )
                self._heard(request, answer)
                self._check_redirect(request, response.status, headers)
                return answer
        except UnicodeError as error:  # no label of DNS can be like this
            raise _no_such_server(url) from error
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            _translate(request, error, seconds)

    def _open(self, request: Request) -> aiohttp.ClientSession:
        if self._session is None:
            is_tls = request.url.startswith("https:")
            self._way.trips = 2 if is_tls else 1
            # To read all authorities of a machine takes 20 to 50 ms.
            context = self._tls.context() if is_tls or self._tls.ca else True
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(
                    ssl=context, limit=64, socket_factory=self._egress.open
                ),
                auto_decompress=False,
                headers={"User-Agent": self._user_agent, "Accept-Encoding": "gzip, deflate"},
                cookie_jar=aiohttp.DummyCookieJar(),
                raise_for_status=False,
                trace_configs=[self._way.trace()],
            )
        return self._session

    async def _read(self, response: aiohttp.ClientResponse) -> bytes:
        unpacker = Unpacker(response.headers.get("Content-Encoding", ""))
        reader = Reader(_place(response.url), unpacker, self._room)
        try:
            return await reader.read(response.content.iter_any(), time.monotonic)
        except BaseException:
            response.close()  # what is left of it would still come
            raise
        finally:
            self.bytes += reader.arrived

    @staticmethod
    def _check_redirect(request: Request, status: int, headers: Mapping[str, str]) -> None:
        target = headers.get("location")
        if status in REDIRECTS and target:
            raise RedirectedError(_place(URL(request.url)), _target(request.url, target))


def _translate(request: Request, error: Exception, timeout: float) -> NoReturn:
    """Raise our error for the library's; the message never shows the query, which may hold keys."""
    place = _place(URL(request.url))
    if isinstance(error, aiohttp.ClientConnectorCertificateError | aiohttp.ClientConnectorSSLError):
        if not isinstance(error.os_error, ssl.SSLCertVerificationError):
            raise TlsError(
                f"{place} does not speak TLS with us: {_why(error)}.",
                remedy="Check the port, and whether the address begins with http:// or https://.",
            ) from error
        raise TlsError(f"The certificate of {place} is not trusted: {_why(error)}.") from error
    if isinstance(error, aiohttp.ClientConnectorDNSError):
        raise _no_such_server(URL(request.url)) from error
    inner = error.os_error if isinstance(error, aiohttp.ClientConnectorError) else None
    if isinstance(inner, AddressRefusedError):
        raise EgressRefusedError(
            f"{place} is not connected to: it leads to a {inner.kind} address."
        ) from None  # which one is nobody's business but the log's
    if isinstance(error, aiohttp.ClientConnectorError | aiohttp.ConnectionTimeoutError):
        raise UnreachableError(f"Nobody answers at {place}: {_why(error)}.") from error
    if isinstance(error, TimeoutError | asyncio.TimeoutError):
        raise NoAnswerError(f"{place} did not answer within {timeout:g} seconds.") from error
    if isinstance(error, aiohttp.InvalidURL):
        raise ConfigurationError(f"{place} is not an address.", remedy="Correct it.") from error
    raise AnswerCutError(f"The answer of {place} broke off.") from error


def _url(request: Request) -> URL:
    """Return the address of a request.

    Raises:
        ConfigurationError: it is none.
    """
    try:
        return URL(request.url)
    except ValueError:
        shown = request.url.partition("?")[0]
        raise ConfigurationError(f"{shown} is not an address.", remedy="Correct it.") from None


def _target(source: str, location: str) -> str:
    """Return where a redirect leads to, without its query."""
    try:
        parts = urlsplit(urljoin(source, location))
        port = f":{parts.port}" if parts.port else ""
    except ValueError:
        return "something that is no address"
    return f"{parts.scheme}://{parts.hostname or ''}{port}{parts.path}"


def _no_such_server(url: URL) -> UnreachableError:
    return UnreachableError(f"There is no server called {_host(url)}.", is_name_unknown=True)


def _why(error: Exception) -> str:
    inner = error.os_error if isinstance(error, aiohttp.ClientConnectorError) else error
    if isinstance(inner, ssl.SSLCertVerificationError):
        return inner.verify_message
    if isinstance(inner, ssl.SSLError):  # its errno is none of the system's
        return (inner.reason or "no reason given").replace("_", " ").lower()
    if isinstance(inner, OSError) and inner.errno and inner.errno in errno.errorcode:
        return os.strerror(inner.errno).lower()  # asyncio's own text repeats the address
    return str(getattr(inner, "strerror", None) or type(inner).__name__)


def _place(url: URL) -> str:
    port = "" if url.is_default_port() else f":{url.port}"
    return f"{url.scheme}://{_host(url)}{port}"


def _host(url: URL) -> str | None:
    try:
        return url.host
    except UnicodeError:  # it says of itself that it is encoded, and is not
        return url.raw_host
