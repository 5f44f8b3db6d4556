"""The installed program in a process of its own: its exit code, time, memory and words are real."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

PROGRAM = Path(sys.executable).with_name("storetwin")
START = Path(__file__).with_name("measured_start.py")
PATIENCE = 600.0
REQUEST_TIMEOUT = 10  # seconds; the default of 60 makes a store that hangs a matter of minutes
_KEY = "c3RvcmV0d2luLXN0b3JldHdpbi1zdG9yZXR3aW4tMTI="  # of a database that lives as long as we do


@dataclass(frozen=True, slots=True)
class Pulled:
    """How a pull ended.

    Args:
        code: exit code.
        certificate: None where the run failed.
        error: what was said then.
        seconds: wall time, the start of the program included.
        memory: peak megabytes of the process.
    """

    code: int
    certificate: Mapping[str, Any] | None
    error: str
    seconds: float
    memory: float


@dataclass(frozen=True, slots=True)
class Program:
    """The program on one database.

    Args:
        dsn: of the database.
        folder: for its other files.
    """

    dsn: str
    folder: Path

    def connect(self, name: str, url: str, key: str, secret: str) -> None:
        """Add a connection to a store."""
        keys = {"STORETWIN_STORE_KEY": key, "STORETWIN_STORE_SECRET": secret}
        self._do("connection", "add", name, "--url", url, **keys)

    def disconnect(self, name: str) -> None:
        """Remove a connection with its twin."""
        self._do("connection", "remove", name, "--yes")

    def pull(self, name: str) -> Pulled:
        """Pull everything."""
        done = subprocess.run(
            [sys.executable, "-I", "-S", START, str(PATIENCE), PROGRAM, "pull", name, "--json"],
            env=self._variables(),
            check=True,
            stdin=subprocess.DEVNULL,
            capture_output=True,
        )
        end, said = json.loads(done.stderr), json.loads(done.stdout or b"{}")
        return Pulled(
            code=end["code"],
            certificate=said.get("certificate"),
            error=said.get("error", {}).get("message", ""),
            seconds=end["seconds"],
            memory=end["memory"],
        )

    def _do(self, *arguments: str, **more: str) -> None:
        done = subprocess.run(
            [PROGRAM, *arguments],
            env=self._variables() | more,
            check=False,
            capture_output=True,
            text=True,
            timeout=PATIENCE,
        )
        if done.returncode:
            raise RuntimeError(f"storetwin {arguments[0]}: {done.stdout}{done.stderr}")

    def _variables(self) -> dict[str, str]:
        return {
            "PATH": "/usr/bin:/bin",
            "LANG": "C.UTF-8",
            "STORETWIN_DATABASE_URL": self.dsn,
            "STORETWIN_DATA_DIR": str(self.folder),
            "STORETWIN_ALLOWED_NETWORKS": "127.0.0.1/32",
            "STORETWIN_ENCRYPTION_KEY": _KEY,
            "STORETWIN_REQUEST_TIMEOUT": str(REQUEST_TIMEOUT),
        }
