"""Runs the whole suite in the order in which failures are cheapest to learn of."""

from __future__ import annotations

import subprocess
import sys
import time

STAGES = (
    ("unit, architecture", ["tests/unit", "tests/architecture", "-n", "2"]),
    ("database, client, pull", ["tests/integration", "tests/migration", "-n", "2"]),
    ("conformance", ["tests/conformance", "-n", "0"]),
    ("end to end, docs", ["tests/e2e", "tests/docs", "-n", "2"]),
)


def main() -> int:
    for name, arguments in STAGES:
        started = time.monotonic()
        print(f"== {name}", flush=True)
        code = subprocess.run(
            [sys.executable, "-m", "pytest", "-q", *arguments, *sys.argv[1:]], check=False
        ).returncode
        print(f"== {name}: {time.monotonic() - started:.0f} s", flush=True)
        if code:
            return code
    return 0


if __name__ == "__main__":
    sys.exit(main())
