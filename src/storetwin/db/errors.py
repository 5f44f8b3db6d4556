"""What PostgreSQL says, in our words: the driver's errors do not leave this room.

The SQLSTATE codes are PostgreSQL's (appendix A of its manual).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg

from storetwin.kernel.errors import (
    ConfigurationError,
    ConflictError,
    InvariantError,
    RetryableError,
    StoretwinError,
)

_UNAVAILABLE = {
    "57P01",  # admin_shutdown
    "57P02",  # crash_shutdown
    "57P03",  # cannot_connect_now
    "53300",  # too_many_connections
    "25P03",  # idle_in_transaction_session_timeout
    "25P04",  # transaction_timeout
}
_REPEATABLE = {
    "40001",  # serialization_failure
    "40P01",  # deadlock_detected
    "55P03",  # lock_not_available
    "57014",  # query_canceled
    "53200",  # out_of_memory
}
# A refused connection has no SQLSTATE (libpq keeps the text only).
_LOGIN_REFUSED = re.compile(
    r"authentication failed|no pg_hba\.conf entry|(role|database) \".*\" does not exist"
    r"|no password supplied|not permitted to log in"
)
_PREFIX = re.compile(r"^(connection failed|consuming input failed|sending query failed): ")


class DatabaseUnavailableError(RetryableError):
    """PostgreSQL cannot be reached, went away, or is starting or stopping."""

    code = "database_unavailable"
    default_remedy = (
        "Run the same command again: an embedded database is started then. "
        "With STORETWIN_DATABASE_URL, check that its server runs and can be reached."
    )


class DatabaseBusyError(RetryableError):
    """PostgreSQL gave up on a statement (deadlock, lock, memory); the same may succeed later."""

    code = "database_busy"
    default_remedy = "Try again."


class DiskFullError(ConfigurationError):
    """PostgreSQL has no room left on its disk."""

    code = "disk_full"
    default_remedy = "Make room on the disk of the database, then run the same command again."


class UniqueViolationError(ConflictError):
    """A row with the same unique value exists.

    Args:
        constraint: name of the violated constraint or unique index.
    """

    code = "exists"

    def __init__(self, constraint: str) -> None:
        super().__init__(f"A row with the same value exists already ({constraint}).")
        self.constraint = constraint


def translated(error: psycopg.Error) -> StoretwinError:
    """Return our error for the driver's.

    The server's message is kept, its DETAIL is not: that one quotes values.
    """
    state, text = error.sqlstate or "", _message(error)
    if state == "23505":
        return UniqueViolationError(error.diag.constraint_name or "unknown")
    if state == "53100":
        return DiskFullError(f"The disk of the database is full: {text}.")
    if not state and _LOGIN_REFUSED.search(text):
        return ConfigurationError(
            f"PostgreSQL does not let us in: {text}.",
            remedy="Correct user, password and database name in STORETWIN_DATABASE_URL.",
        )
    if state in _REPEATABLE:
        return DatabaseBusyError(f"PostgreSQL could not finish: {text}.")
    if _is_unavailable(error, state):
        return DatabaseUnavailableError(f"PostgreSQL is not available: {text}.")
    return InvariantError(f"PostgreSQL refused a statement: {text} (SQLSTATE {state or 'none'}).")


def _is_unavailable(error: psycopg.Error, state: str) -> bool:
    """Say whether the server is out of reach; without a SQLSTATE the driver noticed it itself."""
    if not state:
        return isinstance(error, psycopg.OperationalError)
    return state in _UNAVAILABLE or state.startswith("08")


def _message(error: psycopg.Error) -> str:
    """Return what the server said in one line, or what libpq said without its advice."""
    text = error.diag.message_primary
    if text is None:
        said, _, _ = str(error).strip().partition("\n")
        text = _PREFIX.sub("", said)
    return " ".join(text.split()).rstrip(".") or type(error).__name__


@contextmanager
def translating() -> Iterator[None]:
    """Raise the driver's errors as ours."""
    try:
        yield
    except psycopg.Error as error:
        raise translated(error) from error
