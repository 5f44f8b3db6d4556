"""``make bench``: runs the benchmarks, prints each figure with its budget, writes build/bench.json."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from benchmarks import (
    board,
    chaos,
    load,
    mapping,
    promotion,
    pull,
    staging,
    startup,
    step,
    webhooks,
)
from benchmarks.figures import Figures

BENCHMARKS = {
    "board": board.measure,
    "chaos": chaos.measure,
    "mapping": mapping.measure,
    "promotion": promotion.measure,
    "pull": pull.measure,
    "load": load.measure,
    "staging": staging.measure,
    "startup": startup.measure,
    "webhooks": webhooks.measure,
    "step": step.measure,
}
RESULT = Path("build/bench.json")


def main() -> int:
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("--only", choices=sorted(BENCHMARKS), help="run one benchmark")
    parser.add_argument("--orders", type=int, default=50_000, help="orders of the pull benchmark")
    parser.add_argument(
        "--many", type=int, default=500_000, help="orders of the memory check; 0 leaves it out"
    )
    chosen = parser.parse_args()
    figures = Figures()
    for name, measure in BENCHMARKS.items():
        if chosen.only in (None, name):
            print(f"== {name}", flush=True)
            measure(figures, chosen)
    RESULT.parent.mkdir(exist_ok=True)
    kept = json.loads(RESULT.read_text()) if RESULT.is_file() else {}
    RESULT.write_text(json.dumps(kept | figures.as_json(), indent=2) + "\n")
    print(f"\nWritten to {RESULT}")
    return 0 if figures.are_ok else 1


if __name__ == "__main__":
    sys.exit(main())
