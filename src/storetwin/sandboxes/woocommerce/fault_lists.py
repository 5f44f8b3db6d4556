"""Faults that change what a list gives: how much on a page, and how much it says there is."""

from __future__ import annotations

from dataclasses import replace

from storetwin.sandboxes.woocommerce.answers import Answer, RestError, error_answer
from storetwin.sandboxes.woocommerce.arguments import checked
from storetwin.sandboxes.woocommerce.fault_kinds import FaultSpec
from storetwin.sandboxes.woocommerce.request import Request, Value

_USUAL_SIZE = 10


def is_list(request: Request) -> bool:
    """Say whether a request is for a list of records."""
    last = request.path.rstrip("/").rpartition("/")[2]
    return request.is_pretty and not last.isdecimal() and last not in ("v3", "system_status")


def is_above(request: Request, spec: FaultSpec) -> bool:
    """Say whether a list is asked for with larger pages than the host allows."""
    size = _number(request.query.get("per_page"), _USUAL_SIZE)
    return request.verb == "GET" and is_list(request) and size > _most(spec)


def refused(request: Request, spec: FaultSpec) -> Answer | None:
    """Return 400 for a page that is too large, or None: the page was made smaller.

    ``cap`` is a filter that overrides what was asked for; totals and Link headers follow it.
    ``refuse`` is one that lowers the maximum of the parameter.
    """
    if spec.text("how", "cap") == "cap":
        request.query["per_page"] = str(_most(spec))
        return None
    per_page = {"type": "integer", "minimum": 1, "maximum": _most(spec)}
    try:
        checked({"per_page": per_page}, {"per_page": request.query.get("per_page", _USUAL_SIZE)})
    except RestError as error:
        return error_answer(error, "")
    return None


def _most(spec: FaultSpec) -> int:
    return max(1, spec.number("most", 20))


def _number(value: Value, default: int) -> int:
    return int(value) if isinstance(value, str) and value.isdecimal() else default


def lying(answer: Answer, request: Request, spec: FaultSpec, nth: int) -> Answer:
    """Return the answer with totals that lie; the Link header believes them.

    Args:
        answer: one with totals.
        request: what was asked, for the size of its pages.
        spec: ``how``.
        nth: the number of this lie, from 1.
    """
    assert answer.total is not None
    size = max(1, _number(request.query.get("per_page"), _USUAL_SIZE))
    total = _lie(answer.total, spec.text("how", "small"), nth)
    pages = -(-total // size)
    is_last = _number(request.query.get("page"), 1) >= pages
    link = _without_next(answer.link) if is_last else answer.link
    return replace(answer, total=total, pages=pages, link=link)


def _lie(total: int, how: str, nth: int) -> int:
    if how == "changing":
        return max(0, total + nth % 7 - 3)
    return {"small": total // 2, "large": total * 2 + 1, "zero": 0}[how]


def _without_next(link: str | None) -> str | None:
    parts = [] if link is None else link.split(", ")
    return ", ".join(part for part in parts if not part.endswith('rel="next"')) or None
