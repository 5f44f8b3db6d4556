-- name: insert_connection
-- Add a connection; the first of an organisation becomes its default.
INSERT INTO connections.connections (id, organisation_id, name, platform, url, auth,
       sealed_credentials, ca, is_tls_insecure, created_at, created_by, is_default)
VALUES (%(id)s, %(organisation_id)s, %(name)s, %(platform)s, %(url)s, %(auth)s,
       %(sealed_credentials)s, %(ca)s, %(is_tls_insecure)s, %(created_at)s, %(created_by)s,
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

-- name: select_connections_after
-- Connections by name, from one on: those after a name, so many at most.
SELECT * FROM connections.connections
 WHERE name > %(after)s OR %(after)s::text IS NULL
 ORDER BY name
 LIMIT %(limit)s;

-- name: lock_connections
-- Let nobody else choose a default meanwhile.
SELECT id FROM connections.connections ORDER BY id FOR UPDATE;

-- name: clear_default
-- Have no default for a moment.
UPDATE connections.connections SET is_default = false WHERE is_default AND id <> %s;

-- name: make_default
-- Make a connection the default.
UPDATE connections.connections SET is_default = true WHERE id = %s RETURNING *;

-- name: insert_authorisation
-- Begin an authorisation.
INSERT INTO connections.authorisations (organisation_id, authorisation_id, created_by, name, url, scope, ca,
       is_tls_insecure, state_hash, created_at, expires_at)
VALUES (%(organisation_id)s, %(authorisation_id)s, %(created_by)s, %(name)s, %(url)s, %(scope)s, %(ca)s,
        %(is_tls_insecure)s, %(state_hash)s, %(now)s, %(expires_at)s)
RETURNING authorisation_id, organisation_id, created_by, name, url, scope, ca, is_tls_insecure, created_at,
          expires_at, tries, connected_at, connection_id, trouble, remedy;

-- name: select_authorisation
-- One authorisation.
SELECT authorisation_id, organisation_id, created_by, name, url, scope, ca, is_tls_insecure, created_at,
       expires_at, tries, connected_at, connection_id, trouble, remedy
  FROM connections.authorisations WHERE authorisation_id = %s;

-- name: find_authorisation
-- Whose authorisation a state belongs to, before an organisation is known.
SELECT organisation_id, authorisation_id FROM connections.find_authorisation(%s);

-- name: claim_authorisation
-- Take hold of an authorisation that waits; no row where it does not.
UPDATE connections.authorisations
   SET claimed_at = %(now)s, tries = tries + 1
 WHERE authorisation_id = %(id)s AND connected_at IS NULL AND expires_at > %(now)s AND tries < %(most)s
   AND (claimed_at IS NULL OR claimed_at < %(before)s)
RETURNING authorisation_id, organisation_id, created_by, name, url, scope, ca, is_tls_insecure, created_at,
          expires_at, tries, connected_at, connection_id, trouble, remedy;

-- name: settle_authorisation
-- Keep which connection came of an authorisation.
UPDATE connections.authorisations
   SET connected_at = %(now)s, connection_id = %(connection_id)s, claimed_at = NULL, trouble = NULL, remedy = NULL
 WHERE authorisation_id = %(id)s;

-- name: refuse_authorisation
-- Keep why the keys that came were not taken.
UPDATE connections.authorisations
   SET trouble = %(trouble)s, remedy = %(remedy)s, claimed_at = NULL
 WHERE authorisation_id = %(id)s AND connected_at IS NULL;

-- name: count_waiting_authorisations
-- How many authorisations wait.
SELECT count(*) AS waiting FROM connections.authorisations WHERE connected_at IS NULL AND expires_at > %s;

-- name: forget_authorisations
-- Forget what was begun before a moment.
DELETE FROM connections.authorisations WHERE created_at < %s;
