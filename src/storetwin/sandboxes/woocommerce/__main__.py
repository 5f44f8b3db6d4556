"""``python -m storetwin.sandboxes.woocommerce``: serve a sandbox store in the foreground."""

from __future__ import annotations

import argparse
import os
import signal
import sys
import threading
from collections.abc import Sequence
from pathlib import Path

from storetwin.sandboxes.woocommerce.fault_kinds import fault_help, parse_fault
from storetwin.sandboxes.woocommerce.model.store import DEFAULT_ZONE
from storetwin.sandboxes.woocommerce.plugins import PLUGINS, USUAL, known_plugins
from storetwin.sandboxes.woocommerce.server import Options, serve
from storetwin.sandboxes.woocommerce.versions import NEWEST, RELEASES, release_of
from storetwin.sandboxes.woocommerce.webhooks import FAST, TROUBLES, USUAL_DELAY, Troubles

PROGRAM = "python -m storetwin.sandboxes.woocommerce"


def main(arguments: Sequence[str] | None = None, prog: str = PROGRAM) -> int:
    """Serve a sandbox store.

    Returns:
        The exit code: 0 done, 1 the port is taken, 2 wrong use.
    """
    parser = _parser(prog)
    asked = parser.parse_args(arguments)
    if "help" in asked.fault:
        sys.stdout.write(fault_help() + "\n")
        return 0
    if bool(asked.https_cert) != bool(asked.https_key):
        parser.error("--https-cert and --https-key belong together")
    for text in asked.fault:
        try:
            parse_fault(text)
        except ValueError as error:
            parser.error(str(error))
    if asked.stop_with_stdin:
        threading.Thread(target=_stop_when_stdin_ends, daemon=True).start()
    try:
        Troubles(asked.webhook_fault)
        release_of(asked.wc_version)
        plugins = known_plugins(asked.plugin or USUAL)
    except ValueError as error:
        parser.error(str(error))
    https = (asked.https_cert, asked.https_key) if asked.https_cert else None
    return serve(
        Options(
            orders=asked.orders, seed=asked.seed, site_timezone=asked.site_timezone,
            host=asked.host, port=asked.port, faults=asked.fault, https=https,
            wire_log=asked.wire_log, says_json=asked.json, version=asked.wc_version,
            plugins=sorted(plugins), odd=asked.odd, webhook_delay=asked.webhook_delay,
            fast_queue=asked.fast_queue, webhook_faults=asked.webhook_fault,
        )
    )  # fmt: skip


def _stop_when_stdin_ends() -> None:
    """Stop as Ctrl-C does when whoever started us is gone, however it went."""
    while os.read(0, 1024):  # not through sys.stdin: its lock would be held at our own end
        pass
    os.kill(os.getpid(), signal.SIGINT)


def _seconds(text: str) -> float:
    number = float(text)
    if not 0 <= number < float("inf"):
        raise ValueError(text)
    return number


def _parser(prog: str) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog=prog,
        description="A WooCommerce look-alike with public keys, for demos and tests. "
        "Open its address in a browser to see requests live and to break things.",
    )
    parser.add_argument("--host", default="127.0.0.1", help="where to listen (127.0.0.1)")
    parser.add_argument("--port", type=int, default=8088, help="0 takes a free port (8088)")
    parser.add_argument("--orders", type=int, default=10_000, help="how many orders (10000)")
    parser.add_argument("--seed", type=int, default=1, help="where the data comes from (1)")
    parser.add_argument(
        "--fault", action="append", default=[], metavar="NAME:KEY=VALUE,…",
        help="break something, may be given several times; 'help' lists what can be broken",
    )  # fmt: skip
    parser.add_argument(
        "--json", action="store_true", help="print address and keys as one line of JSON"
    )
    parser.add_argument("--wire-log", type=Path, help="log exact bytes to this file")
    parser.add_argument("--https-cert", help="certificate file, for TLS")
    parser.add_argument("--https-key", help="key file of the certificate")
    parser.add_argument(
        "--wc-version", default=NEWEST, metavar="VERSION",
        help=f"which WooCommerce it plays: {', '.join(RELEASES)} ({NEWEST})",
    )  # fmt: skip
    parser.add_argument(
        "--plugin", action="append", default=[], choices=tuple(PLUGINS), metavar="NAME",
        help=f"what is installed, may be given several times: {', '.join(PLUGINS)} "
        f"({', '.join(USUAL)})",
    )  # fmt: skip
    parser.add_argument(
        "--odd", action="store_true", help="put the odd things into it that real stores hold"
    )
    parser.add_argument("--site-timezone", default=DEFAULT_ZONE, help=f"({DEFAULT_ZONE})")
    parser.add_argument(
        "--webhook-delay", type=_seconds, default=USUAL_DELAY, metavar="SECONDS",
        help=f"how long after an event its webhooks are sent ({USUAL_DELAY:g}, as a real store)",
    )  # fmt: skip
    parser.add_argument(
        "--fast-queue", action="store_true", help=f"send webhooks within {FAST:g} seconds"
    )
    parser.add_argument(
        "--webhook-fault", action="append", default=[], metavar="NAME:KEY=VALUE,…",
        help="let something happen to webhooks on their way, may be given several times: "
        f"{', '.join(TROUBLES)}; drop+double:every=2 takes turns",
    )  # fmt: skip
    parser.add_argument(
        "--stop-with-stdin", action="store_true", help="stop when standard input ends"
    )
    return parser


if __name__ == "__main__":
    sys.exit(main())
