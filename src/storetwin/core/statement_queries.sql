-- The forms of the statements that write and read the nouns' tables, see statements.py: what stands in braces are
-- names of tables and columns from the declarations, never something that was given.

-- name: read_rows
-- Some rows of a noun.
/* of a noun */ SELECT id, created_at, updated_at, gone_at, {columns} FROM core.{table} WHERE id = ANY(%(ids)s::uuid[])

-- name: read_parts
-- The rows of a part of some records, in their order.
/* of a part */ SELECT {owner}, key, position, {columns} FROM core.{table}
WHERE {owner} = ANY(%(ids)s::uuid[]) ORDER BY {owner}, position, key

-- name: insert_rows
-- Adds rows of a noun.
/* of a noun */ INSERT INTO core.{table} (organisation_id, id, created_at, updated_at, gone_at, {columns})
SELECT current_setting('app.organisation_id')::uuid, id, %(now)s, %(now)s, gone_at, {columns}
FROM json_to_recordset(%(rows)s::json) AS r(id uuid, gone_at timestamptz, {typed})

-- name: update_rows
-- Changes rows of a noun; their ids stand beside them, else the planner may read the whole table to find them.
/* of a noun */ UPDATE core.{table} AS t SET updated_at = %(now)s, gone_at = r.gone_at, {assignments}
FROM json_to_recordset(%(rows)s::json) AS r(id uuid, gone_at timestamptz, {typed})
WHERE t.id = r.id AND t.id = ANY(%(ids)s::uuid[])

-- name: insert_parts
-- Adds rows of a part to records that are new.
/* of a part */ INSERT INTO core.{table} (organisation_id, {owner}, key, position, {columns})
SELECT current_setting('app.organisation_id')::uuid, {owner}, key, position, {columns}
FROM json_to_recordset(%(rows)s::json) AS r({owner} uuid, key text, position integer, {typed})

-- name: put_parts
-- Adds rows of a part, or changes them.
/* of a part */ INSERT INTO core.{table} (organisation_id, {owner}, key, position, {columns})
SELECT current_setting('app.organisation_id')::uuid, {owner}, key, position, {columns}
FROM json_to_recordset(%(rows)s::json) AS r({owner} uuid, key text, position integer, {typed})
ON CONFLICT (organisation_id, {owner}, key) DO UPDATE SET position = EXCLUDED.position, {assignments}

-- name: drop_parts
-- Removes rows of a part.
/* of a part */ DELETE FROM core.{table} AS t
USING unnest(%(owners)s::uuid[], %(keys)s::text[]) AS d(owner, key) WHERE t.{owner} = d.owner AND t.key = d.key

-- name: fill_rows
-- Fills in a reference of some rows, now that the record it names is there.
/* of a noun */ UPDATE core.{table} AS t SET {reference} = m.core_id
FROM unnest(%(ids)s::uuid[], %(remote_ids)s::text[], %(core_ids)s::uuid[]) AS m(id, remote_id, core_id)
WHERE t.{owner} = m.id AND t.{remote} = m.remote_id AND t.{reference} IS DISTINCT FROM m.core_id

-- name: find_rows
-- The records that have one of some keys, each with the connections whose records it is.
/* of a noun */ SELECT t.{column} AS key, t.{scope} AS within, t.id AS core_id,
       ARRAY(SELECT l.connection_id FROM core.links l WHERE l.noun = %(noun)s AND l.core_id = t.id) AS connections
FROM core.{table} t WHERE t.{column} = ANY(%(keys)s::text[]) ORDER BY t.id

-- name: list_rows
-- A page of a noun's rows, the newest in core first.
/* of a noun */ SELECT t.id FROM core.{table} t
WHERE (%(after)s::uuid IS NULL OR t.id < %(after)s) {conditions}
ORDER BY t.id DESC LIMIT %(limit)s

-- name: where_constant
-- Only rows of one kind, in a table of several.
AND t.{column} = %({column})s

-- name: where_begins
-- Only rows that begin with a text, in one of the columns for lookups.
(t.{column} ^@ %(begins)s)

-- name: where_equals
-- Only rows with a value.
AND t.{column} = %({column})s

-- name: where_connected
-- Only records that a store has, or had.
AND EXISTS (SELECT FROM core.links l WHERE l.noun = %(noun)s AND l.core_id = t.id AND l.connection_id = %(connection_id)s)

-- name: where_one_stores
-- Only records of one store, where each belongs to one.
AND t.connection_id = %(connection_id)s

-- name: where_gone
-- Only records that no store has any more.
AND t.gone_at IS NOT NULL

-- name: where_here
-- Only records that a store has.
AND t.gone_at IS NULL

-- name: where_changed
-- Only records that changed in core lately.
AND t.updated_at >= %(changed_since)s

-- name: where_edited
-- Only records that a person changed.
AND EXISTS (SELECT FROM core.edits e WHERE e.noun = %(noun)s AND e.core_id = t.id)
