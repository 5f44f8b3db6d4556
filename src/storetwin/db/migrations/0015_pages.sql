-- Sessions of people in a browser: one opaque token, which lives in a cookie.

CREATE TABLE tenancy.web_sessions (
    token_hash bytea PRIMARY KEY,
    session_id uuid NOT NULL UNIQUE REFERENCES tenancy.sessions ON DELETE CASCADE,
    user_id uuid NOT NULL REFERENCES tenancy.users ON DELETE CASCADE,
    lasts interval NOT NULL,
    ends_at timestamptz NOT NULL
);
COMMENT ON TABLE tenancy.web_sessions IS 'What a browser is known by; listed and ended as the session that it belongs to.';
COMMENT ON COLUMN tenancy.web_sessions.lasts IS 'After which it ends where it is not used.';
COMMENT ON COLUMN tenancy.web_sessions.ends_at IS 'When it ends however much it is used.';
CREATE INDEX web_sessions_by_user ON tenancy.web_sessions (user_id);
ALTER TABLE tenancy.web_sessions ENABLE ROW LEVEL SECURITY;
ALTER TABLE tenancy.web_sessions FORCE ROW LEVEL SECURITY;
CREATE POLICY own_user ON tenancy.web_sessions
    USING (user_id = nullif(current_setting('app.user_id', true), '')::uuid);
CREATE POLICY finding ON tenancy.web_sessions FOR SELECT TO storetwin_owner USING (true);
CREATE POLICY finding ON tenancy.sessions FOR SELECT TO storetwin_owner USING (true);

-- Whose session it is, and in which organisation he was last; ids only.
CREATE FUNCTION tenancy.find_web_session(wanted bytea)
    RETURNS TABLE (user_id uuid, session_id uuid, organisation_id uuid)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog AS $$
    SELECT w.user_id, w.session_id, s.organisation_id
    FROM tenancy.web_sessions w JOIN tenancy.sessions s ON s.session_id = w.session_id
    WHERE w.token_hash = wanted
$$;
REVOKE ALL ON FUNCTION tenancy.find_web_session(bytea) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION tenancy.find_web_session(bytea) TO storetwin_app;
