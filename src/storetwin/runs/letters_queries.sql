-- name: letters_behind
-- Dead letters behind one of them, the newest first.
SELECT d.dead_letter_id, d.connection_id, c.name AS connection, d.resource, d.remote_id, d.name, d.reason, d.state,
       d.attempts, d.first_seen_at, d.last_seen_at, d.next_attempt_at, d.stage, d.run_id
FROM runs.dead_letters d
JOIN connections.connections c ON c.organisation_id = d.organisation_id AND c.id = d.connection_id
WHERE d.organisation_id = %(organisation_id)s AND d.state = %(state)s
  AND (%(connection_id)s::uuid IS NULL OR d.connection_id = %(connection_id)s)
  AND (%(resource)s::text IS NULL OR d.resource = %(resource)s)
  AND (%(run_id)s::uuid IS NULL OR d.run_id = %(run_id)s)
  AND (%(since)s::timestamptz IS NULL OR d.last_seen_at >= %(since)s)
  AND (%(cause)s::text IS NULL OR regexp_replace(replace(d.reason, '/' || COALESCE(d.remote_id, ' '), '/…'), '\m(?![1-5][0-9][0-9]\M)[0-9]+\M', '…', 'g') = %(cause)s)
  AND (%(behind)s::uuid IS NULL OR d.dead_letter_id < %(behind)s)
ORDER BY d.dead_letter_id DESC LIMIT %(limit)s;

-- name: letters_by_id
-- Dead letters by their ids.
SELECT d.dead_letter_id, d.connection_id, c.name AS connection, d.resource, d.remote_id, d.name, d.reason, d.state,
       d.attempts, d.first_seen_at, d.last_seen_at, d.next_attempt_at, d.stage, d.run_id,
       d.evidence::text AS evidence
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
      AND (%(run_id)s::uuid IS NULL OR run_id = %(run_id)s)
      AND (%(since)s::timestamptz IS NULL OR last_seen_at >= %(since)s)
      AND (%(cause)s::text IS NULL OR regexp_replace(replace(reason, '/' || COALESCE(remote_id, ' '), '/…'), '\m(?![1-5][0-9][0-9]\M)[0-9]+\M', '…', 'g') = %(cause)s)
    ORDER BY dead_letter_id LIMIT %(limit)s);

-- name: causes_of_letters
-- Dead letters by what caused them, the largest group first: causes are the same that differ in the record's own id,
-- or in numbers alone, but for what may be a status of HTTP.
SELECT f.cause, min(f.reason) AS reason, min(f.reason) = max(f.reason) AS is_one_reason, count(*) AS waiting,
       count(*) FILTER (WHERE f.remote_id IS NULL) AS unnamed, min(f.first_seen_at) AS oldest_at,
       max(f.last_seen_at) AS latest_at, min(f.next_attempt_at) AS next_at, max(f.attempts) AS attempts,
       array_agg(DISTINCT c.name ORDER BY c.name) AS connections, array_agg(DISTINCT f.resource ORDER BY f.resource) AS resources,
       bool_and(f.stage IS NOT DISTINCT FROM 'promote') AS is_of_core
FROM (
    SELECT d.*, regexp_replace(replace(d.reason, '/' || COALESCE(d.remote_id, ' '), '/…'), '\m(?![1-5][0-9][0-9]\M)[0-9]+\M', '…', 'g') AS cause
    FROM runs.dead_letters d
    WHERE d.organisation_id = %(organisation_id)s AND d.state = %(state)s
      AND (%(connection_id)s::uuid IS NULL OR d.connection_id = %(connection_id)s)
      AND (%(resource)s::text IS NULL OR d.resource = %(resource)s)
      AND (%(run_id)s::uuid IS NULL OR d.run_id = %(run_id)s)
      AND (%(since)s::timestamptz IS NULL OR d.last_seen_at >= %(since)s)
      AND (%(cause)s::text IS NULL OR regexp_replace(replace(d.reason, '/' || COALESCE(d.remote_id, ' '), '/…'), '\m(?![1-5][0-9][0-9]\M)[0-9]+\M', '…', 'g') = %(cause)s)
) f
JOIN connections.connections c ON c.organisation_id = f.organisation_id AND c.id = f.connection_id
GROUP BY f.cause ORDER BY count(*) DESC, f.cause LIMIT %(limit)s;

-- name: asides_of_run
-- What a run set aside and no later one did, the latest first. A letter that was settled since has the time of that; what
-- was seen in the run first has its own.
SELECT f.dead_letter_id, f.resource, f.name, f.reason, f.state, f.at
FROM (
    SELECT d.dead_letter_id, d.resource, d.name, d.reason, d.state,
           CASE WHEN d.first_seen_at >= r.started_at THEN d.first_seen_at ELSE least(d.last_seen_at, r.ended_at) END AS at
    FROM runs.dead_letters d JOIN runs.runs r ON r.run_id = d.run_id
    WHERE d.organisation_id = %(organisation_id)s AND d.run_id = %(run_id)s
      AND (%(needle)s::text IS NULL
           OR strpos(lower(d.resource || '/' || d.name || ' set aside: ' || d.reason), lower(%(needle)s)) > 0)
) f
WHERE %(at)s::timestamptz IS NULL OR (f.at, f.dead_letter_id) < (%(at)s::timestamptz, %(id)s::uuid)
ORDER BY f.at DESC, f.dead_letter_id DESC LIMIT %(limit)s;

-- name: count_asides
-- How many records a run set aside that no later one did.
SELECT count(*) AS n FROM runs.dead_letters
WHERE organisation_id = %(organisation_id)s AND run_id = %(run_id)s
  AND (%(needle)s::text IS NULL
       OR strpos(lower(resource || '/' || name || ' set aside: ' || reason), lower(%(needle)s)) > 0);
