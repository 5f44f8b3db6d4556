"""Every operation of docs/reference/operations.md is called, one by one, as it stands there."""

from __future__ import annotations

import json
import re
import socket
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from api_callers import Api, key_of, serving_api
from core_stores import customer, product
from hubs import NAME, Twin, open_twin
from storetwin.core.models import Cause, Incoming, Origin
from storetwin.core.write import write_batch
from storetwin.mapping.nouns import NOUNS
from storetwin.sandboxes.woocommerce import Sandbox, running_store

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "operations.md"
_CALL = re.compile(r"`(GET|POST|PUT|PATCH|DELETE) (/\S+?)( \{.*?\})?`(?=[,\s|])")


@dataclass(frozen=True, slots=True)
class Call:
    """One operation, as the page has it."""

    method: str
    path: str
    body: str | None


def calls() -> list[Call]:
    """Return the calls of the second column, in their order."""
    found = []
    for line in PAGE.read_text(encoding="utf-8").splitlines():
        cells = re.split(r"(?<!\\)\|", line)
        if len(cells) == 5 and "---" not in line:
            assert "`" in cells[2] or cells[2].strip() == "here", line
            found += [Call(m, p, (b or "").strip() or None) for m, p, b in _CALL.findall(cells[2])]
    return found


def test_the_page_is_read_whole() -> None:
    rows = [r for r in PAGE.read_text(encoding="utf-8").splitlines() if r.startswith("| ")]
    assert len(calls()) >= len(rows) - 2 * 6


def test_it_names_every_noun(api_paths: set[str]) -> None:
    """A noun that people cannot find here is not obvious."""
    of_people = {"sessions", "users", "organisations", "members", "invitations", "api-keys"}
    nouns = {path.split("/")[3] for path in api_paths} - of_people - {"audit", "events"}
    named = {call.path.split("/")[1].partition("?")[0] for call in calls()}
    assert nouns <= named


@pytest.fixture(scope="module")
def api_paths() -> set[str]:
    from storetwin.api.v1 import NOUNS, PREFIX

    routes = [r for noun in NOUNS for router in noun.ROUTERS for r in router.routes]
    return {PREFIX + route.path for route in routes}


@pytest.fixture(scope="module")
def stores() -> Iterator[tuple[Sandbox, Sandbox]]:
    with running_store(orders=20) as store, running_store(orders=1, seed=7) as second:
        yield store, second


@pytest.fixture
async def twin(
    database_dsn: str, tmp_path: Path, stores: tuple[Sandbox, Sandbox]
) -> AsyncIterator[Twin]:
    async with open_twin(database_dsn, tmp_path, stores[0]) as opened:
        await opened.pull("orders", "customers", "products", "coupons", "refunds")
        yield opened


async def test_each_is_called(twin: Twin, stores: tuple[Sandbox, Sandbox]) -> None:
    port = free_port()
    hub = replace(twin.hub, public_url=f"http://127.0.0.1:{port}")
    async with serving_api(hub, port=port) as served:
        api = served.by(await key_of(twin.hub, is_installation_admin=True))
        known = await some_ids(api, stores) | await some_of_core(twin)
        failed = []
        for call in calls():
            answer = await ask(api, call, known)
            if answer.status >= 400:
                failed.append((call, answer.status, answer.json or answer.body[:300]))
            if call.path == "/runs" and call.method == "POST":
                known["run_id"] = answer.json["run_id"]
        assert not failed, "\n".join(map(str, failed))


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


async def some_ids(api: Api, stores: tuple[Sandbox, Sandbox]) -> dict[str, str]:
    """Return what stands for the names in braces."""
    first = (await api.get("/orders"))["data"][0]
    person = (await api.get("/tables/customers"))["data"][0]
    return {
        "order_id": first["order_id"],
        "remote_id": first["order_id"].rpartition(":")[2],
        "email": person["email"],
        "store_url": stores[1].url,
        "store_key": stores[1].key,
        "store_secret": stores[1].secret,
    }


async def some_of_core(twin: Twin) -> dict[str, str]:
    """Bring a product and a customer into core, and return their ids."""
    found = {}
    for one in (product("tea", name="Tea"), customer("ada@example.org")):
        noun = NOUNS[one.noun]
        incoming = Incoming(Origin(twin.connection.id, noun.resource, "999999"), 1, None, one)
        async with twin.hub.database.transaction(twin.hub.organisation_id) as tx:
            (outcome,) = await write_batch(tx, noun, [incoming], Cause(), twin.hub.clock())
        core_id = str(outcome.core_id)
        found |= {noun.id_column: core_id, noun.id_column.removesuffix("_id"): core_id}
    return found


async def ask(api: Api, call: Call, known: dict[str, str]) -> Any:
    """Send one request of the page, with real ids in place of those in braces."""

    def filled(text: str) -> str:
        return re.sub(r"\{([a-z_]+)\}", lambda found: known[found[1]], text)

    path = filled(call.path).replace("shop", NAME)
    body = json.loads(filled(call.body)) if call.body else None
    if path.startswith("//"):
        async with api.session.request(call.method, api.url + path[1:]) as answer:
            return type("Answer", (), {"status": answer.status, "json": await answer.json()})
    return await api.ask(call.method, path, json=body)
