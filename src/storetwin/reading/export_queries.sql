-- name: stream_present_records
-- The records of a resource of one connection that are not gone, as they are kept, by number.
SELECT s.remote_id, s.parent_id, s.state, s.status, s.created_at, s.modified_at,
       s.payload::text AS payload, s.clean::text AS clean
FROM mirror.snapshots s
WHERE s.organisation_id = %(organisation_id)s AND s.connection_id = %(connection_id)s
  AND s.resource = %(resource)s AND s.state <> 'gone'
  AND (%(since)s::timestamptz IS NULL OR s.created_at >= %(since)s)
  AND (%(until)s::timestamptz IS NULL OR s.created_at < %(until)s)
  AND (%(statuses)s::text[] IS NULL OR s.status = ANY (%(statuses)s))
ORDER BY s.remote_number, s.remote_id;

-- name: stream_gone_records
-- The same of those that are gone: what they had last.
SELECT s.remote_id, s.parent_id, s.state, s.status, s.created_at, s.modified_at,
       s.payload::text AS payload, s.clean::text AS clean
FROM mirror.snapshots s
WHERE s.organisation_id = %(organisation_id)s AND s.connection_id = %(connection_id)s
  AND s.resource = %(resource)s AND s.state = 'gone'
  AND (%(since)s::timestamptz IS NULL OR s.created_at >= %(since)s)
  AND (%(until)s::timestamptz IS NULL OR s.created_at < %(until)s)
  AND (%(statuses)s::text[] IS NULL OR s.status = ANY (%(statuses)s))
ORDER BY s.remote_id;
