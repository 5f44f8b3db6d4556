"""The fixtures for other people's tests, in a pytest of their own: what holds, what it costs."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ALONE = ("-q", "-W", "error", "-p", "no:asyncio", "-p", "no:cacheprovider", "-p", "no:randomly")
HEAVY = ("storetwin.sandboxes", "storetwin.hub", "starlette", "uvicorn", "psycopg", "aiohttp")


def run(folder: Path, text: str, *options: str) -> subprocess.CompletedProcess[str]:
    (folder / "test_theirs.py").write_text(text, encoding="utf-8")
    return subprocess.run(
        [sys.executable, "-m", "pytest", *ALONE, *options, "test_theirs.py"],
        check=False,
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=100,
    )


def test_a_run_that_uses_no_store_loads_none(tmp_path):
    done = run(
        tmp_path, f"import sys\ndef test_it():\n    assert not {set(HEAVY)!r} & set(sys.modules)\n"
    )
    assert "1 passed" in done.stdout, done.stdout


def test_a_store_comes_without_hub_and_database(tmp_path):
    hub = {"storetwin.hub", "storetwin.db", "storetwin.settings", "psycopg", "aiohttp"}
    text = f"""
import sys
def test_it(woocommerce_store):
    assert woocommerce_store.counts()["orders"] >= 100
    assert not {hub!r} & set(sys.modules)
"""
    done = run(tmp_path, text)
    assert "1 passed" in done.stdout, done.stdout


def test_the_marker_says_what_the_store_is_made_of(tmp_path):
    text = """
import pytest
@pytest.mark.woocommerce_store(orders=10, seed=4, faults=["down", "bom"])
def test_it(woocommerce_store):
    assert woocommerce_store.faults == ["down", "bom"]
    assert woocommerce_store.counts()["orders"] < 30
"""
    done = run(tmp_path, text, "--strict-markers")
    assert "1 passed" in done.stdout, done.stdout
    listed = run(tmp_path, text, "--markers").stdout
    assert "@pytest.mark.woocommerce_store(orders=100" in listed


def test_every_test_has_a_store_of_its_own_and_none_outlives_it(tmp_path):
    text = """
import http.client
import pytest
ports = []
def answers(port):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", "/wp-json/")
        return connection.getresponse().status
    finally:
        connection.close()
@pytest.mark.parametrize("turn", [1, 2])
def test_first(make_woocommerce_store, turn):
    store = make_woocommerce_store(orders=10)
    assert store.requests == []
    store.create("orders")
    port = int(store.url.rpartition(":")[2])
    assert answers(port) == 200
    ports.append(port)
def test_last():
    for port in ports:
        with pytest.raises(ConnectionError):
            answers(port)
"""
    done = run(tmp_path, text)
    assert "3 passed" in done.stdout, done.stdout


def test_a_fault_that_there_is_not_is_named_before_the_test(tmp_path):
    text = """
import pytest
@pytest.mark.woocommerce_store(faults=["poisson"])
def test_it(woocommerce_store):
    pass
"""
    done = run(tmp_path, text)
    assert "There is no fault 'poisson'. There are: poison, " in done.stdout
    assert "1 error" in done.stdout
