"""The order board over the real API: a million orders of three stores, below row-level security.

The API runs in a process of its own, as the application's role. One caller asks one question after
the other, each time with other filters; PostgreSQL, the API and he share the cores.
"""

from __future__ import annotations

import argparse
import json
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from http.client import HTTPConnection
from pathlib import Path
from statistics import quantiles
from typing import Any
from urllib.parse import urlencode, urlsplit
from uuid import UUID

from benchmarks.board_data import FIRST_NAMES, LAST_NAMES, STATUSES, YEARS, fill
from benchmarks.figures import Figures
from benchmarks.server_cost import TICKS, running_postgres
from storetwin.kernel.clock import utc_now

ORDERS = 1_000_000
THEIRS = 100_000  # of another organisation, whose every third order is like one of ours
TIMES = 100
BUDGET = 50.0  # ms
OURS, OTHER = str(UUID(int=1)), str(UUID(int=2))
CONNECTIONS = [str(UUID(int=number)) for number in (11, 12, 13)]
SORTS = ("created_at", "modified_at", "total", "number")

Params = dict[str, Any]


class Board:
    """The API, and what a caller may ask it at random."""

    def __init__(self, url: str, key: str) -> None:
        self.http = HTTPConnection(urlsplit(url).netloc)
        self.headers = {"Authorization": f"Bearer {key}"}
        self.dice = random.Random(4711)
        self.cursor: tuple[Params, str] | None = None

    def get(self, path: str, params: Params) -> tuple[float, Any]:
        """Ask; returns milliseconds and the answer."""
        target = f"/api/v1{path}?{urlencode(params, doseq=True)}"
        started = time.perf_counter()
        self.http.request("GET", target, headers=self.headers)
        answer = self.http.getresponse()
        body = answer.read()
        took = (time.perf_counter() - started) * 1000
        assert answer.status == 200, (target, answer.status, body[:300])
        return took, json.loads(body)

    # -- questions ------------------------------------------------------------------------------

    def myself(self) -> tuple[str, Params]:
        """Who asks: what any request costs here before its own question is looked at."""
        return "/users/me", {}

    def newest(self) -> tuple[str, Params]:
        return "/orders", {}

    def filtered(self) -> tuple[str, Params]:
        """Any order of the rows, with a status, a connection, both or two statuses."""
        asked: Params = {
            "sort": self.dice.choice(SORTS),
            "order": self.dice.choice(["asc", "desc"]),
            "status": self.dice.sample(STATUSES, self.dice.choice([0, 1, 1, 2])),
        }
        if self.dice.random() < 0.5:
            asked["connection"] = self.dice.choice(CONNECTIONS)
        return "/orders", asked

    def dated(self) -> tuple[str, Params]:
        """Some weeks, the newest first or by total."""
        return "/orders", self._span(60) | {"sort": self.dice.choice(["created_at", "total"])}

    def dated_otherwise(self) -> tuple[str, Params]:
        """Up to two years by number or by change: the order leads past all that is outside of them."""
        return "/orders", self._span(700) | {"sort": self.dice.choice(["number", "modified_at"])}

    def further(self) -> tuple[str, Params]:
        """The next page, and the next: two hundred rows each, as deep as that leads."""
        if self.cursor is None:
            self.cursor = ({"sort": self.dice.choice(SORTS), "limit": 200}, "")
            return "/orders", self.cursor[0]
        return "/orders", self.cursor[0] | {"cursor": self.cursor[1]}

    def numbered(self) -> tuple[str, Params]:
        return "/orders", {"page": self.dice.randint(1, 40), "page_size": 50}

    def search(self) -> tuple[str, Params]:
        """An address, a name, a number, a part of one, what is everywhere, what is nowhere."""
        number = str(self.dice.randint(1_000, ORDERS // 2))
        return "/orders", {
            "q": self.dice.choice([
                f"buyer{self.dice.randint(0, 90_000)}@post.test", number, number[:-1],
                f"{self.dice.choice(FIRST_NAMES)} {self.dice.choice(LAST_NAMES)}{self.dice.randint(0, 996)}",
                self.dice.choice(LAST_NAMES), "mail.test", "nobody at all", f"{self.dice.choice(FIRST_NAMES)} lo",
            ])
        }  # fmt: skip

    def search_filtered(self) -> tuple[str, Params]:
        return "/orders", self.search()[1] | self.filtered()[1]

    def statistics(self) -> tuple[str, Params]:
        if self.dice.random() < 0.5:
            return "/orders/stats", {"connection": self.dice.choice(CONNECTIONS)}
        return "/orders/stats", {}

    def statistics_dated(self) -> tuple[str, Params]:
        """Days to all five years."""
        since = utc_now() - timedelta(days=self.dice.choice([7, 30, 90, 365, 365 * YEARS]))
        return "/orders/stats", {"since": since.date().isoformat()}

    def table(self) -> tuple[str, Params]:
        asked = {"page": self.dice.randint(1, 10), "page_size": 50, "sort": self.dice.choice(SORTS)}
        return "/tables/orders", asked

    def one(self) -> tuple[str, Params]:
        return f"/orders/{CONNECTIONS[0]}:{self.dice.randint(1_000, ORDERS // 2)}", {}

    def statuses(self) -> tuple[str, Params]:
        return "/orders/statuses", {}

    def _span(self, longest: int) -> Params:
        since = utc_now() - timedelta(days=self.dice.uniform(longest, 365 * YEARS))
        until = since + timedelta(days=self.dice.uniform(1, longest))
        return {"since": since.isoformat(), "until": until.isoformat()}


def measure(figures: Figures, _: argparse.Namespace) -> None:
    with tempfile.TemporaryDirectory(prefix="storetwin-board-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        with running_postgres(folder / "data") as (dsn, cost):
            started = time.perf_counter()
            admin = cost.admin_dsn.replace("@/postgres?", "@/storetwin?")
            fill(admin, OTHER, [str(UUID(int=20))], THEIRS)
            fill(admin, OURS, CONNECTIONS, ORDERS)
            print(f"  ({time.perf_counter() - started:.0f} s for {ORDERS:,} orders)")
            with serving(dsn, folder) as (board, process):
                report(figures, board, lambda: cost.cpu_seconds() + cpu_of(process))


def report(figures: Figures, board: Board, cpu: Callable[[], float]) -> None:
    """Ask every question many times, and add the figures.

    Args:
        cpu: the seconds that PostgreSQL and the API have used so far.
    """
    _, statistics = board.get("/orders/stats", {})
    figures.add("board_orders", sum(s["orders"] for s in statistics["by_status"]), "orders")
    questions: list[tuple[Callable[[], tuple[str, Params]], float | None]] = [
        (board.myself, None), (board.newest, BUDGET), (board.filtered, BUDGET), (board.dated, BUDGET), (board.further, BUDGET),
        (board.numbered, BUDGET), (board.search, BUDGET), (board.search_filtered, BUDGET),
        (board.statistics, BUDGET), (board.statistics_dated, BUDGET), (board.table, BUDGET),
        (board.one, BUDGET), (board.statuses, BUDGET), (board.dated_otherwise, None),
    ]  # fmt: skip
    for question, budget in questions:
        before = cpu()
        took = [_ask(board, question) for _ in range(TIMES)]
        cuts = quantiles(took, n=100)
        figures.add(f"board_{question.__name__}_p50", cuts[49], "ms")
        figures.add(f"board_{question.__name__}_p95", cuts[94], "ms", budget)
        figures.add(f"board_{question.__name__}_cpu", (cpu() - before) / TIMES * 1000, "ms each")


def cpu_of(process: int) -> float:
    """Return the seconds of CPU that a process has used."""
    fields = Path(f"/proc/{process}/stat").read_text().rsplit(")", 1)[1].split()
    return sum(map(int, fields[11:13])) / TICKS


def _ask(board: Board, question: Callable[[], tuple[str, Params]]) -> float:
    took, answer = board.get(*question())
    if question == board.further and board.cursor is not None:
        board.cursor = (board.cursor[0], answer["next_cursor"]) if answer["next_cursor"] else None
    return took


@contextmanager
def serving(dsn: str, folder: Path) -> Iterator[tuple[Board, int]]:
    """Run the API; yields what asks it, and its process id."""
    command = [
        sys.executable, "-m", "benchmarks.board_server", f"--dsn={dsn}", f"--folder={folder}",
        f"--organisation={OURS}",
    ]  # fmt: skip
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        told = json.loads(process.stdout.readline())
        try:
            yield Board(told["url"], told["key"]), process.pid
        finally:
            process.communicate()
