-- name: delete_old_runs
-- Deletes closed runs of one kind of a connection that ended before a moment, with their progress; so many at a time.
DELETE FROM runs.runs
WHERE organisation_id = %(organisation_id)s AND run_id = ANY(ARRAY(
    SELECT run_id FROM runs.runs
    WHERE organisation_id = %(organisation_id)s AND connection_id = %(connection_id)s AND kind = %(kind)s
      AND state NOT IN ('running', 'queued') AND started_at < %(before)s AND ended_at < %(before)s
    LIMIT %(limit)s));

-- name: count_old_runs
-- How many closed runs of one kind of a connection ended before a moment.
SELECT count(*) AS n FROM runs.runs
WHERE organisation_id = %(organisation_id)s AND connection_id = %(connection_id)s AND kind = %(kind)s
  AND state NOT IN ('running', 'queued') AND started_at < %(before)s AND ended_at < %(before)s;
