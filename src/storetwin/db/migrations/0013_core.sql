-- The back office's own tables: typed, normalized, and changed by promotion or by a person only.

CREATE SCHEMA core;
GRANT USAGE ON SCHEMA core TO storetwin_app;
