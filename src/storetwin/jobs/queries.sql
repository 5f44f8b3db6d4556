-- name: enter_queue
-- The library names its tables without a schema: they are made in, and found in, ours.
SET LOCAL search_path = jobs;

-- name: become_app
-- Give up every right of the login role but those of the application.
SET ROLE storetwin_app;

-- name: find_queue
-- Whether the queue was ever made here.
SELECT to_regclass('jobs.storetwin_queue') IS NOT NULL AS is_there;

-- name: make_room
-- The schema of the queue, and what of the library it has.
CREATE SCHEMA IF NOT EXISTS jobs AUTHORIZATION storetwin_owner;
CREATE TABLE IF NOT EXISTS jobs.storetwin_queue (
    step text PRIMARY KEY,
    applied_at timestamptz NOT NULL DEFAULT now()
);

-- name: select_steps
-- Which migrations of the library were run.
SELECT step FROM jobs.storetwin_queue;

-- name: note_steps
-- Note that migrations of the library were run.
INSERT INTO jobs.storetwin_queue (step) SELECT unnest(%(steps)s::text[]);

-- name: lend_to_app
-- The program uses the queue, and owns nothing of it.
GRANT USAGE ON SCHEMA jobs TO storetwin_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA jobs TO storetwin_app;
GRANT USAGE ON ALL SEQUENCES IN SCHEMA jobs TO storetwin_app;
REVOKE INSERT, UPDATE, DELETE ON jobs.storetwin_queue FROM storetwin_app;

-- name: dress
-- What each connection of the queue is: the application, in the queue's schema.
SET ROLE storetwin_app; SET search_path = jobs; SET TIME ZONE 'UTC';

-- name: due_work
-- Jobs that somebody should do and nobody does: schedules that are due, deliveries and runs that wait, records that are to be
-- compared. By the database's clock.
WITH due AS (
    SELECT 'keep_in_step' AS task, organisation_id, connection_id FROM runs.due_schedules(clock_timestamp())
    UNION ALL
    SELECT 'drain', organisation_id, connection_id FROM mirror.waiting_inboxes(clock_timestamp())
    UNION ALL
    SELECT 'work_off', organisation_id, connection_id FROM runs.waiting_runs(clock_timestamp(), %(believed)s)
    UNION ALL
    SELECT 'follow', organisation_id, connection_id FROM staging.due_connections(clock_timestamp())
)
SELECT task, organisation_id, connection_id FROM due
WHERE NOT EXISTS (SELECT FROM jobs.procrastinate_jobs j
                  WHERE j.lock = due.task || ':' || due.connection_id AND j.status IN ('todo', 'doing'));

-- name: scheduled_connections
-- Which connections there are, and whether each has schedules yet.
SELECT organisation_id, connection_id, is_scheduled FROM runs.scheduled_connections();

-- name: beat
-- The worker lives; touches no row when another worker took it for dead.
UPDATE jobs.procrastinate_workers SET last_heartbeat = clock_timestamp() WHERE id = %(worker_id)s;

-- name: finish_own
-- The end of a job, unless it was taken from this worker: the library does not look whose it is.
DELETE FROM jobs.procrastinate_jobs
WHERE id = %(job_id)s AND worker_id = %(worker_id)s AND status = 'doing';

-- name: hand_back_own
-- A job that its worker cannot finish is anybody's again; one that waits already for the same is enough.
UPDATE jobs.procrastinate_jobs j SET status = 'todo', worker_id = NULL, scheduled_at = NULL, attempts = attempts + 1
WHERE id = %(job_id)s AND worker_id = %(worker_id)s AND status = 'doing'
  AND NOT EXISTS (SELECT FROM jobs.procrastinate_jobs t WHERE t.status = 'todo' AND t.queueing_lock = j.queueing_lock);

-- name: recover_stalled
-- Jobs of workers that are gone, or whose heart has stopped, are anybody's again.
UPDATE jobs.procrastinate_jobs j SET status = 'todo', worker_id = NULL, scheduled_at = NULL, attempts = attempts + 1
WHERE j.status = 'doing'
  AND NOT EXISTS (SELECT FROM jobs.procrastinate_workers w WHERE w.id = j.worker_id
                  AND w.last_heartbeat >= clock_timestamp() - %(believed)s::interval)
  AND NOT EXISTS (SELECT FROM jobs.procrastinate_jobs t WHERE t.status = 'todo' AND t.queueing_lock = j.queueing_lock)
RETURNING j.id, j.task_name, j.args::text AS args;

-- name: drop_doubled
-- Where another job waits already for the same, a stalled one is only in its way.
DELETE FROM jobs.procrastinate_jobs j
WHERE j.status = 'doing'
  AND NOT EXISTS (SELECT FROM jobs.procrastinate_workers w WHERE w.id = j.worker_id
                  AND w.last_heartbeat >= clock_timestamp() - %(believed)s::interval);

-- name: living_workers
-- How many workers have beaten lately.
SELECT count(*) AS n FROM jobs.procrastinate_workers
WHERE last_heartbeat >= clock_timestamp() - %(believed)s::interval;

-- name: queue_depth
-- How many workers there are, how many jobs wait and how many are being done.
SELECT (SELECT count(*) FROM jobs.procrastinate_workers w
        WHERE w.last_heartbeat >= clock_timestamp() - %(believed)s::interval) AS workers,
       count(*) FILTER (WHERE status = 'todo') AS waiting, count(*) FILTER (WHERE status = 'doing') AS doing
FROM jobs.procrastinate_jobs WHERE status IN ('todo', 'doing');

-- name: leave
-- Takes workers off the queue that could not say farewell: their jobs are free at once.
DELETE FROM jobs.procrastinate_workers WHERE id = ANY(%(worker_ids)s::bigint[]);
