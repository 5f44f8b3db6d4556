"""Rows of tables that no verb has filled: whatever a migration adds, an organisation has one of it.

What a column takes is read from the schema: its type, its foreign keys, its CHECK constraints.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID, uuid4

import psycopg
from psycopg import Connection, sql
from psycopg.conninfo import make_conninfo
from psycopg.rows import dict_row
from psycopg.types.string import TextLoader

Table = tuple[str, str]
Row = dict[str, Any]

TABLES = """
SELECT n.nspname AS schema, c.relname AS name,
       (SELECT p.polname FROM pg_policy p WHERE p.polrelid = c.oid AND p.polname ^@ 'own_'
           AND p.polcmd = '*') AS policy,
       EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = c.oid AND NOT a.attisdropped
                  AND a.attname = 'organisation_id') AS has_organisation
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
 WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition AND n.nspname <> 'jobs'
   AND n.nspowner = 'storetwin_owner'::regrole ORDER BY 1, 2
"""
COLUMNS = """
SELECT attname AS name, format_type(atttypid, NULL) AS type,
       attnotnull AND NOT atthasdef AND attidentity = '' AND attgenerated = '' AS is_needed
  FROM pg_attribute WHERE attrelid = %s::regclass AND attnum > 0 AND NOT attisdropped
   AND attidentity = '' AND attgenerated = ''
"""
CHECKS = """
SELECT pg_get_constraintdef(oid) AS rule FROM pg_constraint
 WHERE contype = 'c' AND conrelid = %s::regclass
"""
FOREIGN = """
SELECT k.confrelid::regclass::text AS target,
       ARRAY(SELECT attname::text FROM unnest(k.conkey) WITH ORDINALITY u(n, i)
               JOIN pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = u.n ORDER BY i) AS here,
       ARRAY(SELECT attname::text FROM unnest(k.confkey) WITH ORDINALITY u(n, i)
               JOIN pg_attribute a ON a.attrelid = k.confrelid AND a.attnum = u.n ORDER BY i) AS there
  FROM pg_constraint k WHERE k.contype = 'f' AND k.conrelid = %s::regclass
"""
KEYS = """
SELECT n.nspname AS schema, c.relname AS table, a.attname AS column
  FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid JOIN pg_namespace n ON n.oid = c.relnamespace
  JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = ANY (i.indkey)
 WHERE i.indisprimary AND n.nspowner = 'storetwin_owner'::regrole AND n.nspname <> 'jobs'
"""
_CHOICE = re.compile(r"\(*(\w+) = ANY \(ARRAY\['([^']*)'")
_ONLY = re.compile(r"\(*(\w+) = '([^']*)'::text")
_BY_NAME = {
    "resource": "orders",
    "remote_id": "1",
    "parent_id": "1",
    "number": 735_741,
    "state": "listed",
}
LATER = "2100-01-01T00:00:00Z"
_OF_TYPE: dict[str, Any] = {
    "boolean": True,
    "integer": 1,
    "bigint": 1,
    "smallint": 1,
    "numeric": 1,
    "double precision": 1.0,
    "json": "{}",
    "jsonb": "{}",
    "text[]": ["read"],
    "date": "2026-01-02",
    "interval": "1 hour",
    "timestamp with time zone": "2026-01-02T03:04:05Z",
}


def as_superuser(admin_dsn: str, database: str) -> Connection[Row]:
    """Return a connection that sees every row of a database."""
    dsn = make_conninfo(admin_dsn, dbname=database)
    connection = psycopg.connect(dsn, row_factory=dict_row, autocommit=True)
    for name in ("date", "timestamptz"):  # they may be infinite
        connection.adapters.register_loader(name, TextLoader)
    return connection


def tables_of(admin: Connection[Row]) -> list[Row]:
    """Return every table of ours, but those of the queue."""
    return admin.execute(TABLES).fetchall()


def whose(table: Row) -> str | None:
    """Return the column by which the policy of a table tells whose a row is."""
    if table["policy"] == "own_organisation":
        return "organisation_id" if table["has_organisation"] else "id"
    return "user_id" if table["policy"] == "own_user" else None


@dataclass(slots=True)
class Filler:
    """Puts a row of an organisation into each table that has none of it.

    Args:
        user_id: a member of the organisation.
        marker: stands in every text.
    """

    admin: Connection[Row]
    organisation_id: UUID
    user_id: UUID
    marker: str
    made: list[Table] = field(default_factory=list)

    def fill(self) -> None:
        """Fill them all; what a foreign key leads to is filled first."""
        for table in self._owners():
            self._ensure(table)

    def _owners(self) -> dict[Table, str]:
        """Return the tables whose rows are somebody's, and the column that says whose."""
        tables = tables_of(self.admin)
        found = {(table["schema"], table["name"]): whose(table) for table in tables}
        return {name: column for name, column in found.items() if column is not None}

    def row_of(self, table: Table) -> Row | None:
        """Return one row of the organisation, or of its member."""
        column = self._owners().get(table)
        if column is None:
            return None
        query = sql.SQL("SELECT * FROM {} WHERE {} = %s LIMIT 1").format(
            sql.Identifier(*table), sql.Identifier(column)
        )
        return self.admin.execute(query, (self._owner(column),)).fetchone()

    def _columns(self, table: Table) -> list[Row]:
        return self.admin.execute(COLUMNS, (".".join(table),)).fetchall()

    def _ensure(self, table: Table) -> Row:
        if found := self.row_of(table):
            return found
        column = self._owners()[table]
        values = self._values(table) | {column: self._owner(column)}
        name = sql.Identifier(*table)
        query = sql.SQL("INSERT INTO {} ({}) VALUES ({})").format(
            name,
            sql.SQL(", ").join(map(sql.Identifier, values)),
            sql.SQL(", ").join(sql.Placeholder() * len(values)),
        )
        self.admin.execute(query, list(values.values()))
        self.made.append(table)
        made = self.row_of(table)
        assert made is not None, table
        return made

    def _owner(self, column: str) -> UUID:
        return self.user_id if column == "user_id" else self.organisation_id

    def _values(self, table: Table) -> Row:
        name = ".".join(table)
        rules = [row["rule"] for row in self.admin.execute(CHECKS, (name,)).fetchall()]
        chosen = dict(m for rule in rules for m in (*_CHOICE.findall(rule), *_ONLY.findall(rule)))
        columns = self._columns(table)
        wanted = {c["name"]: self._value(c) for c in columns if _is_wanted(c)}
        values = wanted | {n: v for n, v in chosen.items() if n in wanted}
        for key in self.admin.execute(FOREIGN, (name,)).fetchall():
            schema, _, target = key["target"].partition(".")
            if {"organisation_id", "user_id"} >= set(key["here"]):
                values |= {n: self._owner(n) for n in key["here"] if n in values}
                continue
            if not values.keys() & (set(key["here"]) - {"organisation_id", "user_id"}):
                continue  # nothing needs to point there: a category's parent, itself a category
            there = self._ensure((schema, target))
            for here, column in zip(key["here"], key["there"], strict=True):
                if here in values:
                    values[here] = there[column]
        if "user_id" in values:
            values["user_id"] = self.user_id
        if "organisation_id" in values:
            values["organisation_id"] = self.organisation_id
        return values

    def _value(self, column: Row) -> Any:
        kind = column["type"]
        if column["name"] in _BY_NAME:
            return _BY_NAME[column["name"]]
        if "expires" in column["name"] or "next" in column["name"]:
            return LATER
        if kind == "uuid":
            return uuid4()
        if kind == "bytea":
            return uuid4().bytes + self.marker.encode()
        return _OF_TYPE.get(kind, f"{self.marker} {uuid4().hex[:8]}")


def _is_wanted(column: Row) -> bool:
    """Say whether a column is filled: whatever has to be, and every text, so that it is marked."""
    return bool(column["is_needed"]) or column["type"] == "text"


# -- what stands in the database ----------------------------------------------------------------

# What is written whoever asks, and whatever he is answered.
NOTED = {("tenancy", "audit"), ("tenancy", "answers"), ("tenancy", "refusals")}
_CONTENT = """
SELECT count(*) AS n, md5(coalesce(string_agg(h, '' ORDER BY h), '')) AS digest
  FROM (SELECT md5({columns}::text) AS h FROM {table} t WHERE {condition}) rows
"""


def state_of(
    admin_dsn: str, database: str, organisation_id: UUID | None = None
) -> dict[str, tuple[int, str]]:
    """Return rows and a digest of every table, of one organisation and its people or of all.

    When a key or a session was used last is left out, and so is what says who asked.
    """
    found = {}
    with as_superuser(admin_dsn, database) as admin:
        for table in tables_of(admin):
            name = (table["schema"], table["name"])
            column = whose(table)
            if name in NOTED or (organisation_id and column is None):
                continue
            columns = [c["name"] for c in admin.execute(COLUMNS, (".".join(name),)).fetchall()]
            kept = [sql.Identifier("t", c) for c in columns if c != "last_used_at"]
            query = sql.SQL(_CONTENT).format(
                columns=sql.SQL("ROW({})").format(sql.SQL(", ").join(kept)),
                table=sql.Identifier(*name),
                condition=_condition(column, organisation_id),
            )
            row = admin.execute(query).fetchone()
            assert row is not None
            found[".".join(name)] = (row["n"], row["digest"])
        if organisation_id is None:
            jobs = admin.execute("SELECT count(*) AS n FROM jobs.procrastinate_jobs").fetchone()
            found["jobs"] = (jobs["n"] if jobs else 0, "")
    return found


def _condition(column: str | None, organisation_id: UUID | None) -> sql.Composable:
    if column is None or organisation_id is None:
        return sql.SQL("true")
    if column == "user_id":
        return sql.SQL(
            "user_id IN (SELECT user_id FROM tenancy.memberships WHERE organisation_id = {})"
        ).format(organisation_id)
    return sql.SQL("{} = {}").format(sql.Identifier(column), organisation_id)
