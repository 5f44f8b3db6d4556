"""Records as a real WooCommerce sent them, byte for byte, by resource."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from storetwin.kernel.json_spans import elements
from storetwin.resources import RESOURCES, Resource

FOLDER = Path(__file__).parent / "conformance" / "recordings" / "woocommerce"
_API = "/wp-json/wc/v3/"


@cache
def recorded() -> dict[str, tuple[str, ...]]:
    """Return the documents of each resource that was recorded."""
    found: dict[str, dict[str, None]] = {}
    for file in sorted(FOLDER.glob("*.json")):
        if file.name.startswith(("fault_", "error_")):
            continue
        exchange = json.loads(file.read_text(encoding="utf-8"))
        if isinstance(exchange, list):  # a life cycle, or deliveries
            continue
        if exchange["request"]["method"] == "GET" and exchange["status"] == 200:
            path = exchange["request"]["path"].partition(_API)[2].strip("/")
            for resource, document in _documents(path, exchange["body_text"]):
                found.setdefault(resource, {})[document] = None
    return {resource: tuple(documents) for resource, documents in found.items()}


def _documents(path: str, body: str) -> Iterator[tuple[str, str]]:
    for resource in RESOURCES:
        if _is(resource.path, path) or (resource.fallback and _is(resource.fallback, path)):
            if resource.is_document:
                yield resource.name, body
            elif body.startswith("["):
                for start, end in elements(body):
                    yield resource.name, body[start:end]
            return
        if _is_single(resource, path) and body.startswith("{"):
            yield resource.name, body
            return


def _is(pattern: str, path: str) -> bool:
    return re.fullmatch(re.sub(r"\{\w+\}", "[^/]+", pattern), path) is not None


def _is_single(resource: Resource, path: str) -> bool:
    return resource.single is not None and _is(resource.single, path)
