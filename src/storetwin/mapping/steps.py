"""The steps that an import mapping may take: a small set.

A step is declared once: for checking what people write, for running it, for the page that edits it
and for the documentation.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from storetwin.mapping import transforms, units
from storetwin.mapping.transforms import Gives, Parameter, Step, Takes

_PATTERN = Parameter(
    "pattern",
    "Pattern",
    Takes.TEXT,
    r"A regular expression as RE2 knows it, as in `(\d+) ?ml`.",
    is_needed=True,
)
_IGNORE_CASE = Parameter(
    "ignore_case", "Capitals do not count", Takes.FLAG, "Take capitals as small letters.", False
)
_UNITS = tuple(units.UNITS)
_EVERY = (
    Step(
        "constant",
        "constant",
        "Always the same value, whatever the store says.",
        (Parameter("value", "Value", Takes.VALUE, "The value.", is_needed=True),),
        transforms.constant,
        Gives.ANYTHING,
        is_source=True,
    ),
    Step(
        "default",
        "default",
        "A value where there is nothing so far; 0 and no are something.",
        (Parameter("value", "Value", Takes.VALUE, "The value.", is_needed=True),),
        transforms.default,
        Gives.ANYTHING,
        is_source=True,
    ),
    Step(
        "lookup",
        "look up",
        "What a table says of a text, or of each text of a list.",
        (
            Parameter(
                "table",
                "Table",
                Takes.TABLE,
                "Texts, and what each becomes; or the name of one of the mapping's `tables`.",
                is_needed=True,
            ),
            Parameter(
                "otherwise",
                "Otherwise",
                Takes.CHOICE,
                "What becomes of a text that the table does not have.",
                "keep",
                choices=("keep", "empty", "fail"),
            ),
            _IGNORE_CASE,
        ),
        transforms.lookup,
        Gives.ANYTHING,
    ),
    Step(
        "join",
        "join",
        "One text of the value so far and of what else is named; what is empty is left out.",
        (
            Parameter("sources", "And", Takes.SOURCES, "What else is joined, in this order.", ()),
            Parameter("separator", "Between them", Takes.TEXT, "What stands between them.", " "),
        ),
        transforms.join,
        is_source=True,
    ),
    Step(
        "split",
        "split",
        "The pieces of a text, without spaces around them and without empty ones.",
        (
            Parameter("separator", "At", Takes.TEXT, "What stands between the pieces.", ","),
            Parameter(
                "keep",
                "Keep",
                Takes.CHOICE,
                "All pieces as a list, or one.",
                "all",
                choices=("all", "first", "last"),
            ),
        ),
        transforms.split,
        Gives.LIST,
    ),
    Step(
        "number",
        "number",
        "A number out of a text as people write it, in another unit where one is named.",
        (
            Parameter(
                "decimal",
                "Decimals behind a",
                Takes.CHOICE,
                "What stands before decimals; the other one parts thousands.",
                "point",
                choices=("point", "comma"),
            ),
            Parameter(
                "from",
                "Unit",
                Takes.CHOICE,
                "In which unit it is, where none stands behind the number.",
                choices=_UNITS,
            ),
            Parameter("to", "In", Takes.CHOICE, "In which unit it is wanted.", choices=_UNITS),
            Parameter(
                "digits",
                "Decimals",
                Takes.WHOLE,
                "Rounded to so many, halves away from 0; as it comes where none is said.",
                most=12,
            ),
        ),
        transforms.number,
        Gives.NUMBER,
    ),
    Step(
        "html_to_text",
        "HTML to text",
        "The text without its tags; paragraphs have an empty line between them.",
        (),
        transforms.html_to_text,
    ),
    Step(
        "trim",
        "trim",
        "Without spaces around it.",
        (
            Parameter(
                "inside",
                "Inside as well",
                Takes.FLAG,
                "Several spaces in a row, and line breaks, become one space.",
                False,
            ),
        ),
        transforms.trim,
    ),
    Step(
        "case",
        "case",
        "Capitals or small letters; sentence makes the first letter a capital.",
        (
            Parameter(
                "to",
                "To",
                Takes.CHOICE,
                "Which letters.",
                is_needed=True,
                choices=("upper", "lower", "sentence"),
            ),
        ),
        transforms.case,
    ),
    Step(
        "extract",
        "match",
        "What a pattern finds first; nothing where it finds nothing.",
        (
            _PATTERN,
            Parameter(
                "group",
                "Group",
                Takes.WHOLE,
                "Which group of it; 0 is all. The first, where it has groups.",
                most=99,
            ),
            _IGNORE_CASE,
        ),
        transforms.extract,
    ),
    Step(
        "replace",
        "replace",
        r"Everything that a pattern finds becomes something else; `\1` is its first group.",
        (
            _PATTERN,
            Parameter("with", "With", Takes.TEXT, "What stands in its place.", ""),
            _IGNORE_CASE,
        ),
        transforms.replace,
    ),
    Step(
        "cut",
        "cut",
        "No longer than so many characters.",
        (
            Parameter(
                "length",
                "Characters",
                Takes.WHOLE,
                "How many at most, the ending among them.",
                is_needed=True,
                least=1,
                most=100_000,
            ),
            Parameter("ending", "Ending", Takes.TEXT, "What shows that something was cut.", ""),
        ),
        transforms.cut,
    ),
)
STEPS: Mapping[str, Step] = MappingProxyType({step.name: step for step in _EVERY})
"""Every step by its name."""
