"""Recorded exchanges with a real WooCommerce, and the answers that are compared with them."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeAlias

_ORIGIN = re.compile(r"(?P<origin>https?://[^/>]+)")
_SELF = re.compile(r'"self":\[\{"href":"(?P<origin>https?:\\/\\/[^\\/]+)')
STORE = "{store}"

Json: TypeAlias = "bool | int | float | str | list[Json] | dict[str, Json] | None"


@dataclass(frozen=True, slots=True)
class Answer:
    """What a store under test answered.

    Args:
        status: the HTTP status.
        headers: name → value, names as sent; several of one name joined by ``, ``.
        body: the exact bytes, after Content-Encoding.
        origin: what the store calls itself: ``https://shop.example``, without a slash.
    """

    status: int
    headers: Mapping[str, str]
    body: bytes
    origin: str

    @property
    def text(self) -> str:
        """The body with the store's own address replaced by ``{store}``."""
        return without_origin(self.body.decode("utf-8", "surrogateescape"), self.origin)


@dataclass(frozen=True, slots=True)
class Recording:
    """One request to a real WooCommerce and what it answered.

    Args:
        name: the file's name without ``.json``.
        method, path, query, json: the request; ``path`` starts with ``/wp-json``.
        status, headers, body_text: the answer; ``body_text`` is the exact body, decoded.
    """

    name: str
    method: str
    path: str
    query: Mapping[str, str]
    json: Json
    status: int
    headers: Mapping[str, str]
    body_text: str

    @classmethod
    def read(cls, file: Path) -> Recording:
        """Read one recording from its file.

        Raises:
            ValueError: the file holds no exchange.
        """
        held = json.loads(file.read_text("utf-8"))
        if not isinstance(held, dict) or "request" not in held:
            raise ValueError(f"{file.name} holds no exchange")
        asked = held["request"]
        return cls(
            name=file.stem, method=asked["method"], path=asked["path"],
            query={name: str(value) for name, value in (asked["query"] or {}).items()}, json=asked.get("json"), status=held["status"],
            headers=held["headers"], body_text=held["body_text"],
        )  # fmt: skip

    @property
    def origin(self) -> str:
        """The address of the recorded store, as its links say it; empty if it shows none."""
        found = _ORIGIN.search(self.headers.get("Link", "")) or _SELF.search(self.body_text)
        return found["origin"].replace("\\", "") if found else ""

    @property
    def text(self) -> str:
        """The body with the store's own address replaced by ``{store}``."""
        return without_origin(self.body_text, self.origin)

    @property
    def route(self) -> str:
        """The path below the API version, without slashes at its ends: ``orders/4100``."""
        return self.path.removeprefix("/wp-json/wc/v3").strip("/")

    def aimed(self, subjects: Mapping[str, str], **query: str) -> Recording:
        """Return this recording as if it had been made with other records.

        Args:
            subjects: recorded id, SKU or address → the one of the store under test. They are
                replaced in the path and the body of the request, and in the body of the answer
                to the latter: errors name what was asked.
            query: parameters to ask with instead of the recorded ones.
        """
        segments = [subjects.get(segment, segment) for segment in self.path.split("/")]
        return replace(
            self,
            path="/".join(segments),
            query={**self.query, **query},
            json=_aimed(self.json, subjects),
            body_text=self._aimed_body(subjects),
        )

    def answer(self) -> Answer:
        """Return the recorded answer, as if a store had just given it."""
        return Answer(self.status, self.headers, self.body_text.encode(), self.origin)

    def _aimed_body(self, subjects: Mapping[str, str]) -> str:
        if not subjects or not self.body_text.startswith("{"):
            return self.body_text
        aimed = _aimed(json.loads(self.body_text), subjects)
        return json.dumps(aimed, separators=(",", ":")).replace("/", "\\/")


def without_origin(text: str, origin: str) -> str:
    r"""Replace a store's address by ``{store}``, written plainly or as JSON (``https:\/\/…``)."""
    if not origin:
        return text
    return text.replace(origin.replace("/", "\\/"), STORE).replace(origin, STORE)


def _aimed(value: Json, subjects: Mapping[str, str], name: str = "") -> Json:
    """Replace ids where ids stand, and words (a SKU, an address) wherever they stand."""
    if isinstance(value, dict):
        return {key: _aimed(inner, subjects, key) for key, inner in value.items()}
    if isinstance(value, list):
        return [_aimed(inner, subjects, name) for inner in value]
    if isinstance(value, int) and name.endswith(("id", "delete")):
        return int(subjects.get(str(value), value))
    if isinstance(value, str):
        for recorded, found in subjects.items():
            value = value if recorded.isdigit() else value.replace(recorded, found)
    return value
