-- Connecting by the store's own page: what was begun there, and who made which connection.

ALTER TABLE connections.connections
    ADD COLUMN created_by uuid REFERENCES tenancy.users ON DELETE SET NULL;
COMMENT ON COLUMN connections.connections.created_by IS 'Absent where it was made at the machine itself.';
CREATE INDEX connections_by_maker ON connections.connections (created_by) WHERE created_by IS NOT NULL;

CREATE TABLE connections.authorisations (
    organisation_id uuid NOT NULL REFERENCES tenancy.organisations ON DELETE CASCADE,
    authorisation_id uuid NOT NULL,
    created_by uuid REFERENCES tenancy.users ON DELETE SET NULL,
    name text NOT NULL,
    url text NOT NULL,
    scope text NOT NULL CHECK (scope IN ('read', 'write', 'read_write')),
    ca text,
    is_tls_insecure boolean NOT NULL DEFAULT false,
    state_hash bytea NOT NULL UNIQUE,
    created_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    tries integer NOT NULL DEFAULT 0,
    claimed_at timestamptz,
    connected_at timestamptz,
    connection_id uuid,
    trouble text,
    remedy text,
    PRIMARY KEY (organisation_id, authorisation_id),
    FOREIGN KEY (organisation_id, connection_id)
        REFERENCES connections.connections (organisation_id, id) ON DELETE SET NULL (connection_id)
);
COMMENT ON TABLE connections.authorisations IS 'Stores that were asked, by a page of their own, to give us keys.';
COMMENT ON COLUMN connections.authorisations.state_hash IS 'SHA-256 of what the store sends back with its keys.';
COMMENT ON COLUMN connections.authorisations.claimed_at IS 'Keys have come and are being tried.';
COMMENT ON COLUMN connections.authorisations.trouble IS 'Why the keys that came last were not taken.';
CREATE INDEX authorisations_by_age ON connections.authorisations (organisation_id, created_at);
CREATE INDEX authorisations_by_connection ON connections.authorisations (organisation_id, connection_id);
CREATE INDEX authorisations_by_maker ON connections.authorisations (created_by) WHERE created_by IS NOT NULL;
ALTER TABLE connections.authorisations ENABLE ROW LEVEL SECURITY;
ALTER TABLE connections.authorisations FORCE ROW LEVEL SECURITY;
CREATE POLICY own_organisation ON connections.authorisations
    USING (organisation_id = nullif(current_setting('app.organisation_id', true), '')::uuid);
CREATE POLICY finding ON connections.authorisations FOR SELECT TO storetwin_owner USING (true);

-- Whose authorisation it is that a store answers to; ids only.
CREATE FUNCTION connections.find_authorisation(wanted bytea)
    RETURNS TABLE (organisation_id uuid, authorisation_id uuid)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog AS $$
    SELECT a.organisation_id, a.authorisation_id FROM connections.authorisations a WHERE a.state_hash = wanted
$$;
REVOKE ALL ON FUNCTION connections.find_authorisation(bytea) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION connections.find_authorisation(bytea) TO storetwin_app;
