"""A question to the twin: what may be asked, and whether what was asked makes sense. Pure.

Nobody writes SQL here. A question is made of fields, filters, groups and sorts; `query_sql` builds
the statement from pieces of its own, and everything that was given goes along as a parameter.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from storetwin.reading.fields import COLUMNS, Kind, read_field
from storetwin.reading.query_filters import read_filter
from storetwin.reading.query_models import (
    MOST_FILTERS,
    MOST_OFFSET,
    MOST_OUTPUTS,
    MOST_ROWS,
    Aggregate,
    Asked,
    Order,
    Output,
    Question,
    QuestionError,
    Span,
)

_CALL = re.compile(r"(?P<name>[a-z_]+)\((?P<of>.*)\)")


def read_question(asked: Asked, resource: str, defaults: Sequence[str]) -> Question:
    """Make a question of what was given.

    Args:
        resource: its own name.
        defaults: fields that are shown where none are named.

    Raises:
        QuestionError, FieldError: it makes no sense; says what, and what there is.
    """
    _check_sizes(asked)
    groups = [_read_group(text) for text in asked.group]
    shown = [_read_output(text) for text in asked.fields]
    is_grouped = bool(groups) or any(output.aggregate for output in shown)
    if is_grouped:
        outputs = _grouped(groups, shown)
    else:
        outputs = shown or [_read_output(name) for name in defaults]
    outputs = list({output.label: output for output in outputs}.values())
    orders = [_read_order(text, outputs, is_grouped=is_grouped) for text in asked.sort]
    return Question(
        resource=resource,
        outputs=tuple(outputs),
        filters=tuple(read_filter(given) for given in asked.filters),
        orders=tuple(orders),
        limit=asked.limit,
        offset=asked.offset,
        is_grouped=is_grouped,
        each=_each([*outputs, *(order.output for order in orders)], is_grouped=is_grouped),
        connection=asked.connection,
        has_gone=asked.has_gone,
    )


def _check_sizes(asked: Asked) -> None:
    sizes: Mapping[str, tuple[int, int, int]] = {
        "limit": (asked.limit, 1, MOST_ROWS),
        "offset": (asked.offset, 0, MOST_OFFSET),
        "number of fields": (len(asked.fields) + len(asked.group), 0, MOST_OUTPUTS),
        "number of filters": (len(asked.filters), 0, MOST_FILTERS),
        "number of sorts": (len(asked.sort), 0, MOST_OUTPUTS),
    }
    for name, (size, least, most) in sizes.items():
        if not least <= size <= most:
            raise QuestionError(
                f"The {name} is {size}.", remedy=f"It may be from {least} to {most}."
            )


# -- what is shown --------------------------------------------------------------------------------


def _read_output(text: str) -> Output:
    call = _CALL.fullmatch(text)
    if call is None:
        return Output(text, read_field(text))
    name, of = call["name"], call["of"].strip()
    if name not in set(Aggregate):
        raise QuestionError(
            f"There is no aggregate {name!r}.",
            remedy=f"Choose from: count(), {', '.join(f'{a}(field)' for a in Aggregate)}.",
        )
    aggregate = Aggregate(name)
    if of in ("", "*"):
        if aggregate is not Aggregate.COUNT:
            raise QuestionError(f"{text!r} needs a field.", remedy=f"Write {name}(total).")
        return Output("count()", aggregate=aggregate)
    field = read_field(of)
    kind = COLUMNS[field.column] if field.column else None
    if aggregate in (Aggregate.SUM, Aggregate.AVG) and kind in (Kind.TEXT, Kind.TIME):
        raise QuestionError(
            f"{of} has no numbers to reckon with.", remedy="Use count_distinct, min or max."
        )
    return Output(f"{name}({of})", field, aggregate)


def _read_group(text: str) -> Output:
    call = _CALL.fullmatch(text)
    if call is None:
        return Output(text, read_field(text))
    name, of = call["name"], call["of"].strip()
    if name not in set(Span):
        raise QuestionError(
            f"Nothing can be grouped by {text!r}.",
            remedy="Group by a field, or by day(…), week(…) or month(…) of a time.",
        )
    field = read_field(of)
    if field.column and COLUMNS[field.column] is not Kind.TIME:
        times = ", ".join(column for column, kind in COLUMNS.items() if kind is Kind.TIME)
        raise QuestionError(f"{of} is no time.", remedy=f"Take one of {times}, or a field.")
    return Output(f"{name}({of})", field, span=Span(name))


def _grouped(groups: Sequence[Output], shown: Sequence[Output]) -> list[Output]:
    """Return the columns of a grouped answer: its groups, then what is reckoned over each."""
    labels = {group.label for group in groups}
    for output in shown:
        if output.aggregate is None and output.label not in labels:
            raise QuestionError(
                f"{output.label} differs within a group.",
                remedy=f"Group by it as well, or take an aggregate of it: min({output.label}).",
            )
    reckoned = [output for output in shown if output.aggregate]
    return [*groups, *(reckoned or [Output("count()", aggregate=Aggregate.COUNT)])]


def _read_order(text: str, outputs: Sequence[Output], *, is_grouped: bool) -> Order:
    is_descending = text.startswith("-")
    label = text.removeprefix("-")
    if label == "count(*)":
        label = "count()"
    known = {output.label: output for output in outputs}
    if label in known:
        return Order(known[label], is_descending)
    if is_grouped:
        raise QuestionError(
            f"A grouped answer cannot be sorted by {label!r}.",
            remedy=f"Sort by one of its columns: {', '.join(known)}.",
        )
    return Order(Output(label, read_field(label)), is_descending)


def _each(outputs: Sequence[Output], *, is_grouped: bool) -> tuple[tuple[str, ...], ...]:
    """Return the list whose elements are the rows.

    Raises:
        QuestionError: there are several, or something of the record would be counted repeatedly.
    """
    fields = [output.field for output in outputs if output.field]
    through = {field.lists: field.name for field in fields if field.lists}
    if len(through) > 1:
        names = " and ".join(sorted(through.values()))
        raise QuestionError(
            f"{names} go through different lists, so they have no rows in common.",
            remedy="Ask two questions. Filters may go through any list.",
        )
    if not through:
        return ()
    for output in outputs:
        is_reckoned = output.aggregate in (Aggregate.SUM, Aggregate.AVG)
        if is_grouped and is_reckoned and output.field and not output.field.lists:
            raise QuestionError(
                f"{output.label} would count each record as often as its list has elements.",
                remedy="Ask for it in a question of its own, without [].",
            )
    return next(iter(through))
