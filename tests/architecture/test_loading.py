"""What a command loads before it does anything: its start is paid for by every call of it.

No clock is asked. What is loaded is a fact, and what need not be loaded stays out.
"""

import json
import subprocess
import sys

import pytest

from database_clones import clone

RUN = """
import json, sys
from storetwin.cli.main import app
try:
    app(json.loads(sys.argv[1]))
except SystemExit as end:
    print(json.dumps([end.code, sorted(sys.modules)]), file=sys.stderr)
"""

# What doors, workers, stores' clients, exports, sign-in and log lines need.
RARE = (
    "aiohttp", "argon2", "croniter", "cryptography.x509", "fastapi", "fastmcp", "jwt", "mcp",
    "procrastinate", "prometheus_client", "pyarrow", "starlette", "structlog", "uvicorn",
)  # fmt: skip
DOORS = ("storetwin.api", "storetwin.demo", "storetwin.mcp", "storetwin.sandboxes")
WORK = ("storetwin.hub.running", "storetwin.woocommerce.client", "storetwin.mirror.execute")
DATABASE = ("cryptography", "psycopg", "pydantic", "rich", "storetwin.bootstrap")


def loaded_by(arguments, environment=None):
    done = subprocess.run(
        [sys.executable, "-c", RUN, json.dumps(arguments)],
        env={"PATH": "/usr/bin:/bin", **(environment or {})},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    *said, last = done.stderr.splitlines()
    code, modules = json.loads(last)
    assert code == 0, said
    return set(modules)


@pytest.fixture(scope="module")
def status(postgres, template, tmp_path_factory):
    data_dir = tmp_path_factory.mktemp("data")
    with clone(postgres, template) as dsn:
        variables = {"STORETWIN_DATABASE_URL": dsn, "STORETWIN_DATA_DIR": str(data_dir)}
        return loaded_by(["status"], variables)


def test_status_spoke_to_the_database(status):
    assert {"psycopg", "storetwin.bootstrap", "storetwin.hub.standings"} <= status


@pytest.mark.parametrize("name", [*RARE, *DOORS, *WORK])
def test_status_leaves_out_what_it_does_not_need(status, name):
    assert name not in status


def test_status_without_a_table_to_show_draws_nothing(status):
    assert "rich" not in status


def test_help_loads_no_more_than_the_commands_themselves():
    loaded = loaded_by(["--help"])
    assert not loaded & {*RARE, *DOORS, *WORK, *DATABASE}
