-- name: read_members
-- The members of an organisation by e-mail, from a place on.
SELECT u.user_id, u.email, u.name, m.role, m.created_at, u.disabled_at
FROM tenancy.memberships m JOIN tenancy.users u ON u.user_id = m.user_id
WHERE m.organisation_id = %(organisation_id)s
  AND (%(only)s::uuid IS NULL OR m.user_id = %(only)s)
  AND (%(after)s::text IS NULL OR u.email_lower > %(after)s)
ORDER BY u.email_lower
LIMIT %(limit)s;

-- name: hold_organisation
-- Let nobody else change who is in an organisation until the transaction ends.
SELECT id FROM tenancy.organisations WHERE id = %s FOR NO KEY UPDATE;

-- name: count_other_owners
-- How many others could act as owners.
SELECT count(*) AS owners
FROM tenancy.memberships m JOIN tenancy.users u ON u.user_id = m.user_id
WHERE m.organisation_id = %(organisation_id)s AND m.role = 'owner' AND m.user_id <> %(user_id)s
  AND u.disabled_at IS NULL;

-- name: delete_membership
-- Let somebody be no member any more; his keys go with it.
DELETE FROM tenancy.memberships WHERE organisation_id = %(organisation_id)s AND user_id = %(user_id)s;

-- name: make_installation_admin
-- Let a user do what concerns every organisation, as himself.
UPDATE tenancy.users SET is_installation_admin = true WHERE user_id = %s;

-- name: disable_user
-- Shut a user out, or let him in again, as himself.
UPDATE tenancy.users SET disabled_at = %(disabled_at)s WHERE user_id = %(user_id)s;

-- name: delete_user
-- Forget a user with his sessions, memberships and keys, as himself.
DELETE FROM tenancy.users WHERE user_id = %s;

-- name: has_users
-- Whether there is any user yet.
SELECT tenancy.has_users() AS has_users;
