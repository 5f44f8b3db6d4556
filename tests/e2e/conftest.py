"""Stores and installations for whole programs."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from installed import Installation, installation


@pytest.fixture
def program() -> Iterator[Installation]:
    """The program with a data directory of this test's own; no process may outlive it."""
    with installation() as made:
        yield made
