r"""JSON as PHP's ``json_encode`` writes it: pure ASCII, ``\/``, ``10`` for 10.0, ``1.0e-17``."""

from __future__ import annotations

import json
import math
from typing import Any

MARK = "~BASE~"
"""Stands in stored documents where the URL of the site goes (scheme and host of the request)."""

_ENCODER = json.JSONEncoder(separators=(",", ":"))


def dumps(value: Any) -> str:
    r"""Encode like PHP: non-ASCII as ``\uXXXX``, slashes escaped, no spaces.

    Raises:
        ValueError: a number is infinite or not a number; PHP fails there too.
    """
    text = _ENCODER.encode(value)
    if "." in text or "e" in text or "Infinity" in text or "NaN" in text:
        text = _ENCODER.encode(_php_floats(value))
        text = _unquote_floats(text)
    return text.replace("/", "\\/")


def php_float(number: float) -> str:
    """Write a float like PHP with ``serialize_precision=-1``.

    Raises:
        ValueError: the number is infinite or not a number.
    """
    if not math.isfinite(number):
        raise ValueError("Inf and NaN cannot be JSON encoded")
    if number == int(number) and abs(number) < 1e15:
        return "-0.0" if number == 0 and math.copysign(1, number) < 0 else str(int(number))
    text = repr(number)
    mantissa, found, exponent = text.partition("e")
    if not found:
        return text
    return f"{mantissa if '.' in mantissa else mantissa + '.0'}e{int(exponent):+d}"


_FLOAT = "\x02float:"


def _php_floats(value: Any) -> Any:
    """Replace floats by marked strings, so that the encoder writes our spelling of them."""
    if isinstance(value, float):
        return _FLOAT + php_float(value) + "\x03"
    if isinstance(value, dict):
        return {key: _php_floats(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_php_floats(item) for item in value]
    return value


def _unquote_floats(text: str) -> str:
    return text.replace('"\\u0002float:', "").replace('\\u0003"', "")


def escaped(url: str) -> bytes:
    r"""Return a URL as it stands inside a JSON string of PHP: ``http:\/\/…``."""
    return url.replace("/", "\\/").encode()


def with_base(document: bytes, base: str) -> bytes:
    """Fill in the site's URL where the stored document has its mark."""
    return document.replace(MARK.encode(), escaped(base))
