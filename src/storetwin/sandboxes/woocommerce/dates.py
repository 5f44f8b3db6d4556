"""How WordPress and WooCommerce read the dates of filters, their three traps included."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

from storetwin.sandboxes.woocommerce.site_time import SiteTime

_PARTS = re.compile(
    r"(?P<date>\d{4}-\d{2}-\d{2})[Tt ](?P<time>\d{2}:\d{2}:\d{2})(?P<fraction>\.\d+)?"
    r"(?P<zone>[zZ]|[+-]\d{2}(?::\d{2})?)?"
)


def filter_moment(text: str, site: SiteTime, *, dates_are_gmt: bool, is_order: bool) -> int:
    """Return the moment a date filter means, as measured on WooCommerce 10.5.

    Without a zone it is the site's local time, or GMT with ``dates_are_gmt``. Traps: a zone
    together with ``dates_are_gmt`` is first turned into local time and then compared with GMT;
    a fraction of a second makes orders and refunds forget the zone.

    Args:
        text: as sent, already known to look like a date.
        site: the site's clock.
        dates_are_gmt: the parameter of that name.
        is_order: orders and refunds read dates differently from posts.
    """
    found = _PARTS.fullmatch(text)
    if found is None:
        return 0
    naive = datetime.fromisoformat(f"{found['date']}T{found['time']}")
    zone = found["zone"]
    if zone and found["fraction"] and is_order:
        zone = None
    if zone is None:
        return _gmt(naive) if dates_are_gmt else site.from_local(naive)
    moment = _gmt(naive - _offset(zone))
    return moment + site.offset(moment) if dates_are_gmt else moment


def _gmt(naive: datetime) -> int:
    return int(naive.replace(tzinfo=UTC).timestamp())


def _offset(zone: str) -> timedelta:
    if zone in ("Z", "z"):
        return timedelta(0)
    hours, _, minutes = zone[1:].partition(":")
    distance = timedelta(hours=int(hours), minutes=int(minutes or 0))
    return -distance if zone[0] == "-" else distance
