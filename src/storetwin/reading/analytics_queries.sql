-- name: figures_of_runs
-- What runs that ended since a moment came to, by connection and span of time. Each place of the answer times has its own
-- sum: that takes a quarter of the time that taking their arrays apart does.
SELECT r.connection_id, date_trunc(%(unit)s, r.ended_at AT TIME ZONE 'UTC') AT TIME ZONE 'UTC' AS began_at,
       count(*) AS runs, count(*) FILTER (WHERE r.state = 'done') AS done,
       count(*) FILTER (WHERE r.state = 'incomplete') AS incomplete, count(*) FILTER (WHERE r.state = 'failed') AS failed,
       count(*) FILTER (WHERE r.state IN ('interrupted', 'paused', 'cancelled')) AS stopped,
       sum(r.requests)::bigint AS requests, sum(r.answers)::bigint AS answers, sum(r.answer_ms)::bigint AS answer_ms,
       max(r.slowest_ms) AS slowest_ms, sum(r.throttled)::bigint AS throttled, sum(r.troubled)::bigint AS troubled,
       sum(t.records)::bigint AS records, sum(t.created)::bigint AS created, sum(t.updated)::bigint AS updated,
       sum(t.buried)::bigint AS buried, sum(t.unreadable)::bigint AS unreadable, sum(t.pages)::bigint AS pages,
       array_replace(ARRAY[
           sum(r.answer_times[1]), sum(r.answer_times[2]), sum(r.answer_times[3]), sum(r.answer_times[4]),
           sum(r.answer_times[5]), sum(r.answer_times[6]), sum(r.answer_times[7]), sum(r.answer_times[8]),
           sum(r.answer_times[9]), sum(r.answer_times[10]), sum(r.answer_times[11]), sum(r.answer_times[12]),
           sum(r.answer_times[13]), sum(r.answer_times[14]), sum(r.answer_times[15]), sum(r.answer_times[16]),
           sum(r.answer_times[17]), sum(r.answer_times[18]), sum(r.answer_times[19]), sum(r.answer_times[20]),
           sum(r.answer_times[21]), sum(r.answer_times[22]), sum(r.answer_times[23]), sum(r.answer_times[24]),
           sum(r.answer_times[25]), sum(r.answer_times[26]), sum(r.answer_times[27]), sum(r.answer_times[28]),
           sum(r.answer_times[29]), sum(r.answer_times[30]), sum(r.answer_times[31]), sum(r.answer_times[32]),
           sum(r.answer_times[33]), sum(r.answer_times[34]), sum(r.answer_times[35]), sum(r.answer_times[36]),
           sum(r.answer_times[37]), sum(r.answer_times[38]), sum(r.answer_times[39]), sum(r.answer_times[40])],
           NULL, 0) AS answer_times
FROM runs.runs r
CROSS JOIN LATERAL (
    SELECT COALESCE(sum(p.records), 0) AS records, COALESCE(sum(p.created), 0) AS created,
           COALESCE(sum(p.updated), 0) AS updated, COALESCE(sum(p.buried), 0) AS buried,
           COALESCE(sum(p.unreadable), 0) AS unreadable, COALESCE(sum(p.pages), 0) AS pages
    FROM runs.progress p WHERE p.run_id = r.run_id) t
WHERE r.ended_at >= %(since)s
  AND (%(connection_id)s::uuid IS NULL OR r.connection_id = %(connection_id)s)
GROUP BY 1, 2;

-- name: figures_of_deliveries
-- What came by webhook since a moment, by connection and span of time.
SELECT i.connection_id, date_trunc(%(unit)s, i.received_at AT TIME ZONE 'UTC') AT TIME ZONE 'UTC' AS began_at,
       count(*) AS received, count(*) FILTER (WHERE i.state = 'applied') AS applied,
       count(*) FILTER (WHERE i.state = 'ignored') AS ignored, count(*) FILTER (WHERE i.state = 'waiting') AS waiting
FROM mirror.inbox i
WHERE i.received_at >= %(since)s AND (%(connection_id)s::uuid IS NULL OR i.connection_id = %(connection_id)s)
GROUP BY 1, 2;

-- name: since_when_runs_are_kept
-- When the earliest run that is kept ended: what was before is not counted.
SELECT min(ended_at) AS kept_since FROM runs.runs WHERE ended_at IS NOT NULL;

-- name: changes_of_runs
-- Records that runs wrote since a moment, by span of time: what webhooks told, and what was read.
SELECT date_trunc(%(unit)s, r.ended_at AT TIME ZONE 'UTC') AT TIME ZONE 'UTC' AS began_at,
       COALESCE(sum(t.written) FILTER (WHERE r.kind = 'receive'), 0)::bigint AS told,
       COALESCE(sum(t.written) FILTER (WHERE r.kind <> 'receive'), 0)::bigint AS read,
       sum(t.created)::bigint AS created, sum(t.buried)::bigint AS buried
FROM runs.runs r
CROSS JOIN LATERAL (
    SELECT COALESCE(sum(p.created + p.updated + p.buried), 0) AS written,
           COALESCE(sum(p.created), 0) AS created, COALESCE(sum(p.buried), 0) AS buried
    FROM runs.progress p WHERE p.run_id = r.run_id) t
WHERE r.ended_at >= %(since)s AND r.kind NOT IN ('promote', 'rehearse')
GROUP BY 1 ORDER BY 1;
