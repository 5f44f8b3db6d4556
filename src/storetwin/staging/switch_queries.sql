-- name: make_one_stale
-- Lets one linked record be compared again: a worker that sees it marks the others. Materialized, for a plan may ask the
-- inner question once for each row, and each time it would find another one.
WITH one AS MATERIALIZED (
    SELECT resource, remote_id FROM staging.records
    WHERE organisation_id = %(organisation_id)s AND connection_id = %(connection_id)s AND core_id IS NOT NULL AND NOT is_gone
      AND state IN ('in_sync', 'updated')
    LIMIT 1 FOR UPDATE SKIP LOCKED)
UPDATE staging.records r SET state = 'stale'
FROM one
WHERE r.organisation_id = %(organisation_id)s AND r.connection_id = %(connection_id)s AND r.resource = one.resource
  AND r.remote_id = one.remote_id;
