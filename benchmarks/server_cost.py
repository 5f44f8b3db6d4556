"""A PostgreSQL for the benchmark, and what it cost: CPU of all its processes, bytes of WAL."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg

from storetwin.bootstrap import upgrade_database
from storetwin.db.embedded import EmbeddedPostgres

TICKS = 100


@dataclass
class ServerCost:
    """Reads what the server has used so far."""

    postmaster: int
    admin_dsn: str

    def cpu_seconds(self) -> float:
        """CPU of the postmaster, of its children, and of its children that have ended."""
        total = 0
        for stat in Path("/proc").glob("[0-9]*/stat"):
            try:
                fields = stat.read_text().rsplit(")", 1)[1].split()
            except OSError:
                continue
            if int(stat.parent.name) == self.postmaster:
                total += sum(map(int, fields[11:15]))
            elif int(fields[1]) == self.postmaster:
                total += sum(map(int, fields[11:13]))
        return total / TICKS

    def wal_bytes(self) -> int:
        with psycopg.connect(self.admin_dsn) as connection:
            row = connection.execute(
                "SELECT pg_wal_lsn_diff(pg_current_wal_lsn(), '0/0')::int8"
            ).fetchone()
        assert row is not None
        return int(row[0])


@contextmanager
def running_postgres(folder: Path) -> Iterator[tuple[str, ServerCost]]:
    """Start a migrated database; yields its DSN and its cost meter."""
    server = EmbeddedPostgres(folder)
    loop = asyncio.new_event_loop()
    dsn = loop.run_until_complete(server.start())
    try:
        loop.run_until_complete(upgrade_database(dsn))
        pid = int((folder / "postgres" / "postmaster.pid").read_text().splitlines()[0])
        yield dsn, ServerCost(pid, server.admin_dsn)
    finally:
        loop.run_until_complete(server.stop())
        loop.close()
