"""Answers and route arguments that do not depend on the data, as recorded from a real store."""

from __future__ import annotations

import json
from functools import cache
from importlib import resources
from typing import Any


@cache
def fixed_answers() -> dict[str, Any]:
    """Return ``answers`` (path → allow, total, body), ``webhooks`` and two pages of HTML."""
    return _read("answers.json")


@cache
def recorded_routes() -> dict[str, Any]:
    """Return endpoints and schema of the routes whose OPTIONS were recorded, by resource."""
    return _read("routes.json")


def _read(name: str) -> dict[str, Any]:
    text = resources.files(__name__).joinpath(name).read_text(encoding="utf-8")
    found: dict[str, Any] = json.loads(text)
    return found
