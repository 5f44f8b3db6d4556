"""Answering POST, PUT, PATCH and DELETE."""

from __future__ import annotations

from storetwin.sandboxes.woocommerce import singles
from storetwin.sandboxes.woocommerce.answers import Answer
from storetwin.sandboxes.woocommerce.batch import Batch, FatalError
from storetwin.sandboxes.woocommerce.reads import Call, no_route, read
from storetwin.sandboxes.woocommerce.representation import edit_view
from storetwin.sandboxes.woocommerce.setup_writes import set_locations, update_keyed
from storetwin.sandboxes.woocommerce.webhooks.saved import pings_after, webhook_url
from storetwin.sandboxes.woocommerce.whole_lists import keyed_document, owner_of, whole_list
from storetwin.sandboxes.woocommerce.writes import (
    Target,
    create,
    created_answer,
    declared,
    delete,
    delete_tax_class,
    update,
)

_WRITABLE = ("list", "single", "whole", "keyed")


def write(call: Call) -> Answer:
    """Answer a write.

    Raises:
        RestError: what is wrong with it.
    """
    if call.route.kind == "batch":
        return _batch(call)
    if call.route.kind == "unmodelled":
        return read(call)
    if call.route.resource == "zone_locations":
        return _set_locations(call)
    if call.route.kind not in _WRITABLE:
        raise no_route()
    if call.request.verb == "DELETE":
        return _delete(call)
    if call.route.kind == "keyed":
        return _update_keyed(call)
    return _create_or_update(call)


def _batch(call: Call) -> Answer:
    resource = call.route.resource

    def kills(number: int) -> bool:
        return call.faults.kills(resource, number)

    try:
        return Batch(call.store, call.route, call.found, kills).answer(call.given, call.request)
    except FatalError:
        return call.faults.fatal(call.request)


def _set_locations(call: Call) -> Answer:
    resource = call.route.resource
    zone = owner_of(call.store, resource, call.found)
    set_locations(call.store, zone or 0, call.request)
    return whole_list(call.store, resource, call.found, call.request)


def _update_keyed(call: Call) -> Answer:
    resource = call.route.resource
    fields = {name: call.given[name] for name in call.given if name in call.arguments}
    number = update_keyed(call.store, resource, call.found, fields)
    document = keyed_document(call.store, resource, number, call.found)
    return singles.answer_document(document, call.request)


def _delete(call: Call) -> Answer:
    force = str(call.given.get("force", "")).lower() in ("1", "true")
    if call.route.resource == "tax_classes":
        document = delete_tax_class(call.store, call.found["slug"], force=force)
    else:
        document = delete(call.store, Target(call.route.resource, call.found), force=force)
    return singles.answer_document(document, call.request)


def _create_or_update(call: Call) -> Answer:
    """Write and show the record as an editor sees it. A poisoned one is stored, and then kills."""
    store, resource = call.store, call.route.resource
    owner_of(store, resource, call.found)
    target = Target(resource, call.found)
    fields = declared(call.given, call.arguments, call.route.arguments(call.request.verb))
    is_update = call.route.kind == "single"
    saved = webhook_url(store, target) if is_update else ""
    number = update(store, target, fields) if is_update else create(store, target, fields)
    if call.faults.kills(resource, number):
        return call.faults.fatal(call.request)
    if not is_update:
        answer = created_answer(store, resource, number, call.request)
    else:
        document = edit_view(singles.record_document(store, resource, number), resource)
        answer = singles.answer_document(document, call.request)
    answer.pings = pings_after(store, target, number, saved)
    return answer
