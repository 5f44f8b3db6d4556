"""Parts of a pull: single records by their ids, and what was created within a span of dates.

Neither touches a cursor, and neither proves anything: what else changed is not looked at.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from storetwin.kernel.errors import RecordError
from storetwin.mirror import history, repository
from storetwin.mirror.context import RunContext
from storetwin.mirror.models import Known, Part, PartPosition, State
from storetwin.mirror.parts import listing_of, parts_of
from storetwin.mirror.pull import keep_batch, keep_unreadable, read_part, set_list_aside
from storetwin.mirror.singles import Outcome, Reading, SingleReader
from storetwin.resources import Resource, RouteArguments
from storetwin.runs import repository as runs
from storetwin.runs.models import Progress, Stage
from storetwin.woocommerce.walk import Batch, Step

SECOND = timedelta(seconds=1)
EARLIEST = datetime(1900, 1, 1, tzinfo=UTC)  # no store is older


# -- single records -------------------------------------------------------------------------------


class Fate(StrEnum):
    """What reading one record again came to."""

    NEW = "new"
    CHANGED = "changed"
    BACK = "back"
    SAME = "same"
    GONE = "gone"
    ABSENT = "absent"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Refreshed:
    """One record that was read again.

    Args:
        reason: why it failed, or is not whole.
        version: number of the version that the twin has now; None where it has none.
        fields: names of the fields that changed; None where the version before is not kept.
    """

    resource: str
    remote_id: str
    fate: Fate
    reason: str = ""
    version: int | None = None
    fields: tuple[str, ...] | None = ()


def fate_of(outcome: Outcome, before: Known | None, after: Known | None) -> Fate:
    """Say what a reading came to, from what the twin knew before and knows now."""
    if outcome is Outcome.FAILED:
        return Fate.FAILED
    if after is None:
        return Fate.ABSENT
    if before is None:
        return Fate.NEW
    if before.version == after.version:
        return Fate.ABSENT if after.state is State.GONE else Fate.SAME
    if after.state is State.GONE:
        return Fate.GONE
    return Fate.BACK if before.state is State.GONE else Fate.CHANGED


async def refresh_records(
    context: RunContext, resource: Resource, ids: Sequence[str]
) -> list[Refreshed]:
    """Read records by their own addresses, keep what is found, bury what is not there any more.

    Raises:
        RetryableError: the store or the database does not answer.
    """
    progress = context.begin(Stage.PULL, resource)
    progress.expected = len(ids)
    reader = SingleReader(context, resource)
    found = []
    for remote_id in ids:
        refreshed = await _refresh(context, reader, remote_id)
        found.append(refreshed)
        _count(progress, refreshed.fate)
        async with context.transaction() as tx:
            await context.note(tx, progress)
    await context.finish(progress)
    return found


async def _refresh(context: RunContext, reader: SingleReader, remote_id: str) -> Refreshed:
    resource = reader.resource
    before = await _known(context, resource, remote_id)
    # Its own address does not tell whether a list shows it: what is known of that stays.
    is_unlisted = before is not None and before.state is State.UNLISTED
    state = State.UNLISTED if is_unlisted else State.LISTED
    reading = await reader.read(remote_id, bury=True, state=state)
    if reading.outcome not in (Outcome.FAILED, Outcome.PARTIAL):
        await _resolve(context, resource, remote_id)
    after = await _known(context, resource, remote_id)
    fate = fate_of(reading.outcome, before, after)
    return Refreshed(
        resource.name,
        remote_id,
        fate,
        _reason(reading),
        after.version if after else None,
        await _changed(context, resource, remote_id) if fate in (Fate.CHANGED, Fate.BACK) else (),
    )


def _reason(reading: Reading) -> str:
    return reading.reason if reading.outcome in (Outcome.FAILED, Outcome.PARTIAL) else ""


def _count(progress: Progress, fate: Fate) -> None:
    progress.records += 1
    progress.created += fate is Fate.NEW
    progress.updated += fate in (Fate.CHANGED, Fate.BACK)
    progress.buried += fate is Fate.GONE
    progress.unreadable += fate is Fate.FAILED


async def _known(context: RunContext, resource: Resource, remote_id: str) -> Known | None:
    async with context.transaction() as tx:
        known = await repository.read_known(tx, context.shelf(resource), [remote_id])
    return known.get(remote_id)


async def _resolve(context: RunContext, resource: Resource, remote_id: str) -> None:
    async with context.transaction() as tx:
        await runs.resolve_dead_letters(
            tx, context.run.connection_id, resource.name, [remote_id], now=context.clock()
        )


async def _changed(
    context: RunContext, resource: Resource, remote_id: str
) -> tuple[str, ...] | None:
    """Return the names of the fields in which the current version differs from the one before."""
    shelf = context.shelf(resource)
    async with context.transaction() as tx:
        versions = (await history.list_history(tx, shelf, remote_id))[-2:]
        fields = await history.changed_fields(tx, shelf, remote_id, versions, resource.volatile)
    return fields[-1]


# -- a span of dates ------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Span:
    """When records were created that are asked for.

    Args:
        since: from then on; None from the beginning.
        until: until then, itself excluded; None until now.
    """

    since: datetime | None
    until: datetime | None

    def params(self, *, takes_gmt: bool) -> dict[str, str]:
        """Return the parameters that ask for it, the same in every time zone of a site.

        Both of the store's filters are strict and know whole seconds. A time without a zone
        together with ``dates_are_gmt``, or one with ``Z`` without it, is read rightly; both
        together, and fractions, are not (measured on WooCommerce 10.5).
        """
        asked = {}
        if self.since is not None:
            asked["after"] = _text(_whole(max(self.since, EARLIEST)) - SECOND)
        if self.until is not None:
            asked["before"] = _text(_whole(max(self.until, EARLIEST)))
        if takes_gmt:
            return asked | {"dates_are_gmt": "true"}
        return {name: text + "Z" for name, text in asked.items()}


def _whole(moment: datetime) -> datetime:
    """Return the first full second that is not before a moment."""
    return moment.replace(microsecond=0) + (SECOND if moment.microsecond else timedelta())


def _text(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S")


def takes_span(resource: Resource, routes: RouteArguments) -> bool:
    """Say whether a store lists the records of a resource by the date of their creation."""
    path = _path(resource, routes)
    return path is not None and all(routes.accepts(path, name) for name in ("after", "before"))


def _path(resource: Resource, routes: RouteArguments) -> str | None:
    return next((p for p in (resource.path, resource.fallback) if p and routes.exists(p)), None)


async def pull_span(context: RunContext, resource: Resource, span: Span) -> Progress:
    """Read the records that were created within a span, and keep them.

    Raises:
        RetryableError: the store or the database does not answer.
    """
    progress = context.begin(Stage.PULL, resource)
    path = _path(resource, context.routes) or resource.path
    asked = span.params(takes_gmt=context.routes.accepts(path, "dates_are_gmt"))
    for part in await parts_of(context, resource):
        await _pull_part(
            context, resource, replace(part, params={**part.params, **asked}), progress
        )
    await context.finish(progress)
    return progress


async def _pull_part(
    context: RunContext, resource: Resource, part: Part, progress: Progress
) -> None:
    listing = listing_of(context, resource, part)
    try:
        async for step in read_part(context, listing, PartPosition()):
            await _keep(context, resource, step, progress)
    except RecordError as error:
        await set_list_aside(context, resource, part, error, progress)


async def _keep(context: RunContext, resource: Resource, step: Step, progress: Progress) -> None:
    async with context.transaction() as tx:
        if isinstance(step, Batch):
            read = progress.records + len(step.records)
            await keep_batch(context, tx, resource, step, progress)
            progress.records = read
        else:
            await keep_unreadable(context, tx, resource, step, progress)
        progress.pages += 1
        await context.note(tx, progress)
