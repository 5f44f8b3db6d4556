r"""Documents of stores as values: exact numbers, no member lost, nothing that PostgreSQL refuses.

Objects are dicts, whole numbers ints, others decimals: ``1.10`` stays ``1.10``, thirty digits stay
thirty, ``1e400`` is no infinity. ``NaN``, which JSON does not have, is a text.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from decimal import Decimal, InvalidOperation
from typing import Any

import msgspec

from storetwin.kernel.errors import RecordError

LONGEST_INT = 4000  # digits; Python reads and writes no longer ones
REPLACEMENT = "\ufffd"
_FORBIDDEN = re.compile("[\x00\ud800-\udfff]")


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Return an object; a name that stands there twice is numbered, so that nothing is hidden."""
    found = dict(pairs)
    if len(found) == len(pairs):
        return found
    found = {}
    for name, value in pairs:
        found[_free(name, found)] = value
    return found


def _free(name: str, taken: dict[str, Any]) -> str:
    own, place = name, 1
    while own in taken:
        place += 1
        own = f"{name} ({place})"
    return own


def _decimal(text: str) -> Decimal | str:
    try:
        number = Decimal(text)
    except InvalidOperation:  # an exponent beyond all reason
        return text
    return number if number.is_finite() else text


def _whole(text: str) -> int | Decimal | str:
    return int(text) if len(text) <= LONGEST_INT else _decimal(text)


_QUICK = msgspec.json.Decoder(float_hook=_decimal)
_AGAIN = msgspec.json.Encoder()
_COLON = "\\u003"  # or what else is escaped like it
_THOROUGH = json.JSONDecoder(
    strict=False, parse_float=_decimal, parse_constant=str, object_pairs_hook=_object
)
_PATIENT = json.JSONDecoder(
    strict=False,
    parse_float=_decimal,
    parse_int=_whole,
    parse_constant=str,
    object_pairs_hook=_object,
)


def read(document: str | bytes) -> dict[str, Any]:
    """Return what a document says.

    Raises:
        RecordError: it is no object, or cannot be read at all.
    """
    text = document.decode("utf-8", "surrogateescape") if isinstance(document, bytes) else document
    try:
        quick = _QUICK.decode(text)
        if quick.__class__ is dict and _is_all_there(text, quick):
            return quick
    except (msgspec.DecodeError, OverflowError, RecursionError, ValueError):
        pass  # what it refuses is read more patiently, or refused with a reason
    return _read_thoroughly(text.removeprefix("\ufeff"))


def _is_all_there(text: str, value: dict[str, Any]) -> bool:
    """Say for sure that no name stands twice in an object, one of which would be hidden.

    Written again, a document has as many colons as before: one behind each name, and those within
    texts, unless they were escaped.
    """
    return _COLON not in text and text.count(":") == _AGAIN.encode(value).count(b":")


def _read_thoroughly(text: str) -> dict[str, Any]:
    try:
        try:
            value = _THOROUGH.decode(text)
        except json.JSONDecodeError:
            raise
        except ValueError:  # an integer that is too long for Python
            value = _PATIENT.decode(text)
    except RecursionError as error:
        raise _unreadable("it is nested too deeply") from error
    except ValueError as error:
        raise _unreadable("it is no JSON") from error
    if not isinstance(value, dict):
        raise _unreadable("it is no object")
    return value


def _unreadable(why: str) -> RecordError:
    return RecordError(
        f"A record of the store cannot be mapped: {why}.",
        remedy="Look at the record in the store, save it there, and pull it again.",
    )


def written(value: Any) -> str:
    """Return a value as JSON, members sorted by name, numbers as they were."""
    return "".join(_pieces(value))


def _pieces(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        comma = "{"
        for name in sorted(value):
            yield f"{comma}{json.dumps(name, ensure_ascii=False)}:"
            yield from _pieces(value[name])
            comma = ","
        yield "{}" if comma == "{" else "}"
    elif isinstance(value, list):
        comma = "["
        for inner in value:
            yield comma
            yield from _pieces(inner)
            comma = ","
        yield "[]" if comma == "[" else "]"
    elif value is None or isinstance(value, bool):
        yield json.dumps(value)
    elif isinstance(value, int | Decimal):
        yield str(value)
    else:
        yield json.dumps(str(value), ensure_ascii=False)


def mended(value: Any, path: str, found: list[str]) -> Any:
    """Return a value without what PostgreSQL cannot keep; ``found`` gets the path of each such text.

    A NUL, and half of a pair of surrogates, become U+FFFD.
    """
    if isinstance(value, str):
        if _FORBIDDEN.search(value) is None:
            return value
        found.append(path)
        return _FORBIDDEN.sub(REPLACEMENT, value)
    if isinstance(value, dict):
        whole: dict[str, Any] = {}
        for name, inner in value.items():
            own = _free(mended(name, path, found), whole)
            whole[own] = mended(inner, joined(path, own), found)
        return whole
    if isinstance(value, list):
        return [mended(inner, joined(path, str(n)), found) for n, inner in enumerate(value)]
    return value


def joined(path: str, name: str) -> str:
    """Return the path of a member; a dot or a backslash in its name has a backslash before it."""
    if "." in name or "\\" in name:
        name = name.replace("\\", "\\\\").replace(".", "\\.")
    return f"{path}.{name}" if path else name


def at(document: Any, path: str) -> Any:
    """Return what stands at a dotted path of names; None where there is nothing."""
    value = document
    for name in path.split("."):
        if not isinstance(value, dict):
            return None
        value = value.get(name)
    return value


def without(document: dict[str, Any], paths: Iterable[str]) -> dict[str, Any]:
    """Return a document without what stands at some dotted paths of names."""
    whole = document
    for path in paths:
        first, dot, rest = path.partition(".")
        if first not in whole:
            continue
        inner = whole[first]
        if not dot:
            whole = {name: value for name, value in whole.items() if name != first}
        elif isinstance(inner, dict):
            whole = {**whole, first: without(inner, (rest,))}
    return whole
