"""The staging explorer at a million records, below row-level security, by the hub's verbs.

Orders of three stores, and some of another organisation: half are in sync, a tenth has changed, some
are gone, ignored or wait, the rest is new. What the triggers cost the mirror is measured by writing the
same records with and without them.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from statistics import quantiles
from typing import Any
from uuid import UUID

import psycopg
from pydantic import SecretStr

from benchmarks.board_data import (
    _CONNECTION,
    _TENANT,
    FIRST_NAMES,
    LAST_NAMES,
    STATUSES,
    _insert,
    fill,
)
from benchmarks.figures import Figures
from benchmarks.server_cost import running_postgres
from storetwin.bootstrap import open_hub
from storetwin.hub.staging import Staging
from storetwin.kernel.clock import utc_now
from storetwin.settings import Settings
from storetwin.staging.models import ChoiceAction, Chosen, Filter, Sort, State

RECORDS = 1_000_000
THEIRS = 50_000  # of another organisation
TIMES = 60
BUDGET, COUNTS, CHOICE = 50.0, 100.0, 2_000.0  # ms
WRITTEN = 20_000  # records that are written with and without triggers
OURS, OTHER = str(UUID(int=1)), str(UUID(int=2))
CONNECTIONS = [UUID(int=number) for number in (11, 12, 13)]
ORDERS = "orders"

_DECIDE = """
UPDATE staging.records SET
    state = CASE WHEN dice < 50 THEN 'in_sync' WHEN dice < 60 THEN 'updated' WHEN dice < 61 THEN 'ignored'
                 WHEN dice < 62 THEN 'waiting' ELSE 'new' END,
    core_id = CASE WHEN dice < 60 THEN gen_random_uuid() END,
    change_count = CASE WHEN dice >= 50 AND dice < 60 THEN 2 ELSE 0 END,
    changed_columns = CASE WHEN dice = 50 AND hashtext(remote_id) %% 7 = 0 THEN ARRAY['total', 'customer_note']
                           WHEN dice >= 50 AND dice < 60 THEN ARRAY['total', 'status'] END,
    changed_fields = CASE WHEN dice >= 50 AND dice < 60
                          THEN '[["total", "Total", "12.00", "13.00"], ["status", "Status", "processing", "completed"]]'::json END
FROM (SELECT connection_id AS c, remote_id AS r, abs(hashtext(remote_id || connection_id)) %% 100 AS dice
      FROM staging.records WHERE organisation_id = %s) AS d
WHERE organisation_id = %s AND connection_id = c AND remote_id = r AND resource = 'orders'
"""


def measure(figures: Figures, _: argparse.Namespace) -> None:
    with tempfile.TemporaryDirectory(prefix="storetwin-staging-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        with running_postgres(folder / "data") as (dsn, cost):
            admin = cost.admin_dsn.replace("@/postgres?", "@/storetwin?")
            figures_of_triggers(figures, admin, cost.cpu_seconds)
            started = time.perf_counter()
            fill(admin, OTHER, [str(UUID(int=20))], THEIRS)
            fill(admin, OURS, [str(connection) for connection in CONNECTIONS], RECORDS)
            with psycopg.connect(admin, autocommit=True) as server:
                server.execute("ANALYZE staging.records")  # else it is decided by a nested loop
                server.execute(_DECIDE, (OURS, OURS))
                for connection in CONNECTIONS:
                    server.execute(
                        "SELECT staging.fold_counts(%s, %s, 1000000)", (OURS, connection)
                    )
                server.execute(
                    "VACUUM (ANALYZE) staging.records, staging.counts, staging.count_changes"
                )
                server.execute("CHECKPOINT")  # what filling left to be written is not asked for
            print(f"  ({time.perf_counter() - started:.0f} s for {RECORDS:,} records)")
            settings = Settings(
                database_url=SecretStr(dsn), data_dir=folder,
                encryption_key=SecretStr("c3RvcmV0d2luLXN0b3JldHdpbi1zdG9yZXR3aW4tMTI="),
            )  # fmt: skip
            asyncio.run(report(figures, settings))


def figures_of_triggers(figures: Figures, admin: str, cpu: Callable[[], float]) -> None:
    """Write the same records as the mirror does, a hundred a statement, with and without triggers."""
    spent: dict[bool, float] = {True: 0.0, False: 0.0}
    with psycopg.connect(admin) as server:
        server.execute(_TENANT, {"organisation": OTHER, "name": OTHER})
        now = server.execute("SELECT now()").fetchone()
        assert now is not None
        for round_ in range(3):
            for is_on in (True, False):
                connection = str(UUID(int=1_000 + 2 * round_ + is_on))
                own = {"organisation": OTHER, "connection": connection}
                server.execute(_CONNECTION, own | {"name": f"written-{round_}-{is_on}"})
                verb = "ENABLE" if is_on else "DISABLE"
                server.execute(f"ALTER TABLE mirror.snapshots {verb} TRIGGER stage_new".encode())
                server.execute("SET ROLE storetwin_app")
                server.execute("SELECT set_config('app.organisation_id', %s, false)", (OTHER,))
                before = cpu()
                for start in range(1_000, 1_000 + WRITTEN, 100):
                    chunk = {"first": start, "last": start + 99, "now": now[0]}
                    _insert(server, own | chunk, 1_000 + WRITTEN, WRITTEN)
                server.commit()
                spent[is_on] += cpu() - before
                server.execute("RESET ROLE")
        server.execute("ALTER TABLE mirror.snapshots ENABLE TRIGGER stage_new")
        server.commit()
    extra = spent[True] - spent[False]
    figures.add("staging_trigger_cpu", extra / 3 / WRITTEN * 1e6, "µs each")
    figures.add("staging_trigger_share", 100 * extra / spent[False], "% of writing")


async def report(figures: Figures, settings: Settings) -> None:
    """Ask every question many times, and add the figures."""
    async with open_hub(settings) as opened:
        staging = opened.of(UUID(OURS)).staging
        for name, ask, budget in Questions(staging).all():
            took = []
            for _ in range(TIMES):
                started = time.perf_counter()
                await ask()
                took.append((time.perf_counter() - started) * 1000)
            cuts = quantiles(took, n=100)
            figures.add(f"staging_{name}_p50", cuts[49], "ms")
            figures.add(f"staging_{name}_p95", cuts[94], "ms", budget)
        await choices(figures, staging)


class Questions:
    """What a person may ask of the table, at random."""

    def __init__(self, staging: Staging) -> None:
        self.staging = staging
        self.dice = random.Random(4711)

    def all(self) -> list[tuple[str, Callable[[], Awaitable[object]], float]]:
        """Return each question with its budget."""
        asked = (self.newest, self.filter, self.by_key, self.changed, self.dated, self.search)
        return [("counts", self.counts, COUNTS), *((ask.__name__, ask, BUDGET) for ask in asked)]

    async def counts(self) -> object:
        return await self.staging.counts()

    async def newest(self) -> object:
        return await self.staging.page(Filter(ORDERS))

    async def filter(self) -> object:
        status = tuple(self.dice.sample(STATUSES, self.dice.choice([0, 1, 2])))
        wanted = self._wanted(states=self._states(), status=status)
        return await self.staging.page(wanted, page=self.dice.randint(1, 10))

    async def by_key(self) -> object:
        wanted, is_descending = self._wanted(states=self._states()), self.dice.random() < 0.5
        return await self.staging.page(wanted, Sort.KEY, is_descending=is_descending)

    async def changed(self) -> object:
        field = self.dice.choice(["total", "customer_note", "nothing"])
        return await self.staging.page(self._wanted(states=(State.UPDATED,), field=field))

    async def dated(self) -> object:
        after = utc_now().replace(year=self.dice.randint(2022, 2026))
        return await self.staging.page(self._wanted(states=self._states(), modified_after=after))

    async def search(self) -> object:
        return await self.staging.page(self._wanted(search=self._text()))

    def _wanted(self, **more: Any) -> Filter:
        of = (self.dice.choice(CONNECTIONS),) if self.dice.random() < 0.5 else None
        return Filter(ORDERS, of, **more)

    def _states(self) -> tuple[State, ...]:
        chosen = [State.NEW, State.UPDATED, State.WAITING, State.IGNORED]
        return tuple(self.dice.sample(chosen, self.dice.choice([0, 1, 2])))

    def _text(self) -> str:
        dice = self.dice
        number = str(dice.randint(1_000, RECORDS // 2))
        name = f"{dice.choice(FIRST_NAMES)} {dice.choice(LAST_NAMES)}{dice.randint(0, 996)}"
        address = f"buyer{dice.randint(0, 90_000)}@post.test"
        return dice.choice([address, number, name, "nobody at all"])


async def choices(figures: Figures, staging: Staging) -> None:
    """Select, and take back, all of a state: the one nearest to a hundred thousand."""
    chosen = Chosen(Filter(ORDERS, states=(State.UPDATED,)))
    await _choose(figures, staging, chosen, "select", ChoiceAction.SELECT)
    for name, is_selected in (("chosen", True), ("not_chosen", False)):
        took = [
            await _seconds(staging.page(Filter(ORDERS, is_selected=is_selected))) for _ in range(20)
        ]
        figures.add(f"staging_{name}", max(took) * 1000, "ms", BUDGET)
    figures.add("staging_preview", await _seconds(staging.preview(chosen)) * 1000, "ms")
    await _choose(figures, staging, chosen, "deselect", ChoiceAction.DESELECT)
    # All of a long list but its last: what is left is found by walking past all that is chosen.
    new = Filter(ORDERS, (CONNECTIONS[0],), (State.NEW,))
    last = (await staging.page(new, is_descending=False, page_size=1)).data[0]
    but = ((last.connection_id, last.remote_id),)
    await _choose(figures, staging, Chosen(new, but=but), "select_all_but_one", ChoiceAction.SELECT)
    left = await _seconds(
        staging.page(Filter(ORDERS, (CONNECTIONS[0],), (State.NEW,), is_selected=False))
    )
    figures.add("staging_the_one_left", left * 1000, "ms")
    asking = await _seconds(
        staging.promote(Chosen(Filter(ORDERS, (CONNECTIONS[0],), is_selected=True)))
    )
    figures.add("staging_asking_to_promote_them", asking * 1000, "ms")


async def _choose(
    figures: Figures, staging: Staging, chosen: Chosen, name: str, action: ChoiceAction
) -> None:
    started = time.perf_counter()
    made = await staging.choose(chosen, action)
    took = (time.perf_counter() - started) * 1000
    figures.add(f"staging_{name}_records", made.changed, "records")
    figures.add(f"staging_{name}", took, "ms", CHOICE * max(made.changed / 100_000, 1))


async def _seconds(asked: Awaitable[object]) -> float:
    started = time.perf_counter()
    await asked
    return time.perf_counter() - started
