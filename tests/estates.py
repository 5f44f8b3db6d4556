"""Two organisations on one database, each with a pulled store and one of everything there is.

Whatever is the first one's carries a mark that nothing else has: a mark in an answer to anybody
else is a leak.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import jwt
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
from storetwin.runs.schedules import ScheduleKind
from storetwin.sandboxes.woocommerce import Sandbox, running_store
from storetwin.tenancy.access_tokens import LABEL, TYPE, AccessTokens, Claims
from storetwin.tenancy.keys import IssuedKey, NewKey, issue_key
from storetwin.tenancy.members import NewUser, add_user
from storetwin.tenancy.models import Permission, Role
from storetwin.tenancy.sessions import Place, Visitor, open_session
from storetwin.woocommerce.connect import connect_store

MARK = "zarquon"  # of the organisation that is attacked
OTHER = "vogsphere"
RESOURCES = ("orders", "customers", "products", "coupons", "refunds")
_ORDER_KEY = re.compile(rb'"order_key":"(wc_order_[A-Za-z0-9]+)"')


@dataclass(frozen=True, slots=True)
class People:
    """Tokens of people of an organisation.

    Args:
        owner: by a session; of the attacked organisation he is of the installation as well.
        root: the same by an API key.
        lacking: of an administrator's key that has every scope but one.
        strangers: what nobody is known by, each by what is wrong with it.
    """

    owner: str = field(repr=False)
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
        for store, mark in ((our_store, MARK), (their_store, OTHER)):
            store.store.create_order(
                {"customer_note": mark, "billing": {"email": f"buyer@{mark}.example"}}
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
        user_id, root = await _user(own, f"owner of {mark}", Role.OWNER, is_first=mark == MARK)
        people = await _people(own, admin, mark, (user_id, root.key))
        member, spare = await _user(own, f"member of {mark}", Role.VIEWER)
        mapping_id = await _mapped(own, mark)
        Filler(admin, organisation_id, user_id, mark).fill()
        values = _values(admin, organisation_id, user_id, mark) | {
            "token": end,
            "user_id": str(member),
            "api_key_id": str(spare.api_key_id),
            "session_id": str((await _session(own, user_id))[0].session_id),
            "mapping_id": mapping_id,
            "core_id": _core_id(admin, organisation_id),
        }
        marks = _marks(admin, organisation_id, store, mark) | {end}
    return Estate(organisation_id, user_id, mark, values, marks, people)


def _core_id(admin: Any, organisation_id: UUID) -> str:
    """Return an order in core."""
    query = "SELECT id FROM core.orders WHERE organisation_id = %s LIMIT 1"
    return str(admin.execute(query, (organisation_id,)).fetchone()["id"])


async def _pulled(hub: Hub, store: Sandbox, mark: str) -> str:
    """Connect a store, bring its records in twice, so that they have a past; return its token."""
    name = f"{mark}-shop"
    keys = Credentials(SecretStr(store.key), SecretStr(store.secret))
    added = await hub.register.add(NewConnection(name, store.url, keys), hub.clock())
    end = await hub.register.receiving_ends.ensure(added.connection, hub.clock())
    await hub.schedules.set(name, [ScheduleKind.SYNC], "5m", "orders")
    await hub.pull(name, RESOURCES, full=False, bury_many=False, observe=lambda _: None)
    newest = store.store.ids("orders")[-1]
    store.store.edit_order(newest, {"customer_note": f"{mark} changed it"})
    await hub.sync(name, ["orders"], observe=lambda _: None)
    return end.token


async def _mapped(hub: Hub, mark: str) -> str:
    """Make an import mapping, active, with a draft beside it; return its id."""
    rule = {"field": "custom.article", "source": "sku"}
    document = {"rules": {"products": [rule]}}
    made = await hub.mappings.create(f"{mark}-shop", f"{mark} mapping", document)
    await hub.mappings.activate(f"{mark}-shop", str(made.id))
    document = {"rules": {"products": [rule | {"steps": ["trim"]}]}}
    await hub.mappings.change(None, str(made.id), document=document)
    return str(made.id)


async def _user(
    hub: Hub, name: str, role: Role, *, is_first: bool = False, expires_at: datetime | None = None
) -> tuple[UUID, IssuedKey]:
    """Make a user with a key that may whatever he may."""
    now = hub.clock()
    first, _, mark = name.partition(" of ")
    new = NewUser(f"{first}@{mark}.example", name, is_first)
    user_id = await add_user(hub.database, hub.organisation_id, new, role, now)
    wanted = NewKey(f"key of {name}", frozenset(Permission), expires_at)
    async with hub.database.transaction(hub.organisation_id) as tx:
        return user_id, await issue_key(tx, hub.organisation_id, user_id, wanted, now)


async def _people(hub: Hub, admin: Any, mark: str, owner: tuple[UUID, str]) -> People:
    async def key(role: Role, *, but: Permission | None = None) -> str:
        return await key_of(hub, role, frozenset(p for p in Permission if p is not but))

    administrator = await key(Role.ADMINISTRATOR)
    return People(
        owner=AccessTokens(hub.vault).issue((await _session(hub, owner[0]))[0], hub.clock()),
        root=owner[1],
        administrator=administrator,
        viewer=await key(Role.VIEWER),
        lacking={p: await key(Role.ADMINISTRATOR, but=p) for p in Permission},
        strangers=await _strangers(hub, admin, administrator, mark),
    )


async def _strangers(hub: Hub, admin: Any, good: str, mark: str) -> dict[str, str | None]:
    """Return what nobody is known by, though somebody may have been once."""
    ended: dict[str, str] = {}
    for what in ("expired", "revoked", "disabled", "removed"):
        expires = hub.clock() - timedelta(seconds=1) if what == "expired" else None
        who, issued = await _user(hub, f"{what} of {mark}", Role.ADMINISTRATOR, expires_at=expires)
        ended[what] = issued.key
        ending = {
            "revoked": "UPDATE tenancy.api_keys SET revoked_at = now() WHERE user_id = %s",
            "disabled": "UPDATE tenancy.users SET disabled_at = now() WHERE user_id = %s",
            "removed": "DELETE FROM tenancy.memberships WHERE user_id = %s",
        }
        if what in ending:
            admin.execute(ending[what], (who,))
    last = "A" if good[-1] != "A" else "B"
    return (
        await _forged_tokens(hub, admin, mark)
        | {
            "nobody": None,
            "empty": "",
            "nonsense": "let me in",
            "forged": "stk_" + "x" * 43,
            "altered": good[:-1] + last,
            "cut": good[:-1],
            "longer": good + "A",
            "uppercase": good.upper(),
        }
        | ended
    )


async def _session(hub: Hub, who: UUID) -> tuple[Claims, str]:
    """Let somebody sign in; return what his access token says, and his refresh token."""
    place = Place(hub.organisation_id, Role.ADMINISTRATOR, "")
    lifetime = timedelta(days=1)
    async with hub.database.transaction(hub.organisation_id, user_id=who) as tx:
        begun = await open_session(tx, who, place, Visitor(), now=hub.clock(), lifetime=lifetime)
    return Claims(who, hub.organisation_id, begun.session_id), begun.refresh_token


async def _forged_tokens(hub: Hub, admin: Any, mark: str) -> dict[str, str | None]:
    """Return access tokens that are none, or none any more."""
    now, tokens = hub.clock(), AccessTokens(hub.vault)
    made: dict[str, Claims] = {}
    endings = {
        "stands": "SELECT %s::uuid",
        "has ended": "UPDATE tenancy.sessions SET revoked_at = now() WHERE user_id = %s",
        "ran out": "UPDATE tenancy.sessions SET expires_at = created_at WHERE user_id = %s",
        "disabled user's": "UPDATE tenancy.users SET disabled_at = now() WHERE user_id = %s",
        "removed member's": "DELETE FROM tenancy.memberships WHERE user_id = %s",
    }
    for number, (what, ending) in enumerate(endings.items()):
        who, _ = await _user(hub, f"s{number} of {mark}", Role.ADMINISTRATOR)
        made[what], secret = await _session(hub, who)
        admin.execute(ending, (who,))
    good = made.pop("stands")
    token = tokens.issue(good, now)
    key, payload = hub.vault.derive(LABEL), jwt.decode(token, options={"verify_signature": False})
    head = {"typ": TYPE, "kid": hub.vault.key_id}
    other = {"sub": str(made["has ended"].user_id)}

    def signed(claims: dict[str, Any], with_key: bytes | None, name: str, **more: Any) -> str:
        return jwt.encode(claims, with_key, name, headers=head | more)

    first, middle, last = token.split(".")
    altered = b64url(json.dumps(payload | other).encode())
    return {f"session {what}": tokens.issue(claims, now) for what, claims in made.items()} | {
        "token too old": tokens.issue(good, now - timedelta(hours=1)),
        "token of tomorrow": tokens.issue(good, now + timedelta(days=1)),
        "token by nobody": signed(payload, None, "none"),
        "token by another key": signed(payload, bytes(32), "HS256"),
        "token by a key unknown": signed(payload, bytes(32), "HS256", kid="nobody's"),
        "token of another type": signed(payload, key, "HS256", typ="JWT"),
        "token of another issuer": signed(payload | {"iss": "else"}, key, "HS256"),
        "token without an end": signed(
            {n: v for n, v in payload.items() if n != "exp"}, key, "HS256"
        ),
        "token of another's session": signed(payload | other, key, "HS256"),
        "token of another place": signed(payload | {"org": str(new_id(now))}, key, "HS256"),
        "token altered": f"{first}.{altered}.{last}",
        "token not signed": f"{first}.{middle}.",
        "token cut": token[:-1],
        "refresh token": secret,
    }


def b64url(content: bytes) -> str:
    """Return bytes as a JWT writes them."""
    return base64.urlsafe_b64encode(content).decode().rstrip("=")


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
    delivery = _row(admin, "mirror.inbox", organisation_id)
    order = admin.execute(
        "SELECT remote_id, version FROM mirror.snapshots WHERE organisation_id = %s"
        " AND resource = 'orders' ORDER BY remote_number DESC LIMIT 1",
        (organisation_id,),
    ).fetchone()
    short = {name.removesuffix("_id"): value for name, value in values.items()}
    short.pop("order", None)  # a parameter of lists: which way they are sorted
    values.pop("customer_id", None)  # in a question about a person: the store's own
    return (
        short
        | values
        | {
            "organisation_id": str(organisation_id),
            "user_id": str(user_id),
            "connection_id": str(connection["id"]),
            "connection": str(connection["name"]),
            "confirm": str(connection["name"]),
            "number": str(delivery["number"]),
            "remote_id": order["remote_id"],
            "order_id": f"{connection['id']}:{order['remote_id']}",
            "version": str(order["version"]),
        }
    )


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
