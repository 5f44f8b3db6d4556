"""What reaches standard error of what libraries say."""

from __future__ import annotations

import logging
from collections.abc import Iterator

import pytest

from storetwin.telemetry.logs import configure_logging


@pytest.fixture(autouse=True)
def root() -> Iterator[logging.Logger]:
    """The root logger, which is as it was afterwards."""
    found = logging.getLogger()
    handlers, level = found.handlers[:], found.level
    yield found
    found.handlers[:] = handlers
    found.setLevel(level)


@pytest.mark.parametrize("form", ["console", "json"])
def test_of_a_page_that_was_left_nobody_is_warned(
    capsys: pytest.CaptureFixture[str], form: str
) -> None:
    configure_logging("warning", form)
    psycopg = logging.getLogger("psycopg")
    psycopg.warning("query cancellation interrupted (%s): closing connection", "CancelledError")
    assert capsys.readouterr().err == ""
    psycopg.warning("error ignored in %s", "rollback")
    logging.getLogger("other").warning("query cancellation interrupted")
    told = capsys.readouterr().err
    assert "error ignored in rollback" in told
    assert told.count("query cancellation interrupted") == 1


def test_secrets_of_libraries_are_left_out(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logging("warning", "json")
    logging.getLogger("other").warning("asked with %s", "ck_" + "a1" * 20)
    told = capsys.readouterr().err
    assert "asked with" in told
    assert "a1a1a1a1" not in told
