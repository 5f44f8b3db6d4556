-- name: deliveries_behind
-- Deliveries of a connection before one of them, the latest first, without their bodies.
SELECT number, topic, resource, remote_id, parent_id, webhook_id, received_at, state, attempts, next_attempt_at,
       applied_at, note, octet_length(body) AS size
  FROM mirror.inbox
 WHERE organisation_id = %(organisation_id)s AND connection_id = %(connection_id)s AND number < %(behind)s
 ORDER BY number DESC
 LIMIT %(limit)s;

-- name: read_delivery
-- One delivery, with its body where that is kept still.
SELECT number, topic, resource, remote_id, parent_id, webhook_id, received_at, state, attempts, next_attempt_at,
       applied_at, note, octet_length(body) AS size, body
  FROM mirror.inbox
 WHERE organisation_id = %(organisation_id)s AND connection_id = %(connection_id)s AND number = %(number)s;

-- name: wake_delivery
-- Lets a delivery be applied now, whatever became of it before, and tells who listens.
WITH woken AS (
    UPDATE mirror.inbox
       SET state = 'waiting', attempts = 0, next_attempt_at = %(now)s, applied_at = NULL, note = NULL
     WHERE organisation_id = %(organisation_id)s AND connection_id = %(connection_id)s AND number = %(number)s
       AND remote_id IS NOT NULL
    RETURNING connection_id)
SELECT pg_notify(%(channel)s, connection_id::text) FROM woken;

-- name: wake_hint
-- The same for the hint at a record that waits already.
WITH woken AS (
    UPDATE mirror.inbox
       SET attempts = 0, next_attempt_at = %(now)s
     WHERE organisation_id = %(organisation_id)s AND connection_id = %(connection_id)s AND state = 'waiting'
       AND body IS NULL AND resource = %(resource)s AND remote_id = %(remote_id)s
    RETURNING connection_id)
SELECT pg_notify(%(channel)s, connection_id::text) FROM woken;

-- name: count_topics
-- What the latest deliveries of a connection come to, topic by topic: how many, which wait or were given up, how
-- often reading failed, when the last came, and in the middle how long one waited until its record was read.
SELECT topic, count(*)::int AS deliveries, count(*) FILTER (WHERE state = 'waiting')::int AS waiting,
       count(*) FILTER (WHERE state = 'ignored')::int AS ignored, sum(attempts)::int AS failures,
       max(received_at) AS last_at,
       percentile_cont(0.5) WITHIN GROUP (ORDER BY extract(epoch FROM applied_at - received_at))
         FILTER (WHERE state = 'applied')::float8 AS delay
  FROM (SELECT topic, state, attempts, received_at, applied_at FROM mirror.inbox
         WHERE organisation_id = %(organisation_id)s AND connection_id = %(connection_id)s
         ORDER BY number DESC LIMIT %(limit)s) AS latest
 GROUP BY topic ORDER BY topic;
