-- Which records of which stores a core record came from, what a person changed, and what changed when.

CREATE TABLE core.links (
    organisation_id uuid NOT NULL,
    connection_id uuid NOT NULL,
    resource text NOT NULL COLLATE "C",
    remote_id text NOT NULL COLLATE "C",
    noun text NOT NULL COLLATE "C",
    core_id uuid NOT NULL,
    snapshot_version integer NOT NULL,
    values_hash bytea NOT NULL,
    mapped json,
    definition_id uuid,
    definition_version integer,
    promoted_at timestamptz NOT NULL,
    run_id uuid,
    gone_at timestamptz,
    PRIMARY KEY (organisation_id, connection_id, resource, remote_id),
    FOREIGN KEY (organisation_id, connection_id)
        REFERENCES connections.connections (organisation_id, id) ON DELETE CASCADE
);
COMMENT ON TABLE core.links IS 'Which core record a record of a store is, and what of it was promoted.';
COMMENT ON COLUMN core.links.noun IS 'The table of the core record.';
COMMENT ON COLUMN core.links.resource IS 'Of the store: its kind of records.';
COMMENT ON COLUMN core.links.remote_id IS 'The store''s own id.';
COMMENT ON COLUMN core.links.core_id IS 'The core record.';
COMMENT ON COLUMN core.links.snapshot_version IS 'Version of the snapshot that was promoted last.';
COMMENT ON COLUMN core.links.values_hash IS 'Of what it came to: with the same there is nothing to promote.';
COMMENT ON COLUMN core.links.mapped IS 'What it came to, where several stores'' records may be one core record; else absent.';
COMMENT ON COLUMN core.links.definition_id IS 'The import mapping that was active; absent: none was.';
COMMENT ON COLUMN core.links.definition_version IS 'Its version.';
COMMENT ON COLUMN core.links.promoted_at IS 'When it was promoted last.';
COMMENT ON COLUMN core.links.run_id IS 'The promotion that did it last.';
COMMENT ON COLUMN core.links.gone_at IS 'Since when core knows that the store has it no more.';
CREATE INDEX links_by_core ON core.links (organisation_id, noun, core_id);

-- A reference that could not be filled in yet: the record it names has no core record.
CREATE TABLE core.awaited (
    organisation_id uuid NOT NULL,
    connection_id uuid NOT NULL,
    resource text NOT NULL COLLATE "C",
    remote_id text NOT NULL COLLATE "C",
    place text NOT NULL COLLATE "C",
    core_id uuid NOT NULL,
    PRIMARY KEY (organisation_id, connection_id, resource, remote_id, place, core_id),
    FOREIGN KEY (organisation_id, connection_id)
        REFERENCES connections.connections (organisation_id, id) ON DELETE CASCADE
);
COMMENT ON TABLE core.awaited IS 'Records that core records name and that are not in core yet: filled in when they come.';
COMMENT ON COLUMN core.awaited.resource IS 'Of the record that is awaited.';
COMMENT ON COLUMN core.awaited.remote_id IS 'The store''s own id of it.';
COMMENT ON COLUMN core.awaited.place IS 'Table and column of the reference.';
COMMENT ON COLUMN core.awaited.core_id IS 'The record whose row, or whose part''s row, it stands in.';
CREATE INDEX awaited_by_core ON core.awaited (organisation_id, core_id);

CREATE TABLE core.edits (
    organisation_id uuid NOT NULL REFERENCES tenancy.organisations ON DELETE CASCADE,
    noun text NOT NULL COLLATE "C",
    core_id uuid NOT NULL,
    field text NOT NULL COLLATE "C",
    value json,
    said json,
    edited_by uuid,
    edited_at timestamptz NOT NULL,
    PRIMARY KEY (organisation_id, noun, core_id, field)
);
COMMENT ON TABLE core.edits IS 'What a person changed: it wins over what stores say until it is taken back.';
COMMENT ON COLUMN core.edits.noun IS 'The table of the core record.';
COMMENT ON COLUMN core.edits.core_id IS 'The core record.';
COMMENT ON COLUMN core.edits.field IS 'The column that was changed.';
COMMENT ON COLUMN core.edits.value IS 'What the person wants it to say.';
COMMENT ON COLUMN core.edits.edited_by IS 'Who; absent where that is not known.';
COMMENT ON COLUMN core.edits.edited_at IS 'When.';
COMMENT ON COLUMN core.edits.said IS 'What the stores say meanwhile: it stands again once the change is taken back.';

CREATE TABLE core.changes (
    organisation_id uuid NOT NULL REFERENCES tenancy.organisations ON DELETE CASCADE,
    change bigint GENERATED ALWAYS AS IDENTITY,
    noun text NOT NULL COLLATE "C",
    core_id uuid NOT NULL,
    action text NOT NULL CHECK (action IN ('created', 'updated', 'deleted')),
    fields json,
    connection_id uuid,
    run_id uuid,
    user_id uuid,
    at timestamptz NOT NULL,
    PRIMARY KEY (organisation_id, change)
);
COMMENT ON TABLE core.changes IS 'Every change of a core record, written with it; nothing here is changed or deleted.';
COMMENT ON COLUMN core.changes.change IS 'Numbers rise with time, with gaps.';
COMMENT ON COLUMN core.changes.noun IS 'The table of the core record.';
COMMENT ON COLUMN core.changes.core_id IS 'The core record.';
COMMENT ON COLUMN core.changes.action IS 'created, updated or deleted: no store has it any more.';
COMMENT ON COLUMN core.changes.fields IS
    'Old and new value of each column; rows of parts as in order_lines/17/quantity. Absent where a record was made.';
COMMENT ON COLUMN core.changes.connection_id IS 'The store whose word it was; absent where a person changed it.';
COMMENT ON COLUMN core.changes.run_id IS 'The promotion that brought it; absent where a person changed it.';
COMMENT ON COLUMN core.changes.user_id IS 'Who changed it, or asked for the promotion; absent where nobody did.';
COMMENT ON COLUMN core.changes.at IS 'When.';
CREATE INDEX changes_by_record ON core.changes (organisation_id, noun, core_id, change DESC);
REVOKE UPDATE, DELETE, TRUNCATE ON core.changes FROM storetwin_app;

-- What somebody's erasure takes out of the changes; nothing else may touch them.
CREATE FUNCTION core.blank_change(wanted bigint, put json) RETURNS void
    LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog AS $$
    UPDATE core.changes SET fields = put
    WHERE organisation_id = nullif(current_setting('app.organisation_id', true), '')::uuid AND change = wanted
$$;
REVOKE ALL ON FUNCTION core.blank_change(bigint, json) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION core.blank_change(bigint, json) TO storetwin_app;

-- A table that has grown by much since the planner last looked at it is looked at again: until then it takes an index
-- that begins with the organisation for one that leads to a row, and each check of a foreign key reads all rows. Who
-- finds the table taken leaves it to whoever has it.
CREATE FUNCTION core.analyze_grown(names text[]) RETURNS void
    LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog AS $$
DECLARE
    grown text;
BEGIN
    FOR grown IN
        SELECT c.relname FROM pg_class c
        WHERE c.relnamespace = 'core'::regnamespace AND c.relkind = 'r' AND c.relname = ANY(names)
          AND pg_relation_size(c.oid) >= 65536 AND pg_relation_size(c.oid) / 8192 >= 4 * greatest(c.relpages, 1)
        ORDER BY c.relname LOOP
        BEGIN
            EXECUTE format('LOCK TABLE core.%I IN SHARE UPDATE EXCLUSIVE MODE NOWAIT', grown);
            EXECUTE format('ANALYZE core.%I', grown);
        EXCEPTION WHEN lock_not_available THEN NULL;
        END;
    END LOOP;
END $$;
REVOKE ALL ON FUNCTION core.analyze_grown(text[]) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION core.analyze_grown(text[]) TO storetwin_app;

CREATE TABLE core.locations (
    organisation_id uuid NOT NULL,
    id uuid NOT NULL,
    connection_id uuid NOT NULL,
    created_at timestamptz NOT NULL,
    PRIMARY KEY (organisation_id, id),
    UNIQUE (organisation_id, connection_id),
    FOREIGN KEY (organisation_id, connection_id)
        REFERENCES connections.connections (organisation_id, id) ON DELETE CASCADE
);
COMMENT ON TABLE core.locations IS 'Where stock lies: each connection has a place of its own, called as it is.';
COMMENT ON COLUMN core.locations.id IS 'Its id in core.';
COMMENT ON COLUMN core.locations.created_at IS 'When core got it.';

CREATE TABLE core.inventory_levels (
    organisation_id uuid NOT NULL,
    product_id uuid,
    variation_id uuid,
    key text NOT NULL COLLATE "C",
    position integer NOT NULL,
    location_id uuid NOT NULL,
    manage_stock text,
    quantity numeric,
    status text,
    backorders text,
    low_quantity numeric,
    UNIQUE (organisation_id, product_id, key),
    UNIQUE (organisation_id, variation_id, key),
    CHECK (num_nonnulls(product_id, variation_id) <= 1),
    FOREIGN KEY (organisation_id, product_id) REFERENCES core.products (organisation_id, id) ON DELETE CASCADE,
    FOREIGN KEY (organisation_id, variation_id) REFERENCES core.variations (organisation_id, id) ON DELETE CASCADE,
    FOREIGN KEY (organisation_id, location_id) REFERENCES core.locations (organisation_id, id) ON DELETE CASCADE
);
COMMENT ON TABLE core.inventory_levels IS 'How much of a product, or of a variation, lies where; each store speaks for its own place.';
COMMENT ON COLUMN core.inventory_levels.key IS 'The connection whose place it is.';
COMMENT ON COLUMN core.inventory_levels.position IS 'Always 0.';
COMMENT ON COLUMN core.inventory_levels.manage_stock IS 'Whether the store counts it: true, false, or parent where the product is counted in its place.';
COMMENT ON COLUMN core.inventory_levels.quantity IS 'How many there are; absent where the store does not count.';
COMMENT ON COLUMN core.inventory_levels.status IS 'What the store says of it: instock, outofstock or onbackorder.';
COMMENT ON COLUMN core.inventory_levels.backorders IS 'Whether more may be sold than there are: no, notify or yes.';
COMMENT ON COLUMN core.inventory_levels.low_quantity IS 'At and below how many it is low; absent: as the store has it for all.';
CREATE INDEX inventory_levels_by_location ON core.inventory_levels (organisation_id, location_id);

CREATE TABLE core.customer_figures (
    organisation_id uuid NOT NULL,
    customer_id uuid NOT NULL,
    currency text NOT NULL COLLATE "C",
    orders integer NOT NULL,
    spent numeric NOT NULL,
    refunded numeric NOT NULL,
    lifetime_value numeric NOT NULL,
    average numeric,
    first_order_at timestamptz,
    last_order_at timestamptz,
    computed_at timestamptz NOT NULL,
    PRIMARY KEY (organisation_id, customer_id, currency),
    FOREIGN KEY (organisation_id, customer_id) REFERENCES core.customers (organisation_id, id) ON DELETE CASCADE
);
COMMENT ON TABLE core.customer_figures IS 'What a customer''s orders come to, in each currency; kept by whatever changes them.';
COMMENT ON COLUMN core.customer_figures.currency IS 'Of the orders; amounts of several are never added.';
COMMENT ON COLUMN core.customer_figures.orders IS 'How many count: those whose status is one of core.settings.counted_statuses.';
COMMENT ON COLUMN core.customer_figures.spent IS 'Totals of those orders, before refunds.';
COMMENT ON COLUMN core.customer_figures.refunded IS 'What of it was given back.';
COMMENT ON COLUMN core.customer_figures.lifetime_value IS 'What was spent less what was given back.';
COMMENT ON COLUMN core.customer_figures.average IS 'Lifetime value an order; absent where none counts.';
COMMENT ON COLUMN core.customer_figures.first_order_at IS 'Of those that count.';
COMMENT ON COLUMN core.customer_figures.last_order_at IS 'Of those that count.';
COMMENT ON COLUMN core.customer_figures.computed_at IS 'When it was counted last.';

CREATE TABLE core.settings (
    organisation_id uuid PRIMARY KEY REFERENCES tenancy.organisations ON DELETE CASCADE,
    counted_statuses text[] NOT NULL,
    thresholds json NOT NULL,
    updated_at timestamptz NOT NULL
);
COMMENT ON TABLE core.settings IS 'What an organisation chose about its customer figures; without a row the defaults hold.';
COMMENT ON COLUMN core.settings.counted_statuses IS 'Orders with one of these count.';
COMMENT ON COLUMN core.settings.updated_at IS 'When it was chosen.';
COMMENT ON COLUMN core.settings.thresholds IS 'Of the segments: recency in days, frequency in orders, money by currency.';

DO $$
DECLARE
    name text;
BEGIN
    FOREACH name IN ARRAY ARRAY['links', 'awaited', 'edits', 'changes', 'locations', 'inventory_levels',
                                'customer_figures', 'settings'] LOOP
        EXECUTE format('ALTER TABLE core.%s ENABLE ROW LEVEL SECURITY', name);
        EXECUTE format('ALTER TABLE core.%s FORCE ROW LEVEL SECURITY', name);
        EXECUTE format(
            'CREATE POLICY own_organisation ON core.%s
                 USING (organisation_id = nullif(current_setting(''app.organisation_id'', true), '''')::uuid)', name);
    END LOOP;
END $$;
