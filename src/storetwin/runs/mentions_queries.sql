-- name: letters_mentioning
-- Dead letters of a connection in whose texts some terms stand.
SELECT dead_letter_id, resource, remote_id, name, reason, state, first_seen_at, last_seen_at FROM runs.dead_letters
WHERE connection_id = %(connection_id)s AND EXISTS (
    SELECT FROM unnest(%(terms)s::text[]) AS t(term) WHERE strpos(lower(name || ' ' || reason), term) > 0)
ORDER BY dead_letter_id;

-- name: scrub_letter
-- Says anew what a dead letter is called and why it is one.
UPDATE runs.dead_letters SET name = %(name)s, reason = %(reason)s WHERE dead_letter_id = %(id)s;

-- name: errors_mentioning
-- Runs of a connection in whose errors some terms stand.
SELECT run_id, kind AS run_kind, started_at, error FROM runs.runs
WHERE connection_id = %(connection_id)s AND EXISTS (
    SELECT FROM unnest(%(terms)s::text[]) AS t(term) WHERE strpos(lower(error), term) > 0)
ORDER BY run_id;

-- name: scrub_error
-- Says anew why a run failed.
UPDATE runs.runs SET error = %(error)s WHERE run_id = %(id)s;

-- name: certificates_mentioning
-- Certificates of a connection in which some terms stand.
SELECT certificate_id, ended_at, document::text AS document FROM runs.certificates
WHERE connection_id = %(connection_id)s AND EXISTS (
    SELECT FROM unnest(%(terms)s::text[]) AS t(term) WHERE strpos(lower(document::text), term) > 0)
ORDER BY certificate_id;

-- name: scrub_certificate
-- Writes a certificate anew.
UPDATE runs.certificates SET document = %(document)s::json WHERE certificate_id = %(id)s;

-- name: drop_evidence
-- Forgets what stores answered for dead letters of a connection: in an answer, nobody's words are known to be missing.
UPDATE runs.dead_letters SET evidence = NULL
WHERE organisation_id = %(organisation_id)s AND connection_id = %(connection_id)s AND evidence IS NOT NULL;
