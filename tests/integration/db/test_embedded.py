"""The life of the embedded server, with real processes, kills and stale files."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
from psycopg import AsyncConnection

from storetwin.db import Database, DatabaseUnavailableError
from storetwin.db.embedded import DataDirectoryVersionError, EmbeddedPostgres
from storetwin.db.embedded.folders import make_socket_folder, socket_folder
from storetwin.db.embedded.process import ServerUser, is_server_of, read_pid_file, server_user
from storetwin.db.embedded.programs import bundled_folder, find_programs
from storetwin.db.migrate import upgrade
from storetwin.db.session import connect
from storetwin.kernel.errors import ConfigurationError

USER = """
import asyncio, sys
from pathlib import Path
from storetwin.db.embedded import EmbeddedPostgres

async def main():
    server = EmbeddedPostgres(Path(sys.argv[1]), Path(sys.argv[2]) if sys.argv[2] else None)
    await server.start()
    print("up", flush=True)
    await asyncio.to_thread(sys.stdin.readline)
    await server.stop()

asyncio.run(main())
"""
DEBIAN = sorted(Path("/usr/lib/postgresql").glob("*/bin"))


def pid_of(data_dir: Path) -> int | None:
    """The server's process, if it runs."""
    found = read_pid_file(data_dir / "postgres")
    return found.pid if found and is_server_of(found.pid, data_dir / "postgres") else None


class OtherProcess:
    """Another program that uses the same data directory."""

    def __init__(self, data_dir: Path, bin_dir: Path | None) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-c", USER, str(data_dir), str(bin_dir or "")],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )

    async def is_up(self) -> None:
        assert await asyncio.to_thread(self.process.stdout.readline) == b"up\n"

    async def leave(self) -> None:
        await asyncio.to_thread(self.process.communicate, b"\n")
        assert self.process.returncode == 0

    def kill(self) -> None:
        self.process.kill()
        self.process.communicate()


async def gone(pid: int, data_dir: Path) -> None:
    while is_server_of(pid, data_dir / "postgres"):
        await asyncio.sleep(0.01)


async def answers(dsn: str) -> bool:
    async with await connect(dsn) as connection:
        return await (await connection.execute("SELECT 1 AS one")).fetchone() == {"one": 1}


@pytest.mark.parametrize("bin_dir", [None, *DEBIAN], ids=str)
async def test_it_starts_answers_stops_and_starts_again(data_dir: Path, bin_dir) -> None:
    for _ in range(2):
        server = EmbeddedPostgres(data_dir, bin_dir)
        dsn = await server.start()
        assert await answers(dsn)
        assert await answers(server.admin_dsn)
        await server.stop()
        assert pid_of(data_dir) is None
        assert not socket_folder(data_dir / "postgres").exists()
    await server.stop()


async def test_it_sorts_by_code_point_asks_for_passwords_and_opens_no_port(own_postgres) -> None:
    async with await connect(own_postgres.admin_dsn) as connection:
        row = await (
            await connection.execute(
                "SELECT 'Z' < 'a' AS by_code_point, lower('Ä') = 'ä' AS knows_unicode,"
                " current_setting('listen_addresses') AS addresses,"
                " current_setting('server_encoding') AS encoding,"
                " current_setting('fsync') || current_setting('synchronous_commit') AS durable,"
                " (SELECT bool_and(auth_method = 'scram-sha-256') FROM pg_hba_file_rules) AS scram,"
                " coalesce(current_setting('scram_iterations', true), '1') AS scram_iterations"
            )
        ).fetchone()
    assert (
        row
        == {
            "by_code_point": True,
            "knows_unicode": True,
            "addresses": "",
            "encoding": "UTF8",
            "durable": "onon",
            "scram": True,
            "scram_iterations": "1",  # the passwords are 256 random bits; PostgreSQL before 16 has no such setting
        }
    )


async def test_passwords_and_sockets_are_private(own_postgres: EmbeddedPostgres, data_dir) -> None:
    for path in data_dir.glob("*.password"):
        assert path.stat().st_mode & 0o777 == 0o600
    assert len(list(data_dir.glob("*.password"))) == 2
    assert socket_folder(data_dir / "postgres").stat().st_mode & 0o777 == 0o700
    assert (data_dir / "postgres").stat().st_mode & 0o777 == 0o700


async def test_the_login_role_alone_can_upgrade_and_be_the_application(own_postgres) -> None:
    assert await upgrade(own_postgres.dsn)
    database = await Database.open(own_postgres.dsn)
    await database.close()


async def test_the_last_of_many_at_once_stops_it(data_dir: Path, postgres_bin) -> None:
    others = [OtherProcess(data_dir, postgres_bin) for _ in range(3)]
    for other in others:
        await other.is_up()
    pid = pid_of(data_dir)
    assert pid is not None
    for other in others[:-1]:
        await other.leave()
        assert pid_of(data_dir) == pid
    await others[-1].leave()
    assert pid_of(data_dir) is None


async def test_what_killed_users_left_running_is_adopted(made_dir: Path, postgres_bin) -> None:
    other = OtherProcess(made_dir, postgres_bin)
    await other.is_up()
    other.kill()
    pid = pid_of(made_dir)
    assert pid is not None
    server = EmbeddedPostgres(made_dir, postgres_bin)
    assert await answers(await server.start())
    assert pid_of(made_dir) == pid
    await server.stop()
    assert pid_of(made_dir) is None


async def test_an_interrupt_of_the_terminal_does_not_reach_it(own_postgres, data_dir) -> None:
    pid = pid_of(data_dir)
    assert pid is not None
    assert os.getsid(pid) != os.getsid(0)
    assert os.getpgid(pid) != os.getpgid(0)


async def use_for_ever(database: Database) -> None:
    """Ask again and again: a process of a killed server may outlive it for a moment, and answer."""
    while True:
        async with database.transaction(None) as transaction:
            await transaction.fetch_one("SELECT 1")


async def test_a_killed_server_recovers_at_the_next_start(made_dir: Path, postgres_bin) -> None:
    server = EmbeddedPostgres(made_dir, postgres_bin)
    await upgrade(await server.start())
    database = await Database.open(server.dsn)
    pid = pid_of(made_dir)
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    await gone(pid, made_dir)
    with pytest.raises(DatabaseUnavailableError):
        await use_for_ever(database)
    second = EmbeddedPostgres(made_dir, postgres_bin)
    assert await answers(await second.start())
    assert await upgrade(second.dsn) == ()
    async with database.transaction(None) as transaction:
        assert await transaction.fetch_one("SELECT 1 AS n") == {"n": 1}
    await database.close()
    await second.stop()
    await server.stop()
    assert pid_of(made_dir) is None


async def test_a_pid_file_that_names_another_process_is_stale(made_dir: Path, postgres_bin) -> None:
    server = EmbeddedPostgres(made_dir, postgres_bin)
    await server.start()
    pid = pid_of(made_dir)
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    await gone(pid, made_dir)
    pid_file = made_dir / "postgres" / "postmaster.pid"
    bystander = subprocess.Popen(
        ["sleep", "600"], user=server_user().uid if server_user() else None
    )
    try:
        pid_file.write_text(pid_file.read_text().replace(str(pid), str(bystander.pid), 1))
        assert await answers(await server.start())
        await server.stop()
        assert bystander.poll() is None
    finally:
        bystander.kill()
        bystander.wait()


async def test_another_major_version_is_named_with_the_command(data_dir: Path) -> None:
    server = EmbeddedPostgres(data_dir)
    await server.start()
    await server.stop()
    (data_dir / "postgres" / "PG_VERSION").write_text("14\n")
    with pytest.raises(DataDirectoryVersionError, match=r"PostgreSQL 14.* 18\.") as caught:
        await server.start()
    assert "pg_upgrade" in str(caught.value.remedy)
    (data_dir / "postgres" / "PG_VERSION").write_text("18\n")
    await server.start()
    await server.stop()


async def test_a_server_that_cannot_start_says_why(
    made_dir: Path, postgres_bin, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("storetwin.db.embedded.server.PATIENCE_SECONDS", 0.5)
    server = EmbeddedPostgres(made_dir, postgres_bin)
    await server.start()
    await server.stop()
    (made_dir / "postgres" / "postgresql.conf").write_text("nonsense = 1\n")
    with pytest.raises(DatabaseUnavailableError, match=r"nonsense|configuration file") as caught:
        await server.start()
    assert "postgres.log" in str(caught.value.remedy)


async def test_a_lost_password_is_told_at_once(made_dir: Path, postgres_bin) -> None:
    server = EmbeddedPostgres(made_dir, postgres_bin)
    await server.start()
    await server.stop()
    (made_dir / "postgres-admin.password").write_text("another")
    with pytest.raises(ConfigurationError, match="does not accept the password"):
        await server.start()
    assert pid_of(made_dir) is None


async def test_a_lost_login_password_is_made_anew(made_dir: Path, postgres_bin) -> None:
    server = EmbeddedPostgres(made_dir, postgres_bin)
    await server.start()
    await server.stop()
    (made_dir / "postgres-login.password").unlink()
    assert await answers(await server.start())
    await server.stop()


async def test_half_a_cluster_is_never_taken_for_one(data_dir: Path, postgres_bin) -> None:
    half = data_dir / "postgres.new"
    half.mkdir(parents=True)
    data_dir.chmod(0o711)
    (half / "PG_VERSION").write_text("3")
    server = EmbeddedPostgres(data_dir, postgres_bin)
    assert await answers(await server.start())
    await server.stop()
    assert not half.exists()


async def test_a_folder_without_programs_is_a_setting_to_correct(data_dir: Path) -> None:
    with pytest.raises(ConfigurationError) as caught:
        await EmbeddedPostgres(data_dir, Path("/nonexistent")).start()
    assert "STORETWIN_POSTGRES_BIN" in str(caught.value.remedy)


async def test_a_data_dir_that_is_a_file_is_a_setting_to_correct(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(ConfigurationError) as caught:
        await EmbeddedPostgres(tmp_path / "file").start()
    assert "STORETWIN_DATA_DIR" in str(caught.value.remedy)


async def test_a_socket_folder_of_somebody_else_is_refused(data_dir: Path, tmp_path: Path) -> None:
    (tmp_path / "open").mkdir(mode=0o755)
    (tmp_path / "link").symlink_to(tempfile.gettempdir())
    for name, owner in (("open", os.geteuid()), ("link", os.geteuid())):
        with pytest.raises(ConfigurationError, match="belongs to somebody else"):
            make_socket_folder(tmp_path / name, owner)
    make_socket_folder(tmp_path / "own", os.geteuid())
    with pytest.raises(ConfigurationError, match="belongs to somebody else"):
        make_socket_folder(tmp_path / "own", os.geteuid() + 1)


def test_a_long_data_dir_gets_a_short_socket_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", "/tmp/" + "long" * 30)
    assert len(str(socket_folder(Path("/data" * 100)))) < 60


async def test_the_log_does_not_grow_for_ever(made_dir: Path, postgres_bin) -> None:
    server = EmbeddedPostgres(made_dir, postgres_bin)
    await server.start()
    await server.stop()
    with server.log.open("ab") as log:
        log.truncate(3 * 1024 * 1024)
    await server.start()
    await server.stop()
    assert server.log.stat().st_size < 1024 * 1024


as_root = pytest.mark.parametrize("user", [server_user()] if os.geteuid() == 0 else [])


@as_root
async def test_root_is_told_of_a_folder_the_server_cannot_enter(tmp_path: Path, user) -> None:
    (tmp_path / "closed").mkdir(mode=0o700)
    with pytest.raises(ConfigurationError, match=user.name) as caught:
        await EmbeddedPostgres(tmp_path / "closed" / "data").start()
    assert "STORETWIN_DATA_DIR" in str(caught.value.remedy)


@as_root
async def test_programs_the_server_cannot_read_are_copied_once(
    data_dir: Path, user: ServerUser, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = bundled_folder().parent.parent
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    for part in (package, package.with_name(f"{package.name}.libs")):
        (closed / part.name).symlink_to(part)
    monkeypatch.setattr(
        "storetwin.db.embedded.programs.bundled_folder",
        lambda: closed / package.name / "pginstall" / "bin",
    )
    data_dir.mkdir(mode=0o711)
    found = find_programs(None, user, data_dir)
    assert found.folder.is_relative_to(data_dir)
    made = found.folder.stat().st_ctime_ns
    assert find_programs(None, user, data_dir) == found
    assert found.folder.stat().st_ctime_ns == made
    server = EmbeddedPostgres(data_dir)
    assert await answers(await server.start())
    await server.stop()


async def test_two_starts_and_stops_in_one_process_do_not_meet(
    data_dir: Path, postgres_bin
) -> None:
    servers = [EmbeddedPostgres(data_dir, postgres_bin) for _ in range(2)]
    for dsn in await asyncio.gather(*(server.start() for server in servers)):
        assert await answers(dsn)
    await servers[0].stop()
    connection: AsyncConnection
    async with await connect(servers[1].dsn) as connection:
        assert not connection.closed
    await servers[1].stop()
    assert pid_of(data_dir) is None
