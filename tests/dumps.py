"""Everything a database holds, as text: every table of every schema, and what lies in it packed."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import suppress

import zstandard
from psycopg.conninfo import conninfo_to_dict

from rows import as_superuser

_HEX = re.compile(r"\\x((?:[0-9a-f]{2})+)")
_TABLES = """
SELECT c.oid::regclass::text AS name FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
 WHERE c.relkind IN ('r', 'p') AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema' ORDER BY 1
"""
_FEWEST_TABLES = 25


def dumped(admin_dsn: str, dsn: str) -> str:
    """Return every row of every table as a superuser sees it: bytes in hexadecimal and decoded, what
    is packed unpacked."""
    return "\n".join(_parts(admin_dsn, str(conninfo_to_dict(dsn)["dbname"])))


def _parts(admin_dsn: str, database: str) -> Iterator[str]:
    with as_superuser(admin_dsn, database) as admin:
        tables = [row["name"] for row in admin.execute(_TABLES)]
        assert len(tables) > _FEWEST_TABLES
        for table in tables:
            yield table
            for row in admin.execute(f"SELECT t::text AS row FROM {table} t"):
                text = row["row"].replace("\\\\", "\\").replace('""', '"')
                yield text
                for match in _HEX.finditer(text):
                    yield _plain(bytes.fromhex(match[1]))


def _plain(content: bytes) -> str:
    with suppress(zstandard.ZstdError):  # it was not packed
        content = zstandard.ZstdDecompressor().decompress(content)
    return content.decode("utf-8", "replace")
