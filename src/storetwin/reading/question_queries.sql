-- The pieces of which a question is built, see query_sql.py: what stands in braces is another piece or the name of a
-- parameter, never something that was given.

-- name: question_frame
-- The whole statement.
{outputs}
FROM mirror.documents d
JOIN connections.connections c ON c.organisation_id = d.organisation_id AND c.id = d.connection_id
{each}
WHERE d.organisation_id = %(organisation_id)s AND d.resource = %(resource)s {conditions}
{groups}
{orders}
LIMIT %(limit)s OFFSET %(offset)s

-- name: question_outputs
-- What it begins with; a piece, so that it is not taken for a statement.
/* a question */ SELECT {outputs}

-- name: condition_not_gone
-- Tombstones are left out.
AND d.state <> 'gone'

-- name: condition_connection
-- The records of one connection.
AND d.connection_id = %(connection_id)s

-- name: each_element
-- The elements of a list, one a row; what is no list has none.
CROSS JOIN LATERAL json_array_elements(
    CASE WHEN json_typeof({list}) = 'array' THEN {list} ELSE '[]'::json END
) WITH ORDINALITY AS {alias}(value, place)

-- name: any_element
-- At least one element of a list meets the conditions.
EXISTS (
    SELECT 1 FROM (VALUES (1)) AS one(n) {each} WHERE {conditions}
)

-- name: value_at
-- What stands at a path.
({root} #> {path}::text[])

-- name: kind_of
-- What a value is: string, number, boolean, object, array, null.
json_typeof({value})

-- name: text_of
-- A string, a number or a boolean as text; nothing for what is none of them.
CASE WHEN json_typeof({value}) IN ('string', 'number', 'boolean') THEN {value} #>> '{}' END

-- name: number_of
-- A number, or a text that looks like one.
CASE WHEN json_typeof({value}) IN ('string', 'number')
      AND {value} #>> '{}' ~ '^-?[0-9]{1,40}(\.[0-9]{1,40})?([eE][+-]?[0-9]{1,3})?$'
     THEN ({value} #>> '{}')::numeric END

-- name: text_that_is_no_number
-- A text that does not look like a number.
CASE WHEN NOT (json_typeof({value}) IN ('string', 'number')
          AND {value} #>> '{}' ~ '^-?[0-9]{1,40}(\.[0-9]{1,40})?([eE][+-]?[0-9]{1,3})?$')
     THEN {text} END

-- name: moment_of
-- A time as stores write it, in UTC; reckoned, not cast: a date that does not exist raises no error.
CASE WHEN json_typeof({value}) = 'string' AND {value} #>> '{}'
     ~ '^(?!0000)[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])[T ]([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](\.0+)?(Z|\+00:00)?$'
     THEN timestamp '2000-01-01' + make_interval(
         substr({value} #>> '{}', 1, 4)::int - 2000,
         substr({value} #>> '{}', 6, 2)::int - 1, 0,
         substr({value} #>> '{}', 9, 2)::int - 1,
         substr({value} #>> '{}', 12, 2)::int,
         substr({value} #>> '{}', 15, 2)::int,
         substr({value} #>> '{}', 18, 2)::int) END

-- name: boolean_of
-- A boolean.
CASE WHEN json_typeof({value}) = 'boolean' THEN {value} #>> '{}' = 'true' END

-- name: is_null
-- Nothing stands there, or null.
({value} IS NULL OR json_typeof({value}) = 'null')

-- name: day_of
-- The day of a time, as text.
to_char({moment}, 'YYYY-MM-DD')

-- name: week_of
-- The Monday of the week of a time, as text.
to_char(date_trunc('week', {moment}), 'YYYY-MM-DD')

-- name: month_of
-- The month of a time, as text.
to_char({moment}, 'YYYY-MM')

-- name: contains
-- A text is in another, large or small.
position(lower({value}) IN lower({text})) > 0

-- name: begins_with
-- A text begins with another, large or small.
starts_with(lower({text}), lower({value}))

-- name: differs
-- Something is not so, or there is nothing.
({condition}) IS NOT TRUE

-- name: sample_documents
-- Some documents of a resource, the newest and others; none that is very long.
SELECT document::text AS document
FROM (
    (SELECT document FROM mirror.documents
     WHERE organisation_id = %(organisation_id)s AND resource = %(resource)s AND created_at IS NOT NULL
       AND state <> 'gone' AND (%(connection_id)s::uuid IS NULL OR connection_id = %(connection_id)s)
     ORDER BY created_at DESC LIMIT %(limit)s)
    UNION ALL
    (SELECT document FROM mirror.documents
     WHERE organisation_id = %(organisation_id)s AND resource = %(resource)s AND state <> 'gone'
       AND (%(connection_id)s::uuid IS NULL OR connection_id = %(connection_id)s)
     LIMIT %(limit)s)
) AS sampled
WHERE pg_column_size(document) < 200000;
