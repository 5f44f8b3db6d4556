"""Write docs/reference/core-tables.md: what stands in core, from the schema's comments and the nouns.

Run it after a change of a migration of core, or of a noun. A test compares.
"""

from __future__ import annotations

import asyncio
import sys
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from storetwin.db import migrate
from storetwin.db.embedded import EmbeddedPostgres
from storetwin.db.session import connect
from storetwin.mapping.models import Field, Match, Noun, Part, Reference
from storetwin.mapping.nouns import NOUNS

TARGET = Path(__file__).parent.parent / "docs" / "reference" / "core-tables.md"
COLUMNS = """
SELECT c.relname AS table, c.relkind = 'v' AS is_view, obj_description(c.oid) AS about, a.attname AS name,
       format_type(a.atttypid, a.atttypmod) AS type, col_description(c.oid, a.attnum) AS comment,
       EXISTS (SELECT FROM pg_index i WHERE i.indrelid = c.oid AND i.indisprimary AND a.attnum = ANY (i.indkey))
           AS is_key
  FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
 WHERE c.relnamespace = 'core'::regnamespace AND c.relkind IN ('r', 'v')
 ORDER BY c.relname, a.attnum
"""
REFERENCES = """
SELECT c.relname AS table, a.attname AS column, t.relname AS target, tn.nspname AS schema
  FROM pg_constraint k
  JOIN pg_class c ON c.oid = k.conrelid
  JOIN pg_class t ON t.oid = k.confrelid
  JOIN pg_namespace tn ON tn.oid = t.relnamespace
  JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = k.conkey[array_upper(k.conkey, 1)]
 WHERE k.contype = 'f' AND k.connamespace = 'core'::regnamespace AND array_length(k.conkey, 1) = 2
 ORDER BY c.relname, a.attname
"""
PICTURES = {
    "What is sold": ("products", "variations", "reviews"),
    "What sorts it": ("categories", "tags", "brands", "attributes", "terms", "shipping_classes"),
    "Who bought what": ("customers", "orders", "refunds", "order_notes", "coupons", "tax_rates"),
}
INTRODUCTION = """# The tables of core

What an organisation holds to be true, in the schema `core`: promoted from its stores, or changed by a person.
This page is written by `tools/document_core.py` from the comments in the database and from the declarations in
`src/storetwin/mapping/nouns/`.

- Every table has `organisation_id`, and row-level security shows an organisation its own rows only.
- Amounts are `numeric`, exact to the digit that the store wrote, in the currency of their row or of their order. Times
  are UTC.
- A reference stands twice: `product_id` names the record in core and is empty until core has it, `remote_product_id` is
  the store's own name of it.
- `extra` has what a store said beyond the columns, by dotted path; `meta` its custom fields; `custom` what an import
  mapping made. Together with the columns that is all that a store said, but for what each table lists as not kept.
- Texts that records are looked up by stand a second time in a column that ends in `_key` or `_lower`: at most 200
  characters, the letters A to Z in small.
- *Personal*: the column speaks about a person.
"""


@dataclass
class Column:
    """A column as the database describes it."""

    name: str
    type: str
    comment: str
    is_key: bool


@dataclass
class Table:
    """A table or view as the database describes it."""

    name: str
    about: str
    is_view: bool
    columns: list[Column] = field(default_factory=list)
    targets: dict[str, str] = field(default_factory=dict)


async def described(dsn: str) -> dict[str, Table]:
    """Return every table and view of core."""
    tables: dict[str, Table] = {}
    async with await connect(dsn) as connection:
        for row in await (await connection.execute(COLUMNS)).fetchall():
            new = Table(row["table"], row["about"] or "", row["is_view"])
            table = tables.setdefault(row["table"], new)
            kind = row["type"].replace("timestamp with time zone", "timestamptz")
            table.columns.append(Column(row["name"], kind, row["comment"] or "", row["is_key"]))
        for row in await (await connection.execute(REFERENCES)).fetchall():
            schema = "" if row["schema"] == "core" else f"{row['schema']}."
            tables[row["table"]].targets[row["column"]] = f"{schema}{row['target']}"
    return tables


def rendered(tables: dict[str, Table]) -> str:
    """Return the page."""
    return "\n".join(_page(tables)).rstrip() + "\n"


def _page(tables: dict[str, Table]) -> Iterator[str]:
    yield INTRODUCTION
    yield "## How they belong together\n"
    for title, nouns in PICTURES.items():
        yield from _picture(title, nouns, tables)
    rest = tables.keys() - {
        name for noun in NOUNS.values() for name in (noun.name, *(p.table for p in noun.parts))
    }
    for noun in NOUNS.values():
        yield f"## {noun.name}\n"
        yield from _noun(noun, tables)
        for name in dict.fromkeys(part.table for part in noun.parts):
            yield from _part(noun, [p for p in noun.parts if p.table == name], tables[name])
    yield "## Where it came from, and what follows from it\n"
    for name in sorted(name for name in rest if not tables[name].is_view):
        yield from _table(tables[name], {}, f"### {name}\n")
    yield "## Views\n"
    for name in sorted(name for name in rest if tables[name].is_view):
        yield from _table(tables[name], {}, f"### {name}\n")


def _picture(title: str, nouns: Iterable[str], tables: dict[str, Table]) -> Iterator[str]:
    """Draw how tables refer to each other: those of some nouns and of their parts."""
    shown = [name for noun in nouns for name in (noun, *(p.table for p in NOUNS[noun].parts))]
    yield f"**{title}**\n\n```mermaid\nerDiagram"
    for name in dict.fromkeys(shown):
        for column, target in tables[name].targets.items():
            if "." not in target:
                is_part = any(one.is_key for one in tables[name].columns if one.name == column)
                link = "||--o{" if is_part else "|o--o{"
                yield f'    {target} {link} {name} : "{column.removesuffix("_id")}"'
    yield "```\n"


def _noun(noun: Noun, tables: dict[str, Table]) -> Iterator[str]:
    made = (
        f"Made of the store's `{noun.resource}`."
        if noun.resource
        else "Made of all resources that have no table of their own."
    )
    if noun.is_shared:
        how = {
            Match.SKU: "the same SKU",
            Match.EMAIL: "the same e-mail",
            Match.SLUG_PATH: "the same slugs from the root of the tree",
            Match.SLUG: "the same slug",
        }[noun.match]
        made += f" Records of several stores are one where they have {how}."
    else:
        made += " Each belongs to one store."
    yield from _table(tables[noun.name], _origins(noun.fields, noun.references), "", made)
    if noun.levels:
        sources = ", ".join(f"`{one.source}`" for one in noun.levels)
        yield f"What each store says of its stock ({sources}) stands in [inventory_levels](#inventory_levels).\n"
    yield from _not_kept(noun)


def _part(noun: Noun, parts: list[Part], table: Table) -> Iterator[str]:
    origins: dict[str, str] = {}
    for part in parts:
        inside = f"{part.source}." if part.is_object else f"{part.source}.*."
        for name, origin in _origins(part.fields, part.references, inside).items():
            origins[name] = f"{origins[name]}<br>{origin}" if name in origins else origin
    yield from _table(table, origins, f"### {table.name}\n", f"Below [{noun.name}](#{noun.name}).")
    for part in parts[:1]:
        yield from _not_kept(part)


def _origins(
    fields: Iterable[Field], references: Iterable[Reference], inside: str = ""
) -> dict[str, str]:
    origins: dict[str, str] = {}
    for one in fields:
        if one.source is not None:
            path = f"{inside}{one.source}".removesuffix(".") or "the whole record"
            origins[one.name] = f"`{path}`" + (" *personal*" if one.is_personal else "")
        elif one.site is not None:
            origins[one.name] = "the store's settings"
    for reference in references:
        path = f"{inside}{reference.source}".removesuffix(".")
        below = ", or what it was found below" if reference.is_container else ""
        origins[reference.remote] = f"`{path}`{below}"
    return origins


def _table(table: Table, origins: dict[str, str], title: str, made: str = "") -> Iterator[str]:
    if title:
        yield title
    yield f"{table.about} {made}".strip() + "\n"
    yield "| column | type | means | from |\n|---|---|---|---|"
    for column in table.columns:
        if column.name != "organisation_id":
            name = f"**{column.name}**" if column.is_key else column.name
            means = column.comment
            if not means and column.name in table.targets:
                target = table.targets[column.name]
                means = f"The record of {target} that it belongs to."
            yield f"| {name} | {column.type} | {_cell(means)} | {origins.get(column.name, '')} |"
    yield ""


def _not_kept(owner: Noun | Part) -> Iterator[str]:
    if owner.ignored:
        reasons: dict[str, list[str]] = {}
        for path, reason in owner.ignored.items():
            reasons.setdefault(reason, []).append(f"`{path}`")
        listed = "; ".join(f"{', '.join(paths)} ({reason})" for reason, paths in reasons.items())
        yield f"Not kept: {listed}.\n"


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


async def _fresh(data_dir: Path, bin_dir: Path | None) -> dict[str, Table]:
    server = EmbeddedPostgres(data_dir, bin_dir)
    try:
        dsn = await server.start()
        await migrate.upgrade(dsn)
        return await described(dsn)
    finally:
        await server.stop()


def main() -> None:
    bin_dir = Path(sys.argv[1]) if len(sys.argv) > 1 else None
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o711)
        text = rendered(asyncio.run(_fresh(Path(folder) / "data", bin_dir)))
    is_new = not TARGET.exists() or text != TARGET.read_text(encoding="utf-8")
    TARGET.write_text(text, encoding="utf-8")
    print(f"{TARGET.name} {'written' if is_new else 'is as it was'}")


if __name__ == "__main__":
    main()
