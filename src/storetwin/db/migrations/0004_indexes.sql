-- A page is looked up by the primary key, also while nobody has run ANALYZE (a new or a restored database).
-- Without statistics the planner takes any index whose leading columns a query names, and walks all
-- records of a connection for each page. Partial indexes are out of its reach there: a lookup by id
-- says nothing of state or date.
DROP INDEX mirror.snapshots_by_number;
CREATE INDEX snapshots_by_number ON mirror.snapshots (connection_id, resource, remote_number) WHERE state <> 'gone';
DROP INDEX mirror.snapshots_by_created;
CREATE INDEX snapshots_by_created ON mirror.snapshots (organisation_id, resource, created_at) WHERE created_at IS NOT NULL;
