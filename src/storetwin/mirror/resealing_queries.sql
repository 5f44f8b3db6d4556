-- name: next_resource
-- The next resource, by name, of which a connection has records.
SELECT min(resource) AS next FROM mirror.snapshots
WHERE organisation_id = %(organisation_id)s AND connection_id = %(connection_id)s AND resource > %(after)s;

-- name: page_sealed_snapshots
-- Records of a resource that hold sealed values, some at a time, by id.
SELECT remote_id, remote_number, version, payload::text AS payload, raw, clean::text AS clean
FROM mirror.snapshots
WHERE organisation_id = %(organisation_id)s AND connection_id = %(connection_id)s AND resource = %(resource)s
  AND remote_id > %(after)s
  AND (payload IS NULL OR strpos(payload::text, '{"$sealed":"') > 0)
ORDER BY remote_id LIMIT %(limit)s;

-- name: page_sealed_versions
-- Earlier versions of records of a resource, some at a time.
SELECT remote_id, version, document_zstd
FROM mirror.versions
WHERE organisation_id = %(organisation_id)s AND connection_id = %(connection_id)s AND resource = %(resource)s
  AND (remote_id, version) > (%(after)s, %(version)s)
ORDER BY remote_id, version LIMIT %(limit)s;

-- name: replace_sealed
-- Puts a record's sealed values anew, unless somebody has written the record since.
UPDATE mirror.snapshots SET payload = %(payload)s::json, raw = %(raw)s, clean = %(clean)s::json
WHERE organisation_id = %(organisation_id)s AND connection_id = %(connection_id)s AND resource = %(resource)s
  AND remote_id = %(remote_id)s AND version = %(version)s
  AND payload::text IS NOT DISTINCT FROM %(old_payload)s AND raw IS NOT DISTINCT FROM %(old_raw)s;

-- name: replace_version
-- Puts an earlier version's document anew, unless somebody has done so since.
UPDATE mirror.versions SET document_zstd = %(new)s
WHERE organisation_id = %(organisation_id)s AND connection_id = %(connection_id)s AND resource = %(resource)s
  AND remote_id = %(remote_id)s AND version = %(version)s AND document_zstd = %(old)s;
