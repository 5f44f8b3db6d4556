"""Verbs that pull less than everything: single records, a span of dates, or nothing at all."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass, fields
from datetime import datetime
from functools import partial
from typing import Any
from uuid import UUID

from storetwin.connections.catalogue import catalogue_for
from storetwin.connections.doubts import changed, paused
from storetwin.connections.models import Connection, ConnectionState
from storetwin.connections.quiet import gate, site_of, site_zone
from storetwin.hub.running import Runner
from storetwin.kernel.errors import ConfigurationError
from storetwin.kernel.ids import new_id
from storetwin.kernel.moments import read_moment
from storetwin.mirror.context import Observer, RunContext
from storetwin.mirror.identity import Looker
from storetwin.mirror.partial import (
    Fate,
    Refreshed,
    Span,
    pull_span,
    refresh_records,
    takes_span,
)
from storetwin.mirror.rehearsal import LookingContext, Rehearsed, rehearse
from storetwin.runs.models import Progress, Run, RunKind, RunState, Stage


@dataclass(frozen=True, slots=True)
class PulledRecords:
    """What reading some records again came to."""

    run_id: UUID
    records: tuple[Refreshed, ...]

    @property
    def is_whole(self) -> bool:
        """Say whether each could be read."""
        return not any(record.fate is Fate.FAILED or record.reason for record in self.records)


@dataclass(frozen=True, slots=True)
class PulledSpan:
    """What reading a span of dates came to. It proves nothing.

    Args:
        zone: the site's, as the store names it.
        resources: one line each.
        left_out: names of resources that this store does not list by the date of their creation.
    """

    run_id: UUID
    span: Span
    zone: str
    resources: tuple[Progress, ...]
    left_out: tuple[str, ...]

    @property
    def is_whole(self) -> bool:
        """Say whether every record within the span could be read."""
        return not any(line.unreadable for line in self.resources)


@dataclass(frozen=True, slots=True)
class Partial:
    """Pulls parts of a store."""

    runner: Runner

    async def records(
        self, name: str, addresses: Sequence[str], *, observe: Observer, now: bool = False
    ) -> PulledRecords:
        """Read single records again, keep what is found, bury what is not there any more.

        Args:
            addresses: like ``orders/3912``: a resource and the store's own id.
            now: do not mind quiet hours.

        Raises:
            UnknownNameError: there is no such resource.
            ConfigurationError: an address has no id.
            RunInProgressError, StoreChangedError, RetryableError: as for a pull.
        """
        connection = await self.runner.register.get(name)
        catalogue = catalogue_for(connection.options)
        wanted: dict[str, dict[str, None]] = {}
        for address in addresses:
            resource, remote_id = read_address(address)
            wanted.setdefault(catalogue.named(resource).name, {})[remote_id] = None
        asked = {"records": list(addresses), "now": now}
        found: list[Refreshed] = []
        async with self.runner.running(name, RunKind.PULL, asked, observe) as context:
            for resource, ids in wanted.items():
                found += await refresh_records(
                    context, context.catalogue.named(resource), list(ids)
                )
            pulled = PulledRecords(context.run.run_id, tuple(found))
            await self._close(context, pulled.is_whole, [asdict(record) for record in found])
            return pulled

    async def span(
        self,
        name: str,
        resources: Sequence[str],
        since: str | None,
        until: str | None,
        *,
        observe: Observer,
        now: bool = False,
    ) -> PulledSpan:
        """Read the records that were created within a span, and keep them; no cursor moves.

        Args:
            resources: names; none means all that the store lists by the date of their creation.
            since: from then on, in the site's time zone unless it names one.
            until: until then, itself excluded, likewise.
            now: do not mind quiet hours.

        Raises:
            ConfigurationError: the span cannot be read, or ends before it begins; or a resource
                that was named is not listed by date.
            RunInProgressError, StoreChangedError, RetryableError: as for a pull.
        """
        for text in (since, until):
            if text is not None:
                read_moment(text)  # what is no time is said before the store is asked
        connection = await self.runner.register.get(name)
        chosen = catalogue_for(connection.options).ordered(resources)
        asked = {"resources": [r.name for r in chosen], "since": since, "until": until, "now": now}
        async with self.runner.running(name, RunKind.PULL, asked, observe) as context:
            zone = site_of(await self.runner.register.get(name)) or "UTC"
            span = _span(since, until, zone)
            fitted = context.catalogue.ordered(resources)
            dated = [r for r in fitted if takes_span(r, context.routes)]
            left_out = tuple(r.name for r in fitted if r not in dated)
            _check_named(context, resources, left_out)
            lines = []
            for resource in dated:
                work = partial(pull_span, context, resource, span)
                lines.append(await self.runner.lasting(context, work))
            pulled = PulledSpan(context.run.run_id, span, zone, tuple(lines), left_out)
            result = {"zone": zone, "since": span.since, "until": span.until}
            await self._close(context, pulled.is_whole, result | {"left_out": left_out})
            return pulled

    async def rehearse(
        self, name: str, resources: Sequence[str], *, observe: Observer, now: bool = False
    ) -> list[Rehearsed]:
        """Walk a store and say what a pull would change; nothing is written, not even a run.

        Raises:
            StoreChangedError: another store answers than the one that is trusted.
            RetryableError: the store or the database does not answer.
        """
        connection = await self.runner.register.get(name)
        catalogue_for(connection.options).ordered(resources)
        found: dict[str, Rehearsed] = {}
        async with self._looking(connection, observe, now=now) as context:
            for resource in context.catalogue.ordered(resources):
                found[resource.name] = await rehearse(context, resource, containers=found)
        return list(found.values())

    async def rehearse_in_run(
        self, name: str, resources: Sequence[str], *, observe: Observer, now: bool = False
    ) -> None:
        """Do as :meth:`rehearse`, in a run that keeps what was found: for who does not wait for it.

        Raises:
            RunInProgressError, StoreChangedError, RetryableError: as for a pull.
        """
        found: dict[str, Rehearsed] = {}
        async with self.runner.running(name, RunKind.REHEARSE, {"now": now}, observe) as context:
            looking = LookingContext(
                **{field.name: getattr(context, field.name) for field in fields(RunContext)}
            )
            for resource in context.catalogue.ordered(resources):
                progress = context.begin(Stage.REHEARSE, resource)
                line = await rehearse(looking, resource, containers=found)
                found[resource.name] = line
                progress.records, progress.unreadable = line.in_store, line.unreadable
                await context.finish(progress)
            await self._close(context, True, [asdict(line) for line in found.values()])

    async def _close(self, context: RunContext, is_whole: bool, result: Any) -> None:
        state = RunState.DONE if is_whole else RunState.INCOMPLETE
        await self.runner.close(context, state, result=result)

    @asynccontextmanager
    async def _looking(
        self, connection: Connection, observe: Observer, *, now: bool
    ) -> AsyncIterator[RunContext]:
        """Open what a run would have, without one."""
        runner = self.runner
        if connection.state is ConnectionState.PAUSED:
            raise paused(connection)
        held = gate(connection, runner.clock, is_open=now)
        credentials = runner.register.credentials(connection)
        client = runner.stores.make_client(connection, credentials)
        client.hold(held)
        try:
            catalogue = catalogue_for(connection.options)
            routes = await runner.stores.first_question(client, connection, credentials, catalogue)
            look = await Looker(runner.database, client, routes, connection).look()
            if not look.judgement.is_trusted:
                raise changed(connection, look.judgement)
            moment = runner.clock()
            yield LookingContext(
                run=Run(
                    new_id(moment), runner.organisation_id, connection.id, RunKind.PULL, 0, moment
                ),
                database=runner.database,
                client=client,
                routes=routes,
                catalogue=catalogue.fitted(routes),
                sealer=runner.register.sealer(connection),
                clock=runner.clock,
                ahead=connection.options.at_once or runner.stores.ahead,
                observe=observe,
            )
        finally:
            await client.close()


def read_address(text: str) -> tuple[str, str]:
    """Read the address of a record: a resource and the store's own id.

    Raises:
        ConfigurationError: it is none.
    """
    resource, slash, remote_id = text.strip().partition("/")
    if not (resource and slash and remote_id):
        raise ConfigurationError(
            f"{text!r} is no record.", remedy="Write the resource and the id, like orders/3912."
        )
    return resource, remote_id


def _span(since: str | None, until: str | None, zone: str) -> Span:
    clock = site_zone(zone)
    begin: datetime | None = read_moment(since, clock) if since else None
    end = read_moment(until, clock, is_end=True) if until else None
    if begin and end and begin >= end:
        raise ConfigurationError(
            f"The span ends ({until}) before it begins ({since}).",
            remedy="Give --since the earlier time; --until itself is excluded.",
        )
    return Span(begin, end)


def _check_named(context: RunContext, named: Sequence[str], left_out: Sequence[str]) -> None:
    """Check that what a person named is listed by date; what it stands in may not be."""
    names = {context.catalogue.named(name).name for name in named}
    if refused := sorted(names & set(left_out)):
        raise ConfigurationError(
            f"The store does not list {', '.join(refused)} by the date of their creation.",
            remedy="Leave them out, or pull them whole: storetwin pull --resource.",
        )
