-- What the doors look up in the twin: lists of records by change, what was written when, a text that occurs in a record.

-- Partial, like those before: a lookup by id says nothing of a time, so no plan can take them for it.
CREATE INDEX snapshots_by_resource_change ON mirror.snapshots (connection_id, resource, changed_at, remote_id)
    WHERE changed_at IS NOT NULL;
CREATE INDEX versions_by_resource_writing ON mirror.versions (connection_id, resource, written_at)
    WHERE written_at IS NOT NULL;-- What came after the first pull: it wrote as many first versions as there are records.
CREATE INDEX snapshots_by_later_change ON mirror.snapshots (connection_id, changed_at) WHERE version > 1;
CREATE INDEX versions_by_later_writing ON mirror.versions (connection_id, written_at) WHERE version > 1;

-- Nearly every record is listed: the others are found, and counted, by themselves.
CREATE INDEX snapshots_not_listed ON mirror.snapshots (connection_id, resource, state, remote_id)
    INCLUDE (organisation_id) WHERE state <> 'listed';

-- Dead letters of all connections of an organisation, the newest first.
CREATE INDEX dead_letters_by_age ON runs.dead_letters (organisation_id, state, dead_letter_id);

-- Below row-level security LIKE uses no index (it is not leakproof). The owner may look past it, here only, and the
-- organisation is the transaction's own: nothing that is given can name another one. Ids only.
CREATE POLICY finding ON mirror.snapshots FOR SELECT TO storetwin_owner USING (true);
CREATE FUNCTION mirror.search_snapshots(
    wanted_connection uuid, wanted_resource text, wanted_text text, after_id text, most integer)
    RETURNS SETOF text
    LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog
    SET plan_cache_mode = force_custom_plan AS $$
DECLARE
    own uuid := nullif(current_setting('app.organisation_id', true), '')::uuid;
    pattern text := '%' || replace(replace(replace(wanted_text, '\', '\\'), '%', '\%'), '_', '\_') || '%';
    looked_at bigint;
    last_id text;
    found bigint;
BEGIN
    -- The planner may not look at the statistics of what a policy guards, and takes every text to be rare. One that is
    -- not is among the next records by id; the index would bring all of them first.
    SELECT count(*), max(n.remote_id) INTO looked_at, last_id FROM (
        SELECT s.remote_id FROM mirror.snapshots s
        WHERE s.organisation_id = own AND s.connection_id = wanted_connection AND s.resource = wanted_resource
          AND s.remote_id > after_id COLLATE "C"
        ORDER BY s.remote_id LIMIT 1000) AS n;
    RETURN QUERY
        SELECT n.remote_id FROM (
            SELECT s.remote_id, s.search_text FROM mirror.snapshots s
            WHERE s.organisation_id = own AND s.connection_id = wanted_connection AND s.resource = wanted_resource
              AND s.remote_id > after_id COLLATE "C" AND s.remote_id <= last_id COLLATE "C"
            ORDER BY s.remote_id LIMIT 1000) AS n
        WHERE n.search_text LIKE pattern ORDER BY n.remote_id LIMIT most;
    GET DIAGNOSTICS found = ROW_COUNT;
    IF found = most OR looked_at < 1000 THEN
        RETURN;
    END IF;
    RETURN QUERY
        SELECT s.remote_id FROM mirror.snapshots s
        WHERE s.organisation_id = own AND s.connection_id = wanted_connection AND s.resource = wanted_resource
          AND s.search_text LIKE pattern AND s.remote_id > last_id COLLATE "C"
        ORDER BY s.remote_id LIMIT most - found;
END $$;
REVOKE ALL ON FUNCTION mirror.search_snapshots(uuid, text, text, text, integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION mirror.search_snapshots(uuid, text, text, text, integer) TO storetwin_app;
