-- name: keep_deliveries
-- Keep deliveries of one organisation (each column an array), count them in at the receiving ends
-- that still want them, and tell who listens; answers those. One statement: what waits for an
-- answer waits for each way to the server and back. A test of ours counts for nothing.
WITH counted AS (
    SELECT * FROM unnest(%(ids)b::uuid[], %(counts)b::bigint[]) AS counted (connection_id, n)
), held AS (
    -- In one order, so that two doors never wait for each other.
    SELECT w.connection_id, counted.n
      FROM connections.webhooks w JOIN counted USING (connection_id)
     WHERE w.is_wanted
     ORDER BY w.connection_id
       FOR UPDATE OF w
), noted AS (
    UPDATE connections.webhooks w
       SET deliveries = w.deliveries + held.n, last_delivery_at = %(now)s, missed = 0
      FROM held
     WHERE w.connection_id = held.connection_id AND held.n > 0
), kept AS (
    INSERT INTO mirror.inbox (organisation_id, connection_id, topic, resource, remote_id, parent_id,
           webhook_id, delivery_id, body, received_at, next_attempt_at, note, state, applied_at)
    SELECT %(organisation_id)s, new.connection_id, new.topic, new.resource, new.remote_id,
           new.parent_id, new.webhook_id, new.delivery_id, new.body, new.received_at,
           new.received_at, new.note,
           CASE WHEN new.remote_id IS NULL THEN 'ignored' ELSE 'waiting' END,
           CASE WHEN new.remote_id IS NULL THEN new.received_at END
      FROM unnest(%(connection_id)b::uuid[], %(topic)b::text[], %(resource)b::text[],
                  %(remote_id)b::text[], %(parent_id)b::text[], %(webhook_id)b::text[],
                  %(delivery_id)b::text[], %(body)b::bytea[], %(received_at)b::timestamptz[],
                  %(note)b::text[])
           AS new (connection_id, topic, resource, remote_id, parent_id, webhook_id, delivery_id,
                   body, received_at, note)
      JOIN held USING (connection_id)
)
SELECT held.connection_id, pg_notify(%(channel)s, held.connection_id::text) FROM held;

-- name: keep_hints
-- Keep one hint a record; one that waits already is dated anew.
INSERT INTO mirror.inbox (organisation_id, connection_id, topic, resource, remote_id, parent_id,
       received_at, next_attempt_at)
SELECT %(organisation_id)s, new.connection_id, new.topic, new.resource, new.remote_id,
       new.parent_id, new.received_at, new.received_at
  FROM unnest(%(connection_id)b::uuid[], %(topic)b::text[], %(resource)b::text[],
              %(remote_id)b::text[], %(parent_id)b::text[], %(received_at)b::timestamptz[])
       AS new (connection_id, topic, resource, remote_id, parent_id, received_at)
ON CONFLICT (connection_id, resource, remote_id) WHERE state = 'waiting' AND body IS NULL
DO UPDATE SET received_at = greatest(excluded.received_at, inbox.received_at + interval '1 microsecond'),
              next_attempt_at = least(inbox.next_attempt_at, excluded.next_attempt_at),
              topic = excluded.topic,
              parent_id = coalesce(excluded.parent_id, inbox.parent_id),
              attempts = 0;

-- name: inbox_levels
-- How many deliveries wait, and the bytes of their bodies; counted no further than a limit.
SELECT wanted.id AS connection_id, found.deliveries, found.size
  FROM unnest(%(ids)s::uuid[]) AS wanted (id)
 CROSS JOIN LATERAL (
    SELECT count(*) AS deliveries, coalesce(sum(length), 0)::bigint AS size
      FROM (SELECT octet_length(i.body) AS length FROM mirror.inbox i
             WHERE i.connection_id = wanted.id AND i.state = 'waiting'
             LIMIT %(most)s) AS waiting) AS found;

-- name: has_waiting
-- Whether a connection has a delivery that is due.
SELECT 1 AS one FROM mirror.inbox
 WHERE connection_id = %s AND state = 'waiting' AND next_attempt_at <= %s
 LIMIT 1;

-- name: take_waiting
-- The deliveries of a connection that are due, the oldest first.
SELECT number, topic, resource, remote_id, parent_id, received_at, attempts
  FROM mirror.inbox
 WHERE connection_id = %(connection_id)s AND state = 'waiting' AND next_attempt_at <= %(now)s
 ORDER BY next_attempt_at, number
 LIMIT %(limit)s;

-- name: settle_deliveries
-- Mark deliveries as applied that are still as they were read, and drop their bodies.
UPDATE mirror.inbox i
   SET state = 'applied', applied_at = %(now)s, body = NULL
  FROM unnest(%(numbers)b::bigint[], %(received_at)b::timestamptz[]) AS done (number, received_at)
 WHERE i.connection_id = %(connection_id)s AND i.number = done.number
   AND i.received_at = done.received_at AND i.state = 'waiting';

-- name: postpone_deliveries
-- Count a failed attempt; after the last one the delivery is given up, and says why.
UPDATE mirror.inbox i
   SET attempts = i.attempts + 1,
       next_attempt_at = failed.next_at,
       state = CASE WHEN failed.is_last THEN 'ignored' ELSE i.state END,
       applied_at = CASE WHEN failed.is_last THEN %(now)s::timestamptz END,
       body = CASE WHEN failed.is_last THEN NULL ELSE i.body END,
       note = CASE WHEN failed.is_last THEN %(note)s ELSE i.note END
  FROM unnest(%(numbers)b::bigint[], %(received_at)b::timestamptz[], %(next_at)b::timestamptz[],
              %(is_last)b::boolean[]) AS failed (number, received_at, next_at, is_last)
 WHERE i.connection_id = %(connection_id)s AND i.number = failed.number
   AND i.received_at = failed.received_at AND i.state = 'waiting';

-- name: forget_settled
-- Drop what was settled before a moment, so many at a time.
DELETE FROM mirror.inbox
 WHERE (connection_id, number) IN (
    SELECT connection_id, number FROM mirror.inbox
     WHERE organisation_id = %(organisation_id)s AND applied_at < %(before)s AND state <> 'waiting'
     LIMIT %(limit)s);

-- name: latest_delivery
-- What a store delivered last, without its body; no test of ours.
SELECT number, topic, resource, remote_id, webhook_id, received_at, state, applied_at, attempts, note
  FROM mirror.inbox WHERE connection_id = %s AND resource <> '' ORDER BY number DESC LIMIT 1;

-- name: inbox_summary
-- How many deliveries wait, and since when; how many were given up or named no record.
SELECT count(*) FILTER (WHERE state = 'waiting') AS waiting,
       count(*) FILTER (WHERE state = 'ignored') AS ignored,
       min(received_at) FILTER (WHERE state = 'waiting') AS oldest_at
  FROM mirror.inbox WHERE connection_id = %s AND state <> 'applied' AND resource <> '';

-- name: find_delivery
-- A delivery among the thousand latest of a connection, by what its sender called it.
SELECT number, received_at, state FROM (
    SELECT number, received_at, state, delivery_id FROM mirror.inbox
     WHERE connection_id = %s ORDER BY number DESC LIMIT 1000) AS latest
 WHERE delivery_id = %s;
