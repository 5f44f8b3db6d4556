"""How long ``storetwin --help`` takes."""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import time
from pathlib import Path

from benchmarks.figures import Figures


def measure(figures: Figures, _: argparse.Namespace) -> None:
    program = Path(sys.executable).with_name("storetwin")
    took = []
    for _run in range(8):
        started = time.perf_counter()
        subprocess.run([program, "--help"], check=True, stdout=subprocess.DEVNULL)
        took.append(time.perf_counter() - started)
    figures.add("help_seconds", statistics.median(took[1:]), "s", 0.4)
