"""Every command as a person or a script runs it: exit codes, documents, signals, and no secrets."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import psycopg
import pytest
from woocommerce import API

from installed import NAME, Installation, installation, processes_with, until
from storetwin.sandboxes.woocommerce import Sandbox, running_store
from storetwin.sandboxes.woocommerce.auth import READ_WRITE

ORDERS = 300
OTHER = "other"
SEED = "424242"  # of the demo's store, to know its process by
DEBUG = {"STORETWIN_LOG_LEVEL": "debug"}
STOPS_WITHIN = 15.0  # seconds


@pytest.fixture(scope="module")
def store() -> Iterator[Sandbox]:
    with running_store(orders=ORDERS, seed=8) as sandbox:
        yield sandbox


@pytest.fixture(scope="module")
def home(store: Sandbox) -> Iterator[Installation]:
    """An installation with the store connected and pulled; its keys are never written anywhere."""
    with installation() as made, made.serving():
        made.connect(store)
        made.do("pull", NAME)
        yield made
        assert_no_secret(made, store)


@pytest.fixture
def broken_store() -> Iterator[Sandbox]:
    with running_store(orders=60, seed=9) as sandbox:
        yield sandbox


@pytest.fixture
def other(home: Installation, broken_store: Sandbox) -> Iterator[str]:
    """A connection of the test's own, to a store that may break."""
    home.connect(broken_store, name=OTHER)
    yield OTHER
    broken_store.faults.clear()
    home.do("connection", "remove", OTHER)


def assert_no_secret(home: Installation, store: Sandbox) -> None:
    for text in home.heard:
        assert store.key not in text
        assert store.secret not in text


# -- the program itself -------------------------------------------------------------------------


@pytest.mark.parametrize(
    "arguments",
    [
        ("--version",),
        ("nothing",),
        ("status", "--json"),
        ("connection", "show", NAME),
        ("connection", "add", OTHER, "--url", "http://nowhere.invalid", "--json"),
        ("show", NAME, "orders", "99999999"),
        ("export", "coupons", "--format", "jsonl"),
        ("dead-letters",),
        ("db", "psql", "--command", "SELECT nothing"),
    ],
    ids=" ".join,
)
def test_a_forked_command_does_what_a_started_one_does(home, arguments):
    """Nearly all commands of the tests are forks; see to it that nothing is lost by that."""
    forked = home.run(*arguments)
    started = replace(home, is_forked=False).run(*arguments)
    assert (timeless(forked.out), forked.err, forked.code) == (
        timeless(started.out),
        started.err,
        started.code,
    )


def timeless(text: str) -> str:
    """Return a text without the ages in it."""
    return re.sub(r"[0-9.]+ s ago|T[0-9:.]+", "", text)


# -- connections --------------------------------------------------------------------------------


@pytest.mark.parametrize("way", ["options", "environment", "standard input"])
def test_keys_are_given_in_three_ways(home, broken_store, way):
    key, secret = broken_store.key, broken_store.secret
    options = ["--key", key, "--secret", secret] if way == "options" else []
    variables = {"STORETWIN_STORE_KEY": key, "STORETWIN_STORE_SECRET": secret}
    added = home.run(
        *("connection", "add", OTHER, "--url", broken_store.url, *options, "--json"),
        stdin=f"{key}\n{secret}\n" if way == "standard input" else "",
        **(variables if way == "environment" else {}),
    )
    assert added.code == 0, added.said
    assert added.json["name"] == OTHER
    assert home.do("connection", "test", OTHER, "--json").json["is_ok"] is True
    home.do("connection", "remove", OTHER)


def test_a_connection_from_its_first_day_to_its_last(home, broken_store):
    home.connect(broken_store, name=OTHER)
    listed = home.do("connection", "list", "--json").json
    assert [connection["name"] for connection in listed] == [NAME, OTHER]
    tested = home.do("connection", "test", OTHER, "--json", **DEBUG).json
    assert tested["is_ok"] is True
    assert tested["error"] is None
    shown = home.do("connection", "show", OTHER, "--json").json
    assert shown["url"] == broken_store.url
    assert shown["woocommerce"] == "10.5.0"
    removed = home.do("connection", "remove", OTHER, "--json").json
    assert removed == {"removed": OTHER, "webhooks": None}  # there never were any
    assert home.run("connection", "show", OTHER).code == 2


def test_what_people_read_of_connections(home, store):
    listed, shown = home.do("connection", "list"), home.do("connection", "show", NAME)
    assert NAME in listed.out
    assert store.url in listed.out
    assert store.url in shown.out
    assert " ✓ keys " in home.do("connection", "test", NAME).out


def test_keys_that_are_missing_are_asked_for(home):
    done = home.run("connection", "add", OTHER, "--url", "http://nowhere.invalid")
    assert done.code == 1
    assert done.error[0] == "Error: The consumer key is missing."


# -- pulling and proving ------------------------------------------------------------------------


def test_a_pull_prints_one_document(home, store):
    done = home.do("pull", NAME, "--json", **DEBUG)
    certificate = done.json["certificate"]
    assert certificate["is_complete"] is True
    found = {line["resource"]: line for line in certificate["resources"]}
    orders = found["orders"]["in_twin"] + len(found["orders"]["unlisted"])
    assert orders == len(store.store.ids("orders"))


def test_a_pull_of_some_resources(home):
    found = home.do("pull", NAME, "-r", "coupons", "--resource", "taxes", "--full", "--json").json
    named = [line["resource"] for line in found["certificate"]["resources"]]
    assert sorted(named) == ["coupons", "taxes"]


@pytest.mark.parametrize("level", ["ids", "modified", "bytes"])
def test_a_verification_states_its_level(home, level):
    certificate = home.do("verify", NAME, "--level", level, "--json").json["certificate"]
    assert certificate["level"] == level
    assert certificate["is_complete"] is True


def test_what_people_read_of_a_certificate(home):
    done = home.do("verify", NAME, "--level", "ids")
    assert "Certificate of completeness: shop" in done.out
    assert "Complete: " in done.out
    assert "prove orders" in done.err


def test_status(home, store):
    [line] = home.do("status", "--json").json["connections"]
    assert line["connection"] == NAME
    assert line["is_complete"] is True
    assert sum(line["resources"]["orders"].values()) == len(store.store.ids("orders"))
    assert "complete" in home.do("status").out


def test_runs(home):
    latest, *_ = home.do("runs", "--limit", "1", "--json").json
    assert latest["state"] == "done"
    one = home.do("runs", latest["run_id"][:30], "--json").json
    assert one["run_id"] == latest["run_id"]
    assert one["progress"]
    assert latest["run_id"] in home.do("runs").out
    assert "requests" in home.do("runs", latest["run_id"]).out
    assert home.run("runs", "no-such-run").code == 2


def test_a_record_and_its_exact_bytes(home, store):
    number = store.store.ids("orders")[17]
    raw = home.do("show", NAME, "orders", str(number), "--raw")
    assert raw.raw == store.store.document("orders", number)
    shown = home.do("show", NAME, "orders", str(number), "--json").json
    assert shown["document"] == json.loads(raw.raw)
    assert shown["versions"] == []
    assert f'"id": {number}' in home.do("show", NAME, "orders", str(number)).out
    assert home.run("show", NAME, "orders", "99999999").code == 2


def test_what_is_pulled_is_chosen_and_shown(home, other, tmp_path):
    file = tmp_path / "bookings.json"
    file.write_text('{"name": "bookings", "path": "wc-bookings/v1/bookings"}', encoding="utf-8")
    chosen = ("--notes", "--without", "reviews", "--endpoint", str(file), "--language", "de")
    gentle = ("--at-once", "3", "--per-minute", "60", "--quiet", "22:00-06:00")
    told = home.do("connection", "set", OTHER, *chosen, *gentle, "--json").json
    wanted = {
        "extra": ["order_notes"],
        "without": ["reviews"],
        "languages": ["de"],
        "at_once": 3,
        "per_minute": 60,
        "quiet_hours": ["22:00-06:00"],
    }
    assert {name: told[name] for name in wanted} == wanted
    home.do("connection", "set", OTHER, "--at-once", "0")
    shown = home.do("connection", "show", OTHER, "--json").json
    assert {name: shown[name] for name in wanted} == wanted | {"at_once": None}
    assert shown["endpoints"][0]["path"] == "wc-bookings/v1/bookings"
    text = home.do("connection", "show", OTHER).out
    assert "bookings (wc-bookings/v1/bookings)" in text
    home.do("connection", "set", OTHER, "--no-quiet", "--no-language", "--no-endpoint", "bookings")
    after = home.do("connection", "show", OTHER, "--json").json
    assert (after["quiet_hours"], after["languages"], after["endpoints"]) == ([], [], [])


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("--extra", "nothing"), 2, "There is no resource 'nothing'."),
        (("--without", "zones"), 1, "are read through zones, which are left out."),
        (("--quiet", "night"), 1, "'night' is no span of the day."),
        (("--endpoint", "/nowhere.json"), 1, "The file /nowhere.json cannot be read"),
    ],
)
def test_a_choice_that_cannot_be_used_is_told(home, other, arguments, code, said):
    done = home.run("connection", "set", OTHER, *arguments, "--json")
    assert done.code == code, done.said
    assert said in done.json["error"]["message"]
    assert done.json["error"]["remedy"]


# -- what goes wrong ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "arguments",
    [
        ("pull", "nothing"),
        ("pull", NAME, "--resource", "nothing"),
        ("pull", NAME, "--nothing"),
        ("verify", NAME, "--level", "nothing"),
        ("nothing",),
        ("show", NAME, "nothing", "1"),
        ("sandbox", "woocommerce", "--fault", "nothing"),
    ],
    ids=" ".join,
)
def test_wrong_use_is_2(home, arguments):
    done = home.run(*arguments)
    assert done.code == 2, done.said
    assert done.err


def test_a_failure_is_1_and_one_document(home):
    done = home.run("connection", "add", NAME, "--url", "ftp://x", "--json", stdin="ck_1\ncs_1\n")
    assert done.code == 1
    assert set(done.json["error"]) == {"code", "message", "remedy"}


def test_what_cannot_be_had_is_3_and_a_dead_letter(home, broken_store, other):
    broken_store.faults.switch_on("poison:count=3")
    poisoned = {str(n) for fault in broken_store.faults.described() for n in fault["ids"]}
    pulled = home.run("pull", other, "--json", **DEBUG)
    assert pulled.code == 3, pulled.said
    assert pulled.json["certificate"]["is_complete"] is False
    letters = home.do("dead-letters", "--json", "--connection", other).json
    assert {letter["name"] for letter in letters} == poisoned
    assert "orders" in home.do("dead-letters").out
    shown = home.do("dead-letters", "show", letters[0]["dead_letter_id"]).out.splitlines()
    assert shown[0] == f"orders/{letters[0]['name']} of {other}: waiting"
    assert shown[2] == letters[0]["reason"]
    assert shown[4].startswith("GET orders")
    assert shown[5].startswith("500 ")
    again = home.run("dead-letters", "retry", "--json")
    assert again.code == 3, again.said
    assert again.json == {"resolved": 0, "failed": 3, "unnamed": 0}
    broken_store.faults.clear()
    assert home.do("dead-letters", "retry", "--json").json["resolved"] == 3
    assert home.do("pull", other, "--json").json["certificate"]["is_complete"] is True
    assert home.do("dead-letters", "--json").json == []


def test_dead_letters_that_are_discarded_stay_lacking(home, broken_store, other):
    broken_store.faults.switch_on("poison:count=2")
    assert home.run("pull", other, "-r", "orders").code == 3
    assert home.do("dead-letters", "discard", "--json").json == {"discarded": 2}
    assert home.do("dead-letters", "--json").json == []
    verified = home.run("verify", other, "-r", "orders", "--json")
    assert verified.code == 3, verified.said
    assert verified.json["certificate"]["resources"][0]["lacking_count"] == 2


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_pull_is_130_and_goes_on(home, broken_store, other, number):
    with slow(broken_store):
        pull = home.start("pull", other)
        until(lambda: len(broken_store.requests) > 8, "a pull that is at work")
        pull.send_signal(number)
        done = home.finish(pull, seconds=STOPS_WITHIN)
    assert done.code == 130, done.said
    assert done.error == [
        "Stopped. Nothing that was read is lost; the same command goes on from here."
    ]
    runs = home.do("runs", "--json").json
    assert [run["state"] for run in runs if run["connection"] == other] == ["interrupted"]
    assert home.do("pull", other, "--json").json["certificate"]["is_complete"] is True


@contextmanager
def slow(store: Sandbox) -> Iterator[None]:
    store.requests.clear()
    store.faults.switch_on("latency:ms=100")
    try:
        yield
    finally:
        store.faults.clear()


# -- the database -------------------------------------------------------------------------------


def test_the_database(home, store):
    dsn = home.do("db", "url").out.strip()
    with psycopg.connect(dsn) as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)
    assert home.do("db", "upgrade").out == "The schema is up to date.\n"
    counted = "SELECT count(*) FROM mirror.documents WHERE resource = 'orders'"
    assert str(len(store.store.ids("orders"))) in home.do("db", "psql", "-c", counted).out
    assert home.run("db", "psql", "--command", "SELECT nothing").code == 1


def test_several_commands_share_a_data_directory_from_its_first_moment(fresh_program, broken_store):
    """The first one makes the database, the last one out stops it."""
    program = fresh_program
    asked = [("status",), ("db", "upgrade"), ("db", "url")]
    started = [program.start(*arguments) for arguments in asked]
    for process in started:
        done = program.finish(process)
        assert done.code == 0, done.said
    program.connect(broken_store)
    pull = program.start("pull", NAME)
    statuses = [program.start("status", "--json") for _ in range(2)]
    assert [program.finish(process).code for process in (*statuses, pull)] == [0] * 3
    assert program.postmaster is None


# -- the sandbox and the demo -------------------------------------------------------------------


def test_the_sandbox_store(home):
    process = home.start("sandbox", "woocommerce", "--port", "0", "--orders", "50")
    url = said(process, "Sandbox store").split()[-1]
    with urllib.request.urlopen(f"{url}/sandbox/counts") as answer:
        assert json.load(answer)["records"]["orders"] >= 50
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=STOPS_WITHIN)
    assert process.returncode == 0
    assert "poison" in home.do("sandbox", "woocommerce", "--fault", "help").out


def test_the_demo_once_and_again_until_it_is_killed(fresh_program):
    program = fresh_program
    done = program.do(*demo("--once"))
    assert "Complete: " in done.out
    assert processes_with(SEED) == []
    process = program.start(*demo(), STORETWIN_ALLOWED_NETWORKS="")
    said(process, "Everything stays up")  # the second time on the same data
    process.kill()
    process.communicate(timeout=STOPS_WITHIN)
    until(lambda: processes_with(SEED) == [], "the end of the store", seconds=STOPS_WITHIN)
    folder = program.data_dir / "demo"
    assert processes_with(str(folder)), "the database waits for the next command"
    own = {"STORETWIN_DATA_DIR": str(folder)}
    changed = "SET ROLE storetwin_owner; UPDATE storetwin_migrations SET checksum = 'another'"
    program.do("db", "psql", "-c", changed, **own)
    assert processes_with(str(folder)) == []
    refused = program.run(*demo("--once"))
    assert refused.code == 1
    assert f"Remove the folder {folder} and start again" in refused.err


def test_the_demos_twin_follows_its_store_until_it_is_stopped(fresh_program):
    program = fresh_program
    process = program.start(*demo(), STORETWIN_ALLOWED_NETWORKS="")
    url = said(process, "The store answers at").split()[-1]
    said(process, "Open it in a browser")
    assert process.stdout is not None
    where, password = (process.stdout.readline().decode().split()[-1] for _ in range(2))
    said(process, "Everything stays up")
    assert "Step 3 of 5: Promote products into core" in first_page(where, password)
    assert len(processes_with(SEED)) == 2
    store = API(url=url, consumer_key=READ_WRITE.key, consumer_secret=READ_WRITE.secret)
    [order] = store.get("orders", params={"per_page": 1}).json()
    number = str(order["id"])
    assert store.put(f"orders/{number}", {"customer_note": "by the door, please"}).ok
    own = {"STORETWIN_DATA_DIR": str(program.data_dir / "demo")}

    def latest() -> dict[str, Any]:
        return program.do("show", "demo", "orders", number, "--history", "--json", **own).json

    until(lambda: len(latest()["versions"]) == 2, "the second version", seconds=20)
    newest = max(latest()["versions"], key=lambda version: version["version"])
    assert newest["brought_by"] == "webhook"
    assert "by the door" in program.do("show", "demo", "orders", number, "--json", **own).out
    os.kill(process.pid, signal.SIGINT)
    _, err = process.communicate(timeout=STOPS_WITHIN)
    assert process.returncode == 0, err
    assert processes_with(SEED) == []
    assert processes_with(str(program.data_dir)) == []


def first_page(where: str, password: str) -> str:
    """Sign in as a browser does at the address that the demo names, and return what is shown."""
    address = urlsplit(where)
    origin = f"{address.scheme}://{address.netloc}"
    browser = urllib.request.build_opener(urllib.request.HTTPCookieProcessor())
    form = {"email": parse_qs(address.query)["email"][0], "password": password}
    form["next"] = "/operations"
    asked = urllib.request.Request(
        f"{origin}/sign-in", urlencode(form).encode(), {"Origin": origin, "Accept": "text/html"}
    )
    with browser.open(asked) as answer:
        assert answer.url == f"{origin}/operations"
        return answer.read().decode()


def demo(*options: str) -> tuple[str, ...]:
    fresh = ("--port", "0", "--hub-port", "0", "--seed", SEED)
    return ("demo", "--orders", "60", *fresh, *options)


def said(process: subprocess.Popen[bytes], beginning: str) -> str:
    """Read what a process says until a line begins like this; return that line."""
    heard: list[Any] = []
    assert process.stdout is not None
    for line in iter(process.stdout.readline, b""):
        heard.append(line.decode())
        if heard[-1].startswith(beginning):
            return heard[-1]
    raise AssertionError("".join(heard) + process.communicate()[1].decode())
