import json

import pytest

from storetwin.sandboxes.woocommerce.fault_kinds import KINDS, fault_help, parse_fault
from storetwin.sandboxes.woocommerce.hostile import HOSTILE_ENTRIES

PAGE = {"per_page": 100, "orderby": "id", "order": "asc"}


def target(counter, name):
    return min(counter.faults.ids(name))


@pytest.mark.parametrize("name", KINDS)
def test_every_fault_can_be_switched_on_and_off(counter, name):
    counter.faults.switch_on(name)
    assert counter.faults.names == [name]
    counter.faults.clear()
    assert counter.get("orders", **PAGE).status == 200
    assert name in fault_help()


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("nosuch", "nosuch"),
        ("poison:colour=red", "colour"),
        ("poison:ids=a", "numbers"),
        ("poison:resource=cakes", "cakes"),
        ("poison:how=laughter", "laughter.*none of fatal, die"),
        ("latency:ms=fast", "fast.*not a number"),
        ("rate-limit:wait=soon", "soon.*not a number"),
        ("rate-limit:every=1e3", "1e3.*not a number"),
        ("drip:bytes=", "not a number"),
        ("huge:mb=-1", "below zero"),
        ("redirect:to=nowhere", "nowhere.*not scheme and host"),
        ("redirect:to=https://a.example\r\nSet-Cookie: b", "characters"),
        ("content-type:type=text/h\ntml", "characters"),
        ("waf:status=418", "418.*none of 403, 200"),
        ("churn:kinds=explode", "explode"),
    ],
)
def test_a_wrong_fault_is_told_and_leaves_all_as_it_was(counter, text, told):
    name = text.partition(":")[0]
    before = [name] if name in KINDS else []
    for fault in before:
        counter.faults.switch_on(fault)
    with pytest.raises(ValueError, match=told):
        counter.faults.switch_on(text)
    assert counter.faults.names == before


def test_a_clock_may_be_behind(counter):
    counter.faults.switch_on("clock:seconds=-30")
    assert counter.faults.clock_offset() == -30


def test_parameters_are_read():
    spec = parse_fault("rate-limit:every=7,wait=3")
    assert (spec.number("every", 1), spec.number("wait", 1), spec.number("times", 0)) == (7, 3, 0)


def test_poison_kills_its_page_and_itself_and_exclude_avoids_it(counter):
    counter.faults.switch_on("poison:count=1")
    number = target(counter, "poison")
    for answer in (
        counter.get(f"orders/{number}"), counter.get("orders", include=number),
        counter.get("orders", include=number, _fields="id"),
    ):  # fmt: skip
        assert answer.status == 500
        assert json.loads(answer.body)["code"] == "internal_server_error"
        assert answer.total is None
    everything = counter.get("orders", per_page=1).total
    assert counter.get("orders", exclude=number, per_page=100).status == 200
    assert counter.get("orders", exclude=number, per_page=1).total == everything - 1


def test_a_short_page_counts_what_it_does_not_show(counter):
    whole = counter.ids("orders", **PAGE)
    counter.faults.switch_on("short-page:count=1")
    number = target(counter, "short-page")
    answer = counter.get("orders", **PAGE)
    shown = [row["id"] for row in json.loads(answer.body)]
    assert number in whole
    assert shown == [n for n in whole if n != number]
    assert answer.total == counter.get("orders", per_page=1).total
    assert counter.get(f"orders/{number}").status == 404
    counter.faults.clear()
    assert counter.ids("orders", **PAGE) == whole


def test_a_hidden_record_answers_only_by_its_id(counter):
    total = counter.get("orders").total
    counts = counter.store.post_type_counts()
    counter.faults.switch_on("hidden:count=2")
    number = target(counter, "hidden")
    assert counter.get("orders").total == total - 2
    assert counter.ids("orders", include=number) == []
    assert counter.json(f"orders/{number}")["id"] == number
    assert counter.store.post_type_counts() == counts


def test_faults_strike_in_their_turn(counter):
    counter.faults.switch_on("bad-gateway:every=3,times=2")
    statuses = [counter.get("orders", per_page=1).status for _ in range(12)]
    assert statuses == [200, 200, 502, 200, 200, 502, 200, 200, 200, 200, 200, 200]
    assert counter.faults.struck("bad-gateway") == 2


def test_rate_limit_says_how_long(counter):
    counter.faults.switch_on("rate-limit:every=1,wait=4")
    answer = counter.get("orders")
    assert answer.status == 429
    assert ("Retry-After", "4") in answer.headers


def test_a_notice_stands_before_the_json(counter):
    plain = counter.get("orders", per_page=1).body
    counter.faults.switch_on("notice")
    answer = counter.get("orders", per_page=1)
    assert answer.body.startswith(b"<br />\n<b>Warning</b>")
    assert answer.body.endswith(plain)
    assert answer.total is not None


def test_a_big_notice_makes_even_a_404_a_200_of_html(counter):
    counter.faults.switch_on("big-notice")
    answer = counter.get("orders/99999999")
    assert answer.status == 200
    assert answer.content_type.startswith("text/html")
    assert answer.is_bare
    assert answer.body.endswith(b'{"status":404}}')


def test_truncation_once_cuts_each_url_the_first_time(counter):
    counter.faults.switch_on("truncate:once=1")
    with pytest.raises(ValueError, match=r"Unterminated|Expecting"):
        counter.json("orders", page=1)
    assert counter.json("orders", page=1)
    with pytest.raises(ValueError, match=r"Unterminated|Expecting"):
        counter.json("orders", page=2)


def test_empty_is_200_without_anything(counter):
    counter.faults.switch_on("empty:every=1")
    answer = counter.get("orders")
    assert (answer.status, answer.body, answer.total) == (200, b"", None)


def test_no_totals_leaves_the_records(counter):
    counter.faults.switch_on("no-totals")
    answer = counter.get("orders", per_page=5)
    assert answer.total is None
    assert answer.link is None
    assert len(json.loads(answer.body)) == 5


def test_hostile_bytes_reach_the_wire_unchanged(counter):
    counter.faults.switch_on(f"hostile-bytes:count={len(HOSTILE_ENTRIES)}")
    body = counter.get("orders", **PAGE).body + counter.get("orders", page=2, **PAGE).body
    assert all(entry in body for entry in HOSTILE_ENTRIES)
    number = target(counter, "hostile-bytes")
    assert counter.json("orders", include=number, _fields="id,number") == [
        {"id": number, "number": str(number)}
    ]
    assert counter.store.document("orders", number) in counter.get(
        "orders", include=number
    ).body.replace(b"https:", b"http:").replace(b"shop.test", b"127.0.0.1")


def test_one_spoiled_record_blanks_all_meta_of_its_page(counter):
    counter.faults.switch_on("inf-meta:count=1")
    number = target(counter, "inf-meta")
    other = next(n for n in counter.ids("orders", **PAGE) if n != number)
    both = counter.json("orders", include=f"{number},{other}")
    assert all(entry == {} for row in both for entry in row["meta_data"])
    assert all(row["meta_data"] for row in both)
    assert counter.json("orders", include=other)[0]["meta_data"][0]["key"]


def test_churn_changes_records_while_lists_are_read(counter):
    before = set(counter.store.ids("orders"))
    counter.faults.switch_on("churn:every=1,times=8")
    for _ in range(20):
        counter.get("orders", per_page=5)
    after = set(counter.store.ids("orders"))
    assert counter.faults.churn.done == {"create": 2, "edit": 2, "trash": 2, "delete": 2}
    assert len(after - before) == 2
    assert before - after == counter.store.changes.deleted["orders"]
    assert sum(counter.store.changes["orders"].values()) == 6


def test_churn_is_seeded(counter):
    from storetwin.sandboxes.woocommerce.faults import Board
    from storetwin.sandboxes.woocommerce.model.store import Store

    deleted = []
    for _ in range(2):
        store = Store(seed=9, orders=80)
        board = Board(store, ["churn:every=1,kinds=delete"])
        for _ in range(5):
            board.churn.list_was_read()
        deleted.append(store.changes.deleted["orders"])
    assert deleted[0] == deleted[1]
    assert len(deleted[0]) == 5


def test_a_proxy_that_strips_the_header_makes_a_stranger(counter):
    counter.faults.switch_on("strip-auth")
    assert counter.get("orders").status == 401


def test_plain_permalinks_and_no_woocommerce(counter):
    counter.faults.switch_on("plain-permalinks")
    assert counter.get("orders").status == 404
    assert counter.get("orders").content_type.startswith("text/html")
    counter.faults.clear()
    counter.faults.switch_on("no-woocommerce")
    assert json.loads(counter.get("orders").body)["code"] == "rest_no_route"


def test_clock_and_latency_are_told_to_the_server(counter):
    counter.faults.switch_on("clock:seconds=-120")
    counter.faults.switch_on("latency:ms=30")
    assert counter.faults.clock_offset() == -120
    assert counter.faults.delay() == 0.03
