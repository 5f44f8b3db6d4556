"""Jobs: deferred once, ended by their own worker only, taken over from the dead."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import procrastinate
import pytest
from procrastinate.jobs import Job, Status

from hubs import Twin
from storetwin.jobs.queue import NAME, put
from storetwin.jobs.rounds import recover, tick

JOBS = "SELECT id, task_name, status::text AS status, worker_id, args::text AS args FROM jobs.procrastinate_jobs ORDER BY id"
AGE = "UPDATE jobs.procrastinate_workers SET last_heartbeat = now() - interval '9 s' WHERE id = %s"


async def jobs(twin: Twin) -> list[dict]:
    return await twin.rows(JOBS)


async def fetched(queue: procrastinate.App) -> Job:
    """A job in the hands of a worker of its own."""
    worker_id = await queue.job_manager.register_worker()
    job = await queue.job_manager.fetch_job([NAME], worker_id)
    assert job is not None
    return job


async def test_a_new_connection_is_due_at_once_and_deferred_once(
    twin: Twin, queue: procrastinate.App
) -> None:
    await asyncio.gather(*(tick(queue, twin.hub) for _ in range(5)))
    await tick(queue, twin.hub)
    [job] = await jobs(twin)
    assert (job["task_name"], job["status"]) == ("keep_in_step", "todo")
    assert twin.connection.name not in job["args"], "ids only"
    assert set(job["args"].split('"')[1::4]) == {"organisation_id", "connection_id"}
    await fetched(queue)
    await tick(queue, twin.hub)
    assert len(await jobs(twin)) == 1, "somebody is at it"


@pytest.mark.parametrize("what", ["UPDATE runs.schedules SET is_paused = true",
                                  "UPDATE connections.connections SET state = 'paused'",
                                  "UPDATE runs.schedules SET next_at = now() + interval '9 s'"])  # fmt: skip
async def test_what_rests_is_not_deferred(twin: Twin, queue: procrastinate.App, what: str) -> None:
    await twin.hub.schedules.ensure(twin.connection.id)
    async with twin.hub.database.transaction(twin.hub.organisation_id) as tx:
        await tx.execute(what)
    await tick(queue, twin.hub)
    assert await jobs(twin) == []


async def test_a_worker_that_slept_does_not_end_the_job_of_another(
    twin: Twin, queue: procrastinate.App
) -> None:
    await tick(queue, twin.hub)
    slept = await fetched(queue)
    await aged(twin, slept.worker_id)
    assert await recover(queue) == 1
    taken = await fetched(queue)
    assert taken.id == slept.id
    await queue.job_manager.finish_job(slept, Status.SUCCEEDED, delete_job=True)
    await queue.job_manager.retry_job(slept)
    [job] = await jobs(twin)
    assert (job["status"], job["worker_id"]) == ("doing", taken.worker_id)
    await queue.job_manager.finish_job(taken, Status.SUCCEEDED, delete_job=True)
    assert await jobs(twin) == []


async def test_jobs_of_the_living_are_left_alone(twin: Twin, queue: procrastinate.App) -> None:
    await tick(queue, twin.hub)
    await fetched(queue)
    assert await recover(queue) == 0
    [job] = await jobs(twin)
    assert job["status"] == "doing"


async def test_a_job_of_a_worker_that_left_the_queue_is_free_at_once(
    twin: Twin, queue: procrastinate.App
) -> None:
    await tick(queue, twin.hub)
    job = await fetched(queue)
    assert job.worker_id is not None
    await queue.job_manager.unregister_worker(job.worker_id)
    assert await recover(queue) == 1
    assert (await fetched(queue)).id == job.id


async def test_a_job_that_is_handed_back_makes_way_for_one_that_waits(
    twin: Twin, queue: procrastinate.App
) -> None:
    """Two workers may defer in the same moment: one more waits behind the first."""
    ids = (twin.hub.organisation_id, twin.connection.id)
    await put(queue, "keep_in_step", *ids)
    first = await fetched(queue)
    await put(queue, "keep_in_step", *ids)
    await put(queue, "keep_in_step", *ids)
    assert [job["status"] for job in await jobs(twin)] == ["doing", "todo"]
    await queue.job_manager.retry_job(first)
    assert [job["status"] for job in await jobs(twin)] == ["todo"]

    second = await fetched(queue)
    await put(queue, "keep_in_step", *ids)
    await aged(twin, second.worker_id)
    await recover(queue)
    assert [job["status"] for job in await jobs(twin)] == ["todo"], "the stalled one is dropped"


async def test_a_job_that_waits_for_its_time_keeps_others_of_its_kind_out(
    twin: Twin, queue: procrastinate.App
) -> None:
    ids = (twin.hub.organisation_id, twin.connection.id)
    await put(queue, "drain", *ids, after=timedelta(seconds=30), times=3)
    await put(queue, "drain", *ids)
    [job] = await jobs(twin)
    assert '"failures": 3' in job["args"]
    worker_id = await queue.job_manager.register_worker()
    assert await queue.job_manager.fetch_job([NAME], worker_id) is None


async def aged(twin: Twin, worker_id: int | None) -> None:
    async with twin.hub.database.transaction(None) as tx:
        await tx.execute(AGE, (worker_id,))
