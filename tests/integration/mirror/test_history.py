"""What a record was: every version, at any time, between any two; whoever brought it."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest

from hubs import NAME, Twin
from storetwin.kernel.errors import ConfigurationError, UnknownNameError
from storetwin.kernel.json_values import Number
from storetwin.mirror.history import Event, What
from storetwin.mirror.models import Level, State
from storetwin.mirror.repository import Shelf
from storetwin.mirror.writing import bury_records, write_records
from storetwin.resources import named
from storetwin.security.sealing import MASK
from storetwin.woocommerce.records import read_record

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
SEALED = b'{"id":7,"key":{"$sealed":"%s"}}'


async def keep(
    twin: Twin,
    document: bytes,
    hours: float,
    by: str = "pull",
    *,
    resource: str = "orders",
    state: State = State.LISTED,
) -> None:
    """Write a record as it was read some hours after noon."""
    shelf = Shelf(twin.hub.organisation_id, twin.connection.id, resource, by)
    record = read_record(named(resource), document)
    moment = NOON + hours * HOUR
    async with twin.hub.database.transaction(twin.hub.organisation_id) as tx:
        await write_records(tx, shelf, [record], served_at=moment, now=moment, state=state)


async def bury(twin: Twin, remote_id: str, hours: float, by: str = "sweep") -> None:
    shelf = Shelf(twin.hub.organisation_id, twin.connection.id, "orders", by)
    moment = NOON + hours * HOUR
    async with twin.hub.database.transaction(twin.hub.organisation_id) as tx:
        await bury_records(tx, shelf, [remote_id], served_at=moment, now=moment)


@pytest.fixture
async def lived(twin: Twin) -> Twin:
    """Order 7 came, changed, went and came back, each an hour after the other."""
    await keep(twin, b'{"id":7,"total":"1.10","date_modified_gmt":"2026-11-20T11:00:00"}', 0)
    await keep(twin, b'{"id":7,"total":"2.20"}', 1, "webhook")
    await bury(twin, "7", 2)
    await keep(twin, b'{"id":7,"total":"2.20","note":"back"}', 3, "push")
    return twin


async def test_every_version_is_told_with_who_brought_it_when_and_what_it_changed(
    lived: Twin,
) -> None:
    told = await lived.hub.history.versions(NAME, "orders", "7")
    assert [(t.version.number, t.version.state, t.version.brought_by, t.fields) for t in told] == [
        (1, "listed", "pull", ()),
        (2, "listed", "webhook", ("total", "date_modified_gmt")),
        (3, "gone", "sweep", ()),
        (4, "listed", "push", ("note",)),
    ]
    assert [t.version.written_at for t in told] == [NOON + n * HOUR for n in range(4)]
    assert [t.version.superseded_at for t in told] == [*(NOON + n * HOUR for n in (1, 2, 3)), None]
    assert [t.version.modified_at for t in told] == [NOON - HOUR, None, None, None]
    assert [t.version.read_at for t in told] == [NOON + n * HOUR for n in range(4)]


async def test_a_record_is_shown_as_it_was_at_any_time(lived: Twin) -> None:
    documents = {1: b'"1.10"', 2: b'"2.20"', 3: b'"2.20"', 4: b'"back"'}
    for hours, number in ((0, 1), (0.99, 1), (1, 2), (1.5, 2), (2, 3), (2.9, 3), (3, 4), (99, 4)):
        held = await lived.hub.history.at(
            NAME, "orders", "7", (NOON + hours * HOUR).replace(tzinfo=None).isoformat()
        )
        assert held.version.number == number, hours
        assert documents[number] in held.document
    assert (await lived.hub.history.at(NAME, "orders", "7", "now")).version.number == 4
    assert (await lived.hub.history.at(NAME, "orders", "7", "2026-11-21")).version.number == 4
    zoned = await lived.hub.history.at(NAME, "orders", "7", "2026-11-20T08:30-05:00")
    assert zoned.version.number == 2


async def test_before_its_first_version_it_says_when_that_was(lived: Twin) -> None:
    with pytest.raises(UnknownNameError) as told:
        await lived.hub.history.at(NAME, "orders", "7", "2026-11-20T11:59:59")
    assert told.value.message == "The twin did not have it at 2026-11-20 11:59:59 UTC."
    assert told.value.remedy == "Its first version was written at 2026-11-20 12:00:00 UTC."


async def test_what_does_not_exist_is_said(lived: Twin) -> None:
    history = lived.hub.history
    with pytest.raises(UnknownNameError, match="no orders 8"):
        await history.versions(NAME, "orders", "8")
    with pytest.raises(UnknownNameError, match="no version 5") as told:
        await history.difference(NAME, "orders", "7", "1", "5")
    assert told.value.remedy == "Versions 1 to 4 are kept."
    with pytest.raises(ConfigurationError, match="'soon' is no time"):
        await history.at(NAME, "orders", "7", "soon")


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        ("1", "4", {"total": ("1.10", "2.20"), "note": (None, "back"), "date_modified_gmt": ...}),
        ("2026-11-20T13:30", "now", {"note": (None, "back")}),
        ("4", "2", {"note": ("back", None)}),
        ("2", "3", {}),
    ],
)
async def test_two_versions_are_compared_field_by_field(
    lived: Twin, first: str, second: str, expected: dict[str, object]
) -> None:
    found = await lived.hub.history.difference(NAME, "orders", "7", first, second)
    changes = {change.name: (change.before, change.after) for change in found.comparison.changes}
    assert changes.keys() == expected.keys()
    assert all(changes[name] == values for name, values in expected.items() if values is not ...)


async def test_the_same_content_in_another_state_is_the_same_version(twin: Twin) -> None:
    """It was written when it was written: that a list shows it again does not make it younger."""
    await keep(twin, b'{"id":7}', 0, state=State.UNLISTED)
    await keep(twin, b'{"id":7}', 5)
    [told] = await twin.hub.history.versions(NAME, "orders", "7")
    assert (told.version.number, told.version.state) == (1, State.LISTED)
    assert (await twin.hub.history.at(NAME, "orders", "7", "2026-11-20T13:00")).version.number == 1


async def test_nothing_that_a_store_may_hold_stops_it(twin: Twin) -> None:
    odd = (
        b'{"id":7,"k\\u0000":"\\ud800","n":1e400,"big":123456789012345678901234567890}',
        b'{"id":7,"k\\u0000":"\\udfff","n":1e401,"big":123456789012345678901234567891,"x":"\xff"}',
        b'\xef\xbb\xbf{"id":7,"n":NaN,"raw":"\x01","deep":' + b"[" * 900 + b"]" * 900 + b"}",
    )
    for hours, document in enumerate(odd):
        await keep(twin, document, hours)
    told = await twin.hub.history.versions(NAME, "orders", "7")
    assert told[1].fields == ('["k\\u0000"]', "n", "big", "x")
    assert told[2].fields is not None
    assert "n" in told[2].fields
    found = await twin.hub.history.difference(NAME, "orders", "7", "1", "2")
    assert (found.comparison.changes[2].before, found.comparison.changes[2].after) == (
        Number("123456789012345678901234567890"),
        Number("123456789012345678901234567891"),
    )
    for number, document in enumerate(odd, start=1):
        held = await twin.hub.history.at(NAME, "orders", "7", str(number))
        assert held.document == document


async def test_what_is_sealed_stays_hidden_in_every_version(twin: Twin) -> None:
    for hours, box in enumerate((b"AAAA", b"BBBB")):
        await keep(twin, SEALED % box, hours)
    for number in ("1", "2"):
        held = await twin.hub.history.at(NAME, "orders", "7", number)
        assert json.loads(held.document)["key"] == json.loads(MASK)
    found = await twin.hub.history.difference(NAME, "orders", "7", "1", "2")
    assert (found.comparison.changes, found.is_same) == ((), False)
    same = await twin.hub.history.difference(NAME, "orders", "7", "2", "now")
    assert (same.comparison.changes, same.is_same) == ((), True)


async def test_through_real_pulls_it_is_known_what_the_store_did(twin: Twin) -> None:
    await twin.pull("orders")
    store = twin.sandbox.store
    edited, deleted = store.ids("orders")[:2]
    store.edit("orders", edited, {"customer_note": "first"})
    await twin.pull("orders")
    store.edit("orders", edited, {"customer_note": "second"})
    store.delete("orders", deleted)
    await twin.verify("orders", level=Level.MODIFIED)
    first, second, third = await twin.hub.history.versions(NAME, "orders", str(edited))
    assert [t.version.brought_by for t in (first, second, third)] == ["pull", "pull", "sweep"]
    for told in (second, third):
        assert told.fields is not None
        assert set(told.fields) == {"customer_note", "date_modified", "date_modified_gmt"} or (
            set(told.fields) == {"customer_note"}  # two edits within one second
        )
    [_, gone] = await twin.hub.history.versions(NAME, "orders", str(deleted))
    assert (gone.version.state, gone.version.brought_by) == (State.GONE, "sweep")


# -- what happened in a span ----------------------------------------------------------------------


async def events(
    twin: Twin, since: float, until: float, resource: str | None = None
) -> list[Event]:
    found = twin.hub.history.events(NAME, resource, NOON + since * HOUR, NOON + until * HOUR)
    return [event async for event in found]


async def test_a_span_tells_what_was_written_in_it(lived: Twin) -> None:
    await keep(lived, b'{"id":8}', 1, resource="coupons")
    told = [
        (e.resource, e.remote_id, e.version, e.what, e.brought_by, e.fields)
        for e in await events(lived, 0, 4)
    ]
    assert told == [
        ("orders", "7", 4, What.BACK, "push", ("note",)),
        ("orders", "7", 3, What.GONE, "sweep", ()),
        ("orders", "7", 2, What.CHANGED, "webhook", ("total", "date_modified_gmt")),
        ("coupons", "8", 1, What.NEW, "pull", ()),
        ("orders", "7", 1, What.NEW, "pull", ()),
    ]
    assert [e.version for e in await events(lived, 1, 3, "orders")] == [3, 2]
    assert [e.remote_id for e in await events(lived, 0, 4, "coupons")] == ["8"]
    assert await events(lived, 4, 99) == []


async def test_pages_neither_lose_nor_double_what_was_written_at_the_same_moment(
    twin: Twin,
) -> None:
    await twin.pull("orders", "products", "customers")
    store = twin.sandbox.store
    for number in store.ids("orders")[:120]:
        store.edit("orders", number, {"customer_note": "all at once"})
    await twin.verify("orders")
    now = twin.hub.clock() + HOUR
    found = [e async for e in twin.hub.history.events(NAME, None, now - 2 * HOUR, now)]
    keys = [(e.written_at, e.resource, e.remote_id, e.version) for e in found]
    assert keys == sorted(set(keys), reverse=True)
    [[count]] = [
        row.values()
        for row in await twin.rows(
            "SELECT (SELECT count(*) FROM mirror.versions) + (SELECT count(*) FROM mirror.snapshots)"
        )
    ]
    assert len(found) == count
    assert sum(e.what is What.CHANGED and e.fields is not None for e in found) >= 120
