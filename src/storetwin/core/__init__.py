"""The back office's truth: typed tables, their links to the stores' records, and what changed."""
