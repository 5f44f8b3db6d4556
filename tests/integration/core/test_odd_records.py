"""Records that nobody would believe enter core all the same, and stand there as they were mapped."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core_stores import Stores
from database_clones import in_own_loop
from spoiling import spoiled
from storetwin.core.models import Action, Cause, Incoming, Origin
from storetwin.core.read import documents as read_documents
from storetwin.core.write import write_batch
from storetwin.db import Database
from storetwin.mapping.mapper import compile_mapper
from storetwin.mapping.nouns import NOUNS

MAPPERS = {name: compile_mapper(noun) for name, noun in NOUNS.items()}


@given(records=st.lists(spoiled(), min_size=15, max_size=15))
@settings(
    max_examples=6,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
def test_whatever_is_mapped_can_be_written_and_read(
    records: list[tuple[str, dict[str, Any]]], dsn: str
) -> None:
    in_own_loop(promote(records, dsn))


async def promote(records: list[tuple[str, dict[str, Any]]], dsn: str) -> None:
    database = await Database.open(dsn, pool_size=1)
    stores = await Stores.open(database)
    for number, (name, document) in enumerate(records):
        await put(stores, name, document, number)
    await database.close()


async def put(stores: Stores, name: str, document: dict[str, Any], number: int) -> None:
    noun, mapped = NOUNS[name], MAPPERS[name].map(document)
    origin = Origin(stores.connections[0], noun.resource, str(number))
    async with stores.transaction() as tx:
        [outcome] = await write_batch(
            tx, noun, [Incoming(origin, 1, None, mapped)], Cause(), stores.now
        )
        if outcome.action is not Action.CREATED:  # it might be another one, or cannot be one
            return
        assert isinstance(outcome.core_id, UUID)
        found = (await read_documents(tx, noun, [outcome.core_id]))[outcome.core_id]
    own = {one.name for one in noun.fields if one.source is not None}
    assert {n: found.values[n] for n in own} == {n: mapped.values[n] for n in own}
    assert found.extra == mapped.extra
    assert found.references == mapped.references
    for table, rows in mapped.parts.items():
        # Parts of one table stand in it one beside the other, each in its own order.
        keys = sorted(str(one["key"]) for one in found.parts.get(table, []))
        assert keys == sorted(str(one["key"]) for one in rows)
