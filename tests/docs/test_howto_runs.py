"""Every block of docs/howto/start-and-follow-a-run.md runs as it stands there, on the installed program."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from installed import NAME, Installation, installation, until
from storetwin.api.metrics import FAMILIES
from storetwin.sandboxes.woocommerce import Sandbox, running_store
from storetwin.telemetry.metrics import REGISTRY

PAGE = Path(__file__).parents[2] / "docs" / "howto" / "start-and-follow-a-run.md"
BLOCKS = re.findall(
    r"^```sh\n(.*?)^```", PAGE.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL
)
THERE = "http://127.0.0.1:8480"
STATES = "SELECT run_id::text, state, beginnings FROM runs.runs WHERE asked_at IS NOT NULL"


@pytest.fixture(scope="module")
def store() -> Iterator[Sandbox]:
    with running_store(orders=40) as sandbox:
        yield sandbox


@pytest.fixture(scope="module")
def home(store: Sandbox) -> Iterator[Installation]:
    with installation(STORETWIN_REQUESTS_PER_MINUTE="1000000") as made, made.serving():
        made.connect(store)
        made.do("schedule", "pause", NAME)  # nothing begins by itself
        made.do("user", "add", "ada@example.org", STORETWIN_PASSWORD="correct horse battery")
        yield made


@pytest.fixture(scope="module")
def key(home: Installation) -> str:
    scopes = ("--scope", "read", "--scope", "import")
    made = home.do("api-key", "add", "test", "--user", "ada@example.org", *scopes, "--json").json
    [found] = [
        value for value in made.values() if str(value).startswith("stk_") and len(value) > 20
    ]
    return str(found)


@contextmanager
def serving(home: Installation, *options: str) -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
    """`storetwin serve` on a free port; whoever has not ended it finds it ended by SIGTERM."""
    process = home.start("serve", "--port", "0", *options)
    assert process.stdout is not None
    said = ""
    while "Listening on " not in said and (line := process.stdout.readline()):
        said += line.decode()
    found = re.search(r"Listening on (\S+)", said)
    try:
        assert found, said
        yield found[1], process
    finally:
        if process.poll() is None:
            process.terminate()
            begun = time.monotonic()
            assert home.finish(process).code == 0
            assert time.monotonic() - begun < 10
        elif not process.stdout.closed:
            home.finish(process)


def asked(url: str, key: str, body: dict[str, Any] | None = None) -> Any:
    headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
    data = None if body is None else json.dumps(body).encode()
    with urllib.request.urlopen(urllib.request.Request(url, data, headers), timeout=20) as answer:
        return json.load(answer)


def test_the_page_runs_as_it_stands_there_and_a_hub_that_stops_ends_its_streams(
    home: Installation, store: Sandbox, key: str, tmp_path: Path
) -> None:
    assert len(BLOCKS) == 6
    home.rows("DELETE FROM runs.cursors RETURNING 1")  # whatever other tests here have read
    with serving(home) as (url, process):
        script = "set -euo pipefail\n" + "\necho =====\n".join(BLOCKS).replace(THERE, url)
        done = subprocess.run(
            ["bash", "-c", script],
            check=False,
            cwd=tmp_path,
            env={"PATH": os.defpath, "STORETWIN_API_KEY": key},
            capture_output=True,
            text=True,
            timeout=60,
        )
        follows_to_the_end(home, url, key, process)
    assert done.returncode == 0, (done.stdout, done.stderr)
    _, started, followed, looked, stopped, rest = done.stdout.split("=====\n")
    assert json.loads(started)["state"] == "queued"
    assert "event: progress" in followed
    assert '"state": "done"' in followed
    assert json.loads(looked)["records"]["processed"] == 40
    assert '"cancelled"' in stopped or "is_stopping" in stopped or "ended already" in stopped
    assert '"is_new"' in rest
    assert '"throttled":0' in rest


def test_a_run_survives_the_process_that_was_at_it(
    home: Installation, store: Sandbox, key: str
) -> None:
    store.faults.switch_on("latency:ms=400")
    with serving(home) as (url, process):
        wish = {"resources": ["orders", "customers", "products"], "full": True}
        run_id = asked(f"{url}/api/v1/runs", key, wish)["run_id"]

        def is_at_work() -> bool:
            run = asked(f"{url}/api/v1/runs/{run_id}", key)
            return run["state"] == "running" and run["cost"]["requests"] > 2

        until(is_at_work, "it is at work")
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
    store.faults.switch_off("latency")
    with serving(home) as (url, _):

        def is_done() -> bool:
            return asked(f"{url}/api/v1/runs/{run_id}", key)["state"] == "done"

        until(is_done, "it was taken up again")
        [row] = [row for row in home.rows(STATES) if row["run_id"] == run_id]
    assert row["beginnings"] == 2


def follows_to_the_end(
    home: Installation, url: str, key: str, process: subprocess.Popen[bytes]
) -> None:
    """Follow all events, stop the hub, and see the stream end with it."""
    following = subprocess.Popen(
        [
            "curl",
            "--silent",
            "--no-buffer",
            "-H",
            f"Authorization: Bearer {key}",
            f"{url}/api/v1/events",
        ],
        stdout=subprocess.PIPE,
    )
    assert following.stdout is not None
    assert following.stdout.readline().startswith(b"retry:")
    begun = time.monotonic()
    process.terminate()
    assert following.wait(timeout=15) is not None
    done = home.finish(process)
    assert (done.code, time.monotonic() - begun < 10) == (0, True), done.said
    assert b'"reason": "stopping"' in following.stdout.read()
    assert "Traceback" not in done.said
    following.stdout.close()


def test_the_command_line_asks_stops_and_repeats(home: Installation, store: Sandbox) -> None:
    asked_for = home.do("run", "start", NAME, "-r", "orders", "--dry-run")
    assert "No worker is at work" in asked_for.err
    run_id = re.search(r"Run (\S+) waits", asked_for.out)
    assert run_id is not None
    again = home.do("run", "start", NAME, "-r", "orders", "--dry-run", "--json").json
    assert (again["run_id"], again["is_new"]) == (run_id[1], False)
    assert "Cancelled" in home.do("run", "cancel", run_id[1]).out
    refused = home.run("run", "cancel", run_id[1])
    assert (refused.code, "ended already" in refused.err) == (1, True)
    repeated = home.do("run", "retry", run_id[1], "--json").json
    assert repeated["is_new"]
    with serving(home):

        def is_done() -> bool:
            return home.do("runs", repeated["run_id"], "--json").json["state"] == "done"

        until(is_done, "the rehearsal")
    shown = home.do("runs", repeated["run_id"], "--json").json
    assert shown["kind"] == "rehearse"
    assert shown["result"][0]["resource"] == "orders"
    assert home.run("run", "start", NAME, "--kind", "sync", "--full").code == 1
    figures = home.do("analytics", "--timeframe", "24h", "--json").json
    times = figures["total"]["response_times"]
    assert times["requests"] > 0
    assert 0 <= times["p50_ms"] <= times["p95_ms"] <= times["slowest_ms"]
    assert NAME in home.do("analytics").out


def test_every_metric_has_its_line() -> None:
    text = (PAGE.parents[1] / "reference" / "metrics.md").read_text(encoding="utf-8")
    documented = set(re.findall(r"`(storetwin_[a-z_]+)`", text))
    own = {metric.name for metric in REGISTRY.collect()}
    own = {f"{name}_total" if name.endswith("unanswered_requests") else name for name in own}
    told = {family for family, _, _ in FAMILIES.values()}
    beside = {"storetwin_database_up", "storetwin_workers"}
    beside |= {"storetwin_queue_waiting_jobs", "storetwin_queue_doing_jobs"}
    assert documented == own | told | beside
