"""Keeping twins in step: increments and sweeps, as verbs."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Sequence
from dataclasses import asdict, dataclass
from typing import Any
from uuid import UUID

from storetwin.connections.catalogue import catalogue_for
from storetwin.hub.running import Runner
from storetwin.mirror.context import Observer, RunContext
from storetwin.mirror.increment import execute_sync
from storetwin.mirror.models import Synced as SyncedResource
from storetwin.mirror.sweep import execute_sweep
from storetwin.resources import Resource
from storetwin.runs.models import RunKind, RunState

Execute = Callable[[RunContext, Sequence[Resource]], Coroutine[Any, Any, list[SyncedResource]]]


@dataclass(frozen=True, slots=True)
class Synced:
    """What an increment or a sweep came to.

    Args:
        requests: that the whole run cost.
        resources: one line each, those first that were asked for; then what was read again
            because others named it.
    """

    run_id: UUID
    requests: int
    resources: tuple[SyncedResource, ...]

    @property
    def needs_sweep(self) -> tuple[str, ...]:
        """Return the names of the resources of which an increment could not tell all."""
        return tuple(line.resource for line in self.resources if line.needs_sweep)

    @property
    def changes(self) -> int:
        """Return how many records were new, had changed, or are gone."""
        return sum(line.created + line.updated + line.buried for line in self.resources)

    @property
    def is_short(self) -> bool:
        """Say whether records were set aside, or something is left to a person."""
        return any(line.unreadable or line.lacks for line in self.resources)

    def as_json(self) -> dict[str, Any]:
        """Return the JSON document that every door shows."""
        return {
            "run_id": str(self.run_id),
            "requests": self.requests,
            "needs_sweep": list(self.needs_sweep),
            "resources": [asdict(line) for line in self.resources],
        }


@dataclass(frozen=True, slots=True)
class Syncing:
    """The verbs that keep twins in step."""

    runner: Runner

    async def sync(
        self, name: str, resources: Sequence[str], *, observe: Observer, now: bool = False
    ) -> Synced:
        """Bring the twin of a store in step with what changed since the last time.

        Args:
            resources: names; none means all of the connection.
            now: do not mind quiet hours; else they end the run (QuietHoursError), nothing is lost.

        Raises:
            RunInProgressError: a run of the connection is at work.
            StoreChangedError: another store answers than the one that is trusted.
            RetryableError: the store or the database does not answer; the next one goes on.
        """
        return await self._run(name, RunKind.SYNC, resources, execute_sync, observe, {"now": now})

    async def sweep(
        self,
        name: str,
        resources: Sequence[str],
        *,
        observe: Observer,
        bury_many: bool = False,
        now: bool = False,
    ) -> Synced:
        """Find what no date shows: deletions, edited terms, records without a date.

        Args:
            bury_many: a person said that the store really lost that many records.

        Raises:
            RunInProgressError, StoreChangedError, RetryableError: as for :meth:`sync`.
        """

        async def execute(context: RunContext, chosen: Sequence[Resource]) -> list[SyncedResource]:
            return await execute_sweep(context, chosen, bury_many=bury_many)

        options = {"now": now, "bury": bury_many}
        return await self._run(name, RunKind.SWEEP, resources, execute, observe, options)

    async def _run(
        self,
        name: str,
        kind: RunKind,
        resources: Sequence[str],
        execute: Execute,
        observe: Observer,
        options: dict[str, Any],
    ) -> Synced:
        connection = await self.runner.register.get(name)
        chosen = catalogue_for(connection.options).ordered(resources)
        options = {"resources": [resource.name for resource in chosen], **options}
        async with self.runner.running(name, kind, options, observe) as context:
            fitted = context.catalogue.ordered(resources)
            lines = await self.runner.lasting(context, lambda: execute(context, fitted))
            synced = Synced(context.run.run_id, context.client.requests, tuple(lines))
            state = RunState.INCOMPLETE if synced.is_short else RunState.DONE
            await self.runner.close(context, state)
            return synced
