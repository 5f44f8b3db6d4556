"""A full run of the installed program with known secrets, and then a look for each of them everywhere."""

from __future__ import annotations

import base64
import binascii
import json
import secrets
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self
from urllib.parse import quote

import aiohttp

from database_clones import in_own_loop
from doors import free_port
from dumps import dumped
from installed import NAME, PROGRAM, Installation, installation, until
from storetwin.db.embedded import EmbeddedPostgres
from storetwin.sandboxes.woocommerce import Sandbox, running_store

EMAIL = "ada@example.org"
LOOK_SECONDS = 0.05
PATIENCE = aiohttp.ClientTimeout(total=20)


@dataclass
class Known:
    """Every secret of the run, by what it is."""

    values: dict[str, str] = field(default_factory=dict)

    def add(self, **values: str) -> None:
        """Remember some."""
        assert all(len(value) >= 12 for value in values.values()), values.keys()
        self.values |= values

    def found_in(self, text: str) -> set[str]:
        """Return which of them stand in a text, in whatever form."""
        low = text.lower()
        return {
            name
            for name, value in self.values.items()
            if any(form in text or form.lower() in low for form in forms_of(value))
        }


def forms_of(secret: str) -> set[str]:
    """Return how a secret may be written: plain, for a URL, in hexadecimal, within base64."""
    content = secret.encode()
    forms = {secret, quote(secret, safe=""), content.hex(), json.dumps(secret)[1:-1]}
    for skipped in range(3):  # base64 of it depends on how many bytes stand before it
        encoded = base64.b64encode(b"\0" * skipped + content).decode()
        inner = encoded[4 if skipped else 0 : len(encoded) // 4 * 4 - 4]
        forms |= {inner, inner.replace("+", "-").replace("/", "_")}
    try:
        raw = base64.b64decode(secret, validate=True)
        if len(raw) == 32:
            forms |= {raw.hex(), repr(raw)[2:-1]}
    except binascii.Error:
        pass
    return {form for form in forms if len(form) >= 8}


class Watch:
    """Looks at the command lines of one installation's processes, as `ps` shows them, all the time.

    What other tests run at the same time is none of its business: they may share a store's keys.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = str(folder)
        self.seen: set[str] = set()
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._look)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _look(self) -> None:
        while not self._over.wait(LOOK_SECONDS):
            for process in Path("/proc").glob("[0-9]*"):
                try:
                    line = (process / "cmdline").read_bytes().replace(b"\0", b" ")
                    variables = (process / "environ").read_bytes()
                except OSError:
                    continue
                if self._folder.encode() in line + variables:
                    self.seen.add(line.decode(errors="replace"))


@dataclass
class Run:
    """The program in one folder, its long processes writing into files."""

    installed: Installation
    port: int
    known: Known
    answers: list[str] = field(default_factory=list)
    logs: list[Path] = field(default_factory=list)

    @contextmanager
    def running(self, *arguments: str, **more: str) -> Iterator[subprocess.Popen[bytes]]:
        """Run a long command; what it writes goes to a file."""
        log = self.installed.folder / f"{arguments[0]}-{len(self.logs)}.log"
        self.logs.append(log)
        with log.open("wb") as file:
            process = subprocess.Popen(
                [PROGRAM, *arguments],
                env=self.installed._variables(more),
                cwd=self.installed.folder,
                stdin=subprocess.DEVNULL,
                stdout=file,
                stderr=file,
                start_new_session=True,
            )
        try:
            yield process
        finally:
            process.terminate()
            process.wait(30)

    async def ask(
        self,
        method: str,
        path: str,
        token: str | None = None,
        *,
        is_shown_once: bool = False,
        **more: Any,
    ) -> tuple[int, Any]:
        """Ask the API; its answer is looked through later, unless it shows a secret this once."""
        headers = dict(more.pop("headers", {}))
        if token:
            headers["Authorization"] = f"Bearer {token}"
        url = f"http://127.0.0.1:{self.port}{path}"
        async with (
            aiohttp.ClientSession(timeout=PATIENCE) as session,
            session.request(method, url, headers=headers, **more) as answer,
        ):
            text = await answer.text(errors="replace")
            if not is_shown_once:
                self.answers.append(f"{answer.status} {dict(answer.headers)} {text}")
            try:
                return answer.status, json.loads(text)
            except ValueError:
                return answer.status, text


def opened_secrets(run: Run) -> tuple[str, str]:
    """Return token and secret of the webhooks as the program itself opens them."""
    code = (
        "import asyncio, json\n"
        "from storetwin.bootstrap import open_hub\n"
        "from storetwin.settings import load_settings\n"
        "async def main():\n"
        "    async with open_hub(load_settings()) as hub:\n"
        "        (end,) = (await hub.register.receiving_ends.every()).values()\n"
        "        print(json.dumps([end.token, end.secret]))\n"
        "asyncio.run(main())\n"
    )
    python = PROGRAM.with_name("python")
    done = subprocess.run(
        [python, "-c", code],
        env=run.installed._variables({}) | {"STORETWIN_LOG_LEVEL": "error"},
        check=True,
        capture_output=True,
        text=True,
    )
    token, secret = json.loads(done.stdout)
    return token, secret


async def use_the_api(run: Run) -> None:
    """Sign in, make a key, ask for everything, rightly and wrongly."""
    known, password = run.known, run.known.values["password"]
    credentials = {"email": EMAIL, "password": password}
    sessions = "/api/v1/sessions"
    status, signed = await run.ask("POST", sessions, json=credentials, is_shown_once=True)
    assert status == 201, signed
    known.add(jwt=signed["access_token"], refresh_token=signed["refresh_token"])
    token = signed["access_token"]
    given = {"name": "reports", "scopes": ["read", "export", "import", "administer"]}
    status, made = await run.ask(
        "POST", "/api/v1/api-keys", token, json=given, is_shown_once=True,
        headers={"Idempotency-Key": "one"},
    )  # fmt: skip
    assert status == 201, made
    known.add(api_key=made["key"])
    again = {"refresh_token": signed["refresh_token"]}
    status, renewed = await run.ask("POST", f"{sessions}/refresh", json=again, is_shown_once=True)
    assert status in (200, 201), renewed
    known.add(second_jwt=renewed["access_token"], second_refresh=renewed["refresh_token"])
    for caller in (renewed["access_token"], made["key"]):
        for path in (
            "/api/v1/users/me", "/api/v1/api-keys", sessions, "/api/v1/connections",
            f"/api/v1/connections/{NAME}", "/api/v1/runs", "/api/v1/audit", "/api/v1/webhooks",
            "/api/v1/orders", "/api/v1/status", "/api/v1/snapshots/webhooks", "/api/v1/deliveries",
            f"/api/v1/exports/webhooks?format=json&connection={NAME}", "/api/v1/openapi.json",
            "/health/ready", "/metrics", f"/api/v1/runs?connection={caller[-20:]}",
        ):  # fmt: skip
            await run.ask("GET", path, caller)
    await use_it_wrongly(run, renewed["access_token"])


async def use_it_wrongly(run: Run, token: str) -> None:
    """Send secrets where they do not belong, broken and twice."""
    values = run.known.values
    wrong = values["password"] + "!"
    run.known.add(wrong_password=wrong, wrong_key=values["api_key"][:-1] + "_")
    for body in (
        {"email": EMAIL, "password": wrong},
        {"email": EMAIL, "password": [wrong]},
        {"email": EMAIL, "password": wrong, "more": values["api_key"]},
        {"refresh_token": values["refresh_token"]},
    ):
        await run.ask("POST", "/api/v1/sessions", json=body)
    await run.ask("POST", "/api/v1/sessions", data=f'{{"password": "{wrong}"')
    spent = {"refresh_token": values["refresh_token"]}
    await run.ask("POST", "/api/v1/sessions/refresh", json=spent)
    for odd in (values["wrong_key"], values["jwt"][:-3] + "abc", f"{values['jwt']}x"):
        await run.ask("GET", "/api/v1/users/me", odd)
    pair = {"key": values["wrong_store_key"], "secret": values["wrong_store_secret"]}
    connection = {"name": "other", "url": "http://127.0.0.1:1", **pair}
    for body in (connection, {**connection, "url": values["wrong_store_key"]}, pair):
        await run.ask("POST", "/api/v1/connections", token, json=body)
        await run.ask("POST", "/api/v1/connections/test", token, json=body)
    await run.ask("POST", f"/hooks/{values['webhook_token']}x", data=b"{}")
    await run.ask("POST", f"/hooks/{values['webhook_token']}", data=b"{}")
    await run.ask(
        "POST",
        f"/hooks/{values['webhook_token']}",
        data=b"\xff{",
        headers={"X-WC-Webhook-Signature": values["webhook_secret"]},
    )


def use_the_commands(run: Run, store: Sandbox) -> None:
    """Pull, look, break, and give wrong keys, with whatever the command line has."""
    do, values = run.installed.run, run.known.values
    wrong = {
        "STORETWIN_STORE_KEY": values["wrong_store_key"],
        "STORETWIN_STORE_SECRET": values["wrong_store_secret"],
    }
    assert do("pull", NAME).code == 0
    do("connection", "add", "wrong", "--url", f"{store.url}/elsewhere", **wrong)
    do("pull", "wrong", STORETWIN_LOG_FORMAT="console")
    for command in (
        ("runs", "--json"), ("connection", "show", NAME), ("vault", "rotate"), ("audit", "--json"),
        ("show", NAME, "webhooks", "1", "--history"), ("export", "webhooks", "--format", "jsonl"),
    ):  # fmt: skip
        do(*command)
    odd_key = values["encryption_key"][:-6]
    run.known.add(odd_encryption_key=odd_key)
    refused = do("status", STORETWIN_ENCRYPTION_KEY=odd_key)
    assert refused.code == 1
    other_key = base64.b64encode(secrets.token_bytes(32)).decode()
    run.known.add(other_encryption_key=other_key)
    assert "not the one" in do("status", STORETWIN_ENCRYPTION_KEY=other_key).said
    dsn = f"postgresql://storetwin:{values['wrong_database_password']}@127.0.0.1:1/nothing"
    assert do("status", STORETWIN_DATABASE_URL=dsn).code == 1


def test_no_secret_is_anywhere() -> None:
    key = base64.b64encode(secrets.token_bytes(32)).decode()
    known, port = Known(), free_port()
    known.add(
        encryption_key=key,
        password=secrets.token_urlsafe(18),
        wrong_store_key="ck_" + secrets.token_hex(20),
        wrong_store_secret="cs_" + secrets.token_hex(20),
        wrong_database_password=secrets.token_urlsafe(18),
    )
    with (
        running_store(orders=12) as store,
        installation(
            is_prepared=False,
            is_forked=False,  # the command lines that `ps` shows are looked at as well
            STORETWIN_LOG_LEVEL="debug",
            STORETWIN_LOG_FORMAT="json",
            STORETWIN_ENCRYPTION_KEY=key,
            STORETWIN_PUBLIC_URL=f"http://127.0.0.1:{port}",
            STORETWIN_PORT=str(port),
        ) as installed,
        Watch(installed.folder) as watch,
    ):
        known.add(store_key=store.key, store_secret=store.secret)
        run = Run(installed, port, known)
        with installed.serving():
            database = EmbeddedPostgres(installed.data_dir)
            known.add(database_password=password_in(database.dsn))
            installed.do("user", "add", EMAIL, STORETWIN_PASSWORD=known.values["password"])
            worker = run.running("worker", STORETWIN_LOG_FORMAT="console")
            with run.running("serve") as serving, worker:
                until(lambda: is_up(port), "the door", seconds=30)
                installed.connect(store)
                installed.do("webhook", "create", NAME)
                token, secret = opened_secrets(run)
                known.add(webhook_token=token, webhook_secret=secret)
                order = store.store.ids("orders")[0]
                store.store.edit_order(order, {"customer_note": "Told by webhook."})
                in_own_loop(use_the_api(run))
                use_the_commands(run, store)
                serving.kill()
                serving.wait(10)
            text = dumped(database.admin_dsn, database.dsn)
        said = "\n".join(installed.heard)
        logs = "\n".join(p.read_text("utf-8", "replace") for p in all_logs(installed.folder))
        assert known.found_in("\n".join(watch.seen)) == set()
        assert len(watch.seen) > 10
    assert '"level"' in logs
    assert "debug" in logs
    assert known.found_in(said) == set()
    assert known.found_in(logs) == set()
    assert {name for one in run.answers for name in known.found_in(one)} == set()
    assert len(run.answers) > 50
    assert known.found_in(text) == set()
    assert "webhooks" in text


def test_it_would_find_one() -> None:
    known = Known()
    key = base64.b64encode(bytes(range(32))).decode()
    known.add(password="correct horse battery", key=key)
    basic = base64.b64encode(b"someone:correct horse battery").decode()
    for text in (
        "correct horse battery", "CORRECT%20horse%20battery", b"correct horse battery".hex(),
        f"Basic {basic}", f"Basic {base64.b64encode(b'x:correct horse battery--').decode()}",
    ):  # fmt: skip
        assert known.found_in(f"a {text} b") == {"password"}, text
    assert known.found_in(bytes(range(32)).hex()) == {"key"}
    assert known.found_in(f"key={key}") == {"key"}
    assert known.found_in("battery horse") == set()


def password_in(dsn: str) -> str:
    """Return the password of a DSN."""
    from psycopg.conninfo import conninfo_to_dict

    return str(conninfo_to_dict(dsn)["password"])


def is_up(port: int) -> bool:
    """Say whether somebody listens."""
    import socket

    time.sleep(0.05)
    with socket.socket() as asking:
        return asking.connect_ex(("127.0.0.1", port)) == 0


def all_logs(folder: Path) -> list[Path]:
    """Return every log below the folder: of our processes and of PostgreSQL."""
    found = sorted(folder.rglob("*.log"))
    assert any("postgres" in path.name for path in found), found
    assert len(found) >= 3
    return found
