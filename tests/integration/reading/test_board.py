"""The order board over a real socket, against a store that was pulled: what it shows is what the store has."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest
import pytest_asyncio

from api_callers import Api, key_of, serving_api
from database_clones import clone
from hubs import Twin, open_twin
from storetwin.api.v1.orders import OrderDetail, OrderPage, OrderStatistics, OrderStatuses
from storetwin.api.v1.tables import TablePage
from storetwin.kernel.natural import natural_key
from storetwin.reading.board_models import HIDDEN, UNPAID
from storetwin.sandboxes.woocommerce import running_store
from storetwin.tenancy.models import Role

pytestmark = pytest.mark.asyncio(loop_scope="module")
ORDERS = 80
VOLATILE = {"related_ids": [], "_links": {}}  # a product's are others at each answer


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def twin(postgres: Any, template: str, tmp_path_factory: Any) -> AsyncIterator[Twin]:
    with running_store(orders=ORDERS) as store, clone(postgres, template) as dsn:
        async with open_twin(dsn, tmp_path_factory.mktemp("board"), store) as opened:
            await opened.pull()
            yield opened


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def api(twin: Twin) -> AsyncIterator[Api]:
    async with serving_api(twin.hub) as served:
        yield served.by(await key_of(twin.hub, Role.VIEWER))


def documents(twin: Twin, resource: str = "orders") -> dict[str, dict[str, Any]]:
    """Return what the store has, by id, as every program can read it: without a NUL."""
    found = twin.expected(resource).items()
    return {name: json.loads(body.replace(b"\\u0000", b"\\ufffd")) for name, body in found}


def on_the_board(twin: Twin) -> dict[str, dict[str, Any]]:
    return {n: d for n, d in documents(twin).items() if d["status"] not in HIDDEN}


async def walk(api: Api, **asked: Any) -> list[dict[str, Any]]:
    """Read a list to its end by cursor."""
    rows: list[dict[str, Any]] = []
    cursor: str | None = None
    while True:
        more = {"cursor": cursor} if cursor else {}
        answer = await api.ask("GET", "/orders", params={"limit": 20, **asked, **more})
        page = answer.json
        assert answer.status == 200, page
        OrderPage.model_validate(page)
        rows += page["data"]
        cursor = page["next_cursor"]
        if cursor is None:
            assert page["row_count"] == len(rows)
            assert page["row_count_is_exact"]
            return rows


def ids_of(rows: list[dict[str, Any]]) -> list[str]:
    return [row["order_id"].partition(":")[2] for row in rows]


KEYS = {
    "created_at": lambda d: d["date_created_gmt"],
    "modified_at": lambda d: d["date_modified_gmt"],
    "total": lambda d: Decimal(d["total"]),
    "number": lambda d: natural_key(d["number"]),
}


@pytest.mark.parametrize("order", ["asc", "desc"])
@pytest.mark.parametrize("sort", sorted(KEYS))
async def test_a_walk_shows_each_order_once_and_in_order(
    twin: Twin, api: Api, sort: str, order: str
) -> None:
    expected = on_the_board(twin)
    found = ids_of(await walk(api, sort=sort, order=order))
    assert sorted(found) == sorted(expected)
    values = [KEYS[sort](expected[name]) for name in found]
    dated = [value for value in values if value is not None]
    assert dated == sorted(dated, reverse=order == "desc")
    # Those without a value stand together, at the end that is told.
    nothing = values[: len(values) - len(dated)] if order == "desc" else values[len(dated) :]
    assert set(nothing) <= {None}


async def test_a_row_is_what_the_store_says(twin: Twin, api: Api) -> None:
    expected = on_the_board(twin)
    for row in await walk(api):
        document = expected[row["order_id"].partition(":")[2]]
        billing = document["billing"]
        assert row["connection"] == "shop"
        assert row["number"] == document["number"]
        assert row["status"] == document["status"]
        assert row["currency"] == document["currency"]
        assert Decimal(row["total"]) == Decimal(document["total"])
        given_back = -sum(Decimal(refund["total"]) for refund in document["refunds"])
        assert Decimal(row["refunded"]) == given_back
        assert row["customer"] == (" ".join(
            filter(None, (billing["first_name"], billing["last_name"]))
        ).strip() or None)  # fmt: skip
        assert row["items"] == sum(line["quantity"] for line in document["line_items"])


async def test_filters_leave_what_they_name(twin: Twin, api: Api) -> None:
    expected = documents(twin)
    for statuses in (["completed"], ["completed", "shipped"], ["trash"], ["nonsense"]):
        wanted = {n for n, d in expected.items() if d["status"] in statuses}
        assert set(ids_of(await walk(api, status=statuses))) == wanted
    assert ids_of(await walk(api, connection="shop")) == ids_of(await walk(api))
    assert ids_of(await walk(api, connection=str(twin.connection.id))) == ids_of(await walk(api))
    dates = sorted(
        d["date_created_gmt"] for d in on_the_board(twin).values() if d["date_created_gmt"]
    )
    since, until = dates[len(dates) // 4], dates[len(dates) // 2]
    wanted = {
        n for n, d in on_the_board(twin).items()
        if d["date_created_gmt"] and since <= d["date_created_gmt"] < until
    }  # fmt: skip
    for sort in KEYS:
        found = await walk(api, since=f"{since}Z", until=f"{until}Z", sort=sort)
        assert set(ids_of(found)) == wanted, sort


async def test_pages_by_number_are_those_by_cursor(api: Api) -> None:
    whole = ids_of(await walk(api, sort="total"))
    pages = [
        await api.get("/orders", sort="total", page=number, page_size=25) for number in range(1, 5)
    ]
    assert [name for page in pages for name in ids_of(page["data"])] == whole
    assert {page["row_count"] for page in pages} == {len(whole)}
    assert [page["page"] for page in pages] == [1, 2, 3, 4]


async def test_an_order_is_found_by_what_people_know_of_it(twin: Twin, api: Api) -> None:
    for name, document in list(on_the_board(twin).items())[:12]:
        email = document["billing"]["email"]
        last = document["billing"]["last_name"]
        for text in (document["number"], email.upper(), email[1:-1], last):
            if text:
                assert name in ids_of(await walk(api, q=text)), text
    assert await walk(api, q="no such text anywhere") == []
    assert await walk(api, q="100%") == []
    assert await walk(api, q="_" * 5) == []


async def test_one_order_comes_with_its_data_refunds_and_notes(twin: Twin, api: Api) -> None:
    refunds = documents(twin, "refunds")
    row = next(r for r in await walk(api) if Decimal(r["refunded"]) > 0)
    answer = await api.ask("GET", f"/orders/{row['order_id']}")
    OrderDetail.model_validate(answer.json)
    name = row["order_id"].partition(":")[2]
    assert answer.json["data"] == documents(twin)[name]
    assert twin.expected("orders")[name] in answer.body  # the very bytes
    own = [refund["id"] for refund in refunds.values() if str(refund["parent_id"]) == name]
    assert [refund["id"] for refund in answer.json["refunds"]] == sorted(own)
    assert answer.json["notes"] == []
    assert {k: v for k, v in answer.json.items() if k in row} == row


async def test_statistics_are_the_stores(twin: Twin, api: Api) -> None:
    found = await api.get("/orders/stats")
    OrderStatistics.model_validate(found)
    expected = documents(twin)
    by_status: dict[str, int] = {}
    for document in expected.values():
        by_status[document["status"]] = by_status.get(document["status"], 0) + 1
    assert {count["status"]: count["orders"] for count in found["by_status"]} == by_status
    assert found["orders"] == len(on_the_board(twin))
    paid = [d for d in expected.values() if d["status"] not in UNPAID]
    total = sum(Decimal(d["total"]) for d in paid if d["currency"] == "USD")
    back = -sum(Decimal(r["total"]) for d in paid if d["currency"] == "USD" for r in d["refunds"])
    [revenue] = [amount for amount in found["revenue"] if amount["currency"] == "USD"]
    assert (Decimal(revenue["total"]), Decimal(revenue["refunded"])) == (total, back)
    assert Decimal(revenue["net"]) == total - back
    assert found["last_sync_at"] is not None
    assert found["connections"] == [{"connection": "shop", "last_sync_at": found["last_sync_at"]}]
    completed = await api.get("/orders/stats", paid_status="completed")
    assert [count["status"] for count in completed["by_status"] if count["is_paid"]] == [
        "completed"
    ]


async def test_statistics_of_some_days(twin: Twin, api: Api) -> None:
    dates = sorted(d["date_created_gmt"] for d in documents(twin).values() if d["date_created_gmt"])
    since, until = dates[len(dates) // 3][:10], dates[2 * len(dates) // 3][:10]
    found = await api.get("/orders/stats", since=since, until=until)
    assert sum(c["orders"] for c in found["by_status"]) == sum(since <= d < until for d in dates)


async def test_statuses_have_the_stores_names(api: Api) -> None:
    found = await api.get("/orders/statuses")
    OrderStatuses.model_validate(found)
    by_status = {one["status"]: one for one in found["data"]}
    assert by_status["pending"]["name"] == "Pending payment"
    assert by_status["shipped"] == {"status": "shipped", "name": None, "orders": 1, "is_paid": True}


@pytest.mark.parametrize("resource", ["products", "customers", "orders", "refunds", "categories"])
async def test_any_resource_is_a_table(twin: Twin, api: Api, resource: str) -> None:
    seen: list[str] = []
    expected = documents(twin, resource)
    page = await api.get(f"/tables/{resource}", page=1, page_size=200, sort="number", raw="true")
    TablePage.model_validate(page)
    for row in page["data"]:
        seen.append(row["external_id"])
        assert row["raw"] | VOLATILE == expected[row["external_id"]] | VOLATILE
    shown = {n for n, d in expected.items() if d.get("status") not in HIDDEN}
    assert page["row_count"] == len(shown)
    assert set(seen) <= shown
    assert len(seen) == min(200, len(shown))
    assert seen == sorted(seen, key=int, reverse=True)


async def test_what_an_order_becomes_is_on_the_board_at_once(twin: Twin, api: Api) -> None:
    before = await api.get("/orders/stats")
    number = next(int(n) for n, d in on_the_board(twin).items() if d["status"] == "processing")
    twin.sandbox.store.edit_order(number, {"status": "completed"})
    await twin.pull("orders")
    after = await api.get("/orders/stats")

    def count(found: dict[str, Any], status: str) -> int:
        return next((c["orders"] for c in found["by_status"] if c["status"] == status), 0)

    assert count(after, "completed") == count(before, "completed") + 1
    assert count(after, "processing") == count(before, "processing") - 1


async def test_a_wrong_question_is_told_what_is_wrong(api: Api) -> None:
    page = await api.get("/orders", limit=2)
    for status, asked in (
        (422, {"sort": "name"}),
        (422, {"page": 100, "page_size": 200}),
        (422, {"page": 1, "cursor": page["next_cursor"]}),
        (422, {"q": "x" * 101}),
        (422, {"since": "yesterday"}),
        (400, {"cursor": "nonsense"}),
        (400, {"cursor": page["next_cursor"], "sort": "total"}),
        (400, {"cursor": page["next_cursor"], "status": "completed"}),
        (404, {"connection": "nobody"}),
    ):
        answer = await api.ask("GET", "/orders", params=asked)
        assert (answer.status, bool(answer.json["detail"])) == (status, True), asked
    for path in ("/orders/nonsense", "/orders/:1", "/orders/a:b", "/tables/nonsense"):
        assert (await api.get(path, 404))["detail"]


async def test_another_organisation_has_none_of_it(twin: Twin, api: Api) -> None:
    other = twin.hub.of(uuid4())
    async with twin.hub.database.transaction(other.organisation_id) as tx:
        await tx.execute(
            "INSERT INTO tenancy.organisations (id, name, created_at) VALUES (%s, 'other', now())",
            (other.organisation_id,),
        )
    theirs = api.by(await key_of(other, Role.OWNER))
    mine = (await api.get("/orders", limit=1))["data"][0]["order_id"]
    page = await theirs.get("/orders")
    assert (page["data"], page["row_count"]) == ([], 0)
    assert "There is no connection yet" in page["hint"]  # L6: it says what to do
    assert "There is no connection yet" in (await theirs.get("/orders/stats"))["hint"]
    there = await theirs.get(f"/orders/{mine}", 404)
    nowhere = await theirs.get(f"/orders/{uuid4()}:1", 404)
    assert there | {"detail": ""} == nowhere | {"detail": ""}
    await theirs.get("/orders", 404, connection=str(twin.connection.id))
