-- name: select_vault_check
-- The known text, sealed with the key of this organisation.
SELECT sealed FROM security.vault_checks;

-- name: insert_vault_check
-- Keep the known text sealed; of two processes at once the first wins.
INSERT INTO security.vault_checks (organisation_id, sealed, created_at)
VALUES (%s, %s, %s)
ON CONFLICT (organisation_id) DO NOTHING;
