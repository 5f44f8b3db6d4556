"""What stores wrote, on a terminal: shown as it is, but for what would steer the terminal."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.text import Text

from storetwin.cli.printable import printable
from storetwin.cli.running import say, say_error
from storetwin.cli.screen import err, out, table

STEERING = ["\x1b", "\x9b", "\x9d", "\x07", "\x08", "\r", "\x7f", "\x00", "\u202e", "\u2066"]


@pytest.mark.parametrize("text", ["a [/b] c", "[red]Chair[/red]", "[link=x]", ":smiley:", "[", "]"])
@pytest.mark.parametrize("cell", [str, Text])
def test_brackets_and_colons_are_shown(
    capsys: pytest.CaptureFixture[str], text: str, cell: Any
) -> None:
    out().print(table(text, (text,), [(cell(text),)]))
    assert capsys.readouterr().out.count(text) == 3
    out().print(text)
    err().print(text)
    told = capsys.readouterr()
    assert (told.out.strip(), told.err.strip()) == (text, text)


@pytest.mark.parametrize("sign", STEERING, ids=ascii)
def test_what_steers_a_terminal_does_not_reach_it(
    capsys: pytest.CaptureFixture[str], sign: str
) -> None:
    name = f"Table{sign}31m"
    out().print(table(None, ("name",), [(name,), (Text(name, "bold"),)]))
    say(name)
    say_error(name)
    told = capsys.readouterr()
    assert sign not in told.out + told.err
    assert told.out.count("31m") == told.out.count("Table") == 3
    assert told.err == "Table\ufffd31m\n"


def test_a_cell_that_is_given_stays_as_it_was() -> None:
    cell = Text("a\x1b")
    table(None, ("name",), [(cell,)])
    assert cell.plain == "a\x1b"


@given(st.text())
def test_all_else_is_as_it_was(text: str) -> None:
    shown = printable(text)
    assert len(shown) == len(text)
    assert all(new in (old, "\ufffd") for new, old in zip(shown, text, strict=True))
    assert all(
        new == old
        for new, old in zip(shown, text, strict=True)
        if old.isprintable() or old in "\t\n"
    )
    assert printable(shown) == shown
