-- name: organisation_ids
-- All organisations of the installation, ids only.
SELECT tenancy.organisation_ids() AS organisation_id;

-- name: read_organisation
-- One organisation, in its own scope.
SELECT id AS organisation_id, name, created_at FROM tenancy.organisations WHERE id = %s;

-- name: make_organisation
-- Make an organisation, in its own scope.
INSERT INTO tenancy.organisations (id, name, created_at) VALUES (%(organisation_id)s, %(name)s, %(now)s);

-- name: rename_organisation
-- Call an organisation by another name.
UPDATE tenancy.organisations SET name = %(name)s WHERE id = %(organisation_id)s;

-- name: hold_whole_organisation
-- An organisation that nothing new can be attached to until the transaction ends.
SELECT o.name, EXISTS (SELECT FROM connections.connections c WHERE c.organisation_id = o.id) AS has_connections
FROM tenancy.organisations o WHERE o.id = %s FOR UPDATE OF o;

-- name: delete_organisation
-- Remove an organisation with all that is its own.
DELETE FROM tenancy.organisations WHERE id = %s;
