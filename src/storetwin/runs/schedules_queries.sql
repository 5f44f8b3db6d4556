-- name: add_schedules
-- Gives a connection schedules, unless it has them.
INSERT INTO runs.schedules (organisation_id, connection_id, kind, resource, spec, next_at)
SELECT %(organisation_id)s, %(connection_id)s, kind, '', spec, clock_timestamp()
FROM unnest(%(kinds)s::text[], %(specs)s::text[]) AS given (kind, spec)
ON CONFLICT DO NOTHING;

-- name: read_schedules
-- The schedules of a connection, and the database's time: machines may disagree.
SELECT organisation_id, connection_id, kind, resource, spec, is_paused, next_at, last_at, failures, clock_timestamp() AS now
FROM runs.schedules WHERE %(connection_id)s::uuid IS NULL OR connection_id = %(connection_id)s
ORDER BY connection_id, kind DESC, resource;

-- name: put_schedule
-- Sets when a resource is read, and tells the workers.
WITH put AS (
    INSERT INTO runs.schedules (organisation_id, connection_id, kind, resource, spec, next_at)
    VALUES (%(organisation_id)s, %(connection_id)s, %(kind)s, %(resource)s, %(spec)s, %(next_at)s)
    ON CONFLICT (connection_id, kind, resource) DO UPDATE
    SET spec = EXCLUDED.spec, next_at = EXCLUDED.next_at, failures = 0, is_paused = false
    RETURNING 1)
SELECT pg_notify('storetwin_schedules', '') FROM put;

-- name: pause_schedules
-- Lets schedules rest, or go on: due at once then, if their time has come.
WITH changed AS (
    UPDATE runs.schedules SET is_paused = %(is_paused)s
    WHERE connection_id = %(connection_id)s AND (%(resource)s::text IS NULL OR resource = %(resource)s)
      AND (%(kind)s::text IS NULL OR kind = %(kind)s)
    RETURNING 1)
SELECT pg_notify('storetwin_schedules', '') FROM changed;

-- name: remove_schedules
-- Forgets schedules of resources; those of all are paused instead.
WITH changed AS (
    DELETE FROM runs.schedules
    WHERE connection_id = %(connection_id)s AND resource = %(resource)s
      AND (%(kind)s::text IS NULL OR kind = %(kind)s)
    RETURNING 1)
SELECT pg_notify('storetwin_schedules', '') FROM changed;

-- name: make_due
-- Lets the increments of a connection begin now.
WITH changed AS (
    UPDATE runs.schedules SET next_at = least(next_at, clock_timestamp())
    WHERE connection_id = %(connection_id)s AND kind = 'sync' RETURNING 1)
SELECT pg_notify('storetwin_schedules', '') FROM changed;

-- name: settle_schedule
-- Writes down how a schedule's turn ended, unless a person has set it anew meanwhile.
UPDATE runs.schedules SET next_at = %(next_at)s, last_at = %(last_at)s, failures = %(failures)s
WHERE connection_id = %(connection_id)s AND kind = %(kind)s AND resource = %(resource)s
  AND next_at = %(was_next_at)s AND spec = %(spec)s;
