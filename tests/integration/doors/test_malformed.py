"""Thousands of requests that are wrong: each is refused with a reason, none hurts.

At length, a hundred thousand: ``pytest tests/integration/doors/test_malformed.py --hypothesis-profile=long``.

They go to the installed program as a process of its own, by the byte over real sockets.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections import Counter
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import aiohttp
import pytest
from hypothesis import settings

from estates import World, opened
from malformed import Attempt, Target, attempts
from sites import Program, Served, serving_program
from walks import Walker, doors_of
from wire_client import CUT, SILENT, Reply, Wire, request

IS_LONG = settings.get_current_profile_name() == "long"
COUNT = 100_000 if IS_LONG else 4_000
SEED = 20_261_121
AT_ONCE = 12
WARM = 1_500  # requests until every route was used, and memory is as large as it gets
GROWTH = 16 * 1024 * 1024  # bytes: what an allocator keeps of bodies of a megabyte
PROBLEM = "application/problem+json"


@pytest.fixture(scope="module")
def program(world: World, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Program]:
    """The installed program on the same database."""
    folder: Path = tmp_path_factory.mktemp("program")
    with serving_program(world.dsn, folder) as running:
        yield running


@pytest.fixture
async def target(world: World, served: Served, program: Program, tmp_path: Path) -> Target:
    """What is shot at: an administrator's view of everything."""
    token = world.ours.people.root
    async with opened(world.dsn, tmp_path) as hub:
        own = hub.of(world.ours.organisation_id)
        connection = await own.register.get(world.ours.values["connection"])
        end = await own.register.receiving_ends.get(connection.id)
    assert end is not None
    doors = [door for door in doors_of(served.app) if door.operation]
    walker = Walker(served.app.openapi(), world.ours.values)
    cursors = []
    async with aiohttp.ClientSession(headers={"Authorization": f"Bearer {token}"}) as session:
        for door in doors:
            names = {p["name"] for p in (door.operation or {}).get("parameters", ())}
            if door.method != "GET" or not {"cursor", "limit"} <= names:
                continue
            path = f"{walker.knocks(door)[0].path}?limit=1"
            async with session.get(f"{program.url}{path}") as answer:
                found = await answer.json() if answer.status == 200 else {}
                if found.get("next_cursor"):
                    cursors.append((path, found["next_cursor"]))
    others = {door.path for door in doors_of(served.app) if not door.operation}
    return Target(
        walker=walker,
        doors=doors,
        token=token,
        hook=(end.token, end.secret),
        strangers=[t for t in world.ours.people.strangers.values() if t],
        cursors=cursors,
        mounts=sorted(path for path in others if path.startswith("/mcp")),
    )


def fault_of(attempt: Attempt, reply: Reply) -> str | None:
    """Return what is wrong with an answer."""
    if reply.status >= 500 or reply.status == SILENT:
        return "it broke" if reply.status != SILENT else "it hangs"
    if reply.status == CUT:
        return None if attempt.is_http or attempt.family == "too long" else "no answer"
    if not attempt.is_wrong or attempt.is_http:
        return None
    if reply.status < 400:
        return "it was taken"
    if reply.headers.get("content-type") != PROBLEM:
        return None if reply.body == b"Invalid HTTP request received." else "no problem document"
    problem = json.loads(reply.body)
    is_reasoned = problem["status"] == reply.status and problem["detail"] and problem["code"]
    return None if is_reasoned else "no reason"


@pytest.mark.timeout(0 if IS_LONG else 180)
async def test_what_is_wrong_is_refused_and_nothing_is_hurt(
    target: Target, program: Program
) -> None:
    made = attempts(target, SEED)
    faults: Counter[str] = Counter()
    seen: Counter[str] = Counter()
    refused = 0

    async def shoot() -> None:
        nonlocal refused
        wire = Wire(program.url)
        for attempt in queue:
            reply = await wire.send(attempt.request)
            family = attempt.family.partition(":")[0].partition(" ")[0]
            seen[f"{family} {reply.status}"] += 1
            refused += 400 <= reply.status < 500
            if (fault := fault_of(attempt, reply)) is not None:
                faults[f"{fault} ({reply.status}) {attempt}: {reply.body[:300]!r}"] += 1
        await wire.close()

    async def volley(count: int) -> None:
        nonlocal queue
        queue = islice(made, count)
        async with asyncio.TaskGroup() as group:
            for _ in range(AT_ONCE):
                group.create_task(shoot())

    queue: Iterator[Attempt] = iter(())
    await volley(WARM)
    before = program.resident
    while refused < COUNT:
        await volley(max(100, COUNT - refused))
    grown = program.resident - before
    shown = [f"{n} × {fault}" for fault, n in faults.most_common(15)]
    assert not faults, f"{faults.total()} of {seen.total()}:\n" + "\n".join(shown)
    assert grown <= GROWTH, f"{grown / 2**20:.0f} MiB more after {seen.total():,} requests"
    told = "".join(program.heard)
    assert "Traceback" not in told, told[-3_000:]
    assert len(seen) > 25, seen


async def test_the_program_answers_after_all_that(program: Program) -> None:
    begun = time.monotonic()
    wire = Wire(program.url)
    reply = await wire.send(request("GET", "/health/ready"))
    await wire.close()
    assert reply.status == 200
    assert time.monotonic() - begun < 2
