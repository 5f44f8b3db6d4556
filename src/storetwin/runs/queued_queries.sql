-- name: hold_queue
-- Lets one transaction at a time put runs of a connection into the queue.
SELECT pg_advisory_xact_lock(hashtextextended('queue:' || %(connection_id)s::uuid::text, 0));

-- name: find_same
-- A run that waits to do the same.
SELECT run_id FROM runs.runs
WHERE connection_id = %(connection_id)s AND state = 'queued' AND kind = %(kind)s AND options::text = %(options)s
ORDER BY run_id LIMIT 1;

-- name: count_queued
-- How many runs of a connection wait.
SELECT count(*) AS n FROM runs.runs WHERE connection_id = %(connection_id)s AND state = 'queued';

-- name: queue_run
-- Puts a run into the queue, and tells the workers.
WITH queued AS (
    INSERT INTO runs.runs (run_id, organisation_id, connection_id, kind, lane, state, epoch, owner, options, started_at,
                           heartbeat_at, asked_at, retry_of)
    VALUES (%(run_id)s, %(organisation_id)s, %(connection_id)s, %(kind)s, %(lane)s, 'queued', 0, '', %(options)s::json,
            %(now)s, clock_timestamp(), %(now)s, %(retry_of)s)
    RETURNING 1)
SELECT pg_notify('storetwin_schedules', '') FROM queued;

-- name: requeue_orphans
-- Runs that were asked for and whose process is gone wait again, unless they were begun too often or are to stop.
UPDATE runs.runs
SET (state, ended_at, error) = (
    SELECT CASE WHEN cancel_asked_at IS NOT NULL THEN 'cancelled' WHEN again THEN 'queued' ELSE 'interrupted' END,
           CASE WHEN NOT again THEN %(now)s::timestamptz END,
           CASE WHEN NOT again THEN 'Its process ended without closing it.' END
    FROM (SELECT cancel_asked_at IS NULL AND beginnings < %(most)s) AS given (again))
WHERE connection_id = %(connection_id)s AND state = 'running' AND asked_at IS NOT NULL
  AND heartbeat_at < clock_timestamp() - %(believed)s::interval;

-- name: next_queued
-- The run of a connection that has waited longest and may begin.
SELECT run_id, kind, options::text AS options FROM runs.runs
WHERE connection_id = %(connection_id)s AND state = 'queued' AND COALESCE(not_before, clock_timestamp()) <= clock_timestamp()
ORDER BY run_id LIMIT 1;

-- name: begin_queued
-- Begins a run that waited, with the next epoch of its connection.
UPDATE runs.runs r
SET state = 'running', owner = %(owner)s, heartbeat_at = clock_timestamp(), beginnings = r.beginnings + 1,
    epoch = 1 + (SELECT max(o.epoch) FROM runs.runs o WHERE o.connection_id = r.connection_id),
    started_at = CASE WHEN r.epoch = 0 THEN %(now)s ELSE r.started_at END, not_before = NULL, waits_for = NULL
WHERE r.run_id = %(run_id)s AND r.connection_id = %(connection_id)s AND r.state = 'queued'
RETURNING r.epoch, r.kind, r.started_at, r.requests, r.answers, r.answer_ms, r.slowest_ms, r.throttled, r.troubled,
          r.answer_times;

-- name: put_off
-- Lets a run that could not begin wait, by the database's clock.
UPDATE runs.runs SET not_before = clock_timestamp() + %(pause)s::interval, waits_for = %(waits_for)s
WHERE run_id = %(run_id)s AND state = 'queued';

-- name: hand_back_run
-- Puts a run back into the queue whose worker stops, or whose store is to be left alone for now; it does not count as begun.
WITH back AS (
    UPDATE runs.runs SET state = 'queued', not_before = %(not_before)s, waits_for = %(waits_for)s, beginnings = beginnings - 1,
        requests = %(requests)s, answers = %(answers)s, answer_ms = %(answer_ms)s, slowest_ms = %(slowest_ms)s,
        throttled = %(throttled)s, troubled = %(troubled)s, answer_times = %(answer_times)s
    WHERE run_id = %(run_id)s AND epoch = %(epoch)s AND state = 'running' AND cancel_asked_at IS NULL
    RETURNING run_id)
SELECT pg_notify('storetwin_schedules', ''), pg_notify('storetwin_progress', run_id::text) FROM back;

-- name: end_queued
-- Ends a run that waits.
WITH ended AS (
    UPDATE runs.runs SET state = %(state)s, ended_at = %(now)s, error = %(error)s, error_code = %(error_code)s,
        remedy = %(remedy)s, cancel_asked_at = CASE WHEN %(state)s = 'cancelled' THEN %(now)s::timestamptz END
    WHERE run_id = %(run_id)s AND state = 'queued' RETURNING run_id)
SELECT pg_notify('storetwin_progress', run_id::text) FROM ended;

-- name: ask_to_stop
-- Asks a run that is at work to stop: its heart hears of it.
UPDATE runs.runs SET cancel_asked_at = COALESCE(cancel_asked_at, %(now)s) WHERE run_id = %(run_id)s AND state = 'running';

-- name: end_dead
-- Ends a run whose heart has stopped: nobody is there to hear that it is to stop.
UPDATE runs.runs SET state = 'cancelled', ended_at = %(now)s, error = 'Cancelled.'
WHERE run_id = %(run_id)s AND state = 'running' AND heartbeat_at < clock_timestamp() - %(believed)s::interval;

-- name: every_connection
-- All connections of the installation, as ids, and whether each is read.
SELECT organisation_id, connection_id, is_active FROM runs.every_connection();
