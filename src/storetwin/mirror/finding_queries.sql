-- name: page_records
-- Records of a resource without their documents; conditions, order and position stand for the mark.
SELECT remote_id, parent_id, state, version, status, brought_by, modified_at, created_at, read_at, changed_at,
       encode(content_hash, 'hex') AS content_hash,
       pg_column_size(payload) AS payload_size, pg_column_size(raw) AS raw_size
FROM mirror.snapshots
WHERE organisation_id = %(organisation_id)s AND connection_id = %(connection_id)s AND resource = %(resource)s
  /* conditions */
LIMIT %(limit)s;

-- name: search_records
-- The ids of records that a text occurs in, behind an id, ascending.
SELECT remote_id FROM mirror.search_snapshots(%(connection_id)s, %(resource)s, %(text)s, %(after)s, %(limit)s)
  AS found(remote_id);

-- name: read_records
-- Some records with their exact texts.
SELECT remote_id, parent_id, state, version, status, brought_by, modified_at, created_at, read_at, changed_at,
       encode(content_hash, 'hex') AS content_hash,
       pg_column_size(payload) AS payload_size, pg_column_size(raw) AS raw_size, payload::text AS payload, raw
FROM mirror.snapshots
WHERE organisation_id = %(organisation_id)s AND connection_id = %(connection_id)s AND resource = %(resource)s
  AND remote_id = ANY(%(ids)s::text[]);

-- name: count_present_of
-- How many records of a connection are not gone, by resource: from the tallies, not from the records.
SELECT resource, sum(records)::bigint AS n
FROM (
    SELECT resource, records FROM mirror.tallies
    WHERE organisation_id = %(organisation_id)s AND connection_id = %(connection_id)s
    UNION ALL
    SELECT resource, records FROM mirror.tally_changes
    WHERE organisation_id = %(organisation_id)s AND connection_id = %(connection_id)s
) AS t
GROUP BY resource HAVING sum(records) <> 0;

-- name: count_unlike_listed
-- Counts the records of a connection that no list shows whole: few, and in an index of their own.
SELECT resource, state, count(*) AS n FROM mirror.snapshots
WHERE organisation_id = %(organisation_id)s AND connection_id = %(connection_id)s AND state <> 'listed'
GROUP BY resource, state;

-- name: last_changes_of
-- When a record of each resource was last written.
SELECT r.resource, last.changed_at
FROM unnest(%(resources)b::text[]) AS r(resource)
CROSS JOIN LATERAL (
    SELECT changed_at FROM mirror.snapshots
    WHERE organisation_id = %(organisation_id)s AND connection_id = %(connection_id)s AND resource = r.resource
      AND changed_at > '-infinity'
    ORDER BY changed_at DESC LIMIT 1) AS last;

-- name: page_changes
-- The versions that were written in a span, of some connections, the latest first, each with the state of the
-- version before it where that one is kept.
SELECT e.*, b.state AS state_before
FROM (
    SELECT found.*
    FROM unnest(%(connections)b::uuid[]) AS chosen(id)
    CROSS JOIN LATERAL (
        (SELECT connection_id, resource, remote_id, version, state, brought_by, modified_at, written_at
         FROM mirror.versions
         WHERE organisation_id = %(organisation_id)s AND connection_id = chosen.id /* conditions */
           AND written_at >= %(since)s AND written_at <= %(at)s
           AND (written_at, connection_id, resource, remote_id, version)
             < (%(at)s, %(last_connection)s, %(last_resource)s, %(last_id)s, %(last_version)s)
         ORDER BY written_at DESC, resource DESC, remote_id DESC, version DESC LIMIT %(limit)s)
        UNION ALL
        (SELECT connection_id, resource, remote_id, version, state, brought_by, modified_at, changed_at
         FROM mirror.snapshots
         WHERE organisation_id = %(organisation_id)s AND connection_id = chosen.id /* conditions */
           AND changed_at >= %(since)s AND changed_at <= %(at)s
           AND (changed_at, connection_id, resource, remote_id, version)
             < (%(at)s, %(last_connection)s, %(last_resource)s, %(last_id)s, %(last_version)s)
         ORDER BY changed_at DESC, resource DESC, remote_id DESC, version DESC LIMIT %(limit)s)
    ) AS found
    ORDER BY written_at DESC, connection_id DESC, resource DESC, remote_id DESC, version DESC
    LIMIT %(limit)s) AS e
LEFT JOIN LATERAL (
    SELECT state FROM mirror.versions
    WHERE organisation_id = %(organisation_id)s AND connection_id = e.connection_id AND resource = e.resource
      AND remote_id = e.remote_id AND version = e.version - 1
    LIMIT 1) AS b ON true
ORDER BY e.written_at DESC, e.connection_id DESC, e.resource DESC, e.remote_id DESC, e.version DESC;
