-- What core reads and writes beside the nouns' own tables.

-- name: hold
-- One writer at a time in an organisation's core: nothing is doubled, and nobody waits for each other in a circle.
SELECT pg_advisory_xact_lock(hashtextextended('core ' || current_setting('app.organisation_id'), 0));

-- name: read_links
-- What is known of some records of stores.
SELECT l.connection_id, l.resource, l.remote_id, l.noun, l.core_id, l.snapshot_version, l.values_hash, l.definition_id,
       l.definition_version, l.promoted_at, l.gone_at
FROM unnest(%(connections)s::uuid[], %(resources)s::text[], %(ids)s::text[]) AS r(connection_id, resource, remote_id)
JOIN core.links l USING (connection_id, resource, remote_id);

-- name: read_said
-- What the stores' records that some core records came from come to.
SELECT l.core_id, l.connection_id, l.resource, l.remote_id, l.values_hash, l.mapped, l.gone_at, c.created_at
FROM core.links l JOIN connections.connections c ON c.id = l.connection_id
WHERE l.noun = %(noun)s AND l.core_id = ANY(%(ids)s::uuid[]);

-- name: put_links
-- Notes which core records some stores' records are, and what they came to.
INSERT INTO core.links AS l (organisation_id, connection_id, resource, remote_id, noun, core_id, snapshot_version,
                             values_hash, mapped, definition_id, definition_version, promoted_at, run_id, gone_at)
SELECT current_setting('app.organisation_id')::uuid, connection_id, resource, remote_id, %(noun)s, core_id,
       snapshot_version, decode(values_hash, 'hex'), mapped, definition_id, definition_version, %(now)s, %(run_id)s,
       gone_at
FROM json_to_recordset(%(rows)s::json)
     AS r(connection_id uuid, resource text, remote_id text, core_id uuid, snapshot_version integer, values_hash text,
          mapped json, definition_id uuid, definition_version integer, gone_at timestamptz)
ON CONFLICT (organisation_id, connection_id, resource, remote_id) DO UPDATE
SET core_id = EXCLUDED.core_id, snapshot_version = EXCLUDED.snapshot_version, values_hash = EXCLUDED.values_hash,
    mapped = EXCLUDED.mapped, definition_id = EXCLUDED.definition_id, promoted_at = EXCLUDED.promoted_at,
    definition_version = EXCLUDED.definition_version, run_id = EXCLUDED.run_id, gone_at = EXCLUDED.gone_at;

-- name: bury_links
-- Notes that stores have some records no more.
UPDATE core.links AS l SET gone_at = %(now)s, promoted_at = %(now)s, run_id = %(run_id)s, snapshot_version = r.version
FROM unnest(%(connections)s::uuid[], %(resources)s::text[], %(ids)s::text[], %(versions)s::int[])
     AS r(connection_id, resource, remote_id, version)
WHERE (l.connection_id, l.resource, l.remote_id) = (r.connection_id, r.resource, r.remote_id);

-- name: add_changes
-- Writes down what changed.
INSERT INTO core.changes (organisation_id, noun, core_id, action, fields, connection_id, run_id, user_id, at)
SELECT current_setting('app.organisation_id')::uuid, %(noun)s, core_id, action, fields, connection_id, %(run_id)s,
       %(user_id)s, %(now)s
FROM json_to_recordset(%(rows)s::json) AS r(core_id uuid, action text, fields json, connection_id uuid);

-- name: read_edits
-- What people changed of some records.
SELECT core_id, field, value, said, edited_by, edited_at FROM core.edits
WHERE noun = %(noun)s AND core_id = ANY(%(ids)s::uuid[]);

-- name: restate_edits
-- Notes what the stores say meanwhile of what people changed.
UPDATE core.edits AS e SET said = r.said
FROM json_to_recordset(%(rows)s::json) AS r(core_id uuid, field text, said json)
WHERE e.noun = %(noun)s AND e.core_id = r.core_id AND e.field = r.field;

-- name: await_records
-- Notes which records are named and not in core yet.
INSERT INTO core.awaited (organisation_id, connection_id, resource, remote_id, place, core_id)
SELECT current_setting('app.organisation_id')::uuid, connection_id, resource, remote_id, place, core_id
FROM json_to_recordset(%(rows)s::json) AS r(connection_id uuid, resource text, remote_id text, place text, core_id uuid)
ON CONFLICT DO NOTHING;

-- name: stop_awaiting
-- Forgets what some records waited for: they are written anew, and say it again.
DELETE FROM core.awaited WHERE core_id = ANY(%(ids)s::uuid[]);

-- name: take_awaited
-- Who waited for some records that have come.
DELETE FROM core.awaited a
USING unnest(%(connections)s::uuid[], %(resources)s::text[], %(ids)s::text[]) AS r(connection_id, resource, remote_id)
WHERE (a.connection_id, a.resource, a.remote_id) = (r.connection_id, r.resource, r.remote_id)
RETURNING a.connection_id, a.resource, a.remote_id, a.place, a.core_id;

-- name: read_connections
-- When some connections were made.
SELECT id, created_at FROM connections.connections WHERE id = ANY(%(ids)s::uuid[]);

-- name: read_locations
-- Where the stock of some connections lies.
SELECT connection_id, id FROM core.locations WHERE connection_id = ANY(%(ids)s::uuid[]);

-- name: add_location
-- A place for the stock of a connection.
INSERT INTO core.locations (organisation_id, id, connection_id, created_at)
VALUES (current_setting('app.organisation_id')::uuid, %(id)s, %(connection_id)s, %(now)s);

-- name: read_paths
-- Where some records stand in their tree.
SELECT id, slug_path FROM core.categories WHERE id = ANY(%(ids)s::uuid[]);
