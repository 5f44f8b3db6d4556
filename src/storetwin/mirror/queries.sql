-- name: read_known
-- What the twin knows of some records, without their payloads.
SELECT remote_id, version, content_hash, state, modified_at, read_at, parent_id
FROM mirror.snapshots
WHERE organisation_id = %(organisation_id)s AND connection_id = %(connection_id)s AND resource = %(resource)s
  AND remote_id = ANY(%(ids)s::text[]);

-- name: read_unlike
-- What the twin knows (NULLs: nothing) of the records that are not plainly as it holds them already. Each is looked
-- up by its key, whatever the planner believes of the table.
SELECT r.remote_id, s.version, s.content_hash, s.state, s.modified_at, s.read_at, s.parent_id
FROM unnest(%(ids)b::text[], %(hashes)b::bytea[]) AS r(remote_id, content_hash)
LEFT JOIN LATERAL (
    SELECT version, content_hash, state, modified_at, read_at, parent_id FROM mirror.snapshots
    WHERE organisation_id = %(organisation_id)s AND connection_id = %(connection_id)s AND resource = %(resource)s
      AND remote_id = r.remote_id
    LIMIT 1) AS s ON true
WHERE s.version IS NULL OR s.content_hash <> r.content_hash OR s.state <> %(state)s
   OR s.read_at <= s.modified_at + %(same_second)s;

-- name: hold
-- Holds some records until the transaction ends, in the order in which everybody does.
SELECT remote_id, version, state
FROM mirror.snapshots
WHERE organisation_id = %(organisation_id)s AND connection_id = %(connection_id)s AND resource = %(resource)s
  AND remote_id = ANY(%(ids)s::text[])
ORDER BY remote_number, remote_id FOR UPDATE;

-- name: read_documents
-- The current versions of some records, whole, before they are superseded; those only that still have the version
-- that was decided upon. They are held until the transaction ends.
SELECT s.remote_id, s.version, s.state, s.content_hash, s.modified_at, s.read_at, s.changed_at, s.brought_by,
       s.payload::text AS payload, s.raw
FROM mirror.snapshots s
JOIN unnest(%(ids)b::text[], %(versions)b::int4[]) AS r(remote_id, version)
  ON s.remote_id = r.remote_id AND s.version = r.version
WHERE s.organisation_id = %(organisation_id)s AND s.connection_id = %(connection_id)s AND s.resource = %(resource)s
  AND s.remote_id = ANY(%(ids)b::text[])
ORDER BY s.remote_number, s.remote_id FOR UPDATE OF s;

-- name: keep_versions
-- Puts superseded versions aside.
INSERT INTO mirror.versions (organisation_id, connection_id, resource, remote_id, version, state, content_hash,
                             modified_at, read_at, brought_by, written_at, superseded_at, document_zstd)
SELECT %(organisation_id)s, %(connection_id)s, %(resource)s, r.*
FROM unnest(%(remote_id)b::text[], %(version)b::int4[], %(state)b::text[], %(content_hash)b::bytea[],
            %(modified_at)b::timestamptz[], %(read_at)b::timestamptz[], %(brought_by)b::text[], %(written_at)b::timestamptz[],
            %(superseded_at)b::timestamptz[], %(document_zstd)b::bytea[]) AS r
ON CONFLICT DO NOTHING;

-- name: add_snapshots
-- Writes plain first versions, named by numbers: most of a first pull. Those that are there already stay as they are.
INSERT INTO mirror.snapshots (organisation_id, connection_id, resource, brought_by, read_at, changed_at, state, version, remote_id,
                              remote_number, parent_id, content_hash, modified_at, created_at, status, email_lower,
                              search_text, number, number_key, name, sku, currency, total_minor, refunded_minor, items,
                              payload)
SELECT %(organisation_id)s, %(connection_id)s, %(resource)s, %(brought_by)s, %(read_at)s, %(now)s, %(state)s, 1, r.remote_id,
       r.remote_id::int8, r.parent_id, r.content_hash, r.modified_at::timestamptz,
       r.created_at::timestamptz, r.status, r.email_lower, r.search_text, r.number, r.number_key, r.name, r.sku,
       r.currency, r.total_minor, r.refunded_minor, r.items, r.payload
FROM unnest(%(remote_id)b::text[], %(parent_id)b::text[], %(content_hash)b::bytea[], %(modified_at)b::text[],
            %(created_at)b::text[], %(status)b::text[], %(email_lower)b::text[], %(search_text)b::text[],
            %(number)b::text[], %(number_key)b::text[], %(name)b::text[], %(sku)b::text[], %(currency)b::text[],
            %(total_minor)b::int8[], %(refunded_minor)b::int8[], %(items)b::int4[], %(payload)b::json[])
     AS r(remote_id, parent_id, content_hash, modified_at, created_at, status, email_lower, search_text, number,
          number_key, name, sku, currency, total_minor, refunded_minor, items, payload)
ON CONFLICT DO NOTHING;

-- name: put_snapshots
-- Writes records that are new or have changed, unless somebody else has written them since; returns those written.
INSERT INTO mirror.snapshots (organisation_id, connection_id, resource, brought_by, read_at, changed_at, remote_id, remote_number,
                              parent_id, state, version, content_hash, modified_at, created_at, status, email_lower,
                              search_text, number, number_key, name, sku, currency, total_minor, refunded_minor, items,
                              payload, raw, clean)
SELECT %(organisation_id)s, %(connection_id)s, %(resource)s, %(brought_by)s, %(read_at)s, %(now)s, r.remote_id, r.remote_number,
       r.parent_id, r.state, r.version, r.content_hash, r.modified_at::timestamptz, r.created_at::timestamptz, r.status, r.email_lower,
       r.search_text, r.number, r.number_key, r.name, r.sku, r.currency, r.total_minor, r.refunded_minor, r.items,
       r.payload, r.raw, r.clean
FROM unnest(%(remote_id)b::text[], %(remote_number)b::int8[], %(parent_id)b::text[], %(state)b::text[],
            %(version)b::int4[], %(content_hash)b::bytea[], %(modified_at)b::text[],
            %(created_at)b::text[], %(status)b::text[], %(email_lower)b::text[], %(search_text)b::text[],
            %(number)b::text[], %(number_key)b::text[], %(name)b::text[], %(sku)b::text[], %(currency)b::text[],
            %(total_minor)b::int8[], %(refunded_minor)b::int8[], %(items)b::int4[],
            %(payload)b::json[], %(raw)b::bytea[], %(clean)b::json[])
     AS r(remote_id, remote_number, parent_id, state, version, content_hash, modified_at, created_at, status,
          email_lower, search_text, number, number_key, name, sku, currency, total_minor, refunded_minor, items,
          payload, raw, clean)
ON CONFLICT (organisation_id, connection_id, resource, remote_id) DO UPDATE
SET read_at = EXCLUDED.read_at, changed_at = EXCLUDED.changed_at, remote_number = EXCLUDED.remote_number,
    parent_id = EXCLUDED.parent_id, state = EXCLUDED.state, version = EXCLUDED.version,
    content_hash = EXCLUDED.content_hash, modified_at = EXCLUDED.modified_at, created_at = EXCLUDED.created_at,
    status = EXCLUDED.status, email_lower = EXCLUDED.email_lower, search_text = EXCLUDED.search_text,
    number = EXCLUDED.number, number_key = EXCLUDED.number_key, name = EXCLUDED.name, sku = EXCLUDED.sku,
    currency = EXCLUDED.currency, total_minor = EXCLUDED.total_minor, refunded_minor = EXCLUDED.refunded_minor,
    items = EXCLUDED.items, payload = EXCLUDED.payload, raw = EXCLUDED.raw, clean = EXCLUDED.clean, brought_by = EXCLUDED.brought_by
WHERE mirror.snapshots.version = EXCLUDED.version - 1
RETURNING remote_id;

-- name: restate
-- Changes the state of records whose content is as it was: it stays the version that it is, written when it was.
UPDATE mirror.snapshots SET state = %(state)s, read_at = %(read_at)s
WHERE organisation_id = %(organisation_id)s AND connection_id = %(connection_id)s AND resource = %(resource)s
  AND remote_id = ANY(%(ids)s::text[]);

-- name: confirm_read
-- Notes that records were read again and found as they were.
UPDATE mirror.snapshots SET read_at = %(read_at)s
WHERE organisation_id = %(organisation_id)s AND connection_id = %(connection_id)s AND resource = %(resource)s
  AND remote_id = ANY(%(ids)s::text[]) AND read_at < %(read_at)s;

-- name: bury
-- Sets the tombstones of records that the store no longer has.
UPDATE mirror.snapshots SET state = 'gone', version = version + 1, read_at = %(read_at)s, changed_at = %(now)s,
    brought_by = %(brought_by)s
WHERE organisation_id = %(organisation_id)s AND connection_id = %(connection_id)s AND resource = %(resource)s
  AND remote_id = ANY(%(ids)s::text[]) AND state <> 'gone';

-- name: stream_present
-- The records of a resource that the twin believes to exist, in the order of their ids.
SELECT remote_id, remote_number, parent_id, state
FROM mirror.snapshots
WHERE organisation_id = %(organisation_id)s AND connection_id = %(connection_id)s AND resource = %(resource)s
  AND state <> 'gone'
ORDER BY remote_number, remote_id;

-- name: list_unlisted
-- The records that exist and that no list shows.
SELECT remote_id FROM mirror.snapshots
WHERE organisation_id = %(organisation_id)s AND connection_id = %(connection_id)s AND resource = %(resource)s
  AND state = 'unlisted' ORDER BY remote_number LIMIT 1000;

-- name: count_unlisted
-- How many records of some resources exist that no list shows.
SELECT count(*) AS n FROM mirror.snapshots
WHERE organisation_id = %(organisation_id)s AND connection_id = %(connection_id)s
  AND resource = ANY(%(resources)s::text[]) AND state = 'unlisted';

-- name: count_present
-- How many records of a resource the twin believes to exist.
SELECT count(*) AS n FROM mirror.snapshots
WHERE organisation_id = %(organisation_id)s AND connection_id = %(connection_id)s AND resource = %(resource)s
  AND state <> 'gone';

-- name: list_containers
-- The records of a resource that have lists of their own.
SELECT remote_id, remote_number FROM mirror.snapshots
WHERE organisation_id = %(organisation_id)s AND connection_id = %(connection_id)s AND resource = %(resource)s
  AND state <> 'gone'
ORDER BY remote_number, remote_id;

-- name: list_containers_with
-- The records of a resource whose payload has a non-empty list of this name.
SELECT remote_id, remote_number FROM mirror.snapshots
WHERE organisation_id = %(organisation_id)s AND connection_id = %(connection_id)s AND resource = %(resource)s
  AND state <> 'gone'
  AND json_typeof(COALESCE(clean, payload) -> %(member)s) = 'array'
  AND json_array_length(COALESCE(clean, payload) -> %(member)s) > 0
ORDER BY remote_number;

-- name: list_children
-- The records of a resource that belong to some others and are not gone.
SELECT remote_id, parent_id FROM mirror.snapshots
WHERE organisation_id = %(organisation_id)s AND connection_id = %(connection_id)s AND resource = %(resource)s
  AND parent_id = ANY(%(parents)s::text[]) AND parent_id <> '0' AND state <> 'gone';

-- name: list_outdated
-- The records that show another one inside which is gone, or is called otherwise by now.
SELECT s.remote_id FROM mirror.snapshots s
WHERE s.organisation_id = %(organisation_id)s AND s.connection_id = %(connection_id)s AND s.resource = %(resource)s
  AND s.state <> 'gone'
  AND EXISTS (
    SELECT FROM json_array_elements(
        CASE json_typeof(COALESCE(s.clean, s.payload) -> %(member)s) WHEN 'array'
             THEN COALESCE(s.clean, s.payload) -> %(member)s ELSE '[]'::json END) AS e(shown)
    LEFT JOIN mirror.snapshots t
      ON t.organisation_id = %(organisation_id)s AND t.connection_id = %(connection_id)s AND t.resource = %(shown)s
     AND t.remote_id = e.shown ->> %(key)s
    WHERE json_typeof(e.shown) = 'object' AND e.shown ->> %(key)s = ANY(%(ids)s::text[])
      AND (t.state IS NULL OR t.state = 'gone'
           OR replace(e.shown ->> 'name', '&amp;', '&')
              IS DISTINCT FROM replace(COALESCE(t.clean, t.payload) ->> 'name', '&amp;', '&')
           OR e.shown ->> 'slug' IS DISTINCT FROM COALESCE(t.clean, t.payload) ->> 'slug'))
ORDER BY s.remote_number;

-- name: count_listed
-- How many records the lists of a resource show, as far as the twin knows; the dead letters that it has nothing of
-- are among them.
SELECT (SELECT count(*) FROM mirror.snapshots
        WHERE organisation_id = %(organisation_id)s AND connection_id = %(connection_id)s AND resource = %(resource)s
          AND state IN ('listed', 'partial'))
     + (SELECT count(*) FROM runs.dead_letters d
        WHERE d.connection_id = %(connection_id)s AND d.resource = %(resource)s AND d.state = 'waiting'
          AND d.remote_id IS NOT NULL AND NOT EXISTS (
              SELECT FROM mirror.snapshots s
              WHERE s.organisation_id = %(organisation_id)s AND s.connection_id = %(connection_id)s
                AND s.resource = %(resource)s AND s.remote_id = d.remote_id)) AS n;

-- name: stream_listed
-- The ids that the lists of a resource show, as far as the twin knows, ascending.
SELECT remote_number FROM (
    SELECT remote_number FROM mirror.snapshots
    WHERE organisation_id = %(organisation_id)s AND connection_id = %(connection_id)s AND resource = %(resource)s
      AND state IN ('listed', 'partial') AND remote_number IS NOT NULL
    UNION
    SELECT d.remote_id::bigint FROM runs.dead_letters d
    WHERE d.connection_id = %(connection_id)s AND d.resource = %(resource)s AND d.state = 'waiting'
      AND d.remote_id ~ '^[0-9]{1,18}$' AND NOT EXISTS (
          SELECT FROM mirror.snapshots s
          WHERE s.organisation_id = %(organisation_id)s AND s.connection_id = %(connection_id)s
            AND s.resource = %(resource)s AND s.remote_id = d.remote_id)) AS listed
ORDER BY remote_number;

-- name: count_undated
-- How many records of a resource have no date of change, among those that lists show.
SELECT count(*) AS n FROM mirror.snapshots
WHERE organisation_id = %(organisation_id)s AND connection_id = %(connection_id)s AND resource = %(resource)s
  AND state IN ('listed', 'partial') AND modified_at IS NULL;

-- name: list_next_containers
-- The records behind an id, some of them.
SELECT remote_id, remote_number FROM mirror.snapshots
WHERE organisation_id = %(organisation_id)s AND connection_id = %(connection_id)s AND resource = %(resource)s
  AND state <> 'gone' AND remote_number > %(after)s
ORDER BY remote_number LIMIT %(limit)s;

-- name: list_order_keys
-- What tells some orders from any others, where the twin has it.
SELECT remote_id, COALESCE(clean, payload) ->> 'order_key' AS order_key FROM mirror.snapshots
WHERE organisation_id = %(organisation_id)s AND connection_id = %(connection_id)s AND resource = %(resource)s
  AND remote_id = ANY(%(ids)s::text[]) AND state <> 'gone' AND COALESCE(clean, payload) ->> 'order_key' <> '';

-- name: known_post_ids
-- Every id that is taken in the store's table of posts, in order. A tombstone takes none: a restored store gives its
-- id away again.
SELECT remote_number FROM mirror.snapshots
WHERE organisation_id = %(organisation_id)s AND connection_id = %(connection_id)s
  AND resource = ANY(%(resources)s::text[]) AND remote_number IS NOT NULL AND state <> 'gone'
ORDER BY remote_number;

-- name: count_records
-- Counts for the status page: records by connection, resource and state.
SELECT connection_id, resource, state, count(*) AS n, max(read_at) AS read_at
FROM mirror.snapshots GROUP BY connection_id, resource, state;

-- name: show_record
-- One record with its exact text.
SELECT resource, remote_id, parent_id, state, version, brought_by, modified_at, created_at, read_at, changed_at, status,
       encode(content_hash, 'hex') AS content_hash, payload::text AS payload, raw
FROM mirror.snapshots
WHERE organisation_id = %(organisation_id)s AND connection_id = %(connection_id)s AND resource = %(resource)s
  AND remote_id = %(remote_id)s;

-- name: analyze
-- Refreshes the planner's statistics of the snapshots.
SELECT mirror.analyze_snapshots();

-- name: number_range
-- The lowest and the highest id of a resource.
SELECT min(remote_number) AS low, max(remote_number) AS high FROM mirror.snapshots
WHERE organisation_id = %(organisation_id)s AND connection_id = %(connection_id)s AND resource = %(resource)s
  AND state <> 'gone';

-- name: sample_ends
-- The newest and the oldest records of a resource that stay by themselves, with what tells them from others.
SELECT s.remote_number, s.modified_at, s.changed_at, s.document->>'order_key' AS order_key,
       s.document->>'date_created_gmt' AS date_created_gmt, s.document->>'slug' AS slug, s.document->>'sku' AS sku,
       s.document->>'name' AS name
FROM (
    (SELECT remote_id FROM mirror.snapshots
     WHERE organisation_id = %(organisation_id)s AND connection_id = %(connection_id)s AND resource = %(resource)s
       AND state <> 'gone' AND state = 'listed' AND status <> ALL(%(passing)s::text[])
       AND (%(kept_until)s::bigint IS NULL OR remote_number <= %(kept_until)s OR changed_at > %(accepted_at)s)
     ORDER BY remote_number DESC LIMIT %(newest)s)
    UNION
    (SELECT remote_id FROM mirror.snapshots
     WHERE organisation_id = %(organisation_id)s AND connection_id = %(connection_id)s AND resource = %(resource)s
       AND state <> 'gone' AND state = 'listed' AND status <> ALL(%(passing)s::text[])
       AND (%(kept_until)s::bigint IS NULL OR remote_number <= %(kept_until)s OR changed_at > %(accepted_at)s)
     ORDER BY remote_number LIMIT %(oldest)s)) AS ends
CROSS JOIN LATERAL (
    SELECT remote_number, modified_at, changed_at, COALESCE(clean, payload) AS document FROM mirror.snapshots
    WHERE organisation_id = %(organisation_id)s AND connection_id = %(connection_id)s AND resource = %(resource)s
      AND remote_id = ends.remote_id) AS s
ORDER BY s.remote_number;

-- name: list_to_retire
-- Records of a connection that have no tombstone yet, some at a time.
SELECT resource, remote_id FROM mirror.snapshots
WHERE organisation_id = %(organisation_id)s AND connection_id = %(connection_id)s AND state <> 'gone'
ORDER BY resource, remote_id LIMIT %(limit)s;

-- name: retire
-- Sets the tombstones of records of a store that another one took the place of; they were not read again.
UPDATE mirror.snapshots SET state = 'gone', version = version + 1, changed_at = %(now)s, brought_by = %(brought_by)s
WHERE organisation_id = %(organisation_id)s AND connection_id = %(connection_id)s AND resource = %(resource)s
  AND remote_id = ANY(%(ids)s::text[]) AND state <> 'gone';

-- name: sample_between
-- The record at or behind each of some ids, within bounds that are not part of it.
SELECT DISTINCT ON (s.remote_number) s.remote_number, s.modified_at, s.changed_at, s.document->>'order_key' AS order_key,
       s.document->>'date_created_gmt' AS date_created_gmt, s.document->>'slug' AS slug, s.document->>'sku' AS sku,
       s.document->>'name' AS name
FROM unnest(%(targets)s::bigint[]) AS t(number)
CROSS JOIN LATERAL (
    SELECT remote_number, modified_at, changed_at, COALESCE(clean, payload) AS document FROM mirror.snapshots
    WHERE organisation_id = %(organisation_id)s AND connection_id = %(connection_id)s AND resource = %(resource)s
      AND state <> 'gone' AND state = 'listed' AND status <> ALL(%(passing)s::text[])
      AND (%(kept_until)s::bigint IS NULL OR remote_number <= %(kept_until)s OR changed_at > %(accepted_at)s)
      AND remote_number >= t.number AND remote_number > %(low)s AND remote_number < %(high)s
    ORDER BY remote_number LIMIT 1) AS s
ORDER BY s.remote_number;

-- name: forget
-- Deletes the records of a resource with all their versions.
DELETE FROM mirror.snapshots
WHERE organisation_id = %(organisation_id)s AND connection_id = %(connection_id)s AND resource = %(resource)s;
