-- name: insert_invitation
-- Keep an invitation, as a hash.
INSERT INTO tenancy.invitations
    (invitation_id, organisation_id, email, role, is_installation_admin, is_first, token_hash, invited_by,
     created_at, expires_at)
VALUES (%(invitation_id)s, %(organisation_id)s, %(email)s, %(role)s, %(is_installation_admin)s, %(is_first)s,
        %(token_hash)s, %(invited_by)s, %(now)s, %(expires_at)s);

-- name: find_invitation
-- Whose invitation it is, before an organisation is known.
SELECT organisation_id, invitation_id FROM tenancy.find_invitation(%s);

-- name: read_open_invitation
-- An invitation that may be accepted, with what its sender is now.
SELECT i.invitation_id, i.email, i.role, i.is_installation_admin, i.is_first, i.invited_by,
       m.role AS inviter_role, tenancy.has_users() AS has_users
FROM tenancy.invitations i
LEFT JOIN tenancy.memberships m ON m.organisation_id = i.organisation_id AND m.user_id = i.invited_by
WHERE i.invitation_id = %(invitation_id)s AND i.accepted_at IS NULL AND i.revoked_at IS NULL
  AND i.expires_at > %(now)s;

-- name: accept_invitation
-- Use an invitation, which works once.
UPDATE tenancy.invitations SET accepted_at = %(now)s
WHERE invitation_id = %(invitation_id)s AND accepted_at IS NULL AND revoked_at IS NULL AND expires_at > %(now)s;

-- name: revoke_invitation
-- Take an invitation back that was not accepted.
UPDATE tenancy.invitations SET revoked_at = %(now)s
WHERE invitation_id = %(invitation_id)s AND organisation_id = %(organisation_id)s
  AND accepted_at IS NULL AND revoked_at IS NULL;

-- name: revoke_first_invitations
-- Take back the links that were made for the first user.
UPDATE tenancy.invitations SET revoked_at = %(now)s
WHERE organisation_id = %(organisation_id)s AND is_first AND accepted_at IS NULL AND revoked_at IS NULL;

-- name: drop_invitations
-- Forget invitations of long ago.
DELETE FROM tenancy.invitations WHERE organisation_id = %(organisation_id)s AND expires_at < %(before)s;

-- name: read_invitations
-- The invitations of an organisation, the newest first, from a place on.
SELECT i.invitation_id, i.email, i.role, i.is_installation_admin, u.email AS invited_by, i.created_at,
       i.expires_at, i.accepted_at, i.revoked_at
FROM tenancy.invitations i LEFT JOIN tenancy.users u ON u.user_id = i.invited_by
WHERE i.organisation_id = %(organisation_id)s
  AND (%(only)s::uuid IS NULL OR i.invitation_id = %(only)s)
  AND (%(before)s::uuid IS NULL OR i.invitation_id < %(before)s)
ORDER BY i.invitation_id DESC
LIMIT %(limit)s;
