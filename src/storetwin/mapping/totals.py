"""What the lines of an order add up to, and why that may differ from its total."""

from __future__ import annotations

from collections.abc import Mapping

from storetwin.mapping.models import Row


def derive_totals(_values: Row, _parts: Mapping[str, list[Row]]) -> Row:
    """Return the columns of an order that follow from others."""
    return {}
