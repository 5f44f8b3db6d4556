"""Telling an answer of the server from one that something before it kept from earlier. Pure."""

from __future__ import annotations

from collections.abc import Mapping

# What proxies, hosts' page caches and content networks write (Varnish, nginx, Fastly, Cloudflare,
# LiteSpeed, WP Engine): the name of the header, where "HIT" says that the server was not asked.
_MARKS = (
    *("x-cache", "x-cache-status", "x-proxy-cache", "x-varnish-cache", "x-litespeed-cache"),
    *("cf-cache-status", "x-fastcgi-cache", "x-kinsta-cache", "x-sucuri-cache", "x-cacheable"),
)


def cached_by(headers: Mapping[str, str]) -> str | None:
    """Return the header that gives a kept answer away, as it stands there; None for a fresh one.

    Args:
        headers: names in lower case. ``Age`` above zero means that the answer was kept for that
            many seconds (RFC 9111, section 5.1).
    """
    age = headers.get("age", "").strip()
    if age.isdecimal() and int(age) > 0:
        return f"Age: {age}"
    for name in _MARKS:
        value = headers.get(name, "")
        if value.strip().upper().startswith("HIT"):
            return f"{name}: {value.strip()}"
    return None
