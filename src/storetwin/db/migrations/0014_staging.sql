-- What the stores' records would mean for core: a state and a choice for each, and the counts of them.

CREATE SCHEMA staging;
GRANT USAGE ON SCHEMA staging TO storetwin_app;
