"""What Store data decides without a browser: addresses, selections, differences, documents."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from urllib.parse import urlsplit
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from storetwin.api.problems import ProblemError
from storetwin.connections.models import Connection
from storetwin.staging.models import ChoiceAction, Chose, Filter, Sort, State
from storetwin.web.data_asked import Asked, read_query
from storetwin.web.data_choosing import ChosenForm, chosen_of, moved, told_of
from storetwin.web.data_payload import exact, pretty, word_by_word
from storetwin.web.data_view import glance

NOW = datetime(2026, 11, 20, tzinfo=UTC)
STORES = [
    Connection(UUID(int=n), UUID(int=9), name, f"https://{name}.example", NOW)
    for n, name in enumerate(("tea", "timber"), 1)
]
VIENNA = ZoneInfo("Europe/Vienna")


def asked(query: str, resource: str = "products", **more: object) -> Asked:
    return read_query(resource, query, STORES, VIENNA, **more)  # type: ignore[arg-type]


def test_an_address_says_all_that_narrows() -> None:
    found = asked(
        "connection=tea&status=new,updated&q=mug&in_store=publish&changed=regular_price"
        "&modified_after=2026-11-20&selected=yes&sort=-name&page=2&size=100"
        f"&rule={UUID(int=7)}"
    )
    assert found.strange == ()
    assert found.filter == Filter(
        "products",
        (UUID(int=1),),
        (State.NEW, State.UPDATED),
        "mug",
        ("publish",),
        datetime(2026, 11, 19, 23, tzinfo=UTC),  # the day begins in Vienna
        None,
        "regular_price",
        True,
        UUID(int=7),
    )
    assert (found.sort, found.is_descending, found.page, found.size) == (Sort.NAME, True, 2, 100)


@pytest.mark.parametrize(
    "query",
    [
        "status=purple",
        "connection=nowhere",
        "sort=colour",
        "page=0",
        "page=x",
        "size=7",
        "selected=maybe",
        "rule=x",
        "modified_after=yesterday",
        "colour=red",
        "page=²",
    ],
)
def test_what_nobody_understands_is_kept_aside(query: str) -> None:
    found = asked(f"{query}&q=mug")
    name, _, value = query.partition("=")
    assert found.strange == ((name, value),)
    assert found.filter == Filter("products", search="mug")
    assert found.without_strange(name, value) == "/data/products?q=mug"


def test_orders_have_no_name_to_be_sorted_by() -> None:
    assert asked("sort=name", "orders").strange == (("sort", "name"),)
    assert asked("sort=-key", "orders").sort is Sort.KEY


def test_another_filter_begins_at_page_one_and_what_is_open_stays_open() -> None:
    found = asked("status=new&page=3&tab=payload", opened=("tea", "4/postcode:SW1*"))
    assert found.href(status="updated").endswith(
        "/tea/4%2Fpostcode%3ASW1%2A?status=updated&tab=payload"
    )
    assert found.href(page="4").endswith("?status=new&page=4&tab=payload")
    assert found.closed() == "/data/products?status=new&page=3"
    assert found.opened("timber", "7").endswith("/timber/7?status=new&page=3&tab=payload")
    assert found.of_resource("order_notes") == "/data/order-notes"


@settings(deadline=None)
@given(
    st.dictionaries(
        st.sampled_from(["q", "status", "in_store", "changed", "sort", "colour"]),
        st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=30),
    )
)
def test_every_address_leads_to_the_same_table_again(values: dict[str, str]) -> None:
    found = read_query("products", list(values.items()), STORES, UTC)
    again = asked(urlsplit(found.href()).query)
    assert again.filter == found.filter
    assert again.values == found.values
    assert set(again.strange) == set(found.strange)


# -- selections -----------------------------------------------------------------------------------

ONE = f"{UUID(int=1)}:4/postcode:SW1*"


def test_a_form_names_records_or_all_that_match_but_some() -> None:
    form = ChosenForm(id=[ONE], picked=f"{ONE}\n{UUID(int=2)}:7", seen="2")
    chosen = chosen_of(form, asked("status=new"))
    assert chosen.ids == ((UUID(int=1), "4/postcode:SW1*"), (UUID(int=2), "7"))
    assert (chosen.but, chosen.seen) == ((), 2)
    form = ChosenForm(all="yes", but=ONE, picked="x", id=["y"], seen="387")
    chosen = chosen_of(form, asked("status=new"))
    assert (chosen.ids, chosen.but) == ((), ((UUID(int=1), "4/postcode:SW1*"),))
    assert (chosen.filter.states, chosen.seen) == ((State.NEW,), 387)


@pytest.mark.parametrize(
    "form",
    [
        ChosenForm(),
        ChosenForm(id=["x"]),
        ChosenForm(id=[f"{UUID(int=1)}:"]),
        ChosenForm(picked=f"{UUID(int=1)}:a\0b"),
        ChosenForm(picked="\n".join(f"{UUID(int=1)}:{n}" for n in range(10_001))),
    ],
)
def test_a_form_that_means_nothing_is_refused(form: ChosenForm) -> None:
    with pytest.raises(ProblemError):
        chosen_of(form, asked(""))


def test_what_a_choice_came_to_is_told() -> None:
    assert told_of(ChoiceAction.IGNORE, Chose(3, 3, 3)) == "3 ignored."
    told = told_of(ChoiceAction.IGNORE, Chose(1387, 1385, 1388))
    assert told == (
        "1,385 ignored. 2 were ignored already. "
        "1 record does not match any more: 1,387 were meant, not 1,388."
    )
    assert moved(385, 386).startswith("1 record has come to match since you looked")


# -- differences and documents --------------------------------------------------------------------


def text_of(line: list) -> str:
    return "".join(piece.text for piece in line)


@settings(deadline=None)
@given(st.text(), st.text())
def test_no_sign_is_lost_between_two_texts(old: str, new: str) -> None:
    left, right = word_by_word(old, new)
    assert text_of(left) == old
    assert text_of(right) == new
    kept = ["".join(p.text for p in line if not p.kind) for line in (left, right)]
    assert kept[0].split() == kept[1].split()
    assert {piece.kind for piece in left} <= {"", "del"}
    assert {piece.kind for piece in right} <= {"", "ins"}


def test_words_that_differ_are_marked() -> None:
    left, right = word_by_word(
        "<p>Hand-thrown, holds 330 ml. Each differs.</p>",
        "<p>Hand-thrown, holds 350 ml. Each differs. Dishwasher safe.</p>",
    )
    assert [piece.text for piece in left if piece.kind] == ["330"]
    assert [piece.text.strip() for piece in right if piece.kind] == ["350", "Dishwasher safe."]
    left, _ = word_by_word("Willow garnet 16", "Copper fjord 53")
    assert [(piece.text, piece.kind) for piece in left] == [("Willow garnet 16", "del")]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


@settings(deadline=None)
@given(JSON)
def test_a_pretty_document_says_the_same(value: object) -> None:
    document = json.dumps(value).encode()
    shown = pretty(document)
    assert shown.is_json
    assert json.loads("\n".join(map(text_of, shown.lines))) == value


def test_numbers_stand_as_they_were_sent() -> None:
    document = b'{"a": 1.10, "b": 9223372036854775808, "c": 1e400, "<script>": "</script>"}'
    text = "\n".join(map(text_of, pretty(document).lines))
    for said in ('"a": 1.10,', '"b": 9223372036854775808,', '"c": 1e400,', '"</script>"'):
        assert said in text
    assert text_of(exact(document).lines[0]) == document.decode()


def test_a_long_document_is_cut_and_says_so() -> None:
    document = json.dumps({"x": ["y" * 50] * 10_000}).encode()
    for shown in (pretty(document), exact(document)):
        assert shown.is_cut
        assert sum(len(text_of(line)) for line in shown.lines) < 201_000


@pytest.mark.parametrize(
    ("document", "price"),
    [
        (b'{"price": "22.90", "name": "x"}', "22.90"),
        (b'{"price": 1.10}', "1.10"),
        (b'{"price": null}', None),
        (b'{"price": "a\x01b"}', "a\x01b"),  # a strict parser refuses it
        (b'{"price": NaN}', "NaN"),
        (b"[]", None),
        (b"no json", None),
    ],
)
def test_a_glance_takes_what_stands_there(document: bytes, price: str | None) -> None:
    assert glance(document).get("price") == price
