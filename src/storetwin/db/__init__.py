"""PostgreSQL: pool, transaction, tenant scope, named queries, migrations, the embedded server.

The only room that knows the driver. Others hold a `Database`, open a `Transaction` for one
organisation, and run queries that stand in a ``queries.sql`` beside them.
"""

from storetwin.db.database import Database
from storetwin.db.errors import (
    DatabaseUnavailableError,
    DiskFullError,
    UniqueViolationError,
)
from storetwin.db.queries import Queries, load_queries
from storetwin.db.session import Row
from storetwin.db.transaction import Transaction

__all__ = [
    "Database",
    "DatabaseUnavailableError",
    "DiskFullError",
    "Queries",
    "Row",
    "Transaction",
    "UniqueViolationError",
    "load_queries",
]
