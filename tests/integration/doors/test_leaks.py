"""Nobody sees, changes or finds out about what is not his, at any door of the application.

The walk reads from the application which doors there are: a new one is walked by itself, and one
that cannot be walked fails the test.
"""

from __future__ import annotations

from collections.abc import AsyncIterator

import aiohttp
import pytest

from estates import Estate, World
from rows import state_of
from sites import Served
from storetwin.tenancy.models import Permission, Role
from walks import Answer, Asker, CannotFillError, Door, Knock, Walker, doors_of

# Whoever calls these is not asked who he is.
PUBLIC = {
    "GET /api/v1/openapi.json",
    "GET /health/live",
    "GET /health/ready",
    "POST /hooks/{token}",
}
# These are no GET, and still change nothing but what is the caller's own.
READERS_MAY = {"POST /api/v1/queries"}
WRITES = {"POST", "PUT", "PATCH", "DELETE"}
WWW_AUTHENTICATE = ("www-authenticate", 'Bearer realm="storetwin"')


@pytest.fixture(scope="module")
def doors(served: Served) -> list[Door]:
    """Every door of the application."""
    return doors_of(served.app)


@pytest.fixture(scope="module")
def guarded(doors: list[Door]) -> list[Door]:
    """The doors that demand something."""
    return [door for door in doors if door.demand is not None]


@pytest.fixture
async def asker(served: Served) -> AsyncIterator[Asker]:
    async with aiohttp.ClientSession() as session:
        yield Asker(served.url, session)


def walker(served: Served, estate: Estate) -> Walker:
    """Return what makes up requests out of an organisation's things."""
    return Walker(served.app.openapi(), estate.values)


def in_pairs(walker: Walker, door: Door) -> list[tuple[Knock, Knock]]:
    """Return requests for things that are there, each with its like for what never was."""
    return list(zip(walker.knocks(door), walker.imaginary().knocks(door), strict=True))


def marks_in(answer: Answer, knock: Knock, estate: Estate) -> set[str]:
    """Return what an answer tells of an organisation, but for what was asked."""
    _, text = answer.without(knock.asked)
    return {mark for mark in estate.marks if mark in text}


# -- the walk itself ----------------------------------------------------------------------------


def test_every_door_can_be_walked(served: Served, world: World, doors: list[Door]) -> None:
    documented = {
        f"{method.upper()} {path}"
        for path, methods in served.app.openapi()["paths"].items()
        for method in methods
    }
    assert documented <= {str(door) for door in doors}
    closed = {}
    for door in doors:
        try:
            walker(served, world.ours).knocks(door)
        except CannotFillError as error:
            closed[str(door)] = str(error)
    assert closed == {}


def test_a_door_is_open_to_everybody_only_where_it_says_so(doors: list[Door]) -> None:
    assert {str(door) for door in doors if door.demand is None} == PUBLIC
    for door in doors:
        security = (door.operation or {}).get("security")
        assert bool(security) is (door.demand is not None), door


def test_what_changes_something_demands_more_than_reading(guarded: list[Door]) -> None:
    lenient = {
        str(door)
        for door in guarded
        if door.method in WRITES and door.demand and door.demand.permission is Permission.READ
    }
    assert lenient == READERS_MAY


# -- nobody -------------------------------------------------------------------------------------


async def test_a_stranger_learns_nothing(
    served: Served, world: World, guarded: list[Door], asker: Asker
) -> None:
    """No, expired, revoked, forged credentials: the same answer, to the byte, at every door."""
    before = state_of(world.admin_dsn, world.database)
    said = set()
    for door in guarded:
        for real, imaginary in in_pairs(walker(served, world.ours), door):
            for what, token in world.ours.people.strangers.items():
                for knock in (real, imaginary):
                    answer = await asker.ask(knock, token)
                    assert answer.status == 401, (what, str(knock), answer)
                    names = {(name.lower(), value) for name, value in answer.headers}
                    assert WWW_AUTHENTICATE in names, (what, str(knock))
                    said.add((answer.headers, answer.body))
    assert len(said) == 1, said
    assert state_of(world.admin_dsn, world.database) == before


# -- another organisation -----------------------------------------------------------------------


async def test_another_organisation_cannot_tell_what_exists(
    served: Served, world: World, guarded: list[Door], asker: Asker
) -> None:
    """Somebody else's thing and a thing that never was: the same answer."""
    before = state_of(world.admin_dsn, world.database, world.ours.organisation_id)
    token = world.theirs.people.administrator
    asked = 0
    for door in guarded:
        assert door.demand is not None
        for real, imaginary in in_pairs(walker(served, world.ours), door):
            answers = [await asker.ask(real, token), await asker.ask(imaginary, token)]
            for knock, answer in zip((real, imaginary), answers, strict=True):
                assert answer.status < 500, (str(knock), answer)
                assert not marks_in(answer, knock, world.ours), (str(knock), answer)
            if real.asked:
                asked += 1
                found = [
                    a.without(k.asked) for k, a in zip((real, imaginary), answers, strict=True)
                ]
                assert found[0] == found[1], str(real)
                assert (answers[0].status == 403) is door.demand.is_of_installation, str(real)
    assert asked >= sum("{" in door.path for door in guarded)
    assert state_of(world.admin_dsn, world.database, world.ours.organisation_id) == before


async def test_another_organisation_among_its_own_things_meets_nothing_of_ours(
    served: Served, world: World, guarded: list[Door], asker: Asker
) -> None:
    before = state_of(world.admin_dsn, world.database, world.ours.organisation_id)
    token = world.theirs.people.administrator
    for door in sorted(guarded, key=lambda door: door.method == "DELETE"):
        for knock in walker(served, world.theirs).knocks(door):
            answer = await asker.ask(knock, token)
            assert answer.status < 500, (str(knock), answer)
            assert not marks_in(answer, knock, world.ours), (str(knock), answer)
    assert state_of(world.admin_dsn, world.database, world.ours.organisation_id) == before


# -- our own, who may not -----------------------------------------------------------------------


async def test_who_may_not_is_told_so_whatever_he_asks_for(
    served: Served, world: World, guarded: list[Door], asker: Asker
) -> None:
    """A viewer, and keys that lack just what a door demands; nothing is changed."""
    before = state_of(world.admin_dsn, world.database)
    people = world.ours.people
    for door in guarded:
        assert door.demand is not None
        needed = door.demand.permission
        callers = [people.lacking[needed]]
        if needed not in Role.VIEWER.permissions or door.demand.is_of_installation:
            callers.append(people.viewer)
        if door.demand.is_of_installation:
            callers.append(people.administrator)
        said = set()
        for real, imaginary in in_pairs(walker(served, world.ours), door):
            for knock in (real, imaginary):
                for caller in callers:
                    answer = await asker.ask(knock, caller)
                    assert answer.status == 403, (str(knock), answer)
                    said.add((answer.headers, answer.body))
        assert len(said) == 1, (str(door), said)
    assert state_of(world.admin_dsn, world.database) == before


# -- our own, who may: else the rest would prove nothing -----------------------------------------


async def test_who_may_finds_his_things(
    served: Served, world: World, guarded: list[Door], asker: Asker
) -> None:
    """The things that others cannot find are there."""
    seen: dict[str, set[str]] = {}
    for door in [door for door in guarded if door.method == "GET"]:
        for knock in walker(served, world.ours).knocks(door):
            answer = await asker.ask(knock, world.ours.people.root)
            assert answer.status in (200, 206), (str(knock), answer)
            seen[str(knock)] = {mark for mark in world.ours.marks if mark in answer.everything}
    assert sum(map(bool, seen.values())) >= len(seen) // 2, seen
