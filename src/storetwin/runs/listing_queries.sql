-- name: list_runs
-- A page of runs that fit, newest first: ids sort by time. The page is cut before anything is looked up for its runs.
WITH page AS MATERIALIZED (
    SELECT * FROM runs.runs r
    WHERE (%(connection_id)s::uuid IS NULL OR r.connection_id = %(connection_id)s)
      AND (%(run_ids)s::uuid[] IS NULL OR r.run_id = ANY(%(run_ids)s::uuid[]))
      AND r.kind = ANY(%(kinds)s::text[])
      AND (%(states)s::text[] IS NULL OR r.state = ANY(%(states)s::text[]))
      AND (%(since)s::timestamptz IS NULL OR r.started_at >= %(since)s)
      AND (%(until)s::timestamptz IS NULL OR r.started_at < %(until)s)
      AND (%(behind)s::uuid IS NULL OR r.run_id < %(behind)s)
      AND (%(error_codes)s::text[] IS NULL OR r.error_code = ANY(%(error_codes)s::text[]))
      AND (%(resource)s::text IS NULL
           OR EXISTS (SELECT FROM runs.progress p WHERE p.run_id = r.run_id AND p.resource = %(resource)s))
    ORDER BY r.run_id DESC LIMIT %(limit)s)
SELECT r.run_id, r.connection_id, c.name AS connection, r.kind, r.state, r.options::text AS options,
       r.asked_at, CASE WHEN r.epoch > 0 THEN r.started_at END AS started_at, r.ended_at, r.heartbeat_at,
       r.not_before, r.cancel_asked_at IS NOT NULL AND r.state = 'running' AS is_stopping, r.retry_of, r.beginnings,
       r.requests, r.answers, r.answer_ms, r.slowest_ms, r.throttled, r.troubled, r.error, r.error_code, r.remedy,
       CASE WHEN r.state <> 'queued' THEN NULL
            WHEN c.state <> 'active' THEN 'connection'
            WHEN r.waits_for = 'quiet_hours' AND r.not_before > clock_timestamp() THEN 'quiet_hours'
            WHEN EXISTS (SELECT FROM runs.runs o WHERE o.connection_id = r.connection_id AND o.lane = r.lane
                         AND o.state = 'running') THEN 'run' END AS waits_for,
       (SELECT k.certificate_id FROM runs.certificates k
        WHERE k.organisation_id = r.organisation_id AND k.run_id = r.run_id LIMIT 1) AS certificate_id,
       t.records, t.created, t.updated, t.unchanged, t.buried, t.unreadable
FROM page r JOIN connections.connections c ON c.id = r.connection_id
CROSS JOIN LATERAL (
    SELECT COALESCE(sum(p.records) FILTER (WHERE p.stage = r.kind), 0)::bigint AS records,
           COALESCE(sum(p.created), 0)::bigint AS created, COALESCE(sum(p.updated), 0)::bigint AS updated,
           COALESCE(sum(greatest(0, p.records - p.created - p.updated)) FILTER (WHERE p.stage = r.kind), 0)::bigint
               AS unchanged,
           COALESCE(sum(p.buried), 0)::bigint AS buried, COALESCE(sum(p.unreadable), 0)::bigint AS unreadable
    FROM runs.progress p WHERE p.run_id = r.run_id) t
ORDER BY r.run_id DESC;

-- name: read_result
-- What a run found, where progress and certificate do not tell.
SELECT result::text AS result FROM runs.runs WHERE run_id = %(run_id)s;

-- name: letters_of_run
-- The records that a run set aside, so many at most.
SELECT resource, name, reason FROM runs.dead_letters
WHERE run_id = %(run_id)s AND state = 'waiting' ORDER BY resource, name LIMIT %(limit)s;

-- name: list_certificates
-- A page of certificates, newest first: ids sort by time.
SELECT k.certificate_id, k.connection_id, c.name AS connection, k.run_id, k.level, k.is_complete, k.started_at, k.ended_at
FROM runs.certificates k JOIN connections.connections c ON c.id = k.connection_id
WHERE (%(connection_id)s::uuid IS NULL OR k.connection_id = %(connection_id)s)
  AND (%(is_complete)s::boolean IS NULL OR k.is_complete = %(is_complete)s)
  AND (%(behind)s::uuid IS NULL OR k.certificate_id < %(behind)s)
ORDER BY k.certificate_id DESC LIMIT %(limit)s;

-- name: read_certificate
-- One certificate, whole.
SELECT k.certificate_id, k.connection_id, c.name AS connection, k.run_id, k.level, k.is_complete, k.started_at, k.ended_at,
       k.document::text AS document
FROM runs.certificates k JOIN connections.connections c ON c.id = k.connection_id
WHERE k.certificate_id = %(certificate_id)s;
