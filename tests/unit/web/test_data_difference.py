"""What promoting a record would change, and what a record waits for, as its page says it."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from storetwin.mapping.models import Kind, Problem
from storetwin.staging.look import Candidate, WholeRecord
from storetwin.staging.models import FieldChange, StagedRecord, State
from storetwin.web.data_difference import (
    Step,
    Waiting,
    differences_of,
    moment_of,
    spoken,
    waiting_of,
)
from storetwin.web.data_payload import Piece, folded, in_one, word_by_word

WORD = st.sampled_from(["tea", "mug", "<p>", " ", ".", "a" * 40, "350"])
TEXT = st.lists(WORD, max_size=300).map("".join)


def told(line: list[Piece]) -> str:
    return "".join(piece.text for piece in line)


@settings(deadline=None, max_examples=60)
@given(TEXT, TEXT, st.integers(1, 120), st.integers(1, 300))
def test_what_is_left_out_of_a_line_is_counted(old: str, new: str, keep: int, marked: int) -> None:
    for line, text in zip(word_by_word(old, new), (old, new), strict=True):
        shown = folded(line, keep, marked)
        left_out = sum(int(one.text.replace(",", "")) for one in shown if one.kind == "cut")
        rest = "".join(one.text for one in shown if one.kind != "cut")
        assert len(rest) + left_out == len(text)
        assert {one.kind for one in shown if one.kind != "cut"} == {one.kind for one in line}
    both = in_one(old, new)
    assert told([one for one in both if one.kind != "ins"]) == old
    assert told([one for one in both if one.kind != "del"]) == new


def test_a_change_far_inside_a_long_text_is_seen() -> None:
    sentence = "A long sentence of a <em>description</em>, number {}. "
    old = "".join(sentence.format(n) for n in range(400))
    new = old.replace("number 300.", "number three hundred.")
    left, right = (folded(line) for line in word_by_word(old, new))
    assert [one.text for one in left if one.kind == "del"] == ["300"]
    assert [one.text for one in right if one.kind == "ins"] == ["three hundred"]
    assert len(told(right)) < 400
    assert right[0].kind == right[-1].kind == "cut"


@pytest.mark.parametrize(
    ("text", "kind", "said"),
    [
        ("true", Kind.BOOLEAN, "yes"),
        ("false", Kind.BOOLEAN, "no"),
        ("24.9000", Kind.MONEY, "24.90 EUR"),
        ("1234.5678", Kind.MONEY, "1,234.5678 EUR"),
        ("a lot", Kind.MONEY, "a lot"),
        ("true", Kind.TEXT, "true"),
        (None, Kind.MONEY, None),
    ],
)
def test_values_stand_as_people_write_them(text: str | None, kind: Kind, said: str | None) -> None:
    assert spoken(text, kind, "EUR") == said


def test_times_are_times_where_they_say_their_zone() -> None:
    assert moment_of("2026-11-20T08:00:00+00:00", Kind.TIME) == datetime(
        2026, 11, 20, 8, tzinfo=UTC
    )
    assert moment_of("2026-11-20T08:00:00", Kind.TIME) is None
    assert moment_of("yesterday", Kind.TIME) is None
    assert moment_of("2026-11-20T08:00:00+00:00", Kind.TEXT) is None


def test_a_row_of_a_part_is_told_by_its_own_column() -> None:
    change = FieldChange("order_lines/17/total", "order lines 17: Total", "10.0000", "12.5000")
    [found] = differences_of("orders", [change], "EUR")
    assert found.label == "Order lines 17: Total"
    assert (told(found.old.line), told(found.new.line)) == ("10.00 EUR", "12.50 EUR")


def record(resource: str = "products", state: State = State.WAITING) -> StagedRecord:
    return StagedRecord(
        UUID(int=1), "shop", resource, "7", state, False, False, 1, None, None, None, None, None,
        why="It cannot be.",
    )  # fmt: skip


CHANGES = (FieldChange("name", "Name", None, "Tea"),)


def whole(resource: str = "products", **more: object) -> WholeRecord:
    return WholeRecord(record(resource), more.pop("changes", CHANGES), **more)  # type: ignore[arg-type]


def test_whatever_waits_has_one_step_that_leads_on() -> None:
    free, taken = (Candidate(UUID(int=n), {"name": "Tea"}, n == 2) for n in (1, 2))
    order = {"orders": ("5",), "products": ("9",)}
    fatal = Problem("price", "It is no amount.", is_fatal=True)
    cases: list[tuple[WholeRecord, bool, Step]] = [
        (whole(candidates=(free,)), True, Step.CHOOSE),
        (whole(candidates=(free, taken)), True, Step.CHOOSE),
        (whole("refunds", along=order), True, Step.FIRST),
        (whole("products", along={"categories": ("9",)}), True, Step.AGAIN),
        (whole(problems=(fatal,)), True, Step.MAP),
        (whole(problems=(Problem("price", "Left out."),)), True, Step.AGAIN),
        (whole(changes=()), True, Step.READ),
        (whole(), False, Step.READ),
    ]
    for one, has_copy, step in cases:
        found = waiting_of(one, has_copy=has_copy)
        assert found is not None
        assert (found.step, bool(found.why)) == (step, True)
    assert waiting_of(whole("refunds", along=order), has_copy=True) == Waiting(
        Step.FIRST, "It cannot be.", ("/data/orders/shop/5", "order 5")
    )
    alone = waiting_of(whole(candidates=(taken,)), has_copy=True)
    assert alone is not None
    assert "belongs to another record of this store" in alone.why
    assert waiting_of(WholeRecord(record(state=State.NEW), CHANGES), has_copy=True) is None
