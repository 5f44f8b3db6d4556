"""The command line: one file a noun, each command calls one verb of the hub."""
