-- What the stores say: exact copies, every earlier version, tombstones. Nothing interprets here.
CREATE SCHEMA mirror;
GRANT USAGE ON SCHEMA mirror TO storetwin_app;

CREATE TABLE mirror.snapshots (
    organisation_id uuid NOT NULL,
    connection_id uuid NOT NULL,
    resource text NOT NULL,
    remote_id text NOT NULL COLLATE "C",
    remote_number bigint,
    parent_id text COLLATE "C",
    state text NOT NULL CHECK (state IN ('listed', 'unlisted', 'partial', 'gone')),
    version integer NOT NULL,
    content_hash bytea NOT NULL,
    modified_at timestamptz,
    created_at timestamptz,
    read_at timestamptz NOT NULL,
    changed_at timestamptz NOT NULL,
    status text COLLATE "C",
    email_lower text COLLATE "C",
    search_text text COLLATE "C",
    payload json,
    raw bytea,
    clean json,
    PRIMARY KEY (organisation_id, connection_id, resource, remote_id),
    CHECK ((payload IS NULL) <> (raw IS NULL)),
    FOREIGN KEY (organisation_id, connection_id)
        REFERENCES connections.connections (organisation_id, id) ON DELETE CASCADE
);
COMMENT ON TABLE mirror.snapshots IS 'The current exact copy of each record of each store.';
COMMENT ON COLUMN mirror.snapshots.payload IS 'The record exactly as the store sent it.';
COMMENT ON COLUMN mirror.snapshots.raw IS 'The same as bytes, where PostgreSQL does not take it as json.';
COMMENT ON COLUMN mirror.snapshots.clean IS 'A copy that SQL can read, where it cannot read the payload.';
COMMENT ON COLUMN mirror.snapshots.remote_number IS 'remote_id as a number, where ids are numbers.';
COMMENT ON COLUMN mirror.snapshots.state IS
    'listed: a list shows it. unlisted: only its own address does. partial: meta_data cannot be had. gone: tombstone.';
COMMENT ON COLUMN mirror.snapshots.read_at IS 'When the store sent it, by the store''s clock.';
COMMENT ON COLUMN mirror.snapshots.changed_at IS 'When this version, or the tombstone, was written here.';
-- Payloads are sent and read whole and are not compressed: writing them costs half as much.
ALTER TABLE mirror.snapshots ALTER COLUMN payload SET STORAGE EXTERNAL;
CREATE INDEX snapshots_by_number ON mirror.snapshots (connection_id, resource, remote_number);
CREATE INDEX snapshots_by_created ON mirror.snapshots (organisation_id, resource, created_at);
CREATE INDEX snapshots_by_email ON mirror.snapshots (organisation_id, email_lower) WHERE email_lower IS NOT NULL;
CREATE INDEX snapshots_by_text ON mirror.snapshots USING gin (search_text gin_trgm_ops);

CREATE TABLE mirror.versions (
    organisation_id uuid NOT NULL,
    connection_id uuid NOT NULL,
    resource text NOT NULL,
    remote_id text NOT NULL COLLATE "C",
    version integer NOT NULL,
    state text NOT NULL,
    content_hash bytea NOT NULL,
    modified_at timestamptz,
    read_at timestamptz NOT NULL,
    written_at timestamptz NOT NULL,
    superseded_at timestamptz NOT NULL,
    document_zstd bytea NOT NULL,
    PRIMARY KEY (organisation_id, connection_id, resource, remote_id, version),
    FOREIGN KEY (organisation_id, connection_id, resource, remote_id)
        REFERENCES mirror.snapshots (organisation_id, connection_id, resource, remote_id) ON DELETE CASCADE
);
COMMENT ON TABLE mirror.versions IS 'Earlier versions of snapshots: exact bytes, compressed with zstd.';
ALTER TABLE mirror.versions ALTER COLUMN document_zstd SET STORAGE EXTERNAL;
CREATE INDEX versions_by_organisation ON mirror.versions (organisation_id, superseded_at);

CREATE VIEW mirror.documents WITH (security_invoker = true) AS
    SELECT organisation_id, connection_id, resource, remote_id, remote_number, parent_id, state, version,
           modified_at, created_at, read_at, status, email_lower,
           COALESCE(clean, payload) AS document
    FROM mirror.snapshots;
COMMENT ON VIEW mirror.documents IS 'Every snapshot in a form that SQL can read: document->''line_items'' works on each row.';

DO $$
DECLARE
    name text;
BEGIN
    FOREACH name IN ARRAY ARRAY['snapshots', 'versions'] LOOP
        EXECUTE format('ALTER TABLE mirror.%I ENABLE ROW LEVEL SECURITY', name);
        EXECUTE format('ALTER TABLE mirror.%I FORCE ROW LEVEL SECURITY', name);
        EXECUTE format(
            'CREATE POLICY own_organisation ON mirror.%I
                 USING (organisation_id = nullif(current_setting(''app.organisation_id'', true), '''')::uuid)',
            name);
    END LOOP;
END $$;

-- The planner picks a wrong index while it knows nothing of a table that grows; the program's role
-- owns nothing and may not ANALYZE, so the owner lends it this one door.
CREATE FUNCTION mirror.analyze_snapshots() RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
BEGIN
    ANALYZE mirror.snapshots;
END $$;
REVOKE ALL ON FUNCTION mirror.analyze_snapshots() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION mirror.analyze_snapshots() TO storetwin_app;
