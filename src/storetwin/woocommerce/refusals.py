"""What a store's "no" means: one place, so that a test and a pull say the same of the same trouble.

WooCommerce's texts and codes were measured on 10.5 (docs/explanation/how-a-store-behaves.md).
"""

from __future__ import annotations

from datetime import datetime, timedelta

from storetwin.connections.models import normalise_url
from storetwin.http.answer import Answer
from storetwin.http.errors import RedirectedError
from storetwin.http.retry import retry_after
from storetwin.kernel.errors import StoretwinError
from storetwin.woocommerce.answers import StoreError
from storetwin.woocommerce.errors import (
    BadAnswerError,
    ClockOffError,
    ForbiddenError,
    KeyRejectedError,
    MaintenanceError,
    NotForTheseKeysError,
    NotFoundError,
    PermissionMissingError,
    RequestRefusedError,
    StoreDownError,
)

# A record that does not exist, told with another status (measured: a refund below another order).
ABSENT_CODES = frozenset({"woocommerce_rest_invalid_order_refund_id"})
PERMISSIONS = "in WooCommerce › Settings › Advanced › REST API"


def busy(answer: Answer, now: datetime) -> StoreDownError:
    """Return the error for an answer that means "not now" (429, 502, 503 …)."""
    asked = retry_after(answer, now)
    until = ""
    if asked:
        back = now + timedelta(seconds=asked)
        until = f" It asks to be left alone for {asked:,.0f} s, until {back:%Y-%m-%d %H:%M} UTC."
    if answer.status == 503:
        return MaintenanceError(
            f"The store is in maintenance or overloaded (503).{until}", retry_after=asked
        )
    what = "asks us to slow down" if answer.status == 429 else "is not well"
    return StoreDownError(f"The store {what} ({answer.status}).{until}", retry_after=asked)


def stopped(error: StoretwinError) -> StoreDownError:
    """Return the error for a store that answers neither this question nor a harmless one."""
    return StoreDownError(f"The store has stopped answering: {error.message}")


def redirected(error: RedirectedError) -> RedirectedError:
    """Return the error with the address to connect to, where the redirect leads to an API."""
    if "/wp-json" not in error.target:
        return error
    return RedirectedError(error.source, normalise_url(error.target))


def clock_off(ahead: float) -> ClockOffError:
    """Return the error for a store whose clock is this many seconds ahead of ours (or behind)."""
    if abs(ahead) < 1:
        return ClockOffError("The clocks of the store and of this machine are too far apart.")
    way = "ahead of" if ahead > 0 else "behind"
    return ClockOffError(f"The store's clock is {abs(ahead):,.0f} s {way} ours.")


def not_allowed(status: int, error: StoreError | None, *, ahead: float = 0.0) -> StoretwinError:
    """Return the error for a 401 or 403: a key, its rights, the clock, or a firewall.

    Args:
        error: WooCommerce's own document; None when something else answered.
        ahead: seconds that the store's clock is ahead of ours, by its Date header.
    """
    if error is None:
        return ForbiddenError(f"Something in front of the store answers {status} with a web page.")
    if "permission" in error.message:
        return _permission_missing(error.message)
    if "Invalid timestamp" in error.message:
        return clock_off(ahead)
    return _key_rejected(error)


def refusal(
    path: str,
    status: int,
    error: StoreError | None,
    *,
    served_at: datetime,
    ahead: float,
    has_answered: bool,
) -> StoretwinError:
    """Return the error that fits a refusal.

    Args:
        error: as for :func:`not_allowed`.
        served_at: the store's clock when it said so.
        ahead: as for :func:`not_allowed`.
        has_answered: the keys have opened something before.
    """
    wc_code = error.wc_code if error else ""
    said = f"{status} {wc_code}".strip() + (f": {error.message[:200]}" if error else "")
    if error is None and status in (404, 410):
        # A theme's or a web server's page: it speaks of the address, of no record.
        return BadAnswerError("html", f"{path} answers {status} with a web page.")
    if wc_code in ABSENT_CODES or status in (404, 410):
        return NotFoundError(f"{path}: {said}", wc_code=wc_code, served_at=served_at)
    if status == 403 and "cannot_view" in wc_code and has_answered:
        return NotForTheseKeysError(f"The keys may not see {path}.", wc_code=wc_code)
    if status in (401, 403):
        return not_allowed(status, error, ahead=ahead)
    if status >= 500:
        return BadAnswerError("server_error", f"{path} answers {said}")
    return RequestRefusedError(f"The store refuses {path}: {said}", wc_code=wc_code)


def _permission_missing(said: str) -> PermissionMissingError:
    for right, setting in (("read", "Read/Write (or Read)"), ("write", "Read/Write")):
        if f"{right} permissions" in said:
            return PermissionMissingError(
                f"The key may not {right}.",
                remedy=f"Set the key's permission to {setting} {PERMISSIONS}.",
            )
    return PermissionMissingError(f"The store says: {said}")


def _key_rejected(error: StoreError) -> KeyRejectedError:
    """Say which half of the keys is wrong, as far as the store tells."""
    said = error.message
    if "Consumer secret" in said or "Invalid signature" in said:
        return KeyRejectedError(
            "The consumer secret is wrong.",
            remedy="Copy the secret (cs_…) again, or make new keys: WooCommerce shows it once.",
        )
    if "Consumer key" in said or "cannot_view" in error.wc_code:
        return KeyRejectedError(
            "The store does not know the consumer key.",
            remedy="Copy the key (ck_…) again. If it is right, a proxy takes the Authorization header "
            "away: let the web server pass it on to PHP.",
        )
    return KeyRejectedError(f"The store does not accept the keys: {said} ({error.wc_code}).")
