"""Named queries: what the loader takes and what it refuses at import."""

from __future__ import annotations

import pytest

from storetwin.db.queries import load_queries, parse_queries
from storetwin.kernel.errors import InvariantError

GOOD = """\
-- What this room asks of the database.

-- name: first
-- The first one.
SELECT 1;

-- name: second_one
-- The second.
-- 50% of readers skip this line, and the driver must never see its sign
SELECT %s,
       2
;
"""


def test_statements_are_attributes_without_comment_lines_and_semicolons() -> None:
    queries = parse_queries(GOOD, "room")
    assert list(queries) == ["first", "second_one"]
    assert queries.second_one == "SELECT %s,\n       2"
    assert queries.describe("second_one") == "The second."


def test_an_unknown_name_is_a_bug_of_ours() -> None:
    with pytest.raises(InvariantError, match=r"room has no query 'third'"):
        _ = parse_queries(GOOD, "room").third


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("-- name: a\n-- A.\nSELECT 1;\n-- name: a\n-- A.\nSELECT 2;", "stands there twice"),
        ("-- name: a\nSELECT 1;", "has no description"),
        ("-- name: a\n--\nSELECT 1;", "has no description"),
        ("-- name: a\n-- A.\n\n-- name: b\n-- B.\nSELECT 1;", "has no SQL"),
        ("-- name: a\n-- A.", "has no SQL"),
        ("-- name: Not Snake\n-- A.\nSELECT 1;", "is not in snake_case"),
        ("SELECT 0;\n-- name: a\n-- A.\nSELECT 1;", "before the first"),
        ("SELECT 0;", "before the first"),
    ],
)
def test_what_is_wrong_is_named(text: str, problem: str) -> None:
    with pytest.raises(InvariantError, match=problem):
        parse_queries(text, "room")


@pytest.mark.parametrize("package", ["storetwin.kernel", "storetwin.nowhere"])
def test_a_package_without_queries_is_named(package: str) -> None:
    with pytest.raises(InvariantError, match=rf"{package} has no queries.sql"):
        load_queries(package)
