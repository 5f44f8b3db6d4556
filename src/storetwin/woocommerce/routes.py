"""What a store's routes take, as the index of a namespace tells it (``GET /wp-json/wc/v3``, public)."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

NAMESPACE = "/wc/v3/"
_VARIABLE = re.compile(r"\(\?P<\w+>(?:[^()]|\([^()]*\))*\)")
_CONTAINER = re.compile(r"\{\w+\}|(?<=/)\d+(?=/|$)")


@dataclass(frozen=True, slots=True)
class Routes:
    """The list routes and the arguments of their GET.

    Args:
        arguments: by path below ``wc/v3``, with a leading ``/`` below ``/wp-json`` for other
            namespaces; variable parts are ``*``.
    """

    arguments: Mapping[str, Mapping[str, Any]] = field(repr=False)

    def as_json(self) -> str:
        """Return what is looked at of them, for keeping: names of arguments and allowed values."""
        return json.dumps(
            {
                path: {name: list(self.enum(path, name)) for name in arguments}
                for path, arguments in self.arguments.items()
            }
        )

    @classmethod
    def from_json(cls, kept: str) -> Routes:
        """Read what :meth:`as_json` wrote."""
        return cls(
            {
                path: {name: {"enum": values} for name, values in arguments.items()}
                for path, arguments in json.loads(kept).items()
            }
        )

    @classmethod
    def from_index(cls, index: Mapping[str, Any]) -> Routes:
        """Read the index of one namespace."""
        return cls.from_indexes([index])

    @classmethod
    def from_indexes(cls, indexes: Iterable[Mapping[str, Any]]) -> Routes:
        """Read the indexes of several namespaces."""
        found: dict[str, Mapping[str, Any]] = {}
        for index in indexes:
            routes = index.get("routes")
            for route, description in routes.items() if isinstance(routes, dict) else ():
                for endpoint in description.get("endpoints", ()):
                    if "GET" in endpoint.get("methods", ()):
                        arguments = endpoint.get("args")
                        path = _VARIABLE.sub("*", route.removeprefix(NAMESPACE))
                        found[path] = arguments if isinstance(arguments, dict) else {}
        return cls(found)

    def exists(self, path: str) -> bool:
        """Say whether the store has this route."""
        return _pattern(path) in self.arguments

    def accepts(self, path: str, argument: str) -> bool:
        """Say whether the route declares this argument."""
        return argument in self.arguments.get(_pattern(path), {})

    def enum(self, path: str, argument: str) -> tuple[str, ...]:
        """Return the values the route allows for the argument; empty when it names none."""
        declared = self.arguments.get(_pattern(path), {}).get(argument)
        if not isinstance(declared, dict):
            return ()
        items = declared.get("items")
        values = declared.get("enum") or (items.get("enum") if isinstance(items, dict) else None)
        return tuple(map(str, values or ()))


def _pattern(path: str) -> str:
    return _CONTAINER.sub("*", path)
