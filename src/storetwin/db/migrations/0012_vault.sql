-- The vault's key can be changed while everything runs.

-- During a rotation two keys are needed; digests are made with a key of their own, which stays.
ALTER TABLE security.vault_checks
    ADD COLUMN sealed_next bytea,
    ADD COLUMN rotated_at timestamptz,
    ADD COLUMN sealed_digest_key bytea;
COMMENT ON COLUMN security.vault_checks.sealed IS 'A known text under the oldest key that is needed.';
COMMENT ON COLUMN security.vault_checks.sealed_next IS 'The same under the key that a rotation leads to, while it is under way.';
COMMENT ON COLUMN security.vault_checks.rotated_at IS 'When the last rotation began.';
COMMENT ON COLUMN security.vault_checks.sealed_digest_key IS 'The key of digests, sealed: content hashes stay as they are when the key changes.';

-- Every organisation that may have sealed values; ids only.
CREATE FUNCTION security.organisations_with_secrets() RETURNS SETOF uuid
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog AS $$
    SELECT c.organisation_id FROM connections.connections c
    UNION SELECT m.organisation_id FROM tenancy.memberships m
$$;
REVOKE ALL ON FUNCTION security.organisations_with_secrets() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION security.organisations_with_secrets() TO storetwin_app;

-- A store's webhooks name the addresses they deliver to, ours with its token. They are sealed from here on; what was
-- kept of them in the open is read again.
DO $$
DECLARE
    own uuid;
BEGIN
    FOR own IN SELECT DISTINCT organisation_id FROM connections.connections LOOP
        PERFORM set_config('app.organisation_id', own::text, true);
        DELETE FROM mirror.snapshots WHERE resource = 'webhooks';
        DELETE FROM runs.cursors WHERE resource = 'webhooks';
    END LOOP;
    PERFORM set_config('app.organisation_id', '', true);
END $$;

-- Who was erased, by a keyed digest of his e-mail: it tells whether somebody who is here again was erased before.
CREATE TABLE mirror.erasures (
    organisation_id uuid NOT NULL,
    connection_id uuid NOT NULL,
    person bytea NOT NULL,
    erasure_id uuid NOT NULL,
    erased_at timestamptz NOT NULL,
    times integer NOT NULL DEFAULT 1,
    records integer NOT NULL,
    versions integer NOT NULL,
    PRIMARY KEY (organisation_id, connection_id, person),
    FOREIGN KEY (organisation_id, connection_id)
        REFERENCES connections.connections (organisation_id, id) ON DELETE CASCADE
);
COMMENT ON TABLE mirror.erasures IS 'People who were erased from the twin; holds nothing that is personal.';
COMMENT ON COLUMN mirror.erasures.person IS 'A digest of the e-mail or the customer id, with a key of the vault.';
COMMENT ON COLUMN mirror.erasures.erasure_id IS 'The same for all digests of one person: an e-mail that he had once is found again.';
CREATE INDEX erasures_of_one ON mirror.erasures (organisation_id, connection_id, erasure_id);
ALTER TABLE mirror.erasures ENABLE ROW LEVEL SECURITY;
ALTER TABLE mirror.erasures FORCE ROW LEVEL SECURITY;
CREATE POLICY own_organisation ON mirror.erasures
    USING (organisation_id = nullif(current_setting('app.organisation_id', true), '')::uuid);
