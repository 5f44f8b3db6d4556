"""A busy shop of full size and its twin: in step after one quiet round, version by version.

Two shops at once, each in a process of its own beside its hub, with the same storm: orders, stock,
customers, refunds made and deleted, records deleted for good, terms. One twin lives by rounds alone,
the other also by webhooks, of which every second one is dropped, doubled, reordered or forged.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from benchmarks.figures import Figures
from benchmarks.server_cost import running_postgres

A_MINUTE = 200
MINUTES = 10.0
IDENTITY = 1  # the one request that asks which store answers


def measure(figures: Figures, chosen: argparse.Namespace) -> None:
    options = [f"--orders={chosen.orders}", f"--minutes={MINUTES}", f"--a-minute={A_MINUTE}"]
    for how, found in run(options).items():
        report(figures, f"step_{how}", found)


def run(options: list[str]) -> dict[str, dict[str, Any]]:
    """Run both shops at once; returns what each came to."""
    with tempfile.TemporaryDirectory(prefix="storetwin-step-", dir="/var/tmp") as folder:
        Path(folder).chmod(0o755)
        with running_postgres(Path(folder) / "data") as (dsn, _):
            shops = {
                how: subprocess.Popen(
                    [sys.executable, "-m", "benchmarks.busy_shop", f"--dsn={dsn}", how, *options],
                    stdout=subprocess.PIPE, text=True,
                )
                for how in ("polling", "webhooks")
            }  # fmt: skip
            try:
                told = {how: shop.communicate()[0] for how, shop in shops.items()}
            finally:
                for shop in shops.values():
                    shop.kill()
    for how, shop in shops.items():
        assert shop.returncode == 0, f"the shop of {how} ended with {shop.returncode}"
    return {how: json.loads(text.splitlines()[-1]) for how, text in told.items()}


def report(figures: Figures, name: str, found: dict[str, Any]) -> None:
    """Add what a shop came to."""
    for figure, unit in (
        ("changes", "changes"), ("rounds", "rounds"), ("requests_a_round", "requests"),
        ("seconds_a_round", "s"), ("deliveries", "sent"), ("applied", "applied"),
        ("existed", "versions"), ("readable", "versions"), ("kept", "versions"),
    ):  # fmt: skip
        figures.add(f"{name}_{figure}", found[figure], unit)
    figures.add(
        f"{name}_quiet_requests",
        found["quiet_requests"],
        "requests",
        found["quiet_lists"] + IDENTITY,
    )
    figures.add(f"{name}_quiet_changes", found["quiet_changes"], "records", 0)
    figures.add(f"{name}_sweep_requests", found["sweep_requests"], "requests")
    for level in ("modified", "bytes"):
        figures.add(f"{name}_complete_{level}", found[level]["is_complete"], "", 1, at_least=True)
        figures.add(f"{name}_fetched_{level}", found[level]["fetched"], "records")
    figures.add(f"{name}_never_existed", found["never_existed"], "versions", 0)
    figures.add(f"{name}_missed", found["missed"], "versions", 0)
    figures.add(f"{name}_different", found["different"], "records", 0)
