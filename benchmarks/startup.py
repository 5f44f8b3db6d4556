"""What a command costs before it does anything: ``--help``, and ``status`` while a server runs."""

from __future__ import annotations

import argparse
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks.figures import Figures

PROGRAM = Path(sys.executable).with_name("storetwin")
TIMES = 8  # the first of them reads the program from disk, and is left out


def measure(figures: Figures, _: argparse.Namespace) -> None:
    figures.add("help_seconds", statistics.median(_took(["--help"], {})[0]), "s", 0.4)
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)  # the database server runs unprivileged
        variables = {"STORETWIN_DATA_DIR": f"{folder}/data"}
        started = time.perf_counter()
        with _serving(variables):
            figures.add("serve_first_start_seconds", time.perf_counter() - started, "s")
            elapsed, busy = _took(["status"], variables)
            figures.add("status_seconds", statistics.median(elapsed), "s")
            figures.add("status_processor_seconds", statistics.median(busy), "s", 0.5)


@contextmanager
def _serving(variables: dict[str, str]) -> Iterator[None]:
    """Serve in a process of its own, from when it listens."""
    with subprocess.Popen(
        [PROGRAM, "serve", "--port", "0"],
        env=_environment(variables),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as server:
        try:
            assert server.stdout is not None
            if not any(line.startswith("Listening on") for line in server.stdout):
                raise RuntimeError("the server did not start")
            yield
        finally:
            server.terminate()


def _took(arguments: list[str], variables: dict[str, str]) -> tuple[list[float], list[float]]:
    """Run a command a few times; return its seconds by the clock and of the processor."""
    elapsed, busy = [], []
    for _ in range(TIMES):
        before, started = _children(), time.perf_counter()
        subprocess.run(
            [PROGRAM, *arguments],
            env=_environment(variables),
            check=True,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        elapsed.append(time.perf_counter() - started)
        busy.append(_children() - before)
    return elapsed[1:], busy[1:]


def _children() -> float:
    """Return the processor's seconds of all processes that were started here and have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _environment(variables: dict[str, str]) -> dict[str, str]:
    return {"PATH": "/usr/bin:/bin", **variables}
