"""Which webhooks a store should have of ours, and what to do about those that it has. Pure.

Facts about WooCommerce, measured on 10.5: a webhook whose deliveries failed more than five times in
a row is disabled without a word, and made active again it is disabled by the next failure, for its
counter stays. So what is not well is made anew and the old one deleted.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hashlib import sha256
from urllib.parse import urlsplit
from uuid import UUID

TOPICS: Mapping[str, str] = {
    f"{noun}.{event}": resource
    for noun, resource, events in (
        ("order", "orders", ("created", "updated", "deleted", "restored")),
        ("product", "products", ("created", "updated", "deleted", "restored")),
        ("customer", "customers", ("created", "updated", "deleted")),  # they have no trash
        ("coupon", "coupons", ("created", "updated", "deleted", "restored")),
    )
    for event in events
}
"""Every topic of WooCommerce's own, and the resource that it speaks of."""
TEST_TOPIC = "storetwin.test"
"""Of the deliveries that `storetwin webhook test` sends through the whole way."""
TOLD = ("orders", "products", "variations", "customers", "coupons")
"""The resources of which webhooks tell; variations come as products (measured)."""
MOST_RENEWALS = (
    3  # a store whose webhooks vanish or are disabled more often within a day needs a person
)
DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Hook:
    """A webhook as a store shows it; its secret is never shown.

    Args:
        status: active, paused or disabled.
    """

    hook_id: int
    name: str
    topic: str
    status: str
    delivery_url: str


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the store should have.

    Args:
        mark: with which the names of our webhooks begin.
        url: where they deliver to.
        topics: one webhook each.
    """

    mark: str
    url: str
    topics: tuple[str, ...]

    def name_of(self, topic: str) -> str:
        """Return what the webhook of a topic is called."""
        return f"{self.mark} {topic}"

    def is_ours(self, hook: Hook) -> bool:
        """Say whether a webhook was made by this connection, wherever it delivers to."""
        if hook.name.startswith(f"{self.mark} "):
            return True
        return _last_part(hook.delivery_url) == _last_part(self.url)


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be done, in this order: create, then delete.

    Args:
        create: topic → why it needs a new webhook.
        delete: webhooks of ours that are not needed (any more).
        kept: webhooks that are well, by topic.
    """

    create: Mapping[str, str] = field(default_factory=dict)
    delete: tuple[Hook, ...] = ()
    kept: Mapping[str, Hook] = field(default_factory=dict)

    @property
    def is_done(self) -> bool:
        """Say whether there is nothing to do."""
        return not self.create and not self.delete


MISSING = "there is none"
ELSEWHERE = "it delivers to another address"


def mark_of(connection_id: UUID) -> str:
    """Return with what the names of a connection's webhooks begin; it tells nobody anything."""
    return f"Storetwin {sha256(connection_id.bytes).hexdigest()[:8]}:"


def topics_for(resources: Collection[str]) -> tuple[str, ...]:
    """Return the topics that speak of any of these resources."""
    return tuple(topic for topic, resource in TOPICS.items() if resource in resources)


def plan(wanted: Wanted, found: Iterable[Hook]) -> Plan:
    """Decide what to do so that the store has exactly one active webhook of ours for each topic.

    Webhooks that this connection did not make are never touched.
    """
    ours = sorted(filter(wanted.is_ours, found), key=lambda hook: hook.hook_id)
    kept: dict[str, Hook] = {}
    for hook in ours:
        if hook.topic in wanted.topics and _is_well(wanted, hook):
            kept.setdefault(hook.topic, hook)
    return Plan(
        create={
            topic: _why(wanted, [hook for hook in ours if hook.topic == topic])
            for topic in wanted.topics
            if topic not in kept
        },
        delete=tuple(hook for hook in ours if kept.get(hook.topic) != hook),
        kept=kept,
    )


def _is_well(wanted: Wanted, hook: Hook) -> bool:
    return hook.status == "active" and hook.delivery_url.rstrip("/") == wanted.url


def _why(wanted: Wanted, hooks: Sequence[Hook]) -> str:
    """Say what is wrong with the webhooks of a topic, the newest first."""
    if not hooks:
        return MISSING
    newest = hooks[-1]
    if newest.delivery_url.rstrip("/") != wanted.url:
        return ELSEWHERE
    return f"it is {newest.status}"


def _last_part(url: str) -> str:
    return urlsplit(url).path.rstrip("/").rsplit("/", 1)[-1]


def may_renew(renewals: Iterable[datetime], now: datetime) -> bool:
    """Say whether webhooks may be made anew without a person."""
    return sum(1 for moment in renewals if now - moment < DAY) < MOST_RENEWALS


def recent(renewals: Iterable[datetime], now: datetime) -> tuple[datetime, ...]:
    """Return the renewals that still count."""
    return tuple(moment for moment in renewals if now - moment < DAY)
