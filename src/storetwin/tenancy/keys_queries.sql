-- name: read_api_keys
-- The keys of an organisation, or of one user in it, the newest first, from a place on.
SELECT k.api_key_id, k.user_id, u.email, k.name, k.hint, k.scopes, k.created_at, k.expires_at, k.last_used_at,
       k.revoked_at
FROM tenancy.api_keys k JOIN tenancy.users u ON u.user_id = k.user_id
WHERE k.organisation_id = %(organisation_id)s
  AND (%(user_id)s::uuid IS NULL OR k.user_id = %(user_id)s)
  AND (%(only)s::uuid IS NULL OR k.api_key_id = %(only)s)
  AND (%(before)s::uuid IS NULL OR k.api_key_id < %(before)s)
ORDER BY k.api_key_id DESC
LIMIT %(limit)s;

-- name: revoke_api_key
-- End a key for ever.
UPDATE tenancy.api_keys SET revoked_at = %(now)s
WHERE organisation_id = %(organisation_id)s AND api_key_id = %(api_key_id)s AND revoked_at IS NULL
  AND (%(user_id)s::uuid IS NULL OR user_id = %(user_id)s);
