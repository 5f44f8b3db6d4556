-- name: hold_refusals
-- How often somebody was refused lately; nobody else reads it until the transaction ends.
SELECT who, failures, last_at FROM tenancy.hold_refusals(%s::bytea[], %s);

-- name: count_refusals
-- Remember how often somebody was refused.
SELECT tenancy.count_refusals(%s::bytea[], %s::integer[], %s);

-- name: drop_refusals
-- Forget some that are old.
SELECT tenancy.drop_refusals(%s);
