"""``make matrix``: tries every fault alone and a sample of pairs, and keeps the table in the docs."""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

from benchmarks.matrix.expectations import SAMPLED, Row, alone, pairs
from benchmarks.matrix.page import HEAD, line, page
from benchmarks.matrix.pulling import Program
from benchmarks.matrix.rows import Measured, measure
from benchmarks.server_cost import running_postgres

ORDERS = 3_000
PAGE = Path("docs/reference/fault-matrix.md")


def main() -> int:
    parser = argparse.ArgumentParser(prog="make matrix", description=__doc__)
    parser.add_argument("--orders", type=int, default=ORDERS, help="orders of the store")
    parser.add_argument("--pairs", type=int, default=SAMPLED, help="how many pairs are tried")
    parser.add_argument("--only", help="only rows whose name contains this; the page is left alone")
    chosen = parser.parse_args()
    wanted = [
        row
        for row in (*alone(), *pairs(chosen.pairs))
        if not chosen.only or chosen.only in row.name
    ]
    measured = _measure_all([Row(), *wanted], chosen.orders)
    flawed = [row.row.name for row in measured if row.faults]
    if not chosen.only:
        lines = measured[0].pulled.certificate
        records = sum(found["in_store"] for found in lines["resources"]) if lines else 0
        PAGE.write_text(page(measured, orders=chosen.orders, records=records), encoding="utf-8")
        print(f"\nWritten to {PAGE}")
    print(f"{len(measured) - len(flawed)} of {len(measured)} rows are as they have to be")
    return 1 if flawed else 0


def _measure_all(rows: list[Row], orders: int) -> list[Measured]:
    measured: list[Measured] = []
    print(HEAD, flush=True)
    with tempfile.TemporaryDirectory(prefix="storetwin-matrix-", dir="/var/tmp") as folder:
        Path(folder).chmod(0o755)
        with running_postgres(Path(folder) / "data") as (dsn, cost):
            program = Program(dsn, Path(folder) / "home")
            for row in rows:
                undisturbed = measured[0].requests if measured else 0
                found = measure(
                    row, program, cost.admin_dsn, orders=orders, undisturbed=undisturbed
                )
                measured.append(found)
                print(line(found), flush=True)
    return measured


if __name__ == "__main__":
    sys.exit(main())
