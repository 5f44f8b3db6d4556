"""``/metrics`` for Prometheus: what this process counted, and what the database tells of all.

The figures are of the installation, not of an organisation. They carry no names, no addresses and
nothing of a person. Whoever asks from this machine gets them, unless a proxy may be what asks;
where a token is set (STORETWIN_METRICS_TOKEN), everybody needs it.
"""

from __future__ import annotations

import asyncio
import hmac
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from ipaddress import ip_address

from prometheus_client import generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import BaseRoute, Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from storetwin.api.peers import header_name, peer_of
from storetwin.hub import Hub
from storetwin.jobs.living import Queue, look_at_queue
from storetwin.kernel.errors import StoretwinError
from storetwin.runs.figures import Figure, read_figures
from storetwin.telemetry.logs import Log
from storetwin.telemetry.metrics import REGISTRY, request_answered

log = Log()
PATH = "/metrics"
KEPT_SECONDS = 5.0  # the database is asked no oftener, whoever asks
OTHER = "other"
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
FAMILIES: dict[str, tuple[str, str, tuple[str, ...]]] = {
    "runs": ("storetwin_runs", "Runs that are kept, by kind and state.", ("kind", "state")),
    "dead_letters": ("storetwin_dead_letters", "Dead letters, by state.", ("state",)),
    "inbox": ("storetwin_inbox_deliveries", "Deliveries that are kept, by state.", ("state",)),
    "connections": ("storetwin_connections", "Connections, by state.", ("state",)),
    "age": (
        "storetwin_twin_age_seconds",
        "How long ago the resource of a connection was read that was read longest ago.",
        ("connection_id",),
    ),
}


@dataclass(slots=True)
class Metrics:
    """Answers who watches over the installation.

    Args:
        hub: of any organisation.
        token: what has to be sent; without one only this machine itself is answered.
    """

    hub: Hub
    token: str | None = field(default=None, repr=False)
    _seen_at: float = float("-inf")
    _seen: bytes = b""
    _looking: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def answer(self, request: Request) -> Response:
        """Answer with the figures, or as if there were nothing."""
        if not self._may_see(request):
            return PlainTextResponse("Not Found", 404)
        own = await asyncio.to_thread(generate_latest, REGISTRY)
        return Response(
            own + await self._of_database(),
            media_type=CONTENT_TYPE_PLAIN_0_0_4,
            headers={"Cache-Control": "no-store"},
        )

    def _may_see(self, request: Request) -> bool:
        scheme, _, sent = request.headers.get("authorization", "").partition(" ")
        if self.token is not None:
            is_right = hmac.compare_digest(sent.strip().encode(), self.token.encode())
            return scheme.lower() == "bearer" and is_right
        # What passes requests on from outside looks like this machine, unless it tells of whom.
        is_passed_on = self.hub.public_url is not None and self.hub.proxy_header is None
        peer = peer_of(request.scope, header_name(self.hub.proxy_header))
        return _is_here(peer) and not is_passed_on

    async def _of_database(self) -> bytes:
        """Return what the database tells; of a while ago where it was asked just now."""
        async with self._looking:
            if time.monotonic() - self._seen_at >= KEPT_SECONDS:
                self._seen = await self._look()
                self._seen_at = time.monotonic()
        return self._seen

    async def _look(self) -> bytes:
        try:
            async with self.hub.database.transaction(None) as tx:
                figures = await read_figures(tx)
            queue = await look_at_queue(self.hub)
        except StoretwinError as error:
            log.warning("metrics_without_database", error=str(error))
            return generate_latest(_Families([_gauge("storetwin_database_up", UP, 0)]))
        return generate_latest(_Families(_told(figures, queue)))


UP = "Whether PostgreSQL answers."


class _Families:
    """What Prometheus' library writes down, of one moment."""

    def __init__(self, families: Iterable[GaugeMetricFamily]) -> None:
        self._families = families

    def collect(self) -> Iterable[GaugeMetricFamily]:
        return self._families


def _told(figures: Iterable[Figure], queue: Queue) -> list[GaugeMetricFamily]:
    families = {
        name: GaugeMetricFamily(told, help_, labels=labels)
        for name, (told, help_, labels) in FAMILIES.items()
    }
    for figure in figures:
        families[figure.name].add_metric(figure.labels, figure.value)
    return [
        _gauge("storetwin_database_up", UP, 1),
        *families.values(),
        _gauge("storetwin_workers", "Workers whose heart beats.", queue.workers),
        _gauge("storetwin_queue_waiting_jobs", "Jobs that wait for a worker.", queue.waiting),
        _gauge("storetwin_queue_doing_jobs", "Jobs that a worker is at.", queue.doing),
    ]


def _gauge(name: str, help_: str, value: float) -> GaugeMetricFamily:
    return GaugeMetricFamily(name, help_, value=value)


def _is_here(peer: str | None) -> bool:
    """Say whether somebody asks from this machine."""
    try:
        return peer is not None and ip_address(peer).is_loopback
    except ValueError:
        return False


def metrics_routes(hub: Hub, token: str | None) -> list[Route]:
    """Return ``/metrics``."""
    metrics = Metrics(hub, token)

    async def answer(request: Request) -> Response:
        return await metrics.answer(request)

    return [Route(PATH, answer)]


def templates_of(routes: Iterable[BaseRoute]) -> dict[object, str]:
    """Return the templates of plain routes, by what answers there."""
    return {route.endpoint: route.path for route in routes if isinstance(route, Route)}


class Counting:
    """Counts every request by its route's template, and how long it took to begin its answer.

    Args:
        plain: the templates of routes that FastAPI does not know, by what answers there.
    """

    def __init__(self, app: ASGIApp, plain: Mapping[object, str]) -> None:
        self._app = app
        self._plain = plain

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, and count it."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        begun, status = time.perf_counter(), 500
        seconds: float | None = None

        async def noting(message: Message) -> None:
            nonlocal status, seconds
            if message["type"] == "http.response.start":
                status, seconds = message["status"], time.perf_counter() - begun
            await send(message)

        try:
            await self._app(scope, receive, noting)
        finally:
            method = scope["method"] if scope["method"] in METHODS else OTHER
            took = time.perf_counter() - begun if seconds is None else seconds
            request_answered(method, self._template(scope), status, took)

    def _template(self, scope: Scope) -> str:
        """Return the template of the route that answered; never what was asked for."""
        # FastAPI 0.139 and later: the route with the prefixes of the routers around it.
        route = scope.get("fastapi", {}).get("effective_route_context") or scope.get("route")
        found = getattr(route, "path_format", None)
        return str(found) if found else self._plain.get(scope.get("endpoint"), OTHER)
