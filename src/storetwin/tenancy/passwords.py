"""Passwords: argon2id, off the event loop, and never more at the same time than memory bears.

The parameters are the second recommended option of RFC 9106 (section 4), for machines that have no
2 GiB to spare: 3 passes over 64 MiB in 4 lanes, a salt of 16 bytes, a tag of 32.
"""

from __future__ import annotations

import asyncio
import unicodedata
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache, partial
from typing import Final, TypeVar

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from argon2.profiles import RFC_9106_LOW_MEMORY
from pydantic import SecretStr

from storetwin.kernel.errors import ConfigurationError, RetryableError

Result = TypeVar("Result")
SHORTEST: Final = 12
LONGEST: Final = 1000
AT_ONCE: Final = 2  # 64 MiB each
MOST_WAITING: Final = 64  # about four seconds of work

_HASHER: Final = PasswordHasher.from_parameters(RFC_9106_LOW_MEMORY)
_THREADS: Final = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="password")


class PasswordError(ConfigurationError):
    """A password that nobody should have."""

    code = "bad_password"
    default_remedy = f"Choose one of {SHORTEST} to {LONGEST:,} characters, any you like."


class TooManyPasswordsError(RetryableError):
    """More people sign in at the same time than this machine can check."""

    code = "busy"
    default_remedy = "Try again in a few seconds."


def check_new_password(password: SecretStr) -> None:
    """Refuse a new password that is too short or too long; there are no other rules.

    Raises:
        PasswordError: says which.
    """
    length = len(_plain(password))
    if not SHORTEST <= length <= LONGEST:
        raise PasswordError(
            f"The password has {length:,} characters, which is too "
            + ("few." if length < SHORTEST else "many.")
        )


async def hash_password(password: SecretStr) -> str:
    """Return what is kept of a password, with the parameters it was made with.

    Raises:
        TooManyPasswordsError: too many are waiting already.
    """
    return await _apart(partial(_HASHER.hash, _plain(password)))


async def is_right(password_hash: str | None, password: SecretStr) -> bool:
    """Say whether it is the password. Without one to compare with it takes as long and is wrong.

    Raises:
        TooManyPasswordsError: too many are waiting already.
    """
    return await _apart(partial(_is_right, password_hash, _plain(password)))


def is_outdated(password_hash: str) -> bool:
    """Say whether it was made with other parameters than today's."""
    return _HASHER.check_needs_rehash(password_hash)


def _is_right(password_hash: str | None, password: str) -> bool:
    try:
        _HASHER.verify(password_hash or _nobodys(), password)
    except (VerificationError, InvalidHashError):
        return False
    return password_hash is not None


@lru_cache(maxsize=1)
def _nobodys() -> str:
    """Return the hash of a password that nobody has."""
    return _HASHER.hash("")


def _plain(password: SecretStr) -> str:
    """Return a password in one way of writing (NIST SP 800-63B, 5.1.1.2): keyboards differ."""
    return unicodedata.normalize("NFKC", password.get_secret_value())


class _Queue:
    """Counts who waits for a thread."""

    length = 0


async def _apart(work: Callable[[], Result]) -> Result:
    if _Queue.length >= MOST_WAITING:
        raise TooManyPasswordsError("Too many passwords are being checked.", retry_after=3)
    _Queue.length += 1
    try:
        return await asyncio.get_running_loop().run_in_executor(_THREADS, work)
    finally:
        _Queue.length -= 1
