"""Answering GET: which kind of route it is decides who answers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from storetwin.sandboxes.woocommerce import singles, whole_lists
from storetwin.sandboxes.woocommerce.answers import Answer, RestError
from storetwin.sandboxes.woocommerce.faults import Board
from storetwin.sandboxes.woocommerce.lists import Asked, answer_list, link_header
from storetwin.sandboxes.woocommerce.model.store import Store
from storetwin.sandboxes.woocommerce.representation import edit_view
from storetwin.sandboxes.woocommerce.request import Request
from storetwin.sandboxes.woocommerce.routes import Route
from storetwin.sandboxes.woocommerce.system_status import system_status


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
        return singles.owner_in(self.found)


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
        names = whole_lists.custom_field_names(arguments["page"], arguments["per_page"])
        names.link = _neighbours(call, names.pages or 0)
        return names
    assert route.rules is not None, f"the list {route.path} has no rules"
    attribute = call.found.get("attribute_id")
    if attribute is not None and int(attribute) not in call.store.tables["attributes"]:
        text = "Taxonomy does not exist."
        raise RestError("woocommerce_rest_taxonomy_invalid", text, 404, shows_allow=False)
    return answer_list(_asked(call))


def _neighbours(call: Call, pages: int) -> str | None:
    """Return the Link header of a list that is no table."""
    return link_header(_asked(call), pages, has_rows=True)


def _asked(call: Call) -> Asked:
    assert call.route.rules is not None
    path = call.route.path.format(**call.found)
    where = path if path.startswith("/") else "/wc/v3/" + path
    return Asked(
        call.store, call.faults, call.request, call.route.rules, call.arguments, where, call.owner
    )


def _unmodelled(call: Call) -> Answer:
    """Refuse what a real store has and the sandbox does not play."""
    text = f"The sandbox does not play {call.route.pattern}."
    raise RestError("sandbox_does_not_play_this", text, 501)


_KINDS: dict[str, Callable[[Call], Answer]] = {
    "list": _list,
    "single": _single,
    "whole": lambda call: whole_lists.whole_list(
        call.store, call.route.resource, call.found, call.request
    ),
    "keyed": lambda call: whole_lists.keyed(
        call.store, call.route.resource, call.found, call.request
    ),
    "fixed": lambda call: whole_lists.fixed_answer(call.route.path, call.request),
    "system_status": lambda call: system_status(call.store, call.request),
    "order_statuses": lambda call: whole_lists.order_statuses(call.store),
    "order_totals": lambda call: whole_lists.order_statuses(call.store, counted=True),
    "current_currency": lambda call: whole_lists.current_currency(call.store, call.request),
    "unmodelled": _unmodelled,
}
