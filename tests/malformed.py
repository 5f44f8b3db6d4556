"""Requests that are wrong, thousands of them, made up from the application's own document.

The same seed makes the same ones. What is wrong is known beforehand: a body by its own JSON Schema,
a parameter by its type. What may pass though it is odd only must not hurt.
"""

from __future__ import annotations

import base64
import json
import random
import string
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any
from urllib.parse import quote

import jsonschema_rs

from doors import signature
from walks import CannotFillError, Door, Knock, Walker
from wire_client import request

JSON = "application/json"


@dataclass(frozen=True, slots=True)
class Attempt:
    """One request.

    Args:
        family: what kind of wrong it is.
        is_wrong: it has to be refused; else it may be answered any way but with 5xx.
        is_http: it is refused before the application sees it, without a problem document.
    """

    family: str
    request: bytes
    is_wrong: bool = True
    is_http: bool = False

    def __str__(self) -> str:
        return f"{self.family}: {self.request[:600]!r}"


@dataclass(frozen=True, slots=True)
class Target:
    """Where the attempts go.

    Args:
        doors: those of the API.
        tokens: of an administrator of everything; the first is used.
        hook: a receiving end's token and secret.
        strangers: tokens that are good for nothing.
        cursors: real ones, each with the path it came from.
    """

    walker: Walker
    doors: Sequence[Door]
    token: str
    hook: tuple[str, str]
    strangers: Sequence[str]
    cursors: Sequence[tuple[str, str]]
    mounts: Sequence[str] = ()


Family = Callable[[random.Random, Target], Attempt | None]


def attempts(target: Target, seed: int) -> Iterator[Attempt]:
    """Yield attempts for ever, of every family in turn."""
    chance = random.Random(seed)
    while True:
        for family in FAMILIES:
            made = family(chance, target)
            if made is not None:
                yield made


# -- bodies -------------------------------------------------------------------------------------

ODD: Sequence[Any] = (
    None, True, -1, 0, 2**31, 2**63, 2**64, 10**300, 1.5, 1e308, "", " ", "x", "x" * 5_000, "\x00",
    "a\x00b", "\ud800", "\udfff.", "\u202e", "\x1b[31m", "'; DROP TABLE x; --", "../../etc/passwd",
    "${jndi:ldap://x}", "{{7*7}}", "99999-01-01T00:00:00Z", "-1", "2026-02-30T25:61:61Z", [], [[]],
    [None] * 5_000, ["\x00"], {}, {"": None}, {"\x00": 1}, {"\ud800": 1}, {"a": {"b": {"c": []}}},
    "00000000-0000-0000-0000-00000000000g", "NaN", "Infinity", "０", "x@", "http://[::1", "http://\x00/",
)  # fmt: skip


def _body_parts(chance: random.Random, target: Target) -> tuple[Door, Knock, Any] | None:
    door = chance.choice([d for d in target.doors if (d.operation or {}).get("requestBody")])
    try:
        knock = target.walker.knocks(door)[0]
    except CannotFillError:
        return None
    content = (door.operation or {})["requestBody"]["content"]
    return door, knock, content.get(JSON, {}).get("schema", {})


def odd_values(chance: random.Random, target: Target) -> Attempt | None:
    """Return a body with a field that holds what it should not, or one too many, or one too few."""
    found = _body_parts(chance, target)
    if found is None:
        return None
    door, knock, schema = found
    body = dict(knock.body) if isinstance(knock.body, dict) else knock.body
    resolved = target.walker.resolved(schema)
    fields = list(resolved.get("properties", ()))
    if isinstance(body, dict):
        for _ in range(chance.choice((1, 1, 1, 2))):
            name = chance.choice([*fields, "unheard_of"])
            if name in body and chance.random() < 0.15:
                del body[name]
            else:
                body[name] = chance.choice(ODD)
    else:
        body = chance.choice(ODD)
    text = json.dumps(body, ensure_ascii=chance.random() < 0.7).encode("utf-8", "surrogatepass")
    is_wrong = not _fits(body, schema, target)
    if not is_wrong and (door.is_public or door.method == "DELETE"):
        return None  # it would be done
    return _send("odd value", knock, target, text, is_wrong=is_wrong)


def _fits(body: Any, schema: Mapping[str, Any], target: Target) -> bool:
    """Say whether a body fits its schema; one with text that is none never does."""
    text = json.dumps(body, ensure_ascii=False)
    if "\\u0000" in text or any("\ud800" <= character <= "\udfff" for character in text):
        return False
    with_all = dict(schema) | {"components": target.walker.document["components"]}
    return _validator(json.dumps(with_all, sort_keys=True)).is_valid(body)


@lru_cache(maxsize=500)
def _validator(schema: str) -> Any:
    return jsonschema_rs.validator_for(json.loads(schema))


def broken_json(chance: random.Random, target: Target) -> Attempt | None:
    """Return a body that is no JSON, or JSON that no program should have to bear."""
    found = _body_parts(chance, target)
    if found is None:
        return None
    _, knock, _ = found
    good = json.dumps(knock.body).encode()
    kind, text = chance.choice(
        (
            ("cut", good[: chance.randrange(len(good))]),
            ("doubled", good + good),
            ("noise", chance.randbytes(chance.randrange(1, 300))),
            ("deep lists", b"[" * 100_000),
            ("deep and closed", b"[" * 50_000 + b"]" * 50_000),
            ("deep objects", b'{"a":' * 50_000),
            ("a huge number", b'{"name":' + b"9" * 5_000 + b"}"),
            ("beyond numbers", b'{"name":1e400}'),
            ("not a number", b'{"name":NaN}'),
            ("infinite", b'{"name":-Infinity}'),
            ("half a character", b'{"name":"\\ud800"}'),
            ("nothing in it", b'{"name":"\\u0000"}'),
            ("bare control", b'{"name":"\x01"}'),
            ("no UTF-8", b'{"name":"\xff\xfe"}'),
            ("UTF-16", '{"name":"x"}'.encode("utf-16")),
            ("another coding", b'{"name":"\xe4"}'),
            ("a comma too many", good[:-1] + b",}"),
            ("single quotes", good.replace(b'"', b"'")),
            ("comment", b"/* */" + good),
            ("a list", b"[" + good + b"]"),
            ("a text", json.dumps(good.decode()).encode()),
            ("null", b"null"),
            ("a number", b"1"),
            ("many fields", _many()),
            ("a long name", b'{"' + b"n" * 100_000 + b'":1}'),
        )
    )
    if kind in ("single quotes", "a comma too many") and len(good) < 4:
        return None
    is_needed = (knock.door.operation or {})["requestBody"].get("required", False)
    is_wrong = is_needed or (bool(text) and kind != "null")
    return _send(f"json: {kind}", knock, target, text, is_wrong=is_wrong)


def _many() -> bytes:
    return json.dumps({f"f{number}": number for number in range(5_000)}).encode()


def wrong_kind(chance: random.Random, target: Target) -> Attempt | None:
    """Return a body of another kind than it should be."""
    found = _body_parts(chance, target)
    if found is None:
        return None
    _, knock, _ = found
    good = json.dumps(knock.body).encode()
    edge = b'--b\r\nContent-Disposition: form-data; name="name"\r\n\r\nx\r\n'
    kind, text = chance.choice(
        (
            ("text/plain", good),
            ("application/xml", b'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b SYSTEM "file:///">]>'),
            ("application/x-www-form-urlencoded", b"name=x&name=y"),
            ("multipart/form-data; boundary=b", edge + b"--b--\r\n"),
            ("multipart/form-data; boundary=b", edge),
            ("multipart/form-data", edge),
            ("multipart/form-data; boundary=" + "b" * 3_000, edge),
            ("multipart/mixed; boundary=\"", b"--"),
            ("application/octet-stream", chance.randbytes(200)),
            ("", good),
            ("json", good),
            (";;;", good),
            ("application/json-seq", good),
        )
    )  # fmt: skip
    return _send("kind of body", knock, target, text, kind=kind)


def too_long(chance: random.Random, target: Target) -> Attempt | None:
    """Return a body that is too long, or says so."""
    found = _body_parts(chance, target)
    if found is None:
        return None
    _, knock, _ = found
    length = chance.choice((2**31, 2**40, 2**63, 10**18))  # a little more would be read and told
    headers = _headers(target) | {"Content-Type": JSON, "Content-Length": str(length)}
    return Attempt("too long", request(knock.door.method, _path(knock), headers, b"{"))


def _send(
    family: str,
    knock: Knock,
    target: Target,
    body: bytes,
    *,
    is_wrong: bool = True,
    kind: str = JSON,
) -> Attempt:
    headers = {"Content-Type": kind} | ({} if knock.door.is_public else _headers(target))
    return Attempt(family, request(knock.door.method, _path(knock), headers, body), is_wrong)


def _headers(target: Target) -> dict[str, str | bytes]:
    return {"Authorization": f"Bearer {target.token}"}


def _path(knock: Knock) -> str:
    query = "&".join(f"{name}={quote(value, safe='')}" for name, value in knock.query.items())
    return f"{knock.path}{'?' + query if query else ''}"


# -- addresses ----------------------------------------------------------------------------------

NO_NUMBER = (
    "abc",
    "1e400",
    "9" * 5_000,
    "-" + "9" * 30,
    "NaN",
    "0x10",
    "%00",
    "",
    "1;2",
    "½",
)
NO_DATE = (
    "99999-01-01",
    "-1",
    "2026-13-45T00:00:00Z",
    "infinity",
    "0000-00-00",
    "now",
    "%00",
    "9" * 400,
)
NO_ID = (
    "1",
    "x" * 36,
    "00000000-0000-0000-0000-00000000000g",
    "%00",
    "%FF%FE",
    "..%2F..",
    "'",
    "9" * 300,
)
NO_TEXT = ("%00", "a%00b", "x" * 70_000)
NO_CHOICE = ("unheard-of", "%00", "x" * 3_000, "%F0%9F%92%A9", "'%20OR%201=1--")


def wrong_parameter(chance: random.Random, target: Target) -> Attempt | None:
    """Return a request with a parameter that cannot be used."""
    door = chance.choice([d for d in target.doors if (d.operation or {}).get("parameters")])
    parameter = chance.choice((door.operation or {})["parameters"])
    try:
        knock = target.walker.knocks(door)[0]
    except CannotFillError:
        return None
    values = _wrong_values(target.walker.narrowed(parameter["schema"]))
    if values is None:
        return None
    value = chance.choice(values)
    if parameter["in"] == "query":
        there = _path(knock)
        there = f"{there}{'&' if '?' in there else '?'}{quote(parameter['name'])}={value}"
    elif parameter["in"] == "path" and value:
        there = _with_path(door, knock, parameter["name"], value)
    else:
        return None
    body = b"" if knock.body is None else json.dumps(knock.body).encode()
    headers = _headers(target) | ({"Content-Type": JSON} if body else {})
    return Attempt(f"parameter {parameter['name']}", request(door.method, there, headers, body))


def _wrong_values(schema: Mapping[str, Any]) -> Sequence[str] | None:
    """Return spellings of what a parameter cannot be; None where it may be anything."""
    if "enum" in schema or schema.get("type") == "boolean":
        return NO_CHOICE
    match schema.get("type"), schema.get("format"):
        case (("integer" | "number"), _):
            return NO_NUMBER
        case "string", ("date" | "date-time"):
            return NO_DATE
        case "string", "uuid":
            return NO_ID
        case "string", _:
            return NO_TEXT
    return None


def _with_path(door: Door, knock: Knock, name: str, value: str) -> str:
    """Return the path with one of its values replaced, which is not quoted any more."""
    parts = []
    for template, actual in zip(door.path.split("/"), knock.path.split("/"), strict=False):
        parts.append(value if template.startswith("{" + name) else actual)
    return "/".join(parts)


def wrong_cursor(chance: random.Random, target: Target) -> Attempt | None:
    """Return a cursor that was turned, cut, mixed or made up."""
    if not target.cursors:
        return None
    path, cursor = chance.choice(target.cursors)
    alphabet = string.ascii_letters + string.digits + "-_"
    at = chance.randrange(len(cursor))
    made = chance.choice(
        (
            cursor[:at],
            cursor[:at] + chance.choice(alphabet) + cursor[at + 1 :],
            cursor[:at] + "%00" + cursor[at:],
            cursor[::-1],
            cursor + cursor,
            "".join(chance.choices(alphabet, k=chance.randrange(1, 200))),
            "W10",  # []
            "WyIiXQ",  # [""]
            "e30",  # {}
            "bnVsbA",  # null
            "%2B%2F%3D",
            "=" * 9,
            "A" * 2_049,
            "WyJhYWFhYWFhYSIsIjk5OTk5LTAxLTAxIl0",
        )
    )
    there = f"{path}{'&' if '?' in path else '?'}cursor={made}"
    return Attempt("cursor", request("GET", there, _headers(target)), is_wrong=made != cursor)


def wrong_place(chance: random.Random, target: Target) -> Attempt | None:
    """Return a request for what is not there, or by a method that is not taken."""
    door = chance.choice(target.doors)
    try:
        path = target.walker.knocks(door)[0].path
    except CannotFillError:
        return None
    word = "".join(chance.choices(string.ascii_lowercase, k=9))
    method, there = chance.choice(
        (
            ("GET", f"/api/v1/{word}"),
            ("GET", f"/api/v1/%2e%2e/{word}"),
            ("POST", f"/{word}" * 200),
            ("GET", f"/api/v1/users/me/{word}"),
            ("TRACE", path),
            ("CONNECT", path),
            ("PROPFIND", path),
            ("GET", f"/api/v1/{word}%00"),
            ("GET", f"/api/v1/{word}?{'a=b&' * 5_000}"),
            ("GET", f"/api/v2{path}"),
            ("GET", f"//{word}"),
        )
    )
    return Attempt("place", request(method, there, _headers(target)), is_http=method == "CONNECT")


# -- who asks -----------------------------------------------------------------------------------


def wrong_token(chance: random.Random, target: Target) -> Attempt | None:
    """Return a request of somebody whose token is broken in some way."""
    door = chance.choice([d for d in target.doors if d.demand is not None])
    try:
        knock = target.walker.knocks(door)[0]
    except CannotFillError:
        return None
    value = _broken_token(chance, target.strangers)
    scheme = chance.choice(("Bearer ", "Bearer ", "bearer\t", "Basic ", "Digest ", "", "Bearer"))
    headers = {"Authorization": scheme.encode() + value}
    return Attempt("token", request(door.method, _path(knock), headers))


def _broken_token(chance: random.Random, strangers: Sequence[str]) -> bytes:
    token = chance.choice(strangers)
    head, _, rest = token.partition(".")
    at = chance.randrange(len(token))
    return chance.choice(
        (
            lambda: token,
            lambda: token[:at],
            lambda: token[at:],
            lambda: f"{rest}.{head}",
            lambda: ".".join([head] * 3),
            lambda: "." * chance.randrange(1, 50),
            lambda: f"{_b64(b'[' * 900)}.e30.",
            lambda: f"{_b64(b'null')}.bnVsbA.",
            lambda: f"{_b64(_HEAD)}.{_b64(b'{' + b'9' * 900)}.AA",
            lambda: f"{_b64(b'{%s' % (b'9' * 2_000))}.e30.AA",
            lambda: _b64(chance.randbytes(60)) + "." + _b64(chance.randbytes(60)) + ".AA",
            lambda: f"{_b64(_KID)}.e30.AA",
            lambda: f"{_b64(_CRIT)}.e30.AA",
            lambda: "stk_" + "é" * 20,
            lambda: "stk_" + "x" * chance.randrange(0, 9_000),
            lambda: "\x7f\x80\xff",
            lambda: token + " " + token,
            lambda: token + ", Bearer x",
        )
    )().encode("latin-1", "replace")


_HEAD = b'{"alg":"HS256","typ":"at+jwt"}'
_KID = b'{"alg":"HS256","typ":"at+jwt","kid":{"a":["\\u0000"]}}'
_CRIT = b'{"alg":"HS256","typ":"at+jwt","crit":["b64"],"b64":false,"jku":"http://127.0.0.1/"}'


def _b64(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).decode().rstrip("=")


# -- headers, and HTTP itself -------------------------------------------------------------------


def wrong_key(chance: random.Random, target: Target) -> Attempt | None:
    """Return a write whose Idempotency-Key cannot be used."""
    found = _body_parts(chance, target)
    if found is None or found[0].is_public:
        return None
    _, knock, _ = found
    if knock.door.path.endswith(("/queries", "/preview", "/check")):  # asked as often as one likes
        return None
    key = chance.choice((b"", b"k" * 256, b"\xff\xfe", "ключ".encode(), b"a\x7fb", b"x\x80"))
    headers = _headers(target) | {"Content-Type": JSON, "Idempotency-Key": key}
    body = json.dumps(knock.body).encode()
    return Attempt("idempotency key", request(knock.door.method, _path(knock), headers, body))


def odd_headers(chance: random.Random, target: Target) -> Attempt | None:
    """Return a read with headers that say nothing sensible: they may be passed over."""
    door = chance.choice([d for d in target.doors if d.method == "GET" and d.demand])
    try:
        knock = target.walker.knocks(door)[0]
    except CannotFillError:
        return None
    if "event" in door.path:
        return None
    name, value = chance.choice(
        (
            ("Range", b"bytes=9-1,,x"),
            ("Range", b"bytes=" + b"0-1," * 3_000),
            ("If-None-Match", b'"' + b"x" * 9_000),
            ("If-None-Match", b"\xff, W/, *, ,"),
            ("If-Modified-Since", b"yesterday"),
            ("Accept", b"\xff/\xff;q=9e999"),
            ("Accept-Encoding", b"*;q=-1"),
            ("Cookie", b"a=" + b"\xff" * 3_000),
            ("Origin", b"null\xff"),
            ("X-Forwarded-For", b"\xff, ::::, 999.9.9.9"),
            ("Last-Event-ID", b"\xff" * 30),
            ("Content-Length", b"0"),
            ("Expect", b"the worst"),
        )
    )
    headers = _headers(target) | {name: value}
    return Attempt("odd header", request("GET", _path(knock), headers), is_wrong=False)


def no_http(chance: random.Random, target: Target) -> Attempt | None:
    """Return what is hardly HTTP any more."""
    me = "/api/v1/users/me"
    bearer = f"Authorization: Bearer {target.token}\r\n"
    text = chance.choice(
        (
            f"GET {me} HTTP/9.9\r\nHost: x\r\n{bearer}\r\n",
            f"GET {me}\r\n\r\n",
            f"GET {me} HTTP/1.1\r\nHost: x\r\n: empty\r\n{bearer}\r\n",
            f"GET {me} HTTP/1.1\r\nHost: x\r\nName with space: x\r\n{bearer}\r\n",
            f"GET {me} HTTP/1.1\r\nHost: x\r\nX: a\x00b\r\n{bearer}\r\n",
            f"POST {me} HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n{bearer}\r\n",
            f"POST {me} HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
            f"POST {me} HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
            f"POST {me} HTTP/1.1\r\nTransfer-Encoding: cow, chunked\r\nContent-Length: 3\r\n\r\n0\r\n",
            "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
            "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
            "GET\r\n\r\n\r\n",
            "\r\n" * 20 + "?\r\n\r\n",
        )
    )
    return Attempt("http", text.encode("latin-1"), is_http=True)


# -- webhooks, and what else is mounted ---------------------------------------------------------


def wrong_delivery(chance: random.Random, target: Target) -> Attempt | None:
    """Return a delivery that no store sends, signed or not."""
    token, secret = target.hook
    body = chance.choice(
        (
            b"", b"{", b"[" * 100_000, b"null", b'{"id":1e400}', b'{"id":' + b"9" * 5_000 + b"}",
            b'{"id":"\\ud800"}', b'{"id":-1}', b"\xff\xfe", chance.randbytes(300), b'{"id":[1]}',
            b'{"id":1,"id":2}', b"webhook_id=" + b"9" * 400, b'{"id":"\\u0000"}', b"x" * 70_000,
        )
    )  # fmt: skip
    headers: dict[str, str | bytes] = {
        "Content-Type": chance.choice((JSON, "application/x-www-form-urlencoded", "", "x" * 3_000)),
        "X-WC-Webhook-Topic": chance.choice(("", "x" * 9_000, "order.exploded", "\x80", "..")),
        "X-WC-Webhook-Source": chance.choice(("", "http://[", "https://else.example", "x" * 9_000)),
        "X-WC-Webhook-Delivery-ID": chance.choice(("", "y" * 9_000, "\x80\xff")),
    }
    sign = chance.choice(("not", "wrongly", "rightly"))
    if sign != "not":
        key = secret if sign == "rightly" else "another"
        headers["X-WC-Webhook-Signature"] = signature(key, body)
    there = chance.choice((token, token, token, token[:-1], "%00", "%FF", "x" * 5_000, "a/b"))
    return Attempt("delivery", request("POST", f"/hooks/{there}", headers, body), is_http=True)


def wrong_message(chance: random.Random, target: Target) -> Attempt | None:
    """Return what a mounted application, like the MCP server, has no use for."""
    if not target.mounts:
        return None
    body = chance.choice(
        (
            b"", b"{", b"[" * 100_000, b"null", b"[]", b'{"jsonrpc":"1.0"}', b'{"jsonrpc":"2.0","id":1}',
            b'{"jsonrpc":"2.0","id":1,"method":5}', b'{"jsonrpc":"2.0","id":{},"method":"tools/list"}',
            b'{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"\\ud800"}}',
            b'{"jsonrpc":"2.0","id":1e400,"method":"initialize","params":[]}', chance.randbytes(200),
            b'{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"x","arguments":"\\u0000"}}',
        )
    )  # fmt: skip
    headers = {
        "Content-Type": chance.choice((JSON, JSON, "text/plain", "")),
        "Accept": chance.choice(("application/json, text/event-stream", "text/html", "\x80")),
        "Mcp-Session-Id": chance.choice(("", "x" * 3_000, "\x80", "1")),
    } | (_headers(target) if chance.random() < 0.8 else {})
    method = chance.choice(("POST", "POST", "POST", "PUT", "DELETE"))
    there = chance.choice(target.mounts)
    return Attempt("message", request(method, there, headers, body), is_http=True)


FAMILIES: Sequence[Family] = (
    odd_values, odd_values, odd_values, broken_json, broken_json, wrong_kind, wrong_parameter,
    wrong_parameter, wrong_parameter, wrong_cursor, wrong_cursor, wrong_place, wrong_token,
    wrong_token, wrong_token, wrong_token, wrong_key, odd_headers, no_http, wrong_delivery,
    wrong_delivery, wrong_delivery, wrong_message, too_long,
)  # fmt: skip
