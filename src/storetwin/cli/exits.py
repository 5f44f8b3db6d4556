"""Exit codes, and how an error becomes one."""

from __future__ import annotations

from enum import IntEnum

from storetwin.kernel.errors import StoretwinError, UnknownNameError


class Exit(IntEnum):
    """What a shell script can rely on. See docs/reference/exit-codes.md."""

    DONE = 0
    FAILED = 1
    WRONG_USE = 2
    INCOMPLETE = 3
    INTERRUPTED = 130


def exit_of(error: StoretwinError) -> Exit:
    """Return the exit code of an error."""
    from storetwin.connections.quiet import QuietHoursError

    if isinstance(error, QuietHoursError):
        return Exit.INCOMPLETE
    return Exit.WRONG_USE if isinstance(error, UnknownNameError) else Exit.FAILED
