"""The tables of how a shop is set up: zones, gateways, settings, places. All of them change."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import cache, lru_cache

from storetwin.sandboxes.woocommerce.generate import setup
from storetwin.sandboxes.woocommerce.model.table import Table
from storetwin.sandboxes.woocommerce.php_json import dumps
from storetwin.sandboxes.woocommerce.versions import Release, aging

Rows = Iterable[tuple[int, int, bytes]]
"""Number, owner, the JSON of the record."""
FRESH_SETUP = (
    "payment_gateways", "setting_groups", "settings", "shipping_methods", "countries",
    "currencies", "continents", "order_statuses",
)  # fmt: skip
"""What a new shop has as well."""


def setup_tables(seed: int, release: Release, plugins: frozenset[str]) -> dict[str, Table]:
    """Return the tables of the setup. Records without an id of their own are numbered from 1."""
    groups = setup.setting_groups(with_courier="courier" in plugins)
    options = [
        (owner, option)
        for owner, group in enumerate(groups, start=1)
        for option in _options(group["id"], seed if group["id"] == "courier" else 0)
    ]
    gateways, statuses = _gateways(seed, plugins), _statuses(release, plugins)
    zones = [(number, 0, _encoded(row)) for number, row in sorted(setup.zones().items())]
    methods = [(number, owner, _encoded(row)) for owner, number, row in setup.zone_methods()]
    rows: dict[str, tuple[str, Rows]] = {
        "zones": ("id", zones),
        "zone_locations": (
            "code",
            [(at, owner, _encoded(row)) for at, (owner, row) in enumerate(setup.locations(), 1)],
        ),
        "zone_methods": ("id", sorted(methods)),
        "shipping_methods": ("id", _numbered(map(_encoded, setup.shipping_methods()))),
        "payment_gateways": ("id", _numbered(map(_encoded, gateways))),
        "setting_groups": ("id", _numbered(map(_encoded, groups))),
        "settings": ("id", [(at, *found) for at, found in enumerate(options, start=1)]),
        "countries": ("code", _numbered(_places(setup.countries))),
        "currencies": ("code", _numbered(_places(setup.currencies))),
        "continents": ("code", _numbered(_places(setup.continents))),
        "order_statuses": ("slug", _numbered(map(_encoded, statuses))),
    }
    return {name: _filled(name, key, found, release) for name, (key, found) in rows.items()}


def _gateways(seed: int, plugins: frozenset[str]) -> list[setup.Document]:
    more = setup.plugins_gateways(seed) if "payments" in plugins else []
    return [*setup.own_gateways(), *more]


def _statuses(release: Release, plugins: frozenset[str]) -> list[setup.Document]:
    found = setup.order_statuses()[: None if release.has_checkout_drafts else -1]
    shipped = [{"slug": "shipped", "name": "Shipped"}] if "statuses" in plugins else []
    return [*found, *shipped]


def _encoded(record: setup.Document) -> bytes:
    return dumps(record).encode()


@cache
def _places(make: Callable[[], list[setup.Document]]) -> tuple[bytes, ...]:
    return tuple(map(_encoded, make()))


@lru_cache(maxsize=256)
def _options(group: str, seed: int) -> tuple[bytes, ...]:
    return tuple(map(_encoded, setup.options_of(group, seed) or ()))


def _numbered(records: Iterable[bytes]) -> Rows:
    return [(at, 0, record) for at, record in enumerate(records, start=1)]


def _filled(name: str, key: str, rows: Rows, release: Release) -> Table:
    table = Table(name, ("publish",), _unwritten, key=key, age=aging(release, name))
    for number, owner, document in rows:
        table.add(number, owner=owner)
        table.put(number, document)
    return table


def _unwritten(at: int) -> str:
    raise AssertionError(f"a fixed record at {at} has no document")
