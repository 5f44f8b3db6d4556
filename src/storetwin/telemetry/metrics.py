"""What this process counts for whoever watches over it (Prometheus). No names, no ids, no data."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

REGISTRY = CollectorRegistry()
_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)

_REQUESTS = Histogram(
    "storetwin_http_request_duration_seconds",
    "Requests answered by this process, by route.",
    ("method", "route", "status"),
    buckets=_SECONDS,
    registry=REGISTRY,
)
_STREAMS = Gauge("storetwin_http_streams", "Event streams that are open here.", registry=REGISTRY)
_STORE_SECONDS = Histogram(
    "storetwin_store_answer_duration_seconds",
    "Answers of stores to requests of this process.",
    ("status",),
    buckets=_SECONDS,
    registry=REGISTRY,
)
_STORE_SILENCES = Counter(
    "storetwin_store_unanswered_requests",
    "Requests of this process to stores that got no whole answer.",
    registry=REGISTRY,
)


def request_answered(method: str, route: str, status: int, seconds: float) -> None:
    """Count a request that was answered.

    Args:
        route: its template, like ``/api/v1/runs/{run_id}``: never what was asked for.
    """
    _REQUESTS.labels(method, route, str(status)).observe(seconds)


def stream_opened() -> None:
    """Count an event stream that begins."""
    _STREAMS.inc()


def stream_closed() -> None:
    """Count an event stream that ends."""
    _STREAMS.dec()


def store_answered(status: int, seconds: float) -> None:
    """Count an answer of a store."""
    _STORE_SECONDS.labels(f"{status // 100}xx" if status != 429 else "429").observe(seconds)


def store_silent() -> None:
    """Count a request to a store that got no whole answer."""
    _STORE_SILENCES.inc()
