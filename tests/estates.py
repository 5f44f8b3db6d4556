"""Two organisations on one database, each with a pulled store and one of everything there is.

Whatever is the first one's carries a mark that nothing else has: a mark in an answer to anybody
else is a leak.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

from psycopg import sql
from psycopg.conninfo import conninfo_to_dict
from pydantic import SecretStr

from api_callers import key_of
from database_clones import clone, in_own_loop
from hubs import HASTY, settings_for
from rows import KEYS, Filler, Row, as_superuser
from storetwin.bootstrap import open_hub
from storetwin.connections.models import Credentials
from storetwin.connections.register import NewConnection
from storetwin.db.embedded import EmbeddedPostgres
from storetwin.hub import Hub
from storetwin.kernel.ids import new_id
from storetwin.sandboxes.woocommerce import Sandbox, running_store
from storetwin.tenancy.keys import NewKey, issue_key
from storetwin.tenancy.members import NewUser, add_user
from storetwin.tenancy.models import Permission, Role
from storetwin.woocommerce.connect import connect_store

MARK = "zarquon"  # of the organisation that is attacked
OTHER = "vogsphere"
RESOURCES = ("orders", "customers", "products", "coupons", "refunds")
_ORDER_KEY = re.compile(rb'"order_key":"(wc_order_[A-Za-z0-9]+)"')


@dataclass(frozen=True, slots=True)
class People:
    """Tokens of people of an organisation.

    Args:
        lacking: of an administrator's key that has every scope but one.
        strangers: what nobody is known by, each by what is wrong with it.
    """

    root: str = field(repr=False)
    administrator: str = field(repr=False)
    viewer: str = field(repr=False)
    lacking: Mapping[Permission, str] = field(repr=False)
    strangers: Mapping[str, str | None] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Estate:
    """What an organisation has.

    Args:
        values: of one thing of each kind, by the name that a parameter has: ``run_id``, …
        marks: what shows where it is not to be shown.
    """

    organisation_id: UUID
    user_id: UUID
    mark: str
    values: Mapping[str, str]
    marks: frozenset[str]
    people: People


@dataclass(frozen=True, slots=True)
class World:
    """Two organisations, and the database they are on."""

    dsn: str
    admin_dsn: str
    ours: Estate
    theirs: Estate

    @property
    def database(self) -> str:
        """The name of the database."""
        return str(conninfo_to_dict(self.dsn)["dbname"])


@contextmanager
def world_on(postgres: EmbeddedPostgres, template: str, folder: Path) -> Iterator[World]:
    """Lend two organisations on a database of their own. The attacked one is `ours`."""
    with (
        clone(postgres, template) as dsn,
        running_store(orders=14, seed=11) as our_store,
        running_store(orders=4, seed=12) as their_store,
    ):
        our_store.store.create_order(
            {"customer_note": MARK, "billing": {"email": f"buyer@{MARK}.example"}}
        )
        stores = (our_store, their_store)
        yield in_own_loop(_settle(dsn, postgres.admin_dsn, folder, stores))


async def _settle(dsn: str, admin_dsn: str, folder: Path, stores: tuple[Sandbox, Sandbox]) -> World:
    async with opened(dsn, folder) as hub:
        ours = await _estate(hub, dsn, admin_dsn, stores[0], MARK)
        theirs = await _estate(hub, dsn, admin_dsn, stores[1], OTHER)
    apart = ours.marks - theirs.marks
    return World(dsn, admin_dsn, replace(ours, marks=apart), theirs)


@asynccontextmanager
async def opened(dsn: str, folder: Path) -> AsyncIterator[Hub]:
    """Open a hub that waits for nothing."""
    settings = settings_for(dsn, folder, public_url="https://hub.example")
    async with open_hub(settings) as hub:
        stores = replace(
            hub.stores,
            make_client=lambda connection, credentials: connect_store(
                connection, credentials, settings, backoff=HASTY
            ),
        )
        yield replace(hub, stores=stores)


# -- one organisation ---------------------------------------------------------------------------


async def _estate(hub: Hub, dsn: str, admin_dsn: str, store: Sandbox, mark: str) -> Estate:
    organisation_id = new_id(hub.clock())
    with as_superuser(admin_dsn, str(conninfo_to_dict(dsn)["dbname"])) as admin:
        admin.execute(
            "INSERT INTO tenancy.organisations (id, name, created_at) VALUES (%s, %s, now())",
            (organisation_id, f"{mark} holding"),
        )
        own = hub.of(organisation_id)
        end = await _pulled(own, store, mark)
        owner = NewUser(f"owner@{mark}.example", f"Owner of {mark}")
        user_id = await add_user(hub.database, organisation_id, owner, Role.OWNER, hub.clock())
        people = await _people(own, admin, mark)
        Filler(admin, organisation_id, user_id, mark).fill()
        values = _values(admin, organisation_id, user_id, mark) | {"token": end}
        marks = _marks(admin, organisation_id, store, mark) | {end}
    return Estate(organisation_id, user_id, mark, values, marks, people)


async def _pulled(hub: Hub, store: Sandbox, mark: str) -> str:
    """Connect a store, bring its records in twice, so that they have a past; return its token."""
    name = f"{mark}-shop"
    keys = Credentials(SecretStr(store.key), SecretStr(store.secret))
    added = await hub.register.add(NewConnection(name, store.url, keys), hub.clock())
    end = await hub.register.receiving_ends.ensure(added.connection, hub.clock())
    await hub.schedules.of(name)
    await hub.pull(name, RESOURCES, full=False, bury_many=False, observe=lambda _: None)
    newest = store.store.ids("orders")[-1]
    store.store.edit_order(newest, {"customer_note": f"{mark} changed it"})
    await hub.sync(name, ["orders"], observe=lambda _: None)
    return end.token


async def _people(hub: Hub, admin: Any, mark: str) -> People:
    async def key(role: Role, *, but: Permission | None = None, **more: Any) -> str:
        scopes = frozenset(Permission) - {but}
        return await key_of(hub, role, frozenset(s for s in scopes if s), **more)

    root = await key(Role.OWNER, is_installation_admin=True)
    administrator = await key(Role.ADMINISTRATOR)
    return People(
        root=root,
        administrator=administrator,
        viewer=await key(Role.VIEWER),
        lacking={p: await key(Role.ADMINISTRATOR, but=p) for p in Permission},
        strangers=await _strangers(hub, admin, administrator, mark),
    )


async def _strangers(hub: Hub, admin: Any, good: str, mark: str) -> dict[str, str | None]:
    """Return what nobody is known by, though somebody may have been once."""
    now = hub.clock()
    ended: dict[str, str] = {}
    for what in ("expired", "revoked", "disabled", "removed"):
        new = NewUser(f"{what}@{mark}.example", f"{what} of {mark}")
        who = await add_user(hub.database, hub.organisation_id, new, Role.ADMINISTRATOR, now)
        expires = now - timedelta(seconds=1) if what == "expired" else None
        wanted = NewKey(what, frozenset(Permission), expires)
        async with hub.database.transaction(hub.organisation_id) as tx:
            issued = await issue_key(tx, hub.organisation_id, who, wanted, now)
        ended[what] = issued.key
        ending = {
            "revoked": "UPDATE tenancy.api_keys SET revoked_at = now() WHERE user_id = %s",
            "disabled": "UPDATE tenancy.users SET disabled_at = now() WHERE user_id = %s",
            "removed": "DELETE FROM tenancy.memberships WHERE user_id = %s",
        }
        if what in ending:
            admin.execute(ending[what], (who,))
    last = "A" if good[-1] != "A" else "B"
    return {
        "nobody": None,
        "empty": "",
        "nonsense": "let me in",
        "forged": "stk_" + "x" * 43,
        "altered": good[:-1] + last,
        "cut": good[:-1],
        "longer": good + "A",
        "uppercase": good.upper(),
    } | ended


# -- what there is ------------------------------------------------------------------------------


def _values(admin: Any, organisation_id: UUID, user_id: UUID, mark: str) -> dict[str, str]:
    """Return one thing of each kind: each column of a primary key by its name."""
    values: dict[str, str] = {}
    filler = Filler(admin, organisation_id, user_id, mark)
    for key in admin.execute(KEYS).fetchall():
        row = filler.row_of((key["schema"], key["table"]))
        if row is not None and isinstance(row[key["column"]], UUID):
            values.setdefault(key["column"], str(row[key["column"]]))
    connection = _row(admin, "connections.connections", organisation_id)
    order = admin.execute(
        "SELECT remote_id, version FROM mirror.snapshots WHERE organisation_id = %s"
        " AND resource = 'orders' ORDER BY remote_number DESC LIMIT 1",
        (organisation_id,),
    ).fetchone()
    return values | {
        "organisation_id": str(organisation_id),
        "user_id": str(user_id),
        "connection_id": str(connection["id"]),
        "connection": str(connection["name"]),
        "remote_id": order["remote_id"],
        "record_id": order["remote_id"],
        "order_id": order["remote_id"],
        "version": str(order["version"]),
    }


def _row(admin: Any, table: str, organisation_id: UUID) -> Row:
    query = sql.SQL("SELECT * FROM {} WHERE organisation_id = %s LIMIT 1").format(
        sql.Identifier(*table.split("."))
    )
    found: Row = admin.execute(query, (organisation_id,)).fetchone()
    return found


def _marks(admin: Any, organisation_id: UUID, store: Sandbox, mark: str) -> frozenset[str]:
    """Return what is an organisation's alone: its word, its store, its ids, its orders' keys."""
    marks = {mark, store.url.removeprefix("http://"), str(organisation_id)}
    for table in ("runs.runs", "runs.certificates", "connections.connections"):
        query = sql.SQL("SELECT * FROM {} WHERE organisation_id = %s").format(
            sql.Identifier(*table.split("."))
        )
        for row in admin.execute(query, (organisation_id,)).fetchall():
            marks |= {str(v) for v in row.values() if isinstance(v, UUID)}
    for number in store.store.ids("orders"):
        document = store.store.document("orders", number) or b""
        marks |= {found.decode() for found in _ORDER_KEY.findall(document)}
    return frozenset(marks)
