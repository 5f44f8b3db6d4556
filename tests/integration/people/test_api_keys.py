"""API keys and the audit log, over a real socket."""

from __future__ import annotations

from datetime import timedelta
from uuid import uuid4

import pytest

from api_callers import key_of
from houses import House
from storetwin.tenancy.models import Permission, Role

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def test_a_key_is_shown_once_and_kept_as_a_hash(house: House) -> None:
    ada = await house.someone()
    made = await ada.api.ask("POST", "/api-keys", json={"name": "reports", "scopes": ["read"]})
    key, shown = made.json["key"], made.headers["Location"].removeprefix("/api/v1")
    assert key.startswith(made.json["hint"])
    assert made.headers["Cache-Control"] == "no-store"
    assert len(key) - len(made.json["hint"]) > 30
    later = await ada.api.ask("GET", shown)
    assert key.encode() not in later.body
    assert later.json["last_used_at"] is None
    me = await house.api.by(key).get("/users/me")
    assert (me["via"], me["actor"]) == ("api_key", f"{ada.person.email} (key reports)")
    assert (await ada.api.get(shown))["last_used_at"] is not None
    [row] = await house.rows("SELECT * FROM tenancy.api_keys")
    assert key not in str(row)


@pytest.mark.parametrize("role", Role)
async def test_a_key_is_never_stronger_than_who_makes_it(house: House, role: Role) -> None:
    someone = await house.someone(role)
    for permission in Permission:
        body = {"name": "k", "scopes": [permission.value]}
        answer = await someone.api.ask("POST", "/api-keys", json=body)
        assert answer.status == (201 if permission in role.permissions else 422), permission


async def test_a_key_makes_no_key(house: House) -> None:
    program = house.api.by(await key_of(house.hub, Role.OWNER))
    answer = await program.ask("POST", "/api-keys", json={"name": "k", "scopes": ["read"]})
    assert (answer.status, answer.json["code"]) == (403, "not_by_key")


async def test_a_key_expires(house: House) -> None:
    ada = await house.someone()
    ends = (house.watch() + timedelta(minutes=10)).isoformat()
    body = {"name": "k", "scopes": ["read"], "expires_at": ends}
    program = house.api.by((await ada.api.post("/api-keys", body))["key"])
    assert (await program.ask("GET", "/users/me")).status == 200
    house.watch.skip(minutes=11)
    assert (await program.ask("GET", "/users/me")).status == 401
    late = await ada.api.ask("POST", "/api-keys", json=body)
    assert (late.status, late.json["code"]) == (422, "bad_expiry")


async def test_a_revoked_key_is_refused_at_once(house: House) -> None:
    ada = await house.someone(Role.VIEWER)
    made = await ada.api.post("/api-keys", {"name": "k", "scopes": ["read"]})
    program, path = house.api.by(made["key"]), f"/api-keys/{made['api_key_id']}"
    assert (await program.ask("GET", "/users/me")).status == 200
    assert (await ada.api.ask("DELETE", path)).status == 204
    assert (await program.ask("GET", "/users/me")).status == 401
    assert (await ada.api.ask("DELETE", path)).status == 404
    assert (await ada.api.get(path))["revoked_at"] is not None


async def test_a_key_may_end_itself_and_no_other(house: House) -> None:
    ada = await house.someone(Role.OPERATOR)
    made = [await ada.api.post("/api-keys", {"name": n, "scopes": ["read"]}) for n in "ab"]
    program = house.api.by(made[0]["key"])
    other = await program.ask("DELETE", f"/api-keys/{made[1]['api_key_id']}")
    assert (other.status, other.json["code"]) == (403, "not_by_key")
    assert (await program.ask("DELETE", f"/api-keys/{made[0]['api_key_id']}")).status == 204
    assert (await program.ask("GET", "/users/me")).status == 401


async def test_everybody_sees_his_own_and_administrators_all(house: House) -> None:
    admin, ada, bob = [
        await house.someone(r) for r in (Role.ADMINISTRATOR, Role.VIEWER, Role.VIEWER)
    ]
    made = await ada.api.post("/api-keys", {"name": "hers", "scopes": ["read"]})
    path = f"/api-keys/{made['api_key_id']}"
    seen = {
        name: (await one.api.get("/api-keys"))["data"]
        for name, one in (("admin", admin), ("ada", ada), ("bob", bob))
    }
    assert {name: [key["name"] for key in keys] for name, keys in seen.items()} == {
        "admin": ["hers"],
        "ada": ["hers"],
        "bob": [],
    }
    hidden = [await bob.api.ask(method, path) for method in ("GET", "DELETE")]
    nothing = await bob.api.ask("GET", f"/api-keys/{uuid4()}")
    assert [answer.status for answer in (*hidden, nothing)] == [404] * 3
    assert (await admin.api.ask("DELETE", path)).status == 204


async def test_keys_are_listed_in_pages(house: House) -> None:
    ada = await house.someone()
    for name in "abcde":
        await ada.api.post("/api-keys", {"name": name, "scopes": ["read"]})
    first = await ada.api.get("/api-keys", limit=3)
    rest = await ada.api.get("/api-keys", limit=3, cursor=first["next_cursor"])
    assert [key["name"] for key in first["data"] + rest["data"]] == list("edcba")
    assert rest["next_cursor"] is None


@pytest.mark.parametrize(
    "change",
    [
        {"name": ""},
        {"name": "x" * 201},
        {"name": "a\x00b"},
        {"scopes": []},
        {"scopes": ["everything"]},
        {"scopes": ["read"] * 8},
        {"expires_at": "tomorrow"},
        {"expires_at": "0001-01-01T00:00:00+14:00"},
        {"user_id": str(uuid4())},
    ],
)
async def test_what_is_no_key_is_refused(house: House, change: dict) -> None:
    ada = await house.someone()
    body = {"name": "k", "scopes": ["read"]} | change
    assert (await ada.api.ask("POST", "/api-keys", json=body)).status == 422
    assert (await ada.api.get("/api-keys"))["data"] == []


# -- the audit log ----------------------------------------------------------------------------


async def test_the_audit_log_says_who_did_what_and_how_it_ended(house: House) -> None:
    ada = await house.someone()
    made = await ada.api.post("/api-keys", {"name": "k", "scopes": ["read"]})
    program = house.api.by(made["key"])
    await program.ask("POST", "/invitations", json={"role": "viewer"})
    await ada.api.ask("DELETE", f"/api-keys/{made['api_key_id']}")
    told = (await ada.api.get("/audit"))["data"]
    assert [(e["action"], e["actor"], e["via"], e["outcome"]) for e in told] == [
        ("delete_api_key", ada.person.email, "session", "done"),
        ("create_invitation", f"{ada.person.email} (key k)", "api_key", "forbidden"),
        ("create_api_key", ada.person.email, "session", "done"),
        ("create_session", ada.person.email, "session", "done"),
    ]
    assert told[0]["subject"] == f"api_key_id={made['api_key_id']}"
    assert told[0]["actor_id"] == ada.user_id
    assert made["key"] not in str(told)


async def test_the_audit_log_is_asked_by_action_actor_and_time(house: House) -> None:
    ada, bob = await house.someone(), await house.someone()
    between = house.watch()
    for name in "abcde":
        await bob.api.post("/api-keys", {"name": name, "scopes": ["read"]})
    asked = {"action": "create_api_key", "actor": bob.person.email}
    first = await ada.api.get("/audit", limit=3, **asked)
    rest = await ada.api.get("/audit", limit=3, cursor=first["next_cursor"], **asked)
    assert (len(first["data"]), len(rest["data"]), rest["next_cursor"]) == (3, 2, None)
    refused = await ada.api.get("/audit", 400, limit=3, cursor=first["next_cursor"])
    assert refused["code"] == "bad_cursor"  # it belongs to another question
    moment = between.isoformat()
    since = (await ada.api.get("/audit", since=moment))["data"]
    until = (await ada.api.get("/audit", until=moment))["data"]
    assert {entry["action"] for entry in since} == {"create_api_key"}
    assert {entry["action"] for entry in until} == {"create_session"}
    assert (await ada.api.get("/audit", actor=ada.person.email, action="create_api_key"))[
        "data"
    ] == []


async def test_only_administrators_read_it(house: House) -> None:
    for role in Role:
        someone = await house.someone(role)
        may = Permission.ADMINISTER in role.permissions
        assert (await someone.api.ask("GET", "/audit")).status == (200 if may else 403)
