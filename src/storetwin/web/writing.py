"""What templates write with that depends on who reads: times in his zone, the token of his forms."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

from jinja2 import pass_context
from jinja2.runtime import Context
from markupsafe import Markup

from storetwin.web.figures import UNKNOWN, Times, in_utc

_TIME: Final = '<time datetime="{iso}" title="{utc}">{text}</time>'


@pass_context
def ago(context: Context, moment: datetime | None, otherwise: str = UNKNOWN) -> Markup | str:
    """Return how long ago something was: ``12 s``, ``3 h``, ``yesterday 18:20``, ``12 Nov``."""
    if moment is None:
        return otherwise
    times: Times = context["times"]
    return _time(moment, times.age(moment))


@pass_context
def at(
    context: Context, moment: datetime | None, otherwise: str = UNKNOWN, *, seconds: bool = False
) -> Markup | str:
    """Return the time of the day, with the day where it is not today."""
    if moment is None:
        return otherwise
    times: Times = context["times"]
    return _time(moment, times.at(moment, seconds=seconds))


@pass_context
def day(context: Context, moment: datetime | None, otherwise: str = UNKNOWN) -> Markup | str:
    """Return the day."""
    if moment is None:
        return otherwise
    times: Times = context["times"]
    return _time(moment, times.date(moment))


@pass_context
def csrf_field(context: Context) -> Markup:
    """Return the hidden field that every form of ours has."""
    field = '<input type="hidden" name="csrf" value="{}">'
    return Markup(field).format(context["csrf"])  # noqa: S704 - a constant; the value is escaped


@pass_context
def piece(context: Context, name: str, template: str | None = None) -> Markup:
    """Return one block of a template of blocks, ``pieces.html`` of the same folder.

    A stream sends the same block by itself (`Page.part`).
    """
    of = template or f"{(context.name or '').partition('/')[0]}/pieces.html"
    found = context.environment.get_template(of)
    text = "".join(found.blocks[name](found.new_context(context.get_all(), shared=True)))
    return Markup(text)  # noqa: S704 - what a template of ours made, with its values escaped


def _time(moment: datetime, text: str) -> Markup:
    whole = Markup(_TIME)  # noqa: S704 - a constant; the values are escaped
    return whole.format(iso=moment.isoformat(), utc=in_utc(moment), text=text)


WRITERS: Final[dict[str, Any]] = {
    "ago": ago,
    "at": at,
    "day": day,
    "csrf_field": csrf_field,
    "piece": piece,
}
