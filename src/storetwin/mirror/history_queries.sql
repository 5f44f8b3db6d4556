-- name: list_history
-- Every version of one record that is kept, ascending; the last is the current one.
SELECT version AS number, state, brought_by, modified_at, read_at, written_at, superseded_at,
       encode(content_hash, 'hex') AS content_hash
FROM mirror.versions
WHERE organisation_id = %(organisation_id)s AND connection_id = %(connection_id)s AND resource = %(resource)s
  AND remote_id = %(remote_id)s
UNION ALL
SELECT version, state, brought_by, modified_at, read_at, changed_at, NULL, encode(content_hash, 'hex')
FROM mirror.snapshots
WHERE organisation_id = %(organisation_id)s AND connection_id = %(connection_id)s AND resource = %(resource)s
  AND remote_id = %(remote_id)s
ORDER BY 1;

-- name: read_versions
-- Some versions whole, each looked up by its key, be it an earlier one or the current one.
SELECT k.resource, k.remote_id, k.version, COALESCE(v.state, s.state) AS state, v.document_zstd,
       s.payload::text AS payload, s.raw
FROM unnest(%(resources)b::text[], %(ids)b::text[], %(versions)b::int4[]) AS k(resource, remote_id, version)
LEFT JOIN LATERAL (
    SELECT state, document_zstd FROM mirror.versions
    WHERE organisation_id = %(organisation_id)s AND connection_id = %(connection_id)s AND resource = k.resource
      AND remote_id = k.remote_id AND version = k.version
    LIMIT 1) AS v ON true
LEFT JOIN LATERAL (
    SELECT state, payload, raw FROM mirror.snapshots
    WHERE organisation_id = %(organisation_id)s AND connection_id = %(connection_id)s AND resource = k.resource
      AND remote_id = k.remote_id AND version = k.version
    LIMIT 1) AS s ON true;

-- name: page_events
-- The versions that were written since a moment, the latest first, from where the page before ended. A version stands
-- in one of the two tables, wherever it was when the page before was read.
(SELECT resource, remote_id, version, state, brought_by, modified_at, written_at
 FROM mirror.versions
 WHERE organisation_id = %(organisation_id)s AND connection_id = %(connection_id)s
   AND (%(resource)s = '' OR resource = %(resource)s)
   AND written_at >= %(since)s AND written_at <= %(at)s
   AND (written_at, resource, remote_id, version) < (%(at)s, %(last_resource)s, %(last_id)s, %(last_version)s)
 ORDER BY written_at DESC, resource DESC, remote_id DESC, version DESC LIMIT %(limit)s)
UNION ALL
(SELECT resource, remote_id, version, state, brought_by, modified_at, changed_at
 FROM mirror.snapshots
 WHERE organisation_id = %(organisation_id)s AND connection_id = %(connection_id)s
   AND (%(resource)s = '' OR resource = %(resource)s)
   AND changed_at >= %(since)s AND changed_at <= %(at)s
   AND (changed_at, resource, remote_id, version) < (%(at)s, %(last_resource)s, %(last_id)s, %(last_version)s)
 ORDER BY changed_at DESC, resource DESC, remote_id DESC, version DESC LIMIT %(limit)s)
ORDER BY written_at DESC, resource DESC, remote_id DESC, version DESC LIMIT %(limit)s;
