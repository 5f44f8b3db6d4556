-- What a promotion needs of the planner's picture of a table that has grown is how many rows it has and what stands in
-- the columns of its indexes: by those it looks rows up. Some thousand rows tell it well enough. The other columns, most
-- of them and the widest, and the finer picture are left to autovacuum, which still sees the table as one to be looked
-- at whole.
CREATE OR REPLACE FUNCTION core.analyze_grown(names text[]) RETURNS void
    LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog SET default_statistics_target = 30 AS $$
DECLARE
    grown record;
BEGIN
    FOR grown IN
        SELECT c.relname AS name,
               (SELECT string_agg(quote_ident(a.attname), ', ' ORDER BY a.attnum) FROM pg_attribute a
                WHERE a.attrelid = c.oid
                  AND a.attnum IN (SELECT unnest(i.indkey) FROM pg_index i WHERE i.indrelid = c.oid)) AS columns
        FROM pg_class c
        WHERE c.relnamespace = 'core'::regnamespace AND c.relkind = 'r' AND c.relname = ANY(names)
          AND pg_relation_size(c.oid) >= 65536 AND pg_relation_size(c.oid) / 8192 >= 4 * greatest(c.relpages, 1)
        ORDER BY c.relname LOOP
        BEGIN
            EXECUTE format('LOCK TABLE core.%I IN SHARE UPDATE EXCLUSIVE MODE NOWAIT', grown.name);
            EXECUTE format('ANALYZE core.%I (%s)', grown.name, grown.columns);
        EXCEPTION WHEN lock_not_available THEN NULL;
        END;
    END LOOP;
END $$;
