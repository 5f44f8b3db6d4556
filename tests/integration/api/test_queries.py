"""Questions over the API: what is asked in JSON, and what a wrong question is told."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
import pytest_asyncio

from api_callers import Api, key_of, serving_api
from database_clones import clone
from hubs import Twin, open_twin
from storetwin.db.embedded import EmbeddedPostgres
from storetwin.sandboxes.woocommerce import running_store
from storetwin.tenancy.models import Permission, Role

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest.fixture(scope="module")
def dsn(postgres: EmbeddedPostgres, template: str) -> Iterator[str]:
    with clone(postgres, template) as made:
        yield made


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def twin(dsn: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Twin]:
    with running_store(orders=10) as store:
        async with open_twin(dsn, tmp_path_factory.mktemp("twin"), store) as opened:
            await opened.pull("orders")
            yield opened


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def api(twin: Twin) -> AsyncIterator[Api]:
    async with serving_api(twin.hub) as served:
        yield served.by(await key_of(twin.hub, Role.VIEWER))


async def test_a_viewer_may_ask(twin: Twin, api: Api) -> None:
    question = {
        "resource": "orders",
        "fields": ["count()", "sum(total)"],
        "filters": [{"field": "total", "operator": ">=", "value": 0.0}],
    }
    answer = await api.post("/queries", question, 200)
    assert answer["columns"] == ["count()", "sum(total)"]
    assert answer["rows"][0][0] == len(twin.expected("orders"))
    assert (answer["next_offset"], answer["each"], answer["doubts"]) == (None, None, [])


async def test_which_fields_there_are(api: Api) -> None:
    described = await api.get("/queries/orders")
    assert {"name": "status", "kind": "text"}.items() <= described["columns"][4].items()
    assert "billing.country" in {field["name"] for field in described["fields"]}
    assert (await api.get("/queries/nothing", 404))["code"] == "unknown"


@pytest.mark.parametrize(
    ("question", "status", "code"),
    [
        ({"resource": "orders", "sql": "SELECT 1"}, 422, "invalid"),
        ({"resource": "orders", "limit": 1001}, 422, "invalid"),
        ({"resource": "orders", "filters": [{"field": "total", "value": 10**30}]}, 422, "invalid"),
        ({"resource": "orders", "filters": [{"field": "total", "operator": "~"}]}, 422, "invalid"),
        ({"resource": "orders", "filters": [{"field": "a\u0000b"}]}, 422, "invalid"),
        ({"resource": "orders", "filters": [{"field": "total"}]}, 422, "bad_question"),
        ({"resource": "orders", "fields": ["median(total)"]}, 422, "bad_question"),
        ({"resource": "orders", "fields": ["totl"]}, 422, "bad_field"),
        ({"resource": "orders", "fields": ["a.$sealed"]}, 422, "bad_field"),
        ({"resource": "nothing"}, 404, "unknown"),
        ({"resource": "orders", "connection": "nowhere"}, 404, "unknown_connection"),
    ],
)
async def test_a_wrong_question_is_a_problem(
    api: Api, question: dict[str, Any], status: int, code: str
) -> None:
    answer = await api.ask("POST", "/queries", json=question)
    assert (answer.status, answer.json["code"]) == (status, code), answer.json


async def test_who_may_not_read_may_not_ask(twin: Twin, api: Api) -> None:
    key = await key_of(twin.hub, scopes=frozenset({Permission.EXPORT}))
    for token, status in ((None, 401), (key, 403)):
        for wrong in ({"resource": "orders"}, {"what": "ever"}):
            assert (await api.by(token).ask("POST", "/queries", json=wrong)).status == status
        assert (await api.by(token).ask("GET", "/queries/orders")).status == status
