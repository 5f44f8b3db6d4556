"""Every row of docs/reference/problems.md, produced for real: exit code, first line, remedy."""

from __future__ import annotations

import base64
import os
import re
import signal
import socket
import subprocess
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from shutil import disk_usage
from typing import Any

import pytest
import trustme

from installed import NAME, Done, Installation, installation, until
from storetwin.kernel.clock import utc_now
from storetwin.sandboxes.woocommerce import Sandbox, running_store

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "problems.md"
OTHER_KEY = base64.b64encode(b"another key, thirty-two bytes ok").decode()
WRONG_KEY, WRONG_SECRET = f"ck_{'1' * 40}", f"cs_{'1' * 40}"
ROOM_FOR_A_DATABASE, TOO_LITTLE = 160, 20  # megabytes
LEFT_OVER = 6_000_000  # bytes: less than a segment of the server's journal


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table; ``…`` stands for anything."""

    problem: str
    command: str
    code: int
    first: str
    remedy: str


def rows() -> list[Row]:
    """Read the table."""
    text = PAGE.read_text(encoding="utf-8")
    lines = [line for line in text.splitlines() if line.startswith("|")]
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:]]
    return [
        Row(problem, command.strip("`"), int(code), first, remedy)
        for problem, command, code, first, remedy in cells
    ]


@dataclass(slots=True)
class Scene:
    """What the situations share: stores, and an installation whose database stays up."""

    home: Installation
    store: Sandbox
    secure: Sandbox
    authority: Path
    connected: tuple[Any, ...] = ()

    def connect(self, url: str, *options: str, key: str = "", secret: str = "") -> None:
        """Have one connection, to this address with these keys."""
        wanted = (url, options, key, secret)
        if self.connected != wanted:
            self.home.rows("DELETE FROM connections.connections RETURNING name")
            pair = {
                "STORETWIN_STORE_KEY": key or self.store.key,
                "STORETWIN_STORE_SECRET": secret or self.store.secret,
            }
            self.home.do("connection", "add", NAME, "--url", url, *options, **pair)
            self.connected = wanted


@dataclass(frozen=True, slots=True)
class Situation:
    """Where and how the row's command is run.

    Args:
        blank: what stands for ``…`` in the command.
        is_the_store: a test of the connection must say the same as a pull.
    """

    home: Installation
    environment: dict[str, str] = field(default_factory=dict)
    blank: str = ""
    is_the_store: bool = False


Producer = Callable[[Scene], AbstractContextManager[Situation]]
PRODUCERS: dict[str, Producer] = {}


def produces(problem: str) -> Callable[[Producer], Producer]:
    """Name the row that a situation belongs to."""

    def register(producer: Producer) -> Producer:
        PRODUCERS[problem] = producer
        return producer

    return register


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    folder = tmp_path_factory.mktemp("tls")
    authority = trustme.CA()
    authority.cert_pem.write_to_path(folder / "authority.pem")
    authority.issue_cert("127.0.0.1").private_key_and_cert_chain_pem.write_to_path(
        folder / "server.pem"
    )
    https = (str(folder / "server.pem"), str(folder / "server.pem"))
    with ExitStack() as stack:
        store = stack.enter_context(running_store(orders=1_500, seed=3))
        secure = stack.enter_context(running_store(orders=20, seed=4, https=https))
        home = stack.enter_context(installation())
        stack.enter_context(home.serving())
        yield Scene(home, store, secure, folder / "authority.pem")


@pytest.mark.parametrize("row", rows(), ids=lambda row: row.problem.replace(" ", "-"))
def test_a_row(scene, row):
    with PRODUCERS[row.problem](scene) as situation:
        arguments = row.command.replace("…", situation.blank).split()[1:]
        is_twice = situation.is_the_store and arguments[0] == "pull"
        with ThreadPoolExecutor(1) as beside:
            test = (
                beside.submit(situation.home.run, "connection", "test", NAME) if is_twice else None
            )
            done = situation.home.run(*arguments, **situation.environment)
        if test is not None:  # it says the same of the same trouble
            tested = test.result()
            assert tested.code == row.code, tested.said
            check_error(tested, row)
        assert done.code == row.code, done.said
        if row.code == 0:
            check_report(done, row)
        else:
            check_error(done, row)


def test_every_situation_has_its_row():
    assert {row.problem for row in rows()} == set(PRODUCERS)


def check_error(done: Done, row: Row) -> None:
    first, remedy, *rest = done.error
    assert re.fullmatch("Error: " + pattern(row.first), first), done.said
    assert re.fullmatch("  What to do: " + pattern(row.remedy), remedy), done.said
    assert rest == [], done.said


def check_report(done: Done, row: Row) -> None:
    lines = done.out.splitlines()
    at = next((i for i, line in enumerate(lines) if line.endswith(row.first)), None)
    assert at is not None, done.said
    assert lines[at + 1].strip() == f"What to do: {row.remedy}"


def pattern(text: str) -> str:
    return re.escape(text).replace("…", ".+")


# -- the store and the way to it ----------------------------------------------------------------


@produces("wrong URL: no such server")
@contextmanager
def no_such_server(scene: Scene) -> Iterator[Situation]:
    scene.connect("http://nowhere.invalid")
    yield Situation(scene.home, is_the_store=True)


@produces("wrong URL: nobody answers")
@contextmanager
def nobody_listens(scene: Scene) -> Iterator[Situation]:
    scene.connect(f"http://127.0.0.1:{free_port()}")
    yield Situation(scene.home, is_the_store=True)


@produces("in the hub's own network")
@contextmanager
def in_its_own_network(scene: Scene) -> Iterator[Situation]:
    scene.connect(scene.store.url)
    yield Situation(scene.home, {"STORETWIN_ALLOWED_NETWORKS": "192.168.0.0/16"})


class _Elsewhere(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_error(404)

    def log_message(self, *_: object) -> None:
        return


@produces("wrong URL: no WordPress")
@contextmanager
def no_wordpress(scene: Scene) -> Iterator[Situation]:
    with ThreadingHTTPServer(("127.0.0.1", 0), _Elsewhere) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,)).start()
        scene.connect(f"http://127.0.0.1:{server.server_port}")
        try:
            yield Situation(scene.home, is_the_store=True)
        finally:
            server.shutdown()


def faulty(problem: str, fault: str) -> None:
    @produces(problem)
    @contextmanager
    def situation(scene: Scene) -> Iterator[Situation]:
        scene.connected = ()  # which store it is, nobody was told yet: what to do depends on it
        scene.connect(scene.store.url)
        with broken(scene.store, fault):
            yield Situation(scene.home, is_the_store=True)


@contextmanager
def broken(store: Sandbox, fault: str) -> Iterator[None]:
    store.faults.switch_on(fault)
    try:
        yield
    finally:
        store.faults.clear()


faulty("no WooCommerce there", "no-woocommerce")
faulty("plain permalinks", "plain-permalinks")
faulty("clock off", "clock:seconds=3600")
faulty("maintenance", "maintenance")
faulty("redirect to another host", "redirect")
faulty("page cache in front of the store", "cache:keyed=known")
faulty("firewall in front of the store", "waf")
faulty("firewall that shows a web page", "waf:status=200")


def with_keys(problem: str, keys: Callable[[Sandbox], tuple[str, str]]) -> None:
    @produces(problem)
    @contextmanager
    def situation(scene: Scene) -> Iterator[Situation]:
        key, secret = keys(scene.store)
        scene.connect(scene.store.url, key=key, secret=secret)
        yield Situation(scene.home, is_the_store=True)


with_keys("wrong key", lambda store: (WRONG_KEY, store.secret))
with_keys("wrong secret", lambda store: (store.key, WRONG_SECRET))
with_keys("key without read", lambda store: (store.write_only.key, store.write_only.secret))
with_keys("key without write", lambda store: (store.read_only.key, store.read_only.secret))


@produces("TLS not trusted")
@contextmanager
def tls_not_trusted(scene: Scene) -> Iterator[Situation]:
    scene.connect(scene.secure.url)
    yield Situation(scene.home, is_the_store=True)


@produces("proxy that strips the header")
@contextmanager
def header_stripped(scene: Scene) -> Iterator[Situation]:
    scene.connect(scene.secure.url, "--ca", str(scene.authority))
    with broken(scene.secure, "strip-auth"):
        yield Situation(scene.home, is_the_store=True)


@produces("proxy that strips the header, `--auth basic`")
@contextmanager
def header_stripped_from_basic(scene: Scene) -> Iterator[Situation]:
    scene.connect(scene.secure.url, "--ca", str(scene.authority), "--auth", "basic")
    with broken(scene.secure, "strip-auth"):
        yield Situation(scene.home, is_the_store=True)


# -- which store it is --------------------------------------------------------------------------


@contextmanager
def pulled(scene: Scene) -> Iterator[Sandbox]:
    """Lend a store of its own that was pulled."""
    with running_store(orders=40, seed=7) as store:
        scene.connect(store.url)
        scene.home.do("pull", NAME)
        yield store


def emptied(store: Sandbox) -> None:
    """Take every order and product away."""
    for resource in ("orders", "products"):
        for number in store.store.ids(resource):
            store.store.delete(resource, number)


@produces("restored from a backup")
@contextmanager
def restored(scene: Scene) -> Iterator[Situation]:
    with pulled(scene) as store:
        backup = store.take_backup()
        for _ in range(8):
            store.store.create_order()
        scene.home.do("pull", NAME)
        store.restore_backup(backup)
        yield Situation(scene.home)
        scene.home.do("connection", "accept", NAME, "--restored")
        scene.home.do("pull", NAME)


@produces("emptied store")
@contextmanager
def emptied_store(scene: Scene) -> Iterator[Situation]:
    with pulled(scene) as store:
        emptied(store)
        yield Situation(scene.home)
        scene.home.do("connection", "accept", NAME, "--restored")
        scene.home.do("pull", NAME, "--bury")


@produces("another store at the same address")
@contextmanager
def another_store(scene: Scene) -> Iterator[Situation]:
    with pulled(scene) as store:
        store.become_another(orders=40)
        yield Situation(scene.home)
        scene.home.do("connection", "accept", NAME, "--replaced", "--yes")
        scene.home.do("pull", NAME)


@produces("moved to another domain")
@contextmanager
def moved(scene: Scene) -> Iterator[Situation]:
    with pulled(scene) as store:
        store.move("https://new.example")
        yield Situation(scene.home)
        scene.home.do("connection", "accept", NAME)
        scene.home.do("pull", NAME)


@produces("copied to another installation")
@contextmanager
def copied(scene: Scene) -> Iterator[Situation]:
    with pulled(scene) as store:
        store.store.store_id = "11111111-2222"
        yield Situation(scene.home)
        scene.home.do("connection", "accept", NAME)
        scene.home.do("pull", NAME)


@produces("paused for a doubt")
@contextmanager
def paused_for_a_doubt(scene: Scene) -> Iterator[Situation]:
    with pulled(scene) as store:
        emptied(store)
        assert scene.home.run("pull", NAME).code == 1
        yield Situation(scene.home)


@produces("paused by hand")
@contextmanager
def paused_by_hand(scene: Scene) -> Iterator[Situation]:
    scene.connect(scene.store.url)
    scene.home.do("connection", "pause", NAME)
    yield Situation(scene.home)
    scene.home.do("connection", "resume", NAME)


@produces("quiet hours")
@contextmanager
def quiet_hours(scene: Scene) -> Iterator[Situation]:
    scene.connect(scene.store.url)
    now = utc_now()  # all day but an hour, at which it is neither in the site's zone nor in UTC
    span = f"{now + timedelta(hours=7):%H}:00-{now + timedelta(hours=6):%H}:00"
    scene.home.do("connection", "set", NAME, "--quiet", span)
    before = scene.store.requests.total
    yield Situation(scene.home)
    assert scene.store.requests.total == before
    scene.home.do("connection", "set", NAME, "--no-quiet")


@produces("accepted what is not there")
@contextmanager
def not_there(scene: Scene) -> Iterator[Situation]:
    with pulled(scene) as store:
        emptied(store)
        yield Situation(scene.home)


# -- this machine -------------------------------------------------------------------------------


@produces("database down")
@contextmanager
def database_down(scene: Scene) -> Iterator[Situation]:
    stopped = f"postgresql://storetwin:password@127.0.0.1:{free_port()}/storetwin"
    yield Situation(scene.home, {"STORETWIN_DATABASE_URL": stopped})


@produces("disk full")
@contextmanager
def disk_full(scene: Scene) -> Iterator[Situation]:
    with installation(is_prepared=False) as home, small_disk(home, ROOM_FOR_A_DATABASE):
        home.connect(scene.store)
        ballast = disk_usage(home.data_dir).free - LEFT_OVER
        (home.data_dir / "ballast").write_bytes(bytes(ballast))
        yield Situation(home)
        (home.data_dir / "ballast").unlink()
        home.do("pull", NAME)  # the same command, after room was made


@produces("disk full at the first start")
@contextmanager
def disk_full_at_first(_: Scene) -> Iterator[Situation]:
    with installation(is_prepared=False) as home, small_disk(home, TOO_LITTLE):
        yield Situation(home)


@contextmanager
def small_disk(home: Installation, megabytes: int) -> Iterator[None]:
    """Mount a real file system of this size as the data directory."""
    before = [] if os.geteuid() == 0 else ["sudo", "-n"]
    size = f"size={megabytes}m,mode=0711,uid={os.geteuid()}"
    home.data_dir.mkdir()
    try:
        subprocess.run(
            [*before, "mount", "-t", "tmpfs", "-o", size, "tmpfs", home.data_dir],
            check=True,
            capture_output=True,
        )
    except (OSError, subprocess.CalledProcessError) as error:
        pytest.skip(f"a full disk needs the right to mount a small file system: {error}")
    try:
        yield
    finally:
        subprocess.run([*before, "umount", "--lazy", home.data_dir], check=True)


@produces("port taken")
@contextmanager
def port_taken(scene: Scene) -> Iterator[Situation]:
    yield Situation(scene.home, blank=scene.store.url.rpartition(":")[2])


@produces("port taken, demo")
@contextmanager
def port_taken_for_the_demo(scene: Scene) -> Iterator[Situation]:
    yield Situation(scene.home, blank=scene.store.url.rpartition(":")[2])


@produces("second pull of the same connection while one runs")
@contextmanager
def one_runs(scene: Scene) -> Iterator[Situation]:
    scene.connect(scene.store.url)
    with broken(scene.store, "latency:ms=200"):
        before = scene.store.requests.total
        first = scene.home.start("pull", NAME)
        until(lambda: scene.store.requests.total > before + 3, "a pull that is at work")
        try:
            yield Situation(scene.home)
        finally:
            first.send_signal(signal.SIGINT)
            assert scene.home.finish(first).code == 130


@produces("wrong encryption key")
@contextmanager
def wrong_encryption_key(scene: Scene) -> Iterator[Situation]:
    scene.connect(scene.store.url)
    yield Situation(scene.home, {"STORETWIN_ENCRYPTION_KEY": OTHER_KEY})


@produces("data directory of another version")
@contextmanager
def another_version(_: Scene) -> Iterator[Situation]:
    with installation() as home:
        home.do("db", "upgrade")
        (home.data_dir / "postgres" / "PG_VERSION").write_text("17\n")
        yield Situation(home)


@produces("unknown connection")
@contextmanager
def unknown_connection(scene: Scene) -> Iterator[Situation]:
    yield Situation(scene.home)


@produces("unknown resource")
@contextmanager
def unknown_resource(scene: Scene) -> Iterator[Situation]:
    scene.connect(scene.store.url)
    yield Situation(scene.home)


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])
