"""Which store it is: backups put back, clones, moves, wiped and other stores."""

from __future__ import annotations

import http.client
import json
from typing import Any

import pytest

from storetwin.sandboxes.woocommerce import Sandbox, Store, running_store
from storetwin.sandboxes.woocommerce.app import Shop
from storetwin.sandboxes.woocommerce.faults import Board
from unit.sandboxes.conftest import Counter


def records(store: Store) -> dict[str, dict[int, bytes | None]]:
    return {
        name: {number: table.document(number) for number in table}
        for name, table in store.tables.items()
    }


def environment(counter: Counter) -> dict[str, Any]:
    found: dict[str, Any] = counter.json("system_status")["environment"]
    return found


def test_the_same_seed_is_the_same_store():
    assert Store(5, 40).store_id == Store(5, 40).store_id
    assert len({Store(seed, 40).store_id for seed in range(20)}) == 20


def test_a_restored_backup_is_the_earlier_store_to_the_byte(counter):
    store = counter.store
    store.edit("orders", store.ids("orders")[3], {"customer_note": "kept"})
    before, backup, changes = records(store), store.take_backup(), store.changes["orders"]
    new = store.create_order()
    store.delete("products", store.ids("products")[0])
    store.delete("orders", store.ids("orders")[0])
    store.edit("customers", store.ids("customers")[0], {"first_name": "Lost"})
    store.restore_backup(backup)
    assert records(store) == before
    assert store.changes["orders"] == changes
    assert counter.get(f"orders/{new}").status == 404
    assert store.create("coupons", {"code": "other"}) == new, "its id is used again"


def test_a_backup_may_be_put_back_any_number_of_times(counter):
    store = counter.store
    before, backup = records(store), store.take_backup()
    for _ in range(2):
        store.create_order()
        store.trash("orders", store.ids("orders")[5])
        store.restore_backup(backup)
        assert records(store) == before


def test_lists_forget_what_they_knew(counter):
    store, backup = counter.store, counter.store.take_backup()
    before = counter.ids("orders", orderby="id")
    new = store.create_order()
    assert new in counter.ids("orders", orderby="id")
    store.restore_backup(backup)
    assert counter.ids("orders", orderby="id") == before


def test_a_wiped_store_has_what_woocommerce_brings_and_begins_anew(counter):
    store, before = counter.store, environment(counter)
    store.wipe()
    assert environment(counter)["store_id"] != before["store_id"]
    assert environment(counter)["home_url"] == before["home_url"]
    assert counter.json("orders") == []
    assert [row["slug"] for row in counter.json("products/categories")] == ["uncategorized"]
    for resource, fields in (
        ("products", {"name": "First"}),
        ("coupons", {"code": "first"}),
        ("customers", {"email": "first@example.test"}),
        ("taxes", {"country": "US", "rate": "5"}),
        ("products/tags", {"name": "first"}),
        ("products/attributes", {"name": "Size"}),
        ("orders", {}),
    ):
        answer = counter.ask("POST", resource, fields)
        assert answer.status == 201, (resource, answer.body)
        assert json.loads(answer.body)["id"] < 100


def test_another_store_stands_at_the_same_address(counter):
    before = environment(counter)
    counter.store.become_another(seed=8, orders=90)
    assert records(counter.store) == records(Store(8, 90))
    assert environment(counter)["store_id"] == Store(8, 90).store_id != before["store_id"]


def test_a_moved_store_calls_itself_by_another_address(counter):
    before = environment(counter)
    assert before["home_url"] == counter.base
    counter.store.home_url = "https://new.test"
    after = environment(counter)
    assert (after["home_url"], after["site_url"]) == ("https://new.test", "https://new.test")
    assert after["store_id"] == before["store_id"]


@pytest.fixture
def running():
    with running_store(orders=40, seed=3) as sandbox:
        yield sandbox


def test_a_clone_runs_beside_its_original(running):
    number = running.store.create_order({"customer_note": "in both"})
    with running.clone() as copy:
        assert copy.url != running.url
        assert copy.store.store_id == running.store.store_id
        assert records(copy.store) == records(running.store)
        copy.store.delete("orders", number)
        assert running.store.document("orders", number) is not None


def told(sandbox: Sandbox, path: str, body: Any = None) -> dict[str, Any]:
    connection = http.client.HTTPConnection(sandbox.url.partition("://")[2], timeout=10)
    connection.request("POST", f"/sandbox/{path}", json.dumps(body or {}))
    found: dict[str, Any] = json.loads(connection.getresponse().read())
    connection.close()
    return found


def test_the_control_door_does_all_that(running):
    before = running.store.store_id
    assert told(running, "backup") == {"backup": 1}
    number = running.store.create_order()
    assert told(running, "move", {"home_url": "https://a.test"})["home_url"] == "https://a.test"
    assert told(running, "replace", {"seed": 7, "orders": 50})["store_id"] != before
    assert told(running, "wipe")["records"]["orders"] == 0
    assert told(running, "restore")["store_id"] == before
    assert running.store.document("orders", number) is None
    assert told(running, "move")["home_url"] == running.url
    assert "There is no backup 9." in told(running, "restore", {"backup": 9})["error"]


def test_faults_stay_when_the_data_goes_back(counter):
    shop = Shop(counter.store, Board(counter.store, ["hidden:count=2"]))
    hidden = shop.faults.ids("hidden")
    counter.store.restore_backup(counter.store.take_backup())
    assert counter.store.tables["orders"].hidden == hidden
