-- name: insert_connection
-- Add a connection; the first of an organisation becomes its default.
INSERT INTO connections.connections (id, organisation_id, name, platform, url, auth,
       sealed_credentials, ca, is_tls_insecure, created_at, is_default)
VALUES (%(id)s, %(organisation_id)s, %(name)s, %(platform)s, %(url)s, %(auth)s,
       %(sealed_credentials)s, %(ca)s, %(is_tls_insecure)s, %(created_at)s,
       NOT EXISTS (SELECT FROM connections.connections WHERE is_default))
RETURNING *;

-- name: select_connections
-- Every connection of the organisation, the default first, then by name.
SELECT * FROM connections.connections ORDER BY is_default DESC, name;

-- name: select_connection
-- One connection by its name.
SELECT * FROM connections.connections WHERE name = %s;

-- name: select_connection_by_id
-- One connection by its id.
SELECT * FROM connections.connections WHERE id = %s;

-- name: select_default_connection
-- The connection that is meant when none is named.
SELECT * FROM connections.connections WHERE is_default;

-- name: delete_connection
-- Remove a connection with everything that was pulled through it.
DELETE FROM connections.connections WHERE name = %s;

-- name: choose_default
-- Make the oldest connection the default where there is none.
UPDATE connections.connections
   SET is_default = true
 WHERE id = (SELECT id FROM connections.connections ORDER BY created_at, id LIMIT 1)
   AND NOT EXISTS (SELECT FROM connections.connections WHERE is_default);

-- name: rename_connection
-- Give a connection another name (first parameter).
UPDATE connections.connections SET name = %s WHERE name = %s RETURNING *;

-- name: update_credentials
-- Replace the sealed keys; what was detected with the old ones no longer counts.
UPDATE connections.connections
   SET sealed_credentials = %(sealed_credentials)s, detected = NULL, state = 'active', pause_reason = NULL
 WHERE id = %(id)s
RETURNING *;

-- name: update_state
-- Pause a connection for a reason, or resume it (state, reason, then id).
UPDATE connections.connections SET state = %s, pause_reason = %s WHERE id = %s RETURNING *;

-- name: update_identity
-- Keep which store a connection leads to (identity, then id).
UPDATE connections.connections SET identity = %s::json WHERE id = %s RETURNING *;

-- name: update_routes
-- Keep what a store's routes take, and when it told (routes, moment, then id).
UPDATE connections.connections SET routes = %s::json, routes_at = %s WHERE id = %s;

-- name: forget_routes
-- Let the next run ask the store for its routes.
UPDATE connections.connections SET routes_at = NULL WHERE id = %s;

-- name: update_url
-- Keep a store's address; at a new one it is found out anew how keys travel.
UPDATE connections.connections
   SET url = %(url)s, detected = CASE WHEN url = %(url)s THEN detected END, routes_at = NULL
 WHERE id = %(id)s
RETURNING *;

-- name: update_options
-- Replace what a person chose for a connection (options, then id); other routes may belong to it now.
UPDATE connections.connections SET options = %s::json, routes_at = NULL WHERE id = %s RETURNING *;

-- name: update_report
-- Keep what a probe found; a fact the store did not tell this time stays as it was.
UPDATE connections.connections
   SET last_probe = %(last_probe)s::json,
       last_probe_at = %(last_probe_at)s,
       detected = coalesce(%(detected)s, detected),
       store_id = coalesce(%(store_id)s, store_id),
       home_url = coalesce(%(home_url)s, home_url),
       wc_version = coalesce(%(wc_version)s, wc_version),
       wp_version = coalesce(%(wp_version)s, wp_version),
       timezone = coalesce(%(timezone)s, timezone),
       currency = coalesce(%(currency)s, currency)
 WHERE id = %(id)s
RETURNING *;
