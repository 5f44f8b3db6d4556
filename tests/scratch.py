"""Where tests put what they throw away: into memory, where the machine has plenty.

A database is made for every second test: four hundred small files, which a disk takes half a second
of the processor for, and memory a twentieth of that.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import MutableMapping
from pathlib import Path
from typing import Final

IN_MEMORY: Final = Path("/dev/shm")
SETTING: Final = "TMPDIR"
ENOUGH: Final = 8 * 2**30  # bytes free; a whole run takes about two
_MEMORY: Final = Path("/proc/meminfo")


def use_memory(environment: MutableMapping[str, str]) -> None:
    """Let this process and what it starts put temporary files into memory, unless told otherwise."""
    if SETTING not in environment and _is_roomy():
        environment[SETTING] = str(IN_MEMORY)
        tempfile.tempdir = None


def _is_roomy() -> bool:
    try:
        there = os.statvfs(IN_MEMORY)
        lines = _MEMORY.read_text(encoding="ascii").splitlines()
    except OSError:
        return False  # another system than Linux, or a container without it
    if there.f_flag & os.ST_NOEXEC or not os.access(IN_MEMORY, os.W_OK):
        return False  # the server's programs may have to be copied to where it is
    available = next(int(line.split()[1]) for line in lines if line.startswith("MemAvailable"))
    return min(there.f_bavail * there.f_frsize, available * 1024) >= ENOUGH
