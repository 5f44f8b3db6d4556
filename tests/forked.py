"""Commands of the program as forks of one process that has imported it: real processes, started fast.

Most of what a short command costs is the start of Python and its imports, the same every time. The
process here has done both, and forks for each command: the command has its own process, arguments,
environment, working directory and standard streams, and ends as it would have. It differs from a
command that was started in one thing: `ps` does not show its arguments.
"""

from __future__ import annotations

import atexit
import gc
import importlib
import json
import os
import pkgutil
import select
import signal
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Mapping
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any, BinaryIO, NoReturn

_ENVIRONMENT = os.environ  # noqa: TID251 - replaced by that of the command
_HERE = Path(__file__).resolve()
# Only processes that serve for a long time import these; those are started, not forked.
_LEFT_OUT = tuple(f"storetwin.{room}" for room in ("api", "demo", "mcp", "sandboxes", "testing"))
_STREAMS = 3
_LONGEST = 1 << 20  # bytes of a request; it is read until its end


def run_forked(
    arguments: list[str], environment: Mapping[str, str], folder: Path, stdin: bytes, seconds: float
) -> tuple[int, bytes, bytes]:
    """Run a command to its end; return exit code, standard output and standard error.

    Raises:
        subprocess.TimeoutExpired: it did not end in time, and was killed.
    """
    request = {"arguments": arguments, "environment": dict(environment), "folder": str(folder)}
    ours, theirs = socket.socketpair()
    with (
        ours,
        tempfile.TemporaryFile() as given,
        tempfile.TemporaryFile() as out,
        tempfile.TemporaryFile() as err,
    ):
        given.write(stdin)
        given.seek(0)
        with theirs:
            streams: list[BinaryIO] = [given, out, err]
            handed = [theirs.fileno(), *(stream.fileno() for stream in streams)]
            socket.send_fds(_template(), [b"."], handed)
        ours.sendall(json.dumps(request).encode())
        ours.shutdown(socket.SHUT_WR)
        with ours.makefile("r") as told:
            pid = int(told.readline())
            if not select.select([ours], [], [], seconds)[0]:
                os.kill(pid, signal.SIGKILL)
                raise subprocess.TimeoutExpired(arguments, seconds)
            code = int(told.readline())
        return code, _content(out), _content(err)


def _content(file: Any) -> bytes:
    file.seek(0)
    return bytes(file.read())


@cache
def _template() -> socket.socket:
    """Start the process that is forked; it ends when the socket is closed, with this process."""
    ours, theirs = socket.socketpair()
    with theirs:
        started = subprocess.Popen(
            [sys.executable, _HERE, str(theirs.fileno())],
            env={"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8"},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            pass_fds=[theirs.fileno()],
            start_new_session=True,  # Ctrl-C is not for it
        )

    def end() -> None:
        ours.close()
        started.wait()

    atexit.register(end)
    return ours


def main() -> None:
    """Import the program, then fork for each command, until nobody can ask any more."""
    control = socket.socket(fileno=int(sys.argv[1]))
    sys.path.remove(str(_HERE.parent))
    _import_everything()
    gc.freeze()
    while True:
        said, handed, _, _ = socket.recv_fds(control, 1, 1 + _STREAMS)
        if not said:
            return
        _bury_the_ended()
        if os.fork() == 0:
            control.close()
            _become_command(*handed)
        for number in handed:
            os.close(number)


def _import_everything() -> None:
    import storetwin

    for module in pkgutil.walk_packages(storetwin.__path__, "storetwin."):
        if not module.name.startswith(_LEFT_OUT) and not module.name.endswith("__main__"):
            importlib.import_module(module.name)
    assert threading.active_count() == 1, "a fork would lose the threads"


def _bury_the_ended() -> None:
    """Wait for those that minded a command and have ended."""
    with suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass


def _become_command(number: int, *streams: int) -> NoReturn:
    """Fork once more: the child becomes the command, the parent tells how it ended."""
    asking = socket.socket(fileno=number)
    with asking.makefile("rb") as asked:
        request = json.loads(asked.read(_LONGEST))
    command = os.fork()
    if command:
        for stream in streams:
            os.close(stream)
        asking.sendall(b"%d\n" % command)
        _, status = os.waitpid(command, 0)
        asking.sendall(b"%d\n" % os.waitstatus_to_exitcode(status))
        os._exit(0)
    asking.close()
    for wanted, stream in enumerate(streams):
        os.dup2(stream, wanted)
        os.close(stream)
    os.chdir(request["folder"])
    _ENVIRONMENT.clear()
    _ENVIRONMENT.update(request["environment"])
    sys.argv = ["storetwin", *request["arguments"]]
    from storetwin.cli.main import main as command_line

    sys.exit(command_line())


if __name__ == "__main__":
    main()
