-- name: find_user
-- Who has an e-mail, before it is known who asks.
SELECT tenancy.find_user(%s) AS user_id;

-- name: read_user
-- A user with his password, as himself.
SELECT u.user_id, u.email, u.name, u.is_installation_admin, u.created_at, u.disabled_at, p.password_hash
FROM tenancy.users u LEFT JOIN tenancy.passwords p ON p.user_id = u.user_id
WHERE u.user_id = %(user_id)s;

-- name: hold_user
-- Keep a user's password and standing as they are until the transaction ends.
SELECT p.password_hash FROM tenancy.users u JOIN tenancy.passwords p ON p.user_id = u.user_id
WHERE u.user_id = %(user_id)s AND u.disabled_at IS NULL
FOR SHARE;

-- name: put_password
-- Give a user a password, whether he had one or not.
INSERT INTO tenancy.passwords (user_id, password_hash, changed_at) VALUES (%(user_id)s, %(password_hash)s, %(now)s)
ON CONFLICT (user_id) DO UPDATE SET password_hash = excluded.password_hash, changed_at = excluded.changed_at;

-- name: rehash_password
-- Keep the same password by other parameters, unless it was changed meanwhile.
UPDATE tenancy.passwords SET password_hash = %(fresh)s WHERE user_id = %(user_id)s AND password_hash = %(old)s;

-- name: rename_user
-- Call a user by another name.
UPDATE tenancy.users SET name = %(name)s WHERE user_id = %(user_id)s;

-- name: read_own_memberships
-- In which organisations a user is, as himself; the first one first.
SELECT m.organisation_id, m.role, m.created_at, o.name
FROM tenancy.memberships m JOIN tenancy.organisations o ON o.id = m.organisation_id
WHERE m.user_id = %(user_id)s
ORDER BY m.created_at, m.organisation_id
LIMIT 1000;

-- name: read_own_organisations
-- The organisations a user is in, as himself, by id, from a place on.
SELECT o.id AS organisation_id, o.name, o.created_at, m.role
FROM tenancy.memberships m JOIN tenancy.organisations o ON o.id = m.organisation_id
WHERE m.user_id = %(user_id)s AND (%(only)s::uuid IS NULL OR o.id = %(only)s)
  AND (%(after)s::uuid IS NULL OR o.id > %(after)s)
ORDER BY o.id
LIMIT %(limit)s;

-- name: insert_session
-- Begin a session.
INSERT INTO tenancy.sessions
    (session_id, user_id, organisation_id, created_at, last_used_at, expires_at, agent, address)
VALUES (%(session_id)s, %(user_id)s, %(organisation_id)s, %(now)s, %(now)s, %(expires_at)s, %(agent)s, %(address)s);

-- name: insert_refresh_token
-- Give a session its next refresh token.
INSERT INTO tenancy.refresh_tokens (token_hash, session_id, user_id, created_at)
VALUES (%(token_hash)s, %(session_id)s, %(user_id)s, %(now)s);

-- name: find_refresh_token
-- Whose refresh token it is, before it is known who asks.
SELECT user_id, session_id FROM tenancy.find_refresh_token(%s);

-- name: hold_session
-- A session that stands; nobody else refreshes it until the transaction ends.
SELECT s.session_id, s.user_id, s.organisation_id
FROM tenancy.sessions s JOIN tenancy.users u ON u.user_id = s.user_id
WHERE s.session_id = %(session_id)s AND s.user_id = %(user_id)s AND s.revoked_at IS NULL
  AND s.expires_at > %(now)s AND u.disabled_at IS NULL
FOR UPDATE OF s;

-- name: use_refresh_token
-- Use a refresh token, which works once.
UPDATE tenancy.refresh_tokens SET used_at = %(now)s WHERE token_hash = %(token_hash)s AND used_at IS NULL;

-- name: drop_refresh_tokens
-- Forget refresh tokens of a session that were used long ago.
DELETE FROM tenancy.refresh_tokens WHERE session_id = %(session_id)s AND used_at < %(before)s;

-- name: extend_session
-- A session was used.
UPDATE tenancy.sessions
SET last_used_at = %(now)s, expires_at = %(expires_at)s, organisation_id = %(organisation_id)s,
    agent = %(agent)s, address = %(address)s
WHERE session_id = %(session_id)s;

-- name: end_session
-- End one session of a user, if it stands.
UPDATE tenancy.sessions SET revoked_at = %(now)s, revoked_for = %(reason)s
WHERE session_id = %(session_id)s AND user_id = %(user_id)s AND revoked_at IS NULL AND expires_at > %(now)s;

-- name: end_other_sessions
-- End all sessions of a user but one, or all.
UPDATE tenancy.sessions SET revoked_at = %(now)s, revoked_for = %(reason)s
WHERE user_id = %(user_id)s AND revoked_at IS NULL AND (%(but)s::uuid IS NULL OR session_id <> %(but)s);

-- name: drop_sessions
-- Forget sessions that ended long ago, and those beyond the newest of a user.
DELETE FROM tenancy.sessions WHERE user_id = %(user_id)s
  AND (expires_at < %(before)s OR revoked_at < %(before)s OR session_id IN (
      SELECT o.session_id FROM tenancy.sessions o WHERE o.user_id = %(user_id)s
      ORDER BY o.last_used_at DESC, o.session_id DESC OFFSET %(most)s));

-- name: read_sessions
-- The sessions of a user that stand, the newest first, from a place on.
SELECT session_id, organisation_id, created_at, last_used_at, expires_at, agent, address
FROM tenancy.sessions
WHERE user_id = %(user_id)s AND revoked_at IS NULL AND expires_at > %(now)s
  AND (%(before)s::uuid IS NULL OR session_id < %(before)s) AND (%(only)s::uuid IS NULL OR session_id = %(only)s)
ORDER BY session_id DESC
LIMIT %(limit)s;

-- name: read_session_principal
-- Who asks in a session that stands, and what he may in an organisation he still is in.
SELECT s.session_id, u.user_id, u.email, u.is_installation_admin, m.organisation_id, m.role
FROM tenancy.sessions s
JOIN tenancy.users u ON u.user_id = s.user_id
JOIN tenancy.memberships m ON m.user_id = s.user_id
WHERE s.session_id = %(session_id)s AND s.user_id = %(user_id)s AND m.organisation_id = %(organisation_id)s
  AND s.revoked_at IS NULL AND s.expires_at > %(now)s AND u.disabled_at IS NULL;

-- name: last_used_session
-- When a user last used a session in an organisation, by those that are kept; only he himself sees them.
SELECT max(last_used_at) AS last_used_at FROM tenancy.sessions
WHERE user_id = %(user_id)s AND organisation_id = %(organisation_id)s;
