"""A prompt on the database that sees what the program sees, and no more."""

from __future__ import annotations

import asyncio
import os
import shutil
from pathlib import Path
from uuid import UUID

from psycopg.conninfo import conninfo_to_dict

from storetwin.db.embedded.programs import bundled_folder
from storetwin.kernel.errors import ConfigurationError

_VARIABLES = {
    "host": "PGHOST",
    "port": "PGPORT",
    "user": "PGUSER",
    "password": "PGPASSWORD",
    "dbname": "PGDATABASE",
    "sslmode": "PGSSLMODE",
}


async def run_psql(
    dsn: str, organisation_id: UUID, *, bin_dir: Path | None, sql: str | None
) -> int:
    """Run psql as the application's role, scoped to one organisation; return its exit code.

    The address travels in the environment: arguments are seen by every user of the machine.

    Raises:
        ConfigurationError: there is no psql.
    """
    program = _find_psql(bin_dir)
    options = f"-c role=storetwin_app -c app.organisation_id={organisation_id}"
    inherited = {"PATH", "HOME", "TERM", "LANG", "LC_ALL", "PAGER", "EDITOR"}
    environment = {name: value for name in inherited if (value := _inherited(name))}
    environment |= {"PGOPTIONS": options}
    for name, part in conninfo_to_dict(dsn).items():
        if name in _VARIABLES and part is not None:
            environment[_VARIABLES[name]] = str(part)
    arguments = ["-X", "-v", "ON_ERROR_STOP=1"] + (["-c", sql] if sql else [])
    process = await asyncio.create_subprocess_exec(program, *arguments, env=environment)
    return await process.wait()


def _inherited(name: str) -> str | None:
    return os.environ.get(name)  # noqa: TID251 - handed on to psql, not read


def _find_psql(bin_dir: Path | None) -> str:
    for folder in (bin_dir, _bundled()):
        if folder is not None and (folder / "psql").is_file():
            return str(folder / "psql")
    found = shutil.which("psql")
    if found is None:
        raise ConfigurationError(
            "There is no psql on this machine.", remedy="Install PostgreSQL's client programs."
        )
    return found


def _bundled() -> Path | None:
    try:
        return bundled_folder()
    except ConfigurationError:
        return None
