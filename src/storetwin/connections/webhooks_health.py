"""How well the webhooks of a connection are, in words for a person. Pure.

The formula of silence is explained in docs/explanation/webhooks.md.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

import msgspec

USUAL_DELAY = timedelta(minutes=10)
"""How long a delivery may take. Measured: 20 to 34 s where cron runs each minute, longer behind a
receiver that hangs; on stores whose cron waits for visitors there is no bound."""
MISSED = 3  # so many changes that no webhook told are no accident
LATELY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Upkeep:
    """What the store had of our webhooks when it was last looked at.

    Args:
        active: topics with a webhook that is well.
        lacking: topic → what is the matter with it.
        renewals: when webhooks that were disabled were made anew by themselves.
        trouble: what keeps us from putting it right.
        remedy: what a person can do about that.
    """

    active: tuple[str, ...] = ()
    lacking: dict[str, str] = field(default_factory=dict)
    renewals: tuple[datetime, ...] = ()
    trouble: str | None = None
    remedy: str | None = None

    def as_json(self) -> str:
        """Return it as JSON text."""
        return msgspec.json.encode(self).decode()

    @classmethod
    def from_json(cls, text: str | None) -> Upkeep:
        """Read what :meth:`as_json` wrote; nothing known for None."""
        return msgspec.json.decode(text, type=cls) if text else cls()


@dataclass(frozen=True, slots=True)
class Traffic:
    """What has come through the door.

    Args:
        created_at: since when there are webhooks.
        missed: changes that increments found which began after the last delivery and ended longer
            ago than deliveries take.
    """

    created_at: datetime
    last_delivery_at: datetime | None = None
    last_ping_at: datetime | None = None
    deliveries: int = 0
    missed: int = 0
    refused: int = 0
    last_refused_at: datetime | None = None
    last_refusal: str | None = None


class Standing(StrEnum):
    """How webhooks are doing."""

    POLLING = "polling only"
    OFF = "off"
    BROKEN = "broken"
    SILENT = "silent"
    REFUSED = "refused"
    WAITING = "waiting for the first"
    OK = "ok"


@dataclass(frozen=True, slots=True)
class Health:
    """How webhooks are doing, why, and what to do about it."""

    standing: Standing
    reason: str
    remedy: str | None = None


NO_PUBLIC_URL = Health(
    Standing.POLLING,
    "Stores cannot reach this hub, so it only asks: no public URL is set.",
    "Set STORETWIN_PUBLIC_URL to where stores reach `storetwin serve`, and create the webhooks.",
)
NOT_WANTED = Health(
    Standing.OFF,
    "No webhooks were created in the store, so it is only asked.",
    "Create them: storetwin webhook create NAME",
)


def health(
    upkeep: Upkeep, traffic: Traffic, *, has_public_url: bool, is_wanted: bool, now: datetime
) -> Health:
    """Say how the webhooks of a connection are doing; the worst first."""
    if not has_public_url:
        return NO_PUBLIC_URL
    if not is_wanted:
        return NOT_WANTED
    return _in_the_store(upkeep) or _at_the_door(traffic, now)


def _in_the_store(upkeep: Upkeep) -> Health | None:
    if upkeep.trouble:
        return Health(Standing.BROKEN, upkeep.trouble, upkeep.remedy)
    if upkeep.lacking:
        return Health(
            Standing.BROKEN,
            f"The store has no working webhook for {', '.join(sorted(upkeep.lacking))}.",
            "Repair them: storetwin webhook repair NAME",
        )
    return None


def _at_the_door(traffic: Traffic, now: datetime) -> Health:
    if _is_refused(traffic, now):
        return Health(
            Standing.REFUSED,
            f"Deliveries are refused: {traffic.last_refusal}.",
            "Where the signature is wrong, take a new secret: "
            "storetwin webhook repair NAME --new-secret",
        )
    if is_silent(traffic):
        return _silent(traffic)
    if traffic.last_delivery_at is None:
        return Health(Standing.WAITING, "The webhooks are there; nothing was delivered yet.")
    return Health(Standing.OK, f"{traffic.deliveries:,} deliveries so far.")


def is_silent(traffic: Traffic) -> bool:
    """Say whether the store changes and tells nothing of it."""
    return traffic.missed >= MISSED


def _is_refused(traffic: Traffic, now: datetime) -> bool:
    """Say whether the last thing that came was refused, lately."""
    refused_at = traffic.last_refused_at
    if refused_at is None or now - refused_at > LATELY:
        return False
    return traffic.last_delivery_at is None or traffic.last_delivery_at < refused_at


def _silent(traffic: Traffic) -> Health:
    since = traffic.last_delivery_at or traffic.created_at
    return Health(
        Standing.SILENT,
        f"{traffic.missed:,} changes since {since:%Y-%m-%d %H:%M} UTC came without a webhook.",
        "Look whether the store's cron runs (WooCommerce › Status › Scheduled Actions) and may "
        "reach the public URL: storetwin webhook test NAME",
    )
