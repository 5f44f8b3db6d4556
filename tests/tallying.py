"""Whether the tallies are what a full count of the records comes to."""

from __future__ import annotations

from uuid import UUID

from storetwin.db.database import Database

_KEY = "connection_id::text, resource, day::text, status, currency"
_SUMS = "sum(records)::bigint AS records, sum(total_minor)::text AS total, sum(refunded_minor)::text AS refunded"
_COUNTED = """
SELECT connection_id::text, resource, day::text, status, currency, count(*) AS records,
       COALESCE(sum(total_minor), 0)::text AS total, COALESCE(sum(refunded_minor), 0)::text AS refunded
FROM (SELECT *, COALESCE((created_at AT TIME ZONE 'UTC')::date, '-infinity') AS day FROM (
    SELECT connection_id, resource, created_at, COALESCE(status, '') AS status, COALESCE(currency, '') AS currency,
           total_minor, refunded_minor
    FROM mirror.snapshots WHERE state <> 'gone') AS s) AS r
GROUP BY 1, 2, 3, 4, 5
"""
_BY_DAY = f"""
SELECT {_KEY}, {_SUMS} FROM (
    SELECT connection_id, resource, day, status, currency, records, total_minor, refunded_minor FROM mirror.daily_tallies
    UNION ALL
    SELECT connection_id, resource, day, status, currency, records, total_minor, refunded_minor FROM mirror.tally_changes
) AS t GROUP BY 1, 2, 3, 4, 5
HAVING sum(records) <> 0 OR sum(total_minor) <> 0 OR sum(refunded_minor) <> 0
"""
_WHOLE = f"""
SELECT connection_id::text, resource, status, currency, {_SUMS} FROM (
    SELECT connection_id, resource, status, currency, records, total_minor, refunded_minor FROM mirror.tallies
    UNION ALL
    SELECT connection_id, resource, status, currency, records, total_minor, refunded_minor FROM mirror.tally_changes
) AS t GROUP BY 1, 2, 3, 4
HAVING sum(records) <> 0 OR sum(total_minor) <> 0 OR sum(refunded_minor) <> 0
"""
_SUMMED = f"""
SELECT connection_id, resource, status, currency, sum(records)::bigint AS records, sum(total::numeric)::text AS total,
       sum(refunded::numeric)::text AS refunded
FROM ({_COUNTED}) AS c GROUP BY 1, 2, 3, 4
"""


_DIFFERENCES = f"""
WITH counted AS ({_COUNTED}), by_day AS ({_BY_DAY}), summed AS ({_SUMMED}), whole AS ({_WHOLE})
SELECT 'counted, not in the days' AS what, to_jsonb(d)::text AS row FROM (TABLE counted EXCEPT TABLE by_day) AS d
UNION ALL SELECT 'in the days, not counted', to_jsonb(d)::text FROM (TABLE by_day EXCEPT TABLE counted) AS d
UNION ALL SELECT 'counted, not in the whole', to_jsonb(d)::text FROM (TABLE summed EXCEPT TABLE whole) AS d
UNION ALL SELECT 'in the whole, not counted', to_jsonb(d)::text FROM (TABLE whole EXCEPT TABLE summed) AS d
UNION ALL SELECT 'records', COALESCE(sum(records), 0)::text FROM counted
"""


async def check_tallies(database: Database, organisation_id: UUID) -> int:
    """Fail unless both tallies are what a full count comes to; returns how many records there are."""
    async with database.transaction(organisation_id) as tx:
        *differences, records = await tx.fetch_all(_DIFFERENCES)
    assert differences == []
    return int(records["row"])
