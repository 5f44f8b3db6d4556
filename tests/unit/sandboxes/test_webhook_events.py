"""Which changes of a shop its webhooks hear of, and which they do not (measured lists)."""

import pytest

from storetwin.sandboxes.woocommerce.fixed import fixed_answers
from storetwin.sandboxes.woocommerce.model.hooks import TOPIC_HOOKS

ALL = tuple(
    f"{kind}.{event}"
    for kind in ("order", "product", "customer", "coupon")
    for event in ("created", "updated", "deleted", "restored")
)


@pytest.fixture
def told(counter):
    """Listen to the shop as its webhooks do."""
    found = []
    post = {"topic": "order.updated", "delivery_url": "https://there.test/", "secret": "x"}
    assert counter.ask("POST", "webhooks", post).status == 201
    counter.store.listener = lambda topic, number: found.append((topic, number))
    return found


def one(counter, path, **query):
    return counter.ids(path, **query)[0]


def variable(counter):
    return next(row for row in counter.json("products", type="variable") if row["variations"])


def test_an_order_is_told_from_its_creation_to_the_trash(counter, told):
    order = int(counter.ask("POST", "orders", {}).body.split(b",")[0][6:])
    counter.ask("PUT", f"orders/{order}", {"customer_note": "x"})
    counter.ask("PUT", f"orders/{order}", {"status": "completed"})  # its note tells nothing more
    counter.ask("DELETE", f"orders/{order}")
    counter.store.restore("orders", order)
    assert told == [
        ("order.created", order), ("order.updated", order), ("order.updated", order),
        ("order.deleted", order), ("order.restored", order),
    ]  # fmt: skip


def test_an_untrash_over_rest_is_an_update(counter, told):
    order = one(counter, "orders")
    counter.store.trash("orders", order)
    told.clear()
    counter.ask("PUT", f"orders/{order}", {"status": "pending"})
    assert told == [("order.updated", order)]


def test_a_refund_tells_its_order_and_its_deletion_nobody(counter, told):
    order = next(row["id"] for row in counter.json("orders", status="completed", per_page=100)
                 if float(row["total"]) > 1)  # fmt: skip
    path = f"orders/{order}/refunds"
    made = counter.ask("POST", path, {"amount": "0.50", "api_refund": False})
    assert made.status == 201, made.body
    assert told == [("order.updated", order)]
    told.clear()
    refund = max(counter.ids(path))
    assert counter.ask("DELETE", f"{path}/{refund}", force="true").status == 200
    assert told == []


@pytest.mark.parametrize("path", ["orders", "products", "coupons"])
def test_deleted_for_good_tells_nobody(counter, told, path):
    assert counter.ask("DELETE", f"{path}/{one(counter, path)}", force="true").status == 200
    assert told == []


def test_a_batch_deletes_for_good_and_tells_nobody(counter, told):
    orders = counter.ids("orders")[:3]
    counter.ask("POST", "orders/batch", {"delete": orders, "update": [{"id": orders[0]}]})
    assert told == [("order.updated", orders[0])] or told == []
    assert all(topic != "order.deleted" for topic, _ in told)


def test_notes_and_terms_tell_nobody(counter, told):
    order, tag = one(counter, "orders"), one(counter, "products/tags")
    assert counter.ask("POST", f"orders/{order}/notes", {"note": "x"}).status == 201
    assert counter.ask("PUT", f"products/tags/{tag}", {"name": "Other"}).status == 200
    assert counter.ask("POST", "products/categories", {"name": "New"}).status == 201
    assert told == []


def test_variations_are_told_as_products_and_their_parent_is_not(counter, told):
    product = variable(counter)
    variation, path = product["variations"][0], f"products/{product['id']}/variations"
    made = counter.ask("POST", path, {"regular_price": "3"})
    new = int(made.body.split(b",")[0][6:])
    counter.ask("PUT", f"{path}/{variation}", {"regular_price": "4"})
    counter.ask("DELETE", f"{path}/{variation}")
    assert told == [
        ("product.created", new), ("product.updated", variation), ("product.deleted", variation),
    ]  # fmt: skip


def test_a_trashed_product_takes_its_variations_along(counter, told):
    product = variable(counter)
    counter.ask("DELETE", f"products/{product['id']}")
    assert set(told) == {
        ("product.deleted", number) for number in (product["id"], *product["variations"])
    }


def test_customers(counter, told):
    made = counter.ask("POST", "customers", {"email": "new@there.test"})
    customer = int(made.body.split(b",")[0][6:])
    counter.ask("PUT", f"customers/{customer}", {"first_name": "Ada"})
    counter.ask("DELETE", f"customers/{customer}", force="true")
    assert told == [(f"customer.{event}", customer) for event in ("created", "updated", "deleted")]


def test_a_deleted_customers_orders_change_and_nobody_is_told(counter, told):
    order = next(row for row in counter.json("orders", per_page=100) if row["customer_id"])
    counter.ask("DELETE", f"customers/{order['customer_id']}", force="true")
    assert counter.json(f"orders/{order['id']}")["customer_id"] == 0
    assert [topic for topic, _ in told] == ["customer.deleted"]


def test_coupons_are_told_and_drafts_of_orders_are_not(counter, told):
    coupon = one(counter, "coupons")
    counter.ask("PUT", f"coupons/{coupon}", {"amount": "3"})
    counter.ask("DELETE", f"coupons/{coupon}")
    draft = next(n for n in counter.store.ids("orders")
                 if counter.store.status_of("orders", n) == "auto-draft")  # fmt: skip
    counter.store.edit("orders", draft, {"customer_note": "x"})
    assert told == [("coupon.updated", coupon), ("coupon.deleted", coupon)]


def test_the_end_of_a_sale_is_told(counter, told, clock):
    clock(1_790_000_000)
    product = next(
        row["id"] for row in counter.json("products", type="simple") if row["regular_price"]
    )
    counter.ask("PUT", f"products/{product}", {
        "regular_price": "9", "sale_price": "5", "date_on_sale_to_gmt": "2026-09-21T20:00:00",
    })  # fmt: skip
    told.clear()
    clock(1_790_000_000 + 86_400)
    counter.get("products")
    assert told == [("product.updated", product)]


def test_generated_webhooks_send_nothing_until_they_get_a_url(counter):
    store, found = counter.store, []
    store.listener = lambda topic, number: found.append(topic)
    order, hook = one(counter, "orders"), one(counter, "webhooks", status="active")
    store.edit("orders", order, {"customer_note": "x"})
    assert found == []
    assert store.hooks == {}
    counter.ask("PUT", f"webhooks/{hook}", {"delivery_url": "https://there.test/"})
    store.edit("orders", order, {"customer_note": "y"})
    assert found == ["order.updated"]


def test_a_webhook_that_is_deleted_is_forgotten(counter, told):
    [hook] = counter.store.hooks
    assert counter.ask("DELETE", f"webhooks/{hook}", force="true").status == 200
    counter.store.edit("orders", one(counter, "orders"), {"customer_note": "x"})
    assert told == []


def test_a_copy_of_the_shop_has_its_webhooks_and_a_wiped_one_has_none(counter, told):
    store = counter.store
    copy, hooks = store.take_backup(), dict(store.hooks)
    store.wipe()
    assert store.hooks == {}
    store.restore_backup(copy)
    assert store.hooks == hooks


# -- over REST --------------------------------------------------------------------------------------


def test_a_new_webhook_is_active_whatever_it_asked_for_and_keeps_its_secret(counter):
    sent = {"topic": "order.updated", "delivery_url": "https://there.test/", "secret": "hush-9"}
    answer = counter.ask("POST", "webhooks", {**sent, "status": "paused"})
    made = counter.json(f"webhooks/{max(counter.store.hooks)}")
    assert made["status"] == "active"
    assert b"hush-9" not in answer.body + counter.get("webhooks").body
    assert made["name"].startswith("Webhook created on ")
    assert counter.store.hooks[made["id"]].secret == "hush-9"


def test_without_a_secret_there_is_one_that_nobody_knows(counter):
    for _ in range(2):
        sent = {"topic": "order.updated", "delivery_url": "https://there.test/"}
        assert counter.ask("POST", "webhooks", sent).status == 201
    first, second = counter.store.hooks.values()
    assert len(first.secret) == len(second.secret) == 50
    assert first.secret != second.secret


@pytest.mark.parametrize("topic", ALL)
def test_every_topic_can_be_asked_for(counter, topic):
    sent = {"topic": topic, "delivery_url": "http://there.test/"}
    answer = counter.ask("POST", "webhooks", sent)
    assert answer.status == 201
    assert answer.pings == [max(counter.store.hooks)]


def test_the_hooks_of_a_topic_are_those_recorded():
    recorded = {hook["topic"]: hook["hooks"] for hook in fixed_answers()["webhooks"]}
    assert recorded.items() <= TOPIC_HOOKS.items()


def test_who_is_pinged(counter):
    url = "https://there.test/"
    made = counter.ask("POST", "webhooks", {"topic": "order.updated", "delivery_url": url})
    [number] = made.pings
    path = f"webhooks/{number}"
    assert counter.ask("PUT", path, {"name": "x"}).pings == [number]  # none had a 200 yet
    counter.store.hooks[number].awaits_ping = False
    assert counter.ask("PUT", path, {"name": "y"}).pings == []
    assert counter.ask("PUT", path, {"delivery_url": url}).pings == []
    assert counter.ask("PUT", path, {"delivery_url": url + "2"}).pings == [number]
    assert counter.ask("PUT", path, {"status": "paused", "delivery_url": url}).pings == []
    batch = {
        "create": [{"topic": "order.created", "delivery_url": url}],
        "update": [{"id": number}],
    }
    assert counter.ask("POST", "webhooks/batch", batch).pings == [number + 1]
