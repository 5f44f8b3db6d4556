-- name: read_tallies
-- How many records there are, and what they come to, by connection, status and currency.
SELECT connection_id, status, currency, sum(records)::bigint AS records, sum(total_minor) AS total_minor,
       sum(refunded_minor) AS refunded_minor
FROM (
    SELECT connection_id, status, currency, records, total_minor, refunded_minor FROM mirror.tallies
    WHERE organisation_id = %(organisation_id)s AND connection_id = ANY(%(connections)b::uuid[]) AND resource = %(resource)s
    UNION ALL
    SELECT connection_id, status, currency, records, total_minor, refunded_minor FROM mirror.tally_changes
    WHERE organisation_id = %(organisation_id)s AND connection_id = ANY(%(connections)b::uuid[]) AND resource = %(resource)s
) AS t
GROUP BY connection_id, status, currency HAVING sum(records) <> 0
ORDER BY connection_id, status, currency;

-- name: read_daily_tallies
-- The same of the records that were created on some days; the last is not among them.
SELECT connection_id, status, currency, sum(records)::bigint AS records, sum(total_minor) AS total_minor,
       sum(refunded_minor) AS refunded_minor
FROM (
    SELECT connection_id, status, currency, records, total_minor, refunded_minor FROM mirror.daily_tallies
    WHERE organisation_id = %(organisation_id)s AND connection_id = ANY(%(connections)b::uuid[]) AND resource = %(resource)s
      AND day >= %(since)s AND day < %(until)s
    UNION ALL
    SELECT connection_id, status, currency, records, total_minor, refunded_minor FROM mirror.tally_changes
    WHERE organisation_id = %(organisation_id)s AND connection_id = ANY(%(connections)b::uuid[]) AND resource = %(resource)s
      AND day >= %(since)s AND day < %(until)s
) AS t
GROUP BY connection_id, status, currency HAVING sum(records) <> 0
ORDER BY connection_id, status, currency;

-- name: read_tallies_by_day
-- The same, each day by itself.
SELECT day, connection_id, status, currency, sum(records)::bigint AS records, sum(total_minor) AS total_minor,
       sum(refunded_minor) AS refunded_minor
FROM (
    SELECT day, connection_id, status, currency, records, total_minor, refunded_minor FROM mirror.daily_tallies
    WHERE organisation_id = %(organisation_id)s AND connection_id = ANY(%(connections)b::uuid[]) AND resource = %(resource)s
      AND day >= %(since)s AND day < %(until)s
    UNION ALL
    SELECT day, connection_id, status, currency, records, total_minor, refunded_minor FROM mirror.tally_changes
    WHERE organisation_id = %(organisation_id)s AND connection_id = ANY(%(connections)b::uuid[]) AND resource = %(resource)s
      AND day >= %(since)s AND day < %(until)s
) AS t
GROUP BY day, connection_id, status, currency HAVING sum(records) <> 0
ORDER BY day, connection_id, status, currency;

-- name: read_tallies_but_days
-- The same, from the other end: all there are, less those of the days before and after, and those without a date.
SELECT connection_id, status, currency, sum(records)::bigint AS records, sum(total_minor) AS total_minor,
       sum(refunded_minor) AS refunded_minor
FROM (
    SELECT connection_id, status, currency, records, total_minor, refunded_minor FROM mirror.tallies
    WHERE organisation_id = %(organisation_id)s AND connection_id = ANY(%(connections)b::uuid[]) AND resource = %(resource)s
    UNION ALL
    SELECT connection_id, status, currency, -records, -total_minor, -refunded_minor FROM mirror.daily_tallies
    WHERE organisation_id = %(organisation_id)s AND connection_id = ANY(%(connections)b::uuid[]) AND resource = %(resource)s
      AND day < %(since)s
    UNION ALL
    SELECT connection_id, status, currency, -records, -total_minor, -refunded_minor FROM mirror.daily_tallies
    WHERE organisation_id = %(organisation_id)s AND connection_id = ANY(%(connections)b::uuid[]) AND resource = %(resource)s
      AND day >= %(until)s
    UNION ALL
    SELECT connection_id, status, currency, records, total_minor, refunded_minor FROM mirror.tally_changes
    WHERE organisation_id = %(organisation_id)s AND connection_id = ANY(%(connections)b::uuid[]) AND resource = %(resource)s
      AND day >= %(since)s AND day < %(until)s
) AS t
GROUP BY connection_id, status, currency HAVING sum(records) <> 0
ORDER BY connection_id, status, currency;

-- name: read_extent
-- The first and the last day on which records were created, as far as they were added up.
SELECT min(first.day) AS first, max(last.day) AS last
FROM unnest(%(connections)b::uuid[]) AS chosen(id)
CROSS JOIN LATERAL (
    SELECT day FROM mirror.daily_tallies
    WHERE organisation_id = %(organisation_id)s AND connection_id = chosen.id AND resource = %(resource)s
      AND day > '-infinity'
    ORDER BY day LIMIT 1) AS first
CROSS JOIN LATERAL (
    SELECT day FROM mirror.daily_tallies
    WHERE organisation_id = %(organisation_id)s AND connection_id = chosen.id AND resource = %(resource)s
      AND day > '-infinity'
    ORDER BY day DESC LIMIT 1) AS last;

-- name: choose_of_stretches
-- Which records stand on a page: of each stretch (a connection's records of one status) its first ones, then of those
-- the first. What it is sorted by and what else has to hold are put in place of the marks (choosing.py).
SELECT found.connection_id, found.remote_id, found.sorted
FROM (
    SELECT stretch.connection_id, rows.remote_id, rows.sorted
    FROM unnest(%(connections)b::uuid[], %(statuses)b::text[]) AS stretch(connection_id, status)
    CROSS JOIN LATERAL (
        /* branch */
        (SELECT remote_id, created_at AS sorted FROM mirror.snapshots
         WHERE organisation_id = %(organisation_id)s AND connection_id = stretch.connection_id
           AND resource = %(resource)s AND status = stretch.status AND state <> 'gone' /* conditions */
         /* walk */ ORDER BY created_at /* direction */, remote_id /* direction */ LIMIT %(reach)s /* end of walk */)
        /* end of branch */
    ) AS rows) AS found
ORDER BY found.sorted /* direction */, found.remote_id /* direction */, found.connection_id /* direction */
LIMIT %(limit)s OFFSET %(offset)s;

-- name: choose_of_found
-- The same of records that a search found.
SELECT s.connection_id, s.remote_id, s.sorted
FROM unnest(%(found_connections)b::uuid[], %(found_ids)b::text[]) AS f(connection_id, remote_id)
CROSS JOIN LATERAL (
    /* branch */
    (SELECT connection_id, remote_id, created_at AS sorted FROM mirror.snapshots
     WHERE organisation_id = %(organisation_id)s AND connection_id = f.connection_id AND resource = %(resource)s
       AND remote_id = f.remote_id AND state <> 'gone' /* conditions */ LIMIT 1)
    /* end of branch */
) AS s
ORDER BY s.sorted /* direction */, s.remote_id /* direction */, s.connection_id /* direction */
LIMIT %(limit)s OFFSET %(offset)s;

-- name: count_in_stretches
-- How many records of some stretches were created within a span, counted up to a number.
SELECT count(*) AS n FROM (
    SELECT FROM unnest(%(connections)b::uuid[], %(statuses)b::text[]) AS stretch(connection_id, status)
    CROSS JOIN LATERAL (
        SELECT FROM mirror.snapshots
        WHERE organisation_id = %(organisation_id)s AND connection_id = stretch.connection_id
          AND resource = %(resource)s AND status = stretch.status AND state <> 'gone'
          AND created_at >= %(since)s AND created_at < %(until)s
        LIMIT %(most)s) AS rows
    LIMIT %(most)s) AS counted;

-- name: read_rows
-- What a table shows of some records, in the order in which they are named.
SELECT s.connection_id, s.remote_id, s.state, s.version, s.status, s.created_at, s.modified_at, s.read_at, s.number, s.name,
       s.sku, s.email_lower, s.currency, s.total_minor, s.refunded_minor, s.items
FROM unnest(%(found_connections)b::uuid[], %(found_ids)b::text[]) WITH ORDINALITY AS f(connection_id, remote_id, place)
CROSS JOIN LATERAL (
    SELECT connection_id, remote_id, state, version, status, created_at, modified_at, read_at, number, name, sku, email_lower,
           currency, total_minor, refunded_minor, items
    FROM mirror.snapshots
    WHERE organisation_id = %(organisation_id)s AND connection_id = f.connection_id AND resource = %(resource)s
      AND remote_id = f.remote_id
    LIMIT 1) AS s
ORDER BY f.place;

-- name: read_rows_whole
-- The same with the records themselves.
SELECT s.connection_id, s.remote_id, s.state, s.version, s.status, s.created_at, s.modified_at, s.read_at, s.number, s.name,
       s.sku, s.email_lower, s.currency, s.total_minor, s.refunded_minor, s.items, s.payload, s.clean
FROM unnest(%(found_connections)b::uuid[], %(found_ids)b::text[]) WITH ORDINALITY AS f(connection_id, remote_id, place)
CROSS JOIN LATERAL (
    SELECT connection_id, remote_id, state, version, status, created_at, modified_at, read_at, number, name, sku, email_lower,
           currency, total_minor, refunded_minor, items, payload::text AS payload, clean::text AS clean
    FROM mirror.snapshots
    WHERE organisation_id = %(organisation_id)s AND connection_id = f.connection_id AND resource = %(resource)s
      AND remote_id = f.remote_id
    LIMIT 1) AS s
ORDER BY f.place;

-- name: read_newest_texts
-- What the newest records are found by, one a line, and how many records there are, but for what just changed.
SELECT string_agg(replace(COALESCE(search_text, ''), E'\n', ' '), E'\n') AS texts, (
    SELECT sum(records)::bigint FROM mirror.tallies
    WHERE organisation_id = %(organisation_id)s AND resource = %(resource)s) AS records
FROM (
    SELECT search_text FROM mirror.snapshots
    WHERE organisation_id = %(organisation_id)s AND resource = %(resource)s AND created_at IS NOT NULL
    ORDER BY created_at DESC LIMIT %(look)s) AS newest;

-- name: find_in_newest
-- The newest records that a text occurs in, among so many of the newest.
SELECT connection_id, remote_id FROM (
    SELECT connection_id, remote_id, search_text, status, state, created_at FROM mirror.snapshots
    WHERE organisation_id = %(organisation_id)s AND resource = %(resource)s AND created_at IS NOT NULL
      AND created_at >= %(since)s AND created_at < %(until)s
    ORDER BY created_at DESC LIMIT %(look)s) AS newest
WHERE search_text LIKE %(pattern)s AND state <> 'gone' AND connection_id = ANY(%(connections)b::uuid[])
  AND COALESCE(status, '') = ANY(%(statuses)b::text[])
LIMIT %(most)s;

-- name: find_undated
-- The records of some stretches that have no date and that a text occurs in.
SELECT stretch.connection_id, rows.remote_id
FROM unnest(%(connections)b::uuid[], %(statuses)b::text[]) AS stretch(connection_id, status)
CROSS JOIN LATERAL (
    (SELECT remote_id, search_text FROM mirror.snapshots
     WHERE organisation_id = %(organisation_id)s AND connection_id = stretch.connection_id AND resource = %(resource)s
       AND status = stretch.status AND state <> 'gone' AND created_at IS NULL
     ORDER BY created_at, remote_id LIMIT %(look)s)
    UNION ALL
    (SELECT remote_id, search_text FROM mirror.snapshots
     WHERE organisation_id = %(organisation_id)s AND connection_id = stretch.connection_id AND resource = %(resource)s
       AND status IS NULL AND stretch.status = '' AND state <> 'gone' AND created_at IS NULL
     ORDER BY created_at, remote_id LIMIT %(look)s)) AS rows
WHERE rows.search_text LIKE %(pattern)s
LIMIT %(most)s;

-- name: find_everywhere
-- The newest records that a text occurs in, wherever they stand; a row without any says how many were looked at.
SELECT connection_id, remote_id, looked_at
FROM mirror.search_board(%(resource)s, %(connections)b::uuid[], %(statuses)b::text[], %(after)s::timestamptz,
                         %(before)s::timestamptz, %(text)s, %(pieces)b::text[], %(most_looked_at)s, %(most)s);

-- name: find_by_number
-- The records of some stretches that are called by a number.
SELECT stretch.connection_id, rows.remote_id
FROM unnest(%(connections)b::uuid[], %(statuses)b::text[]) AS stretch(connection_id, status)
CROSS JOIN LATERAL (
    SELECT remote_id FROM mirror.snapshots
    WHERE organisation_id = %(organisation_id)s AND connection_id = stretch.connection_id AND resource = %(resource)s
      AND status = stretch.status AND state <> 'gone' AND number_key = %(key)s
      AND (%(after)s::timestamptz IS NULL OR created_at >= %(after)s)
      AND (%(before)s::timestamptz IS NULL OR created_at < %(before)s)
    LIMIT 20) AS rows
LIMIT 100;

-- name: read_whole
-- One record with its exact text, and the copy of it that every reader can read.
SELECT connection_id, remote_id, state, version, status, created_at, modified_at, read_at, changed_at, number, name, sku,
       email_lower, currency, total_minor, refunded_minor, items, payload::text AS payload, raw, clean::text AS clean
FROM mirror.snapshots
WHERE organisation_id = %(organisation_id)s AND connection_id = %(connection_id)s AND resource = %(resource)s
  AND remote_id = %(remote_id)s;

-- name: read_below
-- The records of a resource that belong to another one, the oldest first.
SELECT remote_id, created_at, payload::text AS payload, raw, clean::text AS clean FROM mirror.snapshots
WHERE organisation_id = %(organisation_id)s AND connection_id = %(connection_id)s AND resource = %(resource)s
  AND parent_id = %(parent_id)s AND parent_id <> '0' AND state <> 'gone'
ORDER BY remote_number LIMIT %(limit)s;

-- name: read_names
-- What stores call their statuses.
SELECT connection_id, remote_id AS status, COALESCE(clean, payload) ->> 'name' AS name FROM mirror.snapshots
WHERE organisation_id = %(organisation_id)s AND connection_id = ANY(%(connections)b::uuid[])
  AND resource = 'order_statuses' AND state <> 'gone' AND json_typeof(COALESCE(clean, payload)) = 'object'
ORDER BY connection_id, remote_id LIMIT 2000;

-- name: read_syncs
-- When a resource of each connection was last brought in step.
SELECT connection_id, COALESCE(synced_at, CASE WHEN is_done THEN updated_at END) AS synced_at FROM runs.cursors
WHERE connection_id = ANY(%(connections)b::uuid[]) AND resource = %(resource)s;
