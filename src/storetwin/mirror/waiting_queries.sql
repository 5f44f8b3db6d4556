-- name: count_waiting
-- Deliveries that were not applied yet, by connection and resource.
SELECT connection_id, COALESCE(resource, '') AS resource, count(*) AS n, min(received_at) AS oldest_at
FROM mirror.inbox WHERE state = 'waiting' GROUP BY connection_id, resource;
