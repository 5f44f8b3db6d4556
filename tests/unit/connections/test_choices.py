"""What a person chooses for a connection: only what is given changes, and what is wrong is told."""

from dataclasses import replace
from datetime import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storetwin.connections.catalogue import EndpointError, catalogue_for, namespaces_of
from storetwin.connections.choices import (
    Choices,
    Wanted,
    changes_to,
    choose,
    describe_options,
    now_sealed,
    read_endpoints,
    read_kept,
    read_quiet_hours,
)
from storetwin.connections.options import Endpoint, Options, QuietHours
from storetwin.kernel.errors import ConfigurationError
from storetwin.resources import RESOURCES

BOOKINGS = Endpoint("bookings", "wc-bookings/v1/bookings", params={"status": "any"})
NIGHT = QuietHours(time(22), time(6))
FULL = Options(
    extra=("order_notes",),
    without=("reviews",),
    endpoints=(BOOKINGS,),
    languages=("de",),
    at_once=3,
    per_minute=60,
    quiet_hours=(NIGHT,),
)


def test_nothing_given_changes_nothing():
    assert choose(FULL, Choices()) == FULL
    assert choose(Options(), Choices()) == Options()


@given(st.sets(st.sampled_from([r.name for r in RESOURCES if r.parent is None])))
def test_choosing_takes_back_what_leaving_out_did(names):
    inside = {r.name for r in RESOURCES if r.parent in names}
    everything = tuple(sorted(names | inside))
    without = choose(Options(), Choices(without=everything))
    pulled = {resource.name for resource in catalogue_for(without).ordered([])}
    assert pulled == {r.name for r in RESOURCES} - set(everything) - {"order_notes"}
    back = choose(without, Choices(extra=tuple(sorted(set(everything) - {"order_notes"}))))
    assert {r.name for r in catalogue_for(back).ordered([])} == {
        r.name for r in RESOURCES if r.name != "order_notes"
    }


def wanting(options, **wanted):
    return choose(options, changes_to(options, Wanted(**wanted)))


def test_nothing_wanted_changes_nothing():
    assert wanting(FULL) == FULL
    assert wanting(Options()) == Options()


def test_what_is_wanted_is_all_there_is():
    bare = wanting(
        FULL,
        extra=(),
        without=(),
        endpoints=(),
        languages=(),
        at_once=0,
        per_minute=0,
        quiet_hours=(),
    )
    assert bare == Options()
    assert wanting(FULL, without=("tags",)).without == ("tags",)
    assert wanting(FULL, extra=()).extra == ()
    assert wanting(FULL, extra=("reviews",)).without == ()
    assert wanting(FULL, without=("order_notes",)).extra == ()
    assert wanting(FULL, at_once=5) == replace(FULL, at_once=5)


def test_a_list_that_is_gone_takes_its_choice_along():
    chosen = wanting(FULL, without=("bookings",))
    assert wanting(chosen, endpoints=()) == replace(chosen, endpoints=(), without=())


NAMES = st.sets(st.sampled_from(["order_notes", "reviews", "tags", "coupons"]))


@given(NAMES, NAMES, NAMES)
def test_lists_come_out_as_they_were_wanted(before, extra, without):
    start = wanting(Options(), without=tuple(before))
    without -= extra
    found = wanting(start, extra=tuple(extra), without=tuple(without))
    assert set(found.extra) == extra & {"order_notes"}
    assert set(found.without) == without - {"order_notes"}


def test_notes_are_chosen_and_dropped():
    chosen = choose(Options(), Choices(notes=True))
    assert chosen.extra == ("order_notes",)
    assert "order_notes" in {r.name for r in catalogue_for(chosen).ordered([])}
    assert choose(chosen, Choices(notes=False)) == Options()


def test_limits_and_lists_are_taken_away():
    freed = choose(
        FULL,
        Choices(
            at_once=0, per_minute=0, quiet_hours=(), languages=(), endpoints_gone=("bookings",)
        ),
    )
    assert freed == Options(extra=("order_notes",), without=("reviews",))


@pytest.mark.parametrize(
    ("choices", "said"),
    [
        (Choices(extra=("ordr",)), "no resource 'ordr'"),
        (Choices(without=("zones",)), "zone_locations are read through zones"),
        (Choices(extra=("reviews",), without=("reviews",)), "chosen and left out at once"),
        (Choices(notes=True, without=("orders",)), "order_notes are read through orders"),
        (Choices(at_once=-1), "--at-once cannot be -1"),
        (Choices(at_once=65), "--at-once cannot be 65"),
        (Choices(languages=("German",)), "'German' is no language"),
        (Choices(endpoints_gone=("nothing",)), "no endpoint 'nothing'"),
    ],
)
def test_a_bad_choice_says_what_is_wrong_and_what_to_do(choices, said):
    with pytest.raises(ConfigurationError, match=said) as caught:
        choose(Options(), choices)
    assert caught.value.remedy


@pytest.mark.parametrize(
    ("endpoint", "said"),
    [
        (Endpoint("Sub", "wc/v3/a"), "cannot be the name"),
        (Endpoint("orders", "wc/v3/a"), "a resource 'orders' already"),
        (Endpoint("a", "/wc/v3/a"), "cannot be used"),
        (Endpoint("a", "wc/v3/"), "cannot be used"),
        (Endpoint("a", "wp/v2/posts"), "nothing else"),
        (Endpoint("a", "https://shop.example/wc/v3/a"), "cannot be used"),
        (Endpoint("a", "wc/v3/a?b=c"), "cannot be used"),
        (Endpoint("a", "wc/v3/../a"), "cannot be used"),
        (Endpoint("a", "wc/v3/a/{parent}/b"), "needs a parent"),
        (Endpoint("a", "wc/v3/a", parent="orders"), "needs such a path"),
        (Endpoint("a", "wc/v3/a/{parent}/b", parent="ordr"), "no such resource"),
        (Endpoint("a", "wc/v3/a", key="a.b"), "no member"),
        (Endpoint("a", "wc/v3/a", params={"per_page": "5"}), "ours to choose"),
        (Endpoint("a", "wc/v3/a", secret=("id",)), "cannot be sealed"),
        (Endpoint("a", "wc/v3/a", secret=("x..y",)), "cannot be sealed"),
    ],
)
def test_a_bad_endpoint_says_what_is_wrong_and_what_to_do(endpoint, said):
    with pytest.raises(EndpointError, match=said) as caught:
        choose(Options(), Choices(endpoints=(endpoint,)))
    assert caught.value.remedy


def test_endpoints_lie_where_their_namespace_says():
    subscriptions = Endpoint("subscriptions", "wc/v3/subscriptions")
    catalogue = catalogue_for(Options(endpoints=(subscriptions, BOOKINGS)))
    assert catalogue.named("subscriptions").path == "subscriptions"
    assert catalogue.named("bookings").path == "/wc-bookings/v1/bookings"
    assert catalogue.named("bookings").single == "/wc-bookings/v1/bookings/{id}"
    assert namespaces_of(catalogue) == ("wc-bookings/v1",)
    assert namespaces_of(catalogue_for(Options())) == ()


def test_an_endpoint_may_be_read_through_another_one():
    notes = Endpoint("booking_notes", "wc-bookings/v1/bookings/{parent}/notes", parent="bookings")
    chosen = choose(Options(), Choices(endpoints=(BOOKINGS, notes)))
    assert catalogue_for(chosen).named("booking_notes").parent == "bookings"
    with pytest.raises(EndpointError, match="no such resource"):
        choose(chosen, Choices(endpoints_gone=("bookings",)))


def test_only_what_is_translated_is_read_by_language():
    catalogue = catalogue_for(Options(languages=("de", "fr")))
    spoken = {r.name for r in catalogue.resources if r.languages}
    assert {"products", "variations", "categories", "tags", "terms"} <= spoken
    assert not {"orders", "customers", "taxes"} & spoken


def test_what_is_sealed_from_now_on_is_named():
    before = Options(endpoints=(BOOKINGS,))
    sealed = Options(endpoints=(Endpoint("bookings", BOOKINGS.path, secret=("token",)),))
    assert now_sealed(before, sealed) == ("bookings",)
    assert now_sealed(sealed, before) == ()
    assert now_sealed(Options(), sealed) == ()


@pytest.mark.parametrize(
    ("text", "start", "end"),
    [
        ("22:00-06:00", time(22), time(6)),
        (" 09:30 – 17:15 ", time(9, 30), time(17, 15)),
        ("12:00-24:00", time(12), time(0)),
    ],
)
def test_quiet_hours_are_read(text, start, end):
    assert read_quiet_hours(text) == QuietHours(start, end)


@pytest.mark.parametrize(
    "text", ["", "22-6", "25:00-06:00", "24:00-06:00", "06:00-06:00", "1:00-24:30"]
)
def test_what_is_no_span_is_told(text):
    with pytest.raises(ConfigurationError, match="no span of the day"):
        read_quiet_hours(text)


def test_an_endpoint_is_read_from_json():
    text = '[{"name":"a","path":"wc/v3/a","is_paged":false},{"name":"b","path":"wc/v3/b","secret":["x"]}]'
    one, two = read_endpoints(text, "a.json")
    assert (one.is_paged, two.secret) == (False, ("x",))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{", "a.json is not JSON"),
        ('{"name":"a"}', "a.json cannot be used"),
        ('{"name":"a","path":7}', "a.json cannot be used"),
        ('{"name":"a","path":"wc/v3/a","pth":1}', "a.json has pth"),
        ("7", "a.json cannot be used"),
    ],
)
def test_json_that_is_no_endpoint_is_told(text, said):
    with pytest.raises(EndpointError, match=said):
        read_endpoints(text, "a.json")


def test_options_survive_the_database_and_are_shown():
    assert Options.from_json(FULL.as_json()) == FULL
    shown = describe_options(FULL)
    assert shown["quiet_hours"] == ["22:00-06:00"]
    assert shown["endpoints"][0]["path"] == "wc-bookings/v1/bookings"


def test_what_is_kept_is_chosen_and_taken_back():
    chosen = choose(Options(), Choices(keep_versions=3, keep_days=30))
    assert (chosen.keep_versions, chosen.keep_days) == (3, 30)
    assert choose(chosen, Choices()) == chosen
    assert choose(chosen, Choices(keep_days=0)).keep_days is None
    assert Options.from_json(chosen.as_json()) == chosen
    told = describe_options(chosen)
    assert (told["keep_versions"], told["keep_days"]) == (3, 30)


def test_what_is_kept_is_a_number_or_off():
    assert [read_kept("--keep-days", text) for text in ("1", " 30 ", "off", "OFF")] == [1, 30, 0, 0]
    for text in ("0", "-1", "1.5", "many", "", "100001", "9" * 30):
        with pytest.raises(ConfigurationError, match="--keep-days cannot be") as told:
            read_kept("--keep-days", text)
        assert told.value.remedy == "Give a number from 1 to 100,000; off takes the rule away."
