"""The store that is held to the recordings: the sandbox, or a real one by its URL."""

from __future__ import annotations

import base64
import json
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPResponse, HTTPSConnection
from typing import Any
from urllib.parse import urlencode, urlsplit

import pytest

from storetwin.sandboxes.woocommerce import Sandbox
from storetwin.testing.conformance import Answer

API = "/wp-json/wc/v3/"
_PATIENCE = 60.0


@dataclass(frozen=True, slots=True)
class Keys:
    """A consumer key and its secret."""

    key: str
    secret: str = field(repr=False)


@dataclass(frozen=True, eq=False)
class StoreUnderTest:
    """A store that can be asked.

    Args:
        url: scheme, host and port of its https door.
        keys: ``read_write``, and where they are known ``read_only`` and ``write_only``.
        tls: whom to trust.
        plain_url: its http door, if it is known.
        sandbox: what stands behind the URL, unless the store is a real one.
    """

    url: str
    keys: Mapping[str, Keys]
    tls: ssl.SSLContext = field(repr=False)
    plain_url: str | None = None
    sandbox: Sandbox | None = None

    @property
    def is_real(self) -> bool:
        return self.sandbox is None

    def ask(
        self,
        method: str,
        path: str,
        query: Mapping[str, object] | None = None,
        body: object = None,
        *,
        keys: Keys | None = None,
        anonymous: bool = False,
        headers: Mapping[str, str] | None = None,
        plain: bool = False,
    ) -> Answer:
        """Send one request; a ``path`` without a slash at its start lies below the API.

        ``body`` is sent as JSON; bytes are sent as they are.
        """
        url = self.door(plain=plain)
        sent = {"Accept": "*/*", **(headers or {})}
        if not anonymous:
            pair = keys or self.keys["read_write"]
            token = base64.b64encode(f"{pair.key}:{pair.secret}".encode()).decode()
            sent["Authorization"] = f"Basic {token}"
        content = body if isinstance(body, bytes | None) else json.dumps(body).encode()
        if content is not None:
            sent["Content-Type"] = "application/json"
        target = path if path.startswith("/") else API + path
        if query:
            target += "?" + urlencode(query, doseq=True)
        connection = self._connection(url)
        try:
            connection.request(method, target, content, sent)
            response = connection.getresponse()
            return Answer(response.status, _joined(response), response.read(), url)
        finally:
            connection.close()

    def door(self, *, plain: bool = False) -> str:
        """Return the address of the https door, or of the plain one."""
        if not plain:
            return self.url
        if self.plain_url is None:
            self.lacks("a known http door")
        assert self.plain_url is not None
        return self.plain_url

    def _connection(self, url: str) -> HTTPConnection:
        parts = urlsplit(url)
        assert parts.hostname
        if parts.scheme == "http":
            return HTTPConnection(parts.hostname, parts.port, timeout=_PATIENCE)
        return HTTPSConnection(parts.hostname, parts.port, timeout=_PATIENCE, context=self.tls)

    def answer(self, path: str, **query: object) -> Answer:
        """Ask, and return whatever is answered."""
        return self.ask("GET", path, query)

    def get(self, path: str, **query: object) -> Any:
        """Return the JSON of an answer that must be 200."""
        return self._proper(self.answer(path, **query), 200)

    def ids(self, path: str, **query: object) -> list[int]:
        """Return the ids of one page of a list, up to a hundred."""
        rows = self.get(path, **{"per_page": 100, "_fields": "id", **query})
        return [row["id"] for row in rows]

    def total(self, path: str, **query: object) -> int:
        """Return what a list says it holds."""
        answer = self.answer(path, **{"per_page": 1, "_fields": "id", **query})
        assert answer.status == 200, answer.text
        return counted(answer)

    def put(self, path: str, body: object) -> Any:
        """Return the JSON of a write that must succeed."""
        return self._proper(self.ask("PUT", path, body=body), 200)

    def post(self, path: str, body: object, status: int = 201) -> Any:
        """Return the JSON of what was created."""
        return self._proper(self.ask("POST", path, body=body), status)

    def delete(self, path: str, **query: object) -> Any:
        """Return the JSON that a deletion answers."""
        return self._proper(self.ask("DELETE", path, query), 200)

    def lacks(self, what: str) -> None:
        """End the test: a real store need not have everything, the sandbox must."""
        if self.is_real:
            pytest.xfail(f"not compared: the store has not {what}")
        pytest.fail(f"the sandbox has not {what}")

    @staticmethod
    def _proper(answer: Answer, status: int) -> Any:
        assert answer.status == status, answer.text[:500]
        return json.loads(answer.body)


def _joined(response: HTTPResponse) -> dict[str, str]:
    joined: dict[str, str] = {}
    for name, value in response.getheaders():
        joined[name] = f"{joined[name]}, {value}" if name in joined else value
    return joined


def counted(answer: Answer) -> int:
    """Return the X-WP-Total of an answer."""
    return int(header(answer, "X-WP-Total"))


def code_of(answer: Answer) -> str:
    """Return the code of an error."""
    return str(json.loads(answer.body)["code"])


def header(answer: Answer, name: str) -> str:
    """Return a header's value, however its name is written; empty if it is absent."""
    lowered = {known.lower(): value for known, value in answer.headers.items()}
    return lowered.get(name.lower(), "")
