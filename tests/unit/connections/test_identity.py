"""Which store it is: every combination of what a store says, and histories of records at random."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storetwin.connections.identity import (
    FEW,
    Identity,
    Sample,
    Seen,
    Sight,
    Standing,
    Trace,
    Verdict,
    accepted,
    compare,
    has_changed_home,
    judge,
    place,
    stand,
    trusted,
)

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
A, B = "935ac02a-8fa1", "11111111-2222"
HOME, NEW_HOME = "https://shop.example", "https://new.example"
ORDER = {"order_key": "wc_order_a", "date_created_gmt": "2026-11-20T11:00:00"}
OTHER_ORDER = ORDER | {"order_key": "wc_order_b"}
PRODUCT = {"date_created_gmt": "2026-01-01T00:00:00", "slug": "mug", "name": "Mug"}


def sample(sights: str, *, resource="orders", marks=ORDER, is_empty=None) -> Sample:
    """Return a sample, one letter a record: Same, Other, Dated back, Absent, Unseen."""
    by_letter = dict(zip("SODAU", Sight, strict=True))
    seen = tuple(
        Seen(Trace(10 * (at + 1), marks), by_letter[letter]) for at, letter in enumerate(sights)
    )
    return Sample(resource, seen, is_empty)


SAMPLES = {
    Standing.NOTHING: (sample(""),),
    Standing.UNCLEAR: (sample("UUUUUUUU"),),
    Standing.SAME: (sample("SSSSSSSS"),),
    Standing.REWOUND: (sample("SSSAAAAA"),),
    Standing.EMPTY: (sample("AAAAAAAA", is_empty=True),),
    Standing.FOREIGN: (sample("OOOOOOOO"),),
}


# -- one record -----------------------------------------------------------------------------------


def trace(marks=ORDER, modified_at=NOON, written_at=None) -> Trace:
    return Trace(7, marks, modified_at, written_at)


@pytest.mark.parametrize(
    ("held", "found", "sight"),
    [
        (trace(), None, Sight.ABSENT),
        (trace(), trace(), Sight.SAME),
        (trace(), trace(OTHER_ORDER), Sight.OTHER),
        (trace(), trace(ORDER | {"date_created_gmt": "2020-01-01T00:00:00"}), Sight.SAME),
        (trace(), trace({}), Sight.UNSEEN),
        (trace({}), trace(), Sight.UNSEEN),
        (trace(), trace(modified_at=NOON + HOUR), Sight.SAME),
        (trace(), trace(modified_at=NOON - HOUR), Sight.OLDER),
        (trace(), trace(modified_at=None), Sight.SAME),
        (trace(modified_at=None), trace(), Sight.SAME),
        (trace(PRODUCT), trace(PRODUCT | {"name": "Cup"}), Sight.SAME),
        (trace(PRODUCT), trace(PRODUCT | {"name": "Cup", "slug": "cup"}), Sight.UNSEEN),
        (trace({"date_created_gmt": "2020"}), trace({"date_created_gmt": "2020"}), Sight.SAME),
        (trace(PRODUCT), trace(dict.fromkeys(PRODUCT, "x")), Sight.OTHER),
        (trace(PRODUCT), trace(PRODUCT | {"date_created_gmt": "2020"}), Sight.UNSEEN),
        (trace(PRODUCT), trace({"name": "Mug", "date_created_gmt": "2020"}), Sight.UNSEEN),
        (trace(PRODUCT), trace({"sku": "1"}), Sight.UNSEEN),
        (trace(PRODUCT), trace({"name": "Mug", "slug": "cup"}), Sight.UNSEEN),
        (trace(PRODUCT), trace({"name": "Mug", "slug": "mug"}), Sight.SAME),
        (trace(PRODUCT | {"sku": "1"}), trace({"name": "Mug", "slug": "mug"}), Sight.SAME),
        (
            trace(PRODUCT | {"sku": "1"}),
            trace({"name": "Mug", "slug": "mug", "sku": "2"}),
            Sight.SAME,
        ),
        (trace(PRODUCT), trace({"name": "Cup"}), Sight.OTHER),
    ],
)
def test_a_record_is_told_from_another_by_its_marks(held, found, sight):
    assert compare(held, found) is sight


def test_a_version_that_a_person_let_go_back_is_no_evidence():
    held = trace(written_at=NOON)
    older = trace(modified_at=NOON - HOUR)
    assert compare(held, older, accepted_at=NOON) is Sight.SAME
    assert compare(held, older, accepted_at=NOON - HOUR) is Sight.OLDER
    assert compare(held, trace(OTHER_ORDER), accepted_at=NOON) is Sight.OTHER


# -- samples --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("sights", "is_rewound", "last_kept"),
    [
        ("", False, None),
        ("SSSSSS", False, 60),
        ("SSAAAA", False, 20),  # four of the newest: deleted by hand
        ("SAAAAA", True, 10),
        ("SUAAUAAA", True, 10),
        ("SAAAAAS", False, 70),  # something newer is there: those were deleted
        ("SSOSSS", True, 20),  # one order key is proof
        ("SSSAAO", True, 30),
        ("SDSSSS", False, 60),
        ("SDSDSS", True, 60),
        ("AAAAAA", True, None),
        ("UUUUUU", False, None),
    ],
)
def test_a_sample_shows_that_a_store_went_back(sights, is_rewound, last_kept):
    found = sample(sights)
    assert found.is_rewound is is_rewound
    assert (found.last_kept.number if found.last_kept else None) == last_kept


def test_one_product_made_anew_is_no_proof_and_two_are():
    assert not sample("SSO", resource="products", marks=PRODUCT).is_rewound
    assert sample("SOO", resource="products", marks=PRODUCT).is_rewound


@pytest.mark.parametrize("standing", SAMPLES)
def test_samples_stand_for_what_they_show(standing):
    assert stand(SAMPLES[standing]) is standing


def test_what_one_resource_keeps_decides_over_all():
    goods = sample("SSSS", resource="products", marks=PRODUCT)
    gone = sample("AAAAAA", is_empty=True)
    assert stand((gone, goods)) is Standing.REWOUND
    assert stand((sample("AAA", is_empty=True), goods)) is Standing.SAME
    assert stand((gone, sample("AAAA", resource="products", is_empty=False))) is Standing.FOREIGN
    assert stand((gone, sample("AAAA", resource="products", is_empty=True))) is Standing.EMPTY
    assert stand((sample("AA", is_empty=True), sample("A", is_empty=True))) is Standing.UNCLEAR


# -- the verdict ----------------------------------------------------------------------------------

IDS = (None, A, B)
HOMES = (None, HOME, NEW_HOME)


@pytest.mark.parametrize("standing", SAMPLES)
@pytest.mark.parametrize("is_alive", [False, True])
def test_every_combination_has_the_verdict_that_loses_nothing(standing, is_alive):
    for old_id, new_id, old_home, new_home in product(IDS, IDS, HOMES, HOMES):
        remembered, seen = Identity(old_id, old_home), Identity(new_id, new_home)
        found = judge(remembered, seen, SAMPLES[standing], is_old_home_alive=is_alive)
        has_other_id = bool(old_id and new_id and old_id != new_id)
        has_other_home = bool(old_home and new_home and old_home != new_home)
        lost = standing in (Standing.REWOUND, Standing.EMPTY, Standing.FOREIGN)
        assert found.standing is standing
        assert found.is_trusted == (not lost and not has_other_id and not has_other_home)
        assert bool(found.reasons) == (not found.is_trusted)
        assert (found.verdict is Verdict.RESTORED) == (standing is Standing.REWOUND)
        if found.verdict is Verdict.CLONED:
            assert has_other_id or is_alive
        if found.verdict is Verdict.MOVED:
            assert has_other_home
            assert not has_other_id
        if found.verdict is Verdict.UNKNOWN:
            assert not (old_id and new_id)
            assert not (old_home and new_home)
            assert standing is not Standing.SAME
        told = "; ".join(found.reasons)
        assert not has_other_id or (old_id in told and new_id in told)
        assert not has_other_home or (old_home in told and new_home in told)


@pytest.mark.parametrize(
    ("remembered", "seen", "standing", "is_alive", "verdict"),
    [
        (Identity(A, HOME), Identity(A, HOME), Standing.SAME, False, Verdict.SAME),
        (Identity(A, HOME), Identity(A, NEW_HOME), Standing.SAME, False, Verdict.MOVED),
        (Identity(A, HOME), Identity(A, NEW_HOME), Standing.SAME, True, Verdict.CLONED),
        (Identity(A, HOME), Identity(B, HOME), Standing.SAME, False, Verdict.CLONED),
        (Identity(A, HOME), Identity(B, HOME), Standing.NOTHING, False, Verdict.ANOTHER),
        (Identity(A, HOME), Identity(A, HOME), Standing.REWOUND, False, Verdict.RESTORED),
        (Identity(A, HOME), Identity(A, HOME), Standing.EMPTY, False, Verdict.WIPED),
        (Identity(A, HOME), Identity(B, HOME), Standing.EMPTY, False, Verdict.ANOTHER),
        (Identity(A, HOME), Identity(A, HOME), Standing.FOREIGN, False, Verdict.ANOTHER),
        (Identity(A, HOME), Identity(None, HOME), Standing.SAME, False, Verdict.SAME),
        (Identity(A, HOME), Identity(), Standing.SAME, False, Verdict.SAME),
        (Identity(A, HOME), Identity(), Standing.UNCLEAR, False, Verdict.UNKNOWN),
        (None, Identity(A, HOME), Standing.NOTHING, False, Verdict.UNKNOWN),
        (None, Identity(A, HOME), Standing.SAME, False, Verdict.SAME),
        (None, Identity(A, HOME), Standing.REWOUND, False, Verdict.RESTORED),
    ],
)
def test_the_cases_of_the_feature(remembered, seen, standing, is_alive, verdict):
    assert judge(remembered, seen, SAMPLES[standing], is_old_home_alive=is_alive).verdict is verdict


@pytest.mark.parametrize(
    ("old", "new", "is_changed"),
    [
        ("http://shop.example", "https://www.shop.example/", False),
        ("https://shop.example:443", "https://Shop.Example", False),
        ("https://shop.example", "https://shop.example/de", True),
        ("https://shop.example", "https://shop.example:8443", True),
        ("not an address", "NOT an address ", False),
        (None, "https://shop.example", False),
        ("https://shop.example", None, False),
    ],
)
def test_a_home_that_only_looks_different_is_the_same(old, new, is_changed):
    assert has_changed_home(Identity(home_url=old), Identity(home_url=new)) is is_changed
    assert has_changed_home(None, Identity(home_url=new)) is False
    assert place(place("https://shop.example/de")) == "shop.example/de"


# -- histories at random --------------------------------------------------------------------------

SIGHTS = st.text("SODAU", max_size=20)


@given(SIGHTS, SIGHTS, st.booleans())
def test_whatever_is_seen_is_told_or_trusted(orders, products, is_empty):
    samples = (
        sample(orders, is_empty=is_empty),
        sample(products, resource="products", marks=PRODUCT, is_empty=is_empty),
    )
    found = judge(Identity(A, HOME), Identity(A, HOME), samples)
    assert found.is_trusted == (not found.reasons)
    assert all("None" not in reason for reason in found.reasons)
    if found.is_trusted:
        assert not any(s.is_rewound for s in samples if s.count(Sight.SAME))
        assert found.kept_until == {} or found.standing is Standing.UNCLEAR


@given(
    before=st.integers(1, 60),
    after=st.integers(0, 40),
    reused=st.integers(0, 40),
    deleted=st.sets(st.integers(1, 100)),
)
def test_a_restored_store_is_known_and_its_last_record_found(before, after, reused, deleted):
    """The twin holds ``before + after`` orders; the backup had ``before``, then new ones came."""
    seen = []
    for number in range(1, before + after + 1):
        found = None
        if number <= before and number not in deleted:
            found = trace(ORDER | {"order_key": f"key {number}"})
        elif before < number <= before + reused:
            found = trace(ORDER | {"order_key": f"new {number}"})
        held = Trace(number, ORDER | {"order_key": f"key {number}"}, NOON)
        seen.append(Seen(held, compare(held, found)))
    kept = [one.held.number for one in seen if one.sight is Sight.SAME]
    found = judge(Identity(A, HOME), Identity(A, HOME), (Sample("orders", tuple(seen)),))
    must_tell = kept and after and (reused or after >= FEW)
    if must_tell:
        assert found.verdict is Verdict.RESTORED
        assert found.kept_until == {"orders": kept[-1]}
    if kept and not after and kept[-1] == before:
        assert found.verdict is Verdict.SAME


# -- what is remembered ---------------------------------------------------------------------------


def test_what_a_store_does_not_say_now_stays_as_it_was():
    before = Identity(A, HOME, "Shop", "9.0.0", "EUR", "Europe/Rome", kept_until={"orders": 5})
    after = trusted(before, Identity(home_url=NEW_HOME, wc_version="10.5.0"))
    assert after == replace(before, home_url=NEW_HOME, wc_version="10.5.0")
    assert trusted(replace(before, doubt="moved"), Identity()).doubt is None
    assert trusted(None, Identity(A)) == Identity(A)


def test_what_was_lost_twice_is_waived_from_the_earlier_point_on():
    first = judge(Identity(A), Identity(A), (sample("SSAAAAA"),))
    once = accepted(Identity(A), Identity(A), first, NOON)
    assert once.kept_until == {"orders": 20}
    second = judge(once, Identity(A), (sample("SSSAAAAA"),))
    assert accepted(once, Identity(A), second, NOON + HOUR).kept_until == {"orders": 20}
    assert accepted(once, Identity(A), second, NOON + HOUR).accepted_at == NOON + HOUR


@given(
    st.builds(
        Identity,
        store_id=st.none() | st.text(),
        home_url=st.none() | st.text(),
        accepted_at=st.none() | st.just(NOON),
        kept_until=st.dictionaries(st.text(), st.integers(0, 2**53)),
        doubt=st.none() | st.sampled_from([v.value for v in Verdict]),
        is_network=st.booleans(),
    )
)
def test_an_identity_is_read_as_it_was_written(identity):
    assert Identity.from_json(identity.as_json()) == identity
    assert Identity.from_json(None) is None
