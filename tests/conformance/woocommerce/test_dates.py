"""Traps of date filters: strict on both sides, whole seconds, and zones that shift or get lost."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from conformance.woocommerce.store_under_test import StoreUnderTest

SECOND = timedelta(seconds=1)


def window(
    name: str, moment: datetime, before: int = 1, after: int = 1, zone: str = ""
) -> dict[str, str]:
    """A pair of filters around a moment: name_after and name_before, or after and before."""
    prefix = f"{name}_" if name else ""
    return {
        f"{prefix}after": (moment - before * SECOND).isoformat() + zone,
        f"{prefix}before": (moment + after * SECOND).isoformat() + zone,
    }


def gmt(record: dict[str, Any], field: str = "date_modified") -> datetime:
    return datetime.fromisoformat(record[f"{field}_gmt"])


def local(record: dict[str, Any]) -> datetime:
    return datetime.fromisoformat(record["date_modified"])


def an_old(store: StoreUnderTest, path: str) -> dict[str, Any]:
    """A record with a modification date."""
    rows = store.get(path, per_page=20, orderby="id", order="asc")
    return next(row for row in rows if row["date_modified_gmt"])


@pytest.mark.parametrize("path", ["orders", "products", "variations", "coupons"])
@pytest.mark.parametrize(("filters", "field"), [("modified", "modified"), ("", "created")])
def test_both_ends_are_left_out(store: StoreUnderTest, path: str, filters: str, field: str) -> None:
    row = an_old(store, path)
    moment = gmt(row, f"date_{field}")

    def is_in(before: int, after: int) -> bool:
        dates = window(filters, moment, before, after)
        return row["id"] in store.ids(path, include=row["id"], dates_are_gmt="true", **dates)

    assert is_in(1, 1)
    assert not is_in(0, 1)
    assert not is_in(1, 0)


@pytest.mark.parametrize("path", ["orders", "products"])
def test_without_a_zone_a_date_is_local(store: StoreUnderTest, path: str) -> None:
    row = an_old(store, path)
    dates = window("modified", local(row))
    assert store.ids(path, include=row["id"], **dates) == [row["id"]]


@pytest.mark.parametrize("path", ["orders", "products"])
def test_a_zone_is_read_where_dates_are_not_said_to_be_gmt(
    store: StoreUnderTest, path: str
) -> None:
    row = an_old(store, path)
    dates = window("modified", gmt(row), zone="Z")
    assert store.ids(path, include=row["id"], **dates) == [row["id"]]


@pytest.mark.parametrize("path", ["orders", "products"])
def test_a_zone_and_dates_are_gmt_shift_by_the_offset_of_the_site(
    store: StoreUnderTest, path: str
) -> None:
    row = an_old(store, path)
    offset = local(row) - gmt(row)
    shifted = window("modified", gmt(row) - offset, zone="Z")
    assert store.ids(path, include=row["id"], dates_are_gmt="true", **shifted) == [row["id"]]
    if offset:
        right = window("modified", gmt(row), zone="Z")
        assert store.ids(path, include=row["id"], dates_are_gmt="true", **right) == []


def test_a_fraction_makes_orders_forget_the_zone(store: StoreUnderTest) -> None:
    row = an_old(store, "orders")
    dates = window("modified", local(row), zone=".000Z")
    assert store.ids("orders", include=row["id"], **dates) == [row["id"]]


def test_a_fraction_leaves_products_the_zone(store: StoreUnderTest) -> None:
    row = an_old(store, "products")
    dates = window("modified", gmt(row), zone=".000Z")
    assert store.ids("products", include=row["id"], **dates) == [row["id"]]


@pytest.mark.parametrize("text", ["2026-09-01", "2026-09-01T07:00", "1788246000", "garbage"])
def test_what_is_no_full_date_is_refused(store: StoreUnderTest, text: str) -> None:
    answer = store.answer("orders", modified_after=text)
    assert answer.status == 400
    assert "rest_invalid_date" in answer.text


def test_a_space_stands_for_the_t(store: StoreUnderTest) -> None:
    assert store.answer("orders", modified_after="2026-09-01 07:00:00").status == 200


def test_orders_without_a_date_come_first_and_match_no_filter(store: StoreUnderTest) -> None:
    first = store.ids("orders", orderby="modified", order="asc")
    rows = store.get("orders", include=",".join(map(str, first)), per_page=100)
    dateless = {row["id"] for row in rows if row["date_modified_gmt"] is None}
    assert set(first[: len(dateless)]) == dateless
    for dates in ({"modified_after": "1970-01-02"}, {"modified_before": "2100-01-01"}):
        asked = {name: f"{day}T00:00:00" for name, day in dates.items()}
        found = store.total("orders", dates_are_gmt="true", **asked)
        assert found == store.total("orders") - len(dateless)


def test_refunds_have_no_modification_date_and_yet_can_be_filtered_by_it(
    store: StoreUnderTest,
) -> None:
    assert "date_modified" not in store.get("refunds", per_page=1)[0]
    assert store.total("refunds", modified_after="2100-01-01T00:00:00") == 0
    assert store.total("refunds", modified_after="1980-01-01T00:00:00") == store.total("refunds")
