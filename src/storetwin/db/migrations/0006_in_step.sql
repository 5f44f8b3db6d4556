-- What keeps a twin in step: who brought a version, how far each resource was read, when it is read next, and what
-- stores told by webhook.

-- Who brought a version: pull, sweep, webhook or push. A column with a constant default costs nothing to add.
ALTER TABLE mirror.snapshots ADD COLUMN brought_by text NOT NULL DEFAULT 'pull';
ALTER TABLE mirror.versions ADD COLUMN brought_by text NOT NULL DEFAULT 'pull';
COMMENT ON COLUMN mirror.snapshots.brought_by IS 'What brought this version: pull, sweep, webhook or push.';
COMMENT ON COLUMN mirror.versions.brought_by IS 'What brought this version: pull, sweep, webhook or push.';

-- What was written when. Partial, like those before: a lookup by id says nothing of a time, so no plan can take them for it.
CREATE INDEX snapshots_by_change ON mirror.snapshots (connection_id, changed_at) WHERE changed_at IS NOT NULL;
CREATE INDEX versions_by_writing ON mirror.versions (connection_id, written_at) WHERE written_at IS NOT NULL;

-- What belongs to a record: the refunds of an order, the notes, the variations of a product.
CREATE INDEX snapshots_by_parent ON mirror.snapshots (connection_id, resource, parent_id)
    WHERE parent_id <> '0' AND state <> 'gone';

-- Webhooks are applied beside a pull, not behind it: one run of each lane at a time.
ALTER TABLE runs.runs ADD COLUMN lane text NOT NULL DEFAULT 'pull' CHECK (lane IN ('pull', 'inbox'));
COMMENT ON COLUMN runs.runs.lane IS 'Of each lane of a connection one run is at work at most.';
DROP INDEX runs.runs_one_at_a_time;
CREATE UNIQUE INDEX runs_one_at_a_time ON runs.runs (connection_id, lane) WHERE state = 'running';
ALTER TABLE runs.runs DROP CONSTRAINT runs_kind_check;
ALTER TABLE runs.runs ADD CONSTRAINT runs_kind_check
    CHECK (kind IN ('pull', 'verify', 'retry', 'sync', 'sweep', 'receive'));
ALTER TABLE runs.progress DROP CONSTRAINT progress_stage_check;
ALTER TABLE runs.progress ADD CONSTRAINT progress_stage_check
    CHECK (stage IN ('pull', 'verify', 'sync', 'sweep', 'receive'));

-- Where increments and sweeps go on. Times of the store's clock but for the two that say so.
ALTER TABLE runs.cursors
    ADD COLUMN synced_to timestamptz,
    ADD COLUMN synced_at timestamptz,
    ADD COLUMN swept_at timestamptz;
COMMENT ON COLUMN runs.cursors.synced_to IS 'What the store dates up to here is in the twin; by the store''s clock.';
COMMENT ON COLUMN runs.cursors.synced_at IS 'When an increment last reached its end; by our clock.';
COMMENT ON COLUMN runs.cursors.swept_at IS 'When a sweep last reached its end; by our clock.';

-- What the store's routes take: asked for once a day, not at each look.
ALTER TABLE connections.connections ADD COLUMN routes json, ADD COLUMN routes_at timestamptz;
COMMENT ON COLUMN connections.connections.routes IS 'What the store''s routes take: path, argument, allowed values.';
COMMENT ON COLUMN connections.connections.routes_at IS 'When the store told so; by our clock.';

-- When a connection is read by itself. The row of the resource '' speaks for all without a row of their own.
CREATE TABLE runs.schedules (
    organisation_id uuid NOT NULL,
    connection_id uuid NOT NULL,
    kind text NOT NULL CHECK (kind IN ('sync', 'sweep')),
    resource text NOT NULL DEFAULT '',
    spec text NOT NULL,
    is_paused boolean NOT NULL DEFAULT false,
    next_at timestamptz NOT NULL,
    last_at timestamptz,
    failures integer NOT NULL DEFAULT 0,
    PRIMARY KEY (connection_id, kind, resource),
    FOREIGN KEY (organisation_id, connection_id)
        REFERENCES connections.connections (organisation_id, id) ON DELETE CASCADE
);
COMMENT ON TABLE runs.schedules IS 'When each resource of a connection is synced and swept next.';
COMMENT ON COLUMN runs.schedules.spec IS 'An interval like 30m, or a cron expression in the site''s time zone.';
CREATE INDEX schedules_due ON runs.schedules (next_at) WHERE NOT is_paused;

-- The receiving end of a connection's webhooks.
CREATE TABLE connections.webhooks (
    connection_id uuid PRIMARY KEY,
    organisation_id uuid NOT NULL,
    token_hash bytea NOT NULL UNIQUE,
    sealed_token bytea NOT NULL,
    sealed_secret bytea NOT NULL,
    is_wanted boolean NOT NULL DEFAULT true,
    allowed_ips text[] NOT NULL DEFAULT '{}',
    created_at timestamptz NOT NULL,
    checked_at timestamptz,
    last_ping_at timestamptz,
    last_delivery_at timestamptz,
    deliveries bigint NOT NULL DEFAULT 0,
    refused bigint NOT NULL DEFAULT 0,
    missed bigint NOT NULL DEFAULT 0,
    last_refused_at timestamptz,
    last_refusal text,
    state json,
    FOREIGN KEY (organisation_id, connection_id)
        REFERENCES connections.connections (organisation_id, id) ON DELETE CASCADE
);
COMMENT ON TABLE connections.webhooks IS 'Where a store delivers to, and with which secret it signs.';
COMMENT ON COLUMN connections.webhooks.token_hash IS 'SHA-256 of the last part of the delivery URL.';
COMMENT ON COLUMN connections.webhooks.missed IS 'Changes that only a pull found, since the last delivery.';
COMMENT ON COLUMN connections.webhooks.last_refusal IS 'Why a delivery was last refused; nothing of what it held.';
COMMENT ON COLUMN connections.webhooks.state IS 'What the store had of our webhooks when it was last looked at.';

-- What stores told: kept before it is answered, applied afterwards.
CREATE TABLE mirror.inbox (
    organisation_id uuid NOT NULL,
    connection_id uuid NOT NULL,
    number bigint GENERATED ALWAYS AS IDENTITY,
    topic text NOT NULL,
    resource text,
    remote_id text,
    parent_id text,
    webhook_id text,
    delivery_id text,
    body bytea,
    received_at timestamptz NOT NULL,
    state text NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'applied', 'ignored')),
    attempts integer NOT NULL DEFAULT 0,
    next_attempt_at timestamptz NOT NULL,
    applied_at timestamptz,
    note text,
    PRIMARY KEY (connection_id, number),
    FOREIGN KEY (organisation_id, connection_id)
        REFERENCES connections.connections (organisation_id, id) ON DELETE CASCADE
);
COMMENT ON TABLE mirror.inbox IS 'Deliveries of webhooks: hints at what to read again.';
COMMENT ON COLUMN mirror.inbox.body IS 'As it came; absent where the inbox was full and only the hint was kept.';
CREATE INDEX inbox_waiting ON mirror.inbox (connection_id, next_attempt_at, number) WHERE state = 'waiting';
-- Of a full inbox: one hint a record, however often it is told.
CREATE UNIQUE INDEX inbox_hints ON mirror.inbox (connection_id, resource, remote_id)
    WHERE state = 'waiting' AND body IS NULL;
CREATE INDEX inbox_settled ON mirror.inbox (organisation_id, applied_at) WHERE state <> 'waiting';

DO $$
DECLARE
    name text;
BEGIN
    FOREACH name IN ARRAY ARRAY['runs.schedules', 'connections.webhooks', 'mirror.inbox'] LOOP
        EXECUTE format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY', name);
        EXECUTE format('ALTER TABLE %s FORCE ROW LEVEL SECURITY', name);
        EXECUTE format(
            'CREATE POLICY own_organisation ON %s
                 USING (organisation_id = nullif(current_setting(''app.organisation_id'', true), '''')::uuid)',
            name);
        -- What has to be found before an organisation is known is found by the functions below, as their owner.
        EXECUTE format('CREATE POLICY finding ON %s FOR SELECT TO storetwin_owner USING (true)', name);
    END LOOP;
END $$;
CREATE POLICY finding ON connections.connections FOR SELECT TO storetwin_owner USING (true);

-- Whose webhook it is that a delivery was sent to; ids only.
CREATE FUNCTION connections.find_webhook(wanted bytea)
    RETURNS TABLE (organisation_id uuid, connection_id uuid)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog AS $$
    SELECT w.organisation_id, w.connection_id FROM connections.webhooks w WHERE w.token_hash = wanted
$$;

-- Which connections have a schedule that is due; ids only. A paused connection waits, and is due when it is resumed.
CREATE FUNCTION runs.due_schedules(moment timestamptz)
    RETURNS TABLE (organisation_id uuid, connection_id uuid)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog AS $$
    SELECT DISTINCT s.organisation_id, s.connection_id
    FROM runs.schedules s JOIN connections.connections c ON c.id = s.connection_id AND c.state = 'active'
    WHERE NOT s.is_paused AND s.next_at <= moment
$$;

-- Which connections there are, and whether each has schedules yet; ids only.
CREATE FUNCTION runs.scheduled_connections()
    RETURNS TABLE (organisation_id uuid, connection_id uuid, is_scheduled boolean)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog AS $$
    SELECT c.organisation_id, c.id, EXISTS (SELECT FROM runs.schedules s WHERE s.connection_id = c.id)
    FROM connections.connections c
$$;

-- Which connections have deliveries that wait; ids only.
CREATE FUNCTION mirror.waiting_inboxes(moment timestamptz)
    RETURNS TABLE (organisation_id uuid, connection_id uuid)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog AS $$
    SELECT DISTINCT i.organisation_id, i.connection_id
    FROM mirror.inbox i JOIN connections.connections c ON c.id = i.connection_id AND c.state = 'active'
    WHERE i.state = 'waiting' AND i.next_attempt_at <= moment
$$;

REVOKE ALL ON FUNCTION connections.find_webhook(bytea), runs.due_schedules(timestamptz),
    runs.scheduled_connections(), mirror.waiting_inboxes(timestamptz) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION connections.find_webhook(bytea), runs.due_schedules(timestamptz),
    runs.scheduled_connections(), mirror.waiting_inboxes(timestamptz) TO storetwin_app;
