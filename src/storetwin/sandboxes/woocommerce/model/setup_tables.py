"""The tables of how a shop is set up: zones, gateways, settings, places. All of them change."""

from __future__ import annotations

from collections.abc import Iterable

from storetwin.sandboxes.woocommerce.generate import setup
from storetwin.sandboxes.woocommerce.model.table import Table
from storetwin.sandboxes.woocommerce.php_json import dumps
from storetwin.sandboxes.woocommerce.versions import Release, aging

Rows = Iterable[tuple[int, int, setup.Document]]
"""Number, owner, record."""
FRESH_SETUP = (
    "payment_gateways", "setting_groups", "settings", "shipping_methods", "countries",
    "currencies", "continents", "order_statuses",
)  # fmt: skip
"""What a new shop has as well."""


def setup_tables(seed: int, release: Release, plugins: frozenset[str]) -> dict[str, Table]:
    """Return the tables of the setup. Records without an id of their own are numbered from 1."""
    groups = list(enumerate(setup.setting_groups(with_courier="courier" in plugins), start=1))
    options = [
        (owner, option)
        for owner, group in groups
        for option in setup.options_of(group["id"], seed) or ()
    ]
    gateways = setup.own_gateways()
    if "payments" in plugins:
        gateways += setup.plugins_gateways(seed)
    statuses = setup.order_statuses()[: None if release.has_checkout_drafts else -1]
    if "statuses" in plugins:
        statuses.append({"slug": "shipped", "name": "Shipped"})
    rows: dict[str, tuple[str, Rows]] = {
        "zones": ("id", [(number, 0, row) for number, row in sorted(setup.zones().items())]),
        "zone_locations": (
            "code", [(at, *found) for at, found in enumerate(setup.locations(), start=1)]
        ),
        "zone_methods": (
            "id", sorted(((n, owner, row) for owner, n, row in setup.zone_methods()), key=_first)
        ),
        "shipping_methods": ("id", _numbered(setup.shipping_methods())),
        "payment_gateways": ("id", _numbered(gateways)),
        "setting_groups": ("id", [(number, 0, row) for number, row in groups]),
        "settings": ("id", [(at, *found) for at, found in enumerate(options, start=1)]),
        "countries": ("code", _numbered(setup.countries())),
        "currencies": ("code", _numbered(setup.currencies())),
        "continents": ("code", _numbered(setup.continents())),
        "order_statuses": ("slug", _numbered(statuses)),
    }  # fmt: skip
    return {name: _filled(name, key, found, release) for name, (key, found) in rows.items()}


def _first(row: tuple[int, int, setup.Document]) -> int:
    return row[0]


def _numbered(records: list[setup.Document]) -> Rows:
    return [(at, 0, record) for at, record in enumerate(records, start=1)]


def _filled(name: str, key: str, rows: Rows, release: Release) -> Table:
    table = Table(name, ("publish",), _unwritten, key=key, age=aging(release, name))
    for number, owner, record in rows:
        table.add(number, owner=owner)
        table.put(number, dumps(record).encode())
    return table


def _unwritten(at: int) -> str:
    raise AssertionError(f"a fixed record at {at} has no document")
