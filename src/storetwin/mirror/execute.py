"""A whole run: what a pull, a verification and a retry are made of, stage by stage."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from storetwin.kernel.ids import new_id
from storetwin.mirror.census import take_census
from storetwin.mirror.certify import certify_resource
from storetwin.mirror.context import RunContext
from storetwin.mirror.crosscheck import cross_check
from storetwin.mirror.following import Following
from storetwin.mirror.models import Level
from storetwin.mirror.pull import pull_resource
from storetwin.mirror.singles import Outcome, SingleReader
from storetwin.resources import Resource
from storetwin.runs import repository as runs
from storetwin.runs.models import Certificate, DeadLetter, Finding, Stage


async def begin_anew(context: RunContext, resources: Sequence[Resource]) -> None:
    """Let the next pull read every page of these resources again, from the beginning."""
    names = [resource.name for resource in resources]
    async with context.transaction() as tx:
        await runs.clear_cursors(tx, context.run.connection_id, names)


async def execute_pull(
    context: RunContext, resources: Sequence[Resource], *, bury_many: bool = False
) -> Certificate:
    """Read what was never read to its end, then prove that nothing is missing.

    A pull that was stopped goes on where it was. Once every list was read, the proof alone keeps
    the twin in step: it fetches whatever is missing or newer.
    """
    async with context.transaction() as tx:
        cursors = await runs.read_cursors(tx, context.run.connection_id)
    for resource in resources:
        cursor = cursors.get(resource.name)
        if cursor is None or not cursor.is_done:
            await pull_resource(context, resource, cursor)
    return await execute_verify(context, resources, Level.MODIFIED, bury_many=bury_many)


async def execute_verify(
    context: RunContext, resources: Sequence[Resource], level: Level, *, bury_many: bool = False
) -> Certificate:
    """Walk the store a second time, mend what differs, and keep the certificate.

    What is mended on the way no later sweep finds, so whatever shows it is read again here.
    """
    started_at = context.clock()
    before = context.client.requests
    following = await Following.load(context, Stage.VERIFY, is_proof=True)
    findings = [
        await certify_resource(context, resource, level, bury_many=bury_many)
        for resource in resources
    ]
    await following.follow()
    census = await take_census(context, resources)
    by_name = {finding.resource: finding for finding in findings}
    for resource in resources:
        checked = await cross_check(context, resource, by_name[resource.name], census)
        by_name[resource.name] = checked
    certificate = Certificate(
        certificate_id=new_id(context.clock()),
        connection_id=context.run.connection_id,
        run_id=context.run.run_id,
        level=level.value,
        started_at=started_at,
        ended_at=context.clock(),
        findings=tuple(by_name[resource.name] for resource in resources),
        requests=context.client.requests - before,
        remarks=() if census.counts else ("the store does not tell its own counts",),
    )
    async with context.transaction() as tx:
        await runs.save_certificate(
            tx, context.run.organisation_id, certificate, describe(certificate)
        )
    return certificate


MOST_NAMED = 1_000  # lacking records that a certificate names; all of them are dead letters


@dataclass(frozen=True, slots=True)
class Retried:
    """What became of the dead letters that were retried; counts of records."""

    resolved: int
    failed: int
    unnamed: int


async def execute_retry(context: RunContext, letters: Sequence[DeadLetter]) -> Retried:
    """Ask once more for each record that waits as a dead letter.

    A letter without a name (a gap, a whole list) is settled by the next pull, not here.
    """
    resolved = failed = unnamed = 0
    readers: dict[str, SingleReader] = {}
    for letter in letters:
        if letter.remote_id is None:
            unnamed += 1
            continue
        resource = context.catalogue.named(letter.resource)
        reader = readers.setdefault(letter.resource, SingleReader(context, resource))
        reading = await reader.read(letter.remote_id)
        if reading.outcome in (Outcome.FAILED, Outcome.PARTIAL):
            failed += 1
            continue
        resolved += 1
        async with context.transaction() as tx:
            await runs.resolve_dead_letters(
                tx, letter.connection_id, letter.resource, [letter.name], now=context.clock()
            )
    return Retried(resolved, failed, unnamed)


def describe(certificate: Certificate) -> dict[str, Any]:
    """Return a certificate as the JSON document that every door shows."""
    return {
        "certificate_id": str(certificate.certificate_id),
        "connection_id": str(certificate.connection_id),
        "run_id": str(certificate.run_id),
        "level": certificate.level,
        "is_complete": certificate.is_complete,
        "started_at": certificate.started_at.isoformat(),
        "ended_at": certificate.ended_at.isoformat(),
        "requests": certificate.requests,
        "remarks": list(certificate.remarks),
        "resources": [_describe_finding(finding) for finding in certificate.findings],
    }


def _describe_finding(finding: Finding) -> dict[str, Any]:
    return {
        "resource": finding.resource,
        "level": finding.level,
        "is_complete": finding.is_complete,
        "in_store": finding.in_store,
        "in_twin": finding.in_twin,
        "fetched": finding.fetched,
        "buried": finding.buried,
        "unlisted": list(finding.unlisted),
        "lacking_count": len(finding.lacking),
        "lacking": [
            {"record": name, "reason": reason} for name, reason in finding.lacking[:MOST_NAMED]
        ],
        "remarks": list(finding.remarks),
        "lists": list(finding.lists),
        "started_at": finding.started_at.isoformat(),
        "ended_at": finding.ended_at.isoformat(),
        "requests": finding.requests,
    }
