"""What every worker does beside its jobs: see what is due, and take over what others left behind."""

from __future__ import annotations

import asyncio

import procrastinate

from storetwin.db.errors import DatabaseUnavailableError
from storetwin.db.queries import load_queries
from storetwin.hub import Hub
from storetwin.jobs.heart import BELIEVED
from storetwin.jobs.queue import connections, put
from storetwin.runs.models import BELIEVED as RUN_BELIEVED
from storetwin.telemetry.logs import Log

Q = load_queries("storetwin.jobs")
log = Log()
TICK_SECONDS = 1.0
BREATH_SECONDS = 0.05  # so many notices in a row are one tick
RECOVER_SECONDS = 3.0
CHANNELS = ("storetwin_inbox", "storetwin_schedules")


async def tick(app: procrastinate.App, hub: Hub) -> None:
    """Put a job into the queue for whatever is due and is nobody's yet."""
    for row in await connections(hub):
        if not row["is_scheduled"]:
            of = hub.of(row["organisation_id"])
            await of.schedules.ensure(row["connection_id"])
    async with hub.database.transaction(None) as tx:
        due = await tx.fetch_all(Q.due_work, {"believed": RUN_BELIEVED})
    for row in due:
        await put(app, row["task"], row["organisation_id"], row["connection_id"])


async def recover(app: procrastinate.App) -> int:
    """Hand back the jobs of workers that are gone, or whose heart has stopped; return how many.

    Any number of workers may do so at once. Each statement is a transaction: a worker that is
    paused in the middle holds nothing that the others wait for.
    """
    found = await app.connector.execute_query_all_async(Q.recover_stalled, believed=BELIEVED)
    await app.connector.execute_query_async(Q.drop_doubled, believed=BELIEVED)
    for row in found:
        log.warning("job_taken_over", job=row["id"], task=row["task_name"], args=row["args"])
    return len(found)


async def go_round(app: procrastinate.App, hub: Hub) -> None:
    """Tick each second, and at once when told; recover every three. Without end.

    Raises:
        DatabaseUnavailableError: PostgreSQL is away.
    """
    told = asyncio.Event()
    async with asyncio.TaskGroup() as group:
        group.create_task(_hear(hub, told))
        group.create_task(_recover_for_ever(app))
        while True:
            told.clear()
            await tick(app, hub)
            await asyncio.sleep(BREATH_SECONDS)
            try:
                async with asyncio.timeout(TICK_SECONDS):
                    await told.wait()
            except TimeoutError:
                continue


async def _recover_for_ever(app: procrastinate.App) -> None:
    while True:
        await recover(app)
        await asyncio.sleep(RECOVER_SECONDS)


async def _hear(hub: Hub, told: asyncio.Event) -> None:
    async for _ in hub.database.listen(*CHANNELS):
        told.set()
    raise DatabaseUnavailableError("PostgreSQL does not tell anything any more.")
