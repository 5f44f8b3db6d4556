-- What an order board shows, filters and sorts by, and the counts behind it, kept by whatever writes the records.

ALTER TABLE mirror.snapshots
    ADD COLUMN number text COLLATE "C",
    ADD COLUMN number_key text COLLATE "C",
    ADD COLUMN name text COLLATE "C",
    ADD COLUMN sku text COLLATE "C",
    ADD COLUMN currency text COLLATE "C",
    ADD COLUMN total_minor bigint,
    ADD COLUMN refunded_minor bigint,
    ADD COLUMN items integer;
COMMENT ON COLUMN mirror.snapshots.number IS 'What people call it by, where that is not its id: an order''s number.';
COMMENT ON COLUMN mirror.snapshots.number_key IS
    'The number, or the id, so that it sorts as people expect: each run of digits after its length.';
COMMENT ON COLUMN mirror.snapshots.name IS 'Of a product, of a person, of whom an order is billed to.';
COMMENT ON COLUMN mirror.snapshots.total_minor IS 'In minor units of the currency; absent where the store holds no amount.';
COMMENT ON COLUMN mirror.snapshots.refunded_minor IS 'What of the total was given back, in the same units.';
COMMENT ON COLUMN mirror.snapshots.items IS 'How many pieces an order has.';

-- The same as kernel/money.py, kernel/natural.py and woocommerce/columns.py do, once, for what is there already.
CREATE FUNCTION mirror.once_text(value json) RETURNS text LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE WHEN json_typeof(value) IN ('string', 'number') THEN value #>> '{}' END
$$;
CREATE FUNCTION mirror.once_minor(amount text, currency text) RETURNS bigint LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE WHEN abs(minor) <= 1000000000000000 THEN minor::bigint END
    FROM (SELECT round(CASE WHEN amount ~ '^-?[0-9]{1,18}(\.[0-9]{1,30})?$' THEN amount::numeric END
        * CASE WHEN currency IN ('BIF', 'CLP', 'DJF', 'GNF', 'ISK', 'JPY', 'KMF', 'KRW', 'PYG', 'RWF', 'UGX', 'UYI',
                                 'VND', 'VUV', 'XAF', 'XOF', 'XPF') THEN 1
               WHEN currency IN ('BHD', 'IQD', 'JOD', 'KWD', 'LYD', 'OMR', 'TND') THEN 1000
               WHEN currency IN ('CLF', 'UYW') THEN 10000
               ELSE 100 END) AS minor) AS m
$$;
CREATE FUNCTION mirror.once_key(given text) RETURNS text LANGUAGE sql IMMUTABLE AS $$
    SELECT string_agg(CASE WHEN part[1] ~ '^[0-9]' THEN lpad(length(part[1])::text, 2, '0') ELSE '' END || part[1], ''
                      ORDER BY place)
    FROM regexp_matches(lower(left(given, 60)), '[0-9]+|[^0-9]+', 'g') WITH ORDINALITY AS p(part, place)
$$;
CREATE FUNCTION mirror.once_list(value json) RETURNS json LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE WHEN json_typeof(value) = 'array' THEN value ELSE '[]'::json END
$$;

DO $$
DECLARE
    own uuid;
BEGIN
    FOR own IN SELECT DISTINCT organisation_id FROM connections.connections LOOP
        PERFORM set_config('app.organisation_id', own::text, true);
        UPDATE mirror.snapshots s SET number_key = mirror.once_key(s.remote_id) WHERE s.resource <> 'orders';
        UPDATE mirror.snapshots s
        SET name = nullif(left(CASE s.resource
                WHEN 'customers' THEN btrim(concat_ws(' ', nullif(mirror.once_text(d.document->'first_name'), ''),
                                                      nullif(mirror.once_text(d.document->'last_name'), '')))
                WHEN 'coupons' THEN btrim(mirror.once_text(d.document->'code'))
                ELSE btrim(mirror.once_text(d.document->'name')) END, 200), ''),
            sku = CASE WHEN s.resource IN ('products', 'variations')
                       THEN nullif(left(mirror.once_text(d.document->'sku'), 200), '') END
        FROM mirror.documents d
        WHERE s.resource IN ('customers', 'coupons', 'products', 'variations', 'categories', 'tags', 'brands',
                             'shipping_classes', 'attributes', 'terms')
          AND (d.organisation_id, d.connection_id, d.resource, d.remote_id)
            = (s.organisation_id, s.connection_id, s.resource, s.remote_id)
          AND json_typeof(d.document) = 'object';
        UPDATE mirror.snapshots s
        SET number = e.number, number_key = mirror.once_key(COALESCE(e.number, s.remote_id)), name = e.name,
            currency = e.currency, total_minor = e.total_minor, items = e.items,
            refunded_minor = CASE WHEN e.total_minor IS NOT NULL THEN (
                SELECT COALESCE(-sum(mirror.once_minor(CASE json_typeof(r.value) WHEN 'object'
                    THEN mirror.once_text(r.value->'total') END, e.currency)), 0)
                FROM json_array_elements(e.refunds) AS r) END
        FROM (
            SELECT d.connection_id, d.remote_id, c.currency,
                   nullif(left(mirror.once_text(x.number), 200), '') AS number,
                   nullif(left(btrim(concat_ws(' ', nullif(mirror.once_text(b.first_name), ''),
                                               nullif(mirror.once_text(b.last_name), ''))), 200), '') AS name,
                   mirror.once_minor(mirror.once_text(x.total), c.currency) AS total_minor,
                   mirror.once_list(x.refunds) AS refunds,
                   CASE json_typeof(x.line_items) WHEN 'array' THEN (
                       SELECT COALESCE(sum(CASE WHEN q.quantity ~ '^[0-9]{1,9}$' THEN q.quantity::int END), 0)
                       FROM json_array_elements(x.line_items) AS l
                       CROSS JOIN LATERAL (SELECT CASE json_typeof(l.value) WHEN 'object'
                           THEN mirror.once_text(l.value->'quantity') END AS quantity) AS q) END AS items
            FROM mirror.documents d
            CROSS JOIN LATERAL json_to_record(d.document)
                AS x(number json, currency json, total json, refunds json, line_items json, billing json)
            CROSS JOIN LATERAL (SELECT CASE WHEN length(mirror.once_text(x.currency)) BETWEEN 1 AND 8
                                            THEN mirror.once_text(x.currency) END AS currency) AS c
            CROSS JOIN LATERAL json_to_record(CASE json_typeof(x.billing) WHEN 'object' THEN x.billing ELSE '{}' END)
                AS b(first_name json, last_name json)
            WHERE d.resource = 'orders' AND json_typeof(d.document) = 'object'
            OFFSET 0) AS e
        WHERE s.resource = 'orders' AND s.connection_id = e.connection_id AND s.remote_id = e.remote_id;
    END LOOP;
    PERFORM set_config('app.organisation_id', '', true);
END $$;
DROP FUNCTION mirror.once_text(json), mirror.once_minor(text, text), mirror.once_key(text), mirror.once_list(json);

-- One for each order that a board has, each below (connection, status): whatever is filtered by, a list is put together
-- from the beginnings of such stretches. They hold all that a list is chosen by, so its records alone are fetched.
-- Partial, like those before: a lookup by id says nothing of the state, so no plan can take them for it.
CREATE INDEX snapshots_board_created ON mirror.snapshots (connection_id, resource, status, created_at, remote_id)
    INCLUDE (organisation_id) WHERE state <> 'gone';
CREATE INDEX snapshots_board_modified ON mirror.snapshots (connection_id, resource, status, modified_at, remote_id)
    INCLUDE (organisation_id, created_at) WHERE state <> 'gone';
CREATE INDEX snapshots_board_total ON mirror.snapshots (connection_id, resource, status, total_minor, remote_id)
    INCLUDE (organisation_id, created_at) WHERE state <> 'gone';
CREATE INDEX snapshots_board_number ON mirror.snapshots (connection_id, resource, status, number_key, remote_id)
    INCLUDE (organisation_id, created_at) WHERE state <> 'gone';

-- How many records there are, and what they come to. Every writer adds what it changed, in its own transaction, and
-- waits for nobody: to the sums where no other one is at them, else to a table of changes, from where the next one takes
-- them. What is true is both together. None of the three has a foreign key: the records they speak of have one, and to
-- look once more at each change costs a pull as much as an index. What goes with a connection, a trigger deletes.
CREATE TABLE mirror.tallies (
    organisation_id uuid NOT NULL,
    connection_id uuid NOT NULL,
    resource text NOT NULL,
    status text NOT NULL COLLATE "C",
    currency text NOT NULL COLLATE "C",
    records bigint NOT NULL,
    total_minor numeric NOT NULL,
    refunded_minor numeric NOT NULL,
    PRIMARY KEY (organisation_id, connection_id, resource, status, currency)
);
COMMENT ON TABLE mirror.tallies IS 'How many records there are that are not gone, by status and currency.';
COMMENT ON COLUMN mirror.tallies.status IS 'Empty where the store has none.';
CREATE TABLE mirror.daily_tallies (
    organisation_id uuid NOT NULL,
    connection_id uuid NOT NULL,
    resource text NOT NULL,
    day date NOT NULL,
    status text NOT NULL COLLATE "C",
    currency text NOT NULL COLLATE "C",
    records bigint NOT NULL,
    total_minor numeric NOT NULL,
    refunded_minor numeric NOT NULL,
    PRIMARY KEY (organisation_id, connection_id, resource, day, status, currency)
);
COMMENT ON TABLE mirror.daily_tallies IS 'The same by the day (UTC) of their creation; -infinity where the store has none.';
CREATE INDEX daily_tallies_empty ON mirror.daily_tallies (connection_id) WHERE records = 0;
CREATE TABLE mirror.tally_changes (
    organisation_id uuid NOT NULL,
    connection_id uuid NOT NULL,
    change bigint GENERATED ALWAYS AS IDENTITY,
    resource text NOT NULL,
    day date NOT NULL,
    status text NOT NULL COLLATE "C",
    currency text NOT NULL COLLATE "C",
    records bigint NOT NULL,
    total_minor numeric NOT NULL,
    refunded_minor numeric NOT NULL,
    PRIMARY KEY (organisation_id, connection_id, change)
);
COMMENT ON TABLE mirror.tally_changes IS 'What is to be added to the tallies: noted while another one was at them.';
GRANT USAGE ON SEQUENCE mirror.tally_changes_change_seq TO storetwin_app;

DO $$
DECLARE
    name text;
    own uuid;
BEGIN
    FOR own IN SELECT DISTINCT organisation_id FROM connections.connections LOOP
        PERFORM set_config('app.organisation_id', own::text, true);
        INSERT INTO mirror.daily_tallies
        SELECT organisation_id, connection_id, resource,
               COALESCE((created_at AT TIME ZONE 'UTC')::date, '-infinity'), COALESCE(status, ''), COALESCE(currency, ''),
               count(*), COALESCE(sum(total_minor), 0), COALESCE(sum(refunded_minor), 0)
        FROM mirror.snapshots WHERE organisation_id = own AND state <> 'gone' GROUP BY 1, 2, 3, 4, 5, 6;
        INSERT INTO mirror.tallies
        SELECT organisation_id, connection_id, resource, status, currency, sum(records), sum(total_minor), sum(refunded_minor)
        FROM mirror.daily_tallies WHERE organisation_id = own GROUP BY 1, 2, 3, 4, 5;
    END LOOP;
    PERFORM set_config('app.organisation_id', '', true);
    FOREACH name IN ARRAY ARRAY['tallies', 'daily_tallies', 'tally_changes'] LOOP
        EXECUTE format('ALTER TABLE mirror.%I ENABLE ROW LEVEL SECURITY', name);
        EXECUTE format('ALTER TABLE mirror.%I FORCE ROW LEVEL SECURITY', name);
        EXECUTE format(
            'CREATE POLICY own_organisation ON mirror.%I
                 USING (organisation_id = nullif(current_setting(''app.organisation_id'', true), '''')::uuid)',
            name);
    END LOOP;
END $$;

-- Adds changes to the sums of a connection, those that have gathered first, the oldest before the others; returns how many
-- of these that were, or null where another one is at the sums. Where too many have gathered, the given ones are noted
-- behind them: a sum of no records comes to nothing at all only while no change overtakes what it takes away.
-- What is not committed yet is not seen, and waits for the next time.
CREATE FUNCTION mirror.fold_tallies(
    own_organisation uuid, own_connection uuid, most bigint, given mirror.tally_changes[] DEFAULT '{}') RETURNS bigint
    LANGUAGE plpgsql SET search_path = pg_catalog AS $$
DECLARE
    folded bigint;
BEGIN
    IF NOT pg_try_advisory_xact_lock(hashtextextended('storetwin/tallies/' || own_connection, 0)) THEN
        RETURN NULL;
    END IF;
    WITH taken AS (
        DELETE FROM mirror.tally_changes
        WHERE organisation_id = own_organisation AND connection_id = own_connection AND change = ANY(ARRAY(
            SELECT change FROM mirror.tally_changes
            WHERE organisation_id = own_organisation AND connection_id = own_connection ORDER BY change LIMIT most))
        RETURNING *),
    added AS MATERIALIZED (
        SELECT organisation_id, connection_id, resource, day, status, currency, sum(records) AS records,
               sum(total_minor) AS total_minor, sum(refunded_minor) AS refunded_minor
        FROM (TABLE taken UNION ALL SELECT * FROM unnest(given) WHERE (SELECT count(*) FROM taken) < most) AS c
        GROUP BY 1, 2, 3, 4, 5, 6),
    whole AS (
        INSERT INTO mirror.tallies AS t
        SELECT organisation_id, connection_id, resource, status, currency, sum(records), sum(total_minor), sum(refunded_minor)
        FROM added GROUP BY 1, 2, 3, 4, 5
        ON CONFLICT (organisation_id, connection_id, resource, status, currency) DO UPDATE
        SET records = t.records + EXCLUDED.records, total_minor = t.total_minor + EXCLUDED.total_minor,
            refunded_minor = t.refunded_minor + EXCLUDED.refunded_minor),
    daily AS (
        INSERT INTO mirror.daily_tallies AS t
        SELECT organisation_id, connection_id, resource, day, status, currency, records, total_minor, refunded_minor
        FROM added
        ON CONFLICT (organisation_id, connection_id, resource, day, status, currency) DO UPDATE
        SET records = t.records + EXCLUDED.records, total_minor = t.total_minor + EXCLUDED.total_minor,
            refunded_minor = t.refunded_minor + EXCLUDED.refunded_minor)
    SELECT count(*) INTO folded FROM taken;
    IF folded = most AND cardinality(given) > 0 THEN
        PERFORM mirror.note_tallies(given);
    END IF;
    IF folded > 0 OR EXISTS (SELECT FROM unnest(given) AS g WHERE g.records < 0) THEN
        DELETE FROM mirror.daily_tallies WHERE connection_id = own_connection AND records = 0;
        DELETE FROM mirror.tallies
        WHERE organisation_id = own_organisation AND connection_id = own_connection AND records = 0;
    END IF;
    RETURN folded;
END $$;

-- Notes changes for whoever comes next to the sums.
CREATE FUNCTION mirror.note_tallies(given mirror.tally_changes[]) RETURNS void
    LANGUAGE sql SET search_path = pg_catalog AS $$
    INSERT INTO mirror.tally_changes (organisation_id, connection_id, resource, day, status, currency, records,
                                      total_minor, refunded_minor)
    SELECT organisation_id, connection_id, resource, day, status, currency, records, total_minor, refunded_minor
    FROM unnest(given)
$$;

-- Adds what a statement changed to the counts. Statements that change none of them leave nothing.
CREATE FUNCTION mirror.tally_snapshots() RETURNS trigger
    LANGUAGE plpgsql SET search_path = pg_catalog AS $$
DECLARE
    changes mirror.tally_changes[];
    own_organisation uuid;
    own_connection uuid;
BEGIN
    IF TG_OP = 'INSERT' THEN
        SELECT array_agg(c::mirror.tally_changes) INTO changes FROM (
            SELECT organisation_id, connection_id, 0::bigint, resource,
                   COALESCE((created_at AT TIME ZONE 'UTC')::date, '-infinity') AS day, COALESCE(status, '') AS status,
                   COALESCE(currency, '') AS currency, count(*), COALESCE(sum(total_minor), 0),
                   COALESCE(sum(refunded_minor), 0)
            FROM new_rows WHERE state <> 'gone' GROUP BY organisation_id, connection_id, resource, 5, 6, 7) AS c;
    ELSIF TG_OP = 'UPDATE' THEN
        SELECT array_agg(c::mirror.tally_changes) INTO changes FROM (
            SELECT organisation_id, connection_id, 0::bigint, resource, day, status, currency, sum(sign)::bigint,
                   COALESCE(sum(sign * total_minor), 0), COALESCE(sum(sign * refunded_minor), 0)
            FROM (
                SELECT 1 AS sign, organisation_id, connection_id, resource,
                       COALESCE((created_at AT TIME ZONE 'UTC')::date, '-infinity') AS day,
                       COALESCE(status, '') AS status, COALESCE(currency, '') AS currency, total_minor, refunded_minor
                FROM new_rows WHERE state <> 'gone'
                UNION ALL
                SELECT -1, organisation_id, connection_id, resource,
                       COALESCE((created_at AT TIME ZONE 'UTC')::date, '-infinity'),
                       COALESCE(status, ''), COALESCE(currency, ''), total_minor, refunded_minor
                FROM old_rows WHERE state <> 'gone') AS rows
            GROUP BY organisation_id, connection_id, resource, day, status, currency
            HAVING sum(sign) <> 0 OR sum(sign * total_minor) <> 0 OR sum(sign * refunded_minor) <> 0) AS c;
    ELSE  -- of a connection that goes with its records, the tallies go as well
        SELECT array_agg(c::mirror.tally_changes) INTO changes FROM (
            SELECT r.organisation_id, r.connection_id, 0::bigint, r.resource,
                   COALESCE((r.created_at AT TIME ZONE 'UTC')::date, '-infinity') AS day, COALESCE(r.status, '') AS status,
                   COALESCE(r.currency, '') AS currency, -count(*), COALESCE(-sum(r.total_minor), 0),
                   COALESCE(-sum(r.refunded_minor), 0)
            FROM old_rows r
            WHERE r.state <> 'gone' AND EXISTS (SELECT FROM connections.connections c WHERE c.id = r.connection_id)
            GROUP BY r.organisation_id, r.connection_id, r.resource, 5, 6, 7) AS c;
    END IF;
    IF changes IS NULL THEN
        RETURN NULL;
    END IF;
    own_organisation := changes[1].organisation_id;
    own_connection := changes[1].connection_id;
    IF EXISTS (SELECT FROM unnest(changes) AS c WHERE c.connection_id <> own_connection)
       OR mirror.fold_tallies(own_organisation, own_connection, 1024, changes) IS NULL THEN
        PERFORM mirror.note_tallies(changes);
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER tally_new AFTER INSERT ON mirror.snapshots REFERENCING NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION mirror.tally_snapshots();
CREATE TRIGGER tally_changed AFTER UPDATE ON mirror.snapshots
    REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION mirror.tally_snapshots();
CREATE TRIGGER tally_deleted AFTER DELETE ON mirror.snapshots REFERENCING OLD TABLE AS old_rows
    FOR EACH STATEMENT EXECUTE FUNCTION mirror.tally_snapshots();

-- What was counted of a connection goes with it. It does so behind the records (the triggers of keys come before those
-- with a name in small letters), so nobody adds to it any more.
CREATE FUNCTION mirror.forget_tallies() RETURNS trigger
    LANGUAGE plpgsql SET search_path = pg_catalog AS $$
BEGIN
    DELETE FROM mirror.tally_changes WHERE organisation_id = OLD.organisation_id AND connection_id = OLD.id;
    DELETE FROM mirror.tallies WHERE organisation_id = OLD.organisation_id AND connection_id = OLD.id;
    DELETE FROM mirror.daily_tallies WHERE organisation_id = OLD.organisation_id AND connection_id = OLD.id;
    RETURN NULL;
END $$;
CREATE TRIGGER forget_tallies AFTER DELETE ON connections.connections
    FOR EACH ROW EXECUTE FUNCTION mirror.forget_tallies();

-- The records of some connections that a text occurs in, the newest first; ids only, each row with how many records were
-- looked at: as many as there may be where there are more. See 0009 for why it is a function and how it keeps
-- organisations apart. The pieces are parts of the text that an index knows; all of its trigrams would be looked up
-- otherwise, and those that occur in every record are what that costs.
CREATE FUNCTION mirror.search_board(
    wanted_resource text, wanted_connections uuid[], wanted_statuses text[], since timestamptz, until timestamptz,
    wanted_text text, pieces text[], most_looked_at integer, most integer)
    RETURNS TABLE (connection_id uuid, remote_id text, looked_at bigint)
    LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog
    SET plan_cache_mode = force_custom_plan AS $$
DECLARE
    own uuid := nullif(current_setting('app.organisation_id', true), '')::uuid;
BEGIN
    RETURN QUERY
        WITH found AS MATERIALIZED (
            SELECT s.connection_id, s.remote_id, s.resource, s.status, s.state, s.created_at
            FROM mirror.snapshots s
            WHERE s.search_text LIKE pieces[1] AND s.search_text LIKE pieces[2] AND s.search_text LIKE pieces[3]
              AND strpos(s.search_text, wanted_text) > 0
              AND s.organisation_id IS NOT DISTINCT FROM own  -- as =, but by no index: the one of texts is to be asked
            LIMIT most_looked_at)
        SELECT n.connection_id, n.remote_id, c.looked_at
        FROM (SELECT count(*) AS looked_at FROM found) AS c
        LEFT JOIN (
            SELECT f.connection_id, f.remote_id FROM found f
            WHERE f.resource = wanted_resource AND f.state <> 'gone'
              AND f.connection_id = ANY(wanted_connections) AND COALESCE(f.status, '') = ANY(wanted_statuses)
              AND (since IS NULL OR f.created_at >= since) AND (until IS NULL OR f.created_at < until)
            ORDER BY f.created_at DESC NULLS LAST, f.remote_id DESC LIMIT most) AS n ON true;
END $$;
REVOKE ALL ON FUNCTION mirror.search_board(
    text, uuid[], text[], timestamptz, timestamptz, text, text[], integer, integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION mirror.search_board(
    text, uuid[], text[], timestamptz, timestamptz, text, text[], integer, integer) TO storetwin_app;

CREATE OR REPLACE VIEW mirror.documents WITH (security_invoker = true) AS
    SELECT organisation_id, connection_id, resource, remote_id, remote_number, parent_id, state, version,
           modified_at, created_at, read_at, status, email_lower,
           COALESCE(clean, payload) AS document, number, name, sku, currency, total_minor, refunded_minor, items
    FROM mirror.snapshots;
