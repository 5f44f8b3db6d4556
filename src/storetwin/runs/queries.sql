-- name: find_open_run
-- The run that stands as being at work in a lane. Hearts beat by the database's clock: machines may disagree.
SELECT run_id, heartbeat_at > clock_timestamp() - %(believed)s::interval AS is_alive
FROM runs.runs WHERE connection_id = %(connection_id)s AND lane = %(lane)s AND state = 'running';

-- name: close_orphan
-- Closes a run whose process is gone, or sleeps. One that was asked for goes back to the queue, unless it was begun too
-- often or is to stop.
UPDATE runs.runs
SET (state, ended_at, error) = (
    SELECT CASE WHEN cancel_asked_at IS NOT NULL THEN 'cancelled' WHEN again THEN 'queued' ELSE 'interrupted' END,
           CASE WHEN NOT again THEN %(now)s::timestamptz END,
           CASE WHEN NOT again THEN 'Its process ended without closing it.' END
    FROM (SELECT asked_at IS NOT NULL AND cancel_asked_at IS NULL AND beginnings < %(most)s) AS given (again))
WHERE run_id = %(run_id)s AND state = 'running';

-- name: start_run
-- Opens a run with the next epoch of its connection.
INSERT INTO runs.runs (run_id, organisation_id, connection_id, kind, lane, state, epoch, owner, options, started_at, heartbeat_at)
SELECT %(run_id)s, %(organisation_id)s, %(connection_id)s, %(kind)s, %(lane)s, 'running',
       1 + COALESCE(max(epoch), 0), %(owner)s, %(options)s::json, %(now)s, clock_timestamp()
FROM runs.runs WHERE connection_id = %(connection_id)s
RETURNING epoch;

-- name: touch_run
-- The fence: refreshes the heartbeat, and touches no row when another run took over.
UPDATE runs.runs SET heartbeat_at = clock_timestamp(), requests = %(requests)s, answers = %(answers)s,
    answer_ms = %(answer_ms)s, slowest_ms = %(slowest_ms)s, throttled = %(throttled)s, troubled = %(troubled)s,
    answer_times = %(answer_times)s
WHERE run_id = %(run_id)s AND epoch = %(epoch)s AND state = 'running';

-- name: beat
-- Refreshes the heartbeat and says whether somebody asks it to stop; touches no row when another run took over.
UPDATE runs.runs SET heartbeat_at = clock_timestamp()
WHERE run_id = %(run_id)s AND epoch = %(epoch)s AND state = 'running'
RETURNING cancel_asked_at IS NOT NULL AS is_cancelled;

-- name: end_run
-- Closes a run with its result, and tells whoever follows it.
WITH ended AS (
    UPDATE runs.runs SET state = %(state)s, ended_at = %(now)s, error = %(error)s, error_code = %(error_code)s,
        remedy = %(remedy)s, result = %(result)s::json, requests = %(requests)s, answers = %(answers)s,
        answer_ms = %(answer_ms)s, slowest_ms = %(slowest_ms)s, throttled = %(throttled)s, troubled = %(troubled)s,
        answer_times = %(answer_times)s
    WHERE run_id = %(run_id)s AND epoch = %(epoch)s AND state = 'running' RETURNING run_id)
SELECT pg_notify('storetwin_progress', run_id::text) FROM ended;

-- name: save_progress
-- Writes the progress of a run with one resource and tells whoever listens.
WITH saved AS (
    INSERT INTO runs.progress (organisation_id, run_id, stage, resource, state, records, created, updated, buried,
                               unreadable, pages, expected, started_at, updated_at)
    VALUES (%(organisation_id)s, %(run_id)s, %(stage)s, %(resource)s, %(state)s, %(records)s, %(created)s, %(updated)s,
            %(buried)s, %(unreadable)s, %(pages)s, %(expected)s, %(started_at)s, %(now)s)
    ON CONFLICT (run_id, stage, resource) DO UPDATE
    SET state = EXCLUDED.state, records = EXCLUDED.records, created = EXCLUDED.created, updated = EXCLUDED.updated,
        buried = EXCLUDED.buried, unreadable = EXCLUDED.unreadable, pages = EXCLUDED.pages,
        expected = EXCLUDED.expected, updated_at = EXCLUDED.updated_at
    RETURNING run_id)
SELECT pg_notify('storetwin_progress', run_id::text) FROM saved;

-- name: find_runs
-- Runs whose id begins with some text.
SELECT r.run_id, r.connection_id, c.name AS connection, r.kind, r.state, r.started_at, r.ended_at, r.heartbeat_at,
       r.requests, r.error, r.options::text AS options, 0::bigint AS records
FROM runs.runs r JOIN connections.connections c ON c.id = r.connection_id
WHERE r.run_id::text ^@ %(prefix)s ORDER BY r.started_at DESC LIMIT 2;

-- name: list_progress
-- The progress of one run, in the order in which it went.
SELECT stage, resource, state, records, created, updated, buried, unreadable, pages, expected, started_at, updated_at
FROM runs.progress WHERE run_id = %(run_id)s ORDER BY started_at, stage, resource;

-- name: read_cursors
-- Where the pull of a connection goes on.
SELECT resource, position::text AS position, is_done, synced_to, synced_at, swept_at
FROM runs.cursors WHERE connection_id = %(connection_id)s;

-- name: save_cursor
-- Moves a cursor; belongs in the transaction of the data it speaks of. Where the first reading began stays.
INSERT INTO runs.cursors (organisation_id, connection_id, resource, position, is_done, started_at, updated_at, synced_to)
VALUES (%(organisation_id)s, %(connection_id)s, %(resource)s, %(position)s::json, %(is_done)s, %(now)s, %(now)s,
        %(synced_to)s)
ON CONFLICT (connection_id, resource) DO UPDATE
SET position = EXCLUDED.position, is_done = EXCLUDED.is_done, updated_at = EXCLUDED.updated_at,
    synced_to = COALESCE(runs.cursors.synced_to, EXCLUDED.synced_to);

-- name: mark_synced
-- Notes that the twin has what the store dated up to here.
UPDATE runs.cursors SET synced_to = COALESCE(%(synced_to)s, synced_to), synced_at = %(now)s
WHERE connection_id = %(connection_id)s AND resource = %(resource)s AND is_done;

-- name: mark_swept
-- Notes that a sweep of a resource has reached its end.
UPDATE runs.cursors SET swept_at = %(now)s
WHERE connection_id = %(connection_id)s AND resource = %(resource)s;

-- name: unmark_synced
-- Forgets up to where some resources are in step by date: the next increment compares all dates instead.
UPDATE runs.cursors SET synced_to = NULL
WHERE connection_id = %(connection_id)s AND resource = ANY(%(resources)s::text[]);

-- name: clear_cursors
-- Forgets where the pull of some resources stands, so that they are read again from the beginning.
DELETE FROM runs.cursors WHERE connection_id = %(connection_id)s AND resource = ANY(%(resources)s::text[]);

-- name: bury_letter
-- Keeps a dead letter; one that waits already is counted up.
INSERT INTO runs.dead_letters (dead_letter_id, organisation_id, connection_id, resource, remote_id, name, reason, state,
                               attempts, first_seen_at, last_seen_at, next_attempt_at, run_id, stage, evidence)
VALUES (%(dead_letter_id)s, %(organisation_id)s, %(connection_id)s, %(resource)s, %(remote_id)s, %(name)s, %(reason)s,
        'waiting', 1, %(now)s, %(now)s, %(now)s::timestamptz + (%(delays)s::interval[])[1], %(run_id)s, %(stage)s,
        %(evidence)s::json)
ON CONFLICT (connection_id, resource, name) WHERE state = 'waiting' DO UPDATE
SET reason = EXCLUDED.reason, last_seen_at = EXCLUDED.last_seen_at, attempts = runs.dead_letters.attempts + 1,
    next_attempt_at = EXCLUDED.last_seen_at
        + (%(delays)s::interval[])[least(runs.dead_letters.attempts + 1, cardinality(%(delays)s::interval[]))],
    run_id = EXCLUDED.run_id, evidence = EXCLUDED.evidence;

-- name: resolve_letters
-- Closes the dead letters of records that have been had after all, or are gone.
UPDATE runs.dead_letters SET state = 'resolved', last_seen_at = %(now)s
WHERE connection_id = %(connection_id)s AND resource = %(resource)s AND state = 'waiting'
  AND name = ANY(%(names)s::text[]);

-- name: list_letters
-- Dead letters, the newest first.
SELECT d.dead_letter_id, d.connection_id, c.name AS connection, d.resource, d.remote_id, d.name, d.reason, d.state,
       d.attempts, d.first_seen_at, d.last_seen_at, d.next_attempt_at
FROM runs.dead_letters d JOIN connections.connections c ON c.id = d.connection_id
WHERE d.state = %(state)s AND (%(is_of_any_stage)s OR d.stage IS NULL)
  AND (%(connection_id)s::uuid IS NULL OR d.connection_id = %(connection_id)s)
  AND (%(resource)s::text IS NULL OR d.resource = %(resource)s)
ORDER BY d.last_seen_at DESC, d.resource, d.name LIMIT %(limit)s;

-- name: discard_letters
-- Discards waiting dead letters.
UPDATE runs.dead_letters SET state = 'discarded', last_seen_at = %(now)s
WHERE state = 'waiting' AND dead_letter_id = ANY(%(ids)s::uuid[]);

-- name: save_certificate
-- Keeps a certificate.
INSERT INTO runs.certificates (certificate_id, organisation_id, connection_id, run_id, level, is_complete, started_at, ended_at, document)
VALUES (%(certificate_id)s, %(organisation_id)s, %(connection_id)s, %(run_id)s, %(level)s, %(is_complete)s,
        %(started_at)s, %(ended_at)s, %(document)s::json);

-- name: latest_certificates
-- The latest certificate of each connection.
SELECT DISTINCT ON (connection_id) connection_id, certificate_id, level, is_complete, started_at, ended_at, document::text AS document
FROM runs.certificates ORDER BY connection_id, ended_at DESC;
