"""Exports over a real socket: what leaves, in which form, and what happens when somebody goes away."""

from __future__ import annotations

import asyncio
import csv
import io
import json
import mmap
import re
from collections.abc import AsyncIterator, Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import aiohttp
import psycopg
import pyarrow.parquet as pq
import pytest
import pytest_asyncio

from api_callers import Api, key_of, serving_api
from database_clones import clone
from hubs import Twin, lasting, open_twin
from storetwin.api import bulk
from storetwin.db.embedded import EmbeddedPostgres
from storetwin.reading.export import Q
from storetwin.sandboxes.woocommerce import running_store
from storetwin.tenancy.models import Permission, Role

pytestmark = pytest.mark.asyncio(loop_scope="module")
MANY = 50_000
PAGE_BYTES = mmap.PAGESIZE
# Copies of one order, as many as wanted: the twin of a store that nobody waits for.
COPY = """
INSERT INTO mirror.snapshots (organisation_id, connection_id, resource, remote_id, remote_number, state, version,
    content_hash, created_at, read_at, changed_at, status, payload)
SELECT organisation_id, connection_id, 'reviews', n::text, n, 'listed', 1, content_hash,
    timestamptz '2030-01-01' + n * interval '1 second', read_at,
    changed_at, status, payload
FROM (SELECT * FROM mirror.snapshots WHERE resource = 'orders' AND state = 'listed' LIMIT 1) AS one,
    generate_series(1, %(many)s) AS n
"""
BROKEN = """
INSERT INTO mirror.snapshots (organisation_id, connection_id, resource, remote_id, remote_number, state, version,
    content_hash, read_at, changed_at, raw, clean)
VALUES (%(organisation_id)s, %(connection_id)s, 'coupons', '990001', 990001, 'listed', 1, 'x', now(), now(),
    convert_to('{"id":990001,"code":"' || chr(1) || '=1+1"}', 'UTF8'), '{"id":990001,"code":"\\u0001=1+1"}')
"""


@pytest.fixture(scope="module")
def dsn(postgres: EmbeddedPostgres, template: str) -> Iterator[str]:
    with clone(postgres, template) as made:
        yield made


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def twin(dsn: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Twin]:
    with running_store(orders=40) as store:
        async with open_twin(dsn, tmp_path_factory.mktemp("twin"), store) as opened:
            await opened.pull("orders", "customers", "products", "payment_gateways", "coupons")
            yield opened


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def api(twin: Twin) -> AsyncIterator[Api]:
    async with serving_api(twin.hub) as served:
        yield served.by(await key_of(twin.hub, Role.OPERATOR))


async def exported(api: Api, resource: str, **params: str) -> bytes:
    url = f"{api.url}/api/v1/exports/{resource}"
    headers = {"Authorization": f"Bearer {api.token}"}
    async with api.session.get(url, params=params, headers=headers) as answer:
        body = await answer.read()
        assert answer.status == 200, body
        return body


async def test_json_lines_are_the_exact_documents(twin: Twin, api: Api) -> None:
    for resource in ("orders", "customers", "products"):
        lines = (await exported(api, resource, format="jsonl")).splitlines()
        held = (await twin.documents(resource)).values()
        assert sorted(lines) == sorted(held)
        expected = twin.expected(resource).values()
        assert sorted(map(lasting, lines)) == sorted(map(lasting, expected))


async def test_a_list_is_one_document(twin: Twin, api: Api) -> None:
    answer = await api.ask("GET", "/exports/customers", params={"format": "json"})
    assert answer.headers["Content-Type"] == "application/json"
    assert {str(one["id"]) for one in answer.json} == twin.expected("customers").keys()
    assert json.loads(await exported(api, "order_notes", format="json")) == []


async def test_csv_has_a_line_for_each_record(twin: Twin, api: Api) -> None:
    answer = await api.ask("GET", "/exports/orders")
    assert answer.headers["Content-Type"] == "text/csv; charset=utf-8; header=present"
    assert answer.headers["Content-Disposition"] == 'attachment; filename="orders.csv"'
    rows = list(csv.DictReader(io.StringIO(answer.body.decode(), newline="")))
    expected = {n: json.loads(d) for n, d in twin.expected("orders").items()}
    assert {row["id"] for row in rows} == expected.keys()
    for row in rows:
        order = expected[row["id"]]
        assert row["connection"] == "shop"
        assert row["total"] == order["total"]
        city = row["billing.city"]
        assert (city.removeprefix("'")) == order["billing"]["city"]
        assert json.loads(row["line_items[].sku"]) == [line["sku"] for line in order["line_items"]]


async def test_parquet_is_typed_and_exact(twin: Twin, api: Api) -> None:
    body = await exported(api, "orders", format="parquet")
    table = pq.read_table(io.BytesIO(body))
    assert str(table.schema.field("total").type) == "decimal128(38, 8)"
    assert str(table.schema.field("date_created_gmt").type) == "timestamp[us, tz=UTC]"
    expected = [json.loads(document) for document in twin.expected("orders").values()]
    assert table.num_rows == len(expected)
    total = sum(Decimal(order["total"]) for order in expected)
    assert sum(table.column("total").to_pylist()) == total


async def test_only_what_is_asked_for_leaves(twin: Twin, api: Api) -> None:
    every = [json.loads(document) for document in twin.expected("orders").values()]
    middle = sorted(order["date_created_gmt"] for order in every)[len(every) // 2]
    wanted = {
        o["id"] for o in every if o["date_created_gmt"] >= middle and o["status"] == "completed"
    }
    body = await exported(api, "orders", format="json", since=f"{middle}Z", status="completed")
    assert {order["id"] for order in json.loads(body)} == wanted
    assert await exported(api, "orders", format="jsonl", until="2001-01-01T00:00:00Z") == b""
    chosen = await exported(api, "orders", field="billing.country", until=f"{middle}Z")
    lines = chosen.decode().splitlines()
    assert lines[0] == "billing.country"
    assert len(lines) == 1 + sum(order["date_created_gmt"] < middle for order in every)


async def test_what_is_sealed_stays_sealed(api: Api) -> None:
    for form in ("json", "csv", "jsonl"):
        body = await exported(api, "payment_gateways", format=form)
        assert b"(sealed)" in body
        assert b"$sealed" not in body


async def test_what_is_no_json_leaves_as_its_clean_copy(twin: Twin, api: Api) -> None:
    params = {"organisation_id": twin.hub.organisation_id, "connection_id": twin.connection.id}
    async with twin.hub.database.transaction(twin.hub.organisation_id) as tx:
        await tx.execute(BROKEN, params)
    found = json.loads(await exported(api, "coupons", format="json"))
    assert found[-1] == {"$clean": True, "id": 990001, "code": "\x01=1+1"}


@pytest.mark.parametrize(
    ("path", "params", "status", "code"),
    [
        ("nothing", {}, 404, "unknown"),
        ("orders", {"connection": "nowhere"}, 404, "unknown_connection"),
        ("orders", {"format": "xml"}, 422, "invalid"),
        ("orders", {"since": "noon"}, 422, "invalid"),
        ("orders", {"field": "billing.[]"}, 422, "bad_field"),
        ("orders", {"field": "totl"}, 422, "bad_field"),
        ("orders", {"field": "total", "format": "jsonl"}, 422, "configuration"),
    ],
)
async def test_a_wrong_question_is_a_problem(
    api: Api, path: str, params: dict[str, str], status: int, code: str
) -> None:
    answer = await api.ask("GET", f"/exports/{path}", params=params)
    assert (answer.status, answer.json["code"]) == (status, code)


async def test_who_may_not_export_gets_nothing(twin: Twin, api: Api) -> None:
    for token, status in (
        (None, 401),
        (await key_of(twin.hub, Role.VIEWER), 403),
        (await key_of(twin.hub, scopes=frozenset({Permission.READ})), 403),
    ):
        assert (await api.by(token).ask("GET", "/exports/orders")).status == status


# -- much of it ---------------------------------------------------------------------------------


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def many(twin: Twin) -> Twin:
    """Return the twin with a plugin's list of many records."""
    async with twin.hub.database.transaction(twin.hub.organisation_id) as tx:
        await tx.execute(COPY, {"many": MANY})
    return twin


def asking(api: Api, **params: str) -> Any:
    own = {"format": "jsonl"} | params
    url = f"{api.url}/api/v1/exports/reviews"
    return api.session.get(url, params=own, headers={"Authorization": f"Bearer {api.token}"})


def resident() -> int:
    """Return the memory of this process, in bytes: server and client are both in it."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * PAGE_BYTES


async def sessions(dsn: str, what: str = "pid") -> list[Any]:
    """Return the sessions with an open cursor: what an export holds while it goes on."""
    query = f"SELECT {what} FROM pg_stat_activity WHERE state <> 'idle'"
    async with await psycopg.AsyncConnection.connect(dsn) as connection:
        found = await connection.execute(
            f"{query} AND query ^@ 'FETCH' AND datname = current_database()"
        )
        return await found.fetchall()


async def freed(dsn: str) -> None:
    async with asyncio.timeout(10):
        while await sessions(dsn):
            await asyncio.sleep(0.02)


@pytest.mark.parametrize("form", ["jsonl", "csv", "parquet"])
async def test_memory_stays_flat_however_many_there_are(many: Twin, api: Api, form: str) -> None:
    """What the process takes while it sends 50,000 records (and while we read them) does not grow."""
    params = {} if form == "jsonl" else {"field": "id", "since": "2030-01-01T08:20:00Z"}
    seen, size, records = [], 0, 0
    async with asking(api, format=form, **params) as answer:
        async for piece in answer.content.iter_any():
            size += len(piece)
            records += piece.count(b"\n")
            seen.append(resident())
    assert size > MANY * 2_000 or form != "jsonl"
    assert records == {"jsonl": MANY, "csv": MANY - 30_000 + 2}.get(form, records)
    assert max(seen) - seen[0] < 60_000_000


async def test_nothing_is_sorted_that_has_an_order(many: Twin) -> None:
    params = {
        "organisation_id": many.hub.organisation_id,
        "connection_id": many.connection.id,
        "resource": "reviews",
    }
    params |= dict.fromkeys(("since", "until", "statuses"))
    async with many.hub.database.transaction(many.hub.organisation_id) as tx:
        await tx.set_local("enable_sort", "off")
        rows = await tx.fetch_all(f"EXPLAIN {Q.stream_present_records}", params)
    plan = "\n".join(row["QUERY PLAN"] for row in rows)
    assert "snapshots_by_number" in plan
    assert not re.search(r"^\s*(->\s+)?Sort +\(cost", plan, re.MULTILINE), plan


async def test_who_goes_away_frees_everything_at_once(many: Twin, dsn: str, api: Api) -> None:
    async with asking(api) as answer:
        await answer.content.readany()
        assert len(await sessions(dsn)) == 1
    await freed(dsn)


async def test_who_does_not_read_is_cut_off(
    many: Twin, dsn: str, api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bulk, "PATIENCE", 0.3)
    async with asking(api) as answer:
        await freed(dsn)
        with pytest.raises(aiohttp.ClientPayloadError):
            await answer.read()


async def test_what_breaks_off_does_not_look_whole(many: Twin, dsn: str, api: Api) -> None:
    async with asking(api) as answer:
        await answer.content.readany()
        assert await sessions(dsn, "pg_terminate_backend(pid)")
        with pytest.raises(aiohttp.ClientPayloadError):
            await answer.read()
    await freed(dsn)


async def test_more_than_a_few_at_a_time_wait(many: Twin, dsn: str, api: Api) -> None:
    async with asking(api) as one, asking(api) as two, asking(api) as three:
        assert {one.status, two.status, three.status} == {200}
        answer = await api.ask("GET", "/exports/orders")
        assert (answer.status, answer.headers["Retry-After"]) == (503, "10")
    await freed(dsn)
    assert await exported(api, "orders")


async def test_an_export_shows_one_moment(many: Twin, dsn: str, api: Api) -> None:
    """What is written while it goes on is not in it, and what is deleted still is."""
    async with asking(api) as answer:
        first = await answer.content.readany()
        async with many.hub.database.transaction(many.hub.organisation_id) as tx:
            await tx.execute("UPDATE mirror.snapshots SET state = 'gone' WHERE remote_id = '49999'")
        body = first + await answer.read()
    assert body.count(b"\n") == MANY
    async with many.hub.database.transaction(many.hub.organisation_id) as tx:
        await tx.execute("UPDATE mirror.snapshots SET state = 'listed' WHERE remote_id = '49999'")
