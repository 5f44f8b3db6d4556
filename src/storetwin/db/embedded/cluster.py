"""The cluster on disk: made once, with passwords of its own, for one major version."""

from __future__ import annotations

import os
import secrets
import shutil
from pathlib import Path

from storetwin.db.embedded.process import ServerUser, run
from storetwin.db.embedded.programs import Programs
from storetwin.db.errors import DiskFullError
from storetwin.kernel.errors import ConfigurationError

FIRST_WITH_BUILTIN_LOCALES = 17
FIRST_WITH_SCRAM_ITERATIONS = 16
ADMIN_PASSWORD = "postgres-admin.password"  # noqa: S105 - a file's name
NO_SPACE = "No space left on device"
LOGIN_PASSWORD = "postgres-login.password"  # noqa: S105 - a file's name

# For a laptop: little memory, few checkpoints, and never less than durable.
OPTIONS = {
    "listen_addresses": "",
    "port": "5432",
    "unix_socket_permissions": "0700",
    "max_connections": "100",
    "shared_buffers": "128MB",
    "max_wal_size": "2GB",
    "wal_buffers": "32MB",
    "checkpoint_timeout": "15min",
    "wal_compression": "off",
    "fsync": "on",
    "synchronous_commit": "on",
    "jit": "off",
    "password_encryption": "scram-sha-256",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_min_messages": "warning",
    "log_line_prefix": "%m [%p] ",
}


class DataDirectoryVersionError(ConfigurationError):
    """The data directory belongs to another major version of PostgreSQL."""

    code = "data_directory_version"


def check_version(cluster: Path, programs: Programs) -> None:
    """Raise `DataDirectoryVersionError` when these programs cannot run this cluster."""
    made_by = (cluster / "PG_VERSION").read_text().strip()
    if made_by == str(programs.major):
        return
    raise DataDirectoryVersionError(
        f"The data directory {cluster} was made by PostgreSQL {made_by}, "
        f"the installed one is {programs.version}.",
        remedy=f"Run it with PostgreSQL {made_by} (STORETWIN_POSTGRES_BIN=folder of its programs), "
        f"or upgrade it: pg_upgrade -b OLD_BIN -B {programs.folder} -d {cluster} -D NEW_CLUSTER.",
    )


def password(folder: Path, name: str) -> str:
    """Return the password kept in ``folder/name``, made (0600) the first time."""
    path = folder / name
    if not path.exists():
        _write_private(path.with_suffix(".new"), secrets.token_urlsafe(32), None)
        path.with_suffix(".new").rename(path)
    return path.read_text().strip()


def make_cluster(cluster: Path, programs: Programs, user: ServerUser | None) -> None:
    """Run ``initdb`` beside ``cluster`` and move the result there: half a cluster is never seen.

    Raises:
        DiskFullError: there is no room for it (about 50 MB).
        ConfigurationError: initdb failed; quotes its last line.
    """
    fresh = cluster.with_name(f"{cluster.name}.new")
    passwords = cluster.with_name("initdb.password")
    shutil.rmtree(fresh, ignore_errors=True)
    fresh.mkdir(mode=0o700)
    _write_private(passwords, password(cluster.parent, ADMIN_PASSWORD), user)
    if user is not None:
        os.chown(fresh, user.uid, user.gid)
    try:
        done = run(
            [
                programs.folder / "initdb",
                "--pgdata", fresh,
                "--username", "postgres",
                "--pwfile", passwords,
                "--auth-local", "scram-sha-256",
                "--auth-host", "scram-sha-256",
                "--encoding", "UTF8",
                *_locale(programs.major),
                *_proving(programs.major),
            ],
            user,
        )  # fmt: skip
    finally:
        passwords.unlink()
    if done.returncode != 0:
        shutil.rmtree(fresh, ignore_errors=True)
        if NO_SPACE in done.stdout:
            raise DiskFullError(
                f"The disk of the database is full: there is no room for one in {cluster.parent}."
            )
        last = (done.stdout.strip().splitlines() or ["no output"])[-1]
        raise ConfigurationError(
            f"The database could not be made in {cluster}: {last}",
            remedy="Make room or correct the rights there, or set STORETWIN_DATA_DIR elsewhere.",
        )
    fresh.rename(cluster)


def _locale(major: int) -> list[str]:
    """Sort by code point, with Unicode's character classes, the same on every machine."""
    if major >= FIRST_WITH_BUILTIN_LOCALES:
        return ["--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C"]
    return ["--locale=C.UTF-8"]


def _proving(major: int) -> list[str]:
    """Derive keys of passwords once: ours are 256 random bits, which nobody guesses.

    What slows down guessing costs each connection four milliseconds of the processor.
    """
    return ["--set", "scram_iterations=1"] if major >= FIRST_WITH_SCRAM_ITERATIONS else []


def _write_private(path: Path, text: str, owner: ServerUser | None) -> None:
    path.unlink(missing_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(text)
        if owner is not None:
            os.fchown(descriptor, owner.uid, owner.gid)
