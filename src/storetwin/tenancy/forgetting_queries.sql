-- name: list_answers
-- The answers that are kept of an organisation, sealed; they go after a day.
SELECT actor_id, idempotency_key, sealed_body FROM tenancy.answers
WHERE organisation_id = %s AND sealed_body IS NOT NULL;

-- name: drop_answer
-- Forgets an answer.
DELETE FROM tenancy.answers WHERE organisation_id = %s AND actor_id = %s AND idempotency_key = %s;
