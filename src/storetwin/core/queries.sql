-- What core reads and writes beside the nouns' own tables.

-- name: hold
-- One writer at a time in an organisation's core: nothing is doubled, and nobody waits for each other in a circle.
SELECT pg_advisory_xact_lock(hashtextextended('core ' || current_setting('app.organisation_id'), 0));

-- name: read_links
-- What is known of some records of stores.
SELECT l.connection_id, l.resource, l.remote_id, l.noun, l.core_id, l.snapshot_version, l.values_hash, l.definition_id,
       l.definition_version, l.promoted_at, l.gone_at
FROM json_to_recordset(%(origins)s::json) AS r(connection_id uuid, resource text, ids text[])
CROSS JOIN LATERAL (
    SELECT * FROM core.links l
    WHERE l.connection_id = r.connection_id AND l.resource = r.resource AND l.remote_id = ANY(r.ids) OFFSET 0) AS l;

-- name: read_core_ids
-- Which core records some records of stores are, a row for each store and resource.
SELECT r.connection_id, r.resource, l.remote_ids, l.core_ids
FROM json_to_recordset(%(origins)s::json) AS r(connection_id uuid, resource text, ids text[])
CROSS JOIN LATERAL (
    SELECT array_agg(l.remote_id) AS remote_ids, array_agg(l.core_id) AS core_ids FROM core.links l
    WHERE l.connection_id = r.connection_id AND l.resource = r.resource AND l.remote_id = ANY(r.ids)) AS l
WHERE l.remote_ids IS NOT NULL;

-- name: read_said
-- What the stores' records that some core records came from come to.
SELECT l.core_id, l.connection_id, l.resource, l.remote_id, l.values_hash, l.mapped, l.gone_at, c.created_at
FROM core.links l JOIN connections.connections c ON c.id = l.connection_id
WHERE l.noun = %(noun)s AND l.core_id = ANY(%(ids)s::uuid[]);

-- name: put_links
-- Notes which core records some stores' records are, and what they came to.
INSERT INTO core.links AS l (organisation_id, connection_id, resource, remote_id, noun, core_id, snapshot_version,
                             values_hash, mapped, definition_id, definition_version, promoted_at, run_id, gone_at)
SELECT current_setting('app.organisation_id')::uuid, connection_id, resource, remote_id, %(noun)s, core_id,
       snapshot_version, decode(values_hash, 'hex'), mapped, definition_id, definition_version, %(now)s, %(run_id)s,
       gone_at
FROM json_to_recordset(%(rows)s::json)
     AS r(connection_id uuid, resource text, remote_id text, core_id uuid, snapshot_version integer, values_hash text,
          mapped json, definition_id uuid, definition_version integer, gone_at timestamptz)
ON CONFLICT (organisation_id, connection_id, resource, remote_id) DO UPDATE
SET core_id = EXCLUDED.core_id, snapshot_version = EXCLUDED.snapshot_version, values_hash = EXCLUDED.values_hash,
    mapped = EXCLUDED.mapped, definition_id = EXCLUDED.definition_id, promoted_at = EXCLUDED.promoted_at,
    definition_version = EXCLUDED.definition_version, run_id = EXCLUDED.run_id, gone_at = EXCLUDED.gone_at;

-- name: bury_links
-- Notes that stores have some records no more.
UPDATE core.links AS l SET gone_at = %(now)s, promoted_at = %(now)s, run_id = %(run_id)s, snapshot_version = r.version
FROM json_to_recordset(%(rows)s::json) AS r(connection_id uuid, resource text, remote_id text, version integer)
WHERE (l.connection_id, l.resource, l.remote_id) = (r.connection_id, r.resource, r.remote_id);

-- name: add_changes
-- Writes down what changed.
INSERT INTO core.changes (organisation_id, noun, core_id, action, fields, connection_id, run_id, user_id, at)
SELECT current_setting('app.organisation_id')::uuid, %(noun)s, core_id, action, fields, connection_id, %(run_id)s,
       %(user_id)s, %(now)s
FROM json_to_recordset(%(rows)s::json) AS r(core_id uuid, action text, fields json, connection_id uuid);

-- name: read_edits
-- What people changed of some records.
SELECT core_id, field, value, said, edited_by, edited_at FROM core.edits
WHERE noun = %(noun)s AND core_id = ANY(%(ids)s::uuid[]);

-- name: restate_edits
-- Notes what the stores say meanwhile of what people changed.
UPDATE core.edits AS e SET said = r.said
FROM json_to_recordset(%(rows)s::json) AS r(core_id uuid, field text, said json)
WHERE e.noun = %(noun)s AND e.core_id = r.core_id AND e.field = r.field;

-- name: await_records
-- Notes which records are named and not in core yet.
INSERT INTO core.awaited (organisation_id, connection_id, resource, remote_id, place, core_id)
SELECT current_setting('app.organisation_id')::uuid, connection_id, resource, remote_id, place, core_id
FROM json_to_recordset(%(rows)s::json) AS r(connection_id uuid, resource text, remote_id text, place text, core_id uuid)
ON CONFLICT DO NOTHING;

-- name: stop_awaiting
-- Forgets what some records waited for: they are written anew, and say it again.
DELETE FROM core.awaited WHERE core_id = ANY(%(ids)s::uuid[]);

-- name: take_awaited
-- Who waited for some records that have come.
DELETE FROM core.awaited a
USING json_to_recordset(%(origins)s::json) AS r(connection_id uuid, resource text, ids text[])
WHERE a.connection_id = r.connection_id AND a.resource = r.resource AND a.remote_id = ANY(r.ids)
RETURNING a.connection_id, a.resource, a.remote_id, a.place, a.core_id;

-- name: read_connections
-- When some connections were made.
SELECT id, created_at FROM connections.connections WHERE id = ANY(%(ids)s::uuid[]);

-- name: read_locations
-- Where the stock of some connections lies.
SELECT connection_id, id FROM core.locations WHERE connection_id = ANY(%(ids)s::uuid[]);

-- name: add_location
-- A place for the stock of a connection.
INSERT INTO core.locations (organisation_id, id, connection_id, created_at)
VALUES (current_setting('app.organisation_id')::uuid, %(id)s, %(connection_id)s, %(now)s);

-- name: read_skus
-- The stock keeping units of some records as their stores show them.
SELECT s.connection_id, s.remote_id, s.sku
FROM unnest(%(connection_ids)s::uuid[], %(remote_ids)s::text[]) AS asked (connection_id, remote_id)
JOIN mirror.snapshots s ON (s.connection_id, s.resource, s.remote_id)
    = (asked.connection_id, %(resource)s, asked.remote_id)
WHERE s.sku IS NOT NULL;

-- name: read_paths
-- Where some records stand in their tree.
SELECT id, slug_path FROM core.categories WHERE id = ANY(%(ids)s::uuid[]);

-- name: settle_paths
-- Says anew where categories and all below them stand in their tree; nothing while one above is not in core.
WITH RECURSIVE below AS (
    SELECT g.id FROM unnest(%(ids)s::uuid[]) AS g(id)
    UNION SELECT c.id FROM core.categories c JOIN below b ON c.parent_id = b.id),
way AS (
    SELECT c.id, c.parent_id, c.remote_parent_id, c.slug AS path, 1 AS depth
    FROM below b JOIN core.categories c ON c.id = b.id
    UNION ALL
    SELECT w.id, p.parent_id, p.remote_parent_id, p.slug || '/' || w.path, w.depth + 1
    FROM way w JOIN core.categories p ON p.id = w.parent_id WHERE w.depth < 50),
whole AS (SELECT DISTINCT ON (id) id, path, parent_id, remote_parent_id FROM way ORDER BY id, depth DESC)
UPDATE core.categories AS t
SET slug_path = CASE WHEN w.parent_id IS NULL AND w.remote_parent_id IS NULL THEN w.path END
FROM whole w
WHERE t.id = w.id AND t.slug_path IS DISTINCT FROM
      CASE WHEN w.parent_id IS NULL AND w.remote_parent_id IS NULL THEN w.path END;

-- name: left_customers
-- Whose orders those are that wait for some customers: they will be theirs.
SELECT o.customer_id FROM core.awaited a
JOIN json_to_recordset(%(origins)s::json) AS r(connection_id uuid, resource text, ids text[])
  ON a.connection_id = r.connection_id AND a.resource = r.resource AND a.remote_id = ANY(r.ids)
JOIN core.orders o ON o.id = a.core_id
WHERE a.place = 'orders.customer_id' AND o.customer_id IS NOT NULL;

-- name: orders_by_id
-- Some orders, those of which no store's customer is known: whose they are, and by which e-mail they are looked up.
SELECT o.id, o.email_lower, o.customer_id FROM core.orders o
WHERE o.id = ANY(%(ids)s::uuid[])
  AND NOT EXISTS (SELECT FROM core.links l
                  WHERE l.connection_id = o.connection_id AND l.resource = 'customers'
                    AND l.remote_id = o.remote_customer_id);

-- name: orders_by_email
-- Orders with one of some e-mails of which no store's customer is known: those that belong to whoever has the e-mail.
SELECT o.id, o.email_lower, o.customer_id FROM core.orders o
WHERE o.email_lower = ANY(%(emails)s::text[])
  AND NOT EXISTS (SELECT FROM core.links l
                  WHERE l.connection_id = o.connection_id AND l.resource = 'customers'
                    AND l.remote_id = o.remote_customer_id);

-- name: owners_of_emails
-- To whom some e-mails belong: who has an account before a guest, and of several the one of the first store.
SELECT DISTINCT ON (c.email_lower) c.email_lower, c.id
FROM core.customers c
LEFT JOIN LATERAL (
    SELECT n.created_at, n.id, l.remote_id
    FROM core.links l JOIN connections.connections n ON n.id = l.connection_id
    WHERE l.noun = 'customers' AND l.core_id = c.id ORDER BY n.created_at, n.id, l.remote_id LIMIT 1) AS f ON true
WHERE c.email_lower = ANY(%(emails)s::text[])
ORDER BY c.email_lower, c.is_guest, f.created_at, f.id, f.remote_id, c.id;

-- name: assign_orders
-- Says whose some orders are.
UPDATE core.orders AS o SET customer_id = m.customer_id
FROM unnest(%(ids)s::uuid[], %(customers)s::uuid[]) AS m(id, customer_id) WHERE o.id = m.id;

-- name: latest_orders
-- The latest of some orders for each e-mail: what is known of a guest stands on it.
SELECT DISTINCT ON (o.email_lower) o.email_lower, o.id FROM core.orders o
WHERE o.id = ANY(%(ids)s::uuid[])
ORDER BY o.email_lower, o.placed_at DESC NULLS LAST, o.number_key DESC NULLS LAST, o.order_key DESC NULLS LAST;

-- name: latest_orders_of_guests
-- Those of some customers who are guests, each with the latest order; absent where there is none.
SELECT c.id AS customer_id, f.id AS order_id
FROM core.customers c
LEFT JOIN LATERAL (
    SELECT o.id FROM core.orders o WHERE o.customer_id = c.id
    ORDER BY o.placed_at DESC NULLS LAST, o.number_key DESC NULLS LAST, o.order_key DESC NULLS LAST LIMIT 1) AS f ON true
WHERE c.id = ANY(%(ids)s::uuid[]) AND c.is_guest;

-- name: drop_guests
-- Removes guests who have no order any more.
DELETE FROM core.customers WHERE id = ANY(%(ids)s::uuid[]) AND is_guest;

-- name: drop_edits
-- Forgets what people changed of records that are removed.
DELETE FROM core.edits WHERE noun = %(noun)s AND core_id = ANY(%(ids)s::uuid[]);

-- name: settle_figures
-- Counts the orders of some customers anew, by currency; only what is another figure is written.
WITH fresh AS (
    SELECT o.customer_id, COALESCE(o.currency, '') AS currency, count(*)::int AS orders,
           COALESCE(sum(o.total), 0) AS spent, COALESCE(sum(o.refunded_total), 0) AS refunded,
           min(o.placed_at) AS first_order_at, max(o.placed_at) AS last_order_at
    FROM core.orders o
    WHERE o.customer_id = ANY(%(ids)s::uuid[]) AND o.gone_at IS NULL
      AND o.status = ANY(COALESCE((SELECT s.counted_statuses FROM core.settings s), %(statuses)s::text[]))
    GROUP BY o.customer_id, COALESCE(o.currency, '')),
dropped AS (
    DELETE FROM core.customer_figures f
    WHERE f.customer_id = ANY(%(ids)s::uuid[])
      AND (f.customer_id, f.currency) NOT IN (SELECT n.customer_id, n.currency FROM fresh n))
INSERT INTO core.customer_figures AS f (organisation_id, customer_id, currency, orders, spent, refunded, lifetime_value,
                                        average, first_order_at, last_order_at, computed_at)
SELECT current_setting('app.organisation_id')::uuid, customer_id, currency, orders, spent, refunded, spent - refunded,
       round((spent - refunded) / orders, 6), first_order_at, last_order_at, %(now)s
FROM fresh
ON CONFLICT (organisation_id, customer_id, currency) DO UPDATE
SET orders = EXCLUDED.orders, spent = EXCLUDED.spent, refunded = EXCLUDED.refunded, average = EXCLUDED.average,
    lifetime_value = EXCLUDED.lifetime_value, first_order_at = EXCLUDED.first_order_at,
    last_order_at = EXCLUDED.last_order_at, computed_at = EXCLUDED.computed_at
WHERE (f.orders, f.spent, f.refunded, f.first_order_at, f.last_order_at) IS DISTINCT FROM
      (EXCLUDED.orders, EXCLUDED.spent, EXCLUDED.refunded, EXCLUDED.first_order_at, EXCLUDED.last_order_at);

-- name: emails_of_orders
-- The e-mails of some orders, as they were written.
SELECT id, email FROM core.orders WHERE id = ANY(%(ids)s::uuid[]);

-- name: analyze_grown
-- Has the planner look at tables that have grown by much.
SELECT core.analyze_grown(%(names)s::text[]);

-- name: put_edits
-- Writes down what somebody made of some columns of a record.
INSERT INTO core.edits AS e (organisation_id, noun, core_id, field, value, said, edited_by, edited_at)
SELECT current_setting('app.organisation_id')::uuid, %(noun)s, %(core_id)s, field, value, said, %(user_id)s, %(now)s
FROM json_to_recordset(%(rows)s::json) AS r(field text, value json, said json)
ON CONFLICT (organisation_id, noun, core_id, field) DO UPDATE
SET value = EXCLUDED.value, edited_by = EXCLUDED.edited_by, edited_at = EXCLUDED.edited_at;

-- name: take_edits_back
-- Forgets what somebody made of some columns of a record.
DELETE FROM core.edits WHERE noun = %(noun)s AND core_id = %(core_id)s AND field = ANY(%(fields)s::text[]);

-- name: list_edits
-- What people changed of a record.
SELECT e.field, e.value, e.said, e.edited_by, e.edited_at, u.email AS editor
FROM core.edits e LEFT JOIN tenancy.users u ON u.user_id = e.edited_by
WHERE e.noun = %(noun)s AND e.core_id = %(core_id)s ORDER BY e.field;

-- name: list_changes
-- The latest changes of a record, or of all records of a noun, the newest first.
SELECT change, core_id, action, fields, connection_id, run_id, user_id, at FROM core.changes
WHERE noun = %(noun)s AND (%(core_id)s::uuid IS NULL OR core_id = %(core_id)s)
  AND (%(before)s::bigint IS NULL OR change < %(before)s)
ORDER BY change DESC LIMIT %(limit)s;

-- name: list_links_of
-- Which stores' records a core record came from.
SELECT l.connection_id, c.name AS connection, l.resource, l.remote_id, l.snapshot_version, l.promoted_at, l.gone_at
FROM core.links l JOIN connections.connections c ON c.id = l.connection_id
WHERE l.noun = %(noun)s AND l.core_id = %(core_id)s ORDER BY c.created_at, c.id, l.resource, l.remote_id;

-- name: read_figures
-- What some customers' orders come to.
SELECT customer_id, currency, orders, spent, refunded, lifetime_value, average, first_order_at, last_order_at
FROM core.customer_figures WHERE customer_id = ANY(%(ids)s::uuid[]) ORDER BY customer_id, orders DESC, currency;

-- name: read_settings
-- What the organisation chose about its customer figures.
SELECT counted_statuses, thresholds, updated_at FROM core.settings;

-- name: put_settings
-- Keeps what the organisation chose about its customer figures.
INSERT INTO core.settings AS s (organisation_id, counted_statuses, thresholds, updated_at)
VALUES (current_setting('app.organisation_id')::uuid, %(statuses)s::text[], %(thresholds)s::json, %(now)s)
ON CONFLICT (organisation_id) DO UPDATE
SET counted_statuses = EXCLUDED.counted_statuses, thresholds = EXCLUDED.thresholds, updated_at = EXCLUDED.updated_at;

-- name: next_customers
-- Some customers behind an id, to count all of them anew.
SELECT id FROM core.customers WHERE %(after)s::uuid IS NULL OR id > %(after)s ORDER BY id LIMIT %(limit)s;

-- name: count_scores
-- How many customers have which scores, and what they brought, by currency; see segments.py.
WITH scored AS (
    SELECT f.currency, f.orders, f.lifetime_value,
           5 - width_bucket(floor(extract(epoch FROM greatest(%(now)s - f.last_order_at, interval '0')) / 86400)::int - 1,
                            %(recency)s::int[]) AS recency,
           1 + width_bucket(f.orders, %(frequency)s::int[]) AS frequency,
           1 + width_bucket(f.lifetime_value, COALESCE(m.steps, %(money)s::numeric[])) AS money
    FROM core.customer_figures f
    LEFT JOIN json_to_recordset(%(by_currency)s::json) AS m(currency text, steps numeric[]) ON m.currency = f.currency)
SELECT currency, recency, frequency, money, count(*) AS customers, sum(orders) AS orders,
       sum(lifetime_value) AS lifetime_value
FROM scored WHERE recency IS NOT NULL GROUP BY currency, recency, frequency, money;

-- name: list_scored
-- Customers with some scores in a currency, by id.
WITH scored AS (
    SELECT f.*,
           5 - width_bucket(floor(extract(epoch FROM greatest(%(now)s - f.last_order_at, interval '0')) / 86400)::int - 1,
                            %(recency)s::int[]) AS recency,
           1 + width_bucket(f.orders, %(frequency)s::int[]) AS frequency,
           1 + width_bucket(f.lifetime_value, COALESCE(m.steps, %(money)s::numeric[])) AS money
    FROM core.customer_figures f
    LEFT JOIN json_to_recordset(%(by_currency)s::json) AS m(currency text, steps numeric[]) ON m.currency = f.currency
    WHERE (%(after)s::uuid IS NULL OR (f.customer_id, f.currency) > (%(after)s, %(after_currency)s))
      AND (%(currency)s::text IS NULL OR f.currency = %(currency)s))
SELECT s.customer_id, s.currency, s.orders, s.spent, s.refunded, s.lifetime_value, s.average, s.first_order_at,
       s.last_order_at, c.email, c.first_name, c.last_name, c.is_guest
FROM scored s JOIN core.customers c ON c.id = s.customer_id
WHERE ARRAY[s.recency, s.frequency, s.money] IN (
    SELECT ARRAY[w.recency, w.frequency, w.money]
    FROM unnest(%(recencies)s::int[], %(frequencies)s::int[], %(moneys)s::int[]) AS w(recency, frequency, money))
ORDER BY s.customer_id, s.currency LIMIT %(limit)s;

-- name: persons_customers
-- Customers with one of some e-mails.
SELECT id FROM core.customers WHERE email_lower = ANY(%(emails)s::text[]) ORDER BY id;

-- name: guests_of_orders
-- Guests whose some orders are.
SELECT DISTINCT c.id FROM core.orders o JOIN core.customers c ON c.id = o.customer_id
WHERE o.id = ANY(%(ids)s::uuid[]) AND c.is_guest;

-- name: orders_of_nobody
-- Orders with one of some e-mails whose store is connected no more.
SELECT id FROM core.orders WHERE email_lower = ANY(%(emails)s::text[]) AND connection_id IS NULL ORDER BY id;

-- name: read_mapped
-- What the stores' records that some core records came from come to, as it is kept.
SELECT connection_id, resource, remote_id, values_hash, mapped FROM core.links
WHERE noun = %(noun)s AND core_id = ANY(%(ids)s::uuid[]) AND mapped IS NOT NULL;

-- name: rewrite_mapped
-- Puts anew what some stores' records come to.
UPDATE core.links AS l SET mapped = r.mapped
FROM json_to_recordset(%(rows)s::json) AS r(connection_id uuid, resource text, remote_id text, mapped json)
WHERE l.connection_id = r.connection_id AND l.resource = r.resource AND l.remote_id = r.remote_id;

-- name: changes_of_some
-- What changed of some records.
SELECT change, core_id, fields FROM core.changes
WHERE noun = %(noun)s AND core_id = ANY(%(ids)s::uuid[]) AND fields IS NOT NULL ORDER BY change;

-- name: blank_change
-- Takes somebody out of what is written down of a change.
SELECT core.blank_change(%(change)s, %(fields)s::json);

-- name: rewrite_edits
-- Puts anew what people changed of a record.
UPDATE core.edits AS e SET value = r.value, said = r.said
FROM json_to_recordset(%(rows)s::json) AS r(core_id uuid, field text, value json, said json)
WHERE e.noun = %(noun)s AND e.core_id = r.core_id AND e.field = r.field;
