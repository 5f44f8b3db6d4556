-- name: select_webhooks
-- Every receiving end of the organisation, with the addresses of its store.
SELECT w.*, c.url, c.home_url, c.identity
  FROM connections.webhooks w JOIN connections.connections c ON c.id = w.connection_id;

-- name: select_webhook
-- The receiving end of one connection, with the addresses of its store.
SELECT w.*, c.url, c.home_url, c.identity
  FROM connections.webhooks w JOIN connections.connections c ON c.id = w.connection_id
 WHERE w.connection_id = %s;

-- name: ensure_webhook
-- Make a receiving end, or open the one there is; with a new token where that is asked for.
INSERT INTO connections.webhooks (connection_id, organisation_id, token_hash, sealed_token,
       sealed_secret, allowed_ips, created_at)
VALUES (%(connection_id)s, %(organisation_id)s, %(token_hash)s, %(sealed_token)s,
       %(sealed_secret)s, coalesce(%(allowed_ips)s::text[], '{}'), %(now)s)
ON CONFLICT (connection_id) DO UPDATE
   SET is_wanted = true,
       allowed_ips = coalesce(%(allowed_ips)s::text[], webhooks.allowed_ips),
       token_hash = CASE WHEN %(is_new)s THEN excluded.token_hash ELSE webhooks.token_hash END,
       sealed_token = CASE WHEN %(is_new)s THEN excluded.sealed_token ELSE webhooks.sealed_token END,
       sealed_secret = CASE WHEN %(is_new)s THEN excluded.sealed_secret ELSE webhooks.sealed_secret END;

-- name: allow_webhook
-- Say who may deliver; touches no row where no webhooks were ever made.
UPDATE connections.webhooks SET allowed_ips = %(allowed_ips)s::text[] WHERE connection_id = %(connection_id)s;

-- name: close_webhook
-- Let nothing in any more.
UPDATE connections.webhooks SET is_wanted = false, missed = 0 WHERE connection_id = %s;

-- name: keep_upkeep
-- Keep what the store had of our webhooks when it was looked at.
UPDATE connections.webhooks
   SET state = %(state)s::json, missed = %(missed)s, checked_at = %(now)s
 WHERE connection_id = %(id)s;

-- name: find_webhook
-- Whose a token is, by its hash; ids only.
SELECT organisation_id, connection_id FROM connections.find_webhook(%s);

-- name: note_refusal
-- Count refused deliveries in, with the reason of the last one.
UPDATE connections.webhooks
   SET refused = refused + %(n)s, last_refused_at = %(at)s, last_refusal = %(reason)s
 WHERE connection_id = %(id)s;

-- name: note_pings
-- Keep that stores have looked whether anybody is there.
UPDATE connections.webhooks SET last_ping_at = %(now)s WHERE connection_id = ANY(%(ids)s::uuid[]);

-- name: tell_webhook
-- Tell every door that a receiving end has changed (channel, connection).
SELECT pg_notify(%s, %s);
