-- name: read_marks
-- How far each resource of each connection was read.
SELECT connection_id, resource, synced_to, swept_at,
       COALESCE(synced_at, CASE WHEN is_done THEN updated_at END) AS synced_at
FROM runs.cursors;

-- name: count_letters
-- The records that wait for a person, by connection and resource.
SELECT connection_id, resource, count(*) AS n FROM runs.dead_letters
WHERE state = 'waiting' GROUP BY connection_id, resource;

-- name: latest_runs
-- The latest run of each connection that has ended, but for those that apply deliveries, and all that are at work.
(SELECT DISTINCT ON (connection_id) connection_id, run_id, kind, state, started_at, ended_at, error
 FROM runs.runs WHERE state NOT IN ('running', 'queued') AND kind <> 'receive' ORDER BY connection_id, started_at DESC)
UNION ALL
SELECT connection_id, run_id, kind, state, started_at, ended_at, error FROM runs.runs WHERE state = 'running';

-- name: choose_runs
-- The latest runs that fit, newest first.
SELECT r.run_id, r.connection_id, c.name AS connection, r.kind, r.state, r.started_at, r.ended_at, r.heartbeat_at,
       r.requests, r.error, r.options::text AS options, t.records, t.created, t.updated, t.buried
FROM runs.runs r JOIN connections.connections c ON c.id = r.connection_id
CROSS JOIN LATERAL (
    SELECT COALESCE(sum(p.records) FILTER (WHERE p.stage = r.kind), 0)::bigint AS records,
           COALESCE(sum(p.created), 0)::bigint AS created, COALESCE(sum(p.updated), 0)::bigint AS updated,
           COALESCE(sum(p.buried), 0)::bigint AS buried
    FROM runs.progress p WHERE p.run_id = r.run_id) t
WHERE (%(connection_id)s::uuid IS NULL OR r.connection_id = %(connection_id)s)
  AND r.kind = ANY(%(kinds)s::text[])
  AND (%(states)s::text[] IS NULL OR r.state = ANY(%(states)s::text[]))
  AND (%(since)s::timestamptz IS NULL OR r.started_at >= %(since)s)
  AND (%(resource)s::text IS NULL OR EXISTS (SELECT FROM runs.progress p WHERE p.run_id = r.run_id AND p.resource = %(resource)s))
ORDER BY r.started_at DESC LIMIT %(limit)s;

-- name: read_followed
-- The progress of runs that are at work or have ended lately, to follow them. One whose heart has stopped is at work
-- no more, though nobody has closed it yet.
SELECT r.run_id, r.connection_id, c.name AS connection, r.kind, r.error,
       CASE WHEN r.state = 'running' AND r.heartbeat_at < clock_timestamp() - %(believed)s::interval
            THEN 'interrupted' ELSE r.state END AS run_state,
       p.stage, p.resource, p.state, p.records, p.created, p.updated, p.buried, p.unreadable, p.pages, p.expected, p.started_at
FROM runs.runs r JOIN connections.connections c ON c.id = r.connection_id
LEFT JOIN runs.progress p ON p.run_id = r.run_id
WHERE (r.state = 'running' AND r.heartbeat_at >= clock_timestamp() - %(believed)s::interval OR r.run_id = ANY(%(run_ids)s::uuid[]))
  AND (%(connection_id)s::uuid IS NULL OR r.connection_id = %(connection_id)s)
ORDER BY r.started_at, r.run_id, p.started_at;

-- name: follow_runs
-- Runs and their progress, to tell what happens: these, and where all are followed those that wait or are at work. One
-- whose heart has stopped is at work no more, though nobody has closed it yet; one that was asked for begins again.
WITH followed AS MATERIALIZED (
    SELECT * FROM runs.runs o
    WHERE o.run_id = ANY(%(run_ids)s::uuid[]) OR %(is_all)s AND (o.state = 'queued' OR o.state = 'running')
    LIMIT 1000)
SELECT r.run_id, c.name AS connection, r.kind, r.error, r.remedy,
       CASE WHEN r.state = 'running' AND r.heartbeat_at < clock_timestamp() - %(believed)s::interval
            THEN CASE WHEN r.asked_at IS NULL THEN 'interrupted' ELSE 'queued' END ELSE r.state END AS state,
       p.stage, p.resource, p.state AS progress_state, p.records, p.expected, p.created, p.updated, p.buried,
       p.unreadable, p.pages, p.updated_at
FROM followed r JOIN connections.connections c ON c.id = r.connection_id
LEFT JOIN LATERAL (SELECT * FROM runs.progress n WHERE n.run_id = r.run_id OFFSET 0) p ON true
ORDER BY r.run_id, p.updated_at;
