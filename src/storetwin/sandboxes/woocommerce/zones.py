"""Answering shipping zones: the zone itself, its locations, its methods."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from storetwin.sandboxes.woocommerce.answers import Answer
from storetwin.sandboxes.woocommerce.fixed import fixed_answers
from storetwin.sandboxes.woocommerce.php_json import MARK, dumps, with_base
from storetwin.sandboxes.woocommerce.request import Request
from storetwin.sandboxes.woocommerce.singles import Missing, answer_document

_MISSING = Missing("woocommerce_rest_shipping_zone_invalid", "Resource does not exist.")
_METHOD_MISSING = Missing(
    "woocommerce_rest_shipping_zone_method_invalid", "Resource does not exist."
)
# Zone → where it is. Zone 4 is recorded; zone 0 is the rest of the world; zone 5 stands empty.
_LOCATIONS: Mapping[int, tuple[tuple[str, str], ...]] = {
    1: (("US:NY", "state"), ("US:NJ", "state")),
    2: (("US", "country"),),
    3: (("DE", "country"), ("FR", "country"), ("IT", "country"), ("NL", "country")),
}


def zone(number: str, request: Request) -> Answer:
    """Return one shipping zone.

    Raises:
        RestError: there is none.
    """
    return answer_document(dumps(_zone(number)).encode(), request)


def locations(number: str, request: Request) -> Answer:
    """Return where a zone is; the whole list, whatever page is asked for.

    Raises:
        RestError: there is no such zone.
    """
    return _whole(_locations(int(_zone(number)["id"])), request)


def methods(number: str, request: Request) -> Answer:
    """Return how a zone ships; the whole list, whatever page is asked for.

    Raises:
        RestError: there is no such zone.
    """
    return _whole(_methods(int(_zone(number)["id"])), request)


def method(number: str, instance: str, request: Request) -> Answer:
    """Return one method of a zone.

    Raises:
        RestError: there is no such zone, or no such method in it.
    """
    for row in _methods(int(_zone(number)["id"])):
        if row["id"] == int(instance):
            return answer_document(dumps(row).encode(), request)
    raise _METHOD_MISSING.error()


def _whole(rows: list[dict[str, Any]], request: Request) -> Answer:
    """Return a list that is never paged; an empty one has no page at all (measured)."""
    body = with_base(dumps(rows).encode(), request.base)
    return Answer(200, body, total=len(rows), pages=min(1, len(rows)), records=len(rows))


def _zone(number: str) -> dict[str, Any]:
    for found in _recorded("shipping/zones"):
        if found["id"] == int(number):
            return found
    raise _MISSING.error()


def _locations(number: int) -> list[dict[str, Any]]:
    here = f"{MARK}/wp-json/wc/v3/shipping/zones/{number}"
    links = {"collection": [{"href": f"{here}/locations"}], "describes": [{"href": here}]}
    known = _LOCATIONS.get(number, ())
    return [{"code": code, "type": kind, "_links": links} for code, kind in known]


def _methods(number: int) -> list[dict[str, Any]]:
    return _recorded("shipping/zones/2/methods") if number == 2 else []


def _recorded(path: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(fixed_answers()["answers"][path]["body"])
    return found
