-- Runs that somebody asked for and that wait for a worker, runs that somebody stops, and what a run met at its store.

ALTER TABLE runs.runs
    ADD COLUMN asked_at timestamptz,
    ADD COLUMN not_before timestamptz,
    ADD COLUMN waits_for text CHECK (waits_for IN ('run', 'quiet_hours')),
    ADD COLUMN beginnings integer NOT NULL DEFAULT 0,
    ADD COLUMN cancel_asked_at timestamptz,
    ADD COLUMN retry_of uuid,
    ADD COLUMN error_code text,
    ADD COLUMN remedy text,
    ADD COLUMN result json,
    ADD COLUMN answers bigint NOT NULL DEFAULT 0,
    ADD COLUMN answer_ms bigint NOT NULL DEFAULT 0,
    ADD COLUMN slowest_ms bigint NOT NULL DEFAULT 0,
    ADD COLUMN throttled bigint NOT NULL DEFAULT 0,
    ADD COLUMN troubled bigint NOT NULL DEFAULT 0;
COMMENT ON COLUMN runs.runs.asked_at IS 'When it was put into the queue; absent where it began at once.';
COMMENT ON COLUMN runs.runs.not_before IS 'Until then a queued run waits.';
COMMENT ON COLUMN runs.runs.waits_for IS 'Why a queued run was put off: another run of its connection, or quiet hours.';
COMMENT ON COLUMN runs.runs.beginnings IS 'How often a queued run was begun: one that kills its worker is not begun for ever.';
COMMENT ON COLUMN runs.runs.cancel_asked_at IS 'When somebody asked that it stops.';
COMMENT ON COLUMN runs.runs.retry_of IS 'The run that this one repeats.';
COMMENT ON COLUMN runs.runs.result IS 'What it found, where progress and certificate do not tell: single records, a dry run.';
COMMENT ON COLUMN runs.runs.answers IS 'Answers of the store; answer_ms is what all of them took, slowest_ms the longest.';
COMMENT ON COLUMN runs.runs.throttled IS 'Answers 429: the store''s own limit.';
COMMENT ON COLUMN runs.runs.troubled IS 'Requests without an answer, and answers from 500 on.';
ALTER TABLE runs.runs DROP CONSTRAINT runs_state_check;
ALTER TABLE runs.runs ADD CONSTRAINT runs_state_check
    CHECK (state IN ('queued', 'running', 'done', 'incomplete', 'failed', 'interrupted', 'paused', 'cancelled'));
ALTER TABLE runs.runs DROP CONSTRAINT runs_kind_check;
ALTER TABLE runs.runs ADD CONSTRAINT runs_kind_check
    CHECK (kind IN ('pull', 'verify', 'retry', 'sync', 'sweep', 'receive', 'rehearse'));
ALTER TABLE runs.progress DROP CONSTRAINT progress_stage_check;
ALTER TABLE runs.progress ADD CONSTRAINT progress_stage_check
    CHECK (stage IN ('pull', 'verify', 'sync', 'sweep', 'receive', 'rehearse'));
-- Run ids sort by the time they were made, so a page of runs goes on behind an id.
CREATE INDEX runs_by_id ON runs.runs (organisation_id, connection_id, run_id);
CREATE INDEX runs_queued ON runs.runs (connection_id, run_id) WHERE state = 'queued';
CREATE INDEX runs_by_end ON runs.runs (organisation_id, ended_at) WHERE ended_at IS NOT NULL;
CREATE INDEX certificates_by_run ON runs.certificates (organisation_id, run_id);
CREATE INDEX certificates_by_id ON runs.certificates (organisation_id, certificate_id);
CREATE INDEX dead_letters_by_run ON runs.dead_letters (organisation_id, run_id) WHERE run_id IS NOT NULL;

CREATE POLICY finding ON runs.runs FOR SELECT TO storetwin_owner USING (true);
CREATE POLICY finding ON runs.dead_letters FOR SELECT TO storetwin_owner USING (true);
CREATE POLICY finding ON runs.cursors FOR SELECT TO storetwin_owner USING (true);

-- Which connections have a run that waits and may begin, or one that was asked for and whose process is gone; ids only.
CREATE FUNCTION runs.waiting_runs(moment timestamptz, believed interval)
    RETURNS TABLE (organisation_id uuid, connection_id uuid)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog AS $$
    SELECT DISTINCT r.organisation_id, r.connection_id
    FROM runs.runs r JOIN connections.connections c ON c.id = r.connection_id AND c.state = 'active'
    WHERE r.state = 'queued' AND COALESCE(r.not_before, moment) <= moment
       OR r.state = 'running' AND r.asked_at IS NOT NULL AND r.heartbeat_at < moment - believed
$$;

-- Which connections there are that are read, and which rest; ids only.
CREATE FUNCTION runs.every_connection()
    RETURNS TABLE (organisation_id uuid, connection_id uuid, is_active boolean)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog AS $$
    SELECT c.organisation_id, c.id, c.state = 'active' FROM connections.connections c ORDER BY c.id
$$;

-- Figures of the whole installation, for who watches over it: counts and ages, no names.
CREATE FUNCTION runs.figures()
    RETURNS TABLE (figure text, label text, other text, value double precision)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog AS $$
    SELECT 'runs', r.kind, r.state, count(*)::float8 FROM runs.runs r GROUP BY 2, 3
    UNION ALL
    SELECT 'dead_letters', d.state, NULL, count(*)::float8 FROM runs.dead_letters d GROUP BY 2
    UNION ALL
    SELECT 'inbox', i.state, NULL, count(*)::float8 FROM mirror.inbox i GROUP BY 2
    UNION ALL
    SELECT 'connections', c.state, NULL, count(*)::float8 FROM connections.connections c GROUP BY 2
    UNION ALL
    SELECT 'age', k.connection_id::text, NULL,
           extract(epoch FROM clock_timestamp() - min(COALESCE(
               k.synced_at, CASE WHEN k.is_done THEN k.updated_at END, k.started_at)))
    FROM runs.cursors k GROUP BY 2
$$;

REVOKE ALL ON FUNCTION runs.waiting_runs(timestamptz, interval), runs.every_connection(), runs.figures() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION runs.waiting_runs(timestamptz, interval), runs.every_connection(), runs.figures()
    TO storetwin_app;
