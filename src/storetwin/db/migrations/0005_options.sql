-- What a person chose for a connection, which store it was when it was last trusted, and why it is paused.
ALTER TABLE connections.connections
    ADD COLUMN options json,
    ADD COLUMN identity json,
    ADD COLUMN pause_reason text;
-- When a record that could not be had is asked for again.
ALTER TABLE runs.dead_letters ADD COLUMN next_attempt_at timestamptz;
-- Payloads are written once: to vacuum them after each pull would read all of them back for nothing.
-- What changed records leave behind is vacuumed as everywhere.
ALTER TABLE mirror.snapshots SET (toast.autovacuum_vacuum_insert_threshold = -1);
-- A run that meets another store than the trusted one ends paused: nothing was written, a person decides.
ALTER TABLE runs.runs DROP CONSTRAINT runs_state_check;
ALTER TABLE runs.runs ADD CONSTRAINT runs_state_check
    CHECK (state IN ('running', 'done', 'incomplete', 'failed', 'interrupted', 'paused'));
