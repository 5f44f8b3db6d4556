"""The register on a real database: unique, sealed, apart by organisation, gone when removed."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from uuid import UUID, uuid4

import pytest
from pydantic import SecretStr

from storetwin.connections.models import (
    AuthScheme,
    Connection,
    ConnectionState,
    Credentials,
    StoreFacts,
)
from storetwin.connections.options import Endpoint, Options, QuietHours
from storetwin.connections.probe import Check, ProbeReport, Watch
from storetwin.connections.register import (
    ConnectionExistsError,
    NewConnection,
    Register,
    UnknownConnectionError,
)
from storetwin.db import Database
from storetwin.db.organisations import ensure_default_organisation
from storetwin.kernel.errors import ConfigurationError
from storetwin.security import SealBrokenError, Vault, WrongEncryptionKeyError

NOW = datetime(2026, 11, 21, 5, tzinfo=UTC)
CREDENTIALS = Credentials(SecretStr("ck_key"), SecretStr("cs_secret"))
SHOP = NewConnection("shop", "https://Shop.example/", CREDENTIALS)
OTHER = NewConnection("other", "https://other.example", CREDENTIALS)
FACTS = StoreFacts("id-1", "https://shop.example", "10.5.0", "6.9.1", "America/New_York", "USD")


@pytest.fixture
async def register(database: Database) -> Register:
    organisation_id = await ensure_default_organisation(database, NOW)
    return Register(database, Vault(bytes(32)), organisation_id)


async def other_register(database: Database) -> Register:
    organisation_id = uuid4()
    async with database.transaction(organisation_id) as transaction:
        await transaction.execute(
            "INSERT INTO tenancy.organisations VALUES (%s, 'x', %s)", (organisation_id, NOW)
        )
    return Register(database, Vault(bytes(32)), organisation_id)


async def test_what_was_added_is_found_again(register: Register) -> None:
    added = await register.add(SHOP, NOW)
    assert added.warnings == ()
    assert added.connection == await register.get("shop")
    assert added.connection.url == "https://shop.example"
    assert added.connection.created_at == NOW
    assert register.credentials(added.connection) == CREDENTIALS


async def test_a_connection_is_found_by_its_name_and_by_its_id(register: Register) -> None:
    shop = (await register.add(SHOP, NOW)).connection
    assert await register.named("shop") == shop
    assert await register.named(str(shop.id)) == shop
    assert await register.named(str(shop.id).upper()) == shop
    misleading = (await register.add(replace(OTHER, name=str(shop.id)), NOW)).connection
    assert await register.named(str(shop.id)) == shop
    assert await register.named(str(misleading.id)) == misleading


@pytest.mark.parametrize("text", ["nobody", "", str(UUID(int=7)), "-" * 36, "ä" * 36])
async def test_who_names_no_connection_hears_of_his_own_only(
    register: Register, database: Database, text: str
) -> None:
    await register.add(SHOP, NOW)
    with pytest.raises(UnknownConnectionError) as caught:
        await register.named(text)
    assert repr(text) in caught.value.message
    assert caught.value.remedy == "Use one of: shop."
    stranger = await other_register(database)
    with pytest.raises(UnknownConnectionError) as refused:
        await stranger.named(text)
    assert "shop" not in f"{refused.value.message} {refused.value.remedy}"


async def test_another_organisations_connection_is_as_one_that_is_not_there(
    register: Register, database: Database
) -> None:
    shop = (await register.add(SHOP, NOW)).connection
    stranger = await other_register(database)
    for text in ("shop", str(shop.id)):
        with pytest.raises(UnknownConnectionError) as caught:
            await stranger.named(text)
        assert caught.value.message == f"There is no connection {text!r}."


async def test_the_first_is_the_default_until_it_is_removed(register: Register) -> None:
    await register.add(SHOP, NOW)
    await register.add(OTHER, NOW + timedelta(seconds=1))
    assert (await register.get()).name == "shop"
    assert [c.name for c in await register.every()] == ["shop", "other"]
    await register.remove("shop")
    assert (await register.get()).name == "other"


async def test_the_first_two_at_once_are_both_kept_and_one_is_default(register: Register) -> None:
    many = [replace(SHOP, name=f"s{i}", url=f"https://s{i}.example") for i in range(4)]
    await asyncio.gather(*(register.add(new, NOW) for new in many))
    assert sorted(c.is_default for c in await register.every()) == [False, False, False, True]


@pytest.mark.parametrize(
    "second", [replace(OTHER, name="shop"), replace(OTHER, url="shop.example:443/wp-json")]
)
async def test_name_and_store_are_unique(register: Register, second: NewConnection) -> None:
    await register.add(SHOP, NOW)
    with pytest.raises(ConnectionExistsError):
        await register.add(second, NOW)


async def test_another_organisation_may_use_both(register: Register, database: Database) -> None:
    await register.add(SHOP, NOW)
    other = await other_register(database)
    with pytest.raises(UnknownConnectionError):
        await other.get("shop")
    await other.add(SHOP, NOW)
    await other.remove("shop")
    assert (await register.get("shop")).name == "shop"


async def test_an_unknown_name_tells_the_known_ones(register: Register) -> None:
    with pytest.raises(UnknownConnectionError) as none_yet:
        await register.get("shop")
    assert "storetwin connection add" in str(none_yet.value.remedy)
    await register.add(SHOP, NOW)
    for wrong in (register.get("shup"), register.remove("shup"), register.rename("shup", "x")):
        with pytest.raises(UnknownConnectionError) as caught:
            await wrong
        assert "shop" in str(caught.value.remedy)


async def test_renaming_keeps_everything_else(register: Register) -> None:
    before = (await register.add(SHOP, NOW)).connection
    await register.add(OTHER, NOW)
    assert await register.rename("shop", "boutique") == replace(before, name="boutique")
    with pytest.raises(ConnectionExistsError):
        await register.rename("boutique", "other")


async def test_renewed_keys_wake_a_paused_connection(register: Register) -> None:
    await register.add(SHOP, NOW)
    await register.pause("shop", "The keys are wrong.")
    paused = await register.get("shop")
    assert (paused.state, paused.pause_reason) == (ConnectionState.PAUSED, "The keys are wrong.")
    keys = Credentials(SecretStr("ck_new"), SecretStr("cs_new"))
    renewed = await register.renew("shop", keys)
    assert (renewed.state, renewed.pause_reason) == (ConnectionState.ACTIVE, None)
    assert register.credentials(renewed) == keys


async def test_a_paused_connection_is_resumed(register: Register) -> None:
    await register.add(SHOP, NOW)
    await register.pause("shop", "A person wants so.")
    resumed = await register.resume("shop")
    assert (resumed.state, resumed.pause_reason) == (ConnectionState.ACTIVE, None)
    with pytest.raises(UnknownConnectionError):
        await register.pause("nothing", "")


async def test_a_connection_may_lead_only_where_no_other_leads(
    register: Register, database: Database
) -> None:
    shop = (await register.add(SHOP, NOW)).connection
    other = (await register.add(OTHER, NOW)).connection
    there = await register.at(shop, "https://New.example/")
    assert (there.url, there.detected) == ("https://new.example", None)
    assert await register.at(shop, shop.url) == shop == await register.get("shop")
    with pytest.raises(ConnectionExistsError):
        await register.at(shop, other.url)


async def test_keys_open_neither_with_another_key_nor_for_another_connection(
    register: Register, database: Database
) -> None:
    shop = (await register.add(SHOP, NOW)).connection
    other = (await register.add(OTHER, NOW)).connection
    stranger = Register(database, Vault(b"x" * 32), shop.organisation_id)
    with pytest.raises(WrongEncryptionKeyError):
        stranger.credentials(shop)
    with pytest.raises(SealBrokenError):
        register.credentials(replace(other, sealed_credentials=shop.sealed_credentials))


async def test_the_keys_do_not_stand_in_the_database(
    register: Register, database: Database
) -> None:
    shop = (await register.add(SHOP, NOW)).connection
    async with database.transaction(shop.organisation_id) as transaction:
        row = await transaction.fetch_one("SELECT c::text AS line FROM connections.connections c")
    assert row is not None
    assert "shop.example" in row["line"]
    assert b"cs_secret".hex() not in row["line"]
    assert "cs_secret" not in row["line"]


async def test_what_a_probe_found_is_kept(register: Register) -> None:
    checks = (Check("reachable", ok=True, finding="It answers."), Check("write", None, "Unknown."))

    async def probe(
        connection: Connection, credentials: Credentials, *, watch: Watch | None
    ) -> ProbeReport:
        assert watch is None
        assert credentials == CREDENTIALS
        return ProbeReport(checks, AuthScheme.OAUTH1, FACTS)

    async def poor_probe(*_: object, **__: object) -> ProbeReport:
        return ProbeReport((Check("reachable", ok=False, finding="No.", remedy="Wait."),))

    shop = (await register.add(SHOP, NOW)).connection
    kept, report = await register.probe(shop, probe, NOW)
    assert report.is_ok
    assert (kept.scheme, kept.store, kept.last_probe_at) == (AuthScheme.OAUTH1, FACTS, NOW)
    assert kept.last_probe is not None
    assert '"finding":"It answers."' in kept.last_probe
    kept, report = await register.probe(kept, poor_probe, NOW)
    assert not report.is_ok
    assert (kept.scheme, kept.store) == (AuthScheme.OAUTH1, FACTS)


async def test_odd_choices_are_told(register: Register) -> None:
    keys = Credentials(SecretStr("a"), SecretStr("b"))
    odd = NewConnection("odd", "http://shop.example", keys, auth=AuthScheme.BASIC)
    assert len((await register.add(odd, NOW)).warnings) == 3


@pytest.mark.parametrize("is_tls_insecure", [True, False])
async def test_a_certificate_that_is_none_is_refused(register: Register, is_tls_insecure) -> None:
    with pytest.raises(ConfigurationError):
        await register.add(replace(SHOP, ca="nonsense", is_tls_insecure=is_tls_insecure), NOW)


async def test_a_real_certificate_is_kept(register: Register) -> None:
    import trustme

    pem = trustme.CA().cert_pem.bytes().decode()
    assert (await register.add(replace(SHOP, ca=pem), NOW)).connection.ca == pem


async def test_removing_twice_is_told(register: Register) -> None:
    await register.add(SHOP, NOW)
    await register.remove("shop")
    with pytest.raises(UnknownConnectionError):
        await register.remove("shop")
    assert isinstance((await register.add(SHOP, NOW)).connection.id, UUID)


async def test_what_a_person_chose_comes_back_as_it_was(register):
    await register.add(SHOP, NOW)
    assert (await register.get("shop")).options == Options()
    chosen = Options(
        extra=("order_notes",),
        endpoints=(Endpoint("subscriptions", "wc/v3/subscriptions", params={"status": "any"}),),
        languages=("de", "fr"),
        at_once=2,
        per_minute=90,
        quiet_hours=(QuietHours(time(22), time(6, 30)),),
    )
    await register.configure("shop", chosen)
    assert (await register.get("shop")).options == chosen
