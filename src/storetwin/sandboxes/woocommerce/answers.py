"""Answers with the headers of a WordPress behind nginx."""

from __future__ import annotations

from dataclasses import dataclass, field
from email.utils import formatdate
from functools import lru_cache
from typing import Any

from storetwin.sandboxes.woocommerce.delivery import AT_ONCE, Delivery
from storetwin.sandboxes.woocommerce.php_json import dumps

JSON = "application/json; charset=UTF-8"
HTML = "text/html; charset=UTF-8"
PLAIN_HTML = "text/html; charset=utf-8"


class RestError(Exception):
    """What WordPress calls a WP_Error: it becomes the answer.

    Args:
        code: the machine-readable code.
        message: the text.
        status: HTTP status.
        data: what stands under ``data`` instead of ``{"status": …}``; WooCommerce is not uniform.
        shows_allow: some errors come before WordPress knows what is allowed.
    """

    def __init__(
        self,
        code: str,
        message: str,
        status: int,
        *,
        data: Any = None,
        shows_allow: bool = True,
    ) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.status = status
        self.data = {"status": status} if data is None else data
        self.shows_allow = shows_allow

    def document(self) -> dict[str, Any]:
        """Return the error as it stands in a body, or in a batch."""
        return {"code": self.code, "message": self.message, "data": self.data}


@dataclass(slots=True)
class Answer:
    """One answer before it goes over the wire.

    Args:
        status: HTTP status.
        body: exact bytes.
        total, pages: the totals headers; None for lists that have none.
        link: the Link header; None gives WordPress's own.
        allow: the Allow header; empty for none.
        content_type: its header.
        is_bare: only what nginx adds, nothing of WordPress.
        caching: the no-cache headers, which WordPress sends to those who are logged in.
        vary: ``Vary: Origin``, which it sends to those who are not.
        is_fatal: PHP died: no Allow header.
        records: how many records the body shows, for the counters.
        headers: further headers.
        made_at: when it was made, in epoch seconds, if something kept it since; None for now.
        wait: seconds until it goes out.
        delivery: how its body goes over the wire.
        pings: webhooks whose receivers are asked first whether they are there.
    """

    status: int = 200
    body: bytes = b""
    total: int | None = None
    pages: int | None = None
    link: str | None = None
    allow: str = ""
    content_type: str = JSON
    is_bare: bool = False
    caching: bool = True
    vary: bool = False
    is_fatal: bool = False
    records: int = 0
    headers: list[tuple[str, str]] = field(default_factory=list)
    made_at: float | None = None
    wait: float = 0.0
    delivery: Delivery = AT_ONCE
    pings: list[int] = field(default_factory=list)

    def header_lines(self, base: str, now: float) -> list[tuple[bytes, bytes]]:
        """Return the headers in the order of a real store."""
        lines = [
            ("Server", "nginx"),
            ("Date", http_date(int(now if self.made_at is None else self.made_at))),
            ("Content-Type", self.content_type),
            ("Connection", "keep-alive"),
        ]
        if not self.is_bare:
            lines += self._wordpress_lines(base)
        lines += self.headers
        return [(name.encode("latin-1"), value.encode("latin-1")) for name, value in lines]

    def _wordpress_lines(self, base: str) -> list[tuple[str, str]]:
        own = f'<{base}/wp-json/>; rel="https://api.w.org/"'
        lines = [("X-Robots-Tag", "noindex")]
        if self.link is None:
            lines.append(("Link", own))
        lines += [
            ("X-Content-Type-Options", "nosniff"),
            ("Access-Control-Expose-Headers", "X-WP-Total, X-WP-TotalPages, Link"),
            (
                "Access-Control-Allow-Headers",
                "Authorization, X-WP-Nonce, Content-Disposition, Content-MD5, Content-Type",
            ),
        ]
        if self.vary:
            lines.append(("Vary", "Origin"))
        if self.total is not None:
            lines += [("X-WP-Total", str(self.total)), ("X-WP-TotalPages", str(self.pages))]
        if self.link is not None:
            lines.append(("Link", self.link))
        if self.allow:
            lines.append(("Allow", self.allow))
        if self.caching:
            lines += [
                ("Expires", "Wed, 11 Jan 1984 05:00:00 GMT"),
                ("Cache-Control", "no-cache, must-revalidate, max-age=0, no-store, private"),
            ]
        return lines


@lru_cache(maxsize=16)
def http_date(second: int) -> str:
    """Return an RFC 9110 date."""
    return formatdate(second, usegmt=True)


def error_answer(error: RestError, allow: str) -> Answer:
    """Return the answer of a WP_Error."""
    body = dumps(error.document()).encode()
    return Answer(error.status, body, allow=allow if error.shows_allow else "")
