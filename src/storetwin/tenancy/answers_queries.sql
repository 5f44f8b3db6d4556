-- name: claim_answer
-- Be the first with an idempotency key; answers nothing where somebody was before.
INSERT INTO tenancy.answers (organisation_id, actor_id, idempotency_key, request_hash, created_at)
VALUES (%(organisation_id)s, %(actor_id)s, %(key)s, %(request_hash)s, %(now)s)
ON CONFLICT DO NOTHING
RETURNING true AS is_first;

-- name: read_answer
-- What the first request with a key was, and what it was answered.
SELECT request_hash, status, headers::text AS headers, sealed_body FROM tenancy.answers
WHERE organisation_id = %(organisation_id)s AND actor_id = %(actor_id)s AND idempotency_key = %(key)s;

-- name: keep_answer
-- Keep what the first request was answered.
UPDATE tenancy.answers SET status = %(status)s, headers = %(headers)s, sealed_body = %(sealed_body)s
WHERE organisation_id = %(organisation_id)s AND actor_id = %(actor_id)s AND idempotency_key = %(key)s;

-- name: forget_answer
-- The first request came to nothing: the next one with its key is the first.
DELETE FROM tenancy.answers
WHERE organisation_id = %(organisation_id)s AND actor_id = %(actor_id)s AND idempotency_key = %(key)s;

-- name: drop_old_answers
-- Let go of answers nobody asks for any more.
DELETE FROM tenancy.answers WHERE organisation_id = %(organisation_id)s AND created_at < %(before)s;
