"""The hub as it runs all the time: serve, worker, schedules, status, and how it stops."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import pytest

from installed import NAME, Installation, installation, until
from storetwin.db.embedded import EmbeddedPostgres
from storetwin.sandboxes.woocommerce import Sandbox, running_store

STOP_SECONDS = 10.0
PROVED = "SELECT FROM runs.runs WHERE kind = 'pull' AND state = 'done'"
RUNNING = "SELECT owner FROM runs.runs WHERE state = 'running'"


@pytest.fixture(scope="module")
def store() -> Iterator[Sandbox]:
    with running_store(orders=120) as sandbox:
        yield sandbox


@pytest.fixture(scope="module")
def home(store: Sandbox) -> Iterator[Installation]:
    """A hub that has kept a store in step for a while."""
    with installation() as made, made.serving():
        made.connect(store)
        with serving(made):
            until(lambda: bool(made.rows(PROVED)), "the first pull and its proof")
        yield made


@dataclass
class Served:
    """A `storetwin serve`, and what it has said so far."""

    url: str
    text: str

    def ready(self) -> tuple[int, dict]:
        """Ask whether it can work."""
        try:
            with urllib.request.urlopen(f"{self.url}/health/ready", timeout=10) as answer:
                return answer.status, json.load(answer)
        except urllib.error.HTTPError as error:
            return error.code, json.load(error)


@contextmanager
def serving(home: Installation, *options: str) -> Iterator[Served]:
    """`storetwin serve` on a free port, stopped by SIGTERM."""
    process = home.start("serve", "--port", "0", *options)
    assert process.stdout is not None
    said = ""
    while "Listening on " not in said and (line := process.stdout.readline()):
        said += line.decode()
    found = re.search(r"Listening on (\S+)", said)
    served = Served(found[1] if found else "", said)
    try:
        assert found, said
        yield served
    finally:
        process.terminate()
        done = home.finish(process, seconds=STOP_SECONDS)
        served.text += done.said
        assert done.code == 0, served.text


def said(home: Installation, *arguments: str) -> dict:
    [line] = home.do(*arguments, "--json").json["connections"]
    return line


def test_without_a_connection_it_says_what_to_do_and_starts_its_database_again(
    program: Installation,
) -> None:
    with serving(program) as served:
        until(lambda: served.ready()[0] == 200, "it is ready")
        code, answer = served.ready()
        first = program.postmaster
        assert first is not None
        os.kill(first, signal.SIGKILL)
        until(lambda: served.ready()[0] == 503, "it is not ready")
        until(lambda: served.ready()[0] == 200, "it is ready again", seconds=15)
        assert program.postmaster != first
    assert (code, answer["worker"], answer["workers"]) == (200, "ok", 1)
    assert "No store is connected yet" in served.text
    assert "storetwin connection add shop" in served.text
    assert "Stopping" in served.text


def test_a_worker_may_run_elsewhere_and_a_port_that_is_taken_is_told(home: Installation) -> None:
    with serving(home, "--no-worker") as served:
        code, answer = served.ready()
        assert (code, answer["workers"]) == (200, 0)
        assert "worker" not in answer
        assert "No worker runs here" in served.text
        done = home.run("serve", "--port", served.url.rsplit(":", 1)[1])
    assert done.code == 1
    assert "Nothing can listen on 127.0.0.1" in done.err
    assert "--port" in done.err


def test_it_was_pulled_by_itself_and_is_in_step(home: Installation, store: Sandbox) -> None:
    line = said(home, "status")
    assert (line["is_complete"], line["dead_letters"], line["failures"]) == (True, 0, 0)
    assert sum(line["resources"]["orders"].values()) == len(store.store.ids("orders"))
    assert line["standings"]["orders"]["synced_to"]
    assert line["next_at"]
    assert line["webhooks"]["standing"] == "polling only"
    done = home.do("status")
    assert "in step" in done.out
    assert "No worker is at work" in done.err


def test_schedules(home: Installation) -> None:
    home.do("schedule", "set", NAME, "--every", "5m", "--resource", "orders")
    assert "0 6 * * *" in home.do("schedule", "set", NAME, "--cron", "0 6 * * *").out
    assert "paused" in home.do("schedule", "pause", NAME, "--resource", "orders").out
    found = {s["resource"]: s for s in home.do("schedule", "list", "--json").json[:2]}
    assert (found["orders"]["every"], found["orders"]["next_at"]) == ("5m", None)
    assert found[None]["cron"] == "0 6 * * *"
    assert "paused" not in home.do("schedule", "resume", NAME, "--kind", "sync").out
    assert "orders" not in home.do("schedule", "remove", NAME, "--resource", "orders").out


@pytest.mark.parametrize(
    ("arguments", "code", "told"),
    [
        (("set", NAME), 2, "--every or --cron"),
        (("set", NAME, "--every", "soon"), 1, "is no interval"),
        (("set", NAME, "--every", "5m", "-r", "order_notes"), 2, "--extra order_notes"),
    ],
)
def test_what_cannot_be_scheduled_is_told(home, arguments, code, told):
    done = home.run("schedule", *arguments)
    assert (done.code, told in done.err) == (code, True), done.said


def test_runs_by_what_they_are(home: Installation) -> None:
    def kinds(*filters: str) -> set[str]:
        return {run["kind"] for run in home.do("runs", *filters, "--json").json}

    since = ("--since", "2d", "--resource", "orders", "--connection", NAME)
    assert kinds("--kind", "pull", "--state", "done", *since) == {"pull"}
    assert kinds("--since", "2199-01-01") == set()
    assert "No run fits" in home.do("runs", "--state", "failed").err
    assert home.run("runs", "--kind", "dance").code == 2
    assert home.run("runs", "--since", "yesterdayish").code == 1


def test_watching(home: Installation, store: Sandbox) -> None:
    assert home.do("watch", "--once").out == ""
    store.faults.switch_on("latency:ms=30")
    try:
        pull = home.start("pull", NAME, "--full")
        until(lambda: bool(home.rows(RUNNING)), "the pull runs")
        told = [json.loads(line) for line in home.do("watch", "--once", "--json").out.splitlines()]
        assert home.finish(pull).code == 0
    finally:
        store.faults.switch_off("latency")
    assert (told[0]["what"], told[0]["kind"]) == ("began", "pull")
    assert (told[-1]["what"], told[-1]["kind"]) == ("done", "pull")
    assert {"orders", "products"} <= {event.get("resource") for event in told}


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_worker_that_is_stopped_hands_back_what_it_reads(program, number):
    with running_store(orders=50, faults=("latency:ms=200",)) as slow, program.serving():
        program.connect(slow)
        worker = program.start("worker", "--concurrency", "1")
        until(lambda: bool(program.rows(RUNNING)), "a run begins")
        os.kill(worker.pid, number)
        assert program.finish(worker, seconds=STOP_SECONDS).code == 0
        [run] = program.rows("SELECT state, error FROM runs.runs")
        assert run["state"] == "interrupted"
        assert program.rows("SELECT status::text AS s FROM jobs.procrastinate_jobs") == [
            {"s": "todo"}
        ]


def test_a_second_signal_ends_it_at_once(program: Installation) -> None:
    with serving_hung(program) as worker:
        os.kill(worker.pid, signal.SIGTERM)
        os.kill(worker.pid, signal.SIGTERM)
        until(lambda: worker.poll() is not None, "it ends", seconds=3)
        assert worker.returncode in (0, 130)


def test_a_worker_may_be_started_before_its_database(program: Installation) -> None:
    program.do("status")  # it makes the database, and leaves it stopped
    dsn = EmbeddedPostgres(program.data_dir).dsn
    worker = program.start("worker", STORETWIN_DATABASE_URL=dsn)
    assert worker.stderr is not None
    assert worker.stdout is not None
    assert b"waiting_for_postgres" in worker.stderr.readline()
    with program.serving():
        assert worker.stdout.readline().startswith(b"At work")
        worker.terminate()
        assert program.finish(worker, seconds=STOP_SECONDS).code == 0


@contextmanager
def serving_hung(program: Installation) -> Iterator[subprocess.Popen[bytes]]:
    with running_store(orders=50, faults=("latency:ms=200",)) as slow, program.serving():
        program.connect(slow)
        worker = program.start("worker")
        until(lambda: bool(program.rows(RUNNING)), "a run begins")
        yield worker
        program.finish(worker)
