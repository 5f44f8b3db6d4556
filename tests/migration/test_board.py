"""Records that were there before the order board have what it shows, as if they were written today."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from storetwin.db.database import Database
from storetwin.db.migrate import known_migrations, upgrade
from storetwin.db.session import connect
from storetwin.kernel.json_text import storable
from storetwin.resources import named
from storetwin.sandboxes.woocommerce import running_store
from storetwin.woocommerce.columns import Extracted
from storetwin.woocommerce.records import read_record
from tallying import check_tallies

BOARD = 10  # the migration
TWO = [UUID(int=1), UUID(int=2)]
ODD: Sequence[tuple[str, dict[str, Any]]] = (
    ("orders", {"number": "WC-9a-0010", "currency": "JPY", "total": "499.5", "billing": []}),
    ("orders", {"number": 77, "currency": "KWD", "total": 5.125, "refunds": [{"total": "-1.1235"}]}),
    ("orders", {"total": "abc", "currency": "USD", "refunds": [{"total": "-1.00"}]}),
    ("orders", {"total": "1" * 40, "currency": "x" * 300, "billing": {"first_name": ["x"]}}),
    ("orders", {"total": "-0.005", "currency": "EUR", "line_items": [{"quantity": "x"}, 7, {}]}),
    ("orders", {"total": "-0.005", "currency": "EUR", "line_items": [{"quantity": "3"}, {"quantity": 4}]}),
    ("orders", {"total": None, "currency": None, "line_items": None, "refunds": {"0": {}}}),
    ("orders", {"number": "", "total": "", "billing": {"first_name": " ", "last_name": "B\u0000."}}),
    ("orders", {"number": "N" * 500, "total": "999999999999999.99", "currency": "USD"}),
    ("products", {"name": "Hoodie \u2013 <b>", "sku": ""}),
    ("products", {"name": "", "sku": "H" * 300}),
    ("products", {"name": 7, "sku": 12}),
    ("customers", {"first_name": "", "last_name": "Bartok"}),
    ("customers", {"first_name": None, "last_name": {"a": 1}}),
    ("coupons", {"code": "10% & off"}),
    ("tags", {"name": "new"}),
    ("reviews", {"reviewer": "R"}),
)  # fmt: skip
INSERT = """
INSERT INTO mirror.snapshots (organisation_id, connection_id, resource, remote_id, state, version, content_hash, read_at,
                              changed_at, status, created_at, payload, raw, clean)
VALUES (%(own)s, %(own)s, %(resource)s, %(remote_id)s, %(state)s, 1, 'x', now(), now(), %(status)s, %(created_at)s,
        %(payload)s, %(raw)s, %(clean)s)
"""
PREPARE = """
INSERT INTO tenancy.organisations VALUES (%(own)s, 'one', now());
INSERT INTO connections.connections (id, organisation_id, name, platform, url, auth, sealed_credentials, created_at)
VALUES (%(own)s, %(own)s, 'shop', 'woocommerce', 'https://shop.example', 'basic', '', now())
"""
Documents = dict[tuple[str, str], bytes]


def documents() -> Documents:
    """Return what a store has, and what a store may have."""
    with running_store(orders=25) as store:
        found = {
            (resource, str(number)): store.store.document(resource, number) or b""
            for resource in ("orders", "products", "customers", "coupons", "categories", "refunds")
            for number in store.store.ids(resource)
        }
    odd = {
        (resource, str(10_000 + n)): json.dumps({"id": 10_000 + n} | more).encode()
        for n, (resource, more) in enumerate(ODD)
    }
    return (
        found | odd | {("orders", "20001"): b'{"id":20001,"total":1e400,"number":"\xff","x":NaN}'}
    )


async def fill(dsn: str, own: UUID, found: Documents) -> None:
    async with await connect(dsn) as connection:
        await connection.execute("SET ROLE storetwin_app")
        await connection.execute("SELECT set_config('app.organisation_id', %s, false)", (str(own),))
        for statement in PREPARE.split(";"):
            await connection.execute(statement.encode(), {"own": own})
        for place, ((resource, remote_id), document) in enumerate(found.items()):
            kept = storable(document)
            record = read_record(named(resource), document)
            row = {
                "own": own, "resource": resource, "remote_id": remote_id, "status": record.status,
                "created_at": record.created_at, "raw": kept.raw,
                "state": "gone" if place % 50 == 7 else "listed",
                "payload": kept.payload and kept.payload.decode(), "clean": kept.clean and kept.clean.decode(),
            }  # fmt: skip
            await connection.execute(INSERT, row)


async def test_what_is_there_gets_its_columns_and_its_tallies(empty_dsn: str) -> None:
    known = known_migrations()
    await upgrade(empty_dsn, [m for m in known if m.version < BOARD])
    found = documents()
    for own in TWO:
        await fill(empty_dsn, own, found)
    await upgrade(empty_dsn, known)
    database = await Database.open(empty_dsn, pool_size=1)
    try:
        for own in TWO:
            assert await check_tallies(database, own) == len(found) - len(range(7, len(found), 50))
            async with database.transaction(own) as tx:
                rows = await tx.fetch_all(
                    f"SELECT resource, remote_id, {', '.join(Extracted._fields)} FROM mirror.snapshots"
                )
            assert len(rows) == len(found)
            for row in rows:
                key = (row.pop("resource"), row.pop("remote_id"))
                expected = read_record(named(key[0]), found[key]).extracted
                assert readable(row) == readable(expected._asdict()), key
    finally:
        await database.close()


def readable(row: dict[str, Any]) -> dict[str, Any]:
    """A NUL and half a character are left out or replaced; which, makes no difference here."""
    marks = dict.fromkeys(map(ord, "\ufffd?\x00"))
    return {k: v.translate(marks) if isinstance(v, str) else v for k, v in row.items()}
