-- name: select_vault_check
-- The known text, sealed with the key of this organisation and, during a rotation, with the next one; the digests' key.
SELECT sealed, sealed_next, sealed_digest_key, rotated_at FROM security.vault_checks;

-- name: insert_vault_check
-- Keep the known text sealed; of two processes at once the first wins.
INSERT INTO security.vault_checks (organisation_id, sealed, created_at)
VALUES (%s, %s, %s)
ON CONFLICT (organisation_id) DO NOTHING;

-- name: keep_digest_key
-- Keep the key of digests, unless it is kept already.
UPDATE security.vault_checks SET sealed_digest_key = %s WHERE sealed_digest_key IS NULL;

-- name: begin_rotation
-- From here on both keys are needed to start: the known text is kept under the next key as well.
UPDATE security.vault_checks SET sealed_next = %(sealed)s, rotated_at = %(now)s;

-- name: end_rotation
-- From here on the current key is enough.
UPDATE security.vault_checks SET sealed = sealed_next, sealed_next = NULL
 WHERE sealed_next IS NOT NULL;

-- name: organisations_with_secrets
-- Every organisation that may have sealed values; ids only.
SELECT organisation_id FROM security.organisations_with_secrets() AS organisation_id;
