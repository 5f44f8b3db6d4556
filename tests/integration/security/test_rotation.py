"""Changing the vault's key while everything runs: nothing is lost, nothing looks changed."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from psycopg import AsyncConnection
from pydantic import SecretStr

from hubs import NAME, Twin, lacking, open_twin
from plain_stores import PlainStore, plain_store
from storetwin.bootstrap import open_hub
from storetwin.connections.choices import Choices
from storetwin.connections.options import Endpoint
from storetwin.db.session import connect
from storetwin.hub import Hub
from storetwin.hub.vaults import KeyInUseError, KeyUnchangedError, RotationBusyError, Tally
from storetwin.runs.models import RunKind
from storetwin.security import WrongEncryptionKeyError
from storetwin.security.columns import COLUMNS
from storetwin.security.key import KEY_FILE
from storetwin.security.vault import sealing_key_of
from storetwin.settings import Settings
from storetwin.tenancy.answers import Answered, Answers
from storetwin.tenancy.members import NewUser, add_user
from storetwin.tenancy.models import Permission, Principal, Role, Via

GATEWAYS = "wc/v3/payment_gateways"
SHELVES = "wc/v3/shelves"


def setting(name: str, kind: str, value: Any) -> dict[str, Any]:
    return {"id": name, "label": name, "type": kind, "value": value, "default": ""}


def gateway(number: int, secret: str) -> dict[str, Any]:
    return {
        "id": f"gate{number}",
        "title": "Cards",
        "settings": {"key": setting("key", "password", secret)},
    }


@pytest.fixture
def store() -> Iterator[PlainStore]:
    lists: dict[str, Any] = {
        GATEWAYS: [gateway(n, f"secret {n}") for n in range(30)],
        "wc/v3/settings": [{"id": "general", "label": "General", "parent_id": ""}],
        "wc/v3/settings/general": [setting("acme_license_key", "text", "9f86d081884c7d65")],
        SHELVES: [
            {"id": n, "pay": {"token": f"tok {n}"}, "odd": "\u0000\ud800", "more": [{"pin": n}]}
            for n in range(1, 8)
        ],
    }
    unpaged = frozenset(lists)
    with plain_store(PlainStore(lists, unpaged=unpaged, words=("general",))) as opened:
        yield opened


@pytest.fixture
async def twin(database_dsn: str, tmp_path: Path, store: PlainStore) -> AsyncIterator[Twin]:
    """A twin that has every kind of sealed value, under the key of a file."""
    async with open_twin(database_dsn, tmp_path, store) as given:
        settings = settings_of(database_dsn, tmp_path)
    (tmp_path / KEY_FILE).write_text(base64.b64encode(bytes(range(32))).decode())
    async with open_hub(settings) as hub:
        twin = replace(given, hub=replace(hub, stores=given.hub.stores))
        endpoint = Endpoint(
            "shelves", SHELVES, is_paged=False, secret=("pay.token", "more.pin"), key="id"
        )
        await hub.configure(NAME, Choices(endpoints=(endpoint,)))
        await twin.pull()
        store.lists[GATEWAYS][1] = gateway(1, "another secret")
        store.lists[SHELVES][1]["pay"]["token"] = "another token"
        outcome = await twin.pull(full=True)
        assert outcome.is_complete, lacking(outcome)
        await hub.register.receiving_ends.ensure(twin.connection, hub.clock())
        await (await answers_of(hub)).keep("once", Answered(201, {}, b"stk_secret"))
        yield twin


def settings_of(dsn: str, folder: Path, **more: Any) -> Settings:
    return Settings(
        database_url=SecretStr(dsn), data_dir=folder, allowed_networks=("127.0.0.1/32",), **more
    )


async def answers_of(hub: Hub) -> Answers:
    new = NewUser("ada@example.org", "Ada", False)
    user_id = await add_user(hub.database, hub.organisation_id, new, Role.OWNER, hub.clock())
    principal = Principal(
        user_id=user_id,
        organisation_id=hub.organisation_id,
        role=Role.OWNER,
        permissions=frozenset(Permission),
        via=Via.SESSION,
        credential_id=user_id,
        actor="ada",
    )
    answers = Answers(hub.database, hub.vault, principal)
    await answers.claim("once", b"hash", hub.clock())
    return answers


async def opened(twin: Twin, hub: Hub) -> dict[str, str]:
    """Return every sealed value, opened by a hub, by the place where it stands."""
    found: dict[str, str] = {}
    connection = await hub.register.get(NAME)
    keys = hub.register.credentials(connection)
    found["credentials"] = keys.key.get_secret_value() + keys.secret.get_secret_value()
    end = await hub.register.receiving_ends.get(connection.id)
    if end:
        found["webhook"] = end.token + end.secret
    sealer = hub.register.sealer(connection)
    for resource in ("payment_gateways", "settings", "shelves"):
        for name, document in (await twin.documents(resource)).items():
            found[f"{resource}/{name}"] = _opened(sealer, resource, name, document)
        for name, documents in (await twin.earlier_versions(resource)).items():
            for number, document in enumerate(documents):
                place = f"{resource}/{name}/{number}"
                found[place] = _opened(sealer, resource, name, document)
    return found


def _opened(sealer: Any, resource: str, name: str, document: bytes) -> str:
    from storetwin.connections.catalogue import resource_for
    from storetwin.resources import RESOURCES, named
    from storetwin.woocommerce.records import locate_secrets

    if resource == "shelves":
        endpoint = Endpoint("shelves", SHELVES, is_paged=False, secret=("pay.token", "more.pin"))
        declared = resource_for(endpoint, RESOURCES)
    else:
        declared = named(resource)
    whole = sealer.open(document, f"{resource}/{name}", lambda text: locate_secrets(declared, text))
    assert b"$sealed" not in whole
    return bytes(whole).decode("utf-8", "surrogateescape")


async def keys_in_use(twin: Twin) -> set[str]:
    return {key for key, count in (await twin.hub.vaults.status()).values.items() if count}


# -- the whole of it --------------------------------------------------------------------------------


async def test_everything_is_sealed_anew_and_nothing_looks_changed(
    twin: Twin, store: PlainStore, database_dsn: str, tmp_path: Path
) -> None:
    before = await opened(twin, twin.hub)
    assert len(before) == 2 + 30 + 1 + 7 + 2
    old = twin.hub.vault.key_id
    hashes = await twin.rows("SELECT remote_id, version, content_hash FROM mirror.snapshots")
    async with open_hub(settings_of(database_dsn, tmp_path)) as other:
        counted = (await twin.hub.vaults.status()).values
        assert set(counted) == {old}
        rotated = await twin.hub.vaults.rotate()
        assert rotated.is_new
        assert rotated.former == (old,)
        assert rotated.resealed == counted[old]
        assert (await twin.hub.vaults.status()).values == {rotated.key_id: counted[old]}
        # Another process goes on: it opens what is there, and seals with the new key.
        assert await opened(twin, other) == before
        assert other.vault.key_id == rotated.key_id
        assert (await twin.hub.vaults.retire()).dropped == (old,)
        assert await opened(twin, other) == before
    async with open_hub(settings_of(database_dsn, tmp_path)) as fresh:
        assert fresh.vault.former_ids == ()
        assert await opened(twin, fresh) == before
    assert hashes == await twin.rows(
        "SELECT remote_id, version, content_hash FROM mirror.snapshots"
    )
    assert (await twin.pull(full=True)).is_complete
    assert hashes == await twin.rows(
        "SELECT remote_id, version, content_hash FROM mirror.snapshots"
    )
    store.lists[GATEWAYS][2] = gateway(2, "changed")
    await twin.pull(full=True)
    assert (await twin.snapshots("payment_gateways"))["gate2"]["version"] == 2


async def test_a_second_change_follows_the_first(twin: Twin) -> None:
    before = await opened(twin, twin.hub)
    first = await twin.hub.vaults.rotate()
    second = await twin.hub.vaults.rotate()
    assert second.is_new
    assert second.key_id != first.key_id
    assert len(twin.hub.vault.former_ids) == 2
    assert len((await twin.hub.vaults.retire()).dropped) == 2
    assert await opened(twin, twin.hub) == before


async def test_a_pull_writes_meanwhile_and_nothing_is_lost(
    twin: Twin, store: PlainStore, database_dsn: str, tmp_path: Path
) -> None:
    async with open_hub(settings_of(database_dsn, tmp_path)) as hub:
        other = replace(twin, hub=replace(hub, stores=twin.hub.stores))
        is_over = asyncio.Event()

        async def pulling() -> int:
            rounds = 0
            while not is_over.is_set() or rounds < 2:
                rounds += 1
                for number in range(30):
                    store.lists[GATEWAYS][number] = gateway(number, f"round {rounds} {number}")
                assert (await other.pull("payment_gateways", full=True)).is_complete
            return rounds

        task = asyncio.create_task(pulling())
        for _ in range(3):
            await twin.hub.vaults.rotate()
        is_over.set()
        rounds = await task
        await twin.hub.vaults.rotate()
    assert await keys_in_use(twin) == {twin.hub.vault.key_id}
    await twin.hub.vaults.retire()
    found = await opened(twin, twin.hub)
    for number in range(30):
        told = json.loads(found[f"payment_gateways/gate{number}"])
        assert told["settings"]["key"]["value"] == f"round {rounds} {number}"


# -- cut off ----------------------------------------------------------------------------------------


class _Killed(BaseException):
    """The process is gone."""


async def steps_of(twin: Twin, monkeypatch: pytest.MonkeyPatch, most: int | None) -> int:
    """Change the key, and be killed at the so-manieth transaction; return how many there were."""
    taken = 0
    transaction = type(twin.hub.database).transaction

    @asynccontextmanager
    async def counted(self: Any, *args: Any, **more: Any) -> AsyncIterator[Any]:
        nonlocal taken
        taken += 1
        if taken - 1 == most:
            raise _Killed
        async with transaction(self, *args, **more) as tx:
            yield tx

    with monkeypatch.context() as patch:
        patch.setattr(type(twin.hub.database), "transaction", counted)
        if most is None:
            await twin.hub.vaults.rotate()
        else:
            with pytest.raises(_Killed):
                await twin.hub.vaults.rotate()
    return taken


async def test_cut_off_at_any_step_the_next_call_goes_on(
    twin: Twin, database_dsn: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = await opened(twin, twin.hub)
    steps = await steps_of(twin, monkeypatch, None)
    assert steps > 20
    for step in range(0, steps, 4):
        twin.hub.vault.look_again()
        keys = len(twin.hub.vault.former_ids)
        await steps_of(twin, monkeypatch, step)
        async with open_hub(settings_of(database_dsn, tmp_path)) as fresh:
            assert await opened(twin, fresh) == before
            finished = await fresh.vaults.rotate()
            assert len(fresh.vault.former_ids) == keys + 1  # never two keys for one change
            assert set((await fresh.vaults.status()).values) == {finished.key_id}
    await twin.hub.vaults.retire()
    assert await opened(twin, twin.hub) == before


async def test_without_the_former_key_a_change_that_is_under_way_does_not_start(
    twin: Twin, database_dsn: str, tmp_path: Path
) -> None:
    def stop(tally: Tally) -> None:
        if tally.resealed > 3:
            raise _Killed

    with pytest.raises(_Killed):
        await twin.hub.vaults.rotate(stop)
    status = await twin.hub.vaults.status()
    assert status.is_rotating
    with pytest.raises(KeyInUseError):
        await twin.hub.vaults.retire()
    lines = (tmp_path / KEY_FILE).read_text().splitlines()
    (tmp_path / KEY_FILE).write_text(lines[0])
    with pytest.raises(WrongEncryptionKeyError, match=f"former encryption key {status.former[0]}"):
        async with open_hub(settings_of(database_dsn, tmp_path)):
            pass
    (tmp_path / KEY_FILE).write_text(lines[1])
    with pytest.raises(WrongEncryptionKeyError, match="not the one"):
        async with open_hub(settings_of(database_dsn, tmp_path)):
            pass


# -- keys from the environment, and what stands in the way ------------------------------------------


async def test_keys_from_the_environment(twin: Twin, database_dsn: str, tmp_path: Path) -> None:
    before = await opened(twin, twin.hub)
    old, new = (base64.b64encode(key).decode() for key in (bytes(range(32)), b"n" * 32))
    only = settings_of(database_dsn, tmp_path, encryption_key=SecretStr(old))
    async with open_hub(only) as hub:
        with pytest.raises(KeyUnchangedError) as caught:
            await hub.vaults.rotate()
        assert "STORETWIN_FORMER_ENCRYPTION_KEYS" in str(caught.value.remedy)
    changed = {"encryption_key": SecretStr(new), "former_encryption_keys": SecretStr(old)}
    async with open_hub(settings_of(database_dsn, tmp_path, **changed)) as hub:
        rotated = await hub.vaults.rotate()
        assert not rotated.is_new
        assert await opened(twin, hub) == before
        assert (await hub.vaults.retire()).removable == rotated.former
    async with open_hub(settings_of(database_dsn, tmp_path, encryption_key=SecretStr(new))) as hub:
        assert await opened(twin, hub) == before
    with pytest.raises(WrongEncryptionKeyError):
        async with open_hub(only):
            pass


async def test_only_one_changes_the_key_at_a_time(twin: Twin) -> None:
    tried: list[asyncio.Task[Any]] = []

    def meanwhile(_: Tally) -> None:
        if not tried:
            tried.append(asyncio.create_task(twin.hub.vaults.rotate()))

    await twin.hub.vaults.rotate(meanwhile)
    with pytest.raises(RotationBusyError):
        await tried[0]


async def test_a_run_of_before_keeps_the_former_key(twin: Twin) -> None:
    hub = twin.hub
    async with hub.runner.running(NAME, RunKind.VERIFY, {}, lambda _: None) as context:
        later = replace(hub, clock=lambda: hub.clock() + timedelta(seconds=1))
        await later.vaults.rotate()
        with pytest.raises(KeyInUseError, match="A run is at work"):
            await hub.vaults.retire()
        from storetwin.runs.models import RunState

        await hub.runner.close(context, RunState.DONE)
    assert (await hub.vaults.retire()).dropped


async def test_what_no_key_opens_is_told_and_stops_nothing(twin: Twin) -> None:
    hub = twin.hub
    lost = await twin.rows(
        "UPDATE connections.webhooks SET sealed_token = '\\x01deadbeef' || substr(sealed_token, 6)"
        " RETURNING connection_id"
    )
    assert len(lost) == 1
    rotated = await hub.vaults.rotate()
    assert rotated.stuck == {"deadbeef": 1}
    assert (await hub.vaults.status()).values["deadbeef"] == 1
    assert (await hub.vaults.retire()).dropped == rotated.former


async def test_every_column_of_sealed_values_is_looked_at(database_dsn: str) -> None:
    connection: AsyncConnection[Any]
    async with await connect(database_dsn) as connection:
        rows = await (
            await connection.execute(
                "SELECT a.attrelid::regclass::text AS name, a.attname::text AS column_name"
                " FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid AND c.relkind = 'r'"
                " WHERE a.attname LIKE 'sealed%' AND NOT a.attisdropped"
            )
        ).fetchall()
    found = {(row["name"], row["column_name"]) for row in rows}
    check = {("security.vault_checks", name) for name in ("sealed", "sealed_next")}
    assert found == {(c.table, c.column) for c in COLUMNS} | check


def test_the_key_of_a_value_is_seen_without_the_key() -> None:
    assert sealing_key_of(b"\x01" + bytes(40)) == "00000000"
    assert sealing_key_of(b"\x02" + bytes(40)) == sealing_key_of(b"\x01") == ""
