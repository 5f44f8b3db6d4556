-- name: older_run
-- A run that is at work since before a moment.
SELECT run_id FROM runs.runs
WHERE state = 'running' AND started_at < %(began_before)s AND heartbeat_at > %(beating_since)s LIMIT 1;
