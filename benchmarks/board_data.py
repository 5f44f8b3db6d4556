"""Orders by the million for the order board: made by the server itself, in a minute or two.

Two organisations, so that row-level security has something to hide. Statuses as in a shop that
works: what is open is new, what is old is done; some belong to plugins. 2.1 kB an order, so that
its document stands outside of the row as that of a real one does.
"""

from __future__ import annotations

import psycopg

STATUSES = ["pending", "processing", "on-hold", "completed", "cancelled", "refunded", "failed",
            "checkout-draft", "trash", "shipped", "packed", "awaiting-pickup"]  # fmt: skip
YEARS = 5
SHARES = (60, 30, 10)  # percent of the orders, by connection
FIRST_NAMES = ["Ada", "Bela", "Chen", "Dora", "Emil", "Fatima", "Goran", "Hanna", "Ines", "Jonas", "Kofi", "Lea",
               "Milan", "Nora", "Oskar", "Priya"]  # fmt: skip
LAST_NAMES = ["Lovelace", "Bartok", "Wei", "Maar", "Nolde", "Mernissi", "Petrov", "Arendt", "Morais", "Salk", "Annan",
              "Michaux", "Kundera"]  # fmt: skip

_TENANT = """
INSERT INTO tenancy.organisations (id, name, created_at) VALUES (%(organisation)s, %(name)s, now())
ON CONFLICT DO NOTHING
"""
_CONNECTION = """
INSERT INTO connections.connections (id, organisation_id, name, platform, url, auth, sealed_credentials, created_at)
VALUES (%(connection)s, %(organisation)s, %(name)s, 'woocommerce', 'https://' || %(name)s || '.example', 'basic', '', now())
"""
_ORDERS = """
INSERT INTO mirror.snapshots (organisation_id, connection_id, resource, remote_id, remote_number, parent_id, state, version,
                              content_hash, modified_at, created_at, read_at, changed_at, status, email_lower, search_text,
                              number, number_key, name, currency, total_minor, refunded_minor, items, payload)
SELECT %(organisation)s, %(connection)s, 'orders', o.id::text, o.id, '0', CASE WHEN o.dice %% 500 = 7 THEN 'gone' ELSE 'listed' END,
       1, decode(md5(o.id::text), 'hex'), o.created_at + o.dice %% 200 * interval '4 hours', o.created_at, now(), now(), o.status,
       o.email, concat_ws(' ', o.id::text, o.email, lower(o.name)), o.id::text, to_char(length(o.id::text), 'FM00') || o.id,
       o.name, o.currency, o.total, CASE WHEN o.status = 'refunded' THEN o.total ELSE 0 END, 1 + o.dice %% 7,
       json_build_object('id', o.id, 'number', o.id::text, 'status', o.status, 'total', (o.total / 100.0)::numeric(18, 2)::text,
                         'currency', o.currency, 'billing', json_build_object('email', o.email), 'line_items', '[]'::json,
                         'refunds', '[]'::json, 'customer_note', repeat(md5(o.id::text), 62))
FROM (
    SELECT n.id, n.dice, %(now)s - (%(newest)s - n.id) * (interval '1 day' * 365 * %(years)s / %(orders)s) AS created_at,
           (ARRAY['EUR', 'EUR', 'EUR', 'USD'])[1 + n.dice %% 4] AS currency,
           (n.dice * 7919 %% 40000)::bigint + 199 AS total,
           (%(first_names)s::text[])[1 + n.dice %% %(firsts)s] || ' '
               || (%(last_names)s::text[])[1 + (n.dice / 16) %% %(lasts)s] || n.id %% 997 AS name,
           'buyer' || (n.dice * 131 %% 90000) || '@' || (ARRAY['mail', 'post', 'example'])[1 + n.dice %% 3] || '.test' AS email,
           (%(statuses)s::text[])[CASE
               WHEN n.id > %(newest)s - %(orders)s / 200 THEN 1 + n.dice %% 3
               WHEN n.dice %% 1000 < 780 THEN 4
               WHEN n.dice %% 1000 < 860 THEN 5
               WHEN n.dice %% 1000 < 900 THEN 6
               WHEN n.dice %% 1000 < 930 THEN 7
               WHEN n.dice %% 1000 < 945 THEN 8
               WHEN n.dice %% 1000 < 955 THEN 9
               WHEN n.dice %% 1000 < 995 THEN 10
               WHEN n.dice %% 1000 < 999 THEN 11
               ELSE 12 END] AS status
    FROM (SELECT id, abs(hashint8(id)::bigint) AS dice FROM generate_series(%(first)s::bigint, %(last)s::bigint) AS id) AS n) AS o
"""
_LATE = ("mirror.snapshots_by_text", "mirror.snapshots_by_email", "mirror.snapshots_board_total")
"""Indexes whose entries come in no order: made at the end, in a tenth of the time."""


def fill(admin_dsn: str, organisation: str, connections: list[str], orders: int) -> None:
    """Make the orders of one organisation, with its tallies (see migration 0010).

    Args:
        admin_dsn: of the database, as its superuser.
        connections: ids to be made, three or one.
    """
    shares = SHARES if len(connections) == len(SHARES) else (100,)
    with psycopg.connect(admin_dsn) as server:
        server.execute(_TENANT, {"organisation": organisation, "name": organisation})
        definitions = [_drop(server, name) for name in _LATE]
        now = server.execute("SELECT date_trunc('second', now())").fetchone()
        assert now is not None
        for number, (connection, share) in enumerate(zip(connections, shares, strict=True)):
            owned = {"organisation": organisation, "connection": connection}
            server.execute(_CONNECTION, owned | {"name": f"shop-{number}-{organisation[:8]}"})
            first, count = 1_000 + number, orders * share // 100
            for start in range(first, first + count, 50_000):
                chunk = {
                    "first": start, "last": min(start + 50_000, first + count) - 1, "now": now[0],
                }  # fmt: skip
                _insert(server, owned | chunk, first + count - 1, count)
        for definition in definitions:
            server.execute(definition)
        folding = "SELECT mirror.fold_tallies(%s, %s, 1000000)"
        for connection in connections:
            server.execute(folding, (organisation, connection))
    with psycopg.connect(admin_dsn, autocommit=True) as server:
        server.execute(
            "VACUUM (ANALYZE) mirror.snapshots, mirror.tallies, mirror.daily_tallies, mirror.tally_changes"
        )


def _insert(server: psycopg.Connection, chunk: dict[str, object], newest: int, count: int) -> None:
    """Insert some orders: their dates count back from the newest of their connection."""
    made = {
        "statuses": STATUSES, "years": YEARS, "orders": count, "first_names": FIRST_NAMES,
        "last_names": LAST_NAMES, "newest": newest, "firsts": len(FIRST_NAMES), "lasts": len(LAST_NAMES),
    }  # fmt: skip
    server.execute(_ORDERS, chunk | made)


def _drop(server: psycopg.Connection, index: str) -> str:
    """Drop an index; returns the statement that makes it again."""
    row = server.execute("SELECT pg_get_indexdef(%s::regclass)", (index,)).fetchone()
    assert row is not None
    server.execute(f"DROP INDEX {index}".encode())
    return str(row[0])
