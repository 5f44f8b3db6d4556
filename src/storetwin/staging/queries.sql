-- name: read_counts
-- How many records of a resource there are in each state, by connection and status, and how many of them are chosen.
SELECT connection_id, resource, state, status, sum(records)::bigint AS records, sum(selected)::bigint AS selected
FROM (
    SELECT connection_id, resource, state, status, records, selected FROM staging.counts
    WHERE organisation_id = %(organisation_id)s AND connection_id = ANY(%(connections)b::uuid[]) AND resource = %(resource)s
    UNION ALL
    SELECT connection_id, resource, state, status, records, selected FROM staging.count_changes
    WHERE organisation_id = %(organisation_id)s AND connection_id = ANY(%(connections)b::uuid[]) AND resource = %(resource)s
) AS c
GROUP BY 1, 2, 3, 4 HAVING sum(records) <> 0
ORDER BY 1, 2, 3, 4;

-- name: read_all_counts
-- The same of all resources.
SELECT connection_id, resource, state, status, sum(records)::bigint AS records, sum(selected)::bigint AS selected
FROM (
    SELECT connection_id, resource, state, status, records, selected FROM staging.counts
    WHERE organisation_id = %(organisation_id)s AND connection_id = ANY(%(connections)b::uuid[])
    UNION ALL
    SELECT connection_id, resource, state, status, records, selected FROM staging.count_changes
    WHERE organisation_id = %(organisation_id)s AND connection_id = ANY(%(connections)b::uuid[])
) AS c
GROUP BY 1, 2, 3, 4 HAVING sum(records) <> 0
ORDER BY 1, 2, 3, 4;

-- name: choose_of_stretches
-- Which records stand on a page by date: of each stretch its first ones, then of those the first (choosing.py). Of what is
-- chosen the selections themselves are asked, in place of the records.
SELECT found.connection_id, found.remote_id
FROM (
    SELECT stretch.connection_id, rows.remote_id, rows.modified_at
    FROM unnest(%(connections)b::uuid[], %(states)b::text[], %(statuses)b::text[]) AS stretch(connection_id, state, status)
    CROSS JOIN LATERAL (
        SELECT r.remote_id, r.modified_at FROM staging.records r
        WHERE r.organisation_id = %(organisation_id)s AND r.connection_id = stretch.connection_id
          AND r.resource = %(resource)s AND r.state = stretch.state AND r.status = stretch.status /* conditions */
        ORDER BY r.modified_at /* direction */, r.remote_id /* direction */ LIMIT %(reach)s) AS rows) AS found
ORDER BY found.modified_at /* direction */, found.remote_id /* direction */, found.connection_id /* direction */
LIMIT %(limit)s OFFSET %(offset)s;

-- name: choose_of_connections
-- The same by name or key: all of a connection are walked, those that do not fit left out.
SELECT found.connection_id, found.remote_id
FROM (
    SELECT one.connection_id, rows.remote_id, rows.key
    FROM unnest(%(few_connections)b::uuid[]) AS one(connection_id)
    CROSS JOIN LATERAL (
        SELECT r.remote_id, r.key FROM staging.records r
        WHERE r.organisation_id = %(organisation_id)s AND r.connection_id = one.connection_id
          AND r.resource = %(resource)s AND r.state = ANY(%(few_states)b::text[])
          AND r.status = ANY(%(few_statuses)b::text[]) /* conditions */
        ORDER BY r.key /* direction */, r.remote_id /* direction */ LIMIT %(reach)s) AS rows) AS found
ORDER BY found.key /* direction */, found.remote_id /* direction */, found.connection_id /* direction */
LIMIT %(limit)s OFFSET %(offset)s;

-- name: choose_of_few
-- The same where few fit: they are taken whole and sorted.
SELECT found.connection_id, found.remote_id
FROM (
    SELECT stretch.connection_id, rows.remote_id, rows.key
    FROM unnest(%(connections)b::uuid[], %(states)b::text[], %(statuses)b::text[]) AS stretch(connection_id, state, status)
    CROSS JOIN LATERAL (
        SELECT r.remote_id, r.key FROM staging.records r
        WHERE r.organisation_id = %(organisation_id)s AND r.connection_id = stretch.connection_id
          AND r.resource = %(resource)s AND r.state = stretch.state AND r.status = stretch.status /* conditions */
        ORDER BY r.modified_at, r.remote_id LIMIT %(most)s) AS rows) AS found
ORDER BY found.key /* direction */, found.remote_id /* direction */, found.connection_id /* direction */
LIMIT %(limit)s OFFSET %(offset)s;

-- name: choose_of_few_chosen
-- The same of what is chosen.
SELECT found.connection_id, found.remote_id
FROM (
    SELECT stretch.connection_id, rows.remote_id, rows.key
    FROM unnest(%(connections)b::uuid[], %(states)b::text[], %(statuses)b::text[]) AS stretch(connection_id, state, status)
    CROSS JOIN LATERAL (
        SELECT r.remote_id FROM staging.selections r
        WHERE r.organisation_id = %(organisation_id)s AND r.connection_id = stretch.connection_id
          AND r.resource = %(resource)s AND r.state = stretch.state AND r.status = stretch.status /* conditions */
        ORDER BY r.modified_at, r.remote_id LIMIT %(most)s) AS chosen
    CROSS JOIN LATERAL (
        SELECT o.remote_id, o.key FROM staging.records o
        WHERE o.organisation_id = %(organisation_id)s AND o.connection_id = stretch.connection_id
          AND o.resource = %(resource)s AND o.remote_id = chosen.remote_id
        LIMIT 1) AS rows) AS found
ORDER BY found.key /* direction */, found.remote_id /* direction */, found.connection_id /* direction */
LIMIT %(limit)s OFFSET %(offset)s;

-- name: choose_of_found
-- The same of records that were found otherwise, with how many of them fit.
SELECT r.connection_id, r.remote_id, count(*) OVER () AS n
FROM unnest(%(found_connections)b::uuid[], %(found_ids)b::text[]) AS f(connection_id, remote_id)
CROSS JOIN LATERAL (
    SELECT r.connection_id, r.remote_id, r.key FROM staging.records r
    WHERE r.organisation_id = %(organisation_id)s AND r.connection_id = f.connection_id AND r.resource = %(resource)s
      AND r.remote_id = f.remote_id AND r.state = ANY(%(few_states)b::text[])
      AND r.status = ANY(%(few_statuses)b::text[]) /* conditions */
    LIMIT 1) AS r
ORDER BY r.key /* direction */, r.remote_id /* direction */, r.connection_id /* direction */
LIMIT %(limit)s OFFSET %(offset)s;

-- name: count_in_stretches
-- How many records of some stretches fit, counted up to a number (choosing.py).
SELECT count(*) AS n FROM (
    SELECT FROM unnest(%(connections)b::uuid[], %(states)b::text[], %(statuses)b::text[]) AS stretch(connection_id, state, status)
    CROSS JOIN LATERAL (
        SELECT FROM staging.records r
        WHERE r.organisation_id = %(organisation_id)s AND r.connection_id = stretch.connection_id
          AND r.resource = %(resource)s AND r.state = stretch.state AND r.status = stretch.status /* conditions */
        ORDER BY r.modified_at, r.remote_id LIMIT %(most)s) AS rows
    LIMIT %(most)s) AS counted;

-- name: beside
-- What is asked of a row's other half: its marked parts are conditions of the statements above and below. Row by row, by its
-- key, whatever the planner believes of a table that was empty when it looked last.
SELECT FROM staging.records r
WHERE /* choice */ (
    SELECT true FROM staging.selections s
    WHERE s.organisation_id = r.organisation_id AND s.connection_id = r.connection_id AND s.resource = r.resource
      AND s.remote_id = r.remote_id
    LIMIT 1) /* end of choice */ AND /* record */ (
    SELECT true FROM staging.records o
    WHERE o.organisation_id = r.organisation_id AND o.connection_id = r.connection_id AND o.resource = r.resource
      AND o.remote_id = r.remote_id /* its conditions */
    LIMIT 1) /* end of record */ AND /* all chosen */ (r.connection_id, r.remote_id) IN (
    SELECT s.connection_id, s.remote_id FROM staging.selections s
    WHERE s.organisation_id = %(organisation_id)s AND s.connection_id = ANY(%(few_connections)b::uuid[])
      AND s.resource = %(resource)s) /* end of all chosen */;

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
SELECT r.connection_id, r.remote_id, r.state, c.is_selected IS NOT NULL AS is_selected, r.is_gone, r.version, r.status,
       r.modified_at, r.core_id, r.rule_id,
       r.changed_fields::text AS changed_fields, r.change_count, r.why, r.candidates, r.changed_columns,
       s.name, s.sku, s.number, s.email_lower, s.currency, s.total_minor, s.refunded_minor, s.items, s.created_at
FROM unnest(%(found_connections)b::uuid[], %(found_ids)b::text[]) WITH ORDINALITY AS f(connection_id, remote_id, place)
CROSS JOIN LATERAL (
    SELECT * FROM staging.records
    WHERE organisation_id = %(organisation_id)s AND connection_id = f.connection_id AND resource = %(resource)s
      AND remote_id = f.remote_id
    LIMIT 1) AS r
LEFT JOIN LATERAL (
    SELECT true AS is_selected FROM staging.selections
    WHERE organisation_id = %(organisation_id)s AND connection_id = f.connection_id AND resource = %(resource)s
      AND remote_id = f.remote_id
    LIMIT 1) AS c ON true
LEFT JOIN LATERAL (
    SELECT name, sku, number, email_lower, currency, total_minor, refunded_minor, items, created_at FROM mirror.snapshots
    WHERE organisation_id = %(organisation_id)s AND connection_id = f.connection_id AND resource = %(resource)s
      AND remote_id = f.remote_id
    LIMIT 1) AS s ON true
ORDER BY f.place;

-- name: shut_out
-- Waits until nobody changes records of some connections, and lets nobody do so until the transaction ends (0019).
SELECT staging.shut_out(%(connections)b::uuid[]);

-- name: keep_out
-- Waits until nobody chooses among the records of some connections, and lets nobody do so until the transaction ends.
SELECT staging.keep_out(%(connections)b::uuid[]);

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
    INSERT INTO staging.selections (organisation_id, connection_id, modified_at, is_gone, resource, remote_id, state, status)
    SELECT r.organisation_id, r.connection_id, r.modified_at, r.is_gone, r.resource, r.remote_id, r.state, r.status
    FROM staging.records r
    WHERE r.organisation_id = %(organisation_id)s AND r.resource = %(resource)s
      AND /* of meant */ (r.connection_id, r.remote_id) IN (SELECT m.connection_id, m.remote_id FROM meant m) /* end of them */
      AND r.state IN ('new', 'updated', 'deleted', 'waiting', 'stale')
    ON CONFLICT DO NOTHING
    RETURNING 1)
SELECT /* matched */ (SELECT count(*) FROM meant) /* end of matched */ AS matched, (SELECT count(*) FROM changed) AS changed;

-- name: select_by_rule
-- The same by a rule, which is written down; what it has chosen before, and somebody took back, it does not choose again.
WITH meant AS MATERIALIZED (
    /* meant */
    SELECT DISTINCT f.connection_id, f.remote_id
    FROM unnest(%(found_connections)b::uuid[], %(found_ids)b::text[]) AS f(connection_id, remote_id)
    JOIN staging.records r ON r.organisation_id = %(organisation_id)s AND r.resource = %(resource)s
     AND r.connection_id = f.connection_id AND r.remote_id = f.remote_id
    /* end of meant */),
noted AS (
    UPDATE staging.records r SET rule_id = %(by_rule)s
    WHERE r.organisation_id = %(organisation_id)s AND r.resource = %(resource)s
      AND /* of meant */ (r.connection_id, r.remote_id) IN (SELECT m.connection_id, m.remote_id FROM meant m) /* end of them */
      AND r.state IN ('new', 'updated', 'deleted', 'waiting', 'stale') AND r.rule_id IS DISTINCT FROM %(by_rule)s
      AND (
          SELECT true FROM staging.selections s
          WHERE s.organisation_id = r.organisation_id AND s.connection_id = r.connection_id AND s.resource = r.resource
            AND s.remote_id = r.remote_id
          LIMIT 1) IS NULL
    RETURNING r.*),
changed AS (
    INSERT INTO staging.selections (organisation_id, connection_id, modified_at, is_gone, resource, remote_id, state, status)
    SELECT organisation_id, connection_id, modified_at, is_gone, resource, remote_id, state, status FROM noted
    RETURNING 1)
SELECT /* matched */ (SELECT count(*) FROM meant) /* end of matched */ AS matched, (SELECT count(*) FROM changed) AS changed;

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
    DELETE FROM staging.selections r
    WHERE r.organisation_id = %(organisation_id)s AND r.resource = %(resource)s
      AND /* of meant */ (r.connection_id, r.remote_id) IN (SELECT m.connection_id, m.remote_id FROM meant m) /* end of them */
    RETURNING 1)
SELECT /* matched */ (SELECT count(*) FROM meant) /* end of matched */ AS matched, (SELECT count(*) FROM changed) AS changed;

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
    SET state = 'ignored', rule_id = COALESCE(%(by_rule)s::uuid, r.rule_id), why = %(why)s, candidates = NULL,
        change_count = 0, changed_columns = NULL, changed_fields = NULL
    WHERE r.organisation_id = %(organisation_id)s AND r.resource = %(resource)s
      AND /* of meant */ (r.connection_id, r.remote_id) IN (SELECT m.connection_id, m.remote_id FROM meant m) /* end of them */
      AND r.state NOT IN ('ignored', 'gone')
      AND (%(by_rule)s::uuid IS NULL OR r.rule_id IS DISTINCT FROM %(by_rule)s)
    RETURNING 1)
SELECT /* matched */ (SELECT count(*) FROM meant) /* end of matched */ AS matched, (SELECT count(*) FROM changed) AS changed;

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
        why = CASE WHEN NOT h.has_copy THEN 'The twin has no copy of it: pull again.' END, rule_id = COALESCE(%(by_rule)s::uuid, r.rule_id)
    FROM held h
    WHERE r.organisation_id = %(organisation_id)s AND r.resource = %(resource)s AND r.connection_id = h.connection_id
      AND r.remote_id = h.remote_id AND r.state = 'ignored'
      AND (r.core_id IS NOT NULL OR h.has_copy AND NOT r.is_gone)
    RETURNING 1)
SELECT /* matched */ (SELECT count(*) FROM meant) /* end of matched */ AS matched,
       (SELECT count(*) FROM changed) + (SELECT count(*) FROM dropped) AS changed;

-- name: meant
-- All records that match, but some: takes the place of the marked part of the statements above (choosing.py). Where no text
-- is looked for, its own marked part is asked of each row at once: to join what was found to itself takes twice as long.
SELECT r.connection_id, r.remote_id FROM staging.records r
WHERE r.organisation_id = %(organisation_id)s AND r.resource = %(resource)s AND /* each */
  r.connection_id = ANY(%(few_connections)b::uuid[]) AND r.state = ANY(%(few_states)b::text[])
  AND (%(any_status)s OR r.status = ANY(%(few_statuses)b::text[])) /* conditions */
  AND (r.connection_id, r.remote_id) NOT IN (
      SELECT b.connection_id, b.remote_id
      FROM unnest(%(but_connections)b::uuid[], %(but_ids)b::text[]) AS b(connection_id, remote_id)) /* end of each */;

-- name: matched
-- How many records match, but some, as the counts have it: takes the place of the marked part of the statements above where the
-- counts know (choosing.py). To count the records themselves takes a second walk over all of them, past whatever an index still
-- names of their earlier versions.
SELECT /* sums */ (
    SELECT COALESCE(sum(c.records), 0)::bigint FROM (
        SELECT connection_id, state, status, records, selected FROM staging.counts
        WHERE organisation_id = %(organisation_id)s AND connection_id = ANY(%(few_connections)b::uuid[]) AND resource = %(resource)s
        UNION ALL
        SELECT connection_id, state, status, records, selected FROM staging.count_changes
        WHERE organisation_id = %(organisation_id)s AND connection_id = ANY(%(few_connections)b::uuid[]) AND resource = %(resource)s
    ) AS c
    WHERE c.state = ANY(%(few_states)b::text[]) AND (%(any_status)s OR c.status = ANY(%(few_statuses)b::text[]))
) - (
    SELECT count(*) FROM (
        SELECT DISTINCT b.connection_id, b.remote_id
        FROM unnest(%(but_connections)b::uuid[], %(but_ids)b::text[]) AS b(connection_id, remote_id)) AS b
    CROSS JOIN LATERAL (
        SELECT FROM staging.records r
        WHERE r.organisation_id = %(organisation_id)s AND r.connection_id = b.connection_id AND r.resource = %(resource)s
          AND r.remote_id = b.remote_id AND r.connection_id = ANY(%(few_connections)b::uuid[])
          AND r.state = ANY(%(few_states)b::text[]) AND (%(any_status)s OR r.status = ANY(%(few_statuses)b::text[])) /* conditions */
        LIMIT 1) AS r
) /* end of sums */;

-- name: matches
-- Records that a text occurs in, or that are called so: its marked part is a condition of the statement above.
SELECT r.connection_id, r.remote_id FROM staging.records r
WHERE r.organisation_id = %(organisation_id)s AND /* matches */ EXISTS (
    SELECT FROM mirror.snapshots s
    WHERE s.organisation_id = r.organisation_id AND s.connection_id = r.connection_id AND s.resource = r.resource
      AND s.remote_id = r.remote_id AND (strpos(s.search_text, %(text)s) > 0 OR s.number_key = %(key)s)) /* end */;

-- name: count_meant
-- How many records are meant, by state.
WITH meant AS MATERIALIZED (
    /* meant */
    SELECT DISTINCT f.connection_id, f.remote_id
    FROM unnest(%(found_connections)b::uuid[], %(found_ids)b::text[]) AS f(connection_id, remote_id)
    JOIN staging.records r ON r.organisation_id = %(organisation_id)s AND r.resource = %(resource)s
     AND r.connection_id = f.connection_id AND r.remote_id = f.remote_id
    /* end of meant */)
SELECT r.state, count(*) AS n
FROM staging.records r
WHERE r.organisation_id = %(organisation_id)s AND r.resource = %(resource)s
  AND /* of meant */ (r.connection_id, r.remote_id) IN (SELECT m.connection_id, m.remote_id FROM meant m) /* end of them */
GROUP BY r.state;

-- name: sample_meant
-- Some of the records that are meant and may change core.
WITH meant AS MATERIALIZED (
    /* meant */
    SELECT DISTINCT f.connection_id, f.remote_id
    FROM unnest(%(found_connections)b::uuid[], %(found_ids)b::text[]) AS f(connection_id, remote_id)
    JOIN staging.records r ON r.organisation_id = %(organisation_id)s AND r.resource = %(resource)s
     AND r.connection_id = f.connection_id AND r.remote_id = f.remote_id
    /* end of meant */)
SELECT r.connection_id, r.remote_id
FROM staging.records r
WHERE r.organisation_id = %(organisation_id)s AND r.resource = %(resource)s
  AND /* of meant */ (r.connection_id, r.remote_id) IN (SELECT m.connection_id, m.remote_id FROM meant m) /* end of them */
  AND r.state IN ('new', 'updated', 'deleted', 'waiting', 'stale')
ORDER BY r.connection_id, r.remote_id LIMIT %(most)s;

-- name: count_changed_columns
-- How many of the records that are meant differ in each column.
WITH meant AS MATERIALIZED (
    /* meant */
    SELECT DISTINCT f.connection_id, f.remote_id
    FROM unnest(%(found_connections)b::uuid[], %(found_ids)b::text[]) AS f(connection_id, remote_id)
    JOIN staging.records r ON r.organisation_id = %(organisation_id)s AND r.resource = %(resource)s
     AND r.connection_id = f.connection_id AND r.remote_id = f.remote_id
    /* end of meant */)
SELECT c.name, count(*) AS n
FROM staging.records r
CROSS JOIN LATERAL unnest(r.changed_columns) AS c(name)
WHERE r.organisation_id = %(organisation_id)s AND r.resource = %(resource)s
  AND /* of meant */ (r.connection_id, r.remote_id) IN (SELECT m.connection_id, m.remote_id FROM meant m) /* end of them */
  AND r.changed_columns IS NOT NULL
GROUP BY c.name ORDER BY n DESC, c.name LIMIT 100;

-- name: take_records
-- Gives the records that are meant, of one connection, to a promotion; returns how many.
WITH meant AS MATERIALIZED (
    /* meant */
    SELECT DISTINCT f.connection_id, f.remote_id
    FROM unnest(%(found_connections)b::uuid[], %(found_ids)b::text[]) AS f(connection_id, remote_id)
    JOIN staging.records r ON r.organisation_id = %(organisation_id)s AND r.resource = %(resource)s
     AND r.connection_id = f.connection_id AND r.remote_id = f.remote_id
    /* end of meant */),
given AS (
    INSERT INTO staging.taken (organisation_id, connection_id, run_id, resource, remote_id)
    SELECT r.organisation_id, r.connection_id, %(run_id)s, r.resource, r.remote_id FROM staging.records r
    WHERE r.organisation_id = %(organisation_id)s AND r.resource = %(resource)s
      AND /* of meant */ (r.connection_id, r.remote_id) IN (SELECT m.connection_id, m.remote_id FROM meant m) /* end of them */
      AND r.connection_id = %(connection_id)s AND r.state IN ('new', 'updated', 'deleted', 'waiting', 'stale')
    RETURNING 1)
SELECT count(*) AS n FROM given;

-- name: drop_left
-- Forgets what promotions of a connection that have ended did not bring.
DELETE FROM staging.taken t
WHERE t.organisation_id = %(organisation_id)s AND t.connection_id = %(connection_id)s AND NOT EXISTS (
    SELECT FROM runs.runs n
    WHERE n.organisation_id = t.organisation_id AND n.run_id = t.run_id AND n.ended_at IS NULL);

-- name: read_taken
-- Some of the records that a promotion has still to bring, behind one.
SELECT remote_id FROM staging.taken
WHERE organisation_id = %(organisation_id)s AND run_id = %(run_id)s AND resource = %(resource)s AND remote_id > %(after)s
ORDER BY resource, remote_id LIMIT %(most)s;

-- name: count_taken
-- How many records a promotion has still to bring, by resource.
SELECT resource, count(*) AS n FROM staging.taken
WHERE organisation_id = %(organisation_id)s AND run_id = %(run_id)s
GROUP BY resource;

-- name: read_copies
-- Some records of a connection with the twin's copies: what is compared and promoted.
SELECT r.remote_id, r.state, r.is_gone, r.version, r.core_id, r.is_anew, s.state AS twin_state, s.parent_id,
       s.payload::text AS payload, s.raw
FROM unnest(%(ids)b::text[]) AS f(remote_id)
CROSS JOIN LATERAL (
    SELECT remote_id, state, is_gone, version, core_id, is_anew FROM staging.records
    WHERE organisation_id = %(organisation_id)s AND connection_id = %(connection_id)s AND resource = %(resource)s
      AND remote_id = f.remote_id
    LIMIT 1) AS r
LEFT JOIN LATERAL (
    SELECT state, parent_id, payload, raw FROM mirror.snapshots
    WHERE organisation_id = %(organisation_id)s AND connection_id = %(connection_id)s AND resource = %(resource)s
      AND remote_id = f.remote_id
    LIMIT 1) AS s ON true;

-- name: hold_records
-- Holds some records until the transaction ends, with the version that each is of.
SELECT remote_id, version, is_gone, state FROM staging.records
WHERE organisation_id = %(organisation_id)s AND connection_id = %(connection_id)s AND resource = %(resource)s
  AND remote_id = ANY(%(ids)b::text[])
ORDER BY remote_id FOR UPDATE;

-- name: hold_stale
-- Holds some records that are to be compared; those that somebody else is at are left to him.
SELECT resource, remote_id FROM staging.records
WHERE organisation_id = %(organisation_id)s AND connection_id = %(connection_id)s AND state = 'stale'
ORDER BY connection_id, resource, remote_id LIMIT %(most)s FOR UPDATE SKIP LOCKED;

-- name: note_compared
-- Writes down what comparisons found.
UPDATE staging.records r
SET state = c.state, core_id = c.core_id,
    change_count = c.change_count, changed_columns = CASE WHEN c.columns <> '' THEN string_to_array(c.columns, E'\n') END,
    changed_fields = c.fields, why = c.why, candidates = NULL, compared_version = r.version,
    compared_definition = %(definition_id)s
FROM unnest(%(ids)b::text[], %(states)b::text[], %(core_ids)b::uuid[], %(change_counts)b::int4[], %(columns)b::text[],
            %(fields)b::json[], %(whys)b::text[]) AS c(remote_id, state, core_id, change_count, columns, fields, why)
WHERE r.organisation_id = %(organisation_id)s AND r.connection_id = %(connection_id)s AND r.resource = %(resource)s
  AND r.remote_id = c.remote_id;

-- name: note_promoted
-- Writes down that records were promoted.
UPDATE staging.records r
SET state = CASE WHEN r.is_gone THEN 'gone' ELSE 'in_sync' END, core_id = c.core_id,
    rule_id = NULL, is_anew = false, change_count = 0, changed_columns = NULL, changed_fields = NULL, why = NULL,
    candidates = NULL, compared_version = r.version, compared_definition = %(definition_id)s
FROM unnest(%(ids)b::text[], %(core_ids)b::uuid[]) AS c(remote_id, core_id)
WHERE r.organisation_id = %(organisation_id)s AND r.connection_id = %(connection_id)s AND r.resource = %(resource)s
  AND r.remote_id = c.remote_id;

-- name: note_refused
-- Writes down why a record could not be promoted; it waits for a person, and is chosen no more.
WITH own AS (
    SELECT %(organisation_id)s::uuid AS organisation_id, %(connection_id)s::uuid AS connection_id, %(resource)s::text AS resource,
           %(remote_id)s::text AS remote_id),
deselected AS (
    DELETE FROM staging.selections s USING own
    WHERE (s.organisation_id, s.connection_id, s.resource, s.remote_id)
        = (own.organisation_id, own.connection_id, own.resource, own.remote_id))
UPDATE staging.records r SET state = 'waiting', why = %(why)s, candidates = %(candidates)b::uuid[]
FROM own
WHERE (r.organisation_id, r.connection_id, r.resource, r.remote_id)
    = (own.organisation_id, own.connection_id, own.resource, own.remote_id);

-- name: let_go
-- Takes from a promotion what it has brought, or has nothing to do with any more: ignored or promoted meanwhile, or not there.
DELETE FROM staging.taken
WHERE organisation_id = %(organisation_id)s AND run_id = %(run_id)s AND resource = %(resource)s
  AND remote_id = ANY(%(ids)b::text[]);

-- name: drop_unlinked
-- Drops records that the store has no more and that core never had.
DELETE FROM staging.records
WHERE organisation_id = %(organisation_id)s AND connection_id = %(connection_id)s AND resource = %(resource)s
  AND remote_id = ANY(%(ids)b::text[]) AND core_id IS NULL AND is_gone;

-- name: read_states
-- The states of some records.
SELECT remote_id, state FROM staging.records
WHERE organisation_id = %(organisation_id)s AND connection_id = %(connection_id)s AND resource = %(resource)s
  AND remote_id = ANY(%(ids)b::text[]);

-- name: link_record
-- Says by hand which core record a record is, or that it is a new one; it is chosen.
WITH linked AS (
    UPDATE staging.records
    SET core_id = %(core_id)s, is_anew = %(is_anew)s, candidates = NULL, why = NULL,
        state = CASE WHEN %(is_anew)s THEN 'new' ELSE 'updated' END
    WHERE organisation_id = %(organisation_id)s AND connection_id = %(connection_id)s AND resource = %(resource)s
      AND remote_id = %(remote_id)s AND state IN ('new', 'waiting', 'updated') AND EXISTS (
          SELECT FROM mirror.snapshots s
          WHERE s.organisation_id = %(organisation_id)s AND s.connection_id = %(connection_id)s
            AND s.resource = %(resource)s AND s.remote_id = %(remote_id)s AND s.state <> 'gone')
    RETURNING *),
chosen AS (
    INSERT INTO staging.selections (organisation_id, connection_id, modified_at, is_gone, resource, remote_id, state, status)
    SELECT organisation_id, connection_id, modified_at, is_gone, resource, remote_id, state, status FROM linked
    ON CONFLICT DO NOTHING)
SELECT remote_id FROM linked;

-- name: make_stale
-- Lets all linked records of a connection be compared again.
UPDATE staging.records SET state = 'stale'
WHERE organisation_id = %(organisation_id)s AND connection_id = %(connection_id)s AND core_id IS NOT NULL AND NOT is_gone
  AND state IN ('in_sync', 'updated') AND (%(resource)s::text IS NULL OR resource = %(resource)s);

-- name: forget_differences
-- Drops what was found to differ of some records; they are compared again.
UPDATE staging.records r
SET state = CASE WHEN r.state = 'updated' THEN 'stale' ELSE r.state END, change_count = 0, changed_columns = NULL,
    changed_fields = NULL
FROM unnest(%(resources)b::text[], %(ids)b::text[]) AS k(resource, remote_id)
WHERE r.organisation_id = %(organisation_id)s AND r.connection_id = %(connection_id)s AND r.resource = k.resource
  AND r.remote_id = k.remote_id AND r.changed_fields IS NOT NULL;

-- name: read_site
-- What of a store its records do not say themselves.
SELECT remote_id, COALESCE(clean, payload) ->> 'value' AS value FROM mirror.snapshots
WHERE organisation_id = %(organisation_id)s AND connection_id = %(connection_id)s AND resource = 'settings'
  AND remote_id = ANY(%(ids)b::text[]) AND state <> 'gone' AND json_typeof(COALESCE(clean, payload)) = 'object';

-- name: list_rules
-- All rules, the oldest first.
SELECT rule_id, name, connection_id, resource, filter::text AS filter, action, spec, is_active, next_at, last_at, last_count, created_at
FROM staging.rules WHERE organisation_id = %(organisation_id)s ORDER BY created_at, rule_id;

-- name: count_rules
-- How many rules there are.
SELECT count(*) AS n FROM staging.rules WHERE organisation_id = %(organisation_id)s;

-- name: put_rule
-- Keeps a rule, new or changed.
INSERT INTO staging.rules (organisation_id, rule_id, name, connection_id, resource, filter, action, spec, is_active, next_at, created_at)
VALUES (%(organisation_id)s, %(rule_id)s, %(name)s, %(connection_id)s, %(resource)s, %(filter)s::json, %(action)s, %(spec)s,
        %(is_active)s, %(next_at)s, %(now)s)
ON CONFLICT (organisation_id, rule_id) DO UPDATE
SET name = EXCLUDED.name, connection_id = EXCLUDED.connection_id, resource = EXCLUDED.resource, filter = EXCLUDED.filter,
    action = EXCLUDED.action, spec = EXCLUDED.spec, is_active = EXCLUDED.is_active, next_at = EXCLUDED.next_at;

-- name: remove_rule
-- Removes a rule; what it has chosen stays chosen.
DELETE FROM staging.rules WHERE organisation_id = %(organisation_id)s AND rule_id = %(rule_id)s;

-- name: note_applied
-- Writes down that a rule was applied, and when it is due next.
UPDATE staging.rules SET last_at = %(now)s, last_count = %(count)s, next_at = %(next_at)s
WHERE organisation_id = %(organisation_id)s AND rule_id = %(rule_id)s;

-- name: latest_end
-- When the latest run of a connection that brings records ended, where that is later than what was followed.
SELECT max(n.ended_at) AS ended_at FROM runs.runs n
WHERE n.organisation_id = %(organisation_id)s AND n.connection_id = %(connection_id)s AND n.kind <> 'promote'
  AND n.ended_at > COALESCE((SELECT m.followed_at FROM staging.marks m
                             WHERE m.organisation_id = %(organisation_id)s AND m.connection_id = %(connection_id)s), '-infinity');

-- name: note_followed
-- Writes down up to which end of a run everything was compared and every rule applied.
INSERT INTO staging.marks (organisation_id, connection_id, followed_at)
VALUES (%(organisation_id)s, %(connection_id)s, %(ended_at)s)
ON CONFLICT (organisation_id, connection_id) DO UPDATE SET followed_at = greatest(staging.marks.followed_at, EXCLUDED.followed_at);

-- name: read_asker
-- Who asked for a promotion.
SELECT options ->> 'user_id' AS user_id FROM runs.runs WHERE organisation_id = %(organisation_id)s AND run_id = %(run_id)s;
