"""Starting the sandbox: in a background thread for tests and the demo, or in the foreground."""

from __future__ import annotations

import json
import socket
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypedDict, Unpack

from storetwin.sandboxes.woocommerce.app import Shop
from storetwin.sandboxes.woocommerce.auth import (
    READ_ONLY,
    READ_WRITE,
    WRITE_ONLY,
    KeyPair,
    Permission,
)
from storetwin.sandboxes.woocommerce.control import described
from storetwin.sandboxes.woocommerce.faults import Board
from storetwin.sandboxes.woocommerce.model.odd import make_odd
from storetwin.sandboxes.woocommerce.model.store import DEFAULT_ZONE, Backup, Changes, Store
from storetwin.sandboxes.woocommerce.plugins import USUAL
from storetwin.sandboxes.woocommerce.storm import Storm
from storetwin.sandboxes.woocommerce.versions import NEWEST
from storetwin.sandboxes.woocommerce.web_server import BACKLOG, WebServer, web_server
from storetwin.sandboxes.woocommerce.webhooks import USUAL_DELAY, Delivered, Webhooks
from storetwin.sandboxes.woocommerce.wire import Requests, WireLog

_START_SECONDS = 30.0
_PATIENCE = 0.5
_SOON = 0.05  # seconds; tests do not wait as long as a real store lets them
FREE_PORT = "Choose another port with --port, or 0 for a free one."


class PortTakenError(OSError):
    """Another program listens on the port."""


@dataclass(slots=True)
class Options:
    """How a sandbox is started.

    Args:
        orders, seed, site_timezone: see :class:`Store`.
        version, plugins: which WooCommerce it is, and what is installed on top of it.
        host, port: where it listens; port 0 takes a free one.
        faults: what is broken from the start, as text: ``poison:every=100``.
        odd: put the odd things into it that real stores hold.
        https: (certificate file, key file) for TLS, or None.
        wire_log: the file that exact bytes are logged to, or None.
        says_json: print one line of JSON when it is up, for programs; else lines for people.
        webhook_delay: seconds between an event and its webhooks; a real store takes about 25.
        fast_queue: a plugin sends webhooks almost at once.
        webhook_faults: what happens to webhooks on their way, as text: ``drop:every=3``; see
            :class:`~storetwin.sandboxes.woocommerce.webhooks.Troubles`.
    """

    orders: int = 10_000
    seed: int = 1
    site_timezone: str = DEFAULT_ZONE
    version: str = NEWEST
    plugins: Sequence[str] = USUAL
    odd: bool = False
    host: str = "127.0.0.1"
    port: int = 0
    faults: Sequence[str] = ()
    https: tuple[str, str] | None = None
    wire_log: Path | None = None
    says_json: bool = False
    webhook_delay: float = USUAL_DELAY
    fast_queue: bool = False
    webhook_faults: Sequence[str] = ()


class More(TypedDict, total=False):
    """Further options of :func:`running_store`; see :class:`Options`."""

    host: str
    version: str
    plugins: Sequence[str]
    odd: bool
    webhook_delay: float
    fast_queue: bool
    webhook_faults: Sequence[str]


class Sandbox:
    """A running sandbox store.

    Args:
        shop: everything behind the URL.
        url: ``http://127.0.0.1:PORT``.
    """

    read_only: KeyPair = READ_ONLY
    write_only: KeyPair = WRITE_ONLY

    def __init__(self, shop: Shop, url: str) -> None:
        self.shop = shop
        self.url = url
        shop.store.base = url

    @property
    def key(self) -> str:
        """The public consumer key with read and write permission."""
        return READ_WRITE.key

    @property
    def secret(self) -> str:
        """The public consumer secret of :attr:`key`."""
        return READ_WRITE.secret

    @property
    def store(self) -> Store:
        """The model: counts, documents, ids, and verbs that change it."""
        return self.shop.store

    @property
    def faults(self) -> Board:
        """What is broken; may be switched while it runs."""
        return self.shop.faults

    @property
    def requests(self) -> Requests:
        """What was asked for so far."""
        return self.shop.requests

    @property
    def webhooks(self) -> Webhooks:
        """What sends webhooks: its delay, its queue, what happens to deliveries on their way."""
        return self.shop.webhooks

    @property
    def deliveries(self) -> list[Delivered]:
        """Every webhook and ping that was sent so far."""
        return self.shop.webhooks.deliveries.since()

    @property
    def changes(self) -> Changes:
        """What really changed since the start."""
        return self.shop.store.changes

    def mark(self, *, everything: bool = False) -> int:
        """Tell the ledger :attr:`changes` that a reader reads now.

        From the first mark on, ``changes.readable`` counts the versions that a reader at each mark
        can tell apart, and ``changes.vanished`` keeps what it saw disappear.

        Args:
            everything: it reads all records, as a sweep does; else those whose date moved.

        Returns:
            How many records it finds new, changed or gone since the last mark.
        """
        return self.store.mark(everything=everything)

    def storm(self, seed: int = 1, kinds: Sequence[str] = ()) -> Storm:
        """Return what changes the store as a busy shop's people do; see :class:`Storm`.

        Raises:
            ValueError: there is no such kind of change.
        """
        return Storm(lambda: self.store, seed, kinds)

    def make_odd(self) -> dict[str, list[int]]:
        """Put odd records into the store; return what is odd → their ids."""
        return make_odd(self.store)

    # Keys

    def make_keys(self, permission: Permission = Permission.READ_WRITE) -> KeyPair:
        """Make another key pair; the public ones stay."""
        return self.shop.gate.make(permission)

    def revoke(self, key: str) -> bool:
        """Delete a key, be it one of the public ones; say whether there was such a one."""
        return self.shop.gate.revoke(key)

    # Which store it is

    def take_backup(self) -> Backup:
        """Return a copy of all data, to be put back later."""
        return self.store.take_backup()

    def restore_backup(self, backup: Backup) -> None:
        """Go back to an earlier state: what came since is gone, and its ids are used again."""
        self.store.restore_backup(backup)

    def move(self, home_url: str | None) -> None:
        """Let the store call itself by another address; None follows the host of each request."""
        self.store.home_url = home_url

    def wipe(self) -> None:
        """Install WooCommerce anew at the same address: empty, and another store_id."""
        self.store.wipe()

    def become_another(self, seed: int = 99, orders: int = 250) -> None:
        """Put another store behind the same address: other records, another store_id."""
        self.store.become_another(seed, orders)

    @contextmanager
    def clone(self, home_url: str | None = None) -> Iterator[Sandbox]:
        """Run a copy at another address: same records, same store_id.

        Args:
            home_url: what the copy calls itself; None follows the host of each request. A copy
                of which nobody changed the settings calls itself as the original does.
        """
        with running_store(
            orders=1, version=self.store.release.name, plugins=sorted(self.store.plugins)
        ) as copy:
            copy.restore_backup(self.take_backup())
            copy.store.home_url = home_url
            copy.store.now = self.store.now
            yield copy


@contextmanager
def running_store(
    *,
    orders: int = 3000,
    seed: int = 1,
    port: int = 0,
    faults: Sequence[str] = (),
    https: tuple[str, str] | None = None,
    wire_log: Path | str | None = None,
    site_timezone: str = DEFAULT_ZONE,
    **more: Unpack[More],
) -> Iterator[Sandbox]:  # fmt: skip
    """Serve a store from a background thread of this process; see :class:`Options`.

    Its webhooks come within a tenth of a second unless ``webhook_delay`` says otherwise.

    Raises:
        PortTakenError: another program listens on the port.
        ValueError: a fault is unknown or has a wrong parameter, or there is no such version or
            plugin.
    """
    more.setdefault("webhook_delay", _SOON)
    options = Options(
        orders=orders, seed=seed, site_timezone=site_timezone, port=port, faults=faults,
        https=https, wire_log=Path(wire_log) if wire_log else None, **more,
    )  # fmt: skip
    with _listening(options) as (listener, sandbox, server):
        thread = threading.Thread(
            target=server.run, kwargs={"sockets": [listener]}, name="sandbox-store", daemon=True
        )
        thread.start()
        try:
            _await_start(server, thread)
            yield sandbox
        finally:
            server.should_exit = True
            thread.join(_PATIENCE)
            server.force_exit = True  # connections that are kept alive do not hold us
            thread.join(_START_SECONDS)


def serve(options: Options) -> int:
    """Serve a store in the foreground until Ctrl-C or SIGTERM; print its URL and its keys.

    It prints when it answers, and when a signal already stops it cleanly.

    Returns:
        The exit code: 0 after a clean stop, 1 when the port is taken.
    """
    try:
        with _listening(options) as (listener, sandbox, server):
            server.when_up = lambda: _say(_greeting(options, sandbox))
            server.run(sockets=[listener])
    except PortTakenError as error:
        sys.stderr.write(f"Error: {error}\n  What to do: {FREE_PORT}\n")
        return 1
    return 0


def _say(text: str) -> None:
    sys.stdout.write(text)
    sys.stdout.flush()


def _greeting(options: Options, sandbox: Sandbox) -> str:
    if options.says_json:
        return json.dumps(described(sandbox.shop)) + "\n"
    return (
        f"Sandbox store with {options.orders} orders at {sandbox.url}\n"
        f"  consumer key    {sandbox.key}\n"
        f"  consumer secret {sandbox.secret}\n"
        "  (public keys of a sandbox, not secret)\n"
        f"  Open {sandbox.url} in a browser to see requests live and to break things.\n"
        "  Stop with Ctrl-C.\n"
    )


@contextmanager
def _listening(options: Options) -> Iterator[tuple[socket.socket, Sandbox, WebServer]]:
    listener = _listener(options.host, options.port)
    log = None
    try:
        port = listener.getsockname()[1]
        scheme = "https" if options.https else "http"
        log = WireLog(options.wire_log) if options.wire_log else None
        shop = Shop(
            *_begin(options), log, lambda: _begin(options), options.webhook_delay,
            options.webhook_faults,
        )  # fmt: skip
        shop.webhooks.fast_queue = options.fast_queue
        sandbox = Sandbox(shop, f"{scheme}://{options.host}:{port}")
        yield listener, sandbox, web_server(shop, options.https)
    finally:
        listener.close()
        if log is not None:
            log.close()


def _begin(options: Options) -> tuple[Store, Board]:
    store = Store(
        options.seed, options.orders, options.site_timezone, options.version, options.plugins
    )
    if options.odd:
        make_odd(store)
    return store, Board(store, options.faults)


def _listener(host: str, port: int) -> socket.socket:
    listener = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
        listener.listen(BACKLOG)
    except OSError as error:
        listener.close()
        raise PortTakenError(
            f"The sandbox store cannot listen on {host}:{port}: {error.strerror}."
        ) from error
    return listener


def _await_start(server: WebServer, thread: threading.Thread) -> None:
    waited = threading.Event()
    for _ in range(int(_START_SECONDS * 100)):
        if server.started:
            return
        if not thread.is_alive():
            break
        waited.wait(0.01)
    raise RuntimeError("The sandbox store did not start.")
