"""The door over real sockets: what is let in, what is not, and what is left when it was answered."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterator
from dataclasses import replace
from uuid import uuid4

import pytest
from pydantic import SecretStr

from doors import inbox_of, open_door
from hubs import Twin
from storetwin.api import keeping, webhooks
from storetwin.api.keeping import Limits
from storetwin.connections.models import Credentials
from storetwin.connections.register import NewConnection
from storetwin.db import DatabaseUnavailableError
from storetwin.sandboxes.woocommerce import Sandbox, running_store

ORDER = {"id": 35741, "parent_id": 0, "status": "processing", "total": "460.13"}
GONE = {
    "code": "woocommerce_rest_product_invalid_id",
    "message": "Invalid ID.",
    "data": {"status": 404},
}


async def traffic(twin: Twin) -> dict[str, object]:
    rows = await twin.rows(
        "SELECT deliveries, refused, missed, last_refusal, last_ping_at, last_delivery_at"
        " FROM connections.webhooks WHERE connection_id = %(connection_id)s"
    )
    return rows[0]


async def noted(twin: Twin, column: str) -> object:
    """Wait until something was written down that is written down now and then."""
    for _ in range(200):
        if value := (await traffic(twin))[column]:
            return value
        await asyncio.sleep(0.02)
    raise AssertionError(f"{column} was never written")


@pytest.fixture(scope="module")
def store() -> Iterator[Sandbox]:
    """The door never asks a store: one for all tests is enough."""
    with running_store(orders=5, seed=7) as sandbox:
        yield sandbox


@pytest.fixture(autouse=True)
def notes_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(webhooks, "NOTES_SECONDS", 0.05)


async def test_a_delivery_is_kept_as_it_came(twin: Twin) -> None:
    async with open_door(twin) as door:
        body = '{"id":35741,"note":"Ünï \\u0000 \\ud83d"}'.encode()
        assert await door.sender.deliver("order.updated", body) == 200
        (row,) = await inbox_of(twin)
        assert (row["topic"], row["resource"], row["remote_id"]) == (
            "order.updated", "orders", "35741",
        )  # fmt: skip
        assert (bytes(row["body"]), row["state"], row["attempts"]) == (body, "waiting", 0)
        found = await traffic(twin)
        assert (found["deliveries"], found["refused"]) == (1, 0)


async def test_what_deliveries_name(twin: Twin) -> None:
    """Every shape of a body is judged in tests/unit/api; these go through the wire."""
    cases = (
        ("order.deleted", {"id": 35741}, ("orders", "35741", None, "waiting")),
        (
            "product.updated",
            {"id": 483, "type": "variation", "parent_id": 481},
            ("variations", "483", "481", "waiting"),
        ),
        ("product.created", GONE, ("products", None, None, "ignored")),
        ("order.updated", b"\xff\xfe", ("orders", None, None, "ignored")),
    )
    async with open_door(twin) as door:
        for topic, record, _ in cases:
            assert await door.sender.deliver(topic, record) == 200
        names = ("resource", "remote_id", "parent_id", "state")
        found = [tuple(row[name] for name in names) for row in await inbox_of(twin)]
        assert found == [told for _, _, told in cases]


async def test_what_is_not_genuine_is_refused_and_said(twin: Twin) -> None:
    """Every way to be wrong is judged in tests/unit/api; these go through the wire."""
    forged = "dIyqOeMGml6nl/7ZmqOpQ8eG0n1D9bkNQTnAr/66X6A="
    cases: tuple[tuple[dict[str, str | None], int, str], ...] = (
        ({"X_WC_Webhook_Signature": forged}, 401, "wrong"),
        ({"X_WC_Webhook_Signature": None}, 401, "not signed"),
        ({"X_WC_Webhook_Source": "https://staging.example/"}, 403, "staging.example"),
        ({"X_WC_Webhook_Topic": "action.woocommerce_login"}, 400, "action.woocommerce_login"),
    )
    async with open_door(twin) as door:
        for number, (changed, status, reason) in enumerate(cases, 1):
            assert await door.sender.deliver("order.updated", ORDER, **changed) == status
            for _ in range(200):
                found = await traffic(twin)
                if found["refused"] == number:
                    break
                await asyncio.sleep(0.02)
            assert (found["refused"], reason in str(found["last_refusal"])) == (number, True)
        assert await inbox_of(twin) == []


async def test_a_body_that_was_changed_on_the_way_is_refused(twin: Twin) -> None:
    async with open_door(twin) as door:
        headers = door.sender.headers("order.updated", b'{"id":1}')
        assert await door.sender.post(b'{"id":2}', headers) == 401
        assert await door.sender.post(b'{"id":1}', headers) == 200


async def test_a_token_that_is_nobodys_is_told_nothing(twin: Twin) -> None:
    async with open_door(twin) as door:
        for token in (door.end.token[:-1] + "_", "x", "%00", "a" * 4000):
            url = f"{door.url}/hooks/{token}"
            assert await door.sender.deliver("order.updated", ORDER, url) == 404
        async with door.sender.session.get(door.sender.url) as response:
            assert response.status == 405
        assert await inbox_of(twin) == []


async def test_another_organisations_token_opens_no_inbox_but_its_own(twin: Twin) -> None:
    other = uuid4()
    async with twin.hub.database.transaction(other) as tx:
        await tx.execute(
            "INSERT INTO tenancy.organisations (id, name, created_at) VALUES (%s, 'B', now())",
            (other,),
        )
    hub = twin.hub.of(other)
    keys = Credentials(SecretStr("ck_b"), SecretStr("cs_b"))
    added = await hub.register.add(NewConnection("shop", "https://b.example", keys), hub.clock())
    end = await hub.register.receiving_ends.ensure(added.connection, hub.clock())
    async with open_door(twin) as door:
        theirs = end.url(door.url)
        assert await door.sender.deliver("order.updated", ORDER, theirs) == 401
        b = replace(door.sender, url=theirs, secret=end.secret, source="https://b.example/")
        assert await b.deliver("order.updated", ORDER) == 200
        assert await inbox_of(twin) == []
        async with hub.database.transaction(other) as tx:
            rows = await tx.fetch_all("SELECT connection_id FROM mirror.inbox")
        assert [row["connection_id"] for row in rows] == [added.connection.id]


async def test_the_ping_is_answered_and_noted_and_nothing_is_kept(twin: Twin) -> None:
    async with open_door(twin) as door:
        form = {"Content-Type": "application/x-www-form-urlencoded"}
        assert await door.sender.post(b"webhook_id=12", form) == 200
        await noted(twin, "last_ping_at")
        assert await door.sender.post(b"webhook_id=12&id=3", form) == 401
        assert await door.sender.post(b"webhook_id=12", {"Content-Type": "text/plain"}) == 401
        assert await inbox_of(twin) == []


async def test_a_delivery_that_is_too_long_is_read_no_further(twin: Twin) -> None:
    async with open_door(twin, limits=Limits(body=10_000)) as door:
        long = b'{"id":1,"x":"' + b"x" * 20_000 + b'"}'
        assert await door.sender.deliver("order.updated", long) == 413
        whole = b'{"id":1,"x":"' + b"x" * 9_000 + b'"}'
        assert await door.sender.deliver("order.updated", whole) == 200
        assert "10,000 bytes" in str(await noted(twin, "last_refusal"))


async def test_chunked_bodies_are_as_good_and_bounded_as_well(twin: Twin) -> None:
    async with open_door(twin, limits=Limits(body=100_000)) as door:

        async def post(body: bytes) -> int:
            async def pieces():
                for at in range(0, len(body), 1000):
                    yield body[at : at + 1000]

            headers = door.sender.headers("order.updated", body)
            async with door.sender.session.post(
                door.sender.url, data=pieces(), headers=headers
            ) as response:
                return response.status

        assert await post(b'{"id":7,"x":"' + b"x" * 50_000 + b'"}') == 200
        assert await post(b'{"id":8,"x":"' + b"x" * 400_000 + b'"}') == 413
        assert [row["remote_id"] for row in await inbox_of(twin)] == ["7"]


async def test_a_body_that_never_comes_to_its_end_is_not_waited_for(
    twin: Twin, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(webhooks, "BODY_SECONDS", 0.1)
    async with open_door(twin) as door:
        port = int(door.url.rsplit(":", 1)[1])
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        path = door.sender.url.removeprefix(door.url)
        head = f"POST {path} HTTP/1.1\r\nHost: hub\r\nContent-Length: 100\r\n\r\nslow"
        writer.write(head.encode())
        assert (await reader.readline()).startswith(b"HTTP/1.1 408")
        writer.close()


async def test_doubles_of_one_delivery_id_are_all_kept(twin: Twin) -> None:
    async with open_door(twin) as door:
        records = [{"id": 1}, {"id": 2}, {"id": 1}]
        answers = [await door.sender.deliver("order.updated", one) for one in records]
        assert answers == [200, 200, 200]
        assert [row["remote_id"] for row in await inbox_of(twin)] == ["1", "2", "1"]


async def test_many_at_once_take_few_transactions(twin: Twin) -> None:
    async with open_door(twin) as door:
        await door.sender.deliver("order.updated", {"id": 1})
        before = await twin.rows("SELECT xmin::text AS x FROM mirror.inbox")
        jobs = [door.sender.deliver("order.updated", {"id": 2 + n}) for n in range(300)]
        assert set(await asyncio.gather(*jobs)) == {200}
        rows = await twin.rows("SELECT DISTINCT xmin::text AS x FROM mirror.inbox")
        assert len(await inbox_of(twin)) == 301
        assert len(rows) - len(before) < 100


async def test_only_allowed_addresses_deliver(twin: Twin) -> None:
    async with open_door(twin, allowed_ips=["203.0.113.0/24"]) as door:
        assert await door.sender.deliver("order.updated", ORDER) == 403
        forged = {"X_Forwarded_For": "203.0.113.9"}
        assert await door.sender.deliver("order.updated", ORDER, **forged) == 403
        assert "127.0.0.1" in str(await noted(twin, "last_refusal"))
    async with open_door(twin, allowed_ips=["127.0.0.1"]) as door:
        assert await door.sender.deliver("order.updated", ORDER) == 200


async def test_behind_a_proxy_the_last_address_of_its_header_counts(twin: Twin) -> None:
    async with open_door(
        twin, allowed_ips=["203.0.113.0/24"], proxy_header="X-Forwarded-For"
    ) as door:
        for told, status in (
            ("203.0.113.9", 200),
            ("198.51.100.1, 203.0.113.9", 200),
            ("203.0.113.9, 198.51.100.1", 403),
            ("::ffff:203.0.113.9", 200),
            ("nonsense", 403),
            (None, 403),
        ):
            answer = await door.sender.deliver("order.updated", ORDER, X_Forwarded_For=told)
            assert answer == status, told


async def test_a_full_inbox_keeps_one_hint_a_record(twin: Twin) -> None:
    async with open_door(twin, limits=Limits(waiting=3)) as door:
        door.door._keeper._gauges.clear()
        for _ in range(2):
            for number in range(1, 11):
                answer = await door.sender.deliver("order.updated", {"id": number})
                assert answer == 200
        rows = await inbox_of(twin)
        whole = [row for row in rows if row["body"] is not None]
        hints = [row["remote_id"] for row in rows if row["body"] is None]
        assert len(whole) == 3
        assert len(hints) == len(set(hints)) == 10  # 4 to 10, then 1 to 3 once more
        assert {row["remote_id"] for row in rows} == {str(n) for n in range(1, 11)}


async def test_bytes_fill_an_inbox_as_well(twin: Twin) -> None:
    async with open_door(twin, limits=Limits(waiting_bytes=25_000)) as door:
        for number in range(1, 6):
            record = {"id": number, "x": "x" * 10_000}
            assert await door.sender.deliver("order.updated", record) == 200
        rows = await inbox_of(twin)
        assert [row["body"] is not None for row in rows] == [True, True, False, False, False]


async def test_a_change_of_the_secret_is_known_at_once(twin: Twin) -> None:
    async with open_door(twin) as door:
        assert await door.sender.deliver("order.updated", ORDER) == 200
        await asyncio.sleep(0.2)  # until the door listens
        ends = twin.hub.register.receiving_ends
        new = await ends.ensure(twin.connection, twin.hub.clock(), is_new=True)
        renewed = replace(door.sender, url=new.url(door.url), secret=new.secret)

        async def status(sender) -> int:
            return await sender.deliver("order.updated", ORDER)

        for _ in range(100):
            if await status(door.sender) == 404:
                break
            await asyncio.sleep(0.02)
        assert (await status(door.sender), await status(renewed)) == (404, 200)
        await ends.close(twin.connection.id)
        for _ in range(100):
            if await status(renewed) == 404:
                break
            await asyncio.sleep(0.02)
        assert await status(renewed) == 404


async def test_without_the_database_nothing_is_answered_200(
    twin: Twin, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with open_door(twin) as door:
        assert await door.sender.deliver("order.updated", {"id": 1}) == 200
        usual = type(twin.hub.database).transaction

        def away(self, organisation_id):
            raise DatabaseUnavailableError("PostgreSQL is not available: it stopped.")

        monkeypatch.setattr(type(twin.hub.database), "transaction", away)
        body = b'{"id":2}'
        headers = door.sender.headers("order.updated", body)
        async with door.sender.session.post(door.sender.url, data=body, headers=headers) as said:
            assert (said.status, said.headers["Retry-After"]) == (503, "10")
        other = f"{door.url}/hooks/{'y' * 43}"
        assert await door.sender.deliver("order.updated", {"id": 2}, other) == 503
        monkeypatch.setattr(type(twin.hub.database), "transaction", usual)
        assert await door.sender.deliver("order.updated", {"id": 3}) == 200
        assert [row["remote_id"] for row in await inbox_of(twin)] == ["1", "3"]


async def test_a_connection_that_was_removed_gets_404(twin: Twin) -> None:
    async with open_door(twin) as door:
        assert await door.sender.deliver("order.updated", ORDER) == 200
        await twin.hub.register.remove("shop")
        assert await door.sender.deliver("order.updated", ORDER) == 404


async def test_no_secret_and_no_person_gets_into_a_log(
    twin: Twin, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    async with open_door(twin) as door:
        record = ORDER | {"billing": {"email": "jane@person.example"}}
        assert await door.sender.deliver("order.updated", record) == 200
        bad = {"X_WC_Webhook_Signature": "bad"}
        assert await door.sender.deliver("order.updated", record, **bad) == 401
        await noted(twin, "last_refusal")
        said = caplog.text + repr(door.end) + str(await traffic(twin))
        for secret in (door.end.secret, "jane@person.example"):
            assert secret not in said
        assert door.end.token not in repr(door.end)


def test_the_door_waits_no_longer_than_a_store_does() -> None:
    assert keeping.PATIENCE_SECONDS + webhooks.BODY_SECONDS < 60
