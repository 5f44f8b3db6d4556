-- name: hold_mapping
-- Keeps the import mapping of a connection as it is until the transaction ends; others may do so as well.
SELECT pg_advisory_xact_lock_shared(hashtextextended('storetwin/import mapping/' || %(connection_id)s::text, 0));

-- name: switch_mapping
-- Waits until no transaction works with the import mapping of a connection, and lets none begin.
SELECT pg_advisory_xact_lock(hashtextextended('storetwin/import mapping/' || %(connection_id)s::text, 0));

-- name: read_active_mapping
-- Which import mapping of a connection is active.
SELECT d.id, v.version, v.document::text AS document
FROM mapping.definitions d
JOIN mapping.versions v ON v.organisation_id = d.organisation_id AND v.definition_id = d.id AND v.version = d.active_version
WHERE d.organisation_id = %(organisation_id)s AND d.connection_id = %(connection_id)s AND d.active_version IS NOT NULL;

-- name: list_mappings
-- Import mappings, of one connection or of all, with what their latest versions say.
SELECT d.id, d.connection_id, d.name, d.version, d.active_version, d.created_at, d.created_by, d.updated_at, d.updated_by,
       d.activated_at, v.document::text AS document
FROM mapping.definitions d
JOIN mapping.versions v ON v.organisation_id = d.organisation_id AND v.definition_id = d.id AND v.version = d.version
WHERE d.organisation_id = %(organisation_id)s AND d.removed_at IS NULL
  AND (%(connection_id)s::uuid IS NULL OR d.connection_id = %(connection_id)s)
ORDER BY d.connection_id, d.created_at, d.id;

-- name: read_mapping_version
-- What a version of an import mapping says, also of one that was removed.
SELECT v.version, v.document::text AS document, v.made_at, v.made_by, v.activated_at
FROM mapping.versions v
WHERE v.organisation_id = %(organisation_id)s AND v.definition_id = %(id)s AND v.version = %(version)s;

-- name: insert_mapping
-- Adds an import mapping, unless the connection has one of that name.
INSERT INTO mapping.definitions (organisation_id, id, connection_id, name, version, created_at, created_by, updated_at, updated_by)
VALUES (%(organisation_id)s, %(id)s, %(connection_id)s, %(name)s, 1, %(now)s, %(user_id)s, %(now)s, %(user_id)s)
ON CONFLICT DO NOTHING
RETURNING id;

-- name: put_mapping_version
-- Writes down what a version says; one that was ever active stays as it is.
INSERT INTO mapping.versions AS v (organisation_id, definition_id, version, document, made_at, made_by)
VALUES (%(organisation_id)s, %(id)s, %(version)s, %(document)s, %(now)s, %(user_id)s)
ON CONFLICT (organisation_id, definition_id, version) DO UPDATE
SET document = EXCLUDED.document, made_at = EXCLUDED.made_at, made_by = EXCLUDED.made_by
WHERE v.activated_at IS NULL;

-- name: lock_mapping
-- Reads an import mapping that is to be changed.
SELECT d.id, d.name, d.version, d.active_version, v.activated_at, v.document::text AS document
FROM mapping.definitions d
JOIN mapping.versions v ON v.organisation_id = d.organisation_id AND v.definition_id = d.id AND v.version = d.version
WHERE d.organisation_id = %(organisation_id)s AND d.connection_id = %(connection_id)s AND d.id = %(id)s
  AND d.removed_at IS NULL
FOR UPDATE OF d;

-- name: is_mapping_name_taken
-- Whether another import mapping of a connection is called so.
SELECT 1 AS found FROM mapping.definitions
WHERE organisation_id = %(organisation_id)s AND connection_id = %(connection_id)s AND name = %(name)s AND id <> %(id)s
  AND removed_at IS NULL;

-- name: update_mapping
-- Changes the name of an import mapping, and which version is its latest.
UPDATE mapping.definitions SET name = %(name)s, version = %(version)s, updated_at = %(now)s, updated_by = %(user_id)s
WHERE organisation_id = %(organisation_id)s AND id = %(id)s;

-- name: deactivate_mappings
-- Lets no import mapping of a connection be active; answers with those that were.
UPDATE mapping.definitions SET active_version = NULL
WHERE organisation_id = %(organisation_id)s AND connection_id = %(connection_id)s AND active_version IS NOT NULL
RETURNING id, name;

-- name: activate_mapping
-- Lets the latest version of an import mapping be the active one.
UPDATE mapping.definitions SET active_version = version, activated_at = %(now)s, activated_by = %(user_id)s
WHERE organisation_id = %(organisation_id)s AND id = %(id)s;

-- name: note_mapping_activated
-- Writes down that a version was active: from now on it is not changed any more.
UPDATE mapping.versions SET activated_at = %(now)s
WHERE organisation_id = %(organisation_id)s AND definition_id = %(id)s AND version = %(version)s AND activated_at IS NULL;

-- name: remove_mapping
-- Takes an import mapping away from what people see.
UPDATE mapping.definitions SET removed_at = %(now)s, updated_by = %(user_id)s
WHERE organisation_id = %(organisation_id)s AND id = %(id)s;

-- name: put_switch
-- Notes that linked records of a connection are to be compared by another mapping.
INSERT INTO mapping.switches (organisation_id, connection_id, switched_at)
VALUES (%(organisation_id)s, %(connection_id)s, %(now)s)
ON CONFLICT (organisation_id, connection_id) DO UPDATE SET switched_at = EXCLUDED.switched_at;

-- name: read_switch
-- Whether linked records of a connection are still to be marked, and since when.
SELECT switched_at FROM mapping.switches
WHERE organisation_id = %(organisation_id)s AND connection_id = %(connection_id)s;

-- name: drop_switch
-- All linked records are marked, unless the mapping was switched again meanwhile.
DELETE FROM mapping.switches
WHERE organisation_id = %(organisation_id)s AND connection_id = %(connection_id)s AND switched_at = %(switched_at)s;
