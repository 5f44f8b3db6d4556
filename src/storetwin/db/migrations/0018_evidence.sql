-- What was asked of a store and what it answered, where a record could not be had: without secrets, cut, and gone with
-- whoever is erased from the connection.
ALTER TABLE runs.dead_letters ADD COLUMN evidence json CHECK (octet_length(evidence::text) <= 8192);
COMMENT ON COLUMN runs.dead_letters.evidence IS
    'Request and answer of the last attempt, redacted. Absent: none was made, or none is kept.';
