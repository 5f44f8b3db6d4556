"""What changed between two moments, over the API: every change once, in order, in bounded pages."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from pydantic import SecretStr

from api_callers import Api, key_of, serving_api
from database_clones import clone
from hubs import NAME, Twin, open_twin
from storetwin.connections.models import Credentials
from storetwin.connections.register import NewConnection
from storetwin.mirror import changes
from storetwin.mirror.models import State
from storetwin.mirror.repository import Shelf
from storetwin.mirror.writing import bury_records, write_records
from storetwin.resources import named
from storetwin.sandboxes.woocommerce import running_store
from storetwin.tenancy.models import Role
from storetwin.woocommerce.records import read_record

pytestmark = pytest.mark.asyncio(loop_scope="module")
NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
Key = tuple[str, str, int, str, str]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def twin(postgres: Any, template: str, tmp_path_factory: Any) -> AsyncIterator[Twin]:
    """Two connections whose records came, changed, went and came back."""
    folder: Path = tmp_path_factory.mktemp("history")
    with clone(postgres, template) as dsn, running_store(orders=1) as store:
        async with open_twin(dsn, folder, store) as opened:
            yield opened


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def told(twin: Twin) -> list[Key]:
    """What was written to the twins, the latest first, as the API should tell it."""
    hub = twin.hub
    credentials = Credentials(SecretStr("ck_x"), SecretStr("cs_x"))
    added = await hub.register.add(
        NewConnection("second", "https://second.example", credentials), hub.clock()
    )
    written: list[tuple[datetime, str, str, int, str, str]] = []

    async def keep(connection_id: Any, resource: str, number: int, text: str, by: str) -> None:
        moment = NOON + len(written) * HOUR / 4
        shelf = Shelf(hub.organisation_id, connection_id, resource, by)
        async with hub.database.transaction(hub.organisation_id) as tx:
            if text == "gone":
                await bury_records(tx, shelf, [str(number)], served_at=moment, now=moment)
            else:
                document = f'{{"id":{number},"name":"{text}"}}'.encode()
                record = read_record(named(resource), document)
                await write_records(
                    tx, shelf, [record], served_at=moment, now=moment, state=State.LISTED
                )
        before = [w for w in written if w[1:3] == (resource, str(number))]
        what = "gone" if text == "gone" else "new" if not before else "changed"
        if before and before[-1][4] == "gone":
            what = "back"
        written.append((moment, resource, str(number), len(before) + 1, what, by))

    for number in range(1, 6):
        await keep(twin.connection.id, "tags", number, "a", "pull")
        await keep(added.connection.id, "categories", number, "a", "sweep")
    for number, text, by in ((1, "b", "webhook"), (2, "gone", "sweep"), (2, "c", "push")):
        await keep(twin.connection.id, "tags", number, text, by)
        await keep(added.connection.id, "categories", number, text, by)
    return [key[1:] for key in reversed(written)]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def api(twin: Twin, told: list[Key]) -> AsyncIterator[Api]:
    async with serving_api(twin.hub) as served:
        yield served.by(await key_of(twin.hub, Role.VIEWER))


def key_of_change(change: dict[str, Any]) -> Key:
    names = ("resource", "remote_id", "version", "event", "brought_by")
    return tuple(change[name] for name in names)  # type: ignore[return-value]


async def all_of(api: Api, **params: Any) -> list[Key]:
    found: list[dict[str, Any]] = []
    for _ in range(100):
        page = await api.get("/history", **params)
        found += page["data"]
        if page["next_cursor"] is None:
            return [key_of_change(change) for change in found]
        params["cursor"] = page["next_cursor"]
    raise AssertionError("a list without an end")


async def test_every_change_of_every_connection_is_told_once_the_latest_first(
    api: Api, told: list[Key]
) -> None:
    assert await all_of(api) == told
    for limit in (1, 3, len(told) - 1, len(told)):
        assert await all_of(api, limit=limit) == told


@pytest.mark.parametrize("at_once", [3, 500])
async def test_it_is_narrowed(
    api: Api, told: list[Key], at_once: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(changes, "AT_ONCE", at_once)
    monkeypatch.setattr(changes, "MOST_LOOKED_AT", at_once * 2)
    for place, name, values in (
        (0, "resource", ("tags", "categories", "orders")),
        (1, "remote_id", ("2", "9")),
        (3, "event", ("new", "changed", "gone", "back")),
        (4, "brought_by", ("pull", "sweep", "webhook", "push")),
    ):
        for value in values:
            found = await all_of(api, **{name: value, "limit": 2})
            assert found == [key for key in told if key[place] == value], (name, value)
    mixed = await all_of(api, connection=NAME, event="gone", brought_by="sweep")
    assert mixed == [key for key in told if key[0] == "tags" and key[3:] == ("gone", "sweep")]
    assert await all_of(api, connection="second") == [key for key in told if key[0] != "tags"]


async def test_a_span_has_its_beginning_and_not_its_end(api: Api, told: list[Key]) -> None:
    ascending = told[::-1]
    since, until = NOON + 3 * HOUR / 4, NOON + 7 * HOUR / 4
    found = await all_of(api, since=since.isoformat(), until=until.isoformat(), limit=2)
    assert found == ascending[3:7][::-1]
    assert await all_of(api, until=NOON.isoformat()) == []


async def test_it_says_which_fields_a_change_touched(api: Api) -> None:
    page = await api.get("/history", resource="tags", remote_id="2")
    assert [one["fields"] for one in page["data"]] == [["name"], [], []]
    one = await api.get("/history", resource="tags", remote_id="1", event="changed")
    assert [(c["fields"], c["state"]) for c in one["data"]] == [(["name"], "listed")]


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("connection=nowhere", 404),
        ("resource=nothing", 404),
        ("event=lost", 422),
        ("since=soon", 422),
        ("since=9999-12-31T23:59:59-14:00", 422),
        ("limit=0", 422),
        ("cursor=AAAA", 400),
        ("page=2", 422),
    ],
)
async def test_what_cannot_be_answered_is_refused(api: Api, query: str, status: int) -> None:
    assert (await api.ask("GET", f"/history?{query}")).status == status


async def test_a_page_looks_at_a_bounded_number_of_versions(
    api: Api, told: list[Key], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(changes, "AT_ONCE", 2)
    monkeypatch.setattr(changes, "MOST_LOOKED_AT", 4)
    page = await api.get("/history", remote_id="1", resource="tags", event="new")
    assert page["data"] == []
    assert page["next_cursor"] is not None
