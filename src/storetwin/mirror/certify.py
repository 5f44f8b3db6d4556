"""The certificate: a second, separate walk over the store, merged with the twin.

What is missing or newer is fetched on the way; what the store no longer lists is asked for by
its own address and buried only on a 404 of its own. What cannot be had is named with its reason.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import groupby

from storetwin.kernel.errors import RecordError
from storetwin.mirror import repository
from storetwin.mirror.context import RunContext
from storetwin.mirror.decide import may_bury, needs_fetching, reads_light
from storetwin.mirror.included import included
from storetwin.mirror.models import Lacking, Level, Part, PartPosition, State
from storetwin.mirror.parts import has_route, listing_of, parts_of
from storetwin.mirror.pull import keep_batch, keep_unreadable, read_part
from storetwin.mirror.singles import Outcome, Reading, SingleReader
from storetwin.resources import Resource
from storetwin.runs import repository as runs
from storetwin.runs.models import Finding, Progress, Stage
from storetwin.woocommerce.errors import BadAnswerError
from storetwin.woocommerce.listing import Listing
from storetwin.woocommerce.records import Record
from storetwin.woocommerce.walk import Batch, Step, Unreadable

PartReader = Callable[[RunContext, Listing, PartPosition], AsyncIterator[Step]]


@dataclass(slots=True)
class Survey:
    """What a verification has seen of one resource so far."""

    resource: Resource
    level: Level
    started_at: datetime
    progress: Progress
    numbers: array[int] = field(default_factory=lambda: array("q"))
    words: list[str] = field(default_factory=list)
    fetched: int = 0
    buried: int = 0
    left: set[str] = field(default_factory=set)
    unread: set[str | None] = field(default_factory=set)
    lacking: Lacking = field(default_factory=Lacking)
    remarks: set[str] = field(default_factory=set)
    lists: list[str] = field(default_factory=list)
    asked_at: datetime | None = None

    def see(self, records: Sequence[Record]) -> None:
        """Count records that a list showed."""
        for record in records:
            if record.number is None:
                self.words.append(record.remote_id)
            else:
                self.numbers.append(record.number)
        self.progress.records += len(records)

    def has_no_word(self, container: str | None) -> bool:
        """Say whether only a list that could not be read tells what is there.

        A record without an address of its own cannot be asked for, so it is not buried either.
        """
        if self.resource.single is not None or self.resource.is_paged:
            return False
        return None in self.unread or container in self.unread

    def seen(self) -> set[str] | array[int]:
        """Return what was seen: ascending ids, or words where ids are words."""
        if self.words:
            return set(self.words) | {str(number) for number in self.numbers}
        left = {int(name) for name in self.left if name.isdecimal()}
        ascending = (number for number, _ in groupby(sorted(self.numbers)))
        return array("q", (number for number in ascending if number not in left))


async def certify_resource(
    context: RunContext,
    resource: Resource,
    level: Level,
    *,
    bury_many: bool = False,
    progress: Progress | None = None,
    read: PartReader = read_part,
) -> Finding:
    """Compare one resource of the store with the twin, mend what can be mended, and state the rest.

    Args:
        level: how closely to look; a resource whose records are read whole anyway is compared by
            bytes whatever the level.
        bury_many: a person said that the store really lost that many records.
        progress: counts on where somebody began; the verification's own by default.
        read: how a list is read; a certificate's own reading trusts nothing that a list says.

    Raises:
        RetryableError: the store or the database does not answer.
    """
    before = context.client.requests
    progress = progress or context.begin(Stage.VERIFY, resource)
    survey = Survey(resource, level, context.clock(), progress)
    singles = SingleReader(context, resource)
    known_bad = await _retry_dead_letters(context, survey, singles)
    parts = await parts_of(context, resource)
    is_there = has_route(context, resource)
    if not is_there:
        survey.remarks.add("the store has no route for it")
    for part in parts:
        await _survey_part(context, survey, part, known_bad, read)
    if is_there:
        await _look_for_vanished(context, survey, singles, bury_many=bury_many)
    survey.progress.state = "done"
    async with context.transaction() as tx:
        if level is not Level.IDS and not survey.unread:
            await runs.mark_synced(
                tx,
                context.run,
                resource.name,
                synced_to=survey.asked_at,
                now=context.clock(),
            )
        await context.note(tx, survey.progress)
        unlisted = await repository.list_unlisted(tx, context.shelf(resource))
    finding = _state(context, survey, requests=context.client.requests - before)
    return replace(finding, unlisted=tuple(unlisted))


def _state(context: RunContext, survey: Survey, *, requests: int) -> Finding:
    seen = survey.seen()
    names = {
        int(n) if isinstance(seen, array) and n.isdecimal() else n for n in survey.lacking.reasons
    }
    lacking_seen = sum(1 for name in names if _holds(seen, name))
    hidden = sum(1 for name in names if isinstance(name, int)) - lacking_seen
    light = reads_light(survey.resource, survey.level)
    return Finding(
        resource=survey.resource.name,
        level=survey.level.value if light else Level.BYTES.value,
        lists=tuple(survey.lists),
        started_at=survey.started_at,
        ended_at=context.clock(),
        in_store=len(seen) + hidden,
        in_twin=len(seen) - lacking_seen,
        fetched=survey.fetched,
        buried=survey.buried,
        lacking=tuple(sorted(survey.lacking.reasons.items())),
        remarks=tuple(sorted(survey.remarks)),
        requests=requests,
    )


def _holds(seen: set[str] | array[int], name: str | int | None) -> bool:
    """Say whether a list has shown a record; ids are searched for, for a set of them costs memory."""
    if isinstance(seen, set):
        return name in seen
    if not isinstance(name, int):
        return False
    at = bisect_left(seen, name)
    return at < len(seen) and seen[at] == name


# -- the second walk ------------------------------------------------------------------------------


async def _survey_part(
    context: RunContext,
    survey: Survey,
    part: Part,
    known_bad: frozenset[int],
    read: PartReader,
) -> None:
    light = reads_light(survey.resource, survey.level)
    listing = listing_of(context, survey.resource, part, light=light, excluded=known_bad)
    survey.lists.append(_describe(part))
    try:
        async for step in read(context, listing, PartPosition()):
            await _compare(context, survey, listing, step)
    except (RecordError, BadAnswerError) as error:
        survey.lacking.add(f"the list {part.path}", error.message)
        survey.unread.add(part.container)
    finally:
        survey.asked_at = survey.asked_at or listing.asked_at


def _describe(part: Part) -> str:
    query = "&".join(f"{name}={value}" for name, value in part.params.items())
    return f"{part.path}?{query}" if query else part.path


async def _compare(
    context: RunContext, survey: Survey, listing: Listing, step: Batch | Unreadable
) -> None:
    if isinstance(step, Unreadable):
        for name in step.names:
            survey.lacking.add(name, step.reason)
        async with context.transaction() as tx:
            await keep_unreadable(context, tx, survey.resource, step, survey.progress)
        return
    survey.see(step.records)
    survey.remarks.update(step.remarks)
    for error in step.nameless:
        survey.lacking.add(f"unnamed near {step.position.last}", error.message)
    if listing.light:
        await _fetch(context, survey, listing, await _outdated(context, survey, step.records))
        survey.progress.expected = step.total or survey.progress.expected
        async with context.transaction() as tx:
            await context.note(tx, survey.progress)
    else:
        await _keep_whole(context, survey, step)


async def _keep_whole(context: RunContext, survey: Survey, batch: Batch) -> None:
    changed = survey.progress.created + survey.progress.updated
    records = survey.progress.records
    async with context.transaction() as tx:
        await keep_batch(context, tx, survey.resource, batch, survey.progress)
        survey.progress.records = records
        survey.progress.pages += 1
        await context.note(tx, survey.progress)
    survey.fetched += survey.progress.created + survey.progress.updated - changed
    for record in batch.records:
        if record.is_blank:
            survey.lacking.add(record.remote_id, "its meta_data cannot be had")


async def _outdated(context: RunContext, survey: Survey, records: Sequence[Record]) -> list[Record]:
    """Return the records whose snapshot is missing, older, or too young to be trusted."""
    async with context.transaction() as tx:
        known = await repository.read_known(
            tx, context.shelf(survey.resource), [record.remote_id for record in records]
        )
    return [r for r in records if needs_fetching(r, known.get(r.remote_id), survey.level)]


async def _fetch(
    context: RunContext, survey: Survey, listing: Listing, records: Sequence[Record]
) -> None:
    """Read records whole by their ids and write them; one that fails is read alone."""
    whole = replace(listing, light=False)
    bundle = context.client.page_limit
    for start in range(0, len(records), bundle):
        wanted = [r.number for r in records[start : start + bundle] if r.number is not None]
        async for batch in included(whole, wanted):
            await _keep_whole(context, survey, batch)
            wanted = [n for n in wanted if n not in {record.number for record in batch.records}]
        singles = SingleReader(context, survey.resource)
        for number in wanted:
            reading = await singles.read(str(number), container=listing.container)
            if reading.outcome is Outcome.FAILED:
                survey.lacking.add(str(number), reading.reason)
            elif reading.outcome is Outcome.KEPT:
                survey.fetched += 1
            else:
                survey.left.add(str(number))


# -- what the lists did not show ------------------------------------------------------------------


async def _retry_dead_letters(
    context: RunContext, survey: Survey, singles: SingleReader
) -> frozenset[int]:
    """Read the waiting dead letters of this resource once more, each alone; a patient run those due.

    Returns:
        The ids that still fail: the walk asks the store to leave them out.
    """
    async with context.transaction() as tx:
        letters = await runs.list_dead_letters(
            tx, connection_id=context.run.connection_id, resource=survey.resource.name
        )
    still_bad = set()
    healed = [letter.name for letter in letters if letter.remote_id is None]
    for letter in letters:
        if letter.remote_id is None:
            continue
        if context.is_patient and not letter.is_due(context.clock()):
            reading = Reading(Outcome.FAILED, letter.reason)
        else:
            reading = await singles.read(letter.remote_id)
        if reading.outcome is Outcome.FAILED:
            survey.lacking.add(letter.remote_id, reading.reason)
            if survey.resource.can_include and letter.remote_id.isdecimal():
                still_bad.add(int(letter.remote_id))
        elif reading.outcome is Outcome.PARTIAL:
            survey.lacking.add(letter.remote_id, reading.reason)
        else:
            healed.append(letter.name)
    async with context.transaction() as tx:
        await runs.resolve_dead_letters(
            tx, context.run.connection_id, survey.resource.name, healed, now=context.clock()
        )
    return frozenset(still_bad)


async def _look_for_vanished(
    context: RunContext, survey: Survey, singles: SingleReader, *, bury_many: bool
) -> None:
    """Ask by its own address for each record that the twin has and no list showed."""
    seen = survey.seen()
    vanished: list[tuple[str, str | None]] = []
    present = unlisted = 0
    async with context.transaction() as tx:
        async for row in repository.stream_present(tx, context.shelf(survey.resource)):
            present += 1
            name = row["remote_id"] if isinstance(seen, set) else row["remote_number"]
            if _holds(seen, name) or row["remote_id"] in survey.lacking.reasons:
                continue
            if survey.has_no_word(row["parent_id"]):
                continue
            vanished.append((row["remote_id"], row["parent_id"]))
            unlisted += row["state"] == State.UNLISTED
    if not vanished:
        return
    if not bury_many and not may_bury(len(vanished) - unlisted, present):
        survey.lacking.add(
            f"{len(vanished)} of {present} records",
            "the store no longer lists them; nothing was buried, confirm with --bury",
        )
        return
    for remote_id, parent_id in vanished:
        reading = await singles.read(remote_id, container=parent_id, bury=True)
        if reading.outcome is Outcome.BURIED:
            survey.buried += 1
            survey.progress.buried += 1
        elif reading.outcome is Outcome.FAILED:
            survey.lacking.add(remote_id, reading.reason)
