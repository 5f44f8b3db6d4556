"""Signing in, staying in and signing out, over a real socket."""

from __future__ import annotations

import asyncio
import time
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from uuid import UUID, uuid4

import jwt
import pytest
from argon2 import PasswordHasher
from psycopg.conninfo import make_conninfo

from api_callers import PASSWORD, Person, person_of
from houses import House, Someone, open_house
from storetwin.db.embedded import EmbeddedPostgres
from storetwin.db.session import connect
from storetwin.tenancy.access_tokens import LABEL, TYPE
from storetwin.tenancy.members import NewUser, add_user
from storetwin.tenancy.models import Role
from storetwin.tenancy.passwords import is_outdated
from storetwin.tenancy.proving import BEAT_SECONDS
from storetwin.tenancy.sessions import MOST_SESSIONS, Place, Visitor, open_session
from storetwin.tenancy.throttle import RULES, Kind

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def is_in(house: House, someone: Someone) -> bool:
    """Say whether an access token still opens anything."""
    answer = await house.api.by(someone.tokens["access_token"]).ask("GET", "/users/me")
    assert answer.status in (200, 401)
    return answer.status == 200


# -- signing in -------------------------------------------------------------------------------


async def test_who_signs_in_is_known_as_himself(house: House) -> None:
    ada = await house.someone(Role.OPERATOR)
    me = await ada.api.get("/users/me")
    assert (me["user_id"], me["email"], me["via"]) == (ada.user_id, ada.person.email, "session")
    assert me["permissions"] == ["create", "export", "import", "read", "update"]
    assert ada.tokens["token_type"] == "Bearer"
    assert ada.tokens["expires_in"] == 900
    [session] = (await ada.api.get("/sessions"))["data"]
    assert session["is_current"]
    assert session["address"] == "127.0.0.1"
    assert "aiohttp" in session["agent"]


async def test_an_email_is_the_same_however_it_is_written(house: House) -> None:
    ada = await person_of(house.hub)
    answer = await house.try_to_sign_in(f"  {ada.email.upper()} ")
    assert answer.status == 201
    assert answer.headers["Cache-Control"] == "no-store"
    shown = answer.headers["Location"].removeprefix("/api/v1")
    assert (await house.api.by(answer.json["access_token"]).ask("GET", shown)).status == 200


async def test_unknown_disabled_without_password_and_wrong_are_answered_alike(
    house: House,
) -> None:
    known, disabled = await person_of(house.hub), await person_of(house.hub)
    await house.hub.people.users.disable(disabled.email)
    bare = NewUser("bare@example.org", "Bare")
    await add_user(house.hub.database, house.hub.organisation_id, bare, Role.VIEWER, house.watch())
    tries = [
        (known.email, "wrong wrong wrong"),
        ("nobody@example.org", PASSWORD),
        (disabled.email, PASSWORD),
        (bare.email, PASSWORD),
        ("no e-mail at all", "x"),
    ]
    answers = []
    for email, password in tries:
        started = time.monotonic()
        answers.append(await house.try_to_sign_in(email, password))
        spent = time.monotonic() - started
        assert spent >= BEAT_SECONDS - 0.01  # each is answered at a beat, none as soon as it can be
    assert {answer.status for answer in answers} == {401}
    assert len({answer.body for answer in answers}) == 1
    assert answers[0].json["code"] == "wrong_credentials"


async def test_a_password_is_hashed_anew_when_the_parameters_change(house: House) -> None:
    ada = await person_of(house.hub)
    former = PasswordHasher(time_cost=2, memory_cost=32).hash(PASSWORD)
    user_id = UUID(ada.user_id)
    async with house.hub.database.transaction(None, user_id=user_id) as tx:
        await tx.execute("UPDATE tenancy.passwords SET password_hash = %s", (former,))
    await house.enter(ada)
    [row] = await house.rows("SELECT password_hash FROM tenancy.passwords", user_id=user_id)
    assert row["password_hash"] != former
    assert not is_outdated(row["password_hash"])
    await house.enter(ada)


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"email": "ada@example.org"},
        {"email": "ada@example.org", "password": "x" * 1001},
        {"email": "ada@example.org", "password": "a\x00b"},
        {"email": "\ud800", "password": "x"},
        {"email": "ada@example.org", "password": "x", "more": 1},
        {"email": "ada@example.org", "password": "x", "organisation_id": "x"},
        [],
    ],
)
async def test_what_is_no_sign_in_is_refused_without_repeating_it(
    house: House, body: object
) -> None:
    answer = await house.api.ask("POST", "/sessions", json=body)
    assert answer.status == 422
    assert b"xxxx" not in answer.body


# -- throttling -------------------------------------------------------------------------------


async def test_who_fails_too_often_waits_and_then_may_try_again(house: House) -> None:
    ada = await person_of(house.hub)
    free = RULES[Kind.EMAIL].free
    for email in (ada.email, "nobody@example.org"):  # the same whether there is such a user
        failed = [await house.try_to_sign_in(email, "wrong wrong wrong") for _ in range(free)]
        assert {answer.status for answer in failed} == {401}
        refused = await house.try_to_sign_in(email)
        assert (refused.status, refused.json["code"]) == (429, "too_many_attempts")
        assert refused.headers["Retry-After"] == "1"
        house.watch.skip(seconds=2)
    await house.enter(ada)
    await house.try_to_sign_in(ada.email, "wrong wrong wrong")
    await house.enter(ada)  # what was right forgot what was wrong


async def test_many_at_the_same_time_are_counted_as_many(house: House) -> None:
    tries = (house.try_to_sign_in("nobody@example.org", f"guess {n} guess") for n in range(12))
    statuses = sorted(answer.status for answer in await asyncio.gather(*tries))
    assert statuses == [401] * RULES[Kind.EMAIL].free + [429] * (12 - RULES[Kind.EMAIL].free)


async def test_an_address_waits_whatever_it_tries(house: House) -> None:
    free = RULES[Kind.ADDRESS].free
    answers = await asyncio.gather(*(house.refresh(f"str_{n}") for n in range(free + 5)))
    assert sorted(answer.status for answer in answers) == [401] * free + [429] * 5
    accept = {"token": "sti_x", "email": "a@b.c", "name": "A", "password": PASSWORD}
    assert (await house.api.ask("POST", "/invitations/accept", json=accept)).status == 429
    assert (await house.try_to_sign_in("a@b.c")).status == 429
    async with house.hub.database.transaction(None) as tx:
        assert await tx.fetch_all("SELECT * FROM tenancy.refusals") == []  # not even we see them


async def test_old_refusals_are_forgotten(house: House, postgres: EmbeddedPostgres) -> None:
    tries = (house.try_to_sign_in(f"{n}@example.org", "wrong wrong wrong") for n in range(5))
    await asyncio.gather(*tries)
    async with await connect(make_conninfo(postgres.admin_dsn, dbname=house.database)) as admin:
        count = "SELECT count(*) AS n FROM tenancy.refusals"
        [before] = await (await admin.execute(count)).fetchall()
        house.watch.skip(days=2)
        await house.refresh("str_x")
        [after] = await (await admin.execute(count)).fetchall()
    assert before["n"] >= 6
    assert after["n"] == 1


# -- refreshing -------------------------------------------------------------------------------


async def test_a_session_goes_on_with_the_next_token(house: House) -> None:
    ada = await house.someone()
    first = await house.refresh(ada.tokens["refresh_token"])
    second = await house.refresh(first.json["refresh_token"])
    assert (first.status, second.status) == (200, 200)
    assert {first.json["session_id"], second.json["session_id"]} == {ada.tokens["session_id"]}
    assert len({a["refresh_token"] for a in (ada.tokens, first.json, second.json)}) == 3
    assert (await house.api.by(second.json["access_token"]).get("/users/me"))["email"]


async def test_a_token_used_twice_ends_the_whole_session(house: House) -> None:
    ada = await house.someone()
    owner = await house.someone(Role.OWNER)
    first = await house.refresh(ada.tokens["refresh_token"])
    stolen = await house.refresh(ada.tokens["refresh_token"])
    assert (stolen.status, stolen.json["code"]) == (401, "unauthenticated")
    assert not await is_in(house, ada)
    assert (await house.api.by(first.json["access_token"]).ask("GET", "/users/me")).status == 401
    assert (await house.refresh(first.json["refresh_token"])).status == 401
    told = (await owner.api.get("/audit", action="refresh_session"))["data"]
    assert [(e["actor"], e["outcome"]) for e in told] == [(ada.person.email, "token_reused")]


async def test_of_many_at_the_same_time_one_wins_and_the_session_ends(house: House) -> None:
    ada = await house.someone()
    token = ada.tokens["refresh_token"]
    answers = await asyncio.gather(*(house.refresh(token) for _ in range(10)))
    winners = [answer for answer in answers if answer.status == 200]
    assert len(winners) == 1
    assert {answer.status for answer in answers} == {200, 401}
    assert (await house.refresh(winners[0].json["refresh_token"])).status == 401
    user_id = UUID(ada.user_id)
    rows = await house.rows("SELECT used_at FROM tenancy.refresh_tokens", user_id=user_id)
    assert len(rows) == 2  # the first and its one successor


async def test_a_session_ends_when_nobody_uses_it(house: House) -> None:
    ada = await house.someone()
    token = ada.tokens["refresh_token"]
    for _ in range(3):
        house.watch.skip(days=29)
        answer = await house.refresh(token)
        assert answer.status == 200
        token = answer.json["refresh_token"]
    house.watch.skip(days=31)
    assert (await house.refresh(token)).status == 401


async def test_how_long_is_a_setting(database_dsn: str, tmp_path: Path) -> None:
    async with open_house(database_dsn, tmp_path, session_days=1) as house:
        ada = await house.someone()
        house.watch.skip(hours=25)
        assert (await house.refresh(ada.tokens["refresh_token"])).status == 401


async def test_an_organisation_is_changed_by_refreshing(house: House) -> None:
    other = await house.beside("other")
    ada = await house.someone(Role.VIEWER)
    here, there = str(house.hub.organisation_id), str(other.hub.organisation_id)
    refused = await house.refresh(ada.tokens["refresh_token"], organisation_id=there)
    assert refused.status == 404
    nowhere = await house.refresh(ada.tokens["refresh_token"], organisation_id=str(uuid4()))
    assert nowhere.status == 404
    assert set(nowhere.json) == set(refused.json)
    user = await other.hub.people.users.named(ada.person.email)
    await other.hub.people.users.enrol(user, Role.OWNER, is_installation_admin=False)
    moved = await house.refresh(ada.tokens["refresh_token"], organisation_id=there)  # still unused
    assert (moved.status, moved.json["role"]) == (200, "owner")
    stays = await house.refresh(moved.json["refresh_token"])
    assert stays.json["organisation_id"] == there
    begins = await house.enter(ada.person, organisation_id=there)
    assert begins.tokens["organisation"] == "other"
    assert (await house.enter(ada.person)).tokens["organisation_id"] == here


# -- who is shut out is out at once -----------------------------------------------------------


async def test_who_signs_out_is_out_at_once(house: House) -> None:
    ada = await house.someone()
    other = await house.enter(ada.person)
    assert (await ada.api.ask("DELETE", "/sessions/current")).status == 204
    assert not await is_in(house, ada)
    assert (await house.refresh(ada.tokens["refresh_token"])).status == 401
    assert await is_in(house, other)


async def test_one_session_or_all_others_are_ended(house: House) -> None:
    ada = await house.someone()
    others = [await house.enter(ada.person) for _ in range(3)]
    listed = (await ada.api.get("/sessions"))["data"]
    assert [s["session_id"] for s in listed[:3]] == [s.tokens["session_id"] for s in others[::-1]]
    path = f"/sessions/{others[0].tokens['session_id']}"
    assert (await ada.api.ask("DELETE", path)).status == 204
    assert [await is_in(house, one) for one in others] == [False, True, True]
    assert (await ada.api.ask("DELETE", path)).status == 404
    assert (await ada.api.ask("DELETE", "/sessions")).status == 204
    assert [await is_in(house, one) for one in (ada, *others)] == [True, False, False, False]


async def test_a_user_has_a_hundred_sessions_at_most(house: House) -> None:
    ada = await house.someone()
    user_id, now = UUID(ada.user_id), house.watch()
    place = Place(house.hub.organisation_id, Role.VIEWER, "")
    async with house.hub.database.transaction(None, user_id=user_id) as tx:
        for second in range(1, MOST_SESSIONS + 1):
            at = now + timedelta(seconds=second)
            await open_session(tx, user_id, place, Visitor(), now=at, lifetime=timedelta(days=1))
    rows = await house.rows("SELECT session_id FROM tenancy.sessions", user_id=user_id)
    assert len(rows) == MOST_SESSIONS
    assert not await is_in(house, ada)  # the one that was used longest ago gave way


async def test_sessions_of_others_do_not_exist(house: House) -> None:
    ada, bob = await house.someone(), await house.someone(Role.OWNER)
    theirs, nobodys = f"/sessions/{ada.tokens['session_id']}", f"/sessions/{uuid4()}"
    for method in ("GET", "DELETE"):
        told = [await bob.api.ask(method, path) for path in (theirs, nobodys)]
        assert [answer.status for answer in told] == [404, 404]
        bodies = [
            a.body.replace(p[10:].encode(), b"")
            for a, p in zip(told, (theirs, nobodys), strict=True)
        ]
        assert bodies[0] == bodies[1]
    assert await is_in(house, ada)


async def test_sessions_are_listed_in_pages(house: House) -> None:
    ada = await house.someone()
    made = [ada, *[await house.enter(ada.person) for _ in range(4)]]
    seen, cursor = [], {}
    while True:
        page = await ada.api.get("/sessions", limit=2, **cursor)
        seen += [session["session_id"] for session in page["data"]]
        if page["next_cursor"] is None:
            break
        cursor = {"cursor": page["next_cursor"]}
    assert seen == [one.tokens["session_id"] for one in made[::-1]]


async def test_a_disabled_user_is_out_at_once_and_comes_back_by_signing_in(house: House) -> None:
    ada = await house.someone()
    key = (await ada.api.post("/api-keys", {"name": "k", "scopes": ["read"]}))["key"]
    await house.hub.people.users.disable(ada.person.email)
    assert not await is_in(house, ada)
    assert (await house.refresh(ada.tokens["refresh_token"])).status == 401
    assert (await house.api.by(key).ask("GET", "/users/me")).status == 401
    await house.hub.people.users.enable(ada.person.email)
    assert not await is_in(house, ada)
    assert (await house.api.by(key).ask("GET", "/users/me")).status == 200
    await house.enter(ada.person)


async def test_who_is_no_member_any_more_is_out_at_once(house: House) -> None:
    owner, ada = await house.someone(Role.OWNER), await house.someone()
    assert (await owner.api.ask("DELETE", f"/members/{ada.user_id}")).status == 204
    assert not await is_in(house, ada)
    assert (await house.refresh(ada.tokens["refresh_token"])).status == 403
    again = await house.try_to_sign_in(ada.person.email)
    assert (again.status, again.json["code"]) == (403, "no_organisation")


async def test_an_access_token_ends_by_itself(house: House) -> None:
    ada = await house.someone()
    house.watch.skip(minutes=14)
    assert await is_in(house, ada)
    house.watch.skip(minutes=2)
    assert not await is_in(house, ada)
    assert (await house.refresh(ada.tokens["refresh_token"])).status == 200


async def test_a_forged_token_opens_nothing(house: House) -> None:
    ada, other = await house.someone(Role.VIEWER), await house.beside("other")
    key, kid = house.hub.vault.derive(LABEL), house.hub.vault.key_id
    true = jwt.decode(ada.tokens["access_token"], options={"verify_signature": False})
    head = {"kid": kid, "typ": TYPE}
    mine = house.api.by(jwt.encode(true, key, "HS256", headers=head))
    assert (await mine.ask("GET", "/users/me")).status == 200  # only what follows makes it forged
    forged = [
        jwt.encode(true, None, "none", headers=head),
        jwt.encode(true, key + b"x", "HS256", headers=head),
        jwt.encode(true, key, "HS256", headers=head | {"kid": "ffffffff"}),
        jwt.encode(true | {"exp": true["iat"] - 10}, key, "HS256", headers=head),
        # signed with our key, and still of nobody: what it names is looked up
        jwt.encode(true | {"sid": str(uuid4())}, key, "HS256", headers=head),
        jwt.encode(true | {"sub": str(uuid4())}, key, "HS256", headers=head),
        jwt.encode(true | {"org": str(other.hub.organisation_id)}, key, "HS256", headers=head),
        ada.tokens["refresh_token"],
    ]
    for token in forged:
        answer = await house.api.by(token).ask("GET", "/users/me")
        assert (answer.status, answer.json["code"]) == (401, "unauthenticated")


# -- oneself ----------------------------------------------------------------------------------


async def test_a_new_password_ends_all_other_sessions(house: House) -> None:
    ada = await house.someone()
    other = await house.enter(ada.person)
    change = {"current_password": PASSWORD, "password": "another good one"}
    wrong = change | {"current_password": "wrong wrong wrong"}
    assert (await ada.api.ask("PATCH", "/users/me", json=wrong)).status == 401
    assert await is_in(house, other)
    assert (await ada.api.ask("PATCH", "/users/me", json=change)).status == 200
    assert [await is_in(house, one) for one in (ada, other)] == [True, False]
    assert (await house.try_to_sign_in(ada.person.email)).status == 401
    await house.enter(replace(ada.person, password="another good one"))


@pytest.mark.parametrize(
    "body",
    [
        {"password": "another good one"},
        {"current_password": PASSWORD},
        {"password": "too short", "current_password": PASSWORD},
        {"name": ""},
        {"role": "owner"},
        {"is_installation_admin": True},
    ],
)
async def test_what_cannot_be_changed_is_not(house: House, body: dict) -> None:
    ada = await house.someone(Role.VIEWER)
    before = await ada.api.get("/users/me")
    assert (await ada.api.ask("PATCH", "/users/me", json=body)).status == 422
    assert await ada.api.get("/users/me") == before


async def test_a_key_is_nobody_who_could_change_himself(house: House) -> None:
    ada = await house.someone(Role.OWNER)
    made = await ada.api.post("/api-keys", {"name": "k", "scopes": ["read", "administer"]})
    program = house.api.by(made["key"])
    change = {"current_password": PASSWORD, "password": "another good one"}
    asked = [
        await program.ask("PATCH", "/users/me", json={"name": "Eve"}),
        await program.ask("PATCH", "/users/me", json=change),
        await program.ask("GET", "/sessions"),
        await program.ask("DELETE", "/sessions"),
        await program.ask("DELETE", "/sessions/current"),
        await program.ask("DELETE", f"/sessions/{ada.tokens['session_id']}"),
    ]
    assert {(a.status, a.json["code"]) for a in asked} == {(403, "not_by_key")}
    assert await is_in(house, ada)


async def test_signing_in_and_failing_to_stand_in_the_audit_log(house: House) -> None:
    owner = await house.someone(Role.OWNER)
    ada = await person_of(house.hub)
    await house.try_to_sign_in(ada.email, "wrong wrong wrong")
    await house.enter(Person(ada.user_id, ada.email))
    told = (await owner.api.get("/audit", action="create_session", actor=ada.email))["data"]
    assert [entry["outcome"] for entry in told] == ["done", "wrong_credentials"]
    assert {entry["address"] for entry in told} == {"127.0.0.1"}
    assert "wrong wrong wrong" not in str(told)
