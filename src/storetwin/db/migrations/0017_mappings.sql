-- How a person wants records to enter core: import mappings, several a connection, one of them active.

CREATE SCHEMA mapping;
GRANT USAGE ON SCHEMA mapping TO storetwin_app;

CREATE TABLE mapping.definitions (
    organisation_id uuid NOT NULL,
    id uuid NOT NULL,
    connection_id uuid NOT NULL,
    name text NOT NULL,
    version integer NOT NULL CHECK (version > 0),
    active_version integer,
    created_at timestamptz NOT NULL,
    created_by uuid,
    updated_at timestamptz NOT NULL,
    updated_by uuid,
    activated_at timestamptz,
    activated_by uuid,
    removed_at timestamptz,
    PRIMARY KEY (organisation_id, id),
    CHECK (active_version IS NULL OR removed_at IS NULL AND active_version <= version),
    FOREIGN KEY (organisation_id, connection_id)
        REFERENCES connections.connections (organisation_id, id) ON DELETE CASCADE
);
COMMENT ON TABLE mapping.definitions IS 'Import mappings: which fields of a store become which columns of core, and how.';
COMMENT ON COLUMN mapping.definitions.version IS 'The latest; until it is activated a change overwrites it.';
COMMENT ON COLUMN mapping.definitions.active_version IS 'The one by which records are promoted; absent: none of this mapping.';
COMMENT ON COLUMN mapping.definitions.activated_at IS 'When it was last activated.';
COMMENT ON COLUMN mapping.definitions.removed_at IS 'Since when nobody sees it any more; its versions stay: links name them.';
CREATE UNIQUE INDEX definitions_active ON mapping.definitions (organisation_id, connection_id)
    WHERE active_version IS NOT NULL;
CREATE UNIQUE INDEX definitions_by_name ON mapping.definitions (organisation_id, connection_id, name)
    WHERE removed_at IS NULL;

CREATE TABLE mapping.versions (
    organisation_id uuid NOT NULL,
    definition_id uuid NOT NULL,
    version integer NOT NULL,
    document json NOT NULL,
    made_at timestamptz NOT NULL,
    made_by uuid,
    activated_at timestamptz,
    PRIMARY KEY (organisation_id, definition_id, version),
    FOREIGN KEY (organisation_id, definition_id) REFERENCES mapping.definitions (organisation_id, id) ON DELETE CASCADE
);
COMMENT ON TABLE mapping.versions IS 'What import mappings said: one that was ever active is never changed.';
COMMENT ON COLUMN mapping.versions.document IS 'Rules by noun, and tables: see storetwin.mapping.definition.';
COMMENT ON COLUMN mapping.versions.activated_at IS 'When it was first activated; absent for a draft.';

CREATE TABLE mapping.switches (
    organisation_id uuid NOT NULL,
    connection_id uuid NOT NULL,
    switched_at timestamptz NOT NULL,
    PRIMARY KEY (organisation_id, connection_id),
    FOREIGN KEY (organisation_id, connection_id)
        REFERENCES connections.connections (organisation_id, id) ON DELETE CASCADE
);
COMMENT ON TABLE mapping.switches IS
    'Connections whose mapping was switched and whose linked records are not all marked as to be compared yet.';

DO $$
DECLARE
    name text;
BEGIN
    FOREACH name IN ARRAY ARRAY['definitions', 'versions', 'switches'] LOOP
        EXECUTE format('ALTER TABLE mapping.%I ENABLE ROW LEVEL SECURITY', name);
        EXECUTE format('ALTER TABLE mapping.%I FORCE ROW LEVEL SECURITY', name);
        EXECUTE format(
            'CREATE POLICY own_organisation ON mapping.%I
                 USING (organisation_id = nullif(current_setting(''app.organisation_id'', true), '''')::uuid)', name);
    END LOOP;
END $$;
