"""What is synced: one declaration a resource, pure data."""

from storetwin.resources.catalogue import RESOURCES, named, ordered
from storetwin.resources.declaration import Counted, Lists, Resource, RouteArguments

__all__ = ["RESOURCES", "Counted", "Lists", "Resource", "RouteArguments", "named", "ordered"]
