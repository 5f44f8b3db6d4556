"""What is synced: one declaration a resource, pure data."""

from storetwin.resources.catalogue import RESOURCES, Catalogue, named, ordered
from storetwin.resources.declaration import Counted, Lists, Resource, RouteArguments
from storetwin.resources.secrets import Secrets

__all__ = [
    "RESOURCES",
    "Catalogue",
    "Counted",
    "Lists",
    "Resource",
    "RouteArguments",
    "Secrets",
    "named",
    "ordered",
]
