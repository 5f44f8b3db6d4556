"""The tables of core are what the nouns declare: not a column more, not one less."""

from __future__ import annotations

from collections.abc import Iterable

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from psycopg import AsyncConnection

from database_clones import in_own_loop
from storetwin.db.session import connect
from storetwin.mapping.keys import lookup_key
from storetwin.mapping.models import Field, Kind, Noun, Part, Reference
from storetwin.mapping.nouns import NOUNS

TYPES = {
    Kind.TEXT: "text",
    Kind.INTEGER: "bigint",
    Kind.NUMBER: "numeric",
    Kind.MONEY: "numeric",
    Kind.BOOLEAN: "boolean",
    Kind.TIME: "timestamp with time zone",
    Kind.DATE: "date",
    Kind.TEXTS: "text[]",
    Kind.JSON: "json",
}
TIME = TYPES[Kind.TIME]
OWN = {"organisation_id": "uuid", "id": "uuid", "extra": "json"}
TIMES = {"created_at": TIME, "updated_at": TIME, "gone_at": TIME}
COLUMNS = """
SELECT c.relname AS name, a.attname AS column, format_type(a.atttypid, a.atttypmod) AS type,
       a.attgenerated <> '' AS is_generated, col_description(c.oid, a.attnum) AS comment,
       obj_description(c.oid) AS about, c.relkind = 'v' AS is_view
  FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
 WHERE c.relnamespace = 'core'::regnamespace AND c.relkind IN ('r', 'v')
"""
UNINDEXED = """
SELECT k.conrelid::regclass::text AS name, pg_get_constraintdef(k.oid) AS rule
  FROM pg_constraint k
 WHERE k.contype = 'f' AND k.connamespace = 'core'::regnamespace AND array_length(k.conkey, 1) > 1
   AND NOT EXISTS (SELECT FROM pg_index i WHERE i.indrelid = k.conrelid
                      AND (i.indkey::int2[])[0:array_length(k.conkey, 1) - 1] = k.conkey)
"""


async def columns(connection: AsyncConnection) -> dict[str, dict[str, dict]]:
    found: dict[str, dict[str, dict]] = {}
    for row in await (await connection.execute(COLUMNS)).fetchall():
        found.setdefault(row["name"], {})[row["column"]] = row
    return found


def typed(fields: Iterable[Field], references: Iterable[Reference]) -> dict[str, str]:
    made = {one.name: TYPES[one.kind] for one in fields}
    for one in references:
        made |= {one.name: "uuid", one.remote: "text"}
    return made


def columns_of(noun: Noun) -> dict[str, str]:
    made = OWN | TIMES | typed(noun.fields, noun.references) | dict.fromkeys(noun.constants, "text")
    made |= {one.name: "text" for one in noun.lookups}
    return made if noun.is_shared else made | {"connection_id": "uuid"}


def columns_of_part(noun: Noun, part: Part) -> dict[str, str]:
    value = () if part.value is None else (part.value,)
    own = {"organisation_id": "uuid", noun.id_column: "uuid", "key": "text", "position": "integer"}
    own |= dict.fromkeys(part.constants, "text")
    return own | typed((*part.fields, *value), part.references)


async def test_declarations_and_tables_are_the_same(database_dsn: str) -> None:
    async with await connect(database_dsn) as connection:
        found = await columns(connection)
    for noun in NOUNS.values():
        declared = {noun.name: columns_of(noun)}
        for part in noun.parts:
            declared[part.table] = columns_of_part(noun, part)
        for table, expected in declared.items():
            assert {name: row["type"] for name, row in found[table].items()} == expected, table
        generated = {name for name, row in found[noun.name].items() if row["is_generated"]}
        assert generated == {one.name for one in noun.lookups}
        if noun.levels:
            levels = {name: row["type"] for name, row in found["inventory_levels"].items()}
            assert typed(noun.levels, ()).items() <= levels.items()


async def test_parts_of_one_table_are_declared_alike() -> None:
    for noun in NOUNS.values():
        for part in noun.parts:
            for other in NOUNS.values():
                for twin in other.parts:
                    if twin.table == part.table:
                        assert columns_of_part(noun, part) == columns_of_part(other, twin)


async def test_every_table_view_and_column_says_what_it_means(database_dsn: str) -> None:
    async with await connect(database_dsn) as connection:
        found = await columns(connection)
    declared = NOUNS.keys() | {part.table for noun in NOUNS.values() for part in noun.parts}
    views = {name for name, rows in found.items() if rows["organisation_id"]["is_view"]}
    assert len(views) >= 5
    obvious = {"organisation_id"} | {noun.id_column for noun in NOUNS.values()}
    for table in declared | views:
        for name, row in found[table].items():
            assert row["about"], table
            assert row["comment"] or name in obvious, f"{table}.{name}"


async def test_what_refers_to_a_record_is_found_when_the_record_goes(database_dsn: str) -> None:
    """A foreign key without an index makes each deletion read the whole table."""
    async with await connect(database_dsn) as connection:
        rows = await (await connection.execute(UNINDEXED)).fetchall()
    declared = NOUNS.keys() | {part.table for noun in NOUNS.values() for part in noun.parts}
    assert [row for row in rows if row["name"].removeprefix("core.") in declared] == []


INDEXES = """
SELECT c.relname AS table, array_agg(a.attname::text ORDER BY k.place) AS columns
  FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid
 CROSS JOIN LATERAL unnest(i.indkey::int2[]) WITH ORDINALITY AS k(number, place)
  JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = k.number
 WHERE c.relnamespace = 'core'::regnamespace GROUP BY c.relname, i.indexrelid
"""
LEAKY = """
SELECT o.oid::regoperator::text AS operator
  FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid
 CROSS JOIN LATERAL unnest(i.indclass::oid[]) AS k(opclass)
  JOIN pg_opclass f ON f.oid = k.opclass
  JOIN pg_amop m ON m.amopfamily = f.opcfamily AND m.amoplefttype = f.opcintype AND m.amoprighttype = f.opcintype
  JOIN pg_operator o ON o.oid = m.amopopr
  JOIN pg_proc p ON p.oid = o.oprcode
 WHERE c.relnamespace = 'core'::regnamespace AND NOT p.proleakproof
"""
ASKED = {
    "orders": ("placed_at", "status", "connection_id", "total_minor"),
    "products": ("name_key", "created_at"),
    "customers": ("last_name_key", "created_at"),
    "reference_records": ("kind",),
}


async def test_what_doors_ask_for_has_an_index_that_row_level_security_allows(
    database_dsn: str,
) -> None:
    """Only leakproof operators use an index below row-level security."""
    async with await connect(database_dsn) as connection:
        rows = await (await connection.execute(INDEXES)).fetchall()
        assert await (await connection.execute(LEAKY)).fetchall() == []
    found: dict[str, set[str]] = {}
    for row in rows:
        first, second, *_ = [*row["columns"], ""]
        if first == "organisation_id":
            found.setdefault(row["table"], set()).add(second)
    for noun in NOUNS.values():
        asked = {"id", *(one.name for one in noun.lookups), *ASKED.get(noun.name, ())}
        asked |= {one.name for one in noun.references}
        assert asked <= found[noun.name], noun.name
        for part in noun.parts:
            asked = {noun.id_column, *(one.name for one in part.references)}
            assert asked <= found[part.table], part.table


TEXTS = st.text(st.characters(exclude_characters="\x00", exclude_categories=("Cs",)))
LONG = st.builds(lambda text, times: text * times, TEXTS, st.integers(1, 300))


@given(texts=st.lists(TEXTS | LONG | st.sampled_from(["", " ", " A@B.Test ", "İ", "ÄÖ"])))
@settings(
    max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_python_and_postgresql_make_the_same_keys(texts: list[str], database_dsn: str) -> None:
    async def ask() -> list[str | None]:
        async with await connect(database_dsn) as connection:
            await connection.execute("SET ROLE storetwin_app")
            rows = await connection.execute(
                "SELECT core.lookup_key(t) AS key FROM unnest(%s::text[]) WITH ORDINALITY AS u(t, n)"
                " ORDER BY n",
                (texts,),
            )
            return [row["key"] for row in await rows.fetchall()]

    assert in_own_loop(ask()) == [lookup_key(text) for text in texts]
