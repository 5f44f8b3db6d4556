"""A record that breaks whatever it stands on: found, named, and paid for once.

It does so in every way that is known: a 500, nothing at all, half a JSON, a gateway, a connection
that breaks, silence, a gigabyte. The most requests beyond those of the same pull from a sound
store, for each such record, the certificate included (300 orders, three of them bad):

========== ==== =================================================================================
how        most what it costs
========== ==== =================================================================================
fatal        45 halves down to the record, the gap to its neighbours by ``include``, itself alone
die          45 the same
memory       45 the same
exit         45 the same; the body is empty
cut          45 the same; the body breaks off
gateway      65 the same; and a control question whenever the gateway had no answer
reset        45 the same; the connection breaks
hang         75 the same; each waits 10 s at most, a few the whole limit of a request
huge         35 the same; nothing is asked for twice that was too long once
========== ==== =================================================================================
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from hubs import finding, lacking, open_twin
from storetwin.sandboxes.woocommerce import Sandbox, running_store
from storetwin.sandboxes.woocommerce.fault_kinds import KINDS
from storetwin.woocommerce import pace

ORDERS, BAD = 300, 3
SOUND = 110  # requests of a pull without bad records, and of fifty ids before the first
LIMIT = 1.0  # seconds of a request in these tests; 60 by default
ROW = re.compile(r"^(?P<how>[a-z]+) +(?P<most>\d+) \w", re.MULTILINE)
MOST = {row["how"]: int(row["most"]) for row in ROW.finditer(__doc__ or "")}


@pytest.fixture(scope="module")
def shared_store() -> Iterator[Sandbox]:
    with running_store(orders=ORDERS) as sandbox:
        yield sandbox


@pytest.fixture
def store(shared_store: Sandbox) -> Iterator[Sandbox]:
    shared_store.requests.clear()
    yield shared_store
    shared_store.faults.clear()


def test_the_table_above_has_every_way() -> None:
    assert set(KINDS["poison"].choices["how"]) == MOST.keys()


async def test_a_sound_store_costs_so_much(
    database_dsn: str, tmp_path: Path, store: Sandbox
) -> None:
    async with open_twin(database_dsn, tmp_path, store) as twin:
        assert (await twin.pull("orders")).is_complete
        assert store.requests.total <= SOUND


@pytest.mark.parametrize("how", MOST)
async def test_it_is_named_and_the_others_are_there(
    database_dsn: str, tmp_path: Path, store: Sandbox, how: str
) -> None:
    count = 1 if how == "hang" else BAD
    store.faults.switch_on(f"poison:count={count},how={how},ms=1")
    bad = {str(number) for number in store.faults.ids("poison")}
    async with open_twin(
        database_dsn, tmp_path, store, request_timeout=LIMIT, max_answer_bytes=4_000_000
    ) as twin:
        began = time.monotonic()
        outcome = await twin.pull("orders")
        seconds = time.monotonic() - began
        assert lacking(outcome)["orders"].keys() == bad
        assert await twin.letters() == {"orders": bad}
        assert finding(outcome, "orders")["in_twin"] == ORDERS - count
        assert (await twin.documents("orders")).keys() == twin.expected("orders").keys() - bad
        assert store.requests.total <= SOUND + count * MOST[how]
        assert store.faults.struck("poison") >= 3 * count, "it was believed too soon"
        assert seconds < 60

        store.faults.clear()
        assert (await twin.pull("orders")).is_complete
        assert await twin.letters() == {}
        assert await twin.documents("orders") == twin.expected("orders")


def test_a_record_that_hangs_costs_minutes_and_no_hours() -> None:
    """At most 30 requests meet it, 5 of them with the whole limit: 10 minutes, whatever happens."""
    assert 5 * 60 + 25 * pace.patience(1.0) <= 600
    assert pace.patience(0.0) == pace.LEAST_PATIENCE
    assert pace.patience(10.0) == 50.0
