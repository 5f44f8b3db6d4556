"""Secrets in records: sealed before anything is written, masked at every door, and still compared."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import zstandard

from hubs import NAME, Twin, finding, lacking, open_twin
from plain_stores import PlainStore, plain_store
from storetwin.connections.choices import Choices
from storetwin.connections.options import Endpoint
from storetwin.mirror.models import Level
from storetwin.resources import named
from storetwin.woocommerce.records import locate_secrets

SECRETS = (
    "sk_live_51Hq0aBcDeFg",
    "hunter2",
    "whsec_YmxhY2sgY2F0",
    "9f86d081884c7d659a2feaa0c55ad015",
)
GATEWAYS = "wc/v3/payment_gateways"


def setting(name: str, kind: str, value: Any) -> dict[str, Any]:
    return {"id": name, "label": name, "type": kind, "value": value, "default": ""}


def gateways() -> list[dict[str, Any]]:
    return [
        {"id": "bacs", "title": "Bank", "settings": []},
        {
            "id": "stripe",
            "title": "Cards",
            "settings": {
                s["id"]: s
                for s in (
                    setting("title", "text", "Pay by card"),
                    setting("enabled", "checkbox", "yes"),
                    setting("secret_key", "password", SECRETS[0]),
                    setting("merchant", "text", SECRETS[1]),
                    setting("webhook", "textarea", [{"secret": SECRETS[2]}]),
                    setting("account", "text", ""),
                )
            },
        },
    ]


def settings() -> list[dict[str, Any]]:
    return [
        setting("woocommerce_currency", "select", "EUR"),
        setting("acme_license_key", "text", SECRETS[3]),
    ]


@pytest.fixture
def store() -> Iterator[PlainStore]:
    lists: dict[str, Any] = {
        GATEWAYS: gateways(),
        "wc/v3/settings": [{"id": "general", "label": "General", "parent_id": ""}],
        "wc/v3/settings/general": settings(),
    }
    with plain_store(PlainStore(lists, unpaged=frozenset(lists), words=("general",))) as opened:
        yield opened


async def dump(twin: Twin) -> bytes:
    """Return all that the database holds: every row of every table, versions unpacked."""
    tables = await twin.rows(
        "SELECT schemaname, tablename FROM pg_tables"
        " WHERE schemaname NOT IN ('pg_catalog', 'information_schema')"
        " AND has_table_privilege(format('%%I.%%I', schemaname, tablename), 'SELECT')"
    )
    assert len(tables) > 8
    parts = []
    for table in tables:
        rows = await twin.rows(
            f"SELECT t::text AS row FROM {table['schemaname']}.{table['tablename']} t"
        )
        parts += [row["row"].encode() for row in rows]
    unpack = zstandard.ZstdDecompressor().decompress
    for row in await twin.rows("SELECT document_zstd FROM mirror.versions"):
        parts.append(unpack(row["document_zstd"]))
    return b"\n".join(parts)


def assert_without_secrets(text: bytes) -> None:
    for secret in SECRETS:
        assert secret.encode() not in text
        assert secret.encode().hex().encode() not in text


async def test_a_dump_of_the_database_holds_no_secret(
    database_dsn: str, tmp_path: Path, store: PlainStore
) -> None:
    async with open_twin(database_dsn, tmp_path, store) as twin:
        outcome = await twin.pull()
        assert outcome.is_complete, lacking(outcome)
        assert finding(outcome, "payment_gateways")["in_twin"] == 2
        assert finding(outcome, "settings")["in_twin"] == 2
        store.lists[GATEWAYS][1]["settings"]["merchant"]["value"] = "hunter3"
        assert (await twin.pull()).is_complete
        assert len((await twin.earlier_versions("payment_gateways"))["stripe"]) == 1
        found = await dump(twin)
        assert b"Pay by card" in found
        assert b"woocommerce_currency" in found
        assert_without_secrets(found)
        assert b"hunter3" not in found


async def test_what_is_sealed_is_what_the_store_sent(
    database_dsn: str, tmp_path: Path, store: PlainStore
) -> None:
    async with open_twin(database_dsn, tmp_path, store) as twin:
        await twin.pull()
        sealer = twin.hub.register.sealer(twin.connection)
        sent = store.served[GATEWAYS]
        for name, document in (await twin.documents("payment_gateways")).items():
            opened = sealer.open(
                document,
                f"payment_gateways/{name}",
                lambda text: locate_secrets(named("payment_gateways"), text),
            )
            assert opened in sent
        # Twice the bytes of a small record: only the values are replaced, nothing around them.
        assert json.loads((await twin.documents("payment_gateways"))["stripe"])["title"] == "Cards"


async def test_the_same_secret_makes_no_version_and_another_one_does(
    database_dsn: str, tmp_path: Path, store: PlainStore
) -> None:
    async with open_twin(database_dsn, tmp_path, store) as twin:
        await twin.pull()
        before = await twin.documents("payment_gateways")
        assert (await twin.pull("payment_gateways", full=True)).is_complete
        assert (await twin.verify(level=Level.BYTES)).is_complete
        assert await twin.documents("payment_gateways") == before
        assert await twin.earlier_versions("payment_gateways") == {}

        store.lists[GATEWAYS][1]["settings"]["secret_key"]["value"] = "sk_live_other"
        outcome = await twin.pull("payment_gateways")
        assert finding(outcome, "payment_gateways")["fetched"] == 1
        assert set(await twin.earlier_versions("payment_gateways")) == {"stripe"}


async def test_no_door_shows_a_secret_or_its_seal(
    database_dsn: str, tmp_path: Path, store: PlainStore
) -> None:
    async with open_twin(database_dsn, tmp_path, store) as twin:
        await twin.pull()
        for resource, remote_id in (
            ("payment_gateways", "stripe"),
            ("settings", "general/acme_license_key"),
        ):
            row, _ = await twin.hub.history.record(NAME, resource, remote_id)
            assert '"(sealed)"' in row["payload"]
            assert "$sealed" not in str(row)
            assert_without_secrets(str(row).encode())
        [view] = await twin.rows(
            "SELECT document->'settings'->'secret_key'->>'value' AS shown,"
            " document->'settings'->'title'->>'value' AS title FROM mirror.documents"
            " WHERE resource = 'payment_gateways' AND remote_id = 'stripe'"
        )
        assert view["title"] == "Pay by card"
        assert json.loads(view["shown"]).keys() == {"$sealed"}


async def test_what_becomes_secret_later_does_not_stay_in_the_open(
    database_dsn: str, tmp_path: Path
) -> None:
    cards = Endpoint("cards", "wc/v3/cards")
    lists: dict[str, Any] = {
        "wc/v3/cards": [{"id": 7, "token": "hunter2", "email": "hunter2@x.test"}]
    }
    with plain_store(PlainStore(lists)) as store:
        async with open_twin(database_dsn, tmp_path, store) as twin:
            await twin.hub.configure(NAME, Choices(endpoints=(cards,)))
            await twin.pull("cards")
            lists["wc/v3/cards"][0]["note"] = "a second version"
            await twin.pull("cards")
            assert b"hunter2" in await dump(twin)

            sealed = Endpoint("cards", "wc/v3/cards", secret=("token", "email"))
            _, forgotten = await twin.hub.configure(NAME, Choices(endpoints=(sealed,)))
            assert forgotten == ["cards"]
            assert b"hunter2" not in await dump(twin)
            outcome = await twin.pull("cards")
            assert finding(outcome, "cards")["in_twin"] == 1
            assert b"hunter2" not in await dump(twin)
