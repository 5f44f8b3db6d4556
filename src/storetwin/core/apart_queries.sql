-- name: edits_apart
-- What people changed where stores say something else now, the longest ago first, with the latest changes of each record:
-- from them it is known what store and person had agreed on.
SELECT e.noun, e.core_id, e.field, e.value::text AS value, e.said::text AS said, e.edited_at, u.email AS editor,
       (SELECT json_agg(json_build_object('fields', c.fields, 'is_person', c.connection_id IS NULL AND c.run_id IS NULL) ORDER BY c.change DESC)
        FROM (SELECT * FROM core.changes l WHERE l.organisation_id = e.organisation_id AND l.noun = e.noun AND l.core_id = e.core_id
              ORDER BY l.change DESC LIMIT %(changes)s) c)::text AS changes
FROM core.edits e LEFT JOIN tenancy.users u ON u.user_id = e.edited_by
WHERE e.value::text IS DISTINCT FROM e.said::text
ORDER BY e.edited_at, e.noun, e.core_id, e.field LIMIT %(limit)s;
