"""What has happened, as every door tells it: runs, dead letters, records, status."""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, replace
from uuid import UUID

from storetwin.connections.catalogue import catalogue_for, catalogue_of_all
from storetwin.connections.register import Register
from storetwin.db.database import Database, Row, Transaction
from storetwin.kernel.clock import Clock
from storetwin.kernel.errors import UnknownNameError
from storetwin.resources import Catalogue
from storetwin.runs import repository as runs
from storetwin.runs.models import DeadLetter
from storetwin.runs.standing_repository import Filter, choose_runs


@dataclass(frozen=True, slots=True)
class Reports:
    """Reads what one organisation's runs have left behind."""

    database: Database
    register: Register
    organisation_id: UUID
    clock: Clock

    async def catalogue(self, name: str | None) -> Catalogue:
        """Return the resources of a connection; for None those of any."""
        if name is not None:
            return catalogue_for((await self.register.get(name)).options)
        return catalogue_of_all(c.options for c in await self.register.every())

    async def runs(
        self, connection: str | None = None, chosen: Filter | None = None, *, limit: int = 20
    ) -> list[Row]:
        """Return the latest runs that fit, newest first; all but those that apply deliveries.

        Raises:
            UnknownConnectionError: there is no connection of this name.
        """
        chosen = chosen or Filter(limit=limit)
        if connection is not None:
            chosen = replace(chosen, connection_id=(await self.register.get(connection)).id)
        async with self._transaction() as tx:
            return await choose_runs(tx, chosen)

    async def run(self, prefix: str) -> tuple[Row, list[Row]]:
        """Return a run by the beginning of its id, and its progress.

        Raises:
            UnknownNameError: no run begins like that, or more than one does.
        """
        async with self._transaction() as tx:
            found = await runs.find_runs(tx, prefix.lower())
            if len(found) != 1:
                what = "No run begins" if not found else "More than one run begins"
                raise UnknownNameError(
                    f"{what} with {prefix!r}.", remedy="`storetwin runs` lists the latest."
                )
            return found[0], await runs.list_progress(tx, found[0]["run_id"])

    async def dead_letters(
        self, *, connection: str | None = None, resource: str | None = None, state: str = "waiting"
    ) -> list[DeadLetter]:
        """Return dead letters, newest first."""
        connection_id = (await self.register.get(connection)).id if connection else None
        name = (await self.catalogue(connection)).named(resource).name if resource else None
        async with self._transaction() as tx:
            return await runs.list_dead_letters(
                tx,
                connection_id=connection_id,
                resource=name,
                state=state,
                is_of_any_stage=True,
            )

    def _transaction(self) -> AbstractAsyncContextManager[Transaction]:
        return self.database.transaction(self.organisation_id)
