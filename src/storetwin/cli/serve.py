"""``storetwin serve`` and ``storetwin worker``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

from storetwin.cli.exits import Exit
from storetwin.cli.running import run, say

if TYPE_CHECKING:
    from collections.abc import Sequence

    from storetwin.api.app import Manners, Part
    from storetwin.bootstrap import Site
    from storetwin.connections.models import Connection
    from storetwin.runs.schedules import Schedule
    from storetwin.settings import Settings

CONCURRENCY = typer.Option(
    None, "--concurrency", min=1, max=64, help="Connections read or drained at the same time."
)


def serve(
    host: str | None = typer.Option(None, "--host", help="Address to listen on."),
    port: int | None = typer.Option(
        None, "--port", min=0, max=65535, help="Port to listen on; 0 takes a free one."
    ),
    no_worker: bool = typer.Option(
        False, "--no-worker", help="Only the web application: workers run elsewhere."
    ),
    concurrency: int | None = CONCURRENCY,
) -> None:
    """Keep every store's twin in step, and take the webhooks of stores, until Ctrl-C."""

    async def call() -> Exit:
        from storetwin.api.app import Manners
        from storetwin.api.server import address_of, listen_on
        from storetwin.bootstrap import open_site, patiently
        from storetwin.cli.inviting import say_first_link
        from storetwin.cli.stopping import until_stopped

        settings = _settings(host=host, port=port)
        with listen_on(settings.host, settings.port) as listening:
            async with open_site(settings, concurrency=concurrency) as site:
                found = await patiently(site.hub.schedules.of, site.hub.revive)
                _say_what_it_does(site, settings, found, has_worker=not no_worker)
                url = address_of(listening)
                await say_first_link(site.hub, settings.public_url or url)
                token = settings.metrics_token
                manners = Manners(
                    settings.cors_origins,
                    settings.requests_per_minute,
                    token.get_secret_value() if token else None,
                )
                return await until_stopped(
                    lambda: serve_site(
                        site, listening, url, has_worker=not no_worker, manners=manners
                    )
                )

    run(call)


def worker(concurrency: int | None = CONCURRENCY) -> None:
    """Run one more worker, on this machine or any other with the same database, until Ctrl-C."""

    async def call() -> Exit:
        from storetwin.bootstrap import open_site
        from storetwin.cli.stopping import until_stopped

        async with open_site(_settings(), concurrency=concurrency) as site:
            say(f"At work, up to {site.worker.concurrency} connections at a time.")
            return await until_stopped(site.worker.run)

    run(call)


async def serve_site(
    site: Site,
    listening: object,
    url: str,
    *,
    has_worker: bool,
    manners: Manners | None = None,
    more: Sequence[Part] = (),
    is_demo: bool = False,
) -> None:
    """Serve the web application, with a worker in it or without, until cancelled.

    Args:
        manners: how the REST API treats its callers.
        more: what else begins when it does.
        is_demo: its store is the one that comes along.
    """
    from functools import partial
    from socket import socket

    from storetwin.api.app import create_app
    from storetwin.api.health import Health
    from storetwin.api.mounting import mounted
    from storetwin.api.server import run_server
    from storetwin.bootstrap import pending_of
    from storetwin.jobs.living import living_workers
    from storetwin.mcp.server import PATH, McpDoor
    from storetwin.web.app import add_pages

    assert isinstance(listening, socket)
    health = Health(
        pending=partial(pending_of, site.dsn),
        workers=partial(living_workers, site.hub),
        is_at_work=(lambda: site.worker.is_at_work) if has_worker else None,
    )
    worker = [partial(site.worker.run, is_start=True)] if has_worker else []
    origins = manners.cors_origins if manners else ()
    mcp = McpDoor(site.hub, site.hub.public_url, origins)
    beside: list[Part] = [*worker, mcp.run, *more]
    app = create_app(site.hub, health, beside, manners=manners, mounts=[mounted(PATH, mcp)])
    add_pages(app, site.hub, is_demo=is_demo)
    await run_server(
        app,
        listening,
        lambda: say(f"Listening on {url} (health: {url}/health/ready)"),
        app.state.streams.stop,
    )


def _say_what_it_does(
    site: Site,
    settings: Settings,
    found: list[tuple[Connection, list[Schedule]]],
    *,
    has_worker: bool,
) -> None:
    """Say who is kept in step, by whom, and how stores reach this hub."""
    _say_connections(found)
    if has_worker:
        say(f"The worker reads up to {site.worker.concurrency} connections at a time.")
    else:
        say("No worker runs here. Start one: storetwin worker")
    if settings.public_url:
        say(f"Stores deliver their webhooks to {settings.public_url}")
    else:
        say("Without STORETWIN_PUBLIC_URL stores cannot tell what changed: it is asked for.")


def _say_connections(found: list[tuple[Connection, list[Schedule]]]) -> None:
    if not found:
        say("No store is connected yet. From another terminal:")
        say("  storetwin connection add shop --url https://shop.example")
        say("It is kept in step from then on; nothing has to be started again.")
        return
    for connection, schedules in found:
        told = ", ".join(
            f"{s.kind} {s.resource or 'all'} every {s.spec}" for s in schedules if not s.is_paused
        )
        say(f"{connection.name} ({connection.state}): {told or 'no schedule'}")


def _settings(**given: object) -> Settings:
    from storetwin.settings import load_settings
    from storetwin.telemetry.logs import configure_logging

    settings = load_settings(**given)
    configure_logging(settings.log_level, settings.log_format)
    return settings
