"""A store of a few records that a test writes out itself: what it lists is what the test says.

It stands in where the sandbox has nothing: gateways with keys, plugins' lists, languages, stores
without some routes. Over a real socket, as everything here.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

ROOT = "/wp-json/"
PAGING = ("per_page", "offset", "orderby", "order", "include", "exclude")
NO_ROUTE = {"code": "rest_no_route", "message": "No route was found.", "data": {"status": 404}}
NO_RECORD = {"code": "rest_no_record", "message": "Invalid ID.", "data": {"status": 404}}
Params = dict[str, str]


@dataclass
class PlainStore:
    """What the store lists, by path below /wp-json: records, or one document.

    Args:
        lists: a list of records, by path; a dict where the path answers with one document.
        languages: by path, the language of each record by its id; records not named have any.
        unpaged: paths that ignore paging.
        words: names of containers that are no numbers, for the patterns of routes.
        translate: a record says in which language it is shown.
        more: arguments of each list, beyond those of paging, with their descriptions.
    """

    lists: dict[str, list[dict[str, Any]] | dict[str, Any]]
    languages: dict[str, dict[int, str]] = field(default_factory=dict)
    unpaged: frozenset[str] = frozenset()
    words: tuple[str, ...] = ()
    translate: bool = False
    more: dict[str, dict[str, Any]] = field(default_factory=dict)
    key: str = "ck_plain"
    secret: str = "cs_plain"
    url: str = ""
    asked: list[tuple[str, Params]] = field(default_factory=list)
    served: dict[str, bytes] = field(default_factory=dict)

    def paths(self) -> list[str]:
        """Return the paths that were asked for, in their order."""
        return [path for path, _ in self.asked]

    def answer(self, path: str, params: Params) -> tuple[int, Any, int | None]:
        """Return status, body and total."""
        if path in ("wc/v3", *{"/".join(known.split("/")[:2]) for known in self.lists}):
            return 200, self._index(path), None
        found = self.lists.get(path)
        if isinstance(found, dict):
            return 200, found, None
        if found is not None:
            return self._list(path, found, params)
        parent, _, name = path.rpartition("/")
        for record in self.lists.get(parent, ()):
            if isinstance(record, dict) and str(record.get("id")) == name:
                return 200, record, None
        return 404, NO_RECORD if parent in self.lists else NO_ROUTE, None

    def _list(
        self, path: str, found: list[dict[str, Any]], params: Params
    ) -> tuple[int, Any, int | None]:
        rows = self._in_language(path, found, params.get("lang"))
        if path in self.unpaged:
            return 200, rows, len(rows)
        rows = sorted(rows, key=lambda record: record["id"])
        if params.get("include"):
            rows = [r for r in rows if str(r["id"]) in params["include"].split(",")]
        if params.get("exclude"):
            rows = [r for r in rows if str(r["id"]) not in params["exclude"].split(",")]
        start, size = int(params.get("offset", 0)), int(params.get("per_page", 10))
        return 200, rows[start : start + size], len(rows)

    def _in_language(
        self, path: str, found: list[dict[str, Any]], language: str | None
    ) -> list[dict[str, Any]]:
        known = self.languages.get(path)
        if known is None or language == "all":
            return found
        wanted = language or "en"
        shown = [r for r in found if known.get(r["id"], wanted) == wanted]
        return [{**r, "shown_in": wanted} for r in shown] if self.translate else shown

    def _pattern(self, part: str) -> str:
        if part.isdecimal():
            return r"(?P<parent>[\d]+)"
        return r"(?P<parent>[\w-]+)" if part in self.words else part

    def _index(self, namespace: str) -> dict[str, Any]:
        routes: dict[str, Any] = {}
        for path in self.lists:
            if path.startswith(namespace + "/"):
                names = () if path in self.unpaged else PAGING
                parts = [self._pattern(part) for part in path.split("/")]
                arguments = {name: {"type": "string"} for name in names} | self.more.get(path, {})
                found = {"endpoints": [{"methods": ["GET"], "args": arguments}]}
                routes["/" + "/".join(parts)] = found
        return {"namespace": namespace, "routes": routes}


@contextmanager
def plain_store(store: PlainStore) -> Iterator[PlainStore]:
    """Serve a store on a free port of the loopback."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            path = parts.path.removeprefix(ROOT).strip("/")
            params = {k: v for k, v in parse_qsl(parts.query) if not k.startswith("oauth_")}
            store.asked.append((path, params))
            status, found, total = store.answer(path, params)
            body = json.dumps(found, separators=(",", ":")).encode()
            store.served[path] = body
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            if total is not None:
                self.send_header("X-WP-Total", str(total))
            self.end_headers()
            self.wfile.write(body)

        def log_request(self, code: Any = "-", size: Any = "-") -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    store.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield store
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
