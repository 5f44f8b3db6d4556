-- name: letters_behind
-- Dead letters behind one of them, the newest first.
SELECT d.dead_letter_id, d.connection_id, c.name AS connection, d.resource, d.remote_id, d.name, d.reason, d.state,
       d.attempts, d.first_seen_at, d.last_seen_at, d.next_attempt_at
FROM runs.dead_letters d
JOIN connections.connections c ON c.organisation_id = d.organisation_id AND c.id = d.connection_id
WHERE d.organisation_id = %(organisation_id)s AND d.state = %(state)s
  AND (%(connection_id)s::uuid IS NULL OR d.connection_id = %(connection_id)s)
  AND (%(resource)s::text IS NULL OR d.resource = %(resource)s)
  AND (%(behind)s::uuid IS NULL OR d.dead_letter_id < %(behind)s)
ORDER BY d.dead_letter_id DESC LIMIT %(limit)s;

-- name: letters_by_id
-- Dead letters by their ids.
SELECT d.dead_letter_id, d.connection_id, c.name AS connection, d.resource, d.remote_id, d.name, d.reason, d.state,
       d.attempts, d.first_seen_at, d.last_seen_at, d.next_attempt_at
FROM runs.dead_letters d
JOIN connections.connections c ON c.organisation_id = d.organisation_id AND c.id = d.connection_id
WHERE d.organisation_id = %(organisation_id)s AND d.dead_letter_id = ANY(%(ids)s::uuid[])
ORDER BY d.dead_letter_id DESC;

-- name: count_waiting_letters
-- How many dead letters wait, by connection and resource.
SELECT d.connection_id, c.name AS connection, d.resource, count(*) AS waiting, min(d.first_seen_at) AS oldest_at,
       count(*) FILTER (WHERE d.remote_id IS NULL) AS unnamed
FROM runs.dead_letters d
JOIN connections.connections c ON c.organisation_id = d.organisation_id AND c.id = d.connection_id
WHERE d.organisation_id = %(organisation_id)s AND d.state = 'waiting'
GROUP BY 1, 2, 3 ORDER BY 2, 3;

-- name: discard_some_letters
-- Discards some of the waiting dead letters that match, the oldest first.
UPDATE runs.dead_letters SET state = 'discarded', last_seen_at = %(now)s
WHERE state = 'waiting' AND dead_letter_id IN (
    SELECT dead_letter_id FROM runs.dead_letters
    WHERE organisation_id = %(organisation_id)s AND state = 'waiting'
      AND (%(connection_id)s::uuid IS NULL OR connection_id = %(connection_id)s)
      AND (%(resource)s::text IS NULL OR resource = %(resource)s)
    ORDER BY dead_letter_id LIMIT %(limit)s);
