"""A proxy that keeps what it should not: answers of the REST API, under their URL."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import replace
from urllib.parse import unquote_plus

from storetwin.sandboxes.woocommerce.answers import Answer
from storetwin.sandboxes.woocommerce.delivery import AT_ONCE
from storetwin.sandboxes.woocommerce.fault_kinds import FaultSpec
from storetwin.sandboxes.woocommerce.request import Request

_MOST = 500
_KNOWN = frozenset(
    (
        *("page", "per_page", "offset", "order", "orderby", "search", "include", "exclude"),
        *("after", "before", "modified_after", "modified_before", "dates_are_gmt", "context"),
        *("status", "parent", "parent_exclude", "customer", "product", "product_id", "dp", "sku"),
        *("slug", "type", "category", "tag", "role", "email", "code", "class", "reviewer", "force"),
        *("include_status", "exclude_status", "include_meta", "exclude_meta", "lang", "period"),
        *("_fields", "_embed", "_envelope", "_method", "rest_route", "hide_empty", "catalog"),
    )
)


class ProxyCache:
    """Keeps answers to GET for a while, the latest 500 of them.

    Args:
        spec: ``seconds``, ``keyed``.
    """

    def __init__(self, spec: FaultSpec) -> None:
        self._seconds = spec.number("seconds", 600)
        self._passes_over = spec.text("keyed", "all") == "known"
        self._kept: OrderedDict[str, tuple[float, Answer]] = OrderedDict()

    def kept(self, request: Request, now: float) -> Answer | None:
        """Return what was answered before, with its age in seconds; None if it is not there."""
        key = self._key(request)
        made, answer = self._kept.get(key, (0.0, None)) if key else (0.0, None)
        if answer is None or not 0 <= now - made <= self._seconds:
            return None
        told = [("Age", str(int(now - made))), ("X-Cache", "HIT")]
        return replace(answer, made_at=made, headers=[*answer.headers, *told])

    def keep(self, request: Request, answer: Answer, now: float) -> Answer:
        """Keep a good answer to a GET; return it as it goes on."""
        key = self._key(request)
        if key is None or answer.status != 200 or answer.delivery is not AT_ONCE:
            return answer
        self._kept[key] = now, answer
        self._kept.move_to_end(key)
        if len(self._kept) > _MOST:
            self._kept.popitem(last=False)
        return replace(answer, headers=[*answer.headers, ("X-Cache", "MISS")])

    def _key(self, request: Request) -> str | None:
        """Return what an answer is kept under; None for what no proxy keeps."""
        if request.method != "GET" or request.route is None:
            return None
        if not self._passes_over:
            return f"{request.path}?{request.query_string}"
        pairs = [pair for pair in request.query_string.split("&") if _name(pair) in _KNOWN]
        return f"{request.path}?{'&'.join(sorted(pairs))}"


def _name(pair: str) -> str:
    return unquote_plus(pair.partition("=")[0]).partition("[")[0]
