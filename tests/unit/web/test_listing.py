"""A long list is searched and paged, and nothing else of its address is forgotten."""

from urllib.parse import parse_qs, urlsplit

from hypothesis import given
from hypothesis import strategies as st

from storetwin.web.listing import Part, part_of

NAMES = [f"store-{n:03}" for n in range(45)]


def of(q: str | None = None, number: int = 1, names: list[str] = NAMES, **kept: str) -> Part[str]:
    return part_of(names, q, number, path="/x", at="t", words=lambda name: name, size=20, kept=kept)


def test_a_page_says_what_it_shows_and_leads_on() -> None:
    first = of()
    assert first.told("store", "stores") == "1–20 of 45 stores"
    assert (first.before, first.after) == (None, "/x?page=2#t")
    last = of(number=3)
    assert last.told("store", "stores") == "41–45 of 45 stores"
    assert (last.before, last.after) == ("/x?page=2#t", None)
    assert of(number=2).before == "/x#t"
    assert of(number=99).rows == last.rows  # there are fewer now


def test_what_else_is_asked_stays_asked() -> None:
    part = of(" STORE-0 ", 1, frame="7d", empty="")
    assert part.found == 45
    assert part.after == "/x?frame=7d&q=STORE-0&page=2#t"
    assert part.all == "/x?frame=7d#t"
    odd = of("a&b=c#d e", 1, frame="7d")
    assert odd.rows == []
    assert parse_qs(urlsplit(odd.href(2)).query)["q"] == ["a&b=c#d e"]


def test_a_short_list_needs_no_search_but_keeps_one_that_is_there() -> None:
    assert not of(names=NAMES[:20]).is_long
    found = of("003", names=NAMES[:20])
    assert found.is_long
    assert found.told("store", "stores") == "1 store that matches, of 20"


@given(st.lists(st.text("ab", max_size=3), max_size=70), st.text("ab", max_size=2))
def test_pages_hold_each_that_matches_once(names: list[str], q: str) -> None:
    shown, number = [], 1
    while True:
        part = of(q, number, names)
        shown += part.rows
        if part.after is None:
            break
        number += 1
    assert shown == [name for name in names if q in name]
    assert part.found == len(shown)
