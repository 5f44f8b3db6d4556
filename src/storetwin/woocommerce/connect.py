"""Building the client of a connection: its transport, its pace, its ways of authentication."""

from __future__ import annotations

from importlib.metadata import version

from storetwin.connections.models import AuthScheme, Connection, Credentials
from storetwin.http.answer import Heard
from storetwin.http.egress import Egress
from storetwin.http.load import Limiter, Spacing
from storetwin.http.retry import Retrying
from storetwin.http.transport import TlsPolicy, Transport
from storetwin.http.width import Width
from storetwin.kernel.backoff import Backoff
from storetwin.kernel.clock import Clock, utc_now
from storetwin.settings import Settings
from storetwin.woocommerce.client import StoreClient


def connect_store(
    connection: Connection,
    credentials: Credentials,
    settings: Settings,
    *,
    clock: Clock = utc_now,
    backoff: Backoff | None = None,
    heard: Heard | None = None,
) -> StoreClient:
    """Return a client for a connection. Nothing is sent yet.

    Args:
        backoff: how long to wait before a request is repeated; the usual delays by default.
        heard: told of each request and its answer.
    """
    transport = Transport(
        timeout=settings.request_timeout,
        max_bytes=settings.max_answer_bytes,
        tls=TlsPolicy(connection.ca, connection.is_tls_insecure),
        egress=Egress(settings.allowed_networks),
        user_agent=f"Storetwin/{version('storetwin')}",
        heard=heard,
    )
    options = connection.options
    limiter = Limiter(
        Width(ceiling=options.at_once or settings.max_concurrency), Spacing(options.per_minute)
    )
    retrying = Retrying(
        transport, limiter, backoff=backoff or Backoff(patience=settings.longest_pause)
    )
    return StoreClient(connection, credentials, retrying, clock, _schemes(connection))


def _schemes(connection: Connection) -> tuple[AuthScheme, ...]:
    """Return the ways of authentication to try, the likeliest first.

    Over plain http only a signature: the other two show the secret to everybody on the way, which
    is for a person to choose (and WooCommerce reads them over TLS only).
    """
    if connection.scheme is not AuthScheme.AUTO:
        return (connection.scheme,)
    if connection.url.startswith("https://"):
        return (AuthScheme.BASIC, AuthScheme.QUERY)
    return (AuthScheme.OAUTH1,)
