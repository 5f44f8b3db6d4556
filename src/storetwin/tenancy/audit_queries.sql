-- name: insert_audit_entry
-- Write down that somebody did something, or begins to.
INSERT INTO tenancy.audit
    (organisation_id, entry_id, at, actor_id, actor, via, action, subject, outcome, detail, address)
VALUES (%(organisation_id)s, %(entry_id)s, %(at)s, %(actor_id)s, %(actor)s, %(via)s, %(action)s, %(subject)s,
        %(outcome)s, %(detail)s, %(address)s);

-- name: finish_audit_entry
-- Write down how it ended.
UPDATE tenancy.audit SET outcome = %(outcome)s
WHERE organisation_id = %(organisation_id)s AND entry_id = %(entry_id)s;

-- name: read_audit_entries
-- What was done in an organisation, the newest first, from a place on.
SELECT entry_id, at, actor_id, actor, via, action, subject, outcome, detail::text AS detail, address
FROM tenancy.audit
WHERE organisation_id = %(organisation_id)s
  AND (%(before)s::uuid IS NULL OR entry_id < %(before)s)
  AND (%(action)s::text IS NULL OR action = %(action)s)
  AND (%(actor)s::text IS NULL OR actor = %(actor)s)
  AND (%(since)s::timestamptz IS NULL OR at >= %(since)s)
  AND (%(until)s::timestamptz IS NULL OR at < %(until)s)
  AND (%(is_done)s::boolean IS NULL OR outcome IS NOT NULL AND (outcome = 'done') = %(is_done)s)
  AND (%(but)s::text[] IS NULL OR action <> ALL(%(but)s::text[]))
  AND (%(about)s::text[] IS NULL OR string_to_array(subject, ' ') && %(about)s::text[])
ORDER BY entry_id DESC
LIMIT %(limit)s;
