"""One tree of errors, ordered by what happens next.

StoretwinError
├── ConfigurationError    a person edits settings or a connection
│   └── UnknownNameError  what was named does not exist
├── CredentialError       the connection is paused, the keys have to be renewed
├── RetryableError        the same call may succeed later (``retry_after`` seconds, if known)
├── RecordError           one record is set aside as a dead letter, the run goes on
├── ConflictError         somebody else was first: read again, decide again
└── InvariantError        our own bug: stop

Each class names a ``code`` (stable, for programs) and each error carries a ``remedy``: the one
thing a person can do about it. Doors turn them into exit codes and problem documents; nothing
below a door knows either.
"""

from __future__ import annotations

from typing import ClassVar


class StoretwinError(Exception):
    """Something Storetwin can name.

    Args:
        message: what is wrong and where, one sentence, without secrets.
        remedy: what a person can do about it, one sentence in the imperative.
    """

    code: ClassVar[str] = "error"
    default_remedy: ClassVar[str | None] = None

    def __init__(self, message: str, *, remedy: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.remedy = remedy or self.default_remedy


class ConfigurationError(StoretwinError):
    """A setting or a connection is wrong and a person has to change it."""

    code = "configuration"


class UnknownNameError(ConfigurationError):
    """Something was named that does not exist: a connection, a resource, a run."""

    code = "unknown"


class CredentialError(StoretwinError):
    """The store does not accept the keys, or they may not do what is asked."""

    code = "credentials"


class RetryableError(StoretwinError):
    """The same call may succeed later.

    Args:
        retry_after: seconds the other side asked us to wait, if it did.
    """

    code = "temporary"

    def __init__(
        self, message: str, *, remedy: str | None = None, retry_after: float | None = None
    ) -> None:
        super().__init__(message, remedy=remedy)
        self.retry_after = retry_after


class RecordError(StoretwinError):
    """One record cannot be had or kept; it becomes a dead letter and the run goes on.

    Attributes:
        evidence: what was asked and answered, as JSON without secrets; None where nothing was.
    """

    code = "record"
    evidence: str | None = None


class ConflictError(StoretwinError):
    """Somebody else was first."""

    code = "conflict"


class InvariantError(StoretwinError):
    """Something that cannot happen happened: a bug of ours."""

    code = "bug"
    default_remedy = "This is a bug in Storetwin. Please report it with the lines above."
