"""``storetwin demo``: see everything work within a minute, with nothing but this program."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

from storetwin.cli.exits import Exit
from storetwin.cli.running import run, say

if TYPE_CHECKING:
    from socket import socket

    from storetwin.demo import DemoStore
    from storetwin.hub import Hub
    from storetwin.settings import Settings


def demo(
    orders: int = typer.Option(10_000, "--orders", min=0, help="How many orders the store has."),
    seed: int = typer.Option(1, "--seed", help="Same seed, same store."),
    port: int = typer.Option(
        8090, "--port", min=0, max=65535, help="The store's port; 0 takes a free one."
    ),
    hub_port: int | None = typer.Option(
        None, "--hub-port", min=0, max=65535, help="The hub's port; 0 takes a free one."
    ),
    once: bool = typer.Option(False, "--once", help="Leave when everything was pulled."),
) -> None:
    """Start a store, a database and the hub; pull everything; print the certificate; stay in step."""

    async def call() -> Exit:
        from storetwin import demo as demonstration
        from storetwin.settings import load_settings
        from storetwin.telemetry.logs import configure_logging

        settings = load_settings()
        configure_logging(settings.log_level, settings.log_format)
        say(f"Starting a WooCommerce store with {orders:,} orders, and PostgreSQL …")
        async with demonstration.demo_store(orders=orders, seed=seed, port=port) as store:
            say(f"The store answers at {store.url}")
            if not once:
                return await _stay(store, settings, hub_port)
            async with demonstration.demo_hub(settings) as hub:
                code = await _pull(hub, store, settings)
                _say_where_to_look(settings)
                return code

    run(call)


async def _stay(store: DemoStore, settings: Settings, port: int | None) -> Exit:
    """Pull everything, then keep the twin in step until Ctrl-C."""
    from storetwin import demo as demonstration
    from storetwin.api.server import address_of
    from storetwin.cli.serve import serve_site
    from storetwin.cli.stopping import until_stopped

    with _listening(settings, port) as listening:
        url = address_of(listening)
        async with demonstration.demo_site(settings, url) as site:
            await _pull(site.hub, store, settings)
            _say_where_to_look(settings)

            async def keep_in_step() -> None:
                await demonstration.keep_in_step(site.hub)
                password = await demonstration.person(site.hub)
                _say_how_to_ask(url, await demonstration.key_to_read(site.hub))
                _say_what_to_try(store)
                _say_how_to_sign_in(url, password.get_secret_value())

            return await until_stopped(
                lambda: serve_site(
                    site, listening, url, has_worker=True, more=[keep_in_step], is_demo=True
                )
            )


def _listening(settings: Settings, port: int | None) -> socket:
    """Listen where the hub usually does; where something does so already, anywhere."""
    from storetwin.api.server import listen_on
    from storetwin.kernel.errors import ConfigurationError

    if port is not None:
        return listen_on(settings.host, port)
    try:
        return listen_on(settings.host, settings.port)
    except ConfigurationError:
        return listen_on(settings.host, 0)


async def _pull(hub: Hub, store: DemoStore, settings: Settings) -> Exit:
    """Connect the store, pull everything and print the certificate."""
    from storetwin import demo as demonstration
    from storetwin.cli.probed import print_report
    from storetwin.cli.pull import report
    from storetwin.cli.screen import ProgressScreen

    marker = demonstration.demo_settings(settings).data_dir / demonstration.MARKER
    print_report(await demonstration.connect(hub, store, marker))
    say()
    with ProgressScreen() as screen:
        outcome = await demonstration.pull(hub, screen)
    return report(outcome, demonstration.NAME, as_json=False)


def _say_how_to_ask(url: str, key: str) -> None:
    say()
    say("Ask it as a program does (a key to read with, for a day):")
    say(f"  curl -H 'Authorization: Bearer {key}' '{url}/api/v1/orders?limit=3'")
    say(f"  curl -H 'Authorization: Bearer {key}' {url}/api/v1/orders/stats")


def _say_how_to_sign_in(url: str, password: str) -> None:
    from storetwin.demo import PERSON

    say()
    say("Open it in a browser; a guide of five steps shows the point:")
    say(f"  {url}/sign-in?email={PERSON}")
    say(f"  password: {password}")
    say("Everything stays up until you press Ctrl-C.")


def _say_what_to_try(store: DemoStore) -> None:
    say()
    say(f"Change something at {store.url} (a click, or any WooCommerce client):")
    say("the twin has it within seconds, for the store tells the hub. Follow it:")
    say("  storetwin watch")
    say("  storetwin show demo orders ID --history")


def _say_where_to_look(settings: Settings) -> None:
    from storetwin.demo import STORE_NETWORK, demo_settings

    folder = demo_settings(settings).data_dir
    say()
    say("Look at it from another terminal:")
    say(f"  export STORETWIN_DATA_DIR={folder}")
    say(f"  export STORETWIN_ALLOWED_NETWORKS={STORE_NETWORK}")
    say("  storetwin status")
    say('  storetwin db psql -c "SELECT resource, count(*) FROM mirror.documents GROUP BY 1"')
    say("  storetwin verify demo --level bytes")
    say("Then connect your own store:")
    say("  storetwin connection add shop --url https://shop.example")
