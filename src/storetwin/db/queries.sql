-- name: become_app
-- Give up every right of the login role but those of the application.
SET ROLE storetwin_app;

-- name: become_owner
-- Take the role that owns the schema, for migrations.
SET ROLE storetwin_owner;

-- name: effective_role
-- What the current role could do that an application must not.
SELECT current_user::text AS name, r.rolsuper AS is_superuser, r.rolbypassrls AS bypasses_rls,
       EXISTS (SELECT FROM pg_catalog.pg_class c WHERE c.relowner = r.oid) AS owns_tables,
       current_setting('server_version_num')::int AS server_version
  FROM pg_catalog.pg_roles r
 WHERE r.rolname = current_user;

-- name: set_setting
-- Set a setting until the transaction ends.
SELECT set_config(%s, %s, true);

-- name: speak_utc
-- Answer times in UTC whatever the server's zone is; let go of what a process holds that was paused in a transaction.
SET TIME ZONE 'UTC';
SET idle_in_transaction_session_timeout = '10s';

-- name: create_roles
-- Make the roles that do not exist yet; roles belong to the whole server.
DO $$
DECLARE
    wanted text;
BEGIN
    FOREACH wanted IN ARRAY ARRAY['storetwin_owner', 'storetwin_app', 'storetwin_search'] LOOP
        IF NOT EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = wanted) THEN
            BEGIN
                EXECUTE format('CREATE ROLE %I NOLOGIN', wanted);
            EXCEPTION WHEN duplicate_object OR unique_violation THEN
                NULL;
            END;
        END IF;
    END LOOP;
END $$;

-- name: roles_exist
-- Whether the roles of the whole server are there.
SELECT count(*) = 3 AS all_exist
  FROM pg_catalog.pg_roles
 WHERE rolname IN ('storetwin_owner', 'storetwin_app', 'storetwin_search');

-- name: role_standing
-- Whether we may take the roles, and whether the owner may create in this database.
WITH form AS (
    SELECT CASE WHEN current_setting('server_version_num')::int >= 160000
                THEN 'SET' ELSE 'MEMBER' END AS of_right
)
SELECT pg_has_role('storetwin_owner', of_right) AS may_be_owner,
       pg_has_role('storetwin_app', of_right) AS may_be_app,
       has_database_privilege('storetwin_owner', current_database(), 'CREATE')
           AND has_schema_privilege('storetwin_owner', 'public', 'CREATE') AS may_create
  FROM form;

-- name: login_standing
-- Whether the login role (first) and the database (second) exist.
SELECT EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = %s) AS has_login,
       EXISTS (SELECT FROM pg_catalog.pg_database WHERE datname = %s) AS has_database;

-- name: create_login
-- The role an embedded server is used with; it has no rights until it takes a role.
CREATE ROLE {login} LOGIN NOINHERIT PASSWORD {password};

-- name: change_login
-- Give the role of an embedded server the password that is kept beside the cluster.
ALTER ROLE {login} LOGIN NOINHERIT PASSWORD {password};

-- name: grant_roles
-- Let a login role become the owner (for migrations) and the application.
GRANT storetwin_owner, storetwin_app TO {login};

-- name: create_database
-- The database of an embedded server.
CREATE DATABASE {database} OWNER storetwin_owner;

-- name: grant_create
-- Let the owner make schemas, and the table of migrations in public.
GRANT CREATE ON DATABASE {database} TO storetwin_owner;
GRANT CREATE ON SCHEMA public TO storetwin_owner;

-- name: lock_migrations
-- One process migrates at a time; held until the connection closes.
SELECT pg_advisory_lock(7364826401);

-- name: create_migrations_table
-- What was run on this database.
CREATE TABLE IF NOT EXISTS public.storetwin_migrations (
    version int PRIMARY KEY,
    name text NOT NULL,
    checksum text NOT NULL,
    applied_at timestamptz NOT NULL DEFAULT now()
);

-- name: show_migrations_to_app
-- The program looks whether the schema is its own before it starts.
GRANT SELECT ON public.storetwin_migrations TO storetwin_app;

-- name: find_migrations_table
-- Whether any migration was ever run here.
SELECT to_regclass('public.storetwin_migrations') IS NOT NULL AS is_there;

-- name: select_migrations
-- What was run, in order.
SELECT version, name, checksum FROM public.storetwin_migrations ORDER BY version;

-- name: record_migration
-- Note that a migration was run.
INSERT INTO public.storetwin_migrations (version, name, checksum) VALUES (%s, %s, %s);

-- name: limit_lock_wait
-- A migration that waits for a lock makes everybody behind it wait: give up early.
SET LOCAL lock_timeout = '5s';

-- name: describe_schema
-- One statement for each fact about what the owner has made, the same on every PostgreSQL.
-- A view is told by its columns: servers write its definition differently.
WITH rooms AS (
    SELECT n.oid, n.nspname
      FROM pg_catalog.pg_namespace n
     WHERE n.nspowner = 'storetwin_owner'::regrole
       AND n.nspname <> 'jobs' -- the queue's own, which checks its version itself
), relations AS (
    SELECT c.oid, c.relkind, c.relrowsecurity, c.relforcerowsecurity, c.reloptions,
           c.relispartition, format('%I.%I', r.nspname, c.relname) AS title
      FROM pg_catalog.pg_class c JOIN rooms r ON r.oid = c.relnamespace
), facts AS (
    SELECT 1 AS kind, nspname::text AS title, format('CREATE SCHEMA %I', nspname) AS statement
      FROM rooms
    UNION ALL
    SELECT 2, t.title, format(E'CREATE %s %s (\n%s\n)%s',
               CASE t.relkind WHEN 'p' THEN 'PARTITIONED TABLE' ELSE 'TABLE' END, t.title,
               string_agg(format('    %I %s%s%s%s', a.attname,
                       format_type(a.atttypid, a.atttypmod),
                       CASE WHEN a.attstorage <> y.typstorage
                            THEN ' STORAGE ' || CASE a.attstorage WHEN 'e' THEN 'EXTERNAL'
                                WHEN 'm' THEN 'MAIN' WHEN 'p' THEN 'PLAIN' ELSE 'EXTENDED' END
                            ELSE '' END,
                       CASE WHEN a.attnotnull THEN ' NOT NULL' ELSE '' END,
                       CASE WHEN d.adbin IS NULL THEN ''
                            WHEN a.attgenerated <> '' THEN
                                format(' GENERATED ALWAYS AS (%s)', pg_get_expr(d.adbin, d.adrelid))
                            ELSE ' DEFAULT ' || pg_get_expr(d.adbin, d.adrelid) END),
                   E',\n' ORDER BY a.attnum),
               coalesce(' WITH (' || array_to_string(t.reloptions, ', ') || ')', ''))
      FROM relations t
      JOIN pg_catalog.pg_attribute a ON a.attrelid = t.oid AND a.attnum > 0 AND NOT a.attisdropped
      JOIN pg_catalog.pg_type y ON y.oid = a.atttypid
      LEFT JOIN pg_catalog.pg_attrdef d ON d.adrelid = t.oid AND d.adnum = a.attnum
     WHERE t.relkind IN ('r', 'p')
     GROUP BY t.title, t.relkind, t.reloptions
    UNION ALL
    SELECT 3, t.title || ' ' || k.conname, format('ALTER TABLE %s ADD CONSTRAINT %I %s', t.title,
               k.conname, pg_get_constraintdef(k.oid))
      FROM pg_catalog.pg_constraint k JOIN relations t ON t.oid = k.conrelid
     WHERE k.contype IN ('p', 'u', 'f', 'c', 'x')
    UNION ALL
    SELECT 4, t.title, pg_get_indexdef(i.indexrelid)
      FROM pg_catalog.pg_index i JOIN relations t ON t.oid = i.indexrelid
     WHERE NOT EXISTS (SELECT FROM pg_catalog.pg_constraint k
                        WHERE k.conindid = i.indexrelid AND k.contype IN ('p', 'u', 'x'))
    UNION ALL
    SELECT 5, t.title, format('ALTER TABLE %s %s ROW LEVEL SECURITY, %s ROW LEVEL SECURITY',
               t.title, CASE WHEN t.relrowsecurity THEN 'ENABLE' ELSE 'DISABLE' END,
               CASE WHEN t.relforcerowsecurity THEN 'FORCE' ELSE 'NO FORCE' END)
      FROM relations t WHERE t.relkind IN ('r', 'p')
    UNION ALL
    SELECT 6, t.title || ' ' || p.polname, format('CREATE POLICY %I ON %s%s FOR %s TO %s%s%s',
               p.polname, t.title,
               CASE WHEN p.polpermissive THEN '' ELSE ' AS RESTRICTIVE' END,
               CASE p.polcmd WHEN 'r' THEN 'SELECT' WHEN 'a' THEN 'INSERT' WHEN 'w' THEN 'UPDATE'
                    WHEN 'd' THEN 'DELETE' ELSE 'ALL' END,
               (SELECT string_agg(CASE role WHEN 0 THEN 'PUBLIC' ELSE role::regrole::text END, ', '
                                  ORDER BY role::regrole::text)
                  FROM unnest(p.polroles) AS role),
               coalesce(' USING (' || pg_get_expr(p.polqual, p.polrelid) || ')', ''),
               coalesce(' WITH CHECK (' || pg_get_expr(p.polwithcheck, p.polrelid) || ')', ''))
      FROM pg_catalog.pg_policy p JOIN relations t ON t.oid = p.polrelid
    UNION ALL
    SELECT 7, t.title, format(E'CREATE VIEW %s (\n%s\n)%s', t.title,
               string_agg(format('    %I %s', a.attname, format_type(a.atttypid, a.atttypmod)),
                          E',\n' ORDER BY a.attnum),
               coalesce(' WITH (' || array_to_string(t.reloptions, ', ') || ')', ''))
      FROM relations t
      JOIN pg_catalog.pg_attribute a ON a.attrelid = t.oid AND a.attnum > 0 AND NOT a.attisdropped
     WHERE t.relkind IN ('v', 'm')
     GROUP BY t.title, t.reloptions
    UNION ALL
    SELECT 8, format('%I.%I(%s)', r.nspname, f.proname, pg_get_function_identity_arguments(f.oid)),
           rtrim(pg_get_functiondef(f.oid), E'\n')
      FROM pg_catalog.pg_proc f JOIN rooms r ON r.oid = f.pronamespace
    UNION ALL
    SELECT 9, t.title || ' ' || g.tgname, pg_get_triggerdef(g.oid)
      FROM pg_catalog.pg_trigger g JOIN relations t ON t.oid = g.tgrelid
     WHERE NOT g.tgisinternal
    UNION ALL
    SELECT 10, t.title || ' ' || a.grantee::regrole::text, format('GRANT %s ON %s TO %s',
               string_agg(a.privilege_type, ', ' ORDER BY a.privilege_type), t.title,
               a.grantee::regrole)
      FROM relations t
      JOIN pg_catalog.pg_class c ON c.oid = t.oid, aclexplode(c.relacl) a
     WHERE a.grantee NOT IN (0, 'storetwin_owner'::regrole) AND t.relkind IN ('r', 'p', 'v')
     GROUP BY t.title, a.grantee
)
SELECT statement FROM facts ORDER BY kind, title COLLATE "C", statement COLLATE "C";

-- name: insert_organisation
-- Make an organisation unless it exists.
INSERT INTO tenancy.organisations (id, name, created_at)
VALUES (%(id)s, %(name)s, %(created_at)s)
ON CONFLICT (id) DO NOTHING;

-- name: try_lock
-- Takes a lock by name for the session, or says that another session has it.
SELECT pg_try_advisory_lock(hashtextextended(%s, 0)) AS is_held;

-- name: unlock
-- Lets go of a lock; harmless (false) when it is not ours.
SELECT pg_advisory_unlock(hashtextextended(%s, 0)) AS was_held;
