"""What a store can answer instead of what was asked."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from storetwin.kernel.errors import (
    ConfigurationError,
    CredentialError,
    RecordError,
    RetryableError,
)

Kind = Literal[
    "server_error",
    "gateway",
    "empty",
    "html",
    "truncated",
    "not_json",
    "too_large",
    "timeout",
    "blank",
]
# These were asked for again already, or cost too much to be: ask for less instead.
ASKED_ENOUGH: frozenset[Kind] = frozenset({"gateway", "timeout", "too_large"})
# Such an answer is none of the store's own: it was asked something harmless before it got blamed.
HEARD_OUT: frozenset[Kind] = frozenset({"gateway", "timeout"})


class BadAnswerError(RecordError):
    """The store answered, but not with what was asked: something on that page breaks it.

    Args:
        kind: what came instead.
    """

    code = "bad_answer"

    def __init__(self, kind: Kind, message: str) -> None:
        super().__init__(message, remedy="Look at the PHP error log of the store.")
        self.kind = kind


class NotFoundError(RecordError):
    """The store says that there is no such record, or no such route.

    Args:
        wc_code: WooCommerce's own word for it, like ``woocommerce_rest_shop_order_invalid_id``.
        served_at: the store's clock when it said so.
    """

    code = "not_found"

    def __init__(self, message: str, *, wc_code: str, served_at: datetime) -> None:
        super().__init__(message)
        self.wc_code = wc_code
        self.served_at = served_at

    @property
    def is_route_missing(self) -> bool:
        """Say whether the route is missing, not the record."""
        return self.wc_code == "rest_no_route"


class RequestRefusedError(RecordError):
    """The store does not take the request as it is (400)."""

    code = "refused"

    def __init__(self, message: str, *, wc_code: str) -> None:
        super().__init__(message, remedy="Report this with the versions of the store.")
        self.wc_code = wc_code


class NotForTheseKeysError(RequestRefusedError):
    """The keys are accepted, and their user may not see this kind of record (403)."""

    code = "not_for_these_keys"

    def __init__(self, message: str, *, wc_code: str) -> None:
        super().__init__(message, wc_code=wc_code)
        self.remedy = "Make the keys for an administrator or a shop manager of the store."


class StoreDownError(RetryableError):
    """The store has stopped answering."""

    code = "store_down"
    default_remedy = "Look whether the shop opens in a browser; the same command goes on from here."


class MaintenanceError(StoreDownError):
    """The store says 503: maintenance, or out of capacity."""

    code = "maintenance"
    default_remedy = (
        "Wait until the store's maintenance is over; the same command goes on from here."
    )


class CachedAnswersError(ConfigurationError):
    """Something before the store answers in its place with what it kept from earlier."""

    code = "cached"
    default_remedy = (
        "Exclude /wp-json/ from the page cache of the host, the plugin or the content network."
    )


class KeyRejectedError(CredentialError):
    """The store does not accept the keys."""

    code = "key_rejected"
    default_remedy = "Make new keys in WooCommerce › Settings › Advanced › REST API, and add the connection again."


class PermissionMissingError(CredentialError):
    """The keys are accepted and may not do what was asked."""

    code = "permission_missing"
    default_remedy = "Set the key's permission in WooCommerce › Settings › Advanced › REST API."


class ClockOffError(ConfigurationError):
    """The clocks of the store and of this machine differ too much for signatures and cursors."""

    code = "clock_off"
    default_remedy = (
        "Set the clock of the machine that is wrong (NTP); Storetwin goes by the store's clock."
    )


class ForbiddenError(CredentialError):
    """Something in front of the store forbids the request (403)."""

    code = "forbidden"
    default_remedy = "Allow this machine's address in the firewall or security plugin of the store."


class NotAStoreError(ConfigurationError):
    """WordPress answers, WooCommerce does not."""

    code = "no_woocommerce"
    default_remedy = "Activate WooCommerce there, or correct the URL."


class WrongUrlError(ConfigurationError):
    """There is no WordPress at this address.

    Args:
        target: where it is, if the site says so.
    """

    code = "wrong_url"
    default_remedy = "Give the address of the shop's front page, like https://shop.example."

    def __init__(
        self, message: str, *, remedy: str | None = None, target: str | None = None
    ) -> None:
        super().__init__(message, remedy=remedy)
        self.target = target


class PlainPermalinksError(ConfigurationError):
    """The store uses plain permalinks; there WooCommerce's keys open nothing."""

    code = "plain_permalinks"
    default_remedy = "Choose any other permalink structure in WordPress › Settings › Permalinks."
