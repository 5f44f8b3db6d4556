"""A request as PHP and WordPress see it."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, unquote_plus

Value = Any
"""A query value as PHP parses it: a string, or a list or dict of values."""

_BRACKETS = re.compile(r"\[([^\]]*)\]")
_API = re.compile(r"(?:/index\.php)?/wp-json(/.*)?$")


@dataclass(slots=True)
class Request:
    """One request.

    Args:
        method: as sent, upper case; ``verb`` is what WordPress acts on.
        path: undecoded path of the URL.
        query_string: undecoded.
        headers: names in lower case.
        body: as sent.
        base: scheme and host that the store shows in its links.
    """

    method: str
    path: str
    query_string: str
    headers: dict[str, str]
    body: bytes
    base: str
    query: dict[str, Value] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.query = parse_query(self.query_string)

    @property
    def is_secure(self) -> bool:
        """Say whether it came by TLS."""
        return self.base.startswith("https:")

    @property
    def verb(self) -> str:
        """The method after ``_method`` and ``X-HTTP-Method-Override``; HEAD counts as GET."""
        override = self.query.get("_method") or self.headers.get("x-http-method-override")
        verb = str(override).upper() if override else self.method
        return "GET" if verb == "HEAD" else verb

    @property
    def route(self) -> str | None:
        """The REST route (``/wc/v3/orders``); None when the URL is no REST URL.

        ``?rest_route=`` works below any path that reaches WordPress, and wins (measured).
        """
        plain = self.query.get("rest_route")
        reaches = not self.path.endswith(".php") or self.path.endswith("/index.php")
        if isinstance(plain, str) and plain and reaches:
            return plain.rstrip("/") or "/"
        found = _API.match(self.path)
        return None if found is None else (found[1] or "/").rstrip("/") or "/"

    @property
    def is_pretty(self) -> bool:
        """Say whether the URL itself contains the API's path; only then are keys looked at."""
        return self.path.startswith("/wp-json/wc")

    @property
    def wants_json(self) -> bool:
        """Say whether a fatal error is answered as JSON (``Accept`` or content type)."""
        kinds = self.headers.get("accept", "") + self.headers.get("content-type", "")
        return "application/json" in kinds

    def fields(self) -> tuple[str, ...]:
        """Return what ``_fields`` asks for."""
        asked = self.query.get("_fields")
        if asked is None:
            return ()
        names = asked if isinstance(asked, list) else re.split(r"[\s,]+", str(asked))
        return tuple(str(name) for name in names if name)


def parse_query(text: str) -> dict[str, Value]:
    """Read a query string as PHP does: ``a[]=1``, ``a[0]=1`` and ``a[x][y]=1`` become nested."""
    found: dict[str, Value] = {}
    for pair in text.split("&"):
        if not pair:
            continue
        name, _, value = pair.partition("=")
        _put(found, unquote_plus(name), unquote_plus(value))
    return {name: _listed(value) for name, value in found.items()}


def _put(found: dict[str, Value], name: str, value: str) -> None:
    first, bracket, _ = name.partition("[")
    keys = _BRACKETS.findall(name[len(first) :]) if bracket else []
    if not keys:
        found[name] = value
        return
    place = found
    for name_or_none, following in zip([first, *keys], [*keys, None], strict=True):
        key = name_or_none or str(len(place))
        if following is None:
            place[key] = value
        else:
            inner = place.get(key)
            if not isinstance(inner, dict):
                inner = place[key] = {}
            place = inner


def _listed(value: Value) -> Value:
    if not isinstance(value, dict):
        return value
    inner = {key: _listed(item) for key, item in value.items()}
    if list(inner) == [str(at) for at in range(len(inner))]:
        return list(inner.values())
    return inner


def flattened(query: dict[str, Value]) -> list[tuple[str, str]]:
    """Return (name, value) pairs with ``a[0]`` for list items, unencoded, in order."""
    pairs: list[tuple[str, str]] = []
    for name, value in query.items():
        _flatten(pairs, name, value)
    return pairs


def _flatten(pairs: list[tuple[str, str]], name: str, value: Value) -> None:
    if isinstance(value, list):
        for at, item in enumerate(value):
            _flatten(pairs, f"{name}[{at}]", item)
    elif isinstance(value, dict):
        for key, item in value.items():
            _flatten(pairs, f"{name}[{key}]", item)
    elif isinstance(value, bool):
        pairs.append((name, str(int(value))))
    else:
        pairs.append((name, str(value)))


def build_query(query: dict[str, Value]) -> str:
    """Write a query string the way WordPress does in Link headers."""
    return "&".join(
        f"{quote(name, safe='')}={quote(value, safe='').replace('%20', '+')}"
        for name, value in flattened(query)
    )
