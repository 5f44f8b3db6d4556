"""What a webhook has that no list shows, and which changes of the shop webhooks hear of."""

from __future__ import annotations

from dataclasses import dataclass

RESOURCE_OF = {
    "orders": "order", "products": "product", "variations": "product", "customers": "customer",
    "coupons": "coupon",
}  # fmt: skip
"""Table → the resource in its topics. No other table has topics."""
TOPIC_HOOKS = {
    "coupon.created": ["woocommerce_process_shop_coupon_meta", "woocommerce_new_coupon"],
    "coupon.updated": ["woocommerce_process_shop_coupon_meta", "woocommerce_update_coupon"],
    "coupon.deleted": ["wp_trash_post"],
    "coupon.restored": ["untrashed_post"],
    "customer.created": [
        "user_register", "woocommerce_created_customer", "woocommerce_new_customer",
    ],
    "customer.updated": ["profile_update", "woocommerce_update_customer"],
    "customer.deleted": ["delete_user"],
    "order.created": ["woocommerce_new_order"],
    "order.updated": ["woocommerce_update_order", "woocommerce_order_refunded"],
    "order.deleted": ["wp_trash_post", "woocommerce_trash_order"],
    "order.restored": ["untrashed_post", "woocommerce_untrash_order"],
    "product.created": [
        "woocommerce_process_product_meta", "woocommerce_new_product",
        "woocommerce_new_product_variation",
    ],
    "product.updated": [
        "woocommerce_process_product_meta", "woocommerce_update_product",
        "woocommerce_update_product_variation",
    ],
    "product.deleted": ["wp_trash_post"],
    "product.restored": ["untrashed_post"],
}  # fmt: skip
"""Topic → the hooks of WordPress behind it (source: get_default_topic_hooks)."""
_DRAFTS = {
    "orders": ("auto-draft", "draft", "new"),
    "products": ("auto-draft", "new"),
    "coupons": ("auto-draft", "new"),
}
_DELETED = {"customers": ("customer",)}
"""Of deleted users only those are told who have this role (source: is_valid_user_action)."""


@dataclass(slots=True)
class Hook:
    """The hidden side of a webhook that was made, or given a URL, since the shop began.

    Args:
        secret: what its deliveries are signed with.
        failures: deliveries that failed in a row; see the module ``rules``.
        awaits_ping: no ping has had a 200 yet.
    """

    secret: str
    failures: int = 0
    awaits_ping: bool = True


def topic_of(resource: str, event: str, status: str | None) -> str | None:
    """Return the topic of a change; None where a real store tells nobody.

    Args:
        resource: the table.
        event: ``created``, ``updated``, ``deleted`` or ``restored``.
        status: of the record (a customer's role), as it is after the change, or before a deletion.
    """
    if resource not in RESOURCE_OF or status in _DRAFTS.get(resource, ()):
        return None
    if event == "deleted" and resource in _DELETED and status not in _DELETED[resource]:
        return None
    return f"{RESOURCE_OF[resource]}.{event}"
