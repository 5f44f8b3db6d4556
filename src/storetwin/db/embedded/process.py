"""The server as a process: under which user it runs, whether it lives, how it is started."""

from __future__ import annotations

import os
import pwd
import signal
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

PREFERRED_USERS = ("postgres", "nobody")
# The shell leaves the server to init, so that nobody has to wait for it, and tells its pid.
_LAUNCHER = '"$@" </dev/null >&2 & echo $!'
_ENVIRONMENT = {"LC_ALL": "C", "PATH": "/usr/bin:/bin"}
_STATUS_LINE = 7
_SOCKET_LINE = 4


@dataclass(frozen=True, slots=True)
class ServerUser:
    """The unprivileged user of the server when we are root (PostgreSQL refuses to run as root)."""

    name: str
    uid: int
    gid: int


def server_user() -> ServerUser | None:
    """Return the user to run the server as, None for our own."""
    if os.geteuid() != 0:
        return None
    known = {entry.pw_name: entry for entry in pwd.getpwall()}
    for name in PREFERRED_USERS:
        if entry := known.get(name):
            return ServerUser(name, entry.pw_uid, entry.pw_gid)
    return ServerUser("65534", 65534, 65534)


def run(
    command: list[str | Path], user: ServerUser | None, **options: Any
) -> subprocess.CompletedProcess[str]:
    """Run a program to its end as the server's user; its output is captured unless redirected."""
    if user is not None:
        options |= {"user": user.uid, "group": user.gid, "extra_groups": []}
    if "stderr" not in options:
        options["stderr"] = subprocess.STDOUT
    return subprocess.run(  # noqa: S603 - programs and arguments are ours
        [os.fspath(part) for part in command],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        text=True,
        errors="replace",
        env=_ENVIRONMENT,
        cwd="/",
        check=False,
        **options,
    )


def can_enter(folder: Path, user: ServerUser | None) -> bool:
    """Say whether the server's user can reach a folder: asked of the kernel, not guessed."""
    return run(["/bin/sh", "-c", 'test -x "$1"', "sh", folder], user).returncode == 0


def launch(command: list[str | Path], log: Path, user: ServerUser | None) -> int:
    """Start the server in a session of its own (Ctrl-C does not reach it) and return its pid."""
    with log.open("ab") as stderr:
        done = run(
            ["/bin/sh", "-c", _LAUNCHER, "sh", *command],
            user,
            stderr=stderr,
            start_new_session=True,
        )
    return int(done.stdout)


def is_alive(pid: int) -> bool:
    """Say whether any process has this number."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def is_server_of(pid: int, cluster: Path) -> bool:
    """Say whether the process lives and is the PostgreSQL server of this data directory."""
    arguments = _arguments(pid)
    return "-D" in arguments and os.fspath(cluster) in arguments


def _arguments(pid: int) -> list[str]:
    """Return the command line of a process; empty when there is none, or only its corpse."""
    if Path("/proc/self/cmdline").exists():
        try:
            line = Path(f"/proc/{pid}/cmdline").read_bytes()
        except OSError:
            return []
        return os.fsdecode(line).split("\0")
    return run(["/bin/ps", "-o", "args=", "-p", str(pid)], None).stdout.split()


@dataclass(frozen=True, slots=True)
class PidFile:
    """``postmaster.pid`` as the server writes it.

    Attributes:
        status: ``starting``, ``ready``, ``standby`` or ``stopping``; empty while not yet written.
    """

    pid: int
    socket_folder: str
    status: str


def read_pid_file(cluster: Path) -> PidFile | None:
    """Return what ``postmaster.pid`` says; None when it is absent or half written."""
    try:
        lines = (cluster / "postmaster.pid").read_text(errors="replace").splitlines()
        pid = int(lines[0])
    except (OSError, IndexError, ValueError):
        return None
    lines += [""] * (_STATUS_LINE + 1)
    return PidFile(pid, lines[_SOCKET_LINE].strip(), lines[_STATUS_LINE].strip())


def ask_to_stop(pid: int, *, at_once: bool = False) -> None:
    """Begin a fast shutdown: clients are disconnected, a checkpoint is written.

    Args:
        at_once: without the checkpoint; nothing is lost, the next start recovers.
    """
    try:
        os.kill(pid, signal.SIGQUIT if at_once else signal.SIGINT)
    except ProcessLookupError:
        return
