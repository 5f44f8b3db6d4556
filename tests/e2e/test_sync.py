"""``storetwin sync`` as a person has it."""

from __future__ import annotations

import pytest

from installed import NAME, Installation
from storetwin.sandboxes.woocommerce import Sandbox, running_store


@pytest.fixture
def store():
    with running_store(orders=120, seed=5) as sandbox:
        yield sandbox


def test_rounds_and_sweeps(program: Installation, store: Sandbox) -> None:
    program.connect(store)
    first = program.do("sync", NAME, "-r", "orders", "-r", "taxes", "--json").json
    assert {line["way"] for line in first["resources"]} == {"pull"}

    orders = [
        n for n in store.store.ids("orders") if store.store.status_of("orders", n) == "completed"
    ]
    store.store.edit_order(orders[0], {"customer_note": "Ring twice."})
    store.store.delete("orders", orders[1])
    done = program.do("sync", "-r", "orders")
    assert "1 changes in 3 requests." in done.out
    assert " ✓ sync  orders" in done.err

    quiet = program.do("sync", NAME, "-r", "orders", "--json").json
    assert quiet["requests"] in (2, 3)  # what changed within the overlap is read once more
    swept = program.do("sync", NAME, "--sweep", "-r", "orders", "--json").json
    assert [line["buried"] for line in swept["resources"] if line["resource"] == "orders"] == [1]


def test_what_is_asked_wrongly_is_said(program: Installation, store: Sandbox) -> None:
    program.connect(store)
    assert program.run("sync", NAME, "--bury").code == 2
    done = program.run("sync", "nobody")
    assert done.code == 2
    assert "nobody" in done.err
    assert program.run("sync", NAME, "-r", "ordres").code == 2
