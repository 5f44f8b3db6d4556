"""Every command as a person uses it: the installed program, real processes, exit codes, one JSON document."""

import json
import re
import signal

import pytest

from installed import installation, processes_with, until
from storetwin.sandboxes.woocommerce import running_store


@pytest.fixture(scope="module")
def store():
    with running_store(orders=250) as sandbox:
        yield sandbox


@pytest.fixture(scope="module")
def program(store):
    """A program with a pulled and certified twin."""
    with installation() as made:
        made.connect(store)
        done = made.do("pull", "shop", "--json")
        assert done.json["certificate"]["is_complete"]
        yield made


def keys(store):
    return {"STORETWIN_STORE_KEY": store.key, "STORETWIN_STORE_SECRET": store.secret}


def test_without_a_connection_every_list_says_what_to_do_next():
    with installation() as empty:
        for command in (["connection", "list"], ["status"]):
            done = empty.do(*command)
            assert "storetwin connection add" in done.err
            assert done.out == ""
        assert "storetwin pull" in empty.do("runs").err
        assert empty.do("dead-letters").err.strip() == "Nothing was given up."
        assert empty.do("connection", "list", "--json").json == []


def test_json_is_one_document_and_nothing_else(program):
    for command in (
        ["connection", "list"], ["connection", "show", "shop"], ["connection", "test", "shop"],
        ["status"], ["runs"], ["dead-letters"], ["show", "shop", "taxes", "1"],
        ["verify", "shop", "--resource", "taxes"], ["pull", "shop", "--resource", "tags"],
    ):  # fmt: skip
        done = program.do(*command, "--json")
        assert done.json is not None, command
        decoder = json.JSONDecoder()
        assert done.out[decoder.raw_decode(done.out)[1] :].strip() == ""


def test_an_error_with_json_is_one_document_too(program):
    done = program.run("pull", "nothing", "--json")
    assert done.code == 2
    assert done.json["error"]["remedy"]


def test_keys_come_by_option_environment_and_standard_input(store):
    with installation() as made:
        url = ["--url", store.url]
        made.do("connection", "add", "a", *url, "--key", store.key, "--secret", store.secret)
        made.do("connection", "remove", "a", "--yes")
        made.do("connection", "add", "b", *url, **keys(store))
        made.do("connection", "remove", "b", "--yes")
        done = made.run("connection", "add", "c", *url, stdin=f"{store.key}\n{store.secret}\n")
        assert done.code == 0, done.said
        assert made.do("connection", "test", "c", "--json").json["is_ok"]
        assert made.run("connection", "add", "d", "--url", "https://d.test", stdin="").code == 1


def test_the_levels_of_a_certificate(program):
    for level in ("ids", "modified", "bytes"):
        done = program.do("verify", "shop", "--level", level, "--json")
        certificate = done.json["certificate"]
        assert certificate["is_complete"]
        assert certificate["level"] == level
    orders = next(r for r in certificate["resources"] if r["resource"] == "orders")
    assert orders["level"] == "bytes"


def test_the_certificate_is_printed_as_a_table(program):
    done = program.do("verify", "shop", "--resource", "orders")
    assert re.search(r"orders\s+250\s+250\s+\d+\s+modified\s+\d+\s+complete", done.out), done.out
    assert "Complete: 250 records" in done.out


def test_a_record_is_shown_and_written_exactly(program, store):
    number = store.store.ids("orders")[0]
    document = store.store.document("orders", number)
    assert program.do("show", "shop", "orders", str(number), "--raw").raw == document
    shown = program.do("show", "shop", "orders", str(number), "--json").json
    assert shown["document"]["id"] == number
    assert shown["state"] == "listed"
    assert program.run("show", "shop", "orders", "99999999").code == 2


def test_runs_are_listed_and_found_by_the_beginning_of_their_id(program):
    first = program.do("runs", "--json").json[-1]
    assert (first["kind"], first["state"]) == ("pull", "done")
    shown = program.do("runs", first["run_id"], "--json").json
    assert {p["resource"] for p in shown["progress"]} >= {"orders", "refunds", "taxes"}
    assert program.run("runs", "ffffffff").code == 2


def test_the_database_answers_as_the_program_and_no_more(program):
    assert program.do("db", "url").out.startswith("postgresql://")
    assert "up to date" in program.do("db", "upgrade").out
    counted = program.do(
        "db", "psql", "-c", "SELECT count(*) FROM mirror.documents WHERE resource = 'orders'"
    )
    assert re.search(r"\b2[5-9]\d\b", counted.out)
    who = program.do("db", "psql", "-c", "SELECT current_user")
    assert "storetwin_app" in who.out
    assert program.run("db", "psql", "-c", "DROP TABLE mirror.snapshots").code == 1


def test_what_cannot_be_had_is_named_and_exits_with_three(store):
    with installation() as made, running_store(orders=150) as broken:
        broken.faults.switch_on("poison:count=2")
        poisoned = sorted(map(str, broken.faults.ids("poison")))
        made.connect(broken)
        done = made.run("pull", "shop")
        assert done.code == 3, done.said
        letters = made.do("dead-letters", "--json").json
        assert sorted(letter["remote_id"] for letter in letters) == poisoned
        for name in poisoned:
            assert name in done.out
        assert made.run("dead-letters", "retry").code == 3
        broken.faults.clear()
        assert made.do("dead-letters", "retry").out.startswith("2 resolved")
        assert made.do("pull", "shop", "--json").json["certificate"]["is_complete"]
        assert made.do("dead-letters", "discard", "--yes").out.startswith("0 discarded")


def test_ctrl_c_stops_cleanly_and_the_same_command_goes_on():
    with installation() as made, running_store(orders=1500, faults=["latency:ms=60"]) as slow:
        made.connect(slow)
        process = made.start("pull", "shop", "--resource", "orders")
        until(
            lambda: slow.requests.by_path.get("/wp-json/wc/v3/orders", 0) > 3, "orders being read"
        )
        process.send_signal(signal.SIGINT)
        done = made.finish(process, seconds=20)
        assert done.code == 130, done.said
        assert "goes on from here" in done.err
        assert made.do("runs", "--json").json[0]["state"] == "interrupted"
        slow.faults.clear()
        assert made.do("pull", "shop", "--resource", "orders", "--json").json["certificate"][
            "is_complete"
        ]


def test_several_commands_at_once_share_the_database(program):
    started = [
        program.start(*c) for c in (["status"], ["runs"], ["connection", "list"], ["db", "url"])
    ]
    for process in started:
        assert program.finish(process).code == 0


def test_wrong_use_exits_with_two(program):
    assert program.run("pull").code == 2
    assert program.run("pull", "shop", "--nonsense").code == 2
    assert program.run("pull", "shop", "--resource", "nonsense").code == 2
    assert program.run("nonsense").code == 2


def test_no_secret_was_ever_written(program, store):
    program.run("connection", "show", "shop")
    program.run("pull", "shop", "--resource", "taxes", STORETWIN_LOG_LEVEL="debug")
    for said in program.heard:
        assert store.secret not in said
        assert store.key not in said


def test_the_demo_ends_by_itself_or_stays_up_until_ctrl_c():
    with installation() as made:
        done = made.do("demo", "--once", "--orders", "200", "--port", "0")
        assert "Complete:" in done.out
        process = made.start("demo", "--orders", "200", "--port", "0")
        lines = iter(process.stdout.readline, b"")
        assert any(b"press Ctrl-C" in line for line in lines)
        process.send_signal(signal.SIGINT)
        stopped = made.finish(process, seconds=30)
        assert stopped.code in (0, 130), stopped.said
        assert not processes_with(str(made.folder))
