-- name: page_versions
-- Earlier versions of a connection's records in the order of their key, each with what is current of its record.
SELECT v.resource, v.remote_id, v.version, v.superseded_at, s.current, s.is_gone
FROM mirror.versions v
CROSS JOIN LATERAL (
    SELECT version AS current, state = 'gone' AS is_gone FROM mirror.snapshots
    WHERE organisation_id = %(organisation_id)s AND connection_id = %(connection_id)s AND resource = v.resource
      AND remote_id = v.remote_id
    LIMIT 1) AS s
WHERE v.organisation_id = %(organisation_id)s AND v.connection_id = %(connection_id)s
  AND (v.resource, v.remote_id, v.version) > (%(resource)s, %(remote_id)s, %(version)s)
ORDER BY v.resource, v.remote_id, v.version LIMIT %(limit)s;

-- name: delete_versions
-- Deletes earlier versions, each looked up by its key, whatever the planner believes of the table; none is ever updated,
-- so each stays where it was found.
DELETE FROM mirror.versions WHERE ctid = ANY(ARRAY(
    SELECT v.ctid
    FROM unnest(%(resources)b::text[], %(ids)b::text[], %(versions)b::int4[]) AS k(resource, remote_id, version)
    CROSS JOIN LATERAL (
        SELECT ctid FROM mirror.versions
        WHERE organisation_id = %(organisation_id)s AND connection_id = %(connection_id)s AND resource = k.resource
          AND remote_id = k.remote_id AND version = k.version
        LIMIT 1) AS v));

-- name: count_settled
-- How many deliveries of the organisation were settled before a moment.
SELECT count(*) AS n FROM mirror.inbox
WHERE organisation_id = %(organisation_id)s AND applied_at < %(before)s AND state <> 'waiting';
