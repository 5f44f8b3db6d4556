"""The life of the embedded server: started by the first, adopted by the next, stopped by the last.

Below the data directory stand ``postgres/`` (the cluster), ``postgres.log``, two password files
(0600), ``users.lock`` (every process that uses the server holds it shared) and ``start.lock``
(starting and stopping happen one at a time).
"""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import quote

import psycopg

from storetwin.db.embedded import cluster as clusters
from storetwin.db.embedded.cluster import DataDirectoryVersionError
from storetwin.db.embedded.folders import (
    make_socket_folder,
    naming_the_folder,
    remove_socket_folder,
    socket_folder,
)
from storetwin.db.embedded.locks import POLL_SECONDS, FileLock
from storetwin.db.embedded.process import (
    ask_to_stop,
    can_enter,
    is_alive,
    is_server_of,
    launch,
    read_pid_file,
    server_user,
)
from storetwin.db.embedded.programs import Programs, find_programs
from storetwin.db.errors import DatabaseUnavailableError, DiskFullError, translating
from storetwin.db.roles import LOGIN, can_log_in, prepare_login
from storetwin.db.session import connect
from storetwin.kernel.errors import ConfigurationError, StoretwinError

__all__ = ["DataDirectoryVersionError", "EmbeddedPostgres"]

PATIENCE_SECONDS = 30.0
SHUTDOWN_SECONDS = 20.0
LAST_LINES = 20
STARTING = "LOG:  starting PostgreSQL"
LOG_BYTES_KEPT = 1024 * 1024
DATABASE = "storetwin"


class EmbeddedPostgres:
    """The server of one data directory, for this process.

    Args:
        data_dir: the folder of everything; made when absent.
        bin_dir: folder of an installed PostgreSQL's ``initdb`` and ``postgres``; None means the
            programs that came with Storetwin.
        options: server settings that differ from ours, should this process start it.
    """

    def __init__(
        self,
        data_dir: Path,
        bin_dir: Path | None = None,
        *,
        options: Mapping[str, str] | None = None,
    ) -> None:
        self._folder = Path(os.path.realpath(data_dir))
        self._cluster = self._folder / "postgres"
        self._bin_dir = bin_dir
        self._user = server_user()
        self._sockets = socket_folder(self._cluster)
        self._users = FileLock(self._folder / "users.lock")
        self._launched = 0
        self._options = {
            **clusters.OPTIONS,
            "unix_socket_directories": os.fspath(self._sockets),
            **(options or {}),
        }

    @property
    def dsn(self) -> str:
        """The address for everything Storetwin does (the login role may become app and owner)."""
        return self.dsn_of(DATABASE)

    def dsn_of(self, database: str) -> str:
        """Return the same address for another database of this server."""
        return self._dsn(LOGIN, clusters.LOGIN_PASSWORD, database)

    @property
    def admin_dsn(self) -> str:
        """The address of the superuser; only for what `dsn` cannot do (making databases)."""
        return self._dsn("postgres", clusters.ADMIN_PASSWORD, "postgres")

    @property
    def log(self) -> Path:
        """What the server wrote since its start."""
        return self._folder / "postgres.log"

    async def start(self) -> str:
        """Use the server, started now if nobody has, and return `dsn`.

        Waits as long as crash recovery takes.

        Raises:
            DataDirectoryVersionError: made by another major version.
            ConfigurationError: the folder or the programs cannot be used.
            DatabaseUnavailableError: it did not start within 30 seconds of tries.
            DiskFullError: no room.
        """
        with naming_the_folder(self._folder):
            self._make_folder()
            async with self._one_at_a_time():
                await self._users.acquire(shared=True)
                try:
                    await self._bring_up()
                except BaseException:
                    await self._leave()
                    raise
        return self.dsn

    async def revive(self) -> None:
        """Start the server again where it has gone away while this process uses it.

        Raises:
            The same as `start`.
        """
        async with self._one_at_a_time():
            await self._bring_up()

    async def stop(self) -> None:
        """Leave the server; stop it and wait for its end when nobody else uses it."""
        if self._users.is_open:
            async with self._one_at_a_time():
                await self._leave()

    @asynccontextmanager
    async def _one_at_a_time(self) -> AsyncIterator[None]:
        lock = FileLock(self._folder / "start.lock")
        try:
            await lock.acquire(shared=False)
            yield
        finally:
            lock.release()

    async def _leave(self) -> None:
        try:
            if self._users.try_acquire(shared=False):
                await self._shut_down()
        finally:
            self._users.release()

    async def _bring_up(self) -> None:
        programs = await asyncio.to_thread(find_programs, self._bin_dir, self._user, self._folder)
        if not (self._cluster / "PG_VERSION").exists():
            await asyncio.to_thread(clusters.make_cluster, self._cluster, programs, self._user)
        clusters.check_version(self._cluster, programs)
        make_socket_folder(self._sockets, self._user.uid if self._user else os.geteuid())
        give_up_at = time.monotonic() + PATIENCE_SECONDS
        while not await self._is_up(give_up_at):
            if time.monotonic() > give_up_at or (self._launched and self._disk_full()):
                raise self._did_not_start()
            await asyncio.to_thread(self._launch, programs)
            await asyncio.sleep(POLL_SECONDS)
        with translating():
            if not await can_log_in(self.dsn):
                password = self._password(clusters.LOGIN_PASSWORD)
                await prepare_login(self.admin_dsn, DATABASE, password)

    async def _is_up(self, give_up_at: float) -> bool:
        """Wait for the running server; False when there is none (any more)."""
        while pid := self._pid():
            try:
                async with await connect(self.admin_dsn):
                    return True
            except psycopg.OperationalError as error:
                found = read_pid_file(self._cluster)
                if "password authentication failed" in str(error):
                    raise self._foreign_password() from error
                if found and found.status == "ready" and time.monotonic() > give_up_at:
                    raise DatabaseUnavailableError(
                        f"The database server (process {pid}) runs but does not answer: {error}.",
                        remedy=f"Stop it (kill -INT {pid}), then run the same command again.",
                    ) from error
            await asyncio.sleep(POLL_SECONDS)
        return False

    def _pid(self) -> int | None:
        """The server's process; None when it does not run, whatever an old pid file says."""
        for pid in (self._launched, found.pid if (found := read_pid_file(self._cluster)) else 0):
            if pid and is_server_of(pid, self._cluster):
                return pid
        return None

    def _launch(self, programs: Programs) -> None:
        found = read_pid_file(self._cluster)
        if found and is_alive(found.pid) and not is_server_of(found.pid, self._cluster):
            # The number was given to another process: PostgreSQL alone would refuse to start.
            (self._cluster / "postmaster.pid").unlink(missing_ok=True)
        if self.log.exists() and self.log.stat().st_size > LOG_BYTES_KEPT:
            self.log.rename(self.log.with_suffix(".log.1"))
        settings = self._options.items()
        arguments = [part for name, value in settings for part in ("-c", f"{name}={value}")]
        self._launched = launch(
            [programs.folder / "postgres", "-D", self._cluster, *arguments], self.log, self._user
        )

    async def _shut_down(self) -> None:
        """Stop the server and wait for its end.

        One that recovers from a crash of its own (after a full disk, say) has nothing to write, and
        may never end when asked for a fast shutdown (PostgreSQL 18.6): it is told to stop at once.
        """
        pid = self._pid()
        is_whole = pid is not None and await self._answers()
        if pid and not (
            (is_whole and await self._has_stopped(pid, at_once=False))
            or await self._has_stopped(pid, at_once=True)
        ):
            raise DatabaseUnavailableError(
                f"The database server (process {pid}) does not stop.",
                remedy=f"See {self.log} for the reason.",
            )
        remove_socket_folder(self._sockets)

    async def _answers(self) -> bool:
        try:
            async with await connect(self.admin_dsn):
                return True
        except psycopg.OperationalError:
            return False

    async def _has_stopped(self, pid: int, *, at_once: bool) -> bool:
        ask_to_stop(pid, at_once=at_once)
        give_up_at = time.monotonic() + SHUTDOWN_SECONDS
        while is_server_of(pid, self._cluster):
            if time.monotonic() > give_up_at:
                return False
            await asyncio.sleep(POLL_SECONDS)
        return True

    def explain(self, error: DatabaseUnavailableError) -> StoretwinError:
        """Return the reason that the server's log gives for its end, else the error as it is."""
        return self._disk_full() or error

    def _disk_full(self) -> DiskFullError | None:
        """Return an error when the server complained of a full disk last, and since its start."""
        text = self.log.read_text(errors="replace") if self.log.exists() else ""
        _, _, since = text.rpartition(STARTING)
        if not any(clusters.NO_SPACE in line for line in since.splitlines()[-LAST_LINES:]):
            return None
        return DiskFullError(
            f"The disk of the database is full: no room is left in {self._folder}."
        )

    def _make_folder(self) -> None:
        self._folder.mkdir(mode=0o700 if self._user is None else 0o711, parents=True, exist_ok=True)
        if self._user is not None and not can_enter(self._folder, self._user):
            raise ConfigurationError(
                f"The database server runs as {self._user.name}, who cannot enter {self._folder}.",
                remedy="Set STORETWIN_DATA_DIR to a folder everybody may pass through, "
                "or start Storetwin as another user than root.",
            )

    def _password(self, name: str) -> str:
        return clusters.password(self._folder, name)

    def _dsn(self, user: str, password_file: str, database: str) -> str:
        found = read_pid_file(self._cluster)
        sockets = found.socket_folder if found and found.socket_folder else self._sockets
        login = f"{user}:{self._password(password_file)}"
        host = quote(os.fspath(sockets), safe="")
        return f"postgresql://{login}@/{database}?host={host}&port={clusters.OPTIONS['port']}"

    def _did_not_start(self) -> StoretwinError:
        if error := self._disk_full():
            return error
        lines = self.log.read_text(errors="replace").strip().splitlines() or ["nothing was logged"]
        return DatabaseUnavailableError(
            f"The database server did not start: {lines[-1]}", remedy=f"See {self.log}."
        )

    def _foreign_password(self) -> ConfigurationError:
        return ConfigurationError(
            f"The database in {self._cluster} does not accept the password kept beside it.",
            remedy=f"Put {clusters.ADMIN_PASSWORD} and {clusters.LOGIN_PASSWORD} back from where "
            "this data directory was copied.",
        )
