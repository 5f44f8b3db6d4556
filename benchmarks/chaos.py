"""Everything is killed, paused and restarted while many stores are kept in step: nothing is lost.

Several ``storetwin worker`` processes of the installed program share one embedded PostgreSQL. One
is killed every few seconds and started again, one is paused for longer than it is believed and
woken, and PostgreSQL is killed. Meanwhile the stores change, and tell so by webhook to a
``storetwin serve`` that is killed as well. In the end every twin has to equal its store, and nothing
may be left open.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import random
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from shutil import rmtree
from typing import Any

import psycopg
from psycopg.conninfo import make_conninfo
from psycopg.rows import dict_row

from benchmarks.figures import Figures
from benchmarks.matrix.judging import documents_of, lasting
from storetwin.db.embedded import EmbeddedPostgres
from storetwin.resources import named
from storetwin.sandboxes.woocommerce import Sandbox, Store, running_store

PROGRAM = Path(sys.executable).with_name("storetwin")
EVERY = "10s"  # how often each store is synced and swept
PAUSE_SECONDS = 12.5  # longer than any heart is believed
RESUMED_WITHIN = 15.0  # seconds after whatever happened
CALM_SECONDS = 90.0  # until the twins have to equal the stores
STOP_SECONDS = 10.0
_TICK = threading.Event()  # never set: waiting for it passes time

_HURRY = "UPDATE runs.schedules SET spec = %s RETURNING 1"
_AT_WORK = """
SELECT r.run_id, r.connection_id, r.owner FROM runs.runs r WHERE r.state = 'running'
"""
_HELD = """
SELECT DISTINCT (j.args->>'connection_id')::uuid AS connection_id FROM jobs.procrastinate_jobs j
WHERE j.status = 'doing' AND j.task_name = 'keep_in_step' AND j.worker_id IN (
    SELECT o.worker_id FROM jobs.procrastinate_jobs o
    WHERE o.status = 'doing' AND (o.args->>'connection_id')::uuid = ANY(%s))
"""
_RESUMED = """
SELECT min(extract(epoch FROM started_at))::float8 AS at FROM runs.runs
WHERE connection_id = %s AND started_at > to_timestamp(%s)
"""
_WRITTEN = """
SELECT r.state, r.epoch, r.requests, r.heartbeat_at, r.ended_at,
       array(SELECT (p.stage, p.resource, p.records, p.updated_at)::text FROM runs.progress p
             WHERE p.run_id = r.run_id ORDER BY 1) AS progress
FROM runs.runs r WHERE r.run_id = %s
"""
_SNAPSHOTS = """
SELECT s.remote_id, s.payload::text AS payload, s.raw FROM mirror.snapshots s
JOIN connections.connections c ON c.id = s.connection_id
WHERE c.name = %s AND s.resource = %s AND s.state <> 'gone'
"""
_REPEATED = """
SELECT count(*) AS n FROM (
    SELECT content_hash, state, lag(content_hash) OVER w AS hash_before, lag(state) OVER w AS state_before
    FROM mirror.versions WINDOW w AS (PARTITION BY connection_id, resource, remote_id ORDER BY version)) v
WHERE content_hash = hash_before AND state = state_before
"""
_LEFT = {
    "runs open": "SELECT count(*) AS n FROM runs.runs WHERE state = 'running'",
    "jobs at work": "SELECT count(*) AS n FROM jobs.procrastinate_jobs WHERE status = 'doing'",
    "deliveries waiting": "SELECT count(*) AS n FROM mirror.inbox WHERE state = 'waiting'",
    "locks held": "SELECT count(*) AS n FROM pg_locks WHERE locktype = 'advisory'",
}


@dataclass(frozen=True)
class Plan:
    """How much of everything.

    Args:
        seconds: how long the chaos lasts.
        kill_every: seconds between two kills.
        restarts: how often PostgreSQL is killed.
        at_once: connections that a worker reads at the same time.
    """

    connections: int
    orders: int
    seconds: float
    kill_every: float
    restarts: int = 2
    workers: int = 3
    at_once: int = 4
    seed: int = 1


@dataclass
class Interruption:
    """A connection whose job was cut off, and when."""

    what: str
    connection_id: Any
    at: float


@dataclass
class Told:
    """What came of it.

    Args:
        wrong: what should not be; empty where all is well.
        gaps: seconds from each interruption to the next run of the same connection.
        deliveries: webhooks that were applied.
    """

    wrong: list[str] = field(default_factory=list)
    gaps: list[tuple[str, float]] = field(default_factory=list)
    kills: int = 0
    restarts: int = 0
    changes: int = 0
    deliveries: int = 0
    settled_after: float = 0.0

    @property
    def longest_gap(self) -> float:
        return max((seconds for _, seconds in self.gaps), default=0.0)


class Chaos:
    """One rehearsal, in a folder of its own."""

    def __init__(self, plan: Plan, folder: Path, stores: list[Sandbox]) -> None:
        self.plan = plan
        self.folder = folder
        self.stores = stores
        self.told = Told()
        self._dice = random.Random(plan.seed)
        self._server = EmbeddedPostgres(folder / "data")
        self._workers: list[subprocess.Popen[bytes]] = []
        self._door: subprocess.Popen[bytes] | None = None
        self._port = _free_port()
        self._cut: list[Interruption] = []
        self._down: list[tuple[float, float]] = []

    # -- the program ----------------------------------------------------------------------------

    def command(self, *arguments: str, **more: str) -> None:
        done = subprocess.run(
            [PROGRAM, *arguments], env=self._environment() | more, capture_output=True, check=False
        )
        assert done.returncode == 0, done.stderr.decode()

    def _environment(self) -> dict[str, str]:
        own = {"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8", "TMPDIR": tempfile.gettempdir()}
        own["STORETWIN_PUBLIC_URL"] = f"http://127.0.0.1:{self._port}"
        own["STORETWIN_ALLOWED_NETWORKS"] = "127.0.0.1/32"
        return own | {"STORETWIN_DATA_DIR": str(self.folder / "data")}

    def start_worker(self) -> subprocess.Popen[bytes]:
        worker = self._start("worker", "--concurrency", str(self.plan.at_once))
        self._workers.append(worker)
        return worker

    def start_door(self) -> None:
        """Start what takes the webhooks in; it has no worker of its own."""
        self._door = self._start("serve", "--no-worker", "--port", str(self._port))

    def _start(self, *arguments: str) -> subprocess.Popen[bytes]:
        with (self.folder / "workers.log").open("ab") as log:
            return subprocess.Popen(
                [PROGRAM, *arguments],
                env=self._environment(),
                cwd=self.folder,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def connect(self) -> None:
        for number, store in enumerate(self.stores):
            keys = {"STORETWIN_STORE_KEY": store.key, "STORETWIN_STORE_SECRET": store.secret}
            self.command("connection", "add", _name(number), "--url", store.url, **keys)
        self.command("schedule", "list")
        self.rows(_HURRY, EVERY)
        self.start_door()
        _until(lambda: _is_open(self._port), "the door does not open")
        for number in range(len(self.stores)):
            self.command("webhook", "create", _name(number))

    def rows(self, statement: str, *values: object) -> list[dict[str, Any]]:
        """Ask the database as its superuser; wait for it where it is away."""
        give_up_at = time.monotonic() + 60
        while True:
            try:
                dsn = make_conninfo(self._server.admin_dsn, dbname="storetwin", connect_timeout=5)
                with psycopg.connect(dsn, row_factory=dict_row, autocommit=True) as connection:
                    return connection.execute(statement, values).fetchall()
            except psycopg.OperationalError:
                assert time.monotonic() < give_up_at, "PostgreSQL does not come back"
                _TICK.wait(0.05)

    # -- what happens ---------------------------------------------------------------------------

    def _owned(self, worker: subprocess.Popen[bytes]) -> list[dict[str, Any]]:
        rows = self.rows(_AT_WORK)
        return [row for row in rows if row["owner"].endswith(f":{worker.pid}")]

    def _held_by(self, rows: list[dict[str, Any]]) -> list[Any]:
        """Return the connections whose jobs the worker of these runs has, begun or not."""
        held = self.rows(_HELD, [row["connection_id"] for row in rows])
        return [row["connection_id"] for row in held]

    def _cut_off(self, what: str, connections: list[Any], at: float) -> None:
        self._cut += [Interruption(what, connection, at) for connection in connections]

    def _busy_worker(self) -> subprocess.Popen[bytes]:
        """Return a worker with a run at work; any after a while without."""
        give_up_at = time.monotonic() + 5
        while time.monotonic() < give_up_at:
            busy = [worker for worker in self._workers if self._owned(worker)]
            if busy:
                return self._dice.choice(busy)
            _TICK.wait(0.02)
        return self._dice.choice(self._workers)

    def kill_door(self) -> None:
        """Kill what takes the webhooks in, while it does; what it answered 200 is kept."""
        assert self._door is not None
        self._door.kill()
        self._door.wait()
        self.start_door()

    def kill(self) -> None:
        victim = self._busy_worker()
        owned, at = self._owned(victim), time.time()
        victim.kill()
        victim.wait()
        self._workers.remove(victim)
        self._cut_off("kill", self._held_by(owned), at)  # not what had come to its end just before
        self.told.kills += 1
        self.start_worker()
        if self.told.kills % 3 == 0:
            self.kill_door()

    def pause(self) -> Callable[[], None]:
        """Stop a worker without ending it; return what wakes it and looks what it has written."""
        sleeper = self._busy_worker()
        os.kill(sleeper.pid, signal.SIGSTOP)
        at, rows = time.time(), self._owned(sleeper)
        self._workers.remove(sleeper)
        self._cut_off("pause", self._held_by(rows), at)

        def wake() -> None:
            _until(lambda: not any(map(self._is_open, rows)), "its run was not taken over")
            before = {row["run_id"]: self.rows(_WRITTEN, row["run_id"]) for row in rows}
            os.kill(sleeper.pid, signal.SIGCONT)
            self._workers.append(sleeper)
            _TICK.wait(2.0)  # long enough for it to write what it must not
            for run_id, written in before.items():
                if self.rows(_WRITTEN, run_id) != written:
                    self.told.wrong.append(f"a paused worker wrote late in run {run_id}")

        return wake

    def _is_open(self, row: dict[str, Any]) -> bool:
        open_ = "SELECT FROM runs.runs WHERE run_id = %s AND state = 'running'"
        return bool(self.rows(open_, row["run_id"]))

    def restart_postgres(self, number: int) -> None:
        """Kill the server, at once or with time to say farewell; the workers start it again."""
        pid_file = self.folder / "data" / "postgres" / "postmaster.pid"
        held, at = self._held_by(self.rows(_AT_WORK)), time.time()
        pid = int(pid_file.read_text().split()[0])
        os.kill(pid, signal.SIGKILL if number % 2 else signal.SIGINT)
        _until(lambda: not Path(f"/proc/{pid}").exists(), "PostgreSQL does not end")
        self.rows("SELECT 1")
        self._down.append((at, time.time()))
        self._cut_off("restart", held, at)
        self.told.restarts += 1

    def run(self) -> Told:
        """Do all of it, and return what came of it."""
        asyncio.run(self._server.start())
        try:
            self.connect()
            for _ in range(self.plan.workers):
                self.start_worker()
            _until(lambda: bool(self.rows(_AT_WORK)), "no run begins")
            with self._changing():
                self._happen()
            self._settle()
            self._stop_workers()
            self._look_back()
        finally:
            for process in (*self._workers, *([self._door] if self._door else [])):
                with suppress(ProcessLookupError):
                    os.kill(process.pid, signal.SIGKILL)
                process.wait()
            asyncio.run(self._server.stop())
        return self.told

    def _happen(self) -> None:
        begun = time.monotonic()
        length, wake = self.plan.seconds, None
        restarts = [length * (n + 1) / (self.plan.restarts + 1) for n in range(self.plan.restarts)]
        pause_at, wake_at, kill_at = length * 0.1, 0.0, 0.0
        done = 0
        while (passed := time.monotonic() - begun) < length or wake:
            if wake is None and pause_at and passed >= pause_at:
                wake, wake_at, pause_at = self.pause(), passed + PAUSE_SECONDS, 0.0
            elif wake and passed >= wake_at:
                wake()
                wake = None
            elif done < len(restarts) and passed >= restarts[done] and wake is None:
                self.restart_postgres(done)
                done += 1
            elif passed >= kill_at:
                self.kill()
                kill_at = passed + self.plan.kill_every
            _TICK.wait(0.05)

    @contextmanager
    def _changing(self) -> Iterator[None]:
        """Let the stores change all the while."""
        over = threading.Event()

        def change() -> None:
            dice = random.Random(self.plan.seed)
            while not over.wait(0.25):
                _change(dice.choice(self.stores).store, dice)
                self.told.changes += 1

        changer = threading.Thread(target=change, daemon=True)
        changer.start()
        try:
            yield
        finally:
            over.set()
            changer.join()

    # -- what came of it ------------------------------------------------------------------------

    def _settle(self) -> None:
        begun = time.monotonic()
        for number, store in enumerate(self.stores):
            while differences := self._differences(number, store):
                if time.monotonic() - begun > CALM_SECONDS:
                    self.told.wrong += differences
                    break
                _TICK.wait(0.5)
        while self.rows(_LEFT["deliveries waiting"])[0]["n"]:
            if time.monotonic() - begun > CALM_SECONDS:
                break  # it is told below
            _TICK.wait(0.5)
        self.told.settled_after = time.monotonic() - begun

    def _differences(self, number: int, store: Sandbox) -> list[str]:
        found = []
        for resource, documents in documents_of(store.store).items():
            if named(resource).secrets is not None or resource == "webhooks":
                continue  # sealed ones differ from what the store shows
            rows = self.rows(_SNAPSHOTS, _name(number), resource)
            held = {row["remote_id"]: lasting(_bytes(row)) for row in rows}
            wanted = {name: lasting(document) for name, document in documents.items()}
            lost = [name for name, document in wanted.items() if held.get(name) != document]
            more = held.keys() - wanted.keys()
            if lost or more:
                what = f"{len(lost)} lost or old ({lost[:3]}), {len(more)} too many"
                found.append(f"{_name(number)} {resource}: {what}")
        return found

    def _stop_workers(self) -> None:
        begun = time.monotonic()
        processes = [*self._workers, *([self._door] if self._door else [])]
        for worker in processes:
            worker.terminate()
        for worker in processes:
            try:
                code = worker.wait(STOP_SECONDS + 5)
            except subprocess.TimeoutExpired:
                self.told.wrong.append("a worker does not stop")
            else:
                if code != 0:
                    self.told.wrong.append(f"a worker ended with {code}")
        if time.monotonic() - begun > STOP_SECONDS:
            self.told.wrong.append(f"stopping took {time.monotonic() - begun:.1f} s")

    def _look_back(self) -> None:
        applied = "SELECT count(*) AS n FROM mirror.inbox WHERE state = 'applied'"
        self.told.deliveries = self.rows(applied)[0]["n"]
        for what, statement in _LEFT.items():
            if count := self.rows(statement)[0]["n"]:
                self.told.wrong.append(f"{count} {what}")
        if count := self.rows(_REPEATED)[0]["n"]:
            self.told.wrong.append(f"{count} versions that repeat the one before")
        for cut in self._cut:
            resumed = self.rows(_RESUMED, cut.connection_id, cut.at)[0]["at"]
            again = [c for c in self._cut if c.connection_id == cut.connection_id]
            if resumed is None:
                self.told.wrong.append(f"after a {cut.what} nothing went on")
            elif not any(cut.at < other.at < resumed for other in again):
                self.told.gaps.append((cut.what, resumed - cut.at - self._away(cut.at, resumed)))

    def _away(self, begun: float, ended: float) -> float:
        """Return how long PostgreSQL was away in a span of time."""
        return sum(max(0.0, min(b, ended) - max(a, begun)) for a, b in self._down)


def _change(store: Store, dice: random.Random) -> None:
    """Let something happen to an order: mostly it is edited, now and then it comes or goes."""
    chosen = dice.choice(list(store.ids("orders"))[:200])
    what = dice.random()
    if what < 0.1:
        store.create("orders", {"customer_note": f"new {dice.random()}"})
    elif what < 0.2:
        store.delete("orders", chosen)
    else:
        store.edit("orders", chosen, {"customer_note": f"changed {dice.random()}"})


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def _is_open(port: int) -> bool:
    with socket.socket() as caller:
        return caller.connect_ex(("127.0.0.1", port)) == 0


def _name(number: int) -> str:
    return f"shop{number}"


def _bytes(row: dict[str, Any]) -> bytes:
    return bytes(row["raw"]) if row["payload"] is None else str(row["payload"]).encode()


def _until(holds: Callable[[], bool], what: str, seconds: float = 60.0) -> None:
    give_up_at = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < give_up_at, what
        _TICK.wait(0.02)


@contextmanager
def chaos(plan: Plan) -> Iterator[Chaos]:
    """Lend a rehearsal with stores of its own, and leave nothing behind."""
    folder = Path(tempfile.mkdtemp(prefix="storetwin-chaos-"))
    folder.chmod(0o711)
    with ExitStack() as stack:
        stack.callback(rmtree, folder, ignore_errors=True)
        stores = [
            stack.enter_context(
                running_store(
                    orders=plan.orders, seed=plan.seed + number, faults=("latency:ms=20",)
                )
            )
            for number in range(plan.connections)
        ]
        yield Chaos(plan, folder, stores)


def measure(figures: Figures, chosen: argparse.Namespace) -> None:  # noqa: ARG001
    """Rehearse at full size: twenty connections, two minutes."""
    with chaos(Plan(connections=20, orders=500, seconds=120, kill_every=4, at_once=8)) as rehearsal:
        told = rehearsal.run()
    for line in told.wrong:
        print(f"  WRONG: {line}")
    figures.add("chaos: what is wrong in the end", len(told.wrong), "", 0)
    figures.add("chaos: runs cut off", len(told.gaps), "")
    figures.add("chaos: webhooks applied", told.deliveries, "")
    figures.add("chaos: longest until one goes on", told.longest_gap, "s", RESUMED_WITHIN)
    figures.add("chaos: twins equal their stores after", told.settled_after, "s")
