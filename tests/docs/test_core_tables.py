"""The data dictionary of core is what the schema and the declarations say."""

import importlib.util
import sys
from pathlib import Path

import pytest

from database_clones import in_own_loop

ROOT = Path(__file__).parents[2]
TOOL = ROOT / "tools" / "document_core.py"


@pytest.fixture(scope="module")
def tool():
    spec = importlib.util.spec_from_file_location("document_core", TOOL)
    module = sys.modules[spec.name] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def tables(tool, database_dsn):
    return in_own_loop(tool.described(database_dsn))


def test_the_page_is_as_the_tool_writes_it(tool, tables):
    assert tool.TARGET.read_text(encoding="utf-8") == tool.rendered(tables), (
        "run tools/document_core.py"
    )


def test_every_table_has_its_place(tool, tables):
    page = tool.rendered(tables)
    for name in tables:
        assert page.count(f"\n## {name}\n") + page.count(f"\n### {name}\n") == 1, name
    for name, table in tables.items():
        for target in table.targets.values():
            assert "." in target or target in tables, name


def test_a_column_more_changes_the_page(tool, tables):
    before = tool.rendered(tables)
    tables["orders"].columns.append(tool.Column("mood", "text", "Mood.", is_key=False))
    assert "| mood | text | Mood. |  |" in tool.rendered(tables)
    assert "mood" not in before
