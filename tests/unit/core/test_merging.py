"""Stores' records fold into one: in any order the same, the first that has a value wins."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from storetwin.core.merging import Folded, Said, edited, fold, is_nothing
from storetwin.core.values import from_json, pack, to_json, unpack
from storetwin.mapping.models import Mapped
from storetwin.mapping.nouns import NOUNS

PRODUCTS = NOUNS["products"]
DAY = datetime(2026, 1, 1, tzinfo=UTC)

TEXTS = st.sampled_from([None, "", "a", "b"])
AMOUNTS = st.sampled_from([None, Decimal(0), Decimal("1.10"), Decimal(7)])
VALUES = st.fixed_dictionaries(
    {
        "name": TEXTS, "slug": TEXTS, "is_featured": st.sampled_from([None, True, False]), "price": AMOUNTS,
        "sale_price": AMOUNTS, "currency": st.sampled_from(["EUR", "USD"]), "weight": AMOUNTS,
        "weight_unit": st.sampled_from(["kg", "lbs"]), "listed_at": st.sampled_from([None, DAY]),
        "custom": st.sampled_from([None, {"color": "red"}, {"color": "", "size": "L"}]),
    }
)  # fmt: skip
ROWS = st.lists(
    st.fixed_dictionaries({"key": st.sampled_from(["1", "2"]), "position": st.just(0), "remote_category_id": TEXTS}),
    max_size=2, unique_by=lambda row: row["key"],
)  # fmt: skip
MAPPED = st.builds(
    lambda values, rows, shipping, extra: Mapped(
        "products", values, {"shipping_class_id": shipping}, {"product_categories": rows}, extra, b"x"
    ),
    VALUES, ROWS, st.sampled_from([None, "3"]), st.dictionaries(st.sampled_from("ab"), st.integers(0, 1)),
)  # fmt: skip


def said(place: int, mapped: Mapped, *, is_gone: bool = False) -> Said:
    return Said(DAY + timedelta(days=place), UUID(int=place + 1), str(place), is_gone, mapped)


EVERY = st.lists(st.tuples(MAPPED, st.booleans()), min_size=1, max_size=4)


@given(EVERY, st.randoms())
def test_the_order_makes_no_difference(every: list[Any], dice: Any) -> None:
    records = [said(place, mapped, is_gone=gone) for place, (mapped, gone) in enumerate(every)]
    drawn = list(records)
    dice.shuffle(drawn)
    assert fold(PRODUCTS, drawn) == fold(PRODUCTS, records)


@given(EVERY)
def test_the_first_that_has_a_value_wins(every: list[Any]) -> None:
    records = [said(place, mapped, is_gone=gone) for place, (mapped, gone) in enumerate(every)]
    counting = [one for one in records if not one.is_gone] or records
    folded = fold(PRODUCTS, records)
    for name in ("name", "slug", "is_featured", "listed_at"):
        values = [one.mapped.values[name] for one in counting]
        expected = next((v for v in values if not is_nothing(v)), values[0])
        assert folded.values[name] == expected
    first = next((one for one in counting if one.mapped.parts["product_categories"]), None)
    assert folded.sources.get("product_categories") == (first.connection_id if first else None)
    assert folded.is_gone == all(one.is_gone for one in records)


@given(EVERY)
def test_amounts_stand_with_their_own_unit(every: list[Any]) -> None:
    records = [said(place, mapped) for place, (mapped, _) in enumerate(every)]
    folded = fold(PRODUCTS, records)
    for names, unit in ((("price", "sale_price"), "currency"), (("weight",), "weight_unit")):
        told = tuple(folded.values[name] for name in (*names, unit))
        assert told in {
            tuple(one.mapped.values[name] for name in (*names, unit)) for one in records
        }


@given(MAPPED)
def test_what_is_kept_comes_back(mapped: Mapped) -> None:
    assert unpack(PRODUCTS, to_json(pack(mapped)), b"x") == mapped


def test_own_fields_are_merged_one_by_one() -> None:
    def own(value: Any) -> Mapped:
        return Mapped("products", {"custom": value}, {}, {}, {}, b"")

    folded = fold(
        PRODUCTS,
        [said(0, own({"color": "", "size": "L"})), said(1, own({"color": "red", "size": "M"}))],
    )
    assert folded.values["custom"] == {"color": "red", "size": "L"}


def test_what_a_person_changed_stands_above() -> None:
    assert edited({"name": "a", "slug": "b"}, {"name": None}) == {"name": None, "slug": "b"}
    assert fold(PRODUCTS, []) == Folded(is_gone=True)


def test_numbers_of_any_size_stay_exact() -> None:
    content = {
        "a": 10**30,
        "b": Decimal("1.50"),
        "c": Decimal("1E+400"),
        "d": DAY,
        "e": [Decimal("0.1")],
    }
    text = to_json(content)
    assert '"a":' in text
    back = from_json(text)
    assert (back["a"], back["b"], back["c"], back["e"]) == (
        10**30,
        Decimal("1.50"),
        Decimal("1E+400"),
        [Decimal("0.1")],
    )
    assert str(back["b"]) == "1.50"
