"""History as a person or a script asks for it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from installed import NAME, Installation, installation
from storetwin.sandboxes.woocommerce import Sandbox, running_store

META = {"meta_data": [{"id": 1, "key": "k\0", "value": "\U0001f600 1e400"}]}


@pytest.fixture(scope="module")
def store() -> Iterator[Sandbox]:
    with running_store(orders=40, seed=8) as sandbox:
        yield sandbox


@pytest.fixture(scope="module")
def home(store: Sandbox) -> Iterator[Installation]:
    with installation() as made, made.serving():
        made.connect(store)
        made.do("pull", NAME, "-r", "orders", "-r", "coupons")
        yield made


@pytest.fixture(scope="module")
def edited(home: Installation, store: Sandbox) -> str:
    """An order with two versions."""
    number = store.store.ids("orders")[3]
    store.store.edit("orders", number, {"customer_note": "ring twice", **META})
    home.do("pull", NAME, "-r", "orders")
    return str(number)


def test_every_version_is_listed_with_who_brought_it_and_what_it_changed(home, edited):
    told = home.do("show", NAME, "orders", edited, "--history", "--json").json["versions"]
    assert [(v["version"], v["brought_by"], v["state"]) for v in told] == [
        (2, "pull", "listed"),
        (1, "pull", "listed"),
    ]
    assert {"customer_note"} < set(told[0]["fields"])
    assert (told[0]["superseded_at"], told[1]["fields"]) == (None, [])
    assert told[1]["superseded_at"] == told[0]["written_at"]
    text = home.do("show", NAME, "orders", edited, "--history").out
    assert "first version" in text
    assert "customer_note" in text


def test_a_record_as_it_was(home, edited):
    versions = home.do("show", NAME, "orders", edited, "--history", "--json").json["versions"]
    then = versions[1]["written_at"]
    shown = home.do("show", NAME, "orders", edited, "--at", then, "--json").json
    assert (shown["version"], shown["document"]["customer_note"]) == (1, "")
    assert '"customer_note": ""' in home.do("show", NAME, "orders", edited, "--at", then).out
    raw = home.do("show", NAME, "orders", edited, "--at", "now", "--raw").raw
    assert raw == home.do("show", NAME, "orders", edited, "--raw").raw
    early = home.run("show", NAME, "orders", edited, "--at", "2020-01-01")
    assert early.code == 2
    assert early.error[0] == "Error: The twin did not have it at 2020-01-01 00:00:00 UTC."
    assert "Its first version was written at 20" in early.error[1]


def test_two_versions_field_by_field(home, edited):
    found = home.do("show", NAME, "orders", edited, "--diff", "1", "now", "--json").json
    changes = {change["field"]: change for change in found["changes"]}
    assert changes["customer_note"] == {
        "field": "customer_note",
        "kind": "changed",
        "before": "",
        "after": "ring twice",
    }
    text = home.do("show", NAME, "orders", edited, "--diff", "1", "2").out
    assert "ring twice" in text
    same = home.do("show", NAME, "orders", edited, "--diff", "2", "2").out
    assert "They are the same, byte for byte." in same


def test_a_record_that_is_gone_keeps_its_history(home, store):
    number = store.store.ids("orders")[5]
    store.store.delete("orders", number)
    home.do("verify", NAME, "-r", "orders")
    [gone, first] = home.do("show", NAME, "orders", str(number), "--history", "--json").json[
        "versions"
    ]
    assert (gone["state"], gone["brought_by"], first["state"]) == ("gone", "sweep", "listed")
    shown = home.do("show", NAME, "orders", str(number), "--at", "now")
    assert shown.err.startswith("It was gone: the tombstone was set at ")
    changes = home.do("changes", NAME, "--since", "2020-01-01", "--json").json["changes"]
    assert (changes[0]["remote_id"], changes[0]["what"]) == (str(number), "gone")


def test_what_happened_in_a_span(home, edited):
    done = home.do("changes", NAME, "-r", "orders", "--since", "2020-01-01", "--limit", "0")
    lines = done.out.splitlines()
    assert len(lines) >= 41
    [line] = [line for line in lines if f"orders {edited} " in line and " changed " in line]
    assert "customer_note" in line
    few = home.do("changes", NAME, "--since", "2020-01-01", "--limit", "3")
    assert (len(few.out.splitlines()), "--limit 0 lists all" in few.err) == (3, True)
    document = home.do("changes", NAME, "--since", "2020-01-01", "--limit", "3", "--json").json
    assert (len(document["changes"]), document["has_more"]) == (3, True)
    nothing = home.do("changes", NAME, "--since", "2019-01-01", "--until", "2020-01-01", "--json")
    assert nothing.json == {"changes": [], "has_more": False}


def test_single_records_are_pulled(home, store):
    first, second = store.store.ids("orders")[6:8]
    store.store.edit("orders", first, {"customer_note": "again"})
    done = home.do(
        *("pull", NAME, "--record", f"orders/{first}", "--record", f"orders/{second}"),
        *("--record", "orders/99999999", "--json"),
    )
    told = [(r["remote_id"], r["fate"]) for r in done.json["records"]]
    assert told == [(str(first), "changed"), (str(second), "same"), ("99999999", "absent")]
    assert "customer_note" in done.json["records"][0]["fields"]
    text = home.do("pull", NAME, "--record", "orders/99999999").out
    assert "neither the store nor the twin has it" in text
    assert home.run("pull", NAME, "--record", "orders").code == 1
    assert home.run("pull", NAME, "--record", "nothing/1").code == 2


def test_a_span_is_pulled_and_is_no_certificate(home, store):
    done = home.do("pull", NAME, "-r", "orders", "--since", "2020-01-01", "--json").json
    assert done["certificate"] is None
    assert done["timezone"] == "America/New_York"
    assert done["since"].startswith("2020-01-01 05:00:00")
    assert done["resources"][0]["records"] > 30
    text = home.do("pull", NAME, "-r", "orders", "--until", "2020-01-01").out
    assert f"No certificate: nothing else was looked at. For that: storetwin pull {NAME}" in text


def test_a_rehearsal_says_what_a_pull_would_change(home, store):
    runs = home.do("runs", "--json").json
    number = store.store.create("coupons")
    found = home.do("pull", NAME, "--dry-run", "-r", "coupons", "--json").json["resources"]
    assert [(line["resource"], line["new"], line["changed"]) for line in found] == [
        ("coupons", 1, 0)
    ]
    text = home.do("pull", NAME, "--dry-run", "-r", "coupons").out
    assert f"Nothing was written. To do it: storetwin pull {NAME}" in text
    assert home.run("show", NAME, "coupons", str(number)).code == 2
    assert home.do("runs", "--json").json == runs


@pytest.mark.parametrize(
    "arguments",
    [
        ("--dry-run", "--full"),
        ("--record", "orders/1", "--since", "2026-01-01"),
        ("--record", "orders/1", "-r", "orders"),
        ("--until", "2026-01-01", "--bury"),
    ],
    ids=" ".join,
)
def test_ways_to_pull_exclude_each_other(home, arguments):
    done = home.run("pull", NAME, *arguments)
    assert done.code == 2, done.said


def test_versions_go_by_a_rule_and_only_then(home, store):
    number = str(store.store.ids("coupons")[0])
    for text in ("one", "two", "three"):
        store.store.edit("coupons", int(number), {"description": text})
        home.do("verify", NAME, "-r", "coupons")
    nothing = {"versions": 0, "deliveries": 0, "receipts": 0}
    told = home.do("prune", NAME, "--json").json
    none = {"connection": NAME, "keep_versions": None, "keep_days": None, **nothing}
    assert told == {"dry_run": False, "connections": [none]}
    home.do("connection", "set", NAME, "--keep-versions", "2")
    looked = home.do("prune", NAME, "--dry-run", "--json").json["connections"][0]
    assert (looked["keep_versions"], looked["versions"]) == (2, 2)
    assert "the latest 2" in home.do("prune").out
    told = home.do("show", NAME, "coupons", number, "--history", "--json").json["versions"]
    assert [(v["version"], v["fields"] is None) for v in told] == [(4, False), (3, True)]
    home.do("connection", "set", NAME, "--keep-versions", "off")
    assert "every version" in home.do("prune", NAME).out
    assert home.run("connection", "set", NAME, "--keep-days", "soon").code == 1
    assert home.run("prune", "nothing").code == 2


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--history", "--at", "now"), "Give one of --history, --at and --diff."),
        (("--raw", "--history"), "--raw writes one version"),
        (("--diff", "1", "9"), "There is no version 9."),
    ],
)
def test_wrong_use_is_2(home, edited, arguments, said):
    done = home.run("show", NAME, "orders", edited, *arguments)
    assert done.code == 2, done.said
    assert said in done.err
