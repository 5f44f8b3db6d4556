"""Runs the whole suite in the order in which failures are cheapest to learn of."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

STAGES = (
    ("unit, architecture", ["tests/unit", "tests/architecture", "-n", "2"]),
    # These wait more than they compute: for the server, for sandboxes, for what is due. What a
    # module's tests share is made once a worker, so neighbours stay together as long as possible.
    (
        "database, client, pull, conformance",
        [
            "tests/integration",
            "tests/migration",
            "tests/conformance",
            "-n",
            "5",
            "--dist",
            "worksteal",
        ],
    ),
    # A file stays on one worker: what its tests share is made once.
    ("pages", ["tests/web", "-n", "3"]),
    ("end to end, docs", ["tests/e2e", "tests/docs", "-n", "4", "--dist", "loadfile"]),
)
ON_A_SECOND_POSTGRESQL = [
    "tests/integration/db/test_core_tables.py",
    "tests/integration/db/test_every_query.py",
    "tests/integration/db/test_roles.py",
    "tests/integration/db/test_row_level_security.py",
    "tests/migration",
    "tests/integration/mirror/test_bytes.py",
    "-n",
    "2",
]
ORDER = "--randomly-seed=1"
"""Tests run in an order of no meaning, the same each time: what leans on another is sought by other seeds."""
LONGEST_STAGE = 20 * 60  # seconds; a stage that takes longer hangs

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
CHROMIUM = "chromium fonts-dejavu-core"
PROGRAMS = {CHROMIUM: BROWSERS, "curl": ("curl",)}
"""Packages of Debian → the programs of which any one will do."""


def install_programs() -> int:
    """Install what the tests drive and pip cannot bring, where this machine lacks it."""
    missing = [name for name, names in PROGRAMS.items() if not any(map(shutil.which, names))]
    if not missing:
        return 0
    wanted = f"apt-get install --no-install-recommends {' '.join(missing)}"
    if shutil.which("apt-get") is None or os.geteuid() != 0:
        if set(missing) == {CHROMIUM} and has_own_browser():
            return 0
        print(f"The tests need what this machine lacks. On Debian, as root: {wanted}")
        return 1
    started = time.monotonic()
    print(f"== {wanted}", flush=True)
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for command in (["apt-get", "update", "-qq"], [*wanted.split(), "-qq", "-y"]):
        done = subprocess.run(command, check=False, env=environment, stdout=subprocess.DEVNULL)
        if done.returncode:
            print(f"That failed. Install it by hand, then run again: {wanted}")
            return done.returncode
    print(f"== {wanted}: {time.monotonic() - started:.0f} s", flush=True)
    return 0


def has_own_browser() -> bool:
    """Say whether Playwright has, or can fetch, a Chromium of its own: it needs no root for that."""
    command = [sys.executable, "-m", "playwright", "install", "chromium"]
    print(f"== {' '.join(command[1:])}", flush=True)
    return subprocess.run(command, check=False).returncode == 0


def second_postgresql() -> Path | None:
    """Return the programs of an installed PostgreSQL 15 or newer, if there is one."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    return next((path.parent for path in found if int(path.parts[-3]) >= 15), None)


def run(name: str, arguments: list[str], **more: str) -> int:
    started = time.monotonic()
    environment = {**os.environ, **more}
    # What is compiled once need not be compiled by each of the hundreds of processes that follow.
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    print(f"== {name}", flush=True)
    try:
        code = subprocess.run(
            [sys.executable, "-m", "pytest", "-q", ORDER, *arguments, *sys.argv[1:]],
            check=False,
            env=environment,
            timeout=LONGEST_STAGE,
        ).returncode
    except subprocess.TimeoutExpired:
        print(f"\n== {name}: did not end within {LONGEST_STAGE // 60} minutes", flush=True)
        return 1
    print(f"== {name}: {time.monotonic() - started:.0f} s", flush=True)
    return code


def main() -> int:
    if code := install_programs():
        return code
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
