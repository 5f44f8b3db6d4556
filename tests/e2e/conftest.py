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


@pytest.fixture
def fresh_program() -> Iterator[Installation]:
    """The same before its first command: there is no data directory yet."""
    with installation(is_prepared=False) as made:
        yield made
