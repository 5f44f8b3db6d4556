-- The tenants, their links to stores, and how we notice a wrong encryption key.
-- Every table has organisation_id, row-level security enabled and forced, and one policy.

CREATE EXTENSION IF NOT EXISTS pg_trgm WITH SCHEMA public;

-- What a later migration creates, the application may use and never owns.
ALTER DEFAULT PRIVILEGES GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO storetwin_app;
ALTER DEFAULT PRIVILEGES GRANT USAGE, SELECT ON SEQUENCES TO storetwin_app;
ALTER DEFAULT PRIVILEGES GRANT USAGE ON SCHEMAS TO storetwin_app;
ALTER DEFAULT PRIVILEGES REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC;
ALTER DEFAULT PRIVILEGES GRANT EXECUTE ON FUNCTIONS TO storetwin_app;

CREATE SCHEMA tenancy;
CREATE SCHEMA security;
CREATE SCHEMA connections;

CREATE TABLE tenancy.organisations (
    id uuid PRIMARY KEY,
    name text NOT NULL CHECK (name <> ''),
    created_at timestamptz NOT NULL
);
ALTER TABLE tenancy.organisations ENABLE ROW LEVEL SECURITY;
ALTER TABLE tenancy.organisations FORCE ROW LEVEL SECURITY;
CREATE POLICY own_organisation ON tenancy.organisations
    USING (id = nullif(current_setting('app.organisation_id', true), '')::uuid);

CREATE TABLE connections.connections (
    id uuid PRIMARY KEY,
    organisation_id uuid NOT NULL REFERENCES tenancy.organisations ON DELETE CASCADE,
    name text NOT NULL CHECK (name <> ''),
    platform text NOT NULL CHECK (platform IN ('woocommerce')),
    url text NOT NULL,
    auth text NOT NULL CHECK (auth IN ('auto', 'basic', 'query', 'oauth1')),
    detected text CHECK (detected IN ('basic', 'query', 'oauth1')),
    sealed_credentials bytea NOT NULL,
    ca text,
    is_tls_insecure boolean NOT NULL DEFAULT false,
    state text NOT NULL DEFAULT 'active' CHECK (state IN ('active', 'paused')),
    is_default boolean NOT NULL DEFAULT false,
    created_at timestamptz NOT NULL,
    last_probe json,
    last_probe_at timestamptz,
    store_id text,
    home_url text,
    wc_version text,
    wp_version text,
    timezone text,
    currency text,
    UNIQUE (organisation_id, id),
    CONSTRAINT connections_name_key UNIQUE (organisation_id, name),
    CONSTRAINT connections_url_key UNIQUE (organisation_id, url)
);
CREATE UNIQUE INDEX connections_one_default ON connections.connections (organisation_id)
    WHERE is_default;
ALTER TABLE connections.connections ENABLE ROW LEVEL SECURITY;
ALTER TABLE connections.connections FORCE ROW LEVEL SECURITY;
CREATE POLICY own_organisation ON connections.connections
    USING (organisation_id = nullif(current_setting('app.organisation_id', true), '')::uuid);

-- One known text, sealed: opens only with the key that sealed the credentials of the organisation.
CREATE TABLE security.vault_checks (
    organisation_id uuid PRIMARY KEY REFERENCES tenancy.organisations ON DELETE CASCADE,
    sealed bytea NOT NULL,
    created_at timestamptz NOT NULL
);
ALTER TABLE security.vault_checks ENABLE ROW LEVEL SECURITY;
ALTER TABLE security.vault_checks FORCE ROW LEVEL SECURITY;
CREATE POLICY own_organisation ON security.vault_checks
    USING (organisation_id = nullif(current_setting('app.organisation_id', true), '')::uuid);
