"""The socket's folder, and what a file system's refusal means to a person."""

from __future__ import annotations

import errno
import os
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from hashlib import sha256
from pathlib import Path

from storetwin.db.errors import DiskFullError
from storetwin.kernel.errors import ConfigurationError

# A socket's path may have 107 bytes on Linux and 103 on macOS; the file's name takes 16.
LONGEST_SOCKET_FOLDER = 85


def socket_folder(cluster: Path) -> Path:
    """Return the short folder of the cluster's socket: the same for every process."""
    name = f"storetwin-{sha256(os.fsencode(cluster)).hexdigest()[:12]}"
    folder = Path(tempfile.gettempdir()) / name
    fits = len(os.fsencode(folder)) <= LONGEST_SOCKET_FOLDER
    return folder if fits else Path("/tmp") / name  # noqa: S108 - checked by make_socket_folder


def make_socket_folder(folder: Path, owner: int) -> None:
    """Make the folder (0700) for the server's user.

    Raises:
        ConfigurationError: somebody else made it: a socket there could be theirs.
    """
    try:
        folder.mkdir(mode=0o700)
        if owner != os.geteuid():
            os.chown(folder, owner, -1)
    except FileExistsError:
        found = folder.lstat()
        is_private = stat.S_ISDIR(found.st_mode) and not stat.S_IMODE(found.st_mode) & 0o077
        if not is_private or found.st_uid != owner:
            raise ConfigurationError(
                f"The folder {folder} for the database's socket belongs to somebody else.",
                remedy=f"Remove {folder}, then run the same command again.",
            ) from None


def remove_socket_folder(folder: Path) -> None:
    """Remove the folder of a stopped server, unless something is left in it."""
    with suppress(OSError):
        folder.rmdir()


@contextmanager
def naming_the_folder(folder: Path) -> Iterator[None]:
    """Raise what the file system says as an error of ours that names the data directory."""
    try:
        yield
    except OSError as error:
        if error.errno in {errno.ENOSPC, errno.EDQUOT}:
            raise DiskFullError(
                f"The disk of the database is full: no room is left in {folder}."
            ) from error
        raise ConfigurationError(
            f"The data directory {folder} cannot be used: {error.strerror} ({error.filename}).",
            remedy="Correct the rights there, or set STORETWIN_DATA_DIR to another folder.",
        ) from error
