"""Conditions as people write them on the command line."""

from decimal import Decimal
from typing import Any

import pytest

from storetwin.cli.query import _filter
from storetwin.kernel.errors import ConfigurationError
from storetwin.reading.query_models import GivenFilter


@pytest.mark.parametrize(
    ("text", "field", "operator", "value"),
    [
        ("status=processing", "status", "=", "processing"),
        ("total>=100", "total", ">=", Decimal(100)),
        ("total < -0.50", "total", "<", Decimal("-0.50")),
        ("status != on-hold", "status", "!=", "on-hold"),
        ('sku="0815"', "sku", "=", "0815"),
        ("sku=0815", "sku", "=", "0815"),
        ("note=a=b", "note", "=", "a=b"),
        ("line_items[].name contains big table", "line_items[].name", "contains", "big table"),
        ("currency in EUR, USD", "currency", "in", ["EUR", "USD"]),
        ("total between 1,2", "total", "between", [Decimal(1), Decimal(2)]),
        ("date_paid is_null true", "date_paid", "is_null", True),
        ("code=", "code", "=", ""),
    ],
)
def test_a_condition(text: str, field: str, operator: str, value: Any) -> None:
    assert _filter(text) == GivenFilter(field, operator, value)


@pytest.mark.parametrize("text", ["", "total", "=5", "is_null", "total within 5"])
def test_what_is_no_condition(text: str) -> None:
    with pytest.raises(ConfigurationError, match="is no condition"):
        _filter(text)
