"""How a shop is set up: gateways, settings, zones, places, statuses, notes, webhooks."""

from __future__ import annotations

import json

import pytest

from storetwin.sandboxes.woocommerce.app import Shop
from storetwin.sandboxes.woocommerce.faults import Board
from storetwin.sandboxes.woocommerce.model.store import Store
from unit.sandboxes.conftest import Counter


def shown(answer):
    return json.loads(answer.body)


def refused(answer):
    return answer.status, json.loads(answer.body)["code"]


# -- gateways and settings --------------------------------------------------------------------------


def test_gateways_of_plugins_hold_secrets(counter):
    rows = counter.json("payment_gateways")
    assert [row["id"] for row in rows] == ["bacs", "cheque", "cod", "stripe", "ppcp-gateway"]
    settings = counter.json("payment_gateways/stripe")["settings"]
    assert settings["secret_key"]["type"] == "password"
    assert settings["secret_key"]["value"].startswith("sk_live_")


def test_secrets_follow_from_the_seed():
    def secret(seed: int) -> str:
        store = Store(seed, 20)
        number = store.tables["payment_gateways"].find("stripe")
        gateway = json.loads(store.document("payment_gateways", number))
        return str(gateway["settings"]["secret_key"]["value"])

    assert secret(1) == secret(1) != secret(2)


def test_a_gateway_is_changed(counter):
    new = {"enabled": False, "settings": {"title": "Cards", "secret_key": "sk_live_new"}}
    changed = shown(counter.ask("PUT", "payment_gateways/stripe", new))
    assert (changed["enabled"], changed["title"]) == (False, "Cards")
    assert changed["settings"]["secret_key"]["value"] == "sk_live_new"
    assert counter.json("payment_gateways/stripe") == changed
    wrong = {"settings": {"testmode": "perhaps"}}
    answer = counter.ask("PUT", "payment_gateways/stripe", wrong)
    assert refused(answer) == (400, "rest_setting_value_invalid")
    assert counter.get("payment_gateways/gone").status == 404


def test_settings_are_listed_by_group_and_changed(counter):
    groups = [row["id"] for row in counter.json("settings")]
    assert {"general", "tax", "email_new_order", "courier"} <= set(groups)
    assert counter.get("settings").total is None
    listed = counter.json("settings/general")
    one = counter.json("settings/general/woocommerce_currency")
    assert one["value"] == "USD"
    assert one["group_id"] == "general"
    assert "group_id" not in next(row for row in listed if row["id"] == one["id"])
    changed = counter.ask("PUT", "settings/general/woocommerce_currency", {"value": "EUR"})
    assert shown(changed)["value"] == "EUR"
    assert counter.json("data/currencies/current")["code"] == "EUR"
    wrong = counter.ask("PUT", "settings/general/woocommerce_currency", {"value": "XXX"})
    assert refused(wrong) == (400, "rest_setting_value_invalid")
    assert counter.json("settings/courier/courier_api_password")["type"] == "password"


def test_a_group_may_be_named_and_have_no_list(counter):
    """Measured: ``integration`` is among the groups, and its list is a 404."""
    assert "integration" in [row["id"] for row in counter.json("settings")]
    assert refused(counter.get("settings/integration")) == (
        404,
        "rest_setting_setting_group_invalid",
    )
    assert counter.json("settings/checkout") == []
    assert counter.get("settings/general/nonsense").status == 404


def test_changes_from_outside_the_api_show(counter):
    number = counter.store.tables["settings"].find("woocommerce_store_city")
    counter.store.edit("settings", number, {"value": "Ulm"})
    assert counter.json("settings/general/woocommerce_store_city")["value"] == "Ulm"
    assert counter.store.changes["settings"] == {number: 1}


# -- shipping ---------------------------------------------------------------------------------------


def test_a_zone_lives_with_its_places_and_methods(counter):
    made = counter.ask("POST", "shipping/zones", {"name": "Alps", "order": 3})
    zone = shown(made)
    assert (made.status, zone["name"], zone["order"]) == (201, "Alps", 3)
    where = f"shipping/zones/{zone['id']}"
    places = [{"code": "CH"}, {"code": "80000...80999", "type": "postcode"}, {"type": "state"}]
    counter.ask("PUT", f"{where}/locations", places)
    found = counter.json(f"{where}/locations")
    assert [(row["code"], row["type"]) for row in found] == [
        ("CH", "country"), ("80000...80999", "postcode"),
    ]  # fmt: skip
    method = shown(counter.ask("POST", f"{where}/methods", {"method_id": "flat_rate"}))
    path = f"{where}/methods/{method['instance_id']}"
    changed = shown(counter.ask("PUT", path, {"enabled": False, "settings": {"cost": "9.50"}}))
    assert (changed["enabled"], changed["settings"]["cost"]["value"]) == (False, "9.50")
    assert counter.get(f"{where}/methods").total == 1
    assert refused(counter.ask("DELETE", path)) == (501, "rest_trash_not_supported")
    assert counter.ask("DELETE", path, force="true").status == 200
    assert counter.json(f"{where}/methods") == []
    assert refused(counter.ask("DELETE", where)) == (501, "rest_trash_not_supported")
    assert counter.ask("DELETE", where, force="true").status == 200
    assert counter.get(f"{where}/locations").status == 404
    assert counter.store.tables["zone_locations"].owned(zone["id"]) == []


def test_the_rest_of_the_world_stays(counter):
    assert counter.ask("PUT", "shipping/zones/0", {"name": "Elsewhere"}).status == 403
    assert counter.ask("PUT", "shipping/zones/0/locations", [{"code": "DE"}]).status == 403
    assert counter.ask("DELETE", "shipping/zones/0", force="true").status == 200
    assert counter.get("shipping/zones/0").status == 200
    wrong = counter.ask("POST", "shipping/zones/1/methods", {"method_id": "teleport"})
    assert refused(wrong) == (500, "woocommerce_rest_shipping_zone_not_created")


def test_whole_lists_ignore_pages(reading):
    for path in ("shipping/zones", "payment_gateways", "shipping_methods", "data/countries"):
        whole = reading.get(path)
        assert reading.get(path, page=1_000_000, per_page=1).body == whole.body


# -- places and statuses ----------------------------------------------------------------------------


def test_places(reading):
    assert len(reading.json("data/countries")) == 250
    assert reading.json("data/countries/us")["name"] == "United States (US)"
    assert reading.json("data/currencies/EUR")["symbol"] == "&euro;"
    europe = reading.json("data/continents/eu")
    germany = next(row for row in europe["countries"] if row["code"] == "DE")
    assert germany["currency_code"] == "EUR"
    assert refused(reading.get("data/countries/zz")) == (
        404, "woocommerce_rest_data_invalid_location",
    )  # fmt: skip


def test_numeric_states_are_numbers_as_php_makes_them(reading):
    states = reading.json("data/countries/UM")["states"]
    assert states[0] == {"code": 81, "name": "Baker Island"}


def test_a_plugins_status_shows_its_orders_and_hides_them_again(counter):
    store = counter.store
    lost = {n for n in store.ids("orders") if store.status_of("orders", n) == "shipped"}
    before = counter.get("orders").total
    assert counter.get("orders", status="shipped").status == 400
    store.register_status("shipped", "Shipped")
    assert counter.get("orders").total == before + len(lost)
    assert set(counter.ids("orders", status="shipped")) == lost
    assert counter.json("orders/statuses")[-1] == {"slug": "shipped", "name": "Shipped"}
    totals = {row["slug"]: row["total"] for row in counter.json("reports/orders/totals")}
    assert totals["shipped"] == len(lost)
    moved = next(iter(counter.ids("orders", status="completed")))
    assert counter.ask("PUT", f"orders/{moved}", {"status": "shipped"}).status == 200
    store.unregister_status("shipped")
    assert counter.get("orders").total == before - 1
    assert counter.get(f"orders/{moved}").status == 200


def test_a_status_of_a_plugin_from_the_start():
    store = Store(3, 200, plugins=("statuses",))
    assert "shipped" in store.registered_statuses()
    assert Counter(Shop(store, Board(store))).get("orders", status="shipped").total


def test_a_new_status_survives_a_backup(counter):
    counter.store.register_status("packed", "Packed")
    number = counter.store.create_order({"status": "packed"})
    backup = counter.store.take_backup()
    counter.store.unregister_status("packed")
    counter.store.restore_backup(backup)
    assert counter.ids("orders", status="packed") == [number]


# -- notes ------------------------------------------------------------------------------------------


def test_notes_are_listed_newest_first_written_and_deleted(counter):
    order = counter.ids("orders", status="completed")[0]
    before = counter.json(f"orders/{order}/notes")
    assert len(before) in (2, 3)
    sent = {"note": "On its way", "customer_note": True}
    made = shown(counter.ask("POST", f"orders/{order}/notes", sent))
    assert [row["id"] for row in counter.json(f"orders/{order}/notes")] == [
        made["id"], *(row["id"] for row in before),
    ]  # fmt: skip
    told = counter.json(f"orders/{order}/notes", type="customer")
    assert made in told
    assert all(row["customer_note"] for row in told)
    path = f"orders/{order}/notes/{made['id']}"
    assert counter.json(path) == made
    assert counter.ask("DELETE", path).status == 501
    assert counter.ask("DELETE", path, force="true").status == 200
    assert counter.get(path).status == 404
    assert counter.json(f"orders/{order}/notes") == before


def test_a_note_does_not_bump_its_order_and_a_new_status_leaves_one(counter):
    order = counter.ids("orders", status="processing")[0]
    modified = counter.json(f"orders/{order}")["date_modified_gmt"]
    counter.ask("POST", f"orders/{order}/notes", {"note": "psst"})
    assert counter.json(f"orders/{order}")["date_modified_gmt"] == modified
    counter.store.edit("orders", order, {"status": "completed"})
    newest = counter.json(f"orders/{order}/notes")[0]
    assert newest["note"] == "Order status changed from Processing to Completed."


def test_notes_share_their_ids_with_reviews(counter):
    reviews, notes = (set(counter.store.ids(name)) for name in ("reviews", "order_notes"))
    assert not reviews & notes
    order = counter.ids("orders", status="completed")[0]
    note = counter.store.create("order_notes", {"note": "a"}, owner=order)
    assert note > max(reviews | notes)


def test_notes_go_with_their_order(counter):
    order = counter.ids("orders", status="completed")[0]
    notes = counter.store.tables["order_notes"].owned(order)
    counter.store.delete("orders", order)
    assert refused(counter.get(f"orders/{order}/notes")) == (
        404, "woocommerce_rest_shop_order_invalid_id",
    )  # fmt: skip
    assert set(notes) <= counter.store.changes.deleted["order_notes"]


# -- webhooks, reviews ------------------------------------------------------------------------------


def test_webhooks_are_made_changed_and_deleted(counter):
    sent = {"topic": "order.updated", "delivery_url": "https://there.test/", "secret": "hush"}
    made = shown(counter.ask("POST", "webhooks", sent))
    assert (made["resource"], made["event"], made["status"]) == ("order", "updated", "active")
    assert "hush" not in counter.get(f"webhooks/{made['id']}").body.decode()
    assert shown(counter.ask("PUT", f"webhooks/{made['id']}", {"status": "paused"}))["status"] == (
        "paused"
    )
    assert made["id"] in counter.ids("webhooks", status="paused")
    for wrong, code in (({"topic": "order.eaten"}, "topic"), ({"delivery_url": "ftp://x"}, "url")):
        status, found = refused(counter.ask("POST", "webhooks", {**sent, **wrong}))
        assert status == 400
        assert code in found
    assert counter.ask("DELETE", f"webhooks/{made['id']}").status == 501
    assert counter.ask("DELETE", f"webhooks/{made['id']}", force="true").status == 200


@pytest.mark.parametrize("status", ["hold", "spam", "trash"])
def test_reviews_of_every_status(counter, status):
    review = counter.ids("products/reviews")[0]
    if status == "trash":
        counter.ask("DELETE", f"products/reviews/{review}")
    else:
        counter.ask("PUT", f"products/reviews/{review}", {"status": status})
    assert review in counter.ids("products/reviews", status=status)
    assert (review in counter.ids("products/reviews", status="all")) is (status == "hold")


def test_a_plugin_that_is_not_known_is_named():
    with pytest.raises(ValueError, match=r"There is no plugin 'rocket'\. There are: payments,"):
        Store(1, 20, plugins=("rocket",))


def test_webhooks_declare_offset_and_do_not_mind_it(counter):
    for number in range(3):
        counter.ask(
            "POST",
            "webhooks",
            {"topic": "order.created", "delivery_url": f"https://x.test/{number}"},
        )
    first, *_ = counter.ids("webhooks", orderby="id", order="asc", per_page=1)
    assert counter.ids("webhooks", orderby="id", order="asc", per_page=1, offset=1) == [first]
    assert counter.ids("webhooks", orderby="id", order="asc", per_page=1, page=2) != [first]
