"""What every answer says of itself to the browser."""

from __future__ import annotations

from typing import Final

from starlette.responses import Response

POLICY: Final = (
    "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none'; "
    "form-action {forms}; frame-ancestors 'none'"
)
HEADERS: Final = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",  # with no-referrer a browser sends its forms without origin
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
}
ONE_YEAR: Final = "max-age=31536000"


def guard(response: Response, *, is_secure: bool, forms_to: str | None = None) -> None:
    """Tell the browser what a page may do.

    Args:
        is_secure: the hub is reached by https only.
        forms_to: another origin to which a form of this page leads, like a store's own page.
    """
    forms = "'self'" if forms_to is None else f"'self' {forms_to}"
    response.headers.setdefault("Content-Security-Policy", POLICY.format(forms=forms))
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)
    response.headers.setdefault("Cache-Control", "private, no-store")
    if is_secure:
        response.headers.setdefault("Strict-Transport-Security", ONE_YEAR)
