-- name: read_counts
-- How many records there are in each state, by connection, resource, status and choice.
SELECT connection_id, resource, state, status, is_selected, sum(records)::bigint AS records
FROM (
    SELECT connection_id, resource, state, status, is_selected, records FROM staging.counts
    WHERE organisation_id = %(organisation_id)s AND connection_id = ANY(%(connections)b::uuid[])
      AND (%(resource)s::text IS NULL OR resource = %(resource)s)
    UNION ALL
    SELECT connection_id, resource, state, status, is_selected, records FROM staging.count_changes
    WHERE organisation_id = %(organisation_id)s AND connection_id = ANY(%(connections)b::uuid[])
      AND (%(resource)s::text IS NULL OR resource = %(resource)s)
) AS c
GROUP BY 1, 2, 3, 4, 5 HAVING sum(records) <> 0
ORDER BY 1, 2, 3, 4, 5;

-- name: choose_of_stretches
-- Which records stand on a page by date: of each stretch its first ones, then of those the first (choosing.py).
SELECT found.connection_id, found.remote_id
FROM (
    SELECT stretch.connection_id, rows.remote_id, rows.modified_at
    FROM unnest(%(connections)b::uuid[], %(states)b::text[], %(statuses)b::text[], %(selected)b::boolean[])
         AS stretch(connection_id, state, status, is_selected)
    CROSS JOIN LATERAL (
        SELECT remote_id, modified_at FROM staging.records
        WHERE organisation_id = %(organisation_id)s AND connection_id = stretch.connection_id
          AND resource = %(resource)s AND state = stretch.state AND status = stretch.status
          AND is_selected = stretch.is_selected /* conditions */
        ORDER BY modified_at /* direction */, remote_id /* direction */ LIMIT %(reach)s) AS rows) AS found
ORDER BY found.modified_at /* direction */, found.remote_id /* direction */, found.connection_id /* direction */
LIMIT %(limit)s OFFSET %(offset)s;

-- name: choose_of_connections
-- The same by name or key: all of a connection are walked, those that do not fit left out.
SELECT found.connection_id, found.remote_id
FROM (
    SELECT one.connection_id, rows.remote_id, rows.key
    FROM unnest(%(few_connections)b::uuid[]) AS one(connection_id)
    CROSS JOIN LATERAL (
        SELECT remote_id, key FROM staging.records
        WHERE organisation_id = %(organisation_id)s AND connection_id = one.connection_id
          AND resource = %(resource)s AND state = ANY(%(few_states)b::text[]) AND status = ANY(%(few_statuses)b::text[])
          AND is_selected = ANY(%(few_selected)b::boolean[]) /* conditions */
        ORDER BY key /* direction */, remote_id /* direction */ LIMIT %(reach)s) AS rows) AS found
ORDER BY found.key /* direction */, found.remote_id /* direction */, found.connection_id /* direction */
LIMIT %(limit)s OFFSET %(offset)s;

-- name: choose_of_few
-- The same where few fit: they are taken whole and sorted.
SELECT found.connection_id, found.remote_id
FROM (
    SELECT stretch.connection_id, rows.remote_id, rows.key
    FROM unnest(%(connections)b::uuid[], %(states)b::text[], %(statuses)b::text[], %(selected)b::boolean[])
         AS stretch(connection_id, state, status, is_selected)
    CROSS JOIN LATERAL (
        SELECT remote_id, key FROM staging.records
        WHERE organisation_id = %(organisation_id)s AND connection_id = stretch.connection_id
          AND resource = %(resource)s AND state = stretch.state AND status = stretch.status
          AND is_selected = stretch.is_selected /* conditions */
        ORDER BY modified_at, remote_id LIMIT %(most)s) AS rows) AS found
ORDER BY found.key /* direction */, found.remote_id /* direction */, found.connection_id /* direction */
LIMIT %(limit)s OFFSET %(offset)s;

-- name: choose_of_found
-- The same of records that were found otherwise, with how many of them fit.
SELECT r.connection_id, r.remote_id, count(*) OVER () AS n
FROM unnest(%(found_connections)b::uuid[], %(found_ids)b::text[]) AS f(connection_id, remote_id)
CROSS JOIN LATERAL (
    SELECT connection_id, remote_id, key FROM staging.records
    WHERE organisation_id = %(organisation_id)s AND connection_id = f.connection_id AND resource = %(resource)s
      AND remote_id = f.remote_id AND state = ANY(%(few_states)b::text[]) AND status = ANY(%(few_statuses)b::text[])
      AND is_selected = ANY(%(few_selected)b::boolean[]) /* conditions */
    LIMIT 1) AS r
ORDER BY r.key /* direction */, r.remote_id /* direction */, r.connection_id /* direction */
LIMIT %(limit)s OFFSET %(offset)s;

-- name: count_in_stretches
-- How many records of some stretches fit, counted up to a number (choosing.py).
SELECT count(*) AS n FROM (
    SELECT FROM unnest(%(connections)b::uuid[], %(states)b::text[], %(statuses)b::text[], %(selected)b::boolean[])
         AS stretch(connection_id, state, status, is_selected)
    CROSS JOIN LATERAL (
        SELECT FROM staging.records
        WHERE organisation_id = %(organisation_id)s AND connection_id = stretch.connection_id
          AND resource = %(resource)s AND state = stretch.state AND status = stretch.status
          AND is_selected = stretch.is_selected /* conditions */
        ORDER BY modified_at, remote_id LIMIT %(most)s) AS rows
    LIMIT %(most)s) AS counted;

-- name: find_by_column
-- Records whose value of a column would change, some at most.
SELECT connection_id, remote_id
FROM staging.find_by_column(%(resource)s, %(few_connections)b::uuid[], %(field)s, %(most)s);

-- name: find_by_rule
-- Records that a rule has chosen, some at most.
SELECT connection_id, remote_id FROM staging.records
WHERE organisation_id = %(organisation_id)s AND rule_id = %(rule_id)s AND resource = %(resource)s
ORDER BY rule_id, connection_id, remote_id LIMIT %(most)s;

-- name: find_gone
-- Records that stores have no more and that a text occurs in; a search of the twin does not show these.
SELECT one.connection_id, rows.remote_id
FROM unnest(%(few_connections)b::uuid[]) AS one(connection_id)
CROSS JOIN LATERAL (
    SELECT r.remote_id FROM (
        SELECT remote_id FROM staging.records
        WHERE organisation_id = %(organisation_id)s AND connection_id = one.connection_id AND resource = %(resource)s
          AND state IN ('deleted', 'ignored', 'gone') AND is_gone
        ORDER BY state, modified_at DESC LIMIT %(look)s) AS r
    CROSS JOIN LATERAL (
        SELECT search_text, number_key FROM mirror.snapshots
        WHERE organisation_id = %(organisation_id)s AND connection_id = one.connection_id AND resource = %(resource)s
          AND remote_id = r.remote_id
        LIMIT 1) AS s
    WHERE strpos(s.search_text, %(text)s) > 0 OR s.number_key = %(key)s) AS rows;

-- name: read_rows
-- What the table shows of some records, in the order in which they are named.
SELECT r.connection_id, r.remote_id, r.state, r.is_selected, r.is_gone, r.version, r.status, r.modified_at, r.core_id, r.rule_id,
       r.changed_fields::text AS changed_fields, r.change_count, r.why, r.candidates, r.changed_columns,
       s.name, s.sku, s.number, s.email_lower, s.currency, s.total_minor, s.refunded_minor, s.items, s.created_at
FROM unnest(%(found_connections)b::uuid[], %(found_ids)b::text[]) WITH ORDINALITY AS f(connection_id, remote_id, place)
CROSS JOIN LATERAL (
    SELECT * FROM staging.records
    WHERE organisation_id = %(organisation_id)s AND connection_id = f.connection_id AND resource = %(resource)s
      AND remote_id = f.remote_id
    LIMIT 1) AS r
LEFT JOIN LATERAL (
    SELECT name, sku, number, email_lower, currency, total_minor, refunded_minor, items, created_at FROM mirror.snapshots
    WHERE organisation_id = %(organisation_id)s AND connection_id = f.connection_id AND resource = %(resource)s
      AND remote_id = f.remote_id
    LIMIT 1) AS s ON true
ORDER BY f.place;

-- name: select_records
-- Chooses for promotion what is meant (choosing.py) and may change core; says how many were meant.
WITH meant AS MATERIALIZED (
    /* meant */
    SELECT DISTINCT f.connection_id, f.remote_id
    FROM unnest(%(found_connections)b::uuid[], %(found_ids)b::text[]) AS f(connection_id, remote_id)
    JOIN staging.records r ON r.organisation_id = %(organisation_id)s AND r.resource = %(resource)s
     AND r.connection_id = f.connection_id AND r.remote_id = f.remote_id
    /* end of meant */),
changed AS (
    UPDATE staging.records r SET is_selected = true, rule_id = %(by_rule)s FROM meant m
    WHERE r.organisation_id = %(organisation_id)s AND r.resource = %(resource)s AND r.connection_id = m.connection_id
      AND r.remote_id = m.remote_id AND NOT r.is_selected
      AND r.state IN ('new', 'updated', 'deleted', 'waiting', 'stale')
    RETURNING 1)
SELECT (SELECT count(*) FROM meant) AS matched, (SELECT count(*) FROM changed) AS changed;

-- name: deselect_records
-- Takes back that they are chosen.
WITH meant AS MATERIALIZED (
    /* meant */
    SELECT DISTINCT f.connection_id, f.remote_id
    FROM unnest(%(found_connections)b::uuid[], %(found_ids)b::text[]) AS f(connection_id, remote_id)
    JOIN staging.records r ON r.organisation_id = %(organisation_id)s AND r.resource = %(resource)s
     AND r.connection_id = f.connection_id AND r.remote_id = f.remote_id
    /* end of meant */),
changed AS (
    UPDATE staging.records r SET is_selected = false, rule_id = %(by_rule)s FROM meant m
    WHERE r.organisation_id = %(organisation_id)s AND r.resource = %(resource)s AND r.connection_id = m.connection_id
      AND r.remote_id = m.remote_id AND r.is_selected
    RETURNING 1)
SELECT (SELECT count(*) FROM meant) AS matched, (SELECT count(*) FROM changed) AS changed;

-- name: ignore_records
-- Leaves them out of promotions and of what is to be looked at, until somebody takes that back.
WITH meant AS MATERIALIZED (
    /* meant */
    SELECT DISTINCT f.connection_id, f.remote_id
    FROM unnest(%(found_connections)b::uuid[], %(found_ids)b::text[]) AS f(connection_id, remote_id)
    JOIN staging.records r ON r.organisation_id = %(organisation_id)s AND r.resource = %(resource)s
     AND r.connection_id = f.connection_id AND r.remote_id = f.remote_id
    /* end of meant */),
changed AS (
    UPDATE staging.records r
    SET state = 'ignored', is_selected = false, rule_id = %(by_rule)s, why = %(why)s, candidates = NULL, change_count = 0,
        changed_columns = NULL, changed_fields = NULL
    FROM meant m
    WHERE r.organisation_id = %(organisation_id)s AND r.resource = %(resource)s AND r.connection_id = m.connection_id
      AND r.remote_id = m.remote_id AND r.state NOT IN ('ignored', 'gone')
    RETURNING 1)
SELECT (SELECT count(*) FROM meant) AS matched, (SELECT count(*) FROM changed) AS changed;

-- name: restore_records
-- Takes back that they are ignored: what nobody needs to know of goes, what is linked is compared again.
WITH meant AS MATERIALIZED (
    /* meant */
    SELECT DISTINCT f.connection_id, f.remote_id
    FROM unnest(%(found_connections)b::uuid[], %(found_ids)b::text[]) AS f(connection_id, remote_id)
    JOIN staging.records r ON r.organisation_id = %(organisation_id)s AND r.resource = %(resource)s
     AND r.connection_id = f.connection_id AND r.remote_id = f.remote_id
    /* end of meant */),
held AS MATERIALIZED (
    SELECT r.connection_id, r.remote_id, EXISTS (
        SELECT FROM mirror.snapshots s
        WHERE s.organisation_id = %(organisation_id)s AND s.connection_id = r.connection_id AND s.resource = %(resource)s
          AND s.remote_id = r.remote_id) AS has_copy
    FROM meant m
    JOIN staging.records r ON r.organisation_id = %(organisation_id)s AND r.resource = %(resource)s
     AND r.connection_id = m.connection_id AND r.remote_id = m.remote_id
    WHERE r.state = 'ignored'),
dropped AS (
    DELETE FROM staging.records r USING held h
    WHERE r.organisation_id = %(organisation_id)s AND r.resource = %(resource)s AND r.connection_id = h.connection_id
      AND r.remote_id = h.remote_id AND r.state = 'ignored' AND r.core_id IS NULL AND (r.is_gone OR NOT h.has_copy)
    RETURNING 1),
changed AS (
    UPDATE staging.records r
    SET state = CASE WHEN NOT h.has_copy THEN 'waiting' WHEN r.is_gone THEN 'deleted'
                     WHEN r.core_id IS NOT NULL THEN 'stale' ELSE 'new' END,
        why = CASE WHEN NOT h.has_copy THEN 'The twin has no copy of it: pull again.' END, rule_id = %(by_rule)s
    FROM held h
    WHERE r.organisation_id = %(organisation_id)s AND r.resource = %(resource)s AND r.connection_id = h.connection_id
      AND r.remote_id = h.remote_id AND r.state = 'ignored'
      AND (r.core_id IS NOT NULL OR h.has_copy AND NOT r.is_gone)
    RETURNING 1)
SELECT (SELECT count(*) FROM meant) AS matched,
       (SELECT count(*) FROM changed) + (SELECT count(*) FROM dropped) AS changed;

-- name: meant
-- All records that match, but some: takes the place of the marked part of the statements above (choosing.py).
SELECT r.connection_id, r.remote_id FROM staging.records r
WHERE r.organisation_id = %(organisation_id)s AND r.resource = %(resource)s
  AND r.connection_id = ANY(%(few_connections)b::uuid[]) AND r.state = ANY(%(few_states)b::text[])
  AND (%(any_status)s OR r.status = ANY(%(few_statuses)b::text[]))
  AND r.is_selected = ANY(%(few_selected)b::boolean[]) /* conditions */
  AND (r.connection_id, r.remote_id) NOT IN (
      SELECT b.connection_id, b.remote_id
      FROM unnest(%(but_connections)b::uuid[], %(but_ids)b::text[]) AS b(connection_id, remote_id));

-- name: matches
-- Whether a record is one that a text occurs in, or that is called so: a condition of the statement above.
SELECT EXISTS (
    SELECT FROM mirror.snapshots s
    WHERE s.organisation_id = r.organisation_id AND s.connection_id = r.connection_id AND s.resource = r.resource
      AND s.remote_id = r.remote_id AND (strpos(s.search_text, %(text)s) > 0 OR s.number_key = %(key)s))
FROM staging.records r WHERE r.organisation_id = %(organisation_id)s;
