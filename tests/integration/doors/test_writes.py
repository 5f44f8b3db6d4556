"""What is changed at the doors, by whom, and whose: everything that can be written is written.

What is done here takes things away; so this file has two organisations of its own.
"""

from __future__ import annotations

from estates import Estate, World
from knocking import guarded_doors, marks_in, walker
from rows import state_of
from sites import Served
from walks import Answer, Asker, Door, Knock

# What takes more away than itself comes last, and the whole organisation at the very end.
LATE = ("DELETE",)
LAST = (
    "/api/v1/connections/{connection}",
    "/api/v1/organisations/{organisation_id}",
    "/api/v1/sessions/current",
)


def in_order(doors: list[Door]) -> list[Door]:
    """Return the doors so that what is taken away is not missed by those behind."""
    return sorted(
        doors, key=lambda door: (door.method in LATE, door.path in LAST, -door.path.count("/"))
    )


async def everything(
    served: Served, estate: Estate, asker: Asker, token: str
) -> list[tuple[Knock, Answer]]:
    """Call every door with an organisation's own things."""
    found = []
    for door in in_order(guarded_doors(served)):
        knocks = walker(served, estate).knocks(door)
        for knock in knocks[:1] if door.method in LATE else knocks:
            answer = await asker.ask(knock, token)
            assert answer.status < 500, (str(knock), answer)
            found.append((knock, answer))
    return found


async def test_whatever_another_organisation_does_touches_nothing_of_ours(
    served: Served, world: World, asker: Asker
) -> None:
    """And when it has done all it can, everything of ours is there for whoever may."""
    before = state_of(world.admin_dsn, world.database, world.ours.organisation_id)
    its_own = state_of(world.admin_dsn, world.database, world.theirs.organisation_id)
    for knock, answer in await everything(served, world.theirs, asker, world.theirs.people.owner):
        assert not marks_in(answer, knock, world.ours), (str(knock), answer)
    assert state_of(world.admin_dsn, world.database, world.ours.organisation_id) == before
    assert state_of(world.admin_dsn, world.database, world.theirs.organisation_id) != its_own
    missed = {
        str(knock): answer
        for knock, answer in await everything(served, world.ours, asker, world.ours.people.owner)
        if answer.status in (401, 403, 404, 405, 415) or b'"code": "invalid"' in answer.body
    }
    assert not missed, [f"{k} {a.status} {a.body[150:330]!r}" for k, a in missed.items()]
