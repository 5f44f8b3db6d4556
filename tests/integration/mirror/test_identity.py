"""A store that is not the one that was trusted: nothing is written, and a person decides."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from hubs import MAIN, NAME, Twin, finding, lacking
from storetwin.connections.doubts import (
    ConnectionPausedError,
    NotAcceptableError,
    StoreChangedError,
)
from storetwin.connections.identity import Identity, Verdict
from storetwin.connections.models import ConnectionState
from storetwin.db.database import Row
from storetwin.mirror.models import Level
from storetwin.sandboxes.woocommerce.answers import Answer
from storetwin.sandboxes.woocommerce.request import Request

EVERYTHING = """
SELECT resource, remote_id, state, version, encode(content_hash, 'hex') AS hash, read_at, changed_at
FROM mirror.snapshots WHERE connection_id = %(connection_id)s ORDER BY resource, remote_id
"""
CURSORS = (
    "SELECT resource, position::text FROM runs.cursors WHERE connection_id = %(connection_id)s "
    "ORDER BY resource"
)
OTHER_ID, NEW_HOME = "11111111-2222", "https://new.example"
MOST_ASKED = 24  # requests of a look that finds a store gone back, everything counted


def empty(twin: Twin) -> None:
    """Take every order and product away."""
    for resource in ("orders", "products"):
        for number in twin.sandbox.store.ids(resource):
            if number in twin.sandbox.store.tables[resource]:
                twin.sandbox.store.delete(resource, number)


def sell(twin: Twin, count: int) -> list[int]:
    """Let new orders come."""
    return [twin.sandbox.store.create_order() for _ in range(count)]


async def everything(twin: Twin) -> list[Row]:
    return await twin.rows(EVERYTHING)


async def last_run(twin: Twin) -> Row:
    return (await twin.hub.reports.runs(limit=1))[0]


async def remembered(twin: Twin) -> Identity:
    found = Identity.from_json((await twin.hub.register.get(NAME)).identity)
    assert found is not None
    return found


async def pauses(twin: Twin, verdict: Verdict, *told: str) -> StoreChangedError:
    """Pull, and make sure that the run ends paused without having changed anything."""
    before, cursors = await everything(twin), await twin.rows(CURSORS)
    letters = await twin.letters()
    with pytest.raises(StoreChangedError) as caught:
        await twin.pull(*MAIN)
    error = caught.value
    assert error.judgement.verdict is verdict
    assert await everything(twin) == before
    assert await twin.rows(CURSORS) == cursors
    assert await twin.letters() == letters
    connection = await twin.hub.register.get(NAME)
    assert connection.state is ConnectionState.PAUSED
    assert connection.pause_reason == error.message
    run = await last_run(twin)
    assert (run["state"], run["error"]) == ("paused", error.message)
    for part in (*told, "Nothing was changed in the twin."):
        assert part in error.message
    assert f"storetwin connection accept {NAME}" in (error.remedy or "")
    assert f"storetwin connection resume {NAME}" in (error.remedy or "")
    await refuses(twin, error)
    return error


async def refuses(twin: Twin, error: StoreChangedError) -> None:
    """Make sure that later runs ask the store nothing and say the same."""
    asked, run = twin.sandbox.requests.total, (await last_run(twin))["run_id"]
    verbs: list[Callable[[], Any]] = [twin.pull, twin.verify]
    for verb in verbs:
        with pytest.raises(ConnectionPausedError) as caught:
            await verb()
        assert error.message in caught.value.message
        assert caught.value.remedy == error.remedy
    assert twin.sandbox.requests.total == asked
    assert (await last_run(twin))["run_id"] == run


# -- the same store ---------------------------------------------------------------------------------


async def test_the_first_pull_remembers_which_store_it_is(twin: Twin) -> None:
    assert (await twin.hub.register.get(NAME)).identity is None
    await twin.pull()
    found = await remembered(twin)
    assert found.home_url == twin.sandbox.url
    assert found.store_id
    assert (found.wc_version, found.currency, found.doubt) == ("10.5.0", "USD", None)
    _, look = await twin.hub.identities.look(NAME)
    assert look.judgement.verdict is Verdict.SAME


async def test_a_look_at_the_same_store_costs_four_requests(twin: Twin) -> None:
    await twin.pull(*MAIN)
    twin.sandbox.requests.clear()
    await twin.hub.identities.look(NAME)
    asked = [exchange.path for exchange in twin.sandbox.requests.log]
    assert [path.partition("/wp-json/")[2] for path in asked] == [
        "wc/v3",
        "wc/v3/system_status",
        "",
        "wc/v3/orders",
        "wc/v3/products",
    ]


async def test_a_connection_without_identity_remembers_it_at_its_next_run(twin: Twin) -> None:
    await twin.pull("orders")
    await twin.rows(
        "UPDATE connections.connections SET identity = NULL WHERE id = %(connection_id)s RETURNING 1"
    )
    await twin.pull("orders")
    assert (await remembered(twin)).store_id


async def test_what_happens_in_a_shop_by_itself_is_no_doubt(twin: Twin) -> None:
    await twin.pull(*MAIN)
    store = twin.sandbox.store
    for number in sell(twin, 4):
        await twin.pull("orders")
        store.delete("orders", number)
    newest = store.ids("products")[-3:]
    for number in newest:
        store.edit("products", number, {"name": f"Renamed {number}", "sku": f"new-{number}"})
    store.trash("orders", store.ids("orders")[-1])
    outcome = await twin.pull(*MAIN)
    assert outcome.is_complete, lacking(outcome)


# -- a restored backup ------------------------------------------------------------------------------


async def test_a_restored_store_pauses_and_goes_on_when_a_person_says_so(twin: Twin) -> None:
    oldest = max(twin.sandbox.store.ids("orders"))
    backup = twin.sandbox.take_backup()
    new = sell(twin, 30)
    await twin.pull(*MAIN)
    twin.sandbox.restore_backup(backup)
    error = await pauses(twin, Verdict.RESTORED, f"orders {new[0]} to {new[-1]} are gone")
    kept = error.judgement.kept_until["orders"]
    assert kept <= oldest
    assert f"the last that is the same is {kept} of " in error.message
    assert "--restored" in (error.remedy or "")

    with pytest.raises(NotAcceptableError):
        await twin.hub.identities.accept(NAME)
    assert (await twin.hub.register.get(NAME)).state is ConnectionState.PAUSED
    await twin.hub.identities.accept(NAME, is_restored=True)
    assert await twin.rows(CURSORS) == []
    assert set(map(str, new)) <= (await twin.snapshots("orders")).keys()

    careful = await twin.pull(*MAIN)
    assert not careful.is_complete
    assert "--bury" in str(lacking(careful)["orders"])
    assert set(map(str, new)) <= (await twin.snapshots("orders")).keys()
    done = await twin.pull(*MAIN, bury_many=True)
    assert done.is_complete, lacking(done)
    assert finding(done, "orders")["buried"] == len(new)
    assert set(map(str, new)) <= (await twin.snapshots("orders", gone=True)).keys()
    again = await twin.verify(*MAIN, level=Level.BYTES)
    assert again.is_complete, lacking(again)


async def test_ids_that_are_used_again_become_new_versions(twin: Twin) -> None:
    backup = twin.sandbox.take_backup()
    new = sell(twin, 12)
    await twin.pull(*MAIN)
    before = await twin.documents("orders")
    twin.sandbox.restore_backup(backup)
    twin.sandbox.store.seed += 1  # order keys are drawn anew, as by a real store
    twin.sandbox.store.create("coupons", {"code": "moves the ids by one"})
    used = sell(twin, 8)
    error = await pauses(twin, Verdict.RESTORED, "are others than the twin holds")
    await twin.hub.identities.accept(NAME, is_restored=True)
    outcome = await twin.pull(*MAIN, bury_many=True)
    assert outcome.is_complete, lacking(outcome)
    both = {str(number) for number in set(new) & set(used)}
    assert both
    assert error.judgement.kept_until["orders"] < min(map(int, both))
    earlier = await twin.earlier_versions("orders")
    for name in both:
        assert earlier[name] == [before[name]]
        assert (await twin.documents("orders"))[name] == twin.expected("orders")[name]
    gone = {str(number) for number in set(new) - set(used)}
    assert gone <= (await twin.snapshots("orders", gone=True)).keys()


async def test_few_orders_that_are_gone_are_buried_each_on_its_own_404(twin: Twin) -> None:
    backup = twin.sandbox.take_backup()
    new = sell(twin, 3)
    await twin.pull(*MAIN)
    twin.sandbox.restore_backup(backup)
    outcome = await twin.pull(*MAIN)
    assert outcome.is_complete, lacking(outcome)
    assert finding(outcome, "orders")["buried"] == len(new)


async def test_a_look_at_a_restored_store_stays_cheap(twin: Twin) -> None:
    backup = twin.sandbox.take_backup()
    sell(twin, 200)
    await twin.pull(*MAIN)
    twin.sandbox.restore_backup(backup)
    oldest = max(twin.sandbox.store.ids("orders"))
    twin.sandbox.requests.clear()
    _, look = await twin.hub.identities.look(NAME)
    assert look.judgement.verdict is Verdict.RESTORED
    assert oldest - 10 <= look.judgement.kept_until["orders"] <= oldest
    assert twin.sandbox.requests.total <= MOST_ASKED


async def test_a_bury_says_that_the_loss_is_real(twin: Twin) -> None:
    new = sell(twin, 30)
    await twin.pull(*MAIN)
    for number in new:
        twin.sandbox.store.delete("orders", number)
    outcome = await twin.pull(*MAIN, bury_many=True)
    assert outcome.is_complete, lacking(outcome)
    assert finding(outcome, "orders")["buried"] == len(new)


async def test_a_store_put_right_goes_on_after_a_resume(twin: Twin) -> None:
    await twin.pull(*MAIN)
    backup = twin.sandbox.take_backup()
    twin.sandbox.become_another()
    await pauses(twin, Verdict.ANOTHER)
    await twin.hub.register.resume(NAME)
    with pytest.raises(StoreChangedError):
        await twin.pull(*MAIN)
    twin.sandbox.restore_backup(backup)
    await twin.hub.register.resume(NAME)
    outcome = await twin.pull(*MAIN)
    assert outcome.is_complete, lacking(outcome)
    assert (await remembered(twin)).doubt is None


# -- wiped, and another one -------------------------------------------------------------------------


async def test_a_wiped_store_pauses_and_is_buried_only_with_two_words(twin: Twin) -> None:
    await twin.pull(*MAIN)
    count = len(await twin.snapshots("orders"))
    empty(twin)
    await pauses(twin, Verdict.WIPED, "it has no orders and products at all")
    with pytest.raises(NotAcceptableError):
        await twin.hub.identities.accept(NAME)
    await twin.hub.identities.accept(NAME, is_restored=True)
    careful = await twin.pull(*MAIN)
    assert "--bury" in str(lacking(careful)["orders"])
    assert len(await twin.snapshots("orders")) == count
    done = await twin.pull(*MAIN, bury_many=True)
    assert done.is_complete, lacking(done)
    assert len(await twin.snapshots("orders", gone=True)) == count
    assert await twin.snapshots("orders") == {}


async def test_a_shop_installed_anew_is_another_store(twin: Twin) -> None:
    await twin.pull("orders", "products")
    own = twin.sandbox.store.store_id
    twin.sandbox.wipe()
    assert own is not None
    await pauses(twin, Verdict.ANOTHER, "it has no orders and products at all", own)


async def test_another_store_takes_the_place_only_of_a_retired_twin(twin: Twin) -> None:
    await twin.pull(*MAIN)
    before = await twin.documents("orders")
    twin.sandbox.become_another()
    error = await pauses(twin, Verdict.ANOTHER, "none of ", "records looked at")
    assert "--replaced" in (error.remedy or "")
    for is_restored in (False, True):
        with pytest.raises(NotAcceptableError):
            await twin.hub.identities.accept(NAME, is_restored=is_restored)
    await twin.hub.identities.accept(NAME, is_replaced=True)
    assert {row["state"] for row in await everything(twin)} == {"gone"}
    outcome = await twin.pull(*MAIN)
    assert outcome.is_complete, lacking(outcome)
    assert (await twin.documents("orders")).keys() == twin.expected("orders").keys()
    earlier = await twin.earlier_versions("orders")
    assert {name: found[0] for name, found in earlier.items()} == before


# -- what a store does not tell ---------------------------------------------------------------------


async def test_records_that_only_the_lists_hide_are_no_doubt(twin: Twin) -> None:
    await twin.pull(*MAIN)
    twin.sandbox.faults.switch_on("hidden:count=12,resource=products")
    _, look = await twin.hub.identities.look(NAME)
    assert look.judgement.is_trusted


# -- moved, and copied ------------------------------------------------------------------------------


async def test_a_moved_shop_pauses_and_goes_on_under_its_new_name(twin: Twin) -> None:
    await twin.pull(*MAIN)
    twin.sandbox.move(NEW_HOME)
    error = await pauses(twin, Verdict.MOVED, NEW_HOME, twin.sandbox.url)
    assert error.message.startswith(f"The store at {twin.sandbox.url} has moved: ")
    await twin.hub.identities.accept(NAME)
    assert (await remembered(twin)).home_url == NEW_HOME
    outcome = await twin.pull(*MAIN)
    assert outcome.is_complete, lacking(outcome)
    assert await twin.earlier_versions("orders") == {}


async def test_a_copy_is_told_while_the_original_still_answers(twin: Twin) -> None:
    """The shop was known by the address of its original, which answers beside it."""
    with twin.sandbox.clone() as original:
        twin.sandbox.move(original.url)
        await twin.pull(*MAIN)
        assert (await remembered(twin)).home_url == original.url
        twin.sandbox.move("https://staging.example")
        error = await pauses(twin, Verdict.CLONED, "https://staging.example", original.url)
        assert f"A copy of the store answers at {twin.sandbox.url}" in error.message
    await twin.hub.register.resume(NAME)
    await pauses(twin, Verdict.MOVED)  # by now nobody answers there


async def test_a_copy_at_another_address_may_count_from_now_on(twin: Twin) -> None:
    await twin.pull(*MAIN)
    with twin.sandbox.clone() as copy:
        connection, look = await twin.hub.identities.accept(NAME, url=copy.url)
        assert look.judgement.verdict is Verdict.CLONED
        assert connection.url == (await remembered(twin)).home_url == copy.url
        outcome = await twin.pull(*MAIN)
        assert outcome.is_complete, lacking(outcome)
        assert copy.requests.total > 0


async def test_a_new_installation_of_the_same_records_is_a_copy(twin: Twin) -> None:
    await twin.pull(*MAIN)
    own = twin.sandbox.store.store_id
    twin.sandbox.store.store_id = OTHER_ID
    assert own is not None
    await pauses(twin, Verdict.CLONED, OTHER_ID, own)
    await twin.hub.identities.accept(NAME)
    assert (await remembered(twin)).store_id == OTHER_ID
    outcome = await twin.pull(*MAIN)
    assert outcome.is_complete, lacking(outcome)


async def test_a_store_that_no_longer_tells_its_id_is_known_by_its_records(twin: Twin) -> None:
    await twin.pull(*MAIN)
    own = twin.sandbox.store.store_id
    backup = twin.sandbox.take_backup()
    twin.sandbox.store.store_id = None
    outcome = await twin.pull(*MAIN)
    assert outcome.is_complete, lacking(outcome)
    assert (await remembered(twin)).store_id == own
    sell(twin, 12)
    await twin.pull(*MAIN)
    twin.sandbox.restore_backup(backup)
    await pauses(twin, Verdict.RESTORED)


async def test_keys_that_may_not_see_the_status_go_by_the_public_index(twin: Twin) -> None:
    shop = twin.sandbox.shop

    def respond(request: Request) -> Answer:
        if request.path.endswith("/system_status"):
            body = b'{"code":"woocommerce_rest_cannot_view","message":"No.","data":{"status":403}}'
            return Answer(403, body)
        return type(shop).respond(shop, request)

    shop.respond = respond
    outcome = await twin.pull()
    assert lacking(outcome) == {
        "system_status": {"the list system_status": "The keys may not see system_status."}
    }
    assert all(line["is_complete"] for line in outcome.certificate["resources"]
               if line["resource"] != "system_status")  # fmt: skip
    found = await remembered(twin)
    assert (found.store_id, found.home_url, found.name) == (None, twin.sandbox.url, "Sandbox store")
    empty(twin)
    await pauses(twin, Verdict.WIPED)


async def test_a_test_of_the_connection_says_that_the_store_calls_itself_otherwise(
    twin: Twin,
) -> None:
    await twin.pull("tax_classes")
    twin.sandbox.store.store_id = OTHER_ID
    report = await twin.hub.test_connection(NAME)
    check = next(check for check in report.checks if check.name == "identity")
    assert check.ok is False
    assert OTHER_ID in check.finding
    twin.sandbox.store.store_id = None
    report = await twin.hub.test_connection(NAME)
    check = next(check for check in report.checks if check.name == "identity")
    assert check.ok is None
    assert "tells no store_id" in check.finding


# -- by hand ----------------------------------------------------------------------------------------


async def test_a_person_pauses_and_resumes(twin: Twin) -> None:
    await twin.hub.register.pause(NAME, "The shop is being rebuilt.")
    with pytest.raises(ConnectionPausedError) as caught:
        await twin.pull(*MAIN)
    assert caught.value.message == f"{NAME} is paused. The shop is being rebuilt."
    assert caught.value.remedy == f"Go on with: storetwin connection resume {NAME}"
    assert twin.sandbox.requests.total == 0
    await twin.hub.register.resume(NAME)
    assert (await twin.pull("tax_classes")).is_complete


async def test_a_shop_moves_to_another_address(twin: Twin) -> None:
    await twin.pull(*MAIN)
    new = twin.sandbox.url.replace("127.0.0.1", "localhost")
    connection, look = await twin.hub.identities.accept(NAME, url=new)
    assert look.judgement.verdict in (Verdict.MOVED, Verdict.CLONED)
    assert connection.url == new
    assert (await remembered(twin)).home_url == new
    outcome = await twin.pull(*MAIN)
    assert outcome.is_complete, lacking(outcome)
    twin.sandbox.become_another()
    with pytest.raises(NotAcceptableError):
        await twin.hub.identities.accept(NAME, url=twin.sandbox.url)
    assert (await twin.hub.register.get(NAME)).url == new
