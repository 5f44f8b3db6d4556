"""What Prometheus is told, and whom it is told to."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from api_callers import Api, key_of, serving_api
from hubs import NAME, Twin, open_twin
from storetwin.api import metrics
from storetwin.api.app import Manners
from storetwin.sandboxes.woocommerce import running_store

Samples = dict[str, dict[tuple[str, ...], float]]


@pytest.fixture
async def twin(database_dsn: str, tmp_path: Path) -> AsyncIterator[Twin]:
    with running_store(orders=5) as store:
        async with open_twin(database_dsn, tmp_path, store) as opened:
            yield opened


async def scraped(api: Api, token: str | None = None) -> tuple[int, Samples, str]:
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    async with api.session.get(f"{api.url}/metrics", headers=headers) as answer:
        text = await answer.text()
        found: Samples = {}
        if answer.status == 200:
            for family in text_string_to_metric_families(text):
                for sample in family.samples:
                    key = tuple(sample.labels.values())
                    found.setdefault(sample.name, {})[key] = sample.value
        return answer.status, found, text


async def test_it_tells_of_runs_requests_stores_and_the_twins_age(
    twin: Twin, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(metrics, "KEPT_SECONDS", 0.0)
    async with serving_api(twin.hub) as api:
        mine = api.by(await key_of(twin.hub))
        await twin.pull("orders")
        run = (await mine.get("/runs"))["data"][0]
        await mine.get(f"/runs/{run['run_id']}")
        await api.ask("GET", "/nothing/here")
        status, found, text = await scraped(api)
    assert status == 200
    requests = found["storetwin_http_request_duration_seconds_count"]
    assert requests["GET", "/api/v1/runs/{run_id}", "200"] >= 1
    assert requests["GET", "other", "404"] >= 1
    assert found["storetwin_runs"]["pull", "done"] == 1
    assert found["storetwin_connections"] == {("active",): 1}
    assert 0 <= found["storetwin_twin_age_seconds"][(str(twin.connection.id),)] < 60
    assert found["storetwin_store_answer_duration_seconds_count"][("2xx",)] > 3
    assert found["storetwin_workers"] == {(): 0}
    assert found["storetwin_database_up"] == {(): 1}
    for secret in (run["run_id"], twin.sandbox.key, twin.sandbox.url, mine.token, f'"{NAME}"'):
        assert secret not in text


async def test_with_a_token_everybody_needs_it(twin: Twin) -> None:
    async with serving_api(twin.hub, Manners(metrics_token="right")) as api:
        assert [(await scraped(api, token))[0] for token in (None, "wrong", "right")] == [
            404,
            404,
            200,
        ]


async def test_behind_a_proxy_nobody_looks_like_this_machine(twin: Twin) -> None:
    public = replace(twin.hub, public_url="https://hub.example")
    async with serving_api(public) as api:
        assert (await scraped(api))[0] == 404
    proxied = replace(public, proxy_header="X-Forwarded-For")
    async with serving_api(proxied) as api:
        assert (await scraped(api))[0] == 404
        for peer, status in (("203.0.113.7", 404), ("127.0.0.1", 200)):
            headers = {"X-Forwarded-For": peer}
            async with api.session.get(f"{api.url}/metrics", headers=headers) as answer:
                assert answer.status == status


async def test_the_database_is_not_asked_at_each_look(twin: Twin) -> None:
    async with serving_api(twin.hub) as api:
        _, first, _ = await scraped(api)
        await twin.pull("orders")
        _, second, _ = await scraped(api)
    assert "storetwin_runs" not in first
    assert second.get("storetwin_runs") == first.get("storetwin_runs")
