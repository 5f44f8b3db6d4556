"""What the tests of doors have in common: whose things are named, and what an answer gives away."""

from __future__ import annotations

from estates import Estate
from sites import Served
from walks import Answer, Door, Knock, Walker, doors_of


def guarded_doors(served: Served) -> list[Door]:
    """Return the doors that demand something of their caller."""
    return [door for door in doors_of(served.app) if door.demand is not None]


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
