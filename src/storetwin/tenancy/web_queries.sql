-- name: insert_web_session
-- Keep what a browser is known by.
INSERT INTO tenancy.web_sessions (token_hash, session_id, user_id, lasts, ends_at)
VALUES (%(token_hash)s, %(session_id)s, %(user_id)s, %(lasts)s, %(ends_at)s);

-- name: find_web_session
-- Whose session a browser's token is, before it is known who asks.
SELECT user_id, session_id, organisation_id FROM tenancy.find_web_session(%s);

-- name: touch_web_session
-- A browser's session was used: it goes on, until its end at the latest.
UPDATE tenancy.sessions s
SET last_used_at = %(now)s, expires_at = least(%(now)s::timestamptz + w.lasts, w.ends_at)
FROM tenancy.web_sessions w
WHERE w.session_id = s.session_id AND s.session_id = %(session_id)s AND s.user_id = %(user_id)s
  AND s.revoked_at IS NULL AND s.expires_at > %(now)s AND s.last_used_at < %(before)s;

-- name: move_session
-- Be in another organisation from now on.
UPDATE tenancy.sessions SET organisation_id = %(organisation_id)s, last_used_at = %(now)s
WHERE session_id = %(session_id)s AND user_id = %(user_id)s AND revoked_at IS NULL AND expires_at > %(now)s;
