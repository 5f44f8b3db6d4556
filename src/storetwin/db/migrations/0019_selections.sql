-- What is chosen, and what a promotion takes, stand beside the records: to choose a hundred thousand writes as many narrow rows.
-- As a column of the records it wrote each of them anew, with an entry in four indexes: five times as long, and to take the
-- choice back sixty times.

CREATE TABLE staging.selections (
    organisation_id uuid NOT NULL,
    connection_id uuid NOT NULL,
    modified_at timestamptz NOT NULL,
    is_gone boolean NOT NULL,
    resource text NOT NULL,
    remote_id text NOT NULL COLLATE "C",
    state text NOT NULL COLLATE "C" CHECK (state IN ('new', 'updated', 'deleted', 'waiting', 'stale')),
    status text NOT NULL COLLATE "C",
    PRIMARY KEY (organisation_id, connection_id, resource, remote_id)
);
COMMENT ON TABLE staging.selections IS
    'Records that are chosen for promotion. Without a foreign key, which would lock each record: triggers follow the records.';
COMMENT ON COLUMN staging.selections.modified_at IS 'As the record has it, like is_gone, state and status.';
-- It begins with what nobody asks a single record's choice by: else the planner, which knows nothing of a table that was empty a
-- moment ago, takes it for as good as the key, and reads all that is chosen of a connection for each record.
CREATE INDEX selections_by_modified ON staging.selections
    (state, status, connection_id, resource, modified_at, remote_id) INCLUDE (organisation_id);

CREATE TABLE staging.taken (
    organisation_id uuid NOT NULL,
    connection_id uuid NOT NULL,
    run_id uuid NOT NULL,
    resource text NOT NULL,
    remote_id text NOT NULL COLLATE "C",
    PRIMARY KEY (organisation_id, run_id, resource, remote_id)
);
COMMENT ON TABLE staging.taken IS 'Records that a promotion still has to bring. Of two that have the same the first brings it.';

DO $$
DECLARE
    name text;
BEGIN
    FOREACH name IN ARRAY ARRAY['selections', 'taken'] LOOP
        EXECUTE format('ALTER TABLE staging.%I ENABLE ROW LEVEL SECURITY', name);
        EXECUTE format('ALTER TABLE staging.%I FORCE ROW LEVEL SECURITY', name);
        EXECUTE format(
            'CREATE POLICY own_organisation ON staging.%I
                 USING (organisation_id = nullif(current_setting(''app.organisation_id'', true), '''')::uuid)',
            name);
    END LOOP;
END $$;

-- What was chosen and taken so far. A migration sees the rows of one organisation at a time.
DO $$
DECLARE
    own uuid;
BEGIN
    FOR own IN SELECT DISTINCT organisation_id FROM connections.connections LOOP
        PERFORM set_config('app.organisation_id', own::text, true);
        INSERT INTO staging.selections (organisation_id, connection_id, modified_at, is_gone, resource, remote_id, state, status)
        SELECT organisation_id, connection_id, modified_at, is_gone, resource, remote_id, state, status
        FROM staging.records
        WHERE organisation_id = own AND is_selected AND state IN ('new', 'updated', 'deleted', 'waiting', 'stale');
        INSERT INTO staging.taken (organisation_id, connection_id, run_id, resource, remote_id)
        SELECT organisation_id, connection_id, run_id, resource, remote_id
        FROM staging.records WHERE organisation_id = own AND run_id IS NOT NULL;
    END LOOP;
    PERFORM set_config('app.organisation_id', '', true);
END $$;

DROP INDEX staging.records_by_modified;
DROP INDEX staging.records_of_run;
ALTER TABLE staging.records DROP COLUMN is_selected;
ALTER TABLE staging.records DROP COLUMN run_id;
CREATE INDEX records_by_modified ON staging.records
    (connection_id, resource, state, status, modified_at, remote_id) INCLUDE (organisation_id, is_gone);

-- The counts say of each state and status how many records there are, and how many of them are chosen.
DROP TABLE staging.counts;
DROP TABLE staging.count_changes;
CREATE TABLE staging.counts (
    organisation_id uuid NOT NULL,
    connection_id uuid NOT NULL,
    resource text NOT NULL,
    state text NOT NULL COLLATE "C"
        CHECK (state IN ('new', 'updated', 'deleted', 'in_sync', 'ignored', 'waiting', 'stale', 'gone')),
    status text NOT NULL COLLATE "C",
    records bigint NOT NULL,
    selected bigint NOT NULL,
    PRIMARY KEY (organisation_id, connection_id, resource, state, status),
    FOREIGN KEY (organisation_id, connection_id)
        REFERENCES connections.connections (organisation_id, id) ON DELETE CASCADE
);
COMMENT ON TABLE staging.counts IS 'How many records there are in each state, by status, and how many of them are chosen.';
CREATE TABLE staging.count_changes (
    organisation_id uuid NOT NULL,
    connection_id uuid NOT NULL,
    change bigint GENERATED ALWAYS AS IDENTITY,
    resource text NOT NULL,
    state text NOT NULL COLLATE "C"
        CHECK (state IN ('new', 'updated', 'deleted', 'in_sync', 'ignored', 'waiting', 'stale', 'gone')),
    status text NOT NULL COLLATE "C",
    records bigint NOT NULL,
    selected bigint NOT NULL,
    PRIMARY KEY (organisation_id, connection_id, change)
);
COMMENT ON TABLE staging.count_changes IS 'What is to be added to the counts.';
GRANT USAGE ON SEQUENCE staging.count_changes_change_seq TO storetwin_app;
DO $$
DECLARE
    name text;
    own uuid;
BEGIN
    FOREACH name IN ARRAY ARRAY['counts', 'count_changes'] LOOP
        EXECUTE format('ALTER TABLE staging.%I ENABLE ROW LEVEL SECURITY', name);
        EXECUTE format('ALTER TABLE staging.%I FORCE ROW LEVEL SECURITY', name);
        EXECUTE format(
            'CREATE POLICY own_organisation ON staging.%I
                 USING (organisation_id = nullif(current_setting(''app.organisation_id'', true), '''')::uuid)',
            name);
    END LOOP;
    FOR own IN SELECT DISTINCT organisation_id FROM connections.connections LOOP
        PERFORM set_config('app.organisation_id', own::text, true);
        INSERT INTO staging.counts (organisation_id, connection_id, resource, state, status, records, selected)
        SELECT organisation_id, connection_id, resource, state, status, sum(records), sum(selected)
        FROM (
            SELECT organisation_id, connection_id, resource, state, status, 1 AS records, 0 AS selected
            FROM staging.records WHERE organisation_id = own
            UNION ALL
            SELECT organisation_id, connection_id, resource, state, status, 0, 1
            FROM staging.selections WHERE organisation_id = own) AS c
        GROUP BY 1, 2, 3, 4, 5;
    END LOOP;
    PERFORM set_config('app.organisation_id', '', true);
END $$;

CREATE OR REPLACE FUNCTION staging.fold_counts(own_organisation uuid, own_connection uuid, most bigint) RETURNS void
    LANGUAGE plpgsql SET search_path = pg_catalog AS $$
BEGIN
    IF NOT pg_try_advisory_xact_lock(hashtextextended('storetwin/staging counts/' || own_connection, 0)) THEN
        RETURN;
    END IF;
    WITH gathered AS (
        DELETE FROM staging.count_changes
        WHERE organisation_id = own_organisation AND connection_id = own_connection AND change = ANY(ARRAY(
            SELECT change FROM staging.count_changes
            WHERE organisation_id = own_organisation AND connection_id = own_connection ORDER BY change LIMIT most))
        RETURNING *)
    INSERT INTO staging.counts AS c (organisation_id, connection_id, resource, state, status, records, selected)
    SELECT organisation_id, connection_id, resource, state, status, sum(records), sum(selected)
    FROM gathered GROUP BY 1, 2, 3, 4, 5
    ON CONFLICT (organisation_id, connection_id, resource, state, status) DO UPDATE
    SET records = c.records + EXCLUDED.records, selected = c.selected + EXCLUDED.selected;
    DELETE FROM staging.counts
    WHERE organisation_id = own_organisation AND connection_id = own_connection AND records = 0 AND selected = 0;
END $$;

-- Notes what a statement changed in the counts, of the records or of what is chosen of them. Statements that change none leave
-- nothing.
CREATE OR REPLACE FUNCTION staging.count_records() RETURNS trigger
    LANGUAGE plpgsql SET search_path = pg_catalog AS $$
DECLARE
    of_records CONSTANT integer := CASE TG_TABLE_NAME WHEN 'records' THEN 1 ELSE 0 END;
    latest bigint;
    added bigint;
    touched record;
BEGIN
    IF TG_OP = 'INSERT' THEN
        WITH noted AS (
            INSERT INTO staging.count_changes (organisation_id, connection_id, resource, state, status, records, selected)
            SELECT organisation_id, connection_id, resource, state, status, count(*) * of_records, count(*) * (1 - of_records)
            FROM new_rows GROUP BY 1, 2, 3, 4, 5
            RETURNING change)
        SELECT max(change), count(*) INTO latest, added FROM noted;
    ELSIF TG_OP = 'UPDATE' THEN
        WITH noted AS (
            INSERT INTO staging.count_changes (organisation_id, connection_id, resource, state, status, records, selected)
            SELECT organisation_id, connection_id, resource, state, status, sum(sign) * of_records, sum(sign) * (1 - of_records)
            FROM (
                SELECT 1 AS sign, organisation_id, connection_id, resource, state, status FROM new_rows
                UNION ALL
                SELECT -1, organisation_id, connection_id, resource, state, status FROM old_rows) AS rows
            GROUP BY 1, 2, 3, 4, 5 HAVING sum(sign) <> 0
            RETURNING change)
        SELECT max(change), count(*) INTO latest, added FROM noted;
    ELSE  -- of a connection that goes with its records, the counts go as well
        WITH noted AS (
            INSERT INTO staging.count_changes (organisation_id, connection_id, resource, state, status, records, selected)
            SELECT organisation_id, connection_id, resource, state, status, -count(*) * of_records, -count(*) * (1 - of_records)
            FROM old_rows r WHERE EXISTS (SELECT FROM connections.connections c WHERE c.id = r.connection_id)
            GROUP BY 1, 2, 3, 4, 5
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
CREATE TRIGGER count_new AFTER INSERT ON staging.selections REFERENCING NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION staging.count_records();
CREATE TRIGGER count_changed AFTER UPDATE ON staging.selections
    REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION staging.count_records();
CREATE TRIGGER count_deleted AFTER DELETE ON staging.selections REFERENCING OLD TABLE AS old_rows
    FOR EACH STATEMENT EXECUTE FUNCTION staging.count_records();

-- A choice says what its record said at that moment, and nothing holds the record meanwhile. So who chooses shuts out those who
-- change records of the connection until he has ended, and waits for those who are at it; these do not wait for each other. Whoever
-- changes what is chosen or taken has one of the two locks before he does.
CREATE FUNCTION staging.shut_out(connection_ids uuid[]) RETURNS void
    LANGUAGE plpgsql SET search_path = pg_catalog AS $$
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended('storetwin/staging choices/' || c.id, 0))
    FROM (SELECT DISTINCT id FROM unnest(connection_ids) AS id ORDER BY id) AS c;
END $$;
CREATE FUNCTION staging.keep_out(connection_ids uuid[]) RETURNS void
    LANGUAGE plpgsql SET search_path = pg_catalog AS $$
BEGIN
    PERFORM pg_advisory_xact_lock_shared(hashtextextended('storetwin/staging choices/' || c.id, 0))
    FROM (SELECT DISTINCT id FROM unnest(connection_ids) AS id ORDER BY id) AS c;
END $$;

-- What is chosen follows its record: it goes when there is nothing left to promote, and when what was chosen as a change has
-- become a deletion, or the other way round.
CREATE FUNCTION staging.follow_records() RETURNS trigger
    LANGUAGE plpgsql SET search_path = pg_catalog
    SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off AS $$
BEGIN
    PERFORM staging.keep_out(ARRAY(SELECT DISTINCT connection_id FROM new_rows));
    IF NOT EXISTS (
        SELECT FROM (SELECT DISTINCT organisation_id, connection_id, resource FROM new_rows) AS n
        CROSS JOIN LATERAL (
            SELECT FROM staging.selections s
            WHERE s.organisation_id = n.organisation_id AND s.connection_id = n.connection_id AND s.resource = n.resource
            LIMIT 1) AS s) THEN
        RETURN NULL;
    END IF;
    DELETE FROM staging.selections s USING new_rows n
    WHERE (s.organisation_id, s.connection_id, s.resource, s.remote_id)
        = (n.organisation_id, n.connection_id, n.resource, n.remote_id)
      AND (n.state NOT IN ('new', 'updated', 'deleted', 'waiting', 'stale')
           OR n.is_gone <> s.is_gone);
    UPDATE staging.selections s SET state = n.state, status = n.status, modified_at = n.modified_at
    FROM new_rows n
    WHERE (s.organisation_id, s.connection_id, s.resource, s.remote_id)
        = (n.organisation_id, n.connection_id, n.resource, n.remote_id)
      AND (s.state, s.status, s.modified_at) <> (n.state, n.status, n.modified_at);
    RETURN NULL;
END $$;
CREATE TRIGGER follow_changed AFTER UPDATE ON staging.records REFERENCING NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION staging.follow_records();

CREATE FUNCTION staging.follow_dropped() RETURNS trigger
    LANGUAGE plpgsql SET search_path = pg_catalog
    SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off AS $$
BEGIN
    PERFORM staging.keep_out(ARRAY(SELECT DISTINCT connection_id FROM old_rows));
    IF EXISTS (
        SELECT FROM (SELECT DISTINCT organisation_id, connection_id, resource FROM old_rows) AS o
        CROSS JOIN LATERAL (
            SELECT FROM staging.selections s
            WHERE s.organisation_id = o.organisation_id AND s.connection_id = o.connection_id AND s.resource = o.resource
            LIMIT 1) AS s) THEN
        DELETE FROM staging.selections s USING old_rows o
        WHERE (s.organisation_id, s.connection_id, s.resource, s.remote_id)
            = (o.organisation_id, o.connection_id, o.resource, o.remote_id);
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER follow_dropped AFTER DELETE ON staging.records REFERENCING OLD TABLE AS old_rows
    FOR EACH STATEMENT EXECUTE FUNCTION staging.follow_dropped();

CREATE OR REPLACE FUNCTION staging.forget_connection() RETURNS trigger
    LANGUAGE plpgsql SET search_path = pg_catalog AS $$
BEGIN
    PERFORM staging.keep_out(ARRAY[OLD.id]);
    DELETE FROM staging.taken WHERE organisation_id = OLD.organisation_id AND connection_id = OLD.id;
    DELETE FROM staging.selections WHERE organisation_id = OLD.organisation_id AND connection_id = OLD.id;
    DELETE FROM staging.records WHERE organisation_id = OLD.organisation_id AND connection_id = OLD.id;
    DELETE FROM staging.count_changes WHERE organisation_id = OLD.organisation_id AND connection_id = OLD.id;
    RETURN NULL;
END $$;

-- What a statement of the mirror means for its records, as in 0014 but for the choice.
CREATE OR REPLACE FUNCTION staging.stage_new() RETURNS trigger
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
        is_gone = false, version = EXCLUDED.version,
        modified_at = EXCLUDED.modified_at, status = EXCLUDED.status, name_key = EXCLUDED.name_key, key = EXCLUDED.key,
        change_count = 0, changed_columns = NULL, changed_fields = NULL, candidates = NULL,
        why = CASE WHEN r.state = 'ignored' THEN r.why END;
    RETURN NULL;
END $$;

CREATE OR REPLACE FUNCTION staging.stage_changed() RETURNS trigger
    LANGUAGE plpgsql SET search_path = pg_catalog
    SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off AS $$
BEGIN
    UPDATE staging.records r
    SET state = CASE WHEN r.state = 'ignored' OR r.is_gone AND c.is_gone THEN r.state
                     WHEN c.is_gone AND r.core_id IS NOT NULL THEN 'deleted'
                     WHEN r.core_id IS NOT NULL THEN 'stale'
                     ELSE 'new' END,
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

CREATE OR REPLACE FUNCTION staging.stage_forgotten() RETURNS trigger
    LANGUAGE plpgsql SET search_path = pg_catalog
    SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off AS $$
BEGIN
    PERFORM staging.keep_out(ARRAY(SELECT DISTINCT connection_id FROM old_rows));
    DELETE FROM staging.records r USING old_rows o
    WHERE (r.organisation_id, r.connection_id, r.resource, r.remote_id)
        = (o.organisation_id, o.connection_id, o.resource, o.remote_id)
      AND r.core_id IS NULL AND r.state <> 'ignored';
    IF EXISTS (
        SELECT FROM (SELECT DISTINCT organisation_id, connection_id, resource FROM old_rows) AS o
        CROSS JOIN LATERAL (
            SELECT FROM staging.selections s
            WHERE s.organisation_id = o.organisation_id AND s.connection_id = o.connection_id AND s.resource = o.resource
            LIMIT 1) AS s) THEN
        DELETE FROM staging.selections s USING old_rows o
        WHERE (s.organisation_id, s.connection_id, s.resource, s.remote_id)
            = (o.organisation_id, o.connection_id, o.resource, o.remote_id);
    END IF;
    -- What it was called is forgotten as well: it may have been somebody's name.
    UPDATE staging.records r
    SET state = CASE WHEN r.state IN ('ignored', 'gone') THEN r.state ELSE 'waiting' END,
        why = CASE WHEN r.state IN ('ignored', 'gone') THEN r.why ELSE 'The twin has no copy of it: pull again.' END,
        name_key = CASE WHEN r.name_key IS NOT NULL THEN '' END, key = left(r.remote_id, 60),
        change_count = 0, changed_columns = NULL, changed_fields = NULL, candidates = NULL
    FROM old_rows o
    WHERE (r.organisation_id, r.connection_id, r.resource, r.remote_id)
        = (o.organisation_id, o.connection_id, o.resource, o.remote_id);
    RETURN NULL;
END $$;
