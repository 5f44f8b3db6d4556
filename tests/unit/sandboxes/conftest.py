"""A shop without a socket: requests go straight to the application's dispatcher."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

import pytest

from storetwin.sandboxes.woocommerce.answers import Answer
from storetwin.sandboxes.woocommerce.app import Shop
from storetwin.sandboxes.woocommerce.auth import READ_WRITE, KeyPair
from storetwin.sandboxes.woocommerce.faults import Board
from storetwin.sandboxes.woocommerce.model.store import Store
from storetwin.sandboxes.woocommerce.request import Request

API = "/wp-json/wc/v3/"
BASE = "https://shop.test"


@dataclass
class Counter:
    """The customer's side of the counter: asks, and reads what comes."""

    shop: Shop
    pair: KeyPair | None = READ_WRITE
    base: str = BASE

    @property
    def store(self) -> Store:
        return self.shop.store

    @property
    def faults(self) -> Board:
        return self.shop.faults

    def ask(self, method: str, path: str, body: Any = None, **params: Any) -> Answer:
        headers = {"accept": "application/json"}
        if self.pair is not None:
            token = base64.b64encode(f"{self.pair.key}:{self.pair.secret}".encode()).decode()
            headers["authorization"] = f"Basic {token}"
        content = b"" if body is None else json.dumps(body).encode()
        where = f"/wp-json{path}" if path.startswith("/") else API + path
        request = Request(method, where, urlencode(params, doseq=True), headers, content, self.base)
        return self.shop.respond(request)

    def get(self, path: str, **params: Any) -> Answer:
        return self.ask("GET", path, **params)

    def json(self, path: str, **params: Any) -> Any:
        return json.loads(self.get(path, **params).body)

    def ids(self, path: str, **params: Any) -> list[int]:
        return [row["id"] for row in self.json(path, **{"per_page": 100, **params})]


@pytest.fixture(scope="session")
def large_store() -> Store:
    """A store that tests only read."""
    return Store(seed=7, orders=2000)


@pytest.fixture
def reading(large_store: Store) -> Counter:
    return Counter(Shop(large_store, Board(large_store)))


@pytest.fixture
def counter() -> Counter:
    """A small store of its own for tests that change something."""
    store = Store(seed=3, orders=120)
    return Counter(Shop(store, Board(store)))


@pytest.fixture
def clock(counter: Counter) -> Callable[[int], None]:
    """Set the time of live changes, in epoch seconds."""

    def set_time(moment: int) -> None:
        counter.store.now = lambda: moment

    return set_time
