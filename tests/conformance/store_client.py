"""A small, plain HTTP client for one store: no retries, nothing hidden, every byte kept."""

from __future__ import annotations

import base64
import hashlib
import hmac
import http.client
import json
import secrets
import ssl
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

from storetwin.testing.conformance import Answer

API = "/wp-json/wc/v3/"
_PATIENCE = 120


@dataclass(frozen=True)
class Keys:
    """A pair of API keys."""

    key: str = field(repr=False)
    secret: str = field(repr=False)

    @property
    def basic(self) -> str:
        return "Basic " + base64.b64encode(f"{self.key}:{self.secret}".encode()).decode()


class StoreClient:
    """Asks one store, over one connection that is kept open.

    Args:
        url: where it is, below which /wp-json stands.
        keys: what it is asked with, as Basic; None to ask without.
        certificate_authority: a file to trust, or None for the system's.
    """

    def __init__(self, url: str, keys: Keys | None, certificate_authority: Path | None = None):
        self.url = url.rstrip("/")
        self.keys = keys
        self._authority = certificate_authority
        parts = urlsplit(self.url)
        self.origin = f"{parts.scheme}://{parts.netloc}"
        self._folder = parts.path
        if parts.scheme == "https":
            trusted = ssl.create_default_context(cafile=certificate_authority)
            self._line: http.client.HTTPConnection = http.client.HTTPSConnection(
                parts.netloc, timeout=_PATIENCE, context=trusted
            )
        else:
            self._line = http.client.HTTPConnection(parts.netloc, timeout=_PATIENCE)

    def with_keys(self, keys: Keys | None) -> StoreClient:
        """The same store, asked with other keys."""
        return StoreClient(self.url, keys, self._authority)

    def close(self) -> None:
        self._line.close()

    def ask(
        self, method: str, path: str, query: Mapping[str, Any] | None = None, body: Any = None,
        accept: str = "application/json",
    ) -> Answer:  # fmt: skip
        """Send one request; ``path`` starts with /wp-json."""
        headers = {"Accept": accept, "User-Agent": "storetwin-conformance"}
        if self.keys is not None:
            headers["Authorization"] = self.keys.basic
        content = None
        if body is not None:
            content = json.dumps(body).encode()
            headers["Content-Type"] = "application/json"
        target = self._folder + path + ("?" + urlencode(query, doseq=True) if query else "")
        try:
            self._line.request(method, target, content, headers)
            answer = self._line.getresponse()
        except (http.client.RemoteDisconnected, ConnectionResetError):  # it was kept too long
            self._line.close()
            self._line.request(method, target, content, headers)
            answer = self._line.getresponse()
        held = answer.read()
        names = list(dict.fromkeys(answer.headers.keys()))
        joined = {name: ", ".join(answer.headers.get_all(name, [])) for name in names}
        return Answer(answer.status, joined, held, self.origin)

    # Short words for tests: paths below /wp-json/wc/v3/, parameters by name.

    def get(self, path: str, **query: Any) -> Answer:
        return self.ask("GET", API + path, query)

    def put(self, path: str, body: Any) -> Answer:
        return self.ask("PUT", API + path, body=body)

    def post(self, path: str, body: Any, **query: Any) -> Answer:
        return self.ask("POST", API + path, query, body)

    def delete(self, path: str, **query: Any) -> Answer:
        return self.ask("DELETE", API + path, query)

    def read(self, path: str, **query: Any) -> Any:
        """The parsed body of a GET that has to succeed."""
        return parsed(self.get(path, **query))

    def ids(self, path: str, **query: Any) -> list[int]:
        """The ids on one page (of a hundred) of a list."""
        return [row["id"] for row in self.read(path, **{"per_page": 100, **query})]

    def total(self, path: str, **query: Any) -> int:
        """How many records a list says it has."""
        return total_of(self.get(path, **{"per_page": 1, **query}))

    def make(self, path: str, **fields: Any) -> dict[str, Any]:
        """Create a record, which has to succeed."""
        answer = self.post(path, fields)
        assert answer.status == 201, answer.text
        return json.loads(answer.body)

    def signed(self, path: str, *, moment: int | None = None, **other: Any) -> Answer:
        """A GET with OAuth 1.0a (HMAC-SHA256) instead of Basic; ``other`` overrides parameters."""
        assert self.keys is not None
        address = self.url + API + path
        parameters = {
            "oauth_consumer_key": self.keys.key, "oauth_nonce": secrets.token_hex(12),
            "oauth_timestamp": str(int(time.time()) if moment is None else moment),
            "oauth_signature_method": "HMAC-SHA256",
        } | {name: str(value) for name, value in other.items() if value is not None}  # fmt: skip
        for name in [name for name, value in other.items() if value is None]:
            del parameters[name]
        parameters["oauth_signature"] = _signature(address, parameters, self.keys.secret)
        unkeyed = self.with_keys(None)
        try:
            return unkeyed.ask("GET", API + path, parameters)
        finally:
            unkeyed.close()


def _signature(address: str, parameters: Mapping[str, str], secret: str) -> str:
    pairs = sorted((_quoted(name), _quoted(value)) for name, value in parameters.items())
    query = "%26".join(f"{_quoted(name)}%3D{_quoted(value)}" for name, value in pairs)
    base = f"GET&{_quoted(address)}&{query}"
    return base64.b64encode(
        hmac.new(f"{secret}&".encode(), base.encode(), hashlib.sha256).digest()
    ).decode()


def _quoted(text: str) -> str:
    return quote(text, safe="~")


def parsed(answer: Answer) -> Any:
    """The parsed body of an answer that has to be a success."""
    assert answer.status < 300, answer.text[:500]
    return json.loads(answer.body)


def total_of(answer: Answer) -> int:
    return int(answer.headers["X-WP-Total"])


def code_of(answer: Answer) -> str:
    """The ``code`` of an error."""
    return str(json.loads(answer.body)["code"])
