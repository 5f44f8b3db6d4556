"""Answers and route arguments that do not depend on the data, as recorded from a real store."""

from __future__ import annotations

import json
from functools import cache
from importlib import resources
from typing import Any


@cache
def fixed_answers() -> dict[str, Any]:
    """Return ``answers`` (path → allow, total, body), ``webhooks`` and two pages of HTML."""
    found: dict[str, Any] = _read("answers.json")
    return found


@cache
def recorded_routes() -> dict[str, Any]:
    """Return endpoints and schema of the routes whose OPTIONS were recorded, by resource."""
    found: dict[str, Any] = _read("routes.json")
    return found


@cache
def route_index() -> dict[str, Any]:
    """Return the routes of the newest release and what the older ones lack.

    ``specs``: what an argument takes; ``routes``: pattern → [[methods, {argument: which spec}]];
    ``older``: release → ``gone`` routes, arguments it is ``without``, ``changed`` arguments, each
    against the next newer release. docs/reference/store-versions.md says where from.
    """
    found: dict[str, Any] = _read("index.json")
    return found


@cache
def settings() -> list[dict[str, Any]]:
    """Return the groups of settings with their ``options``; ``@places`` stands for a long list."""
    found: list[dict[str, Any]] = _read("settings.json")
    return found


@cache
def places() -> dict[str, Any]:
    """Return ``countries``, ``currencies``, ``continents``, and ``locale``: names of its facts."""
    found: dict[str, Any] = _read("places.json")
    return found


def _read(name: str) -> Any:
    text = resources.files(__name__).joinpath(name).read_text(encoding="utf-8")
    return json.loads(text)
