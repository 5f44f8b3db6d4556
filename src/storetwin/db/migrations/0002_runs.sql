-- What happened: runs, their progress, where each pull goes on, what needs a person, certificates.
CREATE SCHEMA runs;
GRANT USAGE ON SCHEMA runs TO storetwin_app;

CREATE TABLE runs.runs (
    run_id uuid PRIMARY KEY,
    organisation_id uuid NOT NULL,
    connection_id uuid NOT NULL,
    kind text NOT NULL CHECK (kind IN ('pull', 'verify', 'retry')),
    state text NOT NULL CHECK (state IN ('running', 'done', 'incomplete', 'failed', 'interrupted')),
    epoch bigint NOT NULL,
    owner text NOT NULL,
    options json NOT NULL,
    started_at timestamptz NOT NULL,
    heartbeat_at timestamptz NOT NULL,
    ended_at timestamptz,
    requests bigint NOT NULL DEFAULT 0,
    error text,
    UNIQUE (organisation_id, run_id),
    FOREIGN KEY (organisation_id, connection_id)
        REFERENCES connections.connections (organisation_id, id) ON DELETE CASCADE
);
COMMENT ON TABLE runs.runs IS 'One execution of a pull or a verification, with its result.';
CREATE UNIQUE INDEX runs_one_at_a_time ON runs.runs (connection_id) WHERE state = 'running';
CREATE INDEX runs_by_connection ON runs.runs (organisation_id, connection_id, started_at DESC);

CREATE TABLE runs.progress (
    organisation_id uuid NOT NULL,
    run_id uuid NOT NULL,
    stage text NOT NULL CHECK (stage IN ('pull', 'verify')),
    resource text NOT NULL,
    state text NOT NULL CHECK (state IN ('running', 'done', 'failed')),
    records bigint NOT NULL DEFAULT 0,
    created bigint NOT NULL DEFAULT 0,
    updated bigint NOT NULL DEFAULT 0,
    buried bigint NOT NULL DEFAULT 0,
    unreadable bigint NOT NULL DEFAULT 0,
    pages bigint NOT NULL DEFAULT 0,
    expected bigint,
    started_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    PRIMARY KEY (run_id, stage, resource),
    FOREIGN KEY (organisation_id, run_id) REFERENCES runs.runs (organisation_id, run_id) ON DELETE CASCADE
);
COMMENT ON TABLE runs.progress IS 'How far a run has come with each resource; updated with every page.';

CREATE TABLE runs.cursors (
    organisation_id uuid NOT NULL,
    connection_id uuid NOT NULL,
    resource text NOT NULL,
    position json NOT NULL,
    is_done boolean NOT NULL,
    started_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    PRIMARY KEY (connection_id, resource),
    FOREIGN KEY (organisation_id, connection_id)
        REFERENCES connections.connections (organisation_id, id) ON DELETE CASCADE
);
COMMENT ON TABLE runs.cursors IS 'Where the first reading of a resource goes on; committed with the page it speaks of.';

CREATE TABLE runs.dead_letters (
    dead_letter_id uuid PRIMARY KEY,
    organisation_id uuid NOT NULL,
    connection_id uuid NOT NULL,
    resource text NOT NULL,
    remote_id text,
    name text NOT NULL,
    reason text NOT NULL,
    state text NOT NULL CHECK (state IN ('waiting', 'resolved', 'discarded')),
    attempts integer NOT NULL,
    first_seen_at timestamptz NOT NULL,
    last_seen_at timestamptz NOT NULL,
    run_id uuid,
    FOREIGN KEY (organisation_id, connection_id)
        REFERENCES connections.connections (organisation_id, id) ON DELETE CASCADE
);
COMMENT ON TABLE runs.dead_letters IS 'A record that could not be had or kept; retried or discarded by a person.';
COMMENT ON COLUMN runs.dead_letters.name IS 'The remote id, or the gap in which the record lies.';
CREATE UNIQUE INDEX dead_letters_one_a_record ON runs.dead_letters (connection_id, resource, name)
    WHERE state = 'waiting';
CREATE INDEX dead_letters_by_state ON runs.dead_letters (organisation_id, connection_id, state, last_seen_at DESC);

CREATE TABLE runs.certificates (
    certificate_id uuid PRIMARY KEY,
    organisation_id uuid NOT NULL,
    connection_id uuid NOT NULL,
    run_id uuid NOT NULL,
    level text NOT NULL CHECK (level IN ('ids', 'modified', 'bytes')),
    is_complete boolean NOT NULL,
    started_at timestamptz NOT NULL,
    ended_at timestamptz NOT NULL,
    document json NOT NULL,
    FOREIGN KEY (organisation_id, connection_id)
        REFERENCES connections.connections (organisation_id, id) ON DELETE CASCADE
);
COMMENT ON TABLE runs.certificates IS 'Proof of completeness of a connection at a moment.';
CREATE INDEX certificates_by_connection ON runs.certificates (organisation_id, connection_id, ended_at DESC);

DO $$
DECLARE
    name text;
BEGIN
    FOREACH name IN ARRAY ARRAY['runs', 'progress', 'cursors', 'dead_letters', 'certificates'] LOOP
        EXECUTE format('ALTER TABLE runs.%I ENABLE ROW LEVEL SECURITY', name);
        EXECUTE format('ALTER TABLE runs.%I FORCE ROW LEVEL SECURITY', name);
        EXECUTE format(
            'CREATE POLICY own_organisation ON runs.%I
                 USING (organisation_id = nullif(current_setting(''app.organisation_id'', true), '''')::uuid)',
            name);
    END LOOP;
END $$;
