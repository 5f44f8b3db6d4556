"""Records of a twin over the API: each resource's ids, exact bytes, versions, differences, lists."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
import pytest_asyncio

from api_callers import Api, key_of, serving_api
from database_clones import clone
from hubs import NAME, RESOURCE_NAMES, Twin, bytes_of, open_twin
from storetwin.mirror import finding
from storetwin.mirror.models import State
from storetwin.mirror.repository import Q, Shelf
from storetwin.mirror.writing import bury_records, write_records
from storetwin.resources import RESOURCES, named
from storetwin.sandboxes.woocommerce import running_store
from storetwin.tenancy.models import Role
from storetwin.woocommerce.records import read_record

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
COUNTS = """
SELECT resource, state, count(*) AS n FROM mirror.snapshots
WHERE connection_id = %(connection_id)s GROUP BY 1, 2
"""
pytestmark = pytest.mark.asyncio(loop_scope="module")
AT = f"/connections/{NAME}"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def twin(postgres: Any, template: str, tmp_path_factory: Any) -> AsyncIterator[Twin]:
    """A pulled store of this module's own; nothing here changes what was pulled."""
    folder: Path = tmp_path_factory.mktemp("snapshots")
    with clone(postgres, template) as dsn, running_store(orders=60, seed=3) as store:
        async with open_twin(dsn, folder, store) as opened:
            await opened.pull()
            yield opened


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def api(twin: Twin) -> AsyncIterator[Api]:
    """The API as a viewer has it: all of this may be read by whoever may read."""
    async with serving_api(twin.hub) as served:
        yield served.by(await key_of(twin.hub, Role.VIEWER))


async def keep(twin: Twin, document: bytes, hours: float, by: str = "pull") -> None:
    """Write a coupon as it was read some hours after noon."""
    shelf = Shelf(twin.hub.organisation_id, twin.connection.id, "coupons", by)
    moment = NOON + hours * HOUR
    record = read_record(named("coupons"), document)
    async with twin.hub.database.transaction(twin.hub.organisation_id) as tx:
        await write_records(tx, shelf, [record], served_at=moment, now=moment, state=State.LISTED)


async def bury(twin: Twin, remote_id: str, hours: float) -> None:
    shelf = Shelf(twin.hub.organisation_id, twin.connection.id, "coupons", "sweep")
    moment = NOON + hours * HOUR
    async with twin.hub.database.transaction(twin.hub.organisation_id) as tx:
        await bury_records(tx, shelf, [remote_id], served_at=moment, now=moment)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def lived(twin: Twin) -> str:
    """A coupon that came, changed, went and came back, each an hour after the other."""
    first = b'{"id":900007,"amount":"1.10","date_modified_gmt":"2026-11-20T11:00:00"}'
    await keep(twin, first, 0)
    await keep(twin, b'{"id":900007,"amount":"2.20"}', 1, "webhook")
    await bury(twin, "900007", 2)
    await keep(twin, b'{"id":900007,"amount":"2.20","note":"back"}', 3, "push")
    return f"{AT}/{{}}/coupons/900007"


async def all_of(api: Api, path: str, **params: Any) -> list[dict[str, Any]]:
    """Read every page of a list."""
    found: list[dict[str, Any]] = []
    for _ in range(200):
        page = await api.get(path, **params)
        found += page["data"]
        if page["next_cursor"] is None:
            return found
        params["cursor"] = page["next_cursor"]
    raise AssertionError("a list without an end")


# -- every resource -------------------------------------------------------------------------------


async def test_every_record_of_every_resource_is_had_by_its_own_id_byte_for_byte(
    twin: Twin, api: Api
) -> None:
    with_slashes = 0
    for resource in RESOURCE_NAMES:
        rows = await twin.snapshots(resource)
        listed = await all_of(api, f"{AT}/snapshots/{resource}", limit=200)
        assert {one["remote_id"] for one in listed} == set(rows), resource
        for remote_id in {min(rows), max(rows)}:
            exact = bytes_of(rows[remote_id])
            for spelling in {quote(remote_id, safe=""), quote(remote_id, safe="/")}:
                answer = await api.ask("GET", f"{AT}/raw/{resource}/{spelling}")
                assert answer.status == 200, (resource, remote_id)
                if "Storetwin-Masked" not in answer.headers:
                    assert answer.body == exact
                one = await api.get(f"{AT}/snapshots/{resource}/{spelling}")
                assert (one["remote_id"], one["resource"]) == (remote_id, resource)
            with_slashes += "/" in remote_id
    assert with_slashes >= 3
    assert len(RESOURCE_NAMES) == sum(not r.is_extra for r in RESOURCES)


async def test_the_resources_of_a_connection_are_counted(twin: Twin, api: Api) -> None:
    """They come from tallies and from an index of the few that are not listed: they have to agree."""
    await keep(twin, b'{"id":930001}', 9)
    await bury(twin, "930001", 10)
    found = {one["resource"]: one for one in (await api.get(f"{AT}/resources"))["data"]}
    assert list(found) == [resource.name for resource in RESOURCES]
    rows = await twin.rows(COUNTS)
    for name, one in found.items():
        exact = {row["state"]: row["n"] for row in rows if row["resource"] == name}
        assert one["counts"] == exact, name
    assert found["orders"]["counts"]["unlisted"] > 0
    assert found["coupons"]["counts"]["gone"] >= 1
    assert found["orders"]["is_pulled"]
    assert found["orders"]["is_read_through"]
    assert found["order_notes"]["counts"] == {}
    assert not found["order_notes"]["is_pulled"]


async def test_secrets_stay_sealed_at_every_way_to_a_record(twin: Twin, api: Api) -> None:
    secret = "sk_test_"
    rows = await twin.snapshots("payment_gateways")
    sealed = [name for name, row in rows.items() if b"$sealed" in bytes_of(row)]
    assert sealed
    for remote_id in sealed:
        raw = await api.ask("GET", f"{AT}/raw/payment_gateways/{remote_id}")
        assert raw.headers["Storetwin-Masked"] == "true"
        one = await api.ask("GET", f"{AT}/snapshots/payment_gateways/{remote_id}")
        for body in (raw.body, one.body):
            assert b"(sealed)" in body
            assert b"$sealed" not in body
            assert secret.encode() not in body
    page = await api.ask("GET", f"{AT}/snapshots/payment_gateways?include=document")
    assert b"$sealed" not in page.body
    assert b"(sealed)" in page.body


# -- documents that are no plain JSON -------------------------------------------------------------


@pytest.mark.parametrize(
    ("document", "shown", "kind"),
    [
        (b'{"id":910001,"code":"a\\u0000b"}', {"id": 910001, "code": "a�b"}, "json"),
        (b'{"id":910002,"code":"\\ud800x"}', {"id": 910002, "code": "�x"}, "octet-stream"),
        (b'{"id":910003,"amount":NaN}', {"id": 910003, "amount": None}, "octet-stream"),
        (b'{"id":910004,"code":"a\x01b"}', {"id": 910004, "code": "a\x01b"}, "octet-stream"),
    ],
)
async def test_what_sql_cannot_read_is_shown_as_json_and_sent_exactly(
    twin: Twin, api: Api, document: bytes, shown: dict[str, Any], kind: str
) -> None:
    await keep(twin, document, 5)
    remote_id = str(shown["id"])
    raw = await api.ask("GET", f"{AT}/raw/coupons/{remote_id}")
    assert raw.body == document
    assert raw.headers["Content-Type"].partition(";")[0] == f"application/{kind}"
    one = await api.ask("GET", f"{AT}/snapshots/coupons/{remote_id}")
    assert json.loads(one.body)["document"] == shown
    [listed] = (await api.get(f"{AT}/snapshots/coupons?include=document&ids={remote_id}"))["data"]
    assert listed["document"] == shown


async def test_no_digit_is_lost(twin: Twin, api: Api) -> None:
    document = b'{"id":910010,"amount":1.10,"big":123456789012345678901234567890.12,"far":1e400}'
    await keep(twin, document, 5)
    one = await api.ask("GET", f"{AT}/snapshots/coupons/910010")
    assert b'"document":' + document in one.body
    await keep(twin, document.replace(b"1.10", b"1.1"), 6)
    path = f"{AT}/differences/coupons/910010"
    answer = await api.ask("GET", path, params={"from": "1", "to": "2"})
    assert b'"before":1.10,"after":1.1}' in answer.body


# -- through time ---------------------------------------------------------------------------------


async def test_a_record_is_shown_as_it_was_at_any_moment(api: Api, lived: str) -> None:
    expected = [
        ("2026-11-20T12:00:00Z", 1, "listed", "1.10"),
        ("2026-11-20T13:59:59Z", 2, "listed", "2.20"),
    ]
    expected += [("2026-11-20T14:30", 3, "gone", "2.20"), ("3", 3, "gone", "2.20")]
    expected += [("2026-11-20T16:30+01:00", 4, "listed", "2.20"), ("now", 4, "listed", "2.20")]
    for at, version, state, amount in expected:
        one = await api.get(lived.format("snapshots"), at=at)
        found = (one["version"], one["state"], one["document"]["amount"])
        assert found == (version, state, amount), at
        raw = await api.ask("GET", lived.format("raw"), params={"at": at})
        assert raw.headers["Storetwin-Version"] == str(version)
        assert raw.headers["Storetwin-State"] == state
        assert json.loads(raw.body) == one["document"]
    early = await api.get(lived.format("snapshots"), 404, at="2026-11-20T11:59:00Z")
    assert "2026-11-20 12:00:00" in early["remedy"]
    assert (await api.get(lived.format("snapshots"), 422, at="soon"))["code"] == "configuration"


async def test_its_versions_say_who_brought_them_and_what_they_changed(
    api: Api, lived: str
) -> None:
    path = lived.format("versions")
    versions = await all_of(api, path, limit=1)
    assert [(v["version"], v["state"], v["brought_by"], v["fields"]) for v in versions] == [
        (4, "listed", "push", ["note"]),
        (3, "gone", "sweep", []),
        (2, "listed", "webhook", ["amount", "date_modified_gmt"]),
        (1, "listed", "pull", []),
    ]
    assert (await api.get(path))["data"] == versions
    assert versions[0]["superseded_at"] is None
    assert versions[1]["superseded_at"] == versions[0]["written_at"]


async def test_two_versions_are_compared_field_by_field(api: Api, lived: str) -> None:
    path = lived.format("differences")
    found = await api.get(path, **{"from": "1", "to": "now"})
    assert (found["first"]["version"], found["second"]["version"]) == (1, 4)
    assert {c["field"]: (c["kind"], c["before"], c["after"]) for c in found["changes"]} == {
        "amount": ("changed", "1.10", "2.20"),
        "date_modified_gmt": ("removed", "2026-11-20T11:00:00", None),
        "note": ("added", None, "back"),
    }
    same = await api.get(path, **{"from": "2", "to": "2026-11-20T14:30:00Z"})
    assert (same["is_same"], same["changes"]) == (True, [])


async def test_bytes_are_sent_once_and_a_tag_says_so(api: Api, lived: str) -> None:
    path = lived.format("raw")
    tag = (await api.ask("GET", path)).headers["ETag"]
    assert (await api.ask("GET", path, headers={"If-None-Match": tag})).status == 304
    other = await api.ask("GET", path, params={"at": "1"}, headers={"If-None-Match": tag})
    assert other.status == 200


# -- lists ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("sort", ["id", "changed_at", "-changed_at"])
async def test_pages_follow_each_other_without_a_gap_or_a_double(
    twin: Twin, api: Api, sort: str
) -> None:
    rows = await twin.snapshots("products")
    listed = await all_of(api, f"{AT}/snapshots/products", limit=7, sort=sort)
    assert len(listed) == len(rows)
    keys = [(one["changed_at"], one["remote_id"]) for one in listed]
    if sort == "id":
        assert [one["remote_id"] for one in listed] == sorted(rows)
    else:
        assert keys == sorted(keys, reverse=sort.startswith("-"))


async def test_lists_are_narrowed(twin: Twin, api: Api, lived: str) -> None:
    orders = await twin.snapshots("orders")
    done = {name for name, row in orders.items() if row["status"] == "completed"}
    path = f"{AT}/snapshots/orders"
    assert {o["remote_id"] for o in await all_of(api, f"{path}?status=completed")} == done
    some = sorted(orders)[:3]
    asked = [("ids", remote_id) for remote_id in (*some, "999999")]
    answer = await api.ask("GET", path, params=asked)
    assert [one["remote_id"] for one in answer.json["data"]] == some

    documents = {name: json.loads(bytes_of(row)) for name, row in orders.items()}
    name, document = next((n, d) for n, d in documents.items() if d["billing"]["email"])
    email = document["billing"]["email"]
    by_email = {n for n, d in documents.items() if d["billing"]["email"].lower() == email.lower()}
    assert {o["remote_id"] for o in await all_of(api, path, email=email.upper())} == by_email
    found = {o["remote_id"] for o in await all_of(api, path, q=email[:12].upper(), limit=2)}
    assert name in found
    assert (await api.get(path, q="%%%"))["data"] == []  # a pattern means itself
    assert (await api.get(path, 422, q="ab"))["code"] == "configuration"

    variation = next(iter((await twin.snapshots("variations")).values()))
    parts = await all_of(api, f"{AT}/snapshots/variations", parent=variation["parent_id"])
    assert variation["remote_id"] in {one["remote_id"] for one in parts}
    assert {one["parent_id"] for one in parts} == {variation["parent_id"]}

    coupons = f"{AT}/snapshots/coupons"
    span = {"changed_since": "2026-11-20T15:00:00Z", "changed_until": "2026-11-20T15:00:01Z"}
    assert [one["remote_id"] for one in await all_of(api, coupons, **span)] == ["900007"]
    span = {"changed_since": "2026-11-20T16:00:00Z", "changed_until": "2026-11-20T16:00:01Z"}
    assert await all_of(api, coupons, **span) == []


async def test_the_tombstones_are_listed_where_they_are_asked_for(twin: Twin, api: Api) -> None:
    await keep(twin, b'{"id":920001}', 7)
    await bury(twin, "920001", 8)
    asked = f"{AT}/snapshots/coupons?ids=920001"
    assert (await api.get(asked))["data"] == []
    for state in ("gone", "any"):
        [one] = (await api.get(f"{asked}&state={state}"))["data"]
        assert (one["state"], one["version"]) == ("gone", 2)
    assert (await api.get(f"{AT}/snapshots/coupons/920001"))["state"] == "gone"


async def test_a_page_of_documents_is_bounded_in_bytes(
    twin: Twin, api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = f"{AT}/snapshots/products"
    whole = await all_of(api, path, include="document", limit=50)
    monkeypatch.setattr("storetwin.hub.records.MOST_BYTES", 20_000)
    first = await api.get(path, include="document", limit=50)
    assert 0 < len(first["data"]) < 20
    assert await all_of(api, path, include="document", limit=50) == whole
    monkeypatch.setattr("storetwin.hub.records.MOST_BYTES", 1)
    assert len((await api.get(path, include="document", limit=50))["data"]) == 1
    assert (await api.get(path, 422, include="document", limit=51))["code"] == "invalid"


async def test_the_list_knows_a_search_that_would_never_end(
    twin: Twin, api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    slow = Q.page_records.replace("/* conditions */", "AND pg_sleep(1) IS NOT NULL LIMIT 1;--")
    monkeypatch.setattr(finding, "PATIENCE", "20ms")
    monkeypatch.setattr(finding, "statement", lambda *_: (slow.partition(";")[0], {}))
    assert (await api.get(f"{AT}/snapshots/orders", 422))["code"] == "too_wide"


# -- what is refused ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/connections/nowhere/snapshots/orders", 404),
        (f"{AT}/snapshots/nothing", 404),
        (f"{AT}/snapshots/orders/99999999", 404),
        (f"{AT}/versions/orders/99999999", 404),
        (f"{AT}/raw/orders/99999999", 404),
        (f"{AT}/snapshots/orders/%00", 400),
        (f"{AT}/snapshots/orders?ids=%00&ids=1", 400),
        (f"{AT}/snapshots/orders?sort=total", 422),
        (f"{AT}/snapshots/orders?page=1", 422),
        (f"{AT}/snapshots/orders?changed_since=0001-01-01T00:00:00%2B14:00", 422),
        (f"{AT}/snapshots/orders?cursor=abc", 400),
        (f"{AT}/snapshots/orders?q=shop&sort=changed_at", 422),
        (f"{AT}/snapshots/orders?q=shop&ids=1", 422),
        (f"{AT}/differences/orders/1", 422),
    ],
)
async def test_what_cannot_be_answered_is_refused(api: Api, path: str, status: int) -> None:
    answer = await api.ask("GET", path)
    assert answer.status == status, answer.json
    assert answer.headers["Content-Type"] == "application/problem+json"


async def test_a_cursor_fits_its_own_list_only(api: Api) -> None:
    page = await api.get(f"{AT}/snapshots/orders", limit=1)
    for path in (f"{AT}/snapshots/products", f"{AT}/snapshots/orders?status=completed"):
        answer = await api.ask("GET", path, params={"cursor": page["next_cursor"]})
        assert (answer.status, answer.json["code"]) == (400, "bad_cursor")
