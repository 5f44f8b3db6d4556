"""The house rules that no linter knows."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "src" / "storetwin"
MODULES = sorted(path for path in SOURCE.rglob("*.py"))
HUB_MODULES = [path for path in MODULES if "sandboxes" not in path.parts]

MOST_LINES = 400
MOST_FUNCTION_LINES = 60
FORBIDDEN_NAMES = {"utils", "helpers", "common", "manager", "base", "misc"}


def functions(path):
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return [n for n in ast.walk(tree) if isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef)]


def test_there_is_something_to_look_at():
    assert len(MODULES) > 100


@pytest.mark.parametrize("path", MODULES, ids=lambda p: str(p.relative_to(SOURCE)))
def test_a_module_fits_into_a_head(path):
    assert len(path.read_text(encoding="utf-8").splitlines()) <= MOST_LINES
    assert path.stem not in FORBIDDEN_NAMES
    long = {
        f.name: f.end_lineno - f.lineno
        for f in functions(path)
        if f.end_lineno - f.lineno >= MOST_FUNCTION_LINES
    }
    assert not long


def test_functions_are_short():
    lengths = sorted(f.end_lineno - f.lineno + 1 for path in MODULES for f in functions(path))
    assert lengths[len(lengths) // 2] <= 12
    assert lengths[int(len(lengths) * 0.95)] <= 40


@pytest.mark.parametrize("path", MODULES, ids=lambda p: str(p.relative_to(SOURCE)))
def test_every_module_says_what_it_is(path):
    text = path.read_text(encoding="utf-8")
    assert not text.strip() or ast.get_docstring(ast.parse(text))


def test_only_one_place_commits():
    found = [
        str(path.relative_to(SOURCE))
        for path in HUB_MODULES
        if ".commit(" in path.read_text(encoding="utf-8")
    ]
    assert found == ["db/transaction.py"]


SQL = re.compile(
    r"^\s*(SELECT|INSERT INTO|UPDATE \w|DELETE FROM|CREATE TABLE|ALTER )", re.MULTILINE
)


@pytest.mark.parametrize("path", HUB_MODULES, ids=lambda p: str(p.relative_to(SOURCE)))
def test_sql_lives_in_queries_sql(path):
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            assert not SQL.match(node.value), node.value[:60]


LIBRARIES = {
    "psycopg": {"db", "jobs"},
    "procrastinate": {"jobs"},
    "croniter": {"runs"},
    "aiohttp": {"http"},
    "yarl": {"http"},
    "fastapi": {"api", "web"},
    "starlette": {"sandboxes", "api", "web"},
    "jinja2": {"web"},
    "markupsafe": {"web"},
    "uvicorn": {"sandboxes", "api"},
    "structlog": {"telemetry"},
    "prometheus_client": {"telemetry", "api"},
    "typer": {"cli"},
    "rich": {"cli"},
}


@pytest.mark.parametrize("path", MODULES, ids=lambda p: str(p.relative_to(SOURCE)))
def test_a_library_is_known_in_one_room_only(path):
    room = path.relative_to(SOURCE).parts[0]
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        names = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            names = [node.module]
        for name in names:
            rooms = LIBRARIES.get(name.split(".")[0])
            assert rooms is None or room in rooms, f"{room} imports {name}"


PURE = [
    *SOURCE.rglob("decide.py"),
    *SOURCE.rglob("models.py"),
    *(SOURCE / "resources").glob("*.py"),
    *(SOURCE / "kernel").glob("*.py"),
    SOURCE / "woocommerce" / "paging.py",
    SOURCE / "woocommerce" / "auth.py",
    SOURCE / "http" / "circuit.py",
]


@pytest.mark.parametrize("path", PURE, ids=lambda p: str(p.relative_to(SOURCE)))
def test_decisions_and_declarations_do_nothing(path):
    text = path.read_text(encoding="utf-8")
    assert not re.search(
        r"^(import|from) (asyncio|socket|subprocess|psycopg|aiohttp|os)\b", text, re.MULTILINE
    )
    assert "async def" not in text


def test_import_rules_have_no_exceptions():
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    assert "ignore_imports" not in text
    assert "exhaustive = true" in text


def test_the_lock_records_no_addresses():
    assert "://" not in (ROOT / "requirements.lock").read_text(encoding="utf-8")


def test_any_is_rare():
    lines = sum(len(p.read_text(encoding="utf-8").splitlines()) for p in HUB_MODULES)
    uses = sum(len(re.findall(r"\bAny\b", p.read_text(encoding="utf-8"))) for p in HUB_MODULES)
    assert uses / lines < 0.02
