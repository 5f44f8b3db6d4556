"""A record under change: members are decoded when read and encoded when set, the rest stays."""

from __future__ import annotations

import json
import math
from typing import Any

from storetwin.sandboxes.woocommerce.members import joined, members
from storetwin.sandboxes.woocommerce.php_json import dumps
from storetwin.sandboxes.woocommerce.site_time import SiteTime

UNENCODABLE = "\0INF"
"""Stands in a stored document for a number that JSON cannot say: it blanks its page's meta."""


class Draft:
    """The members of one record while it is being changed.

    Args:
        document: its JSON, with the mark of the base URL.
    """

    def __init__(self, document: bytes) -> None:
        self._parts = members(document)

    def __contains__(self, name: str) -> bool:
        return name in self._parts

    def get(self, name: str) -> Any:
        """Return a member, or None when the record has no such member."""
        return self[name] if name in self._parts else None

    def names(self) -> list[str]:
        """Return the names of all members, in order."""
        return list(self._parts)

    def __getitem__(self, name: str) -> Any:
        return json.loads(self._parts[name].decode("utf-8", "replace"), strict=False)

    def __setitem__(self, name: str, value: Any) -> None:
        self._parts[name] = dumps(value).encode()

    def set_raw(self, name: str, value: bytes) -> None:
        """Set a member to exact bytes."""
        self._parts[name] = value

    def set_moment(self, name: str, moment: int, site: SiteTime) -> None:
        """Set a date and its GMT twin."""
        local, gmt = site.pair(moment)
        self._parts[name] = local.encode()
        if f"{name}_gmt" in self._parts:
            self._parts[f"{name}_gmt"] = gmt.encode()

    def has_moment(self, name: str) -> bool:
        """Say whether a date is set."""
        return self._parts.get(name, b"null") != b"null"

    def clear_moment(self, name: str) -> None:
        """Set a date and its twin to null."""
        for member in (name, f"{name}_gmt"):
            if member in self._parts:
                self._parts[member] = b"null"

    def document(self) -> bytes:
        """Return the record as it now is."""
        return joined(self._parts)


def merged_meta(old: list[Any], given: Any, next_id: int) -> list[Any]:
    """Return meta_data after a write, the way WooCommerce stores it.

    An entry with an id, or with a key that exists, changes that entry; null deletes it; top-level
    scalars become strings; an empty map becomes a list.

    Args:
        old: the entries as they are.
        given: what was sent.
        next_id: the first free meta id.
    """
    found = [dict(entry) for entry in old if isinstance(entry, dict) and "key" in entry]
    for entry in given if isinstance(given, list) else []:
        if not isinstance(entry, dict):
            continue
        place = _meta_place(found, entry)
        value = stored_value(entry.get("value"))
        if place is None:
            if entry.get("value") is not None and "key" in entry:
                found.append({"id": next_id, "key": str(entry["key"]), "value": value})
                next_id += 1
        elif "value" in entry and entry["value"] is None:
            found.pop(place)
        else:
            found[place]["value"] = value
            found[place]["key"] = str(entry.get("key", found[place]["key"]))
    return found


def sorted_meta(entries: list[Any]) -> list[Any]:
    """Return the meta of an order as MariaDB reads it: along the index of its keys (measured)."""
    return sorted(entries, key=lambda entry: str(entry.get("key", "")).lower())


def _meta_place(found: list[dict[str, Any]], entry: dict[str, Any]) -> int | None:
    number = entry.get("id")
    for at, old in enumerate(found):
        if (number and old["id"] == number) or (not number and old["key"] == entry.get("key")):
            return at
    return None


def stored_value(value: Any, *, top: bool = True) -> Any:
    """Return a meta value as it comes back from PHP's storage."""
    if isinstance(value, dict):
        if not value:
            return []
        inner = {key: stored_value(item, top=False) for key, item in value.items()}
        is_list = list(inner) == [str(at) for at in range(len(inner))]
        return list(inner.values()) if is_list else inner
    if isinstance(value, list):
        return [stored_value(item, top=False) for item in value]
    if isinstance(value, float) and not math.isfinite(value) and not top:
        return UNENCODABLE
    return _as_text(value) if top else value


def _as_text(value: Any) -> str:
    """Return a scalar as PHP casts it to a string: true is "1", 1e22 is "1.0E+22"."""
    if value is None or value is False:
        return ""
    if value is True:
        return "1"
    if isinstance(value, float):
        return _float_text(value)
    if isinstance(value, int) and abs(value) > 2**53:
        return _float_text(float(value))
    return str(value)


def _float_text(value: float) -> str:
    text = f"{value:.14G}"
    mantissa, found, exponent = text.partition("E")
    if not found:
        return text
    return f"{mantissa if '.' in mantissa else mantissa + '.0'}E{int(exponent):+d}"
