-- name: insert_user
-- Keep a new user; as himself (app.user_id).
INSERT INTO tenancy.users (user_id, email, email_lower, name, is_installation_admin, created_at)
VALUES (%(user_id)s, %(email)s, %(email_lower)s, %(name)s, %(is_installation_admin)s, %(now)s);

-- name: insert_membership
-- Give a user a role; one that he has already is replaced.
INSERT INTO tenancy.memberships (organisation_id, user_id, role, created_at)
VALUES (%(organisation_id)s, %(user_id)s, %(role)s, %(now)s)
ON CONFLICT (organisation_id, user_id) DO UPDATE SET role = excluded.role;

-- name: insert_api_key
-- Keep a new key, as a hash.
INSERT INTO tenancy.api_keys
    (api_key_id, organisation_id, user_id, name, key_hash, hint, scopes, created_at, expires_at)
VALUES (%(api_key_id)s, %(organisation_id)s, %(user_id)s, %(name)s, %(key_hash)s, %(hint)s, %(scopes)s,
        %(now)s, %(expires_at)s);

-- name: find_api_key
-- Whose key it is, before an organisation is known.
SELECT organisation_id, api_key_id, user_id FROM tenancy.find_api_key(%s);

-- name: read_api_key
-- A key that may be used, and what its user may.
SELECT k.api_key_id, k.organisation_id, k.user_id, k.name, k.scopes, k.last_used_at, m.role, u.email,
       u.is_installation_admin
FROM tenancy.api_keys k
JOIN tenancy.memberships m ON m.organisation_id = k.organisation_id AND m.user_id = k.user_id
JOIN tenancy.users u ON u.user_id = k.user_id
WHERE k.api_key_id = %(api_key_id)s AND k.revoked_at IS NULL AND u.disabled_at IS NULL
  AND (k.expires_at IS NULL OR k.expires_at > %(now)s);

-- name: touch_api_key
-- Note that a key was used; not at every use.
UPDATE tenancy.api_keys SET last_used_at = %(now)s
WHERE api_key_id = %(api_key_id)s
  AND (last_used_at IS NULL OR last_used_at < %(now)s::timestamptz - interval '1 minute');
