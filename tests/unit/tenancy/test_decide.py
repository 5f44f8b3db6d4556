"""Who may make whom what: every role against every other, every permission."""

from __future__ import annotations

import itertools
import re
from dataclasses import replace
from pathlib import Path
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storetwin.tenancy.decide import (
    LastOwnerError,
    NotByKeyError,
    RoleTooHighError,
    ScopesError,
    check_grant,
    check_is_person,
    check_owner_remains,
    check_scopes,
    check_touch,
    higher,
)
from storetwin.tenancy.models import ForbiddenError, Permission, Principal, Role, Via

ROOT = Path(__file__).parents[3]
SOMEBODY = Principal(
    organisation_id=UUID(int=1),
    user_id=UUID(int=2),
    credential_id=UUID(int=3),
    actor="ada@example.org",
    via=Via.SESSION,
    role=Role.OWNER,
    permissions=frozenset(Permission),
)
ADMINISTRATORS = {Role.OWNER, Role.ADMINISTRATOR}
scopes = st.frozensets(st.sampled_from(Permission))


def somebody(role: Role, allowed: frozenset[Permission] = frozenset(Permission)) -> Principal:
    return replace(SOMEBODY, role=role, permissions=role.permissions & allowed)


def test_the_documented_table_is_what_the_roles_may() -> None:
    text = (ROOT / "docs/reference/permissions.md").read_text(encoding="utf-8")
    head = re.search(r"^\| permission \|(.*)\| opens \|$", text, re.MULTILINE)
    assert head
    roles = [Role(name.strip()) for name in head[1].split("|")]
    assert set(roles) == set(Role)
    rows = re.findall(r"^\| `(\w+)` \| (.*) \| [^|]+ \|$", text, re.MULTILINE)
    assert [name for name, _ in rows] == [permission.value for permission in Permission]
    for name, cells in rows:
        told = dict(zip(roles, cells.split(" | "), strict=True))
        for role in Role:
            may = Permission(name) in role.permissions
            assert told[role] == ("yes" if may else "no"), (name, role)


def test_a_higher_role_may_all_that_a_lower_one_may() -> None:
    ordered = sorted(Role, key=lambda role: role.rank)
    assert len({role.rank for role in Role}) == len(Role)
    for lower, upper in itertools.pairwise(ordered):
        assert lower.permissions <= upper.permissions


@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize("permission", Permission)
def test_require_lets_pass_who_may(role: Role, permission: Permission) -> None:
    if permission in role.permissions:
        somebody(role).require(permission)
    else:
        with pytest.raises(ForbiddenError):
            somebody(role).require(permission)


@given(st.sampled_from(Role), st.sampled_from(Role), scopes)
def test_nobody_makes_anybody_more_than_he_is(
    held: Role, offered: Role, allowed: frozenset[Permission]
) -> None:
    by = somebody(held, allowed)
    try:
        check_grant(by, offered)
    except (ForbiddenError, RoleTooHighError):
        return
    assert held in ADMINISTRATORS
    assert offered.rank <= held.rank
    assert offered.permissions <= by.permissions


@pytest.mark.parametrize("offered", Role)
def test_administrators_make_all_but_owners_and_owners_make_all(offered: Role) -> None:
    check_grant(somebody(Role.OWNER), offered)
    check_grant(None, offered)
    if offered is Role.OWNER:
        with pytest.raises(RoleTooHighError):
            check_grant(somebody(Role.ADMINISTRATOR), offered)
    else:
        check_grant(somebody(Role.ADMINISTRATOR), offered)


@pytest.mark.parametrize(("by", "held"), [*itertools.product(Role, Role)])
def test_nobody_touches_one_who_is_more_than_he(by: Role, held: Role) -> None:
    may = by in ADMINISTRATORS and held.rank <= by.rank
    if may:
        check_touch(somebody(by), held)
    else:
        with pytest.raises((ForbiddenError, RoleTooHighError)):
            check_touch(somebody(by), held)
    check_touch(None, held)


@pytest.mark.parametrize(("held", "becomes"), [*itertools.product(Role, [*Role, None])])
@pytest.mark.parametrize("others", [0, 1, 2])
def test_an_owner_remains(held: Role, becomes: Role | None, others: int) -> None:
    is_lost = held is Role.OWNER and becomes is not Role.OWNER and others == 0
    if is_lost:
        with pytest.raises(LastOwnerError):
            check_owner_remains(held, becomes, others)
    else:
        check_owner_remains(held, becomes, others)


@given(scopes, scopes)
def test_a_key_is_no_stronger_than_who_makes_it(
    held: frozenset[Permission], wanted: frozenset[Permission]
) -> None:
    try:
        check_scopes(held, wanted)
    except ScopesError:
        assert not wanted or wanted - held
    else:
        assert wanted
        assert wanted <= held


@pytest.mark.parametrize("via", Via)
def test_only_who_signed_in_is_a_person(via: Via) -> None:
    by = replace(SOMEBODY, via=via)
    if via is Via.SESSION:
        check_is_person(by)
    else:
        with pytest.raises(NotByKeyError):
            check_is_person(by)


@pytest.mark.parametrize(("held", "offered"), [*itertools.product([*Role, None], Role)])
def test_an_invitation_never_degrades(held: Role | None, offered: Role) -> None:
    becomes = higher(held, offered)
    assert becomes.rank == max(offered.rank, held.rank if held else -1)
