-- name: page_mentions
-- Some records by their key, each with whether its text may have to do with somebody: one of some texts is in it, in
-- whatever case, or it names one of some accounts.
WITH page AS MATERIALIZED (
    SELECT resource, remote_id, parent_id, COALESCE(payload::text, clean::text) AS text
    FROM mirror.snapshots
    WHERE organisation_id = %(organisation_id)s AND connection_id = %(connection_id)s
      AND (resource, remote_id) > (%(resource)s, %(after)s)
      AND (%(only)s = '' OR resource = %(only)s)
    ORDER BY resource, remote_id LIMIT %(limit)s)
SELECT resource, remote_id,
       EXISTS (SELECT FROM unnest(%(texts)s::text[]) AS t(text) WHERE strpos(lower(page.text), t.text) > 0)
       OR (%(accounts)s <> '' AND page.text ~ %(accounts)s)
       OR (resource = %(only)s AND remote_id = ANY(%(customers)s::text[])) AS is_match
FROM page ORDER BY resource, remote_id;

-- name: page_documents
-- Some earlier versions by their key, whole.
SELECT resource, remote_id, version, document_zstd FROM mirror.versions
WHERE organisation_id = %(organisation_id)s AND connection_id = %(connection_id)s
  AND (resource, remote_id, version) > (%(resource)s, %(after)s, %(version)s)
  AND (%(only)s = '' OR resource = %(only)s)
ORDER BY resource, remote_id, version LIMIT %(limit)s;

-- name: list_belongings
-- The records that belong to some others, those with a tombstone included.
SELECT resource, remote_id FROM mirror.snapshots
WHERE organisation_id = %(organisation_id)s AND connection_id = %(connection_id)s
  AND resource = ANY(%(resources)s::text[]) AND parent_id = ANY(%(parents)s::text[])
ORDER BY resource, remote_id;

-- name: read_whole
-- One record as it is, with every version that is kept, ascending; the last is the current one.
SELECT version, state, parent_id, read_at, superseded_at, document_zstd, payload, raw
FROM (
    SELECT v.version, v.state, NULL AS parent_id, v.read_at, v.superseded_at, v.document_zstd, NULL AS payload,
           NULL::bytea AS raw
    FROM mirror.versions v
    WHERE organisation_id = %(organisation_id)s AND connection_id = %(connection_id)s AND resource = %(resource)s
      AND remote_id = %(remote_id)s
    UNION ALL
    SELECT s.version, s.state, s.parent_id, s.read_at, NULL, NULL, s.payload::text, s.raw
    FROM mirror.snapshots s
    WHERE organisation_id = %(organisation_id)s AND connection_id = %(connection_id)s AND resource = %(resource)s
      AND remote_id = %(remote_id)s) AS every
ORDER BY version;

-- name: replace_document
-- Puts an earlier version's document anew, with the hash of what it holds now.
UPDATE mirror.versions SET document_zstd = %(document)s, content_hash = %(content_hash)s
WHERE organisation_id = %(organisation_id)s AND connection_id = %(connection_id)s AND resource = %(resource)s
  AND remote_id = %(remote_id)s AND version = %(version)s;

-- name: drop_version
-- Removes one earlier version.
DELETE FROM mirror.versions
WHERE organisation_id = %(organisation_id)s AND connection_id = %(connection_id)s AND resource = %(resource)s
  AND remote_id = %(remote_id)s AND version = %(version)s;

-- name: drop_record
-- Removes one record with all its versions; the next pull brings it as the store has it.
DELETE FROM mirror.snapshots
WHERE organisation_id = %(organisation_id)s AND connection_id = %(connection_id)s AND resource = %(resource)s
  AND remote_id = %(remote_id)s;

-- name: page_bodies
-- Deliveries that have a body, or a note, some at a time.
SELECT number, resource, remote_id, body, note, received_at, topic FROM mirror.inbox
WHERE connection_id = %(connection_id)s AND number > %(after)s AND (octet_length(body) > 0 OR note IS NOT NULL)
ORDER BY number LIMIT %(limit)s;

-- name: empty_delivery
-- Lets go of a delivery's body; what it told is still looked up. An absent body would make a hint of it, which each
-- record has one of.
UPDATE mirror.inbox SET body = ''::bytea, note = %(note)s
WHERE connection_id = %(connection_id)s AND number = %(number)s;

-- name: renote_delivery
-- Says anew why a delivery was given up.
UPDATE mirror.inbox SET note = %(note)s
WHERE connection_id = %(connection_id)s AND number = %(number)s;

-- name: keep_erasure
-- Notes that somebody was erased, by a digest.
INSERT INTO mirror.erasures (organisation_id, connection_id, person, erasure_id, erased_at, records, versions)
SELECT %(organisation_id)s, %(connection_id)s, person, %(erasure_id)s, %(now)s, %(records)s, %(versions)s
FROM unnest(%(persons)s::bytea[]) AS p(person)
ON CONFLICT (organisation_id, connection_id, person) DO UPDATE
SET erasure_id = EXCLUDED.erasure_id, erased_at = EXCLUDED.erased_at, times = erasures.times + 1, records = EXCLUDED.records, versions = EXCLUDED.versions;

-- name: earlier_erasures
-- Of somebody who was erased before: every digest that he was remembered by, and when.
SELECT every.person, every.erasure_id, every.erased_at
FROM mirror.erasures found JOIN mirror.erasures every USING (organisation_id, connection_id, erasure_id)
WHERE organisation_id = %(organisation_id)s AND connection_id = %(connection_id)s
  AND found.person = ANY(%(persons)s::bytea[])
ORDER BY every.erased_at DESC;

-- name: stream_emails
-- Every e-mail in a twin, in lower case.
SELECT DISTINCT email_lower FROM mirror.snapshots
WHERE organisation_id = %(organisation_id)s AND connection_id = %(connection_id)s AND email_lower IS NOT NULL;
