"""The installed program as a person has it: real processes, a data directory of its own."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from shutil import rmtree
from typing import Any

import psycopg
from psycopg.conninfo import make_conninfo
from psycopg.rows import dict_row

from database_clones import in_own_loop
from forked import run_forked
from prepared import copy_prepared
from storetwin.db.embedded import EmbeddedPostgres
from storetwin.sandboxes.woocommerce import Sandbox

PROGRAM = Path(sys.executable).with_name("storetwin")
NAME = "shop"
LOOPBACK = "127.0.0.1/32"  # the stores of the tests are on this machine
PATIENCE = 60.0
_TICK = threading.Event()  # never set: waiting for it passes the time
_SHORTEST, _LONGEST = 0.002, 0.5  # seconds between two looks
_REST = 4  # times as long as a look took: who waits leaves the processor to who works


def until(holds: Callable[[], bool], what: str, *, seconds: float = PATIENCE) -> None:
    """Wait until something holds, and fail when it never does.

    Looks every two milliseconds, or seldom enough to spend a fifth of the time on looking.
    """
    give_up_at = time.monotonic() + seconds
    begun = time.monotonic()
    while not holds():
        now = time.monotonic()
        assert now < give_up_at, f"waited {seconds:g} s in vain: {what}"
        _TICK.wait(min(max(_SHORTEST, _REST * (now - begun)), _LONGEST))
        begun = time.monotonic()


@dataclass(frozen=True, slots=True)
class Done:
    """How a command ended."""

    code: int
    out: str
    err: str
    raw: bytes

    @property
    def said(self) -> str:
        """Everything that was written, for the message of a failing test."""
        return f"exit code {self.code}\n{self.out}\n{self.err}"

    @property
    def json(self) -> Any:
        """The one JSON document of standard output; anything beside it is an error."""
        return json.loads(self.out)

    @property
    def error(self) -> list[str]:
        """The lines of standard error that are no progress."""
        return [line for line in self.err.splitlines() if not line.startswith((" ✓ ", " · "))]


@dataclass(slots=True)
class Installation:
    """The program with a data directory of its own.

    Args:
        folder: below it stands the data directory; also the working directory of every command.
        environment: what every command is given on top of PATH and the data directory.
        heard: everything that any command has written.
        is_forked: whether short commands are forks of a process that has imported the program;
            else each is started as a person starts it, a second of the processor later.
    """

    folder: Path
    environment: dict[str, str] = field(default_factory=dict)
    heard: list[str] = field(default_factory=list)
    is_forked: bool = True

    @property
    def data_dir(self) -> Path:
        """The folder of database and key."""
        return self.folder / "data"

    def _variables(self, more: Mapping[str, str]) -> dict[str, str]:
        own = {"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8", "TMPDIR": tempfile.gettempdir()}
        own |= {"STORETWIN_DATA_DIR": str(self.data_dir), "STORETWIN_ALLOWED_NETWORKS": LOOPBACK}
        return own | self.environment | dict(more)

    def start(self, *arguments: str, **more: str) -> subprocess.Popen[bytes]:
        """Start a command in a session of its own, and do not wait for it."""
        return subprocess.Popen(
            [PROGRAM, *arguments],
            env=self._variables(more),
            cwd=self.folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )

    def finish(self, process: subprocess.Popen[bytes], *, seconds: float = PATIENCE) -> Done:
        """Wait for the end of a command that was started."""
        try:
            out, err = process.communicate(timeout=seconds)
        except subprocess.TimeoutExpired:
            process.kill()
            out, err = process.communicate()
            raise AssertionError(f"it hangs:\n{out.decode()}\n{err.decode()}") from None
        return self._heard(process.returncode, out, err)

    def run(self, *arguments: str, stdin: str = "", **more: str) -> Done:
        """Run a command to its end; ``more`` are environment variables."""
        if self.is_forked:
            variables = self._variables(more)
            given = [str(argument) for argument in arguments]
            return self._heard(*run_forked(given, variables, self.folder, stdin.encode(), PATIENCE))
        done = subprocess.run(
            [PROGRAM, *arguments],
            check=False,
            env=self._variables(more),
            cwd=self.folder,
            input=stdin.encode(),
            capture_output=True,
            timeout=PATIENCE,
        )
        return self._heard(done.returncode, done.stdout, done.stderr)

    def do(self, *arguments: str, **more: str) -> Done:
        """Run a command that has to succeed."""
        done = self.run(*arguments, **more)
        assert done.code == 0, done.said
        return done

    def connect(self, store: Sandbox, *options: str, name: str = NAME, **keys: str) -> Done:
        """Add a connection to a store; keys by environment."""
        pair = {"STORETWIN_STORE_KEY": store.key, "STORETWIN_STORE_SECRET": store.secret} | keys
        return self.do("connection", "add", name, "--url", store.url, *options, **pair)

    def _heard(self, code: int, out: bytes, err: bytes) -> Done:
        done = Done(code, out.decode(errors="replace"), err.decode(errors="replace"), out)
        self.heard.append(done.said)
        return done

    # -- the database ---------------------------------------------------------------------------

    @property
    def postmaster(self) -> int | None:
        """The process of the database server, by its own file."""
        try:
            text = (self.data_dir / "postgres" / "postmaster.pid").read_text()
            return int(text.splitlines()[0])
        except (OSError, ValueError, IndexError):
            return None

    @contextmanager
    def serving(self) -> Iterator[None]:
        """Keep the database server up for the block, as one more user of it."""
        server = EmbeddedPostgres(self.data_dir)
        in_own_loop(server.start())
        try:
            yield
        finally:
            in_own_loop(server.stop())

    def rows(self, statement: str, *values: object) -> list[dict[str, Any]]:
        """Ask the running database, past row-level security, as its superuser."""
        dsn = make_conninfo(EmbeddedPostgres(self.data_dir).admin_dsn, dbname="storetwin")
        with psycopg.connect(dsn, row_factory=dict_row, autocommit=True) as connection:
            return connection.execute(statement, values).fetchall()


@contextmanager
def installation(
    *, is_prepared: bool = True, is_forked: bool = True, **environment: str
) -> Iterator[Installation]:
    """Lend the program with a fresh data directory, and leave neither file nor process behind.

    The folder may be passed through by everybody: as root the database server runs as another user.

    Args:
        is_prepared: whether the data directory has a migrated database already (a copy, two
            seconds of the processor cheaper); else it is the first command that makes both.
        is_forked: see `Installation`.
        environment: what every command is given.
    """
    folder = Path(tempfile.mkdtemp(prefix="storetwin-e2e-"))
    folder.chmod(0o711)
    made = Installation(folder, environment, is_forked=is_forked)
    if is_prepared:
        copy_prepared(made.data_dir)
    try:
        yield made
    finally:
        left = processes_with(str(folder))
        for pid in left:
            _kill(pid)
        until(lambda: not processes_with(str(folder)), "the end of every process")
        rmtree(folder)
        assert not left, "the program left processes behind"


def processes_with(part: str) -> list[int]:
    """Return the processes whose command line contains some text; corpses do not count."""
    if not Path("/proc/self/cmdline").exists():
        listed = subprocess.run(
            ["ps", "-axww", "-o", "pid=,args="], check=True, capture_output=True, text=True
        )
        lines = [line.split(None, 1) for line in listed.stdout.splitlines()]
        return [int(pid) for pid, *rest in lines if rest and part in rest[0]]
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal() and int(entry.name) != os.getpid():
            try:
                line = (entry / "cmdline").read_bytes()
            except OSError:
                continue
            if part in os.fsdecode(line).replace("\0", " "):
                found.append(int(entry.name))
    return found


def _kill(pid: int) -> None:
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        return
