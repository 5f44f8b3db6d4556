"""Copies of a whole store: for backups put back, clones, wiped shops and others in their place.

A copy shares the plan with the store it was taken from and holds its own columns, so that it costs
a few megabytes at most. It may be put back into any store, any number of times.
"""

from __future__ import annotations

from array import array
from dataclasses import dataclass, replace

from storetwin.sandboxes.woocommerce.generate.dice import dice
from storetwin.sandboxes.woocommerce.generate.plan import FIRST_POST, Plan
from storetwin.sandboxes.woocommerce.model.changes import Changes
from storetwin.sandboxes.woocommerce.model.hooks import Hook
from storetwin.sandboxes.woocommerce.model.setup_tables import FRESH_SETUP
from storetwin.sandboxes.woocommerce.model.table import Table
from storetwin.sandboxes.woocommerce.model.tables import FRESH, Tables
from storetwin.sandboxes.woocommerce.site_time import SiteTime
from storetwin.sandboxes.woocommerce.versions import Release


@dataclass(frozen=True, slots=True)
class Columns:
    """The columns of one table, and what its status codes mean."""

    statuses: tuple[str, ...]
    languages: dict[int, str]
    ids: array[int]
    status: bytearray
    created: array[int]
    modified: array[int]
    owner: array[int]
    changed: dict[int, bytes]

    @classmethod
    def of(cls, table: Table | Columns) -> Columns:
        """Copy what a table holds."""
        return cls(
            table.statuses, dict(table.languages),
            array("q", table.ids), bytearray(table.status), array("q", table.created),
            array("q", table.modified), array("q", table.owner), dict(table.changed),
        )  # fmt: skip

    def fill(self, table: Table) -> None:
        """Put a copy of these columns into a table."""
        copy = Columns.of(self)
        table.ids, table.status, table.owner = copy.ids, copy.status, copy.owner
        table.statuses, table.languages = copy.statuses, copy.languages
        table.created, table.modified, table.changed = copy.created, copy.modified, copy.changed
        table.membership += 1
        table.forget_all()


@dataclass(frozen=True, slots=True)
class Backup:
    """Everything that makes a store what it is at one moment, but its address and its clock.

    Args:
        seed, plan, zone: what its generated records follow from.
        store_id: WooCommerce's UUID of the installation.
        tables: the columns of each resource.
        refunds_of: order → its refunds.
        gone: products and variations deleted for good.
        next_ids: the next free ids of posts, meta and lines.
        changes: what had changed until then.
        hooks: the hidden side of webhooks: a copy of a shop sends what the shop sends.
    """

    seed: int
    plan: Plan
    zone: str
    store_id: str | None
    tables: dict[str, Columns]
    refunds_of: dict[int, list[int]]
    gone: frozenset[int]
    next_ids: tuple[int, int, int]
    changes: Changes
    hooks: dict[int, Hook]


def fresh(backup: Backup, release: Release, plugins: frozenset[str]) -> Backup:
    """Return a new installation in a store's place: only what WooCommerce itself brings."""
    filled = Tables(backup.plan, SiteTime(backup.zone), release, plugins).all
    _, meta, item = backup.next_ids
    return replace(
        backup, store_id=store_id_of(backup.seed, backup.store_id), refunds_of={}, gone=frozenset(),
        tables={name: _only(table, _kept(table)) for name, table in filled.items()},
        next_ids=(FIRST_POST, meta, item), changes=Changes(), hooks={},
    )  # fmt: skip


def _kept(table: Table) -> tuple[int, ...]:
    return tuple(table.ids) if table.name in FRESH_SETUP else FRESH.get(table.name, ())


def _only(table: Table, kept: tuple[int, ...]) -> Columns:
    """Return the columns of a table with nothing in them but some records."""
    places = [at for at, number in enumerate(table.ids) if number in kept]
    return Columns(
        table.statuses,
        {},
        array("q", [table.ids[at] for at in places]),
        bytearray(table.status[at] for at in places),
        array("q", [table.created[at] for at in places]),
        array("q", [table.modified[at] for at in places]),
        array("q", [table.owner[at] for at in places]),
        {number: table.changed[number] for number in kept if number in table.changed},
    )


def store_id_of(seed: int, what: object) -> str:
    """Return a UUID (random in form) that follows from a seed and something else."""
    bits = dice(seed, "identity", hash_of(str(what))).getrandbits(128)
    text = f"{bits:032x}"
    return f"{text[:8]}-{text[8:12]}-4{text[13:16]}-a{text[17:20]}-{text[20:]}"


def hash_of(text: str) -> int:
    """Return a number that is the same in every process, which Python's own hash is not."""
    return int.from_bytes(text.encode()[-7:], "big")
