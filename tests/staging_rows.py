"""Records of a twin made by plain statements, as the mirror writes them, and whether staging's counts are true."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from storetwin.db.database import Database, Transaction

_ADD = """
INSERT INTO mirror.snapshots (organisation_id, connection_id, resource, remote_id, remote_number, state, version,
                              content_hash, modified_at, created_at, read_at, changed_at, status, name, sku, number_key,
                              search_text, payload)
SELECT %(organisation_id)s, %(connection_id)s, %(resource)s, n::text, n, 'listed', 1, decode(md5(n::text), 'hex'),
       timestamptz '2026-01-01' + n * interval '1 minute', timestamptz '2026-01-01', now(), now(),
       (ARRAY['publish', 'draft'])[1 + n %% 2], 'Thing ' || n, 'SKU-' || n,
       lpad(length(n::text)::text, 2, '0') || n, 'thing ' || n || ' sku-' || n,
       json_build_object('id', n, 'name', 'Thing ' || n)
FROM unnest(%(ids)s::int[]) AS n
"""
_CHANGE = """
UPDATE mirror.snapshots SET version = version + 1, content_hash = decode(md5(version::text || remote_id), 'hex'),
    modified_at = modified_at + interval '1 hour', name = name || '!'
WHERE connection_id = %(connection_id)s AND resource = %(resource)s AND remote_id = ANY(%(ids)s::text[])
  AND state <> 'gone'
"""
_BURY = """
UPDATE mirror.snapshots SET version = version + 1, state = 'gone'
WHERE connection_id = %(connection_id)s AND resource = %(resource)s AND remote_id = ANY(%(ids)s::text[])
  AND state <> 'gone'
"""
_RESTATE = """
UPDATE mirror.snapshots SET state = 'listed'
WHERE connection_id = %(connection_id)s AND resource = %(resource)s AND remote_id = ANY(%(ids)s::text[])
"""
_FORGET = "DELETE FROM mirror.snapshots WHERE connection_id = %(connection_id)s AND resource = %(resource)s"
_COUNTS = """
WITH kept AS (
    SELECT connection_id::text, resource, state, status, sum(records)::bigint AS n, sum(selected)::bigint AS selected FROM (
        SELECT connection_id, resource, state, status, records, selected FROM staging.counts
        UNION ALL
        SELECT connection_id, resource, state, status, records, selected FROM staging.count_changes) AS c
    GROUP BY 1, 2, 3, 4 HAVING sum(records) <> 0 OR sum(selected) <> 0),
counted AS (
    SELECT r.connection_id::text, r.resource, r.state, r.status, count(*) AS n, count(s.remote_id) AS selected
    FROM staging.records r LEFT JOIN staging.selections s USING (organisation_id, connection_id, resource, remote_id)
    GROUP BY 1, 2, 3, 4)
SELECT 'kept, not counted' AS what, to_jsonb(d)::text AS row FROM (TABLE kept EXCEPT TABLE counted) AS d
UNION ALL SELECT 'counted, not kept', to_jsonb(d)::text FROM (TABLE counted EXCEPT TABLE kept) AS d
UNION ALL SELECT 'chosen otherwise than it is', to_jsonb(s)::text
FROM staging.selections s LEFT JOIN staging.records r USING (organisation_id, connection_id, resource, remote_id)
WHERE (s.state, s.status, s.modified_at, s.is_gone) IS DISTINCT FROM (r.state, r.status, r.modified_at, r.is_gone)
"""


class Mirror:
    """Writes records of one resource as the mirror does."""

    def __init__(
        self, organisation_id: UUID, connection_id: UUID, resource: str = "products"
    ) -> None:
        self.own = {
            "organisation_id": organisation_id,
            "connection_id": connection_id,
            "resource": resource,
        }

    async def add(self, tx: Transaction, ids: Sequence[int]) -> None:
        await tx.execute(_ADD, self.own | {"ids": list(ids)})

    async def change(self, tx: Transaction, ids: Sequence[int]) -> None:
        await tx.execute(_CHANGE, self.own | {"ids": [str(n) for n in ids]})

    async def bury(self, tx: Transaction, ids: Sequence[int]) -> None:
        await tx.execute(_BURY, self.own | {"ids": [str(n) for n in ids]})

    async def restate(self, tx: Transaction, ids: Sequence[int]) -> None:
        await tx.execute(_RESTATE, self.own | {"ids": [str(n) for n in ids]})

    async def forget(self, tx: Transaction) -> None:
        await tx.execute(_FORGET, self.own)


async def check_counts(database: Database, organisation_id: UUID) -> None:
    """Fail unless the counts of staging are what a full count comes to."""
    async with database.transaction(organisation_id) as tx:
        assert await tx.fetch_all(_COUNTS) == []
