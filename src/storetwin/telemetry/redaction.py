"""What is taken out of every line before it is written.

A line may hold a whole page of a store: no pattern may try again and again from every character.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

MASK = "***"
_NAMES = r"(?:consumer_key|oauth_signature|password|pwd|secret|token)"
_QUOTED = r"""(?:'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")"""
_PATTERNS = (
    (re.compile(r"\b(c[ks]_)[0-9A-Za-z]{8,}"), r"\1" + MASK),
    (re.compile(r"(?i)\b(basic|bearer|oauth)\s+[\w+/=.,\"%~-]{8,}"), r"\1 " + MASK),
    # name=value of an address or a DSN; 'name': 'value' of a printed mapping
    (re.compile(rf"(?i)({_NAMES}=)(?:{_QUOTED}|[^&\s]+)"), r"\1" + MASK),
    (re.compile(rf"(?i)({_NAMES}[\"']\s*:\s*)(?:{_QUOTED}|[^\s,}}]+)"), r"\1" + MASK),
    # up to the last @ before the next space: a password may hold one, and a slash
    (re.compile(r"(://[^:/\s@]*):(?!\d{1,5}/)\S{1,500}@"), r"\1:" + MASK + "@"),
    (re.compile(r"[\w.+-]{1,64}@[\w-]+(?:\.[\w-]+)+"), MASK + "@" + MASK),
)
_SECRET_NAMES = re.compile(
    r"(?i)secret|password|token|authorization|api_?key|consumer_key|signature"
)


def redact(text: str) -> str:
    """Return ``text`` without keys, passwords, signatures and e-mail addresses."""
    for pattern, replacement in _PATTERNS:
        text = pattern.sub(replacement, text)
    return text


def redact_event(_: Any, __: str, event: Mapping[str, Any]) -> dict[str, Any]:
    """Redact every value of a log line (a structlog processor), and whole values by their name."""
    return {
        name: MASK if _SECRET_NAMES.search(name) else _clean(value) for name, value in event.items()
    }


def _clean(value: Any) -> Any:
    if isinstance(value, str):
        return redact(value)
    if isinstance(value, Mapping):
        return redact_event(None, "", value)
    if isinstance(value, list | tuple):
        return [_clean(inner) for inner in value]
    if value is None or isinstance(value, bool | int | float):
        return value
    return redact(str(value))
