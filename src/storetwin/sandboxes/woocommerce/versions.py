"""The releases of WooCommerce that the sandbox plays, and what each record lacked in them.

Read in WooCommerce's source, release by release; docs/reference/store-versions.md names the files.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import msgspec

from storetwin.sandboxes.woocommerce.members import joined, members

Number = tuple[int, ...]
NEWEST = "10.5"


def _number(text: str) -> Number:
    return tuple(int(part) for part in text.split("."))


@dataclass(frozen=True, slots=True)
class Release:
    """One release.

    Args:
        name: as asked for: ``3.9``.
        number: as the store says it: ``3.9.1``.
    """

    name: str
    number: str

    def has(self, first: str) -> bool:
        """Say whether this release is ``first`` or newer."""
        return _number(self.number) >= _number(first)

    @property
    def keeps_orders_as_posts(self) -> bool:
        """Say whether a new shop kept orders in wp_posts: tables of their own came with 8.2."""
        return not self.has("8.2")

    @property
    def has_checkout_drafts(self) -> bool:
        """Say whether the checkout block was part of it, whose drafts are orders."""
        return self.has("5.0")


RELEASES: Mapping[str, Release] = {
    name: Release(name, number)
    for name, number in (
        ("3.9", "3.9.1"), ("6", "6.0.0"), ("8", "8.0.0"), ("9", "9.0.0"), (NEWEST, "10.5.0"),
    )
}  # fmt: skip


def release_of(name: str) -> Release:
    """Return a release by its name, ``3.9``, or its number, ``3.9.1``.

    Raises:
        ValueError: the sandbox does not play it; the text names those it plays.
    """
    for release in RELEASES.values():
        if name in (release.name, release.number):
            return release
    known = ", ".join(RELEASES)
    raise ValueError(f"The sandbox does not play WooCommerce {name!r}. It plays: {known}.")


# Resource → member, or member.member of each line → the release that brought it.
_BROUGHT: Mapping[str, Mapping[str, str]] = {
    "orders": {
        "payment_url": "6.7", "is_editable": "6.7", "needs_payment": "6.7",
        "needs_processing": "6.7", "currency_symbol": "5.9", "line_items.parent_name": "5.9",
        "line_items.image": "6.7", "line_items.global_unique_id": "10.1",
        "coupon_lines.discount_type": "8.7", "coupon_lines.nominal_amount": "8.7",
        "coupon_lines.free_shipping": "8.7", "shipping.phone": "5.9",
    },
    "refunds": {
        "line_items.parent_name": "5.9", "line_items.image": "6.7",
        "line_items.global_unique_id": "10.1", "shipping_lines": "9.0", "tax_lines": "9.0",
        "fee_lines": "9.0", "parent_id": "9.0",
    },
    "products": {
        "low_stock_amount": "5.9", "has_options": "6.7", "post_password": "8.1",
        "global_unique_id": "9.2", "brands": "9.6",
    },
    "variations": {
        "low_stock_amount": "5.9", "type": "8.3", "name": "8.3", "parent_id": "8.3",
        "global_unique_id": "9.2",
    },
    "customers": {"shipping.phone": "5.9"},
    "reviews": {"product_name": "6.7", "product_permalink": "6.7"},
    "taxes": {"postcodes": "5.9", "cities": "5.9"},
    "payment_gateways": dict.fromkeys(
        ("needs_setup", "post_install_scripts", "settings_url", "connection_url",
         "setup_help_text", "required_settings_keys"), "5.9",
    ),
}  # fmt: skip
_EMAIL_TEMPLATES = re.compile(rb',"email_templates":\[\{[^\]]*\]')
_VERSION = b'"version":"10.5.0"'


def aging(release: Release, resource: str) -> Callable[[bytes], bytes] | None:
    """Return what makes a record of the newest release one of an older; None changes nothing."""
    lacking = [name for name, first in _BROUGHT.get(resource, {}).items() if not release.has(first)]
    if release.name == NEWEST or (not lacking and resource != "orders"):
        return None
    number = b'"version":"%s"' % release.number.encode()
    shows_templates = release.has("9.8")

    def aged(document: bytes) -> bytes:
        document = _without(document, lacking)
        if resource == "orders":
            document = document.replace(_VERSION, number, 1)
            document = document if shows_templates else _EMAIL_TEMPLATES.sub(b"", document)
        return document

    return aged


def _without(document: bytes, names: list[str]) -> bytes:
    """Return a document without members; ``a.b`` names a member of each of a list, or of one."""
    parts = members(document)
    deeper: dict[str, list[str]] = {}
    for name in names:
        first, _, rest = name.partition(".")
        if rest:
            deeper.setdefault(first, []).append(rest)
        else:
            parts.pop(first, None)
    for name, inner in deeper.items():
        if name in parts:
            parts[name] = _without_inner(parts[name], inner)
    return joined(parts)


def _without_inner(value: bytes, names: list[str]) -> bytes:
    if value.startswith(b"{"):
        return _without(value, names)
    rows = msgspec.json.decode(value, type=list[msgspec.Raw])
    return b"[" + b",".join(_without(bytes(row), names) for row in rows) + b"]"
