"""Answering GET: which kind of route it is decides who answers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from storetwin.sandboxes.woocommerce import singles, zones
from storetwin.sandboxes.woocommerce.answers import Answer, RestError
from storetwin.sandboxes.woocommerce.faults import Board
from storetwin.sandboxes.woocommerce.lists import Asked, answer_list, link_header
from storetwin.sandboxes.woocommerce.model.store import Store
from storetwin.sandboxes.woocommerce.representation import edit_view
from storetwin.sandboxes.woocommerce.request import Request
from storetwin.sandboxes.woocommerce.routes import Route


@dataclass(slots=True)
class Call:
    """A request that found its route, with checked parameters.

    Args:
        store, faults: the shop and what is broken.
        request: what was sent.
        route: what it is for.
        found: the parameters of the URL.
        given: query and body together, as sent.
        arguments: the declared ones among them, checked, with defaults.
    """

    store: Store
    faults: Board
    request: Request
    route: Route
    found: dict[str, str]
    given: dict[str, Any]
    arguments: dict[str, Any]

    @property
    def owner(self) -> int | None:
        """The record in the URL whose list it is."""
        found = self.found
        owner = found.get("order") or found.get("product") or found.get("attribute")
        return None if owner is None else int(owner)


def no_route() -> RestError:
    """Return the error for a path or a method that does not exist: always 404, never 405."""
    text = "No route was found matching the URL and request method."
    return RestError("rest_no_route", text, 404, shows_allow=False)


def read(call: Call) -> Answer:
    """Answer a GET.

    Raises:
        RestError: there is no such record.
    """
    return _KINDS[call.route.kind](call)


def _single(call: Call) -> Answer:
    resource = call.route.resource
    number = singles.find_record(call.store, resource, call.found)
    fatal = call.faults.fatal_for(resource, (number,), call.request)
    if fatal is not None:
        return fatal
    document = singles.record_document(call.store, resource, number)
    [document] = call.faults.blank_meta(resource, (number,), [document])
    if call.request.query.get("context") == "edit":
        document = edit_view(document, resource)
    if resource == "products":
        document = call.store.with_related(document)
    return singles.answer_document(document, call.request, call.arguments)


def _list(call: Call) -> Answer:
    route, arguments = call.route, call.arguments
    if route.resource == "custom_field_names":
        if call.request.fields():
            return call.faults.fatal(call.request)
        names = singles.custom_field_names(arguments["page"], arguments["per_page"])
        names.link = _neighbours(call, names.pages or 0)
        return names
    assert route.rules is not None, f"the list {route.path} has no rules"
    attribute = call.found.get("attribute")
    if attribute is not None and int(attribute) not in call.store.tables["attributes"]:
        text = "Taxonomy does not exist."
        raise RestError("woocommerce_rest_taxonomy_invalid", text, 404, shows_allow=False)
    return answer_list(_asked(call))


def _neighbours(call: Call, pages: int) -> str | None:
    """Return the Link header of a list that is no table."""
    return link_header(_asked(call), pages, has_rows=True)


def _asked(call: Call) -> Asked:
    assert call.route.rules is not None
    where = "/wc/v3/" + call.route.path.format(**call.found)
    return Asked(
        call.store, call.faults, call.request, call.route.rules, call.arguments, where, call.owner
    )


_KINDS: dict[str, Callable[[Call], Answer]] = {
    "list": _list,
    "single": _single,
    "whole": lambda call: singles.whole_list(call.store, call.route.resource, call.request),
    "fixed": lambda call: singles.fixed_answer(call.route.path, call.request),
    "notes": lambda call: singles.order_notes(call.store, call.found["order"], call.request),
    "zone": lambda call: zones.zone(call.found["id"], call.request),
    "zone_locations": lambda call: zones.locations(call.found["id"], call.request),
    "zone_methods": lambda call: zones.methods(call.found["id"], call.request),
    "zone_method": lambda call: zones.method(
        call.found["id"], call.found["instance_id"], call.request
    ),
    "system_status": lambda call: singles.system_status(call.store, call.request),
    "order_totals": lambda call: singles.order_totals(call.store),
}
