-- name: page_credentials
-- Sealed values of connections, some at a time.
SELECT id, sealed_credentials AS sealed FROM connections.connections
WHERE sealed_credentials IS NOT NULL AND (%(after_id)s::uuid IS NULL OR (id) > (%(after_id)s::uuid))
ORDER BY id LIMIT %(limit)s;

-- name: put_credentials
-- Puts one of them anew, unless somebody has written it since.
UPDATE connections.connections SET sealed_credentials = %(new)s WHERE id = %(id)s AND sealed_credentials = %(old)s;

-- name: page_tokens
-- Sealed values of webhooks' tokens, some at a time.
SELECT connection_id, sealed_token AS sealed FROM connections.webhooks
WHERE sealed_token IS NOT NULL AND (%(after_connection_id)s::uuid IS NULL OR (connection_id) > (%(after_connection_id)s::uuid))
ORDER BY connection_id LIMIT %(limit)s;

-- name: put_tokens
-- Puts one of them anew, unless somebody has written it since.
UPDATE connections.webhooks SET sealed_token = %(new)s WHERE connection_id = %(connection_id)s AND sealed_token = %(old)s;

-- name: page_webhook_secrets
-- Sealed values of webhooks' secrets, some at a time.
SELECT connection_id, sealed_secret AS sealed FROM connections.webhooks
WHERE sealed_secret IS NOT NULL AND (%(after_connection_id)s::uuid IS NULL OR (connection_id) > (%(after_connection_id)s::uuid))
ORDER BY connection_id LIMIT %(limit)s;

-- name: put_webhook_secrets
-- Puts one of them anew, unless somebody has written it since.
UPDATE connections.webhooks SET sealed_secret = %(new)s WHERE connection_id = %(connection_id)s AND sealed_secret = %(old)s;

-- name: page_answers
-- Sealed values of kept answers, some at a time.
SELECT actor_id, idempotency_key, sealed_body AS sealed FROM tenancy.answers
WHERE sealed_body IS NOT NULL AND (%(after_actor_id)s::uuid IS NULL OR (actor_id, idempotency_key) > (%(after_actor_id)s::uuid, %(after_idempotency_key)s::text))
ORDER BY actor_id, idempotency_key LIMIT %(limit)s;

-- name: put_answers
-- Puts one of them anew, unless somebody has written it since.
UPDATE tenancy.answers SET sealed_body = %(new)s WHERE actor_id = %(actor_id)s AND idempotency_key = %(idempotency_key)s AND sealed_body = %(old)s;

-- name: page_digest_keys
-- Sealed values of the keys of digests, some at a time.
SELECT organisation_id, sealed_digest_key AS sealed FROM security.vault_checks
WHERE sealed_digest_key IS NOT NULL AND (%(after_organisation_id)s::uuid IS NULL OR (organisation_id) > (%(after_organisation_id)s::uuid))
ORDER BY organisation_id LIMIT %(limit)s;

-- name: put_digest_keys
-- Puts one of them anew, unless somebody has written it since.
UPDATE security.vault_checks SET sealed_digest_key = %(new)s WHERE organisation_id = %(organisation_id)s AND sealed_digest_key = %(old)s;
