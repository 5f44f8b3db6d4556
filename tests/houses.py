"""An installation with people in it: its API over a real socket, and a clock that can be set."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from psycopg.conninfo import conninfo_to_dict

from api_callers import PASSWORD, Answer, Api, Person, person_of, serving_api, sign_in
from hubs import settings_for
from storetwin.bootstrap import open_hub
from storetwin.hub import Hub
from storetwin.kernel.clock import utc_now
from storetwin.tenancy.models import Role


@dataclass(slots=True)
class Watch:
    """A clock that goes as fast as any, and can be set forward."""

    ahead: timedelta = field(default_factory=timedelta)

    def __call__(self) -> datetime:
        return utc_now() + self.ahead

    def skip(self, **parts: float) -> None:
        """Let time pass."""
        self.ahead += timedelta(**parts)


@dataclass(frozen=True, slots=True)
class Someone:
    """A person who has signed in.

    Args:
        api: the API as he has it.
        tokens: what he was given.
    """

    person: Person
    api: Api
    tokens: dict[str, Any]

    @property
    def user_id(self) -> str:
        return self.person.user_id


@dataclass(frozen=True, slots=True)
class House:
    """The hub of an organisation, its API as a stranger has it, and its clock.

    Args:
        database: its name on the server.
    """

    hub: Hub
    api: Api
    watch: Watch
    database: str

    async def someone(self, role: Role = Role.ADMINISTRATOR, **more: Any) -> Someone:
        """Return a new member of the organisation, who has signed in."""
        return await self.enter(await person_of(self.hub, role, **more))

    async def enter(self, person: Person, **more: Any) -> Someone:
        """Let a person sign in."""
        tokens = await sign_in(self.api, person, **more)
        return Someone(person, self.api.by(tokens["access_token"]), tokens)

    async def try_to_sign_in(self, email: str, password: str = PASSWORD, **more: Any) -> Answer:
        """Sign in with whatever outcome."""
        body = {"email": email, "password": password, **more}
        return await self.api.ask("POST", "/sessions", json=body)

    async def refresh(self, token: str, **more: Any) -> Answer:
        """Refresh a session with whatever outcome."""
        body = {"refresh_token": token, **more}
        return await self.api.ask("POST", "/sessions/refresh", json=body)

    async def beside(self, name: str) -> House:
        """Return another organisation of the same installation."""
        made = await self.hub.people.organisations.make(None, name)
        return replace(self, hub=self.hub.of(made.organisation_id))

    async def rows(self, query: str, *values: object, user_id: Any = None) -> list[dict[str, Any]]:
        """Ask the database as the program's own role, below row-level security."""
        scope = self.hub.organisation_id
        async with self.hub.database.transaction(scope, user_id=user_id) as tx:
            return await tx.fetch_all(query, values)


@asynccontextmanager
async def open_house(dsn: str, folder: Path, **settings: Any) -> AsyncIterator[House]:
    """Open a hub on a database without any store, and serve its API."""
    watch = Watch()
    async with open_hub(settings_for(dsn, folder, **settings)) as opened:
        hub = replace(opened, clock=watch)
        async with serving_api(hub) as api:
            yield House(hub, api, watch, str(conninfo_to_dict(dsn)["dbname"]))
