"""Every door of the application, and requests that knock at it with somebody's things.

Nothing here names a route: what there is, is read from the application and its OpenAPI document,
so that a route that is added is walked without anybody's doing.
"""

from __future__ import annotations

import asyncio
import json
import re
import secrets
import string
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import quote
from uuid import UUID, uuid4

import aiohttp
from fastapi import FastAPI
from fastapi.routing import APIRoute
from starlette.routing import BaseRoute, Mount, Route

from storetwin.api.callers import Demand
from storetwin.api.route import PublicRoute
from storetwin.web.route import OpenPageRoute, PageRoute

WORDS = {
    "resource": "orders",
    "noun": "orders",
    "kind": "sync",
    "from": "1",
    "for_seconds": "1",
    "every": "15m",
    "build": "0",
    "asset": "page.css",
}
ALWAYS = {"for_seconds"}  # given though it need not be: else a stream goes on
ANY = "ANY"  # the method of a door that looks at it itself
LONGEST = 1_000_000  # bytes of an answer that are read
STREAM_SECONDS = 1.0  # that a stream of events is listened to


@dataclass(frozen=True, slots=True)
class Door:
    """One method of one path.

    Args:
        name: the route's, which is its operation's id.
        demand: what it demands of its caller; None where it is open to everybody.
        operation: what the OpenAPI document says of it; None where it says nothing.
    """

    method: str
    path: str
    name: str
    demand: Demand | None
    is_public: bool
    operation: Mapping[str, Any] | None

    def __str__(self) -> str:
        return f"{self.method} {self.path}"


@dataclass(frozen=True, slots=True)
class Knock:
    """A request at a door.

    Args:
        asked: the values of things that it names, by the name of the parameter.
    """

    door: Door
    path: str
    query: Mapping[str, str]
    body: Any
    asked: Mapping[str, str]
    note: str = ""

    def __str__(self) -> str:
        return f"{self.door}{f' ({self.note})' if self.note else ''}"


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes

    @property
    def everything(self) -> str:
        """All of it as one text, for looking for what should not be in it."""
        head = "\n".join(f"{name}: {value}" for name, value in self.headers)
        return f"{head}\n\n{self.body.decode(errors='replace')}"

    def without(self, asked: Mapping[str, str]) -> tuple[int, str]:
        """Return status and content with the name of each thing that was asked for in its place."""
        text = self.everything
        for name, value in sorted(asked.items(), key=lambda item: -len(item[1])):
            for spelling in {value, quote(value, safe="")}:
                text = text.replace(spelling, "{" + name + "}")
        return self.status, text


class CannotFillError(Exception):
    """A request needs something that the walk does not know how to make up."""


# -- which doors there are ----------------------------------------------------------------------


def doors_of(app: FastAPI) -> list[Door]:
    """Return every method of every path that the application answers, but for its pages."""
    return _doors(app, [one for one in _routes(app.routes) if not _is_page(one[3])])


def pages_of(app: FastAPI) -> list[Door]:
    """Return every method of every page; they are walked by tests/web/test_doors.py."""
    return _doors(app, [one for one in _routes(app.routes) if _is_page(one[3])])


def _is_page(route: BaseRoute) -> bool:
    return isinstance(route, PageRoute | OpenPageRoute)


def _doors(app: FastAPI, routes: Sequence[tuple[str, set[str], str, BaseRoute]]) -> list[Door]:
    paths = app.openapi()["paths"]
    found = []
    for full_path, methods, name, route in routes:
        path = re.sub(r"\{(\w+):\w+\}", r"{\1}", full_path)
        for method in sorted(methods - {"HEAD"} if "GET" in methods else methods):
            operation = paths.get(path, {}).get(method.lower())
            found.append(Door(method, path, name, _demand(route), _is_public(route), operation))
    return sorted(found, key=lambda door: (door.path, door.method))


def _routes(
    routes: Sequence[BaseRoute], prefix: str = ""
) -> Iterator[tuple[str, set[str], str, BaseRoute]]:
    for route in routes:
        if contexts := getattr(route, "effective_route_contexts", None):
            for context in contexts():
                original = context.original_route
                yield context.path, set(context.methods), original.name, original
        elif isinstance(route, Mount):
            yield from _routes(route.routes or [], prefix + route.path)
        elif isinstance(route, Route):
            yield prefix + route.path, set(route.methods or {ANY}), route.name, route
        else:
            raise CannotFillError(f"what is {route!r}?")


def _demand(route: BaseRoute) -> Demand | None:
    if not isinstance(route, APIRoute):
        return None
    found = [d.call for d in route.dependant.dependencies if isinstance(d.call, Demand)]
    return found[0] if found else None


def _is_public(route: BaseRoute) -> bool:
    return isinstance(route, PublicRoute | OpenPageRoute) or not isinstance(route, APIRoute)


# -- requests -----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Walker:
    """Makes up requests out of somebody's things.

    Args:
        document: the OpenAPI document.
        values: of things, by the name of the parameter.
        words: of what names no thing, like a resource.
    """

    document: Mapping[str, Any]
    values: Mapping[str, str]
    words: Mapping[str, str] = field(default_factory=lambda: WORDS)

    def imaginary(self) -> Walker:
        """Return the same with things that never existed, spelled alike."""
        return replace(self, values={n: _unlike(v) for n, v in self.values.items()})

    def knocks(self, door: Door) -> list[Knock]:
        """Return requests: a plain one, and one for each other thing that it may name.

        Raises:
            CannotFillError: it needs something that cannot be made up.
        """
        operation = door.operation or {}
        path = door.path
        asked: dict[str, str] = {}
        for name in _names_in(door.path):
            value = self._of_path(name, operation)
            if name in self.values:
                asked[name] = value
            path = path.replace("{" + name + "}", quote(value, safe=""))
        query: dict[str, str] = {}
        optional = []
        for parameter in operation.get("parameters", ()):
            if parameter["in"] != "query":
                continue
            name = parameter["name"]
            if parameter.get("required") or name in ALWAYS:
                query[name] = str(self._fill(name, parameter["schema"], asked, parameter))
            elif name in self.values:
                optional.append(name)
        body = self._body(operation, asked)
        plain = Knock(door, path, query, body, asked)
        more = [
            replace(
                plain,
                query=query | {name: self.values[name]},
                asked=asked | {name: self.values[name]},
                note=f"by {name}",
            )
            for name in optional
        ]
        by_id = self._by_id(plain)
        return [plain, *more, *([by_id] if by_id else [])]

    def arguments(self, schema: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, str]]:
        """Return an object that a schema takes, and the things that it names."""
        asked: dict[str, str] = {}
        return self._object(schema, asked, None), asked

    def _by_id(self, plain: Knock) -> Knock | None:
        """Return a request that names a connection by its id, where this one names it by name."""
        name, there = self.values["connection"], self.values["connection_id"]
        if "connection" not in plain.asked:
            return None
        return replace(
            plain,
            path=plain.path.replace(f"/{quote(name, safe='')}", f"/{there}"),
            query={k: there if v == name else v for k, v in plain.query.items()},
            body=_replaced(plain.body, name, there),
            asked=dict(plain.asked) | {"connection": there},
            note="by the connection's id",
        )

    def _of_path(self, name: str, operation: Mapping[str, Any]) -> str:
        if found := self.values.get(name) or self.words.get(name):
            return found
        for parameter in operation.get("parameters", ()):
            if parameter["in"] == "path" and parameter["name"] == name:
                schema = self.resolved(parameter["schema"])
                for chosen in (*schema.get("enum", ()), *_examples(parameter, schema)):
                    return str(chosen)
        raise CannotFillError(f"no value for {{{name}}} in the path")

    def _body(self, operation: Mapping[str, Any], asked: dict[str, str]) -> Any:
        content = operation.get("requestBody", {}).get("content", {})
        if not content:
            return None
        if "application/json" not in content:
            raise CannotFillError(f"a body of {', '.join(content)}")
        media = content["application/json"]
        return self._fill("body", media["schema"], asked, media)

    def resolved(self, schema: Mapping[str, Any]) -> Mapping[str, Any]:
        while "$ref" in schema:
            found: Any = self.document
            for part in schema["$ref"].removeprefix("#/").split("/"):
                found = found[part]
            schema = found
        if "allOf" in schema and len(schema["allOf"]) == 1:
            return self.resolved(schema["allOf"][0])
        return schema

    def _fill(
        self, name: str, given: Mapping[str, Any], asked: dict[str, str], about: Any = None
    ) -> Any:
        """Return a value that a schema takes."""
        schema = self.narrowed(self.resolved(given))
        if name in self.values and schema.get("type") in ("string", "integer", None):
            asked[name] = self.values[name]
            is_number = schema.get("type") == "integer"
            return int(self.values[name]) if is_number else self.values[name]
        if name in self.words and schema.get("type") in ("string", "integer"):
            return self.words[name]
        if schema.get("type") == "object" or "properties" in schema:
            return self._object(schema, asked, about)
        const = [schema["const"]] if "const" in schema else []
        for chosen in (*const, *schema.get("enum", ()), *_examples(about or {}, given, schema)):
            return chosen
        return self._plain(name, schema, asked)

    def narrowed(self, schema: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return the first thing that a schema of several lets one choose."""
        for variant in ("anyOf", "oneOf"):
            if variant in schema:
                chosen = next(s for s in schema[variant] if s.get("type") != "null")
                outer = {n: v for n, v in schema.items() if n != variant}
                return outer | self.narrowed(self.resolved(chosen))
        return schema

    def _object(self, schema: Mapping[str, Any], asked: dict[str, str], about: Any) -> Any:
        examples = list(_examples(about or {}, schema))
        filled: dict[str, Any] = dict(examples[0]) if examples else {}
        properties = schema.get("properties", {})
        for name, property_ in properties.items():
            is_needed = name in schema.get("required", ()) and name not in filled
            if is_needed or name in self.values or name in self.words:
                filled[name] = self._fill(name, property_, asked)
        return filled

    def _plain(self, name: str, schema: Mapping[str, Any], asked: dict[str, str]) -> Any:
        match schema.get("type"):
            case "array":
                item = schema.get("items", {})
                count = schema.get("minItems", 0)
                single = name.removesuffix("s")
                if single in self.values:
                    count = max(1, count)
                return [self._fill(single, item, asked) for _ in range(count)]
            case "integer" | "number":
                return schema.get("minimum", schema.get("exclusiveMinimum", 0) + 1)
            case "boolean":
                return False
            case "string":
                return _text(name, schema)
        raise CannotFillError(f"a value of {name}: {dict(schema)}")


def _text(name: str, schema: Mapping[str, Any]) -> str:
    match schema.get("format"):
        case "uuid":
            raise CannotFillError(f"whose id is {name}?")
        case "date-time":
            return "2026-01-02T03:04:05Z"
        case "date":
            return "2026-01-02"
        case "email":
            return "somebody@example.org"
        case "uri":
            return "https://shop.example"
    if "pattern" in schema:
        raise CannotFillError(f"{name} has to look like {schema['pattern']}: give an example")
    return "x" * max(3, schema.get("minLength", 0))


def _examples(*places: Mapping[str, Any]) -> Iterator[Any]:
    for place in places:
        found = place.get("examples") or ()
        if isinstance(found, dict):
            yield from (entry["value"] for entry in found.values())
        else:
            yield from found
        if "example" in place:
            yield place["example"]


def _names_in(path: str) -> list[str]:
    return [name.partition(":")[0] for _, name, _, _ in string.Formatter().parse(path) if name]


def _replaced(body: Any, value: str, other: str) -> Any:
    if body == value:
        return other
    if isinstance(body, dict):
        return {name: _replaced(inner, value, other) for name, inner in body.items()}
    if isinstance(body, list):
        return [_replaced(inner, value, other) for inner in body]
    return body


def _unlike(value: str) -> str:
    """Return a value that is spelled alike and names nothing."""
    try:
        UUID(value)
    except ValueError:
        pass
    else:
        return str(uuid4())
    if value.isdecimal():
        return "9" * len(value)
    letters = string.ascii_lowercase
    return "".join(secrets.choice(letters) if c.isalpha() else c for c in value)


# -- asking -------------------------------------------------------------------------------------

NOT_COMPARED = {"date", "content-length"}
COUNTING = "ratelimit-"  # how headers begin that tell how often somebody may still ask


@dataclass(frozen=True, slots=True)
class Asker:
    """Sends requests to the application."""

    url: str
    session: aiohttp.ClientSession

    async def ask(self, knock: Knock, token: str | None) -> Answer:
        """Send a request and read the answer, of a stream its beginning."""
        headers = {} if token is None else {"Authorization": f"Bearer {token}"}
        data = None
        if knock.body is not None:
            headers["Content-Type"] = "application/json"
            data = json.dumps(knock.body).encode()
        query = "&".join(f"{n}={quote(v, safe='')}" for n, v in knock.query.items())
        target = f"{self.url}{knock.path}{'?' + query if query else ''}"
        async with self.session.request(
            knock.door.method,
            aiohttp.client.URL(target, encoded=True),
            headers=headers,
            data=data,
            allow_redirects=False,
        ) as response:
            kind = response.headers.get("Content-Type", "")
            body = await _read(response, is_endless=kind.startswith("text/event-stream"))
            kept = tuple(
                (name, value)
                for name, value in response.headers.items()
                if name.lower() not in NOT_COMPARED and not name.lower().startswith(COUNTING)
            )
            return Answer(response.status, kept, body)

    async def ask_all(
        self, knocks: Sequence[tuple[Knock, str | None]], at_once: int = 8
    ) -> list[Answer]:
        """Send many requests, some at the same time; the answers come in the order of the requests."""
        places = asyncio.Semaphore(at_once)

        async def ask(knock: Knock, token: str | None) -> Answer:
            async with places:
                return await self.ask(knock, token)

        return await asyncio.gather(*(ask(knock, token) for knock, token in knocks))


async def _read(response: aiohttp.ClientResponse, *, is_endless: bool) -> bytes:
    """Return what an answer holds; of what never ends, what comes within a second."""
    body = b""
    try:
        async with asyncio.timeout(STREAM_SECONDS if is_endless else 20):
            async for chunk in response.content.iter_any():
                body += chunk
                if len(body) > LONGEST:
                    break
    except TimeoutError:
        if not is_endless:
            raise
    return body
