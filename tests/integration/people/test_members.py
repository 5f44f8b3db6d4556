"""Who is in an organisation, how he came in, and that nobody becomes more than he may."""

from __future__ import annotations

import asyncio
import itertools
from pathlib import Path
from uuid import uuid4

import pytest

from api_callers import PASSWORD, Answer, key_of, person_of
from houses import House, Someone, open_house
from storetwin.tenancy.models import Permission, Role

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def invited(by: Someone, role: Role = Role.VIEWER, email: str | None = None) -> str:
    """Return the token of a new invitation."""
    body = {"role": role.value} | ({"email": email} if email else {})
    made = await by.api.post("/invitations", body)
    return str(made["token"])


async def accept(house: House, token: str, **more: object) -> Answer:
    body = {"token": token, "name": "Grace", "password": PASSWORD} | more
    return await house.api.ask("POST", "/invitations/accept", json=body)


async def role_of(house: House, someone: Someone) -> str | None:
    answer = await someone.api.ask("GET", "/users/me")
    return answer.json["role"] if answer.status == 200 else None


def fresh() -> str:
    return f"{uuid4().hex[:10]}@example.org"


# -- invitations ------------------------------------------------------------------------------


async def test_who_has_a_link_joins_once(house: House) -> None:
    owner, email = await house.someone(Role.OWNER), fresh()
    made = await owner.api.ask("POST", "/invitations", json={"role": "operator", "email": email})
    token, shown = made.json["token"], made.headers["Location"].removeprefix("/api/v1")
    assert (await owner.api.get(shown))["state"] == "open"
    joined = await accept(house, token)
    assert (joined.status, joined.json["email"], joined.json["role"]) == (201, email, "operator")
    assert (await accept(house, token)).status == 404
    listed = await owner.api.get(shown)
    assert (listed["state"], listed["invited_by"]) == ("accepted", owner.person.email)
    assert token not in str(listed)
    assert (await house.try_to_sign_in(email)).status == 201


async def test_a_link_is_of_no_use_when_it_is_old_revoked_or_nobodys(house: House) -> None:
    owner = await house.someone(Role.OWNER)
    old, revoked = await invited(owner), await invited(owner)
    listed = (await owner.api.get("/invitations"))["data"]
    gone = await owner.api.ask("DELETE", f"/invitations/{listed[0]['invitation_id']}")
    assert gone.status == 204
    answers = [await accept(house, token, email=fresh()) for token in (revoked, "sti_x", "x" * 200)]
    house.watch.skip(days=8)
    answers.append(await accept(house, old, email=fresh()))
    assert {answer.status for answer in answers} == {404}
    assert len({answer.body for answer in answers}) == 1
    owner = await house.enter(owner.person)
    states = [one["state"] for one in (await owner.api.get("/invitations"))["data"]]
    assert states == ["revoked", "expired"]
    path = f"/invitations/{listed[0]['invitation_id']}"
    assert (await owner.api.ask("DELETE", path)).status == 404


async def test_of_two_with_the_same_link_one_joins(house: House) -> None:
    token = await invited(await house.someone(Role.OWNER))
    answers = await asyncio.gather(*(accept(house, token, email=fresh()) for _ in range(6)))
    assert sorted(answer.status for answer in answers) == [201, *[404] * 5]


async def test_who_accepts_two_invitations_at_once_is_one_user(house: House) -> None:
    owner, email = await house.someone(Role.OWNER), fresh()
    tokens = [await invited(owner, role) for role in (Role.VIEWER, Role.OPERATOR)]
    answers = await asyncio.gather(*(accept(house, token, email=email) for token in tokens))
    assert [answer.status for answer in answers] == [201, 201]
    assert len({answer.json["user_id"] for answer in answers}) == 1
    members = (await owner.api.get("/members"))["data"]
    assert [m["role"] for m in members if m["email"] == email] == ["operator"]


async def test_a_link_for_one_is_not_for_another(house: House) -> None:
    owner, email = await house.someone(Role.OWNER), fresh()
    token = await invited(owner, email=email)
    assert (await accept(house, token, email=fresh())).status == 422
    assert (await accept(house, token, email=email.upper())).status == 201
    nameless = await invited(owner)
    assert (await accept(house, nameless)).status == 422
    assert (await accept(house, nameless, email="no e-mail")).status == 422


async def test_who_has_a_user_already_proves_that_it_is_his(house: House) -> None:
    elsewhere = await (await house.beside("elsewhere")).someone(Role.OWNER)
    owner = await house.someone(Role.OWNER)
    token = await invited(owner, email=elsewhere.person.email)
    stolen = await accept(house, token, password="a password of mine")
    assert (stolen.status, stolen.json["code"]) == (401, "wrong_credentials")
    assert (await house.try_to_sign_in(elsewhere.person.email)).status == 201  # his is as it was
    joined = await accept(house, token)
    assert joined.json["user_id"] == elsewhere.user_id
    names = {one["role"] for one in (await elsewhere.api.get("/organisations"))["data"]}
    assert names == {"owner", "viewer"}


async def test_a_link_is_no_way_to_guess_a_password(house: House) -> None:
    known = await person_of((await house.beside("elsewhere")).hub)
    token = await invited(await house.someone(Role.OWNER), email=known.email)
    answers = [await accept(house, token, password=f"guess {n} guess") for n in range(7)]
    assert [answer.status for answer in answers] == [401] * 5 + [429] * 2
    assert (await house.try_to_sign_in(known.email)).status == 429


async def test_an_invitation_never_degrades(house: House) -> None:
    owner = await house.someone(Role.OWNER)
    token = await invited(owner, Role.VIEWER, owner.person.email)
    assert (await accept(house, token)).json["role"] == "owner"
    assert await role_of(house, owner) == "owner"


async def test_who_was_sent_away_leaves_no_door_open(house: House) -> None:
    owner, second = await house.someone(Role.OWNER), await house.someone(Role.OWNER)
    for_owner, for_viewer = await invited(second, Role.OWNER), await invited(second)
    path = f"/members/{second.user_id}"
    await owner.api.ask("PATCH", path, json={"role": "administrator"})
    assert (await accept(house, for_owner, email=fresh())).status == 404
    await owner.api.ask("DELETE", path)
    assert (await accept(house, for_viewer, email=fresh())).status == 404


async def test_the_link_of_the_very_first_user(database_dsn: str, tmp_path: Path) -> None:
    async with open_house(database_dsn, tmp_path) as house:
        first = house.hub.people.invitations.first
        earlier, later = await first(), await first()
        assert earlier is not None
        assert later is not None
        assert (await accept(house, earlier.token, email=fresh())).status == 404
        third = await first()
        assert third is not None
        house.watch.skip(hours=25)
        assert (await accept(house, third.token, email=fresh())).status == 404
        race = await first()
        assert race is not None
        email = fresh()
        joined = await accept(house, race.token, email=email)
        assert (joined.status, joined.json["role"]) == (201, "owner")
        assert await first() is None
        me = house.api.by((await house.try_to_sign_in(email)).json["access_token"])
        assert (await me.get("/users/me"))["is_installation_admin"]
        assert (await me.post("/organisations", {"name": "second"}))["role"] == "owner"


async def test_a_first_link_is_dead_as_soon_as_there_is_a_user(
    database_dsn: str, tmp_path: Path
) -> None:
    async with open_house(database_dsn, tmp_path) as house:
        issued = await house.hub.people.invitations.first()
        assert issued is not None
        await person_of(house.hub, Role.OWNER)
        assert (await accept(house, issued.token, email=fresh())).status == 404


# -- roles ------------------------------------------------------------------------------------


@pytest.mark.parametrize(("by", "offered"), [*itertools.product(Role, Role)])
async def test_nobody_invites_anybody_to_be_more_than_he_is(
    house: House, by: Role, offered: Role
) -> None:
    someone = await house.someone(by)
    answer = await someone.api.ask("POST", "/invitations", json={"role": offered.value})
    may = Permission.ADMINISTER in by.permissions and offered.rank <= by.rank
    assert answer.status == (201 if may else 403)
    if not may and Permission.ADMINISTER in by.permissions:
        assert answer.json["code"] == "role_too_high"


async def test_nobody_lifts_himself_or_touches_one_above_him(house: House) -> None:
    owner = await house.someone(Role.OWNER)
    others = {role: await house.someone(role) for role in Role if role is not Role.OWNER}
    for role, someone in others.items():
        myself = await someone.api.ask(
            "PATCH", f"/members/{someone.user_id}", json={"role": "owner"}
        )
        above = await someone.api.ask("PATCH", f"/members/{owner.user_id}", json={"role": "viewer"})
        away = await someone.api.ask("DELETE", f"/members/{owner.user_id}")
        assert [a.status for a in (myself, above, away)] == [403] * 3
        assert await role_of(house, someone) == role
    assert await role_of(house, owner) == "owner"


async def test_a_key_grants_no_more_than_itself(house: House) -> None:
    weak = frozenset({Permission.ADMINISTER})
    program = house.api.by(await key_of(house.hub, Role.OWNER, weak))
    for role in Role:
        assert (await program.ask("POST", "/invitations", json={"role": role.value})).status == 403
    strong = house.api.by(await key_of(house.hub, Role.OWNER))
    assert (await strong.ask("POST", "/invitations", json={"role": "owner"})).status == 201


async def test_a_role_counts_at_once_in_sessions_and_keys(house: House) -> None:
    owner, ada = await house.someone(Role.OWNER), await house.someone(Role.ADMINISTRATOR)
    made = await ada.api.post("/api-keys", {"name": "k", "scopes": ["read", "administer"]})
    program, path = house.api.by(made["key"]), f"/members/{ada.user_id}"
    assert [(await api.ask("GET", "/audit")).status for api in (ada.api, program)] == [200, 200]
    assert (await owner.api.ask("PATCH", path, json={"role": "viewer"})).status == 200
    assert [(await api.ask("GET", "/audit")).status for api in (ada.api, program)] == [403, 403]
    assert (await program.get("/users/me"))["permissions"] == ["read"]
    assert (await owner.api.ask("PATCH", path, json={"role": "owner"})).status == 200
    assert (await ada.api.get("/users/me"))["role"] == "owner"
    assert (await program.get("/users/me"))["permissions"] == ["administer", "read"]


async def test_the_last_owner_stays(house: House) -> None:
    owner, admin = await house.someone(Role.OWNER), await house.someone()
    mine = f"/members/{owner.user_id}"
    asked = [
        await owner.api.ask("DELETE", mine),
        await owner.api.ask("PATCH", mine, json={"role": "administrator"}),
    ]
    assert [(a.status, a.json["code"]) for a in asked] == [(409, "last_owner")] * 2
    second = await house.someone(Role.OWNER)
    await house.hub.people.users.disable(second.person.email)
    assert (await owner.api.ask("DELETE", mine)).status == 409  # one who cannot sign in is none
    await house.hub.people.users.enable(second.person.email)
    assert (await owner.api.ask("DELETE", mine)).status == 204
    assert await role_of(house, admin) == "administrator"


async def test_two_owners_who_leave_at_the_same_time_do_not_both(house: House) -> None:
    for _ in range(5):
        there = await house.beside(uuid4().hex)
        owners = [await there.someone(Role.OWNER) for _ in range(2)]
        leaving = (one.api.ask("DELETE", f"/members/{one.user_id}") for one in owners)
        assert sorted(a.status for a in await asyncio.gather(*leaving)) == [204, 409]
        there = await house.beside(uuid4().hex)
        one, other = [await there.someone(Role.OWNER) for _ in range(2)]
        mutual = [
            one.api.ask("PATCH", f"/members/{other.user_id}", json={"role": "viewer"}),
            other.api.ask("PATCH", f"/members/{one.user_id}", json={"role": "viewer"}),
        ]
        answers = await asyncio.gather(*mutual)
        assert 200 in {answer.status for answer in answers}
        roles = [await role_of(there, someone) for someone in (one, other)]
        assert roles.count("owner") == 1


async def test_everybody_may_leave_but_a_key_does_not_let_him(house: House) -> None:
    await house.someone(Role.OWNER)
    ada, bob = await house.someone(Role.VIEWER), await house.someone(Role.VIEWER)
    key = (await ada.api.post("/api-keys", {"name": "k", "scopes": ["read"]}))["key"]
    program, mine = house.api.by(key), f"/members/{ada.user_id}"
    assert (await program.ask("DELETE", mine)).json["code"] == "not_by_key"
    assert (await bob.api.ask("DELETE", mine)).json["code"] == "forbidden"
    assert (await ada.api.ask("DELETE", mine)).status == 204
    assert [(await api.ask("GET", "/users/me")).status for api in (ada.api, program)] == [401, 401]


async def test_members_are_listed_in_pages_by_email(house: House) -> None:
    owner = await house.someone(Role.OWNER)
    people = [owner.person, *[await person_of(house.hub, Role.VIEWER) for _ in range(4)]]
    first = await owner.api.get("/members", limit=3)
    rest = await owner.api.get("/members", limit=3, cursor=first["next_cursor"])
    seen = [member["email"] for member in first["data"] + rest["data"]]
    assert seen == sorted(person.email for person in people)
    assert rest["next_cursor"] is None
    assert (await owner.api.get("/members", 400, cursor="e30"))["code"] == "bad_cursor"


# -- organisations ----------------------------------------------------------------------------


async def test_what_is_another_organisations_does_not_exist(house: House) -> None:
    owner, other = await house.someone(Role.OWNER), await house.beside("other")
    theirs = await other.someone(Role.OWNER)
    made = await theirs.api.post("/api-keys", {"name": "k", "scopes": ["read"]})
    invitation = await theirs.api.post("/invitations", {"role": "viewer"})
    things = {
        "/organisations/{}": str(other.hub.organisation_id),
        "/members/{}": theirs.user_id,
        "/api-keys/{}": made["api_key_id"],
        "/invitations/{}": invitation["invitation_id"],
        "/sessions/{}": theirs.tokens["session_id"],
    }
    bodies = {"PATCH /organisations/{}": {"name": "x"}, "PATCH /members/{}": {"role": "viewer"}}
    for path, identifier in things.items():
        for method in ("GET", "DELETE", "PATCH"):
            if method == "PATCH" and f"PATCH {path}" not in bodies:
                continue
            told = []
            for wanted in (identifier, str(uuid4())):
                query = {"name": "other"} if path.startswith("/organisations") else {}
                answer = await owner.api.ask(
                    method, path.format(wanted), json=bodies.get(f"{method} {path}"), params=query
                )
                assert answer.status == 404, (method, path, answer.json)
                told.append(answer.body.replace(wanted.encode(), b"-"))
            assert told[0] == told[1], (method, path)
    assert (await theirs.api.get("/api-keys"))["data"][0]["revoked_at"] is None
    assert theirs.person.email not in str(await owner.api.get("/members"))
    assert (await owner.api.get("/audit", actor=theirs.person.email))["data"] == []


async def test_who_is_in_two_sees_both_and_changes_the_one_he_asks_in(house: House) -> None:
    ada, other = await house.someone(Role.OWNER), await house.beside("other")
    user = await house.hub.people.users.named(ada.person.email)
    await other.hub.people.users.enrol(user, Role.OWNER, is_installation_admin=False)
    here, there = str(house.hub.organisation_id), str(other.hub.organisation_id)
    assert {o["organisation_id"] for o in (await ada.api.get("/organisations"))["data"]} == {
        here,
        there,
    }
    assert (await ada.api.get(f"/organisations/{there}"))["name"] == "other"
    renamed = await ada.api.ask("PATCH", f"/organisations/{here}", json={"name": "new"})
    assert (renamed.status, renamed.json["name"]) == (200, "new")
    refused = await ada.api.ask("PATCH", f"/organisations/{there}", json={"name": "new"})
    assert (refused.status, refused.json["code"]) == (409, "other_organisation")
    program = house.api.by(
        (await ada.api.post("/api-keys", {"name": "k", "scopes": ["read"]}))["key"]
    )
    assert [o["organisation_id"] for o in (await program.get("/organisations"))["data"]] == [here]
    assert (await program.ask("GET", f"/organisations/{there}")).status == 404


async def test_only_an_administrator_of_the_installation_makes_organisations(house: House) -> None:
    owner = await house.someone(Role.OWNER)
    assert (await owner.api.ask("POST", "/organisations", json={"name": "x"})).status == 403
    admin = await house.someone(Role.OWNER, is_installation_admin=True)
    made = await admin.api.post("/organisations", {"name": "x"})
    moved = await house.refresh(
        admin.tokens["refresh_token"], organisation_id=made["organisation_id"]
    )
    assert moved.json["role"] == "owner"
    viewer = await house.someone(Role.VIEWER, is_installation_admin=True)
    assert (await viewer.api.ask("POST", "/organisations", json={"name": "x"})).status == 403


async def test_an_organisation_is_removed_by_its_owner_who_names_it(house: House) -> None:
    owner, admin = await house.someone(Role.OWNER), await house.someone()
    path, name = f"/organisations/{house.hub.organisation_id}", "mine"
    await owner.api.ask("PATCH", path, json={"name": name})
    assert (await admin.api.ask("DELETE", path, params={"name": name})).json["code"] == "not_owner"
    assert (await owner.api.ask("DELETE", path)).status == 422
    assert (await owner.api.ask("DELETE", path, params={"name": "x"})).status == 409
    weak = house.api.by(await key_of(house.hub, Role.OWNER, frozenset({Permission.ADMINISTER})))
    assert (await weak.ask("DELETE", path, params={"name": name})).status == 403
    once = {"Idempotency-Key": "gone"}
    gone = await owner.api.ask("DELETE", path, params={"name": name}, headers=once)
    assert gone.status == 204
    assert (await admin.api.ask("GET", "/users/me")).status == 401


async def test_the_default_organisation_stays(house: House, installed: House) -> None:
    owner = await installed.someone(Role.OWNER)
    path = f"/organisations/{installed.hub.organisation_id}"
    refused = await owner.api.ask("DELETE", path, params={"name": "default"})
    assert (refused.status, refused.json["code"]) == (409, "organisation_in_use")
