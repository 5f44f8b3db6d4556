"""Runs the whole suite in the order in which failures are cheapest to learn of."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

STAGES = (
    ("unit, architecture", ["tests/unit", "tests/architecture", "-n", "2"]),
    ("database, client, pull", ["tests/integration", "tests/migration", "-n", "2"]),
    ("conformance", ["tests/conformance", "-n", "0"]),
    ("end to end, docs", ["tests/e2e", "tests/docs", "-n", "2"]),
)
ON_A_SECOND_POSTGRESQL = [
    "tests/integration/db",
    "tests/migration",
    "tests/integration/mirror/test_bytes.py",
    "-n",
    "2",
]


def second_postgresql() -> Path | None:
    """Return the programs of an installed PostgreSQL 15 or newer, if there is one."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    return next((path.parent for path in found if int(path.parts[-3]) >= 15), None)


def run(name: str, arguments: list[str], **environment: str) -> int:
    started = time.monotonic()
    print(f"== {name}", flush=True)
    code = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", *arguments, *sys.argv[1:]],
        check=False,
        env={**os.environ, **environment},
    ).returncode
    print(f"== {name}: {time.monotonic() - started:.0f} s", flush=True)
    return code


def main() -> int:
    for name, arguments in STAGES:
        if code := run(name, arguments):
            return code
    folder = second_postgresql()
    if folder is None:
        print(
            "== no second PostgreSQL (15 or newer) on this machine: only the one that comes along"
        )
        return 0
    return run(
        f"the same on the PostgreSQL in {folder}",
        ON_A_SECOND_POSTGRESQL,
        STORETWIN_TEST_POSTGRES_BIN=str(folder),
    )


if __name__ == "__main__":
    sys.exit(main())
