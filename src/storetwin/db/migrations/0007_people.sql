-- Who may use the twin: users with roles in organisations, their sessions and keys, and who did what.
-- A user is nobody's row but his own: such tables are kept apart by app.user_id, as all others are by
-- app.organisation_id.

CREATE TABLE tenancy.users (
    user_id uuid PRIMARY KEY,
    email text NOT NULL,
    email_lower text NOT NULL UNIQUE,
    name text NOT NULL,
    is_installation_admin boolean NOT NULL DEFAULT false,
    created_at timestamptz NOT NULL,
    disabled_at timestamptz
);
COMMENT ON TABLE tenancy.users IS 'People who may sign in.';
COMMENT ON COLUMN tenancy.users.is_installation_admin IS 'May do what concerns every organisation of this installation.';

CREATE TABLE tenancy.memberships (
    organisation_id uuid NOT NULL REFERENCES tenancy.organisations ON DELETE CASCADE,
    user_id uuid NOT NULL REFERENCES tenancy.users ON DELETE CASCADE,
    role text NOT NULL CHECK (role IN ('owner', 'administrator', 'operator', 'viewer')),
    created_at timestamptz NOT NULL,
    PRIMARY KEY (organisation_id, user_id)
);
COMMENT ON TABLE tenancy.memberships IS 'What a user may do in an organisation.';
CREATE INDEX memberships_by_user ON tenancy.memberships (user_id);

-- The password stands apart: who lists the members of an organisation cannot reach it.
CREATE TABLE tenancy.passwords (
    user_id uuid PRIMARY KEY REFERENCES tenancy.users ON DELETE CASCADE,
    password_hash text NOT NULL,
    changed_at timestamptz NOT NULL
);
COMMENT ON COLUMN tenancy.passwords.password_hash IS 'argon2id, with its parameters.';

-- An invitation is a one-time link: whoever has it joins, with the role it names.
CREATE TABLE tenancy.invitations (
    invitation_id uuid PRIMARY KEY,
    organisation_id uuid NOT NULL REFERENCES tenancy.organisations ON DELETE CASCADE,
    email text,
    role text NOT NULL CHECK (role IN ('owner', 'administrator', 'operator', 'viewer')),
    is_installation_admin boolean NOT NULL DEFAULT false,
    is_first boolean NOT NULL DEFAULT false,
    token_hash bytea NOT NULL UNIQUE,
    invited_by uuid,
    created_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    accepted_at timestamptz,
    revoked_at timestamptz
);
COMMENT ON COLUMN tenancy.invitations.is_first IS 'For the very first user: of no use as soon as there is one.';
COMMENT ON COLUMN tenancy.invitations.email IS 'Who is meant; absent for the first user, who says it.';
COMMENT ON COLUMN tenancy.invitations.token_hash IS 'SHA-256 of the last part of the link.';

CREATE TABLE tenancy.sessions (
    session_id uuid PRIMARY KEY,
    user_id uuid NOT NULL REFERENCES tenancy.users ON DELETE CASCADE,
    organisation_id uuid,
    created_at timestamptz NOT NULL,
    last_used_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    revoked_at timestamptz,
    revoked_for text,
    agent text,
    address text
);
COMMENT ON TABLE tenancy.sessions IS 'Sign-ins, each with a family of refresh tokens.';
COMMENT ON COLUMN tenancy.sessions.organisation_id IS 'In which he was last; whether he still may be, memberships say.';
COMMENT ON COLUMN tenancy.sessions.revoked_for IS 'Why it ended: signed out, revoked, a new password, a refresh token used twice.';
CREATE INDEX sessions_by_user ON tenancy.sessions (user_id, created_at DESC);

CREATE TABLE tenancy.refresh_tokens (
    token_hash bytea PRIMARY KEY,
    session_id uuid NOT NULL REFERENCES tenancy.sessions ON DELETE CASCADE,
    user_id uuid NOT NULL REFERENCES tenancy.users ON DELETE CASCADE,
    created_at timestamptz NOT NULL,
    used_at timestamptz
);
COMMENT ON COLUMN tenancy.refresh_tokens.used_at IS 'Each is used once: a second use ends the session.';
CREATE INDEX refresh_tokens_by_session ON tenancy.refresh_tokens (session_id);

CREATE TABLE tenancy.api_keys (
    api_key_id uuid PRIMARY KEY,
    organisation_id uuid NOT NULL,
    user_id uuid NOT NULL,
    name text NOT NULL CHECK (name <> ''),
    key_hash bytea NOT NULL UNIQUE,
    hint text NOT NULL,
    scopes text[] NOT NULL,
    created_at timestamptz NOT NULL,
    expires_at timestamptz,
    last_used_at timestamptz,
    revoked_at timestamptz,
    FOREIGN KEY (organisation_id, user_id)
        REFERENCES tenancy.memberships (organisation_id, user_id) ON DELETE CASCADE
);
COMMENT ON TABLE tenancy.api_keys IS 'Keys of programs; each may at most what its user may.';
COMMENT ON COLUMN tenancy.api_keys.key_hash IS 'SHA-256 of the key, which is shown once and not kept.';
COMMENT ON COLUMN tenancy.api_keys.hint IS 'The beginning of the key, to know it by.';

CREATE TABLE tenancy.audit (
    organisation_id uuid NOT NULL REFERENCES tenancy.organisations ON DELETE CASCADE,
    entry_id uuid NOT NULL,
    at timestamptz NOT NULL,
    actor_id uuid,
    actor text NOT NULL,
    via text NOT NULL CHECK (via IN ('session', 'api_key', 'command', 'system')),
    action text NOT NULL,
    subject text,
    outcome text,
    detail json,
    address text,
    PRIMARY KEY (organisation_id, entry_id)
);
COMMENT ON TABLE tenancy.audit IS 'Who did what.';
COMMENT ON COLUMN tenancy.audit.entry_id IS 'Of version 7, so it sorts by time; a number would tell how much others do.';
COMMENT ON COLUMN tenancy.audit.outcome IS 'done, or the code of the error; absent where it was cut off in the middle.';

-- How often somebody was refused lately: by a keyed digest of the e-mail, or of the address.
CREATE TABLE tenancy.refusals (
    who bytea PRIMARY KEY,
    failures integer NOT NULL,
    last_at timestamptz NOT NULL
);
COMMENT ON TABLE tenancy.refusals IS 'Failed sign-ins, for throttling; holds no name and no address.';
CREATE INDEX refusals_by_age ON tenancy.refusals (last_at);

-- Answers to requests with an Idempotency-Key: the second of the same gets the first one's.
CREATE TABLE tenancy.answers (
    organisation_id uuid NOT NULL REFERENCES tenancy.organisations ON DELETE CASCADE,
    actor_id uuid NOT NULL,
    idempotency_key text NOT NULL,
    request_hash bytea NOT NULL,
    status integer,
    headers json,
    sealed_body bytea,
    created_at timestamptz NOT NULL,
    PRIMARY KEY (organisation_id, actor_id, idempotency_key)
);
COMMENT ON COLUMN tenancy.answers.status IS 'Absent while the first is at work.';
COMMENT ON COLUMN tenancy.answers.sealed_body IS 'Sealed: an answer may hold a key that is shown once.';
CREATE INDEX answers_by_age ON tenancy.answers (organisation_id, created_at);

DO $$
DECLARE
    name text;
BEGIN
    FOREACH name IN ARRAY ARRAY['users', 'memberships', 'passwords', 'invitations', 'sessions', 'refresh_tokens',
                                'api_keys', 'audit', 'refusals', 'answers'] LOOP
        EXECUTE format('ALTER TABLE tenancy.%s ENABLE ROW LEVEL SECURITY', name);
        EXECUTE format('ALTER TABLE tenancy.%s FORCE ROW LEVEL SECURITY', name);
    END LOOP;
    FOREACH name IN ARRAY ARRAY['memberships', 'invitations', 'api_keys', 'audit', 'answers'] LOOP
        EXECUTE format(
            'CREATE POLICY own_organisation ON tenancy.%s
                 USING (organisation_id = nullif(current_setting(''app.organisation_id'', true), '''')::uuid)',
            name);
    END LOOP;
    FOREACH name IN ARRAY ARRAY['users', 'passwords', 'sessions', 'refresh_tokens'] LOOP
        EXECUTE format(
            'CREATE POLICY own_user ON tenancy.%s
                 USING (user_id = nullif(current_setting(''app.user_id'', true), '''')::uuid)', name);
    END LOOP;
    FOREACH name IN ARRAY ARRAY['organisations', 'users', 'invitations', 'refresh_tokens', 'api_keys',
                                'memberships'] LOOP
        EXECUTE format('CREATE POLICY finding ON tenancy.%s FOR SELECT TO storetwin_owner USING (true)', name);
    END LOOP;
END $$;
-- A user sees in which organisations he is, and what they are called; an organisation sees who its members are.
CREATE POLICY own_memberships ON tenancy.memberships FOR SELECT
    USING (user_id = nullif(current_setting('app.user_id', true), '')::uuid);
CREATE POLICY organisations_of_members ON tenancy.organisations FOR SELECT
    USING (EXISTS (SELECT FROM tenancy.memberships m WHERE m.organisation_id = organisations.id
        AND m.user_id = nullif(current_setting('app.user_id', true), '')::uuid));
CREATE POLICY fellow_members ON tenancy.users FOR SELECT
    USING (EXISTS (SELECT FROM tenancy.memberships m WHERE m.user_id = users.user_id
        AND m.organisation_id = nullif(current_setting('app.organisation_id', true), '')::uuid));
-- Refusals are reached through a function only.
CREATE POLICY finding ON tenancy.refusals TO storetwin_owner USING (true);

-- What has to be found before it is known who asks; ids only.
CREATE FUNCTION tenancy.find_user(wanted text) RETURNS uuid
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog AS $$
    SELECT u.user_id FROM tenancy.users u WHERE u.email_lower = wanted
$$;
CREATE FUNCTION tenancy.has_users() RETURNS boolean
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog AS $$
    SELECT EXISTS (SELECT FROM tenancy.users)
$$;
CREATE FUNCTION tenancy.find_api_key(wanted bytea) RETURNS TABLE (organisation_id uuid, api_key_id uuid, user_id uuid)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog AS $$
    SELECT k.organisation_id, k.api_key_id, k.user_id FROM tenancy.api_keys k WHERE k.key_hash = wanted
$$;
CREATE FUNCTION tenancy.find_refresh_token(wanted bytea) RETURNS TABLE (user_id uuid, session_id uuid)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog AS $$
    SELECT r.user_id, r.session_id FROM tenancy.refresh_tokens r WHERE r.token_hash = wanted
$$;
CREATE FUNCTION tenancy.find_invitation(wanted bytea) RETURNS TABLE (organisation_id uuid, invitation_id uuid)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog AS $$
    SELECT i.organisation_id, i.invitation_id FROM tenancy.invitations i WHERE i.token_hash = wanted
$$;
CREATE FUNCTION tenancy.organisation_ids() RETURNS SETOF uuid
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog AS $$
    SELECT o.id FROM tenancy.organisations o ORDER BY o.id
$$;
-- Whoever tries holds his counts until the transaction ends: of many at once each sees those before him.
CREATE FUNCTION tenancy.hold_refusals(wanted bytea[], at timestamptz)
    RETURNS TABLE (who bytea, failures integer, last_at timestamptz)
    LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog AS $$
    INSERT INTO tenancy.refusals AS r (who, failures, last_at)
    SELECT w, 0, at FROM unnest(wanted) AS w ORDER BY w
    ON CONFLICT (who) DO UPDATE SET failures = r.failures
    RETURNING r.who, r.failures, r.last_at
$$;
CREATE FUNCTION tenancy.count_refusals(wanted bytea[], counts integer[], at timestamptz) RETURNS void
    LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog AS $$
    UPDATE tenancy.refusals r SET failures = given.failures, last_at = at
    FROM unnest(wanted, counts) AS given (who, failures) WHERE r.who = given.who
$$;
CREATE FUNCTION tenancy.drop_refusals(before timestamptz) RETURNS void
    LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog AS $$
    DELETE FROM tenancy.refusals r WHERE r.who IN (
        SELECT o.who FROM tenancy.refusals o WHERE o.last_at < before
        ORDER BY o.last_at LIMIT 20 FOR UPDATE SKIP LOCKED)
$$;
