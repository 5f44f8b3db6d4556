-- What the stores' records would mean for core: a state and a choice for each, and the counts of them.

CREATE SCHEMA staging;
GRANT USAGE ON SCHEMA staging TO storetwin_app;

-- What an index knows a differing column by: the connection and the resource are part of it, so that who looks for one reads
-- nothing of other stores. Not a name but a number, the same in every version of PostgreSQL; two may share one.
CREATE FUNCTION staging.column_key(connection_id uuid, resource text, name text) RETURNS bigint
    LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT pg_catalog.hashtextextended(connection_id::text || '/' || resource || '/' || name, 0)
$$;
CREATE FUNCTION staging.column_keys(connection_id uuid, resource text, names text[]) RETURNS bigint[]
    LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT pg_catalog.array_agg(staging.column_key(connection_id, resource, n.name)) FROM unnest(names) AS n(name)
$$;

CREATE TABLE staging.records (
    organisation_id uuid NOT NULL,
    connection_id uuid NOT NULL,
    modified_at timestamptz NOT NULL,
    version integer NOT NULL,
    change_count integer NOT NULL DEFAULT 0,
    is_gone boolean NOT NULL DEFAULT false,
    is_selected boolean NOT NULL DEFAULT false,
    is_anew boolean NOT NULL DEFAULT false,
    resource text NOT NULL,
    remote_id text NOT NULL COLLATE "C",
    state text NOT NULL COLLATE "C"
        CHECK (state IN ('new', 'updated', 'deleted', 'in_sync', 'ignored', 'waiting', 'stale', 'gone')),
    status text NOT NULL COLLATE "C",
    name_key text COLLATE "C",
    key text NOT NULL COLLATE "C",
    core_id uuid,
    rule_id uuid,
    run_id uuid,
    compared_version integer,
    compared_definition uuid,
    changed_columns text[],
    changed_fields json,
    why text,
    candidates uuid[],
    column_keys bigint[] GENERATED ALWAYS AS (staging.column_keys(connection_id, resource, changed_columns)) STORED,
    PRIMARY KEY (organisation_id, connection_id, resource, remote_id)
);
COMMENT ON TABLE staging.records IS
    'One narrow row for each record: what it would mean for core. Without a foreign key: triggers follow the snapshots.';
COMMENT ON COLUMN staging.records.modified_at IS 'By the store; where it says nothing, when the record was made or written.';
COMMENT ON COLUMN staging.records.version IS 'Of the snapshot that the state speaks of.';
COMMENT ON COLUMN staging.records.state IS
    'See staging/models.py. gone: the store has it no more, and core knows; kept so that it is known when it comes back.';
COMMENT ON COLUMN staging.records.is_gone IS 'The store has it no more.';
COMMENT ON COLUMN staging.records.is_selected IS 'Chosen for promotion.';
COMMENT ON COLUMN staging.records.is_anew IS 'A person said that it is a new one, whatever matches it.';
COMMENT ON COLUMN staging.records.status IS 'The store''s own; empty where it has none.';
COMMENT ON COLUMN staging.records.name_key IS 'Sorts by name; absent where records have no name of their own: orders, refunds.';
COMMENT ON COLUMN staging.records.key IS 'Sorts by SKU, e-mail, number or id.';
COMMENT ON COLUMN staging.records.core_id IS 'The core record that a link, or a person, says it is.';
COMMENT ON COLUMN staging.records.rule_id IS 'The rule that chose it last.';
COMMENT ON COLUMN staging.records.run_id IS 'The promotion that takes it, as long as it has not.';
COMMENT ON COLUMN staging.records.compared_version IS 'Of the snapshot that was compared with core last.';
COMMENT ON COLUMN staging.records.compared_definition IS 'The import mapping by which.';
COMMENT ON COLUMN staging.records.changed_columns IS 'The columns of core that differ; absent where none does.';
COMMENT ON COLUMN staging.records.column_keys IS
    'A number for each of them, by which an index finds them. A column, for an index would reckon it anew with every choice.';
COMMENT ON COLUMN staging.records.changed_fields IS 'The first of them with old and new value.';
COMMENT ON COLUMN staging.records.why IS 'Why it waits for a person, or is ignored.';
COMMENT ON COLUMN staging.records.candidates IS 'Core records of which it may be one.';

-- A list by date is put together from the beginnings of stretches: the records of one connection, state, status and choice, of
-- which an index knows the order. Which stretches there are, the counts say. By name or key all of a connection are walked;
-- what is rare is taken whole instead. So a first pull pays for three indexes, and for the third hardly anything.
CREATE INDEX records_by_modified ON staging.records
    (connection_id, resource, state, status, is_selected, modified_at, remote_id) INCLUDE (organisation_id);
CREATE INDEX records_by_key ON staging.records (connection_id, resource, key, remote_id);
CREATE INDEX records_by_name ON staging.records (connection_id, resource, name_key, remote_id) WHERE name_key IS NOT NULL;
CREATE INDEX records_stale ON staging.records (connection_id, resource, remote_id) WHERE state = 'stale';
CREATE INDEX records_of_run ON staging.records (run_id, resource, remote_id) WHERE run_id IS NOT NULL;
CREATE INDEX records_of_rule ON staging.records (rule_id, connection_id, remote_id) WHERE rule_id IS NOT NULL;
CREATE INDEX records_by_column ON staging.records USING gin (column_keys) WHERE column_keys IS NOT NULL;

-- A pull that fills the twin fills this table as well, and what is chosen is looked up in it soon: without statistics by an
-- index that leads nowhere, 4,000 records in two seconds.
CREATE OR REPLACE FUNCTION mirror.analyze_snapshots() RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
BEGIN
    ANALYZE mirror.snapshots;
    ANALYZE staging.records;
END $$;

-- How many records there are. Every writer adds what it changed, in its own transaction, and waits for nobody; now and then
-- one of them folds what has gathered into the sums. What is true is both together. See 0010 for the same of the twin.
CREATE TABLE staging.counts (
    organisation_id uuid NOT NULL,
    connection_id uuid NOT NULL,
    resource text NOT NULL,
    state text NOT NULL COLLATE "C"
        CHECK (state IN ('new', 'updated', 'deleted', 'in_sync', 'ignored', 'waiting', 'stale', 'gone')),
    status text NOT NULL COLLATE "C",
    is_selected boolean NOT NULL,
    records bigint NOT NULL,
    PRIMARY KEY (organisation_id, connection_id, resource, state, status, is_selected),
    FOREIGN KEY (organisation_id, connection_id)
        REFERENCES connections.connections (organisation_id, id) ON DELETE CASCADE
);
COMMENT ON TABLE staging.counts IS 'How many records there are in each state, by status and choice.';
CREATE TABLE staging.count_changes (
    organisation_id uuid NOT NULL,
    connection_id uuid NOT NULL,
    change bigint GENERATED ALWAYS AS IDENTITY,
    resource text NOT NULL,
    state text NOT NULL COLLATE "C"
        CHECK (state IN ('new', 'updated', 'deleted', 'in_sync', 'ignored', 'waiting', 'stale', 'gone')),
    status text NOT NULL COLLATE "C",
    is_selected boolean NOT NULL,
    records bigint NOT NULL,
    PRIMARY KEY (organisation_id, connection_id, change)
);
COMMENT ON TABLE staging.count_changes IS 'What is to be added to the counts.';
GRANT USAGE ON SEQUENCE staging.count_changes_change_seq TO storetwin_app;

CREATE TABLE staging.rules (
    organisation_id uuid NOT NULL,
    rule_id uuid NOT NULL,
    name text NOT NULL,
    connection_id uuid,
    resource text NOT NULL,
    filter json NOT NULL,
    action text NOT NULL CHECK (action IN ('select', 'ignore', 'promote')),
    spec text,
    is_active boolean NOT NULL,
    next_at timestamptz,
    last_at timestamptz,
    last_count bigint,
    created_at timestamptz NOT NULL,
    PRIMARY KEY (organisation_id, rule_id),
    UNIQUE (organisation_id, name),
    FOREIGN KEY (organisation_id) REFERENCES tenancy.organisations (id) ON DELETE CASCADE,
    FOREIGN KEY (organisation_id, connection_id)
        REFERENCES connections.connections (organisation_id, id) ON DELETE CASCADE
);
COMMENT ON TABLE staging.rules IS 'Choices that are made by themselves.';
COMMENT ON COLUMN staging.rules.connection_id IS 'Of this connection only; of each without one.';
COMMENT ON COLUMN staging.rules.filter IS 'Which of the records: states, status, search and the like.';
COMMENT ON COLUMN staging.rules.spec IS 'When, as in schedules; without one whenever records have come or changed.';
COMMENT ON COLUMN staging.rules.last_count IS 'How many records it chose last.';
CREATE INDEX rules_due ON staging.rules (next_at) WHERE is_active AND next_at IS NOT NULL;

CREATE TABLE staging.marks (
    organisation_id uuid NOT NULL,
    connection_id uuid NOT NULL,
    followed_at timestamptz NOT NULL,
    PRIMARY KEY (organisation_id, connection_id),
    FOREIGN KEY (organisation_id, connection_id)
        REFERENCES connections.connections (organisation_id, id) ON DELETE CASCADE
);
COMMENT ON TABLE staging.marks IS 'Up to which end of a run the records of a connection were compared, and rules applied.';

DO $$
DECLARE
    name text;
BEGIN
    FOREACH name IN ARRAY ARRAY['records', 'counts', 'count_changes', 'rules', 'marks'] LOOP
        EXECUTE format('ALTER TABLE staging.%I ENABLE ROW LEVEL SECURITY', name);
        EXECUTE format('ALTER TABLE staging.%I FORCE ROW LEVEL SECURITY', name);
        EXECUTE format(
            'CREATE POLICY own_organisation ON staging.%I
                 USING (organisation_id = nullif(current_setting(''app.organisation_id'', true), '''')::uuid)',
            name);
    END LOOP;
END $$;

-- What a record is sorted by, beside its date.
CREATE FUNCTION staging.name_key_of(resource text, name text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT CASE WHEN resource NOT IN ('orders', 'refunds', 'order_notes')
           THEN COALESCE(lower(left(name, 60) COLLATE pg_catalog."default"), '') END
$$;
CREATE FUNCTION staging.key_of(resource text, sku text, email text, number_key text, remote_id text) RETURNS text
    LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT COALESCE(lower(left(sku, 60) COLLATE pg_catalog."default"),
                    CASE resource WHEN 'customers' THEN left(email, 60) END, number_key, left(remote_id, 60))
$$;

-- Adds what has gathered of a connection to the counts, the oldest first. Who finds another one at it leaves it to him.
CREATE FUNCTION staging.fold_counts(own_organisation uuid, own_connection uuid, most bigint) RETURNS void
    LANGUAGE plpgsql SET search_path = pg_catalog AS $$
BEGIN
    IF NOT pg_try_advisory_xact_lock(hashtextextended('storetwin/staging counts/' || own_connection, 0)) THEN
        RETURN;
    END IF;
    WITH taken AS (
        DELETE FROM staging.count_changes
        WHERE organisation_id = own_organisation AND connection_id = own_connection AND change = ANY(ARRAY(
            SELECT change FROM staging.count_changes
            WHERE organisation_id = own_organisation AND connection_id = own_connection ORDER BY change LIMIT most))
        RETURNING *)
    INSERT INTO staging.counts AS c
    SELECT organisation_id, connection_id, resource, state, status, is_selected, sum(records)
    FROM taken GROUP BY 1, 2, 3, 4, 5, 6
    ON CONFLICT (organisation_id, connection_id, resource, state, status, is_selected) DO UPDATE
    SET records = c.records + EXCLUDED.records;
    DELETE FROM staging.counts
    WHERE organisation_id = own_organisation AND connection_id = own_connection AND records = 0;
END $$;

-- Notes what a statement changed in the counts. Statements that change none of them leave nothing.
CREATE FUNCTION staging.count_records() RETURNS trigger
    LANGUAGE plpgsql SET search_path = pg_catalog AS $$
DECLARE
    latest bigint;
    added bigint;
    touched record;
BEGIN
    IF TG_OP = 'INSERT' THEN
        WITH noted AS (
            INSERT INTO staging.count_changes (organisation_id, connection_id, resource, state, status, is_selected, records)
            SELECT organisation_id, connection_id, resource, state, status, is_selected, count(*)
            FROM new_rows GROUP BY 1, 2, 3, 4, 5, 6
            RETURNING change)
        SELECT max(change), count(*) INTO latest, added FROM noted;
    ELSIF TG_OP = 'UPDATE' THEN
        WITH noted AS (
            INSERT INTO staging.count_changes (organisation_id, connection_id, resource, state, status, is_selected, records)
            SELECT organisation_id, connection_id, resource, state, status, is_selected, sum(sign)
            FROM (
                SELECT 1 AS sign, organisation_id, connection_id, resource, state, status, is_selected FROM new_rows
                UNION ALL
                SELECT -1, organisation_id, connection_id, resource, state, status, is_selected FROM old_rows) AS rows
            GROUP BY 1, 2, 3, 4, 5, 6 HAVING sum(sign) <> 0
            RETURNING change)
        SELECT max(change), count(*) INTO latest, added FROM noted;
    ELSE  -- of a connection that goes with its records, the counts go as well
        WITH noted AS (
            INSERT INTO staging.count_changes (organisation_id, connection_id, resource, state, status, is_selected, records)
            SELECT organisation_id, connection_id, resource, state, status, is_selected, -count(*)
            FROM old_rows r WHERE EXISTS (SELECT FROM connections.connections c WHERE c.id = r.connection_id)
            GROUP BY 1, 2, 3, 4, 5, 6
            RETURNING change)
        SELECT max(change), count(*) INTO latest, added FROM noted;
    END IF;
    -- Of about every 512 changes the last folds: as many as gather in that time, and some more.
    IF added > 0 AND latest / 512 > (latest - added) / 512 THEN
        SELECT organisation_id, connection_id INTO touched FROM staging.count_changes WHERE change = latest;
        PERFORM staging.fold_counts(touched.organisation_id, touched.connection_id, 1024 + 2 * added);
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER count_new AFTER INSERT ON staging.records REFERENCING NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION staging.count_records();
CREATE TRIGGER count_changed AFTER UPDATE ON staging.records
    REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION staging.count_records();
CREATE TRIGGER count_deleted AFTER DELETE ON staging.records REFERENCING OLD TABLE AS old_rows
    FOR EACH STATEMENT EXECUTE FUNCTION staging.count_records();

-- What is there already is new: nothing was promoted yet. A migration sees the rows of one organisation at a time.
DO $$
DECLARE
    own uuid;
BEGIN
    FOR own IN SELECT DISTINCT organisation_id FROM connections.connections LOOP
        PERFORM set_config('app.organisation_id', own::text, true);
        INSERT INTO staging.records (organisation_id, connection_id, modified_at, version, resource, remote_id, state, status,
                                     name_key, key)
        SELECT organisation_id, connection_id, COALESCE(modified_at, created_at, changed_at), version, resource, remote_id,
               'new', COALESCE(status, ''), staging.name_key_of(resource, name),
               staging.key_of(resource, sku, email_lower, number_key, remote_id)
        FROM mirror.snapshots WHERE organisation_id = own AND state <> 'gone';
    END LOOP;
    PERFORM set_config('app.organisation_id', '', true);
END $$;

-- What a statement of the mirror means for its records; staging/decide.py says the same in Python. Rows are looked up by their
-- key, whatever the planner believes of a table that grows, and in one order: who changes many at once does so as well.
CREATE FUNCTION staging.stage_new() RETURNS trigger
    LANGUAGE plpgsql SET search_path = pg_catalog AS $$
BEGIN
    -- A row is there before its snapshot only where the twin forgot records: it waits, or is as it was.
    IF NOT EXISTS (
        SELECT FROM (SELECT DISTINCT organisation_id, connection_id, resource FROM new_rows) AS n
        CROSS JOIN LATERAL (
            SELECT FROM staging.records r
            WHERE r.organisation_id = n.organisation_id AND r.connection_id = n.connection_id AND r.resource = n.resource
              AND r.state IN ('ignored', 'waiting', 'gone')
            LIMIT 1) AS r) THEN
        INSERT INTO staging.records (organisation_id, connection_id, modified_at, version, resource, remote_id, state, status,
                                     name_key, key)
        SELECT n.organisation_id, n.connection_id, COALESCE(n.modified_at, n.created_at, n.changed_at), n.version, n.resource,
               n.remote_id, 'new', COALESCE(n.status, ''), staging.name_key_of(n.resource, n.name),
               staging.key_of(n.resource, n.sku, n.email_lower, n.number_key, n.remote_id)
        FROM new_rows n WHERE n.state <> 'gone';
        RETURN NULL;
    END IF;
    INSERT INTO staging.records AS r (organisation_id, connection_id, modified_at, version, resource, remote_id, state,
                                      status, name_key, key)
    SELECT n.organisation_id, n.connection_id, COALESCE(n.modified_at, n.created_at, n.changed_at), n.version, n.resource,
           n.remote_id, 'new', COALESCE(n.status, ''), staging.name_key_of(n.resource, n.name),
           staging.key_of(n.resource, n.sku, n.email_lower, n.number_key, n.remote_id)
    FROM new_rows n WHERE n.state <> 'gone'
    ON CONFLICT (organisation_id, connection_id, resource, remote_id) DO UPDATE  -- linked or ignored, and read anew
    SET state = CASE WHEN r.state = 'ignored' THEN 'ignored' WHEN r.core_id IS NULL THEN 'new' ELSE 'stale' END,
        is_gone = false, is_selected = r.is_selected AND NOT r.is_gone, version = EXCLUDED.version,
        modified_at = EXCLUDED.modified_at, status = EXCLUDED.status, name_key = EXCLUDED.name_key, key = EXCLUDED.key,
        change_count = 0, changed_columns = NULL, changed_fields = NULL, candidates = NULL,
        why = CASE WHEN r.state = 'ignored' THEN r.why END;
    RETURN NULL;
END $$;
CREATE TRIGGER stage_new AFTER INSERT ON mirror.snapshots REFERENCING NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION staging.stage_new();

CREATE FUNCTION staging.stage_changed() RETURNS trigger
    LANGUAGE plpgsql SET search_path = pg_catalog
    SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off AS $$
BEGIN
    UPDATE staging.records r
    SET state = CASE WHEN r.state = 'ignored' OR r.is_gone AND c.is_gone THEN r.state
                     WHEN c.is_gone AND r.core_id IS NOT NULL THEN 'deleted'
                     WHEN r.core_id IS NOT NULL THEN 'stale'
                     ELSE 'new' END,
        -- What was chosen as a change was not chosen as a deletion, nor the other way round.
        is_selected = r.is_selected AND r.is_gone = c.is_gone,
        is_gone = c.is_gone, version = c.version, modified_at = c.modified_at, status = c.status, name_key = c.name_key,
        key = c.key, change_count = 0, changed_columns = NULL, changed_fields = NULL,
        why = CASE WHEN r.state = 'ignored' THEN r.why END, candidates = NULL
    FROM (
        SELECT n.organisation_id, n.connection_id, n.resource, n.remote_id, n.version, n.state = 'gone' AS is_gone,
               COALESCE(n.modified_at, n.created_at, n.changed_at) AS modified_at, COALESCE(n.status, '') AS status,
               staging.name_key_of(n.resource, n.name) AS name_key,
               staging.key_of(n.resource, n.sku, n.email_lower, n.number_key, n.remote_id) AS key
        FROM new_rows n ORDER BY n.connection_id, n.resource, n.remote_id) AS c
    WHERE (r.organisation_id, r.connection_id, r.resource, r.remote_id)
        = (c.organisation_id, c.connection_id, c.resource, c.remote_id)
      AND (r.version <> c.version OR r.is_gone <> c.is_gone);
    DELETE FROM staging.records r USING new_rows n
    WHERE (r.organisation_id, r.connection_id, r.resource, r.remote_id)
        = (n.organisation_id, n.connection_id, n.resource, n.remote_id)
      AND n.state = 'gone' AND r.core_id IS NULL AND r.state <> 'ignored';
    -- What comes back after its row had gone: it was never promoted.
    INSERT INTO staging.records (organisation_id, connection_id, modified_at, version, resource, remote_id, state, status,
                                 name_key, key)
    SELECT n.organisation_id, n.connection_id, COALESCE(n.modified_at, n.created_at, n.changed_at), n.version, n.resource,
           n.remote_id, 'new', COALESCE(n.status, ''), staging.name_key_of(n.resource, n.name),
           staging.key_of(n.resource, n.sku, n.email_lower, n.number_key, n.remote_id)
    FROM new_rows n
    WHERE n.state <> 'gone' AND NOT EXISTS (
        SELECT FROM staging.records r
        WHERE (r.organisation_id, r.connection_id, r.resource, r.remote_id)
            = (n.organisation_id, n.connection_id, n.resource, n.remote_id))
    ON CONFLICT DO NOTHING;
    RETURN NULL;
END $$;
CREATE TRIGGER stage_changed AFTER UPDATE ON mirror.snapshots REFERENCING NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION staging.stage_changed();

-- The twin forgets records (a choice dropped them, or they are to be sealed): what is linked is compared when they are read
-- again, what is ignored stays so, the rest is as if it had never been there.
CREATE FUNCTION staging.stage_forgotten() RETURNS trigger
    LANGUAGE plpgsql SET search_path = pg_catalog
    SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off AS $$
BEGIN
    DELETE FROM staging.records r USING old_rows o
    WHERE (r.organisation_id, r.connection_id, r.resource, r.remote_id)
        = (o.organisation_id, o.connection_id, o.resource, o.remote_id)
      AND r.core_id IS NULL AND r.state <> 'ignored';
    -- What it was called is forgotten as well: it may have been somebody's name.
    UPDATE staging.records r
    SET state = CASE WHEN r.state IN ('ignored', 'gone') THEN r.state ELSE 'waiting' END,
        why = CASE WHEN r.state IN ('ignored', 'gone') THEN r.why ELSE 'The twin has no copy of it: pull again.' END,
        name_key = CASE WHEN r.name_key IS NOT NULL THEN '' END, key = left(r.remote_id, 60), is_selected = false,
        change_count = 0, changed_columns = NULL, changed_fields = NULL, candidates = NULL
    FROM old_rows o
    WHERE (r.organisation_id, r.connection_id, r.resource, r.remote_id)
        = (o.organisation_id, o.connection_id, o.resource, o.remote_id);
    RETURN NULL;
END $$;
CREATE TRIGGER stage_forgotten AFTER DELETE ON mirror.snapshots REFERENCING OLD TABLE AS old_rows
    FOR EACH STATEMENT EXECUTE FUNCTION staging.stage_forgotten();

-- What belongs to a connection goes with it.
CREATE FUNCTION staging.forget_connection() RETURNS trigger
    LANGUAGE plpgsql SET search_path = pg_catalog AS $$
BEGIN
    DELETE FROM staging.records WHERE organisation_id = OLD.organisation_id AND connection_id = OLD.id;
    DELETE FROM staging.count_changes WHERE organisation_id = OLD.organisation_id AND connection_id = OLD.id;
    RETURN NULL;
END $$;
CREATE TRIGGER forget_staging AFTER DELETE ON connections.connections
    FOR EACH ROW EXECUTE FUNCTION staging.forget_connection();

-- Below row-level security no index knows what an array holds. The owner may look past it, here only, and the organisation
-- is the transaction's own. Ids only.
CREATE POLICY finding ON staging.records FOR SELECT TO storetwin_owner USING (true);
CREATE POLICY finding ON staging.rules FOR SELECT TO storetwin_owner USING (true);
CREATE POLICY finding ON staging.marks FOR SELECT TO storetwin_owner USING (true);
CREATE FUNCTION staging.find_by_column(
    wanted_resource text, wanted_connections uuid[], wanted_column text, most integer)
    RETURNS TABLE (connection_id uuid, remote_id text)
    LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog
    SET plan_cache_mode = force_custom_plan
    SET enable_seqscan = off SET enable_indexscan = off SET enable_indexonlyscan = off AS $$  -- the array's own index alone
DECLARE
    own uuid := nullif(current_setting('app.organisation_id', true), '')::uuid;
BEGIN
    -- What an index could answer, but need not, stands where none can be asked: else the planner reads all keys of a
    -- connection, to lay them beside the few that were found.
    RETURN QUERY
        SELECT r.connection_id, r.remote_id FROM staging.records r
        WHERE r.column_keys && ARRAY(
                SELECT staging.column_key(c.id, wanted_resource, wanted_column) FROM unnest(wanted_connections) AS c(id))
          AND r.column_keys IS NOT NULL
          AND COALESCE(r.organisation_id = own AND r.resource = wanted_resource AND r.connection_id = ANY(wanted_connections)
                       AND r.changed_columns @> ARRAY[wanted_column], false)
        LIMIT most;
END $$;

-- Which connections have records that are to be compared, runs whose records no rule has looked at, or rules whose time has
-- come; ids only.
CREATE FUNCTION staging.due_connections(moment timestamptz)
    RETURNS TABLE (organisation_id uuid, connection_id uuid)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog AS $$
    SELECT c.organisation_id, c.id FROM connections.connections c
    WHERE EXISTS (SELECT FROM staging.records r WHERE r.connection_id = c.id AND r.state = 'stale')
       OR EXISTS (
            SELECT FROM staging.rules r
            WHERE r.organisation_id = c.organisation_id AND COALESCE(r.connection_id, c.id) = c.id AND r.is_active
              AND (r.next_at <= moment OR r.next_at IS NULL AND EXISTS (
                    SELECT FROM runs.runs n
                    WHERE n.organisation_id = c.organisation_id AND n.connection_id = c.id AND n.kind <> 'promote'
                      AND n.ended_at > COALESCE((SELECT m.followed_at FROM staging.marks m WHERE m.connection_id = c.id),
                                                '-infinity'))))
$$;
REVOKE ALL ON FUNCTION staging.find_by_column(text, uuid[], text, integer), staging.due_connections(timestamptz) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION staging.find_by_column(text, uuid[], text, integer), staging.due_connections(timestamptz)
    TO storetwin_app;

-- A promotion is a run of its connection, beside what reads the store.
ALTER TABLE runs.runs DROP CONSTRAINT runs_kind_check;
ALTER TABLE runs.runs ADD CONSTRAINT runs_kind_check
    CHECK (kind IN ('pull', 'verify', 'retry', 'sync', 'sweep', 'receive', 'rehearse', 'promote'));
ALTER TABLE runs.runs DROP CONSTRAINT runs_lane_check;
ALTER TABLE runs.runs ADD CONSTRAINT runs_lane_check CHECK (lane IN ('pull', 'inbox', 'promote'));
ALTER TABLE runs.progress DROP CONSTRAINT progress_stage_check;
ALTER TABLE runs.progress ADD CONSTRAINT progress_stage_check
    CHECK (stage IN ('pull', 'verify', 'sync', 'sweep', 'receive', 'rehearse', 'promote'));

-- What could not be promoted is no matter between the twin and the store.
ALTER TABLE runs.dead_letters ADD COLUMN stage text CHECK (stage = 'promote');
COMMENT ON COLUMN runs.dead_letters.stage IS 'promote: core could not take it. Absent: it could not be had from the store.';
