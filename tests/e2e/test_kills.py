"""Whatever is killed, and when: the next pull goes on from the last committed page and ends whole."""

from __future__ import annotations

import os
import random
import re
import signal
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import suppress
from itertools import pairwise
from typing import Any
from urllib.parse import parse_qs

import pytest
from benchmarks.matrix.judging import documents_of

from hubs import bytes_of, lasting
from installed import NAME, Done, Installation, installation, until
from storetwin.resources import RESOURCES, named
from storetwin.sandboxes.woocommerce import Sandbox, running_store
from storetwin.sandboxes.woocommerce.wire import Exchange

ORDERS = 2_000
CHAINS, KILLS = 3, 5  # 15 kills of the program, and one chain of 5 for the database server
JITTER = 0.03  # seconds between a request and the kill, so that commits are hit as well
API = "/wp-json/wc/v3/"
FIRST, *_ = RESOURCES  # every proof begins with it
PAGED = {resource.path: resource.name for resource in RESOURCES if resource.is_paged}

_CONNECTION = "(SELECT id FROM connections.connections WHERE name = %s)"
_CURSORS = (
    f"SELECT resource, position, is_done FROM runs.cursors WHERE connection_id = {_CONNECTION}"
)
_SNAPSHOTS = f"""
SELECT remote_id, payload::text AS payload, raw FROM mirror.snapshots
WHERE connection_id = {_CONNECTION} AND resource = %s AND state <> 'gone'
"""
_VERSIONS = f"SELECT count(*) AS n FROM mirror.versions WHERE connection_id = {_CONNECTION}"
_RUNS = f"SELECT state, ended_at FROM runs.runs WHERE connection_id = {_CONNECTION} ORDER BY run_id"

Cursors = dict[str, dict[str, Any]]


@pytest.fixture(scope="module")
def store() -> Iterator[Sandbox]:
    with running_store(orders=ORDERS, seed=11) as sandbox:
        yield sandbox


@pytest.fixture(scope="module")
def home() -> Iterator[Installation]:
    with installation() as made:
        yield made


@pytest.fixture(scope="module")
def requests_of_a_pull(store: Sandbox, home: Installation) -> int:
    """How many requests a pull makes that nobody interrupts."""
    home.connect(store)
    store.requests.clear()
    home.do("pull", NAME)
    home.do("connection", "remove", NAME)
    return len(store.requests)


@pytest.fixture
def requests(home: Installation, store: Sandbox, requests_of_a_pull: int) -> Iterator[int]:
    """A connection that nothing was pulled through yet, and how long its pull will be."""
    home.connect(store)
    yield requests_of_a_pull
    home.do("connection", "remove", NAME)


@pytest.mark.parametrize("chain", range(CHAINS))
def test_the_program(home, store, requests, chain):
    for number, (after, seconds) in enumerate(moments(requests, f"program {chain}")):
        cursors = committed(home) if number else {}
        done = pull_until(home, store, after, seconds, kill_program)
        assert done.code == -signal.SIGKILL, done.said
        assert asked_again(store.requests.log, cursors) == []
    states = ends_whole(home, store, committed(home))
    assert states == ["interrupted"] * KILLS + ["done"]


def test_the_database_server(home, store, requests):
    """It is ours to start again: the same pull goes on from its last committed page, in its run."""
    store.requests.clear()
    pull = home.start("pull", NAME)
    dice = random.Random("database")
    for after in sorted(dice.sample(range(1, requests), KILLS)):
        until(lambda: len(store.requests) >= after or pull.poll() is not None, "requests")  # noqa: B023
        until(lambda: home.postmaster is not None, "a server to kill")
        with suppress(ProcessLookupError):  # the one of before has not been replaced yet
            kill_server(home, pull)
    done = home.finish(pull)
    assert done.code == 0, done.said
    assert ends_whole(home, store, recovered(home)) == ["done", "done"]


def test_a_page_that_is_asked_for_again_would_be_noticed():
    position = {"part": [0, 0], "offset": 300}
    cursors = {
        "orders": {"position": position, "is_done": False},
        "taxes": {"position": position, "is_done": True},
        "terms": {"position": {"part": [2, 0], "offset": 8}, "is_done": False},
        "webhooks": {"position": {"part": [0, 0], "offset": 120}, "is_done": False},
    }
    again = ["orders?offset=298", "taxes?offset=0", "products/attributes/1/terms?offset=9"]
    again += ["webhooks?page=1&per_page=100"]
    anew = [
        "orders?offset=299",
        "orders?include=1&_fields=id",
        "webhooks?page=2&per_page=99",
        "products/attributes/2/terms?offset=7",
        "orders/17?",
        "products?",
    ]
    proof = ["taxes/classes?", "taxes/classes?", "orders?offset=0"]
    asked = [
        Exchange("GET", API + path, query, 200, 1)
        for path, query in (line.split("?") for line in again + anew + proof)
    ]
    assert len(asked_again(asked, cursors)) == len(again)


def moments(requests: int, seed: str) -> list[tuple[int, float]]:
    """Return when to kill: so many requests after the start of each attempt, and a bit later.

    The points lie anywhere in a whole pull, in their order: what one attempt has done the next
    one need not do again, so each attempt is killed on its way.
    """
    dice = random.Random(seed)
    points = [0, *sorted(dice.sample(range(1, requests), KILLS))]
    return [(late - early, dice.uniform(0, JITTER)) for early, late in pairwise(points)]


def pull_until(
    home: Installation, store: Sandbox, requests: int, seconds: float, kill: Any
) -> Done:
    """Pull, and kill something so many requests and seconds after the start; return the end."""
    store.requests.clear()
    pull = home.start("pull", NAME)
    until(lambda: len(store.requests) >= requests or pull.poll() is not None, "requests of a pull")
    with suppress(subprocess.TimeoutExpired):
        pull.wait(seconds)
    kill(home, pull)
    return home.finish(pull)


def kill_program(_: Installation, pull: subprocess.Popen[bytes]) -> None:
    pull.kill()


def kill_server(home: Installation, _: subprocess.Popen[bytes]) -> None:
    assert home.postmaster is not None
    os.kill(home.postmaster, signal.SIGKILL)


def committed(home: Installation) -> Cursors:
    """Return where the pull stands by the database, which outlives the program."""
    return {row["resource"]: row for row in home.rows(_CURSORS, NAME)}


def recovered(home: Installation) -> Cursors:
    """Return the same after the server was started again."""
    with home.serving():
        return committed(home)


def asked_again(asked: Sequence[Exchange], cursors: Cursors) -> list[str]:
    """Return the requests of a pull for what had been committed, the overlap record apart.

    The proof that follows the pull reads every list once more, and is no part of this.
    """
    asked = [exchange for exchange in asked if not is_a_look(exchange)]
    is_first_done = cursors.get(FIRST.name, {}).get("is_done", False)
    proofs_at = [i for i, e in enumerate(asked) if e.path == API + FIRST.path]
    proof = dict(enumerate(proofs_at)).get(0 if is_first_done else 1, len(asked))
    return [
        f"{exchange.path}?{exchange.query} in spite of {cursor}"
        for exchange in asked[:proof]
        if (cursor := cursors.get(resource_of(exchange.path) or ""))
        and (cursor["is_done"] or is_behind(exchange, cursor["position"]))
    ]


def resource_of(path: str) -> str | None:
    """Return the paged resource whose list this is; None for anything else."""
    return PAGED.get(re.sub(r"/\d+/", "/{parent}/", path.removeprefix(API)))


def is_behind(exchange: Exchange, position: dict[str, Any]) -> bool:
    """Say whether a request shows more of what was committed than its last record."""
    container = re.search(r"/(\d+)/", exchange.path.removeprefix(API))
    if container and int(container[1]) != position["part"][0]:
        return int(container[1]) < position["part"][0]
    query = parse_qs(exchange.query)
    if "page" in query:
        return int(query["page"][0]) * int(query["per_page"][0]) <= position["offset"] > 0
    return int(query["offset"][0]) < position["offset"] - 1


def is_a_look(exchange: Exchange) -> bool:
    """Say whether a few records are looked at by name, to see that it is still the same store."""
    return {"include", "_fields"} <= parse_qs(exchange.query).keys()


def ends_whole(home: Installation, store: Sandbox, cursors: Cursors) -> list[str]:
    """Pull to the end: complete, from where it stood, with a twin that equals the store.

    Returns:
        How each run ended, the oldest first.
    """
    store.requests.clear()
    with home.serving():
        outcome = home.do("pull", NAME, "--json").json
        assert outcome["certificate"]["is_complete"] is True
        assert asked_again(store.requests.log, cursors) == []
        runs = home.rows(_RUNS, NAME)
        assert all(run["ended_at"] for run in runs)
        for resource, documents in documents_of(store.store).items():
            rows = home.rows(_SNAPSHOTS, NAME, resource)
            expected = {name: lasting(document) for name, document in documents.items()}
            held = {row["remote_id"]: lasting(bytes_of(row)) for row in rows}
            assert held.keys() == expected.keys()
            if named(resource).secrets is None:  # sealed ones differ from what the store shows
                assert held == expected
        assert home.rows(_VERSIONS, NAME) == [{"n": 0}], "the store has not changed"
    return [run["state"] for run in runs]
