-- name: count_found
-- Records of some resources that increments found new or changed, in runs between two moments.
SELECT coalesce(sum(p.created + p.updated), 0)::bigint AS n
  FROM runs.runs r JOIN runs.progress p ON p.run_id = r.run_id
 WHERE r.organisation_id = %(organisation_id)s AND r.connection_id = %(connection_id)s
   AND r.started_at > %(since)s AND r.ended_at <= %(until)s
   AND r.kind = 'sync' AND p.stage = 'sync' AND p.resource = ANY(%(resources)s::text[]);
