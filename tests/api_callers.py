"""The REST API over a real socket, and people who may use it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import aiohttp
from pydantic import SecretStr

from storetwin.api.app import Manners, create_app
from storetwin.api.health import Health
from storetwin.api.server import address_of, listen_on, run_server
from storetwin.hub import Hub
from storetwin.tenancy.keys import NewKey, issue_key
from storetwin.tenancy.members import NewUser, add_user, put_password
from storetwin.tenancy.models import Permission, Role
from storetwin.tenancy.passwords import hash_password

PATIENT = Manners(requests_per_minute=1_000_000)


@dataclass(frozen=True, slots=True)
class Answer:
    """What the API answered."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    json: Any


@dataclass(frozen=True, slots=True)
class Api:
    """The API as one caller has it.

    Args:
        token: what he sends; None for nobody.
    """

    url: str
    session: aiohttp.ClientSession
    token: str | None = None

    def by(self, token: str | None) -> Api:
        """Return the API as another caller has it."""
        return Api(self.url, self.session, token)

    async def ask(self, method: str, path: str, **more: Any) -> Answer:
        """Send a request; `path` begins after /api/v1."""
        headers = dict(more.pop("headers", {}))
        if self.token is not None:
            headers["Authorization"] = f"Bearer {self.token}"
        url = f"{self.url}/api/v1{path}"
        async with self.session.request(method, url, headers=headers, **more) as answer:
            body = await answer.read()
            is_json = "json" in answer.headers.get("Content-Type", "")
            parsed = await answer.json(content_type=None) if is_json and body else None
            return Answer(answer.status, answer.headers, body, parsed)

    async def get(self, path: str, status: int = 200, **params: Any) -> Any:
        """Read something; fail unless the status is the one expected."""
        answer = await self.ask("GET", path, params=params)
        assert answer.status == status, (answer.status, answer.json)
        return answer.json

    async def post(self, path: str, body: Any = None, status: int = 201, **more: Any) -> Any:
        """Make something; fail unless the status is the one expected."""
        answer = await self.ask("POST", path, json=body, **more)
        assert answer.status == status, (answer.status, answer.json)
        return answer.json


async def _number(value: int) -> int:
    return value


@asynccontextmanager
async def serving_api(hub: Hub, manners: Manners = PATIENT, *, port: int = 0) -> AsyncIterator[Api]:
    """Serve the application of a hub, without a worker."""
    is_up = asyncio.Event()
    health = Health(lambda: _number(0), lambda: _number(1))
    with listen_on("127.0.0.1", port) as listening:
        app = create_app(hub, health, manners=manners)
        task = asyncio.create_task(run_server(app, listening, is_up.set, app.state.streams.stop))
        try:
            await asyncio.wait_for(is_up.wait(), 20)
            # The server hangs up after 5 s of silence; never send just then.
            connector = aiohttp.TCPConnector(keepalive_timeout=2)
            async with aiohttp.ClientSession(connector=connector) as session:
                yield Api(address_of(listening), session)
        finally:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task


async def key_of(
    hub: Hub,
    role: Role = Role.ADMINISTRATOR,
    scopes: frozenset[Permission] = frozenset(Permission),
    *,
    is_installation_admin: bool = False,
) -> str:
    """Return an API key of a new member of the hub's organisation."""
    now = hub.clock()
    new = NewUser(f"{role}-{uuid4().hex[:8]}@example.org", role.title(), is_installation_admin)
    user_id = await add_user(hub.database, hub.organisation_id, new, role, now)
    async with hub.database.transaction(hub.organisation_id) as tx:
        issued = await issue_key(tx, hub.organisation_id, user_id, NewKey("test", scopes), now)
    return issued.key


PASSWORD = "correct horse battery staple"
_HASH: list[str] = []


@dataclass(frozen=True, slots=True)
class Person:
    """A user with a password, a member of the hub's organisation."""

    user_id: str
    email: str
    password: str = PASSWORD


async def person_of(
    hub: Hub, role: Role = Role.ADMINISTRATOR, *, is_installation_admin: bool = False
) -> Person:
    """Return a new member of the hub's organisation, who can sign in."""
    email = f"{role}-{uuid4().hex[:8]}@example.org"
    new = NewUser(email, role.title(), is_installation_admin)
    now = hub.clock()
    user_id = await add_user(hub.database, hub.organisation_id, new, role, now)
    if not _HASH:
        _HASH.append(await hash_password(SecretStr(PASSWORD)))  # once: it is slow on purpose
    async with hub.database.transaction(None, user_id=user_id) as tx:
        await put_password(tx, user_id, _HASH[0], now)
    return Person(str(user_id), email)


async def sign_in(api: Api, person: Person, **more: Any) -> dict[str, Any]:
    """Return what a person is given who signs in: `access_token`, `refresh_token`, …"""
    body = {"email": person.email, "password": person.password, **more}
    tokens: dict[str, Any] = await api.by(None).post("/sessions", body)
    return tokens


async def signed_in(hub: Hub, api: Api, role: Role = Role.ADMINISTRATOR, **more: Any) -> Api:
    """Return the API as a new member of the hub's organisation has it who has signed in."""
    tokens = await sign_in(api, await person_of(hub, role, **more))
    return api.by(tokens["access_token"])
