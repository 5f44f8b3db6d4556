"""Nobody sees, changes or finds out about what is not his, at any door of the application.

The walk reads from the application which doors there are: a new one is walked by itself, and one
that cannot be walked fails the test.
"""

from __future__ import annotations

from collections.abc import Mapping

from estates import World
from knocking import guarded_doors, in_pairs, marks_in, walker
from rows import state_of
from sites import Served
from storetwin.tenancy.models import Permission, Role
from walks import Asker, CannotFillError, Door, doors_of

# Whoever calls these is not asked who he is; what they take is a secret of its own.
PUBLIC = {
    "GET /api/v1/openapi.json",
    "GET /health/live",
    "GET /health/ready",
    "GET /metrics",
    "GET /static/{build}/{asset}",
    "POST /api/v1/authorisations/callback",
    "GET /api/v1/authorisations/done",
    "POST /api/v1/invitations/accept",
    "POST /api/v1/sessions",
    "POST /api/v1/sessions/refresh",
    "POST /hooks/{token}",
}
# They look themselves who calls: see test_mcp_leaks.py.
BY_ITSELF = {"ANY /mcp"}
# These are no GET, and whoever may read may use them: they ask, or change what is the caller's own.
ONES_OWN = {
    "POST /api/v1/queries",
    "POST /api/v1/connections/{connection}/import-mappings/{mapping_id}/preview",
    "POST /api/v1/connections/{connection}/import-mappings/{mapping_id}/check",
    "POST /api/v1/api-keys",
    "PATCH /api/v1/users/me",
    "DELETE /api/v1/sessions",
    "DELETE /api/v1/sessions/current",
}
# These too, where it is the caller's own: which one, they are told.
ONES_OWN_BY_ID = {
    "DELETE /api/v1/api-keys/{api_key_id}",
    "DELETE /api/v1/members/{user_id}",
    "DELETE /api/v1/sessions/{session_id}",
}
# Strangers who try every door; the others, who are odder, every fifth.
EVERYWHERE = (
    "expired", "revoked", "forged", "disabled", "removed", "session has ended", "session ran out",
    "token by another key", "token by nobody", "token altered",
)  # fmt: skip
WRITES = {"POST", "PUT", "PATCH", "DELETE"}
WWW_AUTHENTICATE = ("www-authenticate", 'Bearer realm="storetwin"')
PROBLEM = ("content-type", "application/problem+json")


# -- the walk itself ----------------------------------------------------------------------------


def test_every_door_can_be_walked(served: Served, world: World) -> None:
    doors = doors_of(served.app)
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


def test_a_door_is_open_to_everybody_only_where_it_says_so(served: Served) -> None:
    doors = doors_of(served.app)
    assert {str(door) for door in doors if door.demand is None} == PUBLIC | BY_ITSELF
    for door in doors:
        security = (door.operation or {}).get("security")
        assert bool(security) is (door.demand is not None), door


def test_what_changes_something_demands_more_than_reading(served: Served) -> None:
    lenient = {
        str(door)
        for door in guarded_doors(served)
        if door.method in WRITES and door.demand and door.demand.permission is Permission.READ
    }
    assert lenient == ONES_OWN | ONES_OWN_BY_ID


# -- nobody -------------------------------------------------------------------------------------


async def test_a_stranger_learns_nothing(served: Served, world: World, asker: Asker) -> None:
    """No, expired, revoked, forged credentials: the same answer, to the byte, at every door."""
    before = state_of(world.admin_dsn, world.database)
    strangers: Mapping[str, str | None] = world.ours.people.strangers
    odd = [what for what in strangers if what not in EVERYWHERE]
    asked = []
    for number, door in enumerate(guarded_doors(served)):
        pairs = in_pairs(walker(served, world.ours), door)
        asked += [(knock, "nobody") for pair in pairs for knock in pair]
        asked += [(pairs[0][0], what) for what in (*EVERYWHERE, *odd[number % 5 :: 5])]
        asked += [(pairs[0][1], what) for what in ("expired", "session has ended")]
    answers = await asker.ask_all([(knock, strangers[what]) for knock, what in asked])
    said = set()
    for (knock, what), answer in zip(asked, answers, strict=True):
        assert answer.status == 401, (what, str(knock), answer)
        said.add((answer.headers, answer.body))
    assert len(said) == 1, said
    ((headers, _),) = said
    assert {WWW_AUTHENTICATE, PROBLEM} <= {(name.lower(), value) for name, value in headers}
    assert state_of(world.admin_dsn, world.database) == before


# -- another organisation -----------------------------------------------------------------------


async def test_another_organisation_cannot_tell_what_exists(
    served: Served, world: World, asker: Asker
) -> None:
    """Somebody else's thing and a thing that never was: the same answer."""
    before = state_of(world.admin_dsn, world.database, world.ours.organisation_id)
    token = world.theirs.people.owner
    asked = 0
    for door in guarded_doors(served):
        assert door.demand is not None
        for pair in in_pairs(walker(served, world.ours), door):
            if not pair[0].asked:
                continue
            asked += 1
            answers = [await asker.ask(knock, token) for knock in pair]
            found = [a.without(k.asked) for k, a in zip(pair, answers, strict=True)]
            assert found[0] == found[1], str(pair[0])
            assert not marks_in(answers[0], pair[0], world.ours), (str(pair[0]), answers[0])
            assert answers[0].status < 500, (str(pair[0]), answers[0])
            is_forbidden = answers[0].status == 403
            assert is_forbidden is door.demand.is_of_installation, (str(pair[0]), answers[0])
    assert asked >= sum("{" in door.path for door in guarded_doors(served))
    assert state_of(world.admin_dsn, world.database, world.ours.organisation_id) == before


# -- our own, who may not -----------------------------------------------------------------------


def who_may_not(door: Door, world: World) -> list[str]:
    """Return whoever lacks what a door demands."""
    assert door.demand is not None
    people, needed = world.ours.people, door.demand.permission
    callers = [people.lacking[needed]]
    if needed not in Role.VIEWER.permissions or door.demand.is_of_installation:
        callers.append(people.viewer)
    if door.demand.is_of_installation:
        callers.append(people.administrator)
    return callers


async def test_who_may_not_is_told_so_whatever_he_asks_for(
    served: Served, world: World, asker: Asker
) -> None:
    """A viewer, and keys that lack just what a door demands; nothing is changed."""
    before = state_of(world.admin_dsn, world.database)
    for door in guarded_doors(served):
        knocks = [knock for pair in in_pairs(walker(served, world.ours), door) for knock in pair]
        asked = [(knock, caller) for knock in knocks for caller in who_may_not(door, world)]
        answers = await asker.ask_all(asked)
        said = {(answer.status, answer.headers, answer.body) for answer in answers}
        assert len(said) == 1, (str(door), said)
        assert answers[0].status == 403, (str(door), answers[0])
    assert state_of(world.admin_dsn, world.database) == before


async def test_what_is_somebody_elses_is_not_ones_own(
    served: Served, world: World, asker: Asker
) -> None:
    """A viewer at doors for what is his own, with what is somebody else's of his organisation."""
    before = state_of(world.admin_dsn, world.database)
    doors = [door for door in guarded_doors(served) if str(door) in ONES_OWN_BY_ID]
    assert len(doors) == len(ONES_OWN_BY_ID)
    for door in doors:
        ((real, imaginary),) = in_pairs(walker(served, world.ours), door)
        answers = [await asker.ask(k, world.ours.people.viewer) for k in (real, imaginary)]
        assert answers[0].status in (403, 404), (str(door), answers[0])
        assert answers[0].without(real.asked) == answers[1].without(imaginary.asked), str(door)
    assert state_of(world.admin_dsn, world.database) == before


# -- our own, who may: else the rest would prove nothing -----------------------------------------


async def test_who_may_finds_his_things(served: Served, world: World, asker: Asker) -> None:
    """The things that others cannot find are there."""
    seen: dict[str, set[str]] = {}
    for door in [door for door in guarded_doors(served) if door.method == "GET"]:
        for knock in walker(served, world.ours).knocks(door):
            answer = await asker.ask(knock, world.ours.people.owner)
            assert answer.status in (200, 206), (str(knock), answer)
            seen[str(knock)] = {mark for mark in world.ours.marks if mark in answer.everything}
    assert sum(map(bool, seen.values())) >= len(seen) // 2, seen
