"""Who is at the other end of a connection."""

from __future__ import annotations

from starlette.types import Scope


def header_name(setting: str | None) -> bytes | None:
    """Return the name of a proxy's header as an application is given it."""
    return setting.lower().encode() if setting else None


def peer_of(scope: Scope, proxy_header: bytes | None) -> str | None:
    """Return the address of who asks: of a proxy's header what the proxy wrote, the last."""
    if proxy_header is not None:
        told = [value for name, value in scope["headers"] if name == proxy_header]
        text: str = told[-1].decode("latin-1").rsplit(",", 1)[-1] if told else ""
        return text.strip() or None
    client = scope.get("client")
    return client[0] if client else None
