"""The control door below ``/sandbox``: a test tool on loopback, without keys.

For tests in any language: look into the shop, break it, change it, begin again.
docs/howto/test-your-own-client.md shows every route with a curl line.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from storetwin.sandboxes.woocommerce.app import Shop
from storetwin.sandboxes.woocommerce.auth import (
    READ_ONLY,
    READ_WRITE,
    WRITE_ONLY,
    KeyPair,
    Permission,
)
from storetwin.sandboxes.woocommerce.fault_kinds import KINDS
from storetwin.sandboxes.woocommerce.model.odd import make_odd
from storetwin.sandboxes.woocommerce.model.store import Backup
from storetwin.sandboxes.woocommerce.webhooks import Delivered
from storetwin.sandboxes.woocommerce.wire import Exchange

PREFIX = "/sandbox"
VERBS = ("create", "edit", "trash", "delete", "restore")
_MOST_REQUESTS = 1000

Handler = Callable[[Request], Awaitable[Response]]


class AskedWrongError(ValueError):
    """Somebody asked the control door for what it does not understand."""


class ControlDoor:
    """Lets a test of any language look into the shop and change it.

    Args:
        shop: the shop.
    """

    def __init__(self, shop: Shop) -> None:
        self._shop = shop
        self._backups: list[Backup] = []

    def routes(self) -> list[Route]:
        """Return its routes, relative to :data:`PREFIX`."""
        table: dict[str, tuple[Handler, list[str]]] = {
            "/store": (self.store, ["GET"]),
            "/counts": (self.counts, ["GET"]),
            "/requests": (self.requests, ["GET", "DELETE"]),
            "/kinds": (self.kinds, ["GET"]),
            "/faults": (self.faults, ["GET", "POST", "DELETE"]),
            "/records/{resource}": (self.ids, ["GET"]),
            "/records/{resource}/{number:int}": (self.record, ["GET"]),
            "/webhooks": (self.webhooks, ["GET", "POST"]),
            "/deliveries": (self.deliveries, ["GET", "DELETE"]),
            "/keys": (self.keys, ["GET", "POST", "DELETE"]),
            "/mutate": (self.mutate, ["POST"]),
            "/reset": (self.reset, ["POST"]),
            "/odd": (self.odd, ["POST"]),
            "/backup": (self.backup, ["POST"]),
            "/restore": (self.restore, ["POST"]),
            "/wipe": (self.wipe, ["POST"]),
            "/replace": (self.replace, ["POST"]),
            "/move": (self.move, ["POST"]),
        }
        return [
            Route(path, _answered(handler), methods=methods)
            for path, (handler, methods) in table.items()
        ]

    async def store(self, _: Request) -> JSONResponse:
        """Tell where the shop is, which keys open it, and what it is made of."""
        return JSONResponse(described(self._shop))

    async def counts(self, _: Request) -> JSONResponse:
        """Tell how many records exist, what changed, and what was asked for."""
        shop = self._shop
        changes = shop.store.changes
        return JSONResponse(
            {
                "records": shop.store.counts(),
                "changes": {name: dict(found) for name, found in changes.versions.items()},
                "deleted": {name: sorted(found) for name, found in changes.deleted.items()},
                "requests": shop.requests.total,
                "by_status": dict(shop.requests.by_status),
                "served": shop.requests.records,
            }
        )

    async def requests(self, request: Request) -> JSONResponse:
        """Tell what was asked for (``?since=NUMBER&most=100``), or start counting again."""
        log = self._shop.requests
        if request.method == "DELETE":
            log.clear()
        since = int(request.query_params.get("since", 0))
        most = min(int(request.query_params.get("most", 100)), _MOST_REQUESTS)
        found = [shown(exchange) for exchange in log.since(since, most)]
        return JSONResponse({"total": log.total, "requests": found})

    async def kinds(self, _: Request) -> JSONResponse:
        """Tell what can be broken, and with which parameters."""
        kinds = [
            {"name": kind.name, "meaning": kind.meaning, "parameters": dict(kind.parameters)}
            for kind in KINDS.values()
        ]
        return JSONResponse({"kinds": kinds})

    async def faults(self, request: Request) -> JSONResponse:
        """Tell, switch on (``{"fault": "poison:every=100"}``) or switch off faults."""
        board = self._shop.faults
        if request.method == "POST":
            text = (await _json(request)).get("fault")
            if not isinstance(text, str):
                raise AskedWrongError('Send {"fault": "NAME:KEY=VALUE,…"}.')
            await run_in_threadpool(board.switch_on, text)
        elif request.method == "DELETE":
            name = request.query_params.get("name")
            await run_in_threadpool(board.switch_off, name) if name else board.clear()
        return JSONResponse({"faults": board.described()})

    async def webhooks(self, request: Request) -> JSONResponse:
        """Tell how webhooks are sent, or change it.

        ``{"delay": 25, "fast_queue": false, "faults": ["drop:every=3"], "timeout": 60}``
        """
        sender = self._shop.webhooks
        if request.method == "POST":
            asked = await _json(request)
            if not asked.keys() <= {"delay", "fast_queue", "faults", "timeout"}:
                raise AskedWrongError("There are delay, fast_queue, faults and timeout.")
            faults = asked.get("faults", sender.troubles.texts)
            if not isinstance(faults, list):
                raise AskedWrongError('faults are a list of texts: ["drop:every=3"].')
            delay = float(asked.get("delay", sender.delay))
            timeout = float(asked.get("timeout", sender.timeout))
            sender.troubles.switch(map(str, faults))
            sender.delay, sender.timeout = delay, timeout
            sender.fast_queue = bool(asked.get("fast_queue", sender.fast_queue))
        return JSONResponse(sending(self._shop))

    async def deliveries(self, request: Request) -> JSONResponse:
        """Tell what was sent (``?since=NUMBER&most=100``), or begin the list anew."""
        sent = self._shop.webhooks.deliveries
        if request.method == "DELETE":
            sent.clear()
        since = int(request.query_params.get("since", 0))
        most = min(int(request.query_params.get("most", 100)), _MOST_REQUESTS)
        found = [shown_delivery(each) for each in sent.since(since, most)]
        return JSONResponse({"total": sent.total, "deliveries": found})

    async def keys(self, request: Request) -> JSONResponse:
        """Tell which keys open the shop, make others, or revoke one (``?key=ck_…``)."""
        gate = self._shop.gate
        if request.method == "POST":
            asked = (await _json(request)).get("permission", Permission.READ_WRITE.value)
            if asked not in [permission.value for permission in Permission]:
                raise AskedWrongError("permission is read, write or read_write.")
            made = gate.make(Permission(asked))
            return JSONResponse({"key": made.key, "secret": made.secret, "permission": asked})
        if request.method == "DELETE" and not gate.revoke(request.query_params.get("key", "")):
            raise AskedWrongError("There is no such key.")
        return JSONResponse(
            {"keys": [{"key": p.key, "permission": p.permission.value} for p in gate.pairs]}
        )

    async def ids(self, request: Request) -> JSONResponse:
        """Tell the ids of all records of a resource, hidden and trashed ones included."""
        return JSONResponse({"ids": self._shop.store.ids(self._resource(request.path_params))})

    async def record(self, request: Request) -> Response:
        """Tell the exact bytes of a record; 404 when it is gone."""
        resource, number = self._resource(request.path_params), request.path_params["number"]
        document = self._shop.store.document(resource, number)
        if document is None:
            return JSONResponse({"error": f"There is no {resource} {number}."}, status_code=404)
        return Response(document, media_type="application/json")

    async def mutate(self, request: Request) -> JSONResponse:
        """Change a record: ``{"verb", "resource", "id", "fields", "owner", "status"}``."""
        number = await run_in_threadpool(self._mutate, await _json(request))
        return JSONResponse({"id": number})

    async def reset(self, _: Request) -> JSONResponse:
        """Be as at the start: same records, same faults, nothing asked for yet."""
        await run_in_threadpool(self._shop.reset)
        return JSONResponse(described(self._shop))

    async def odd(self, _: Request) -> JSONResponse:
        """Put odd records into the store, and tell what is odd and where."""
        return JSONResponse({"odd": await run_in_threadpool(make_odd, self._shop.store)})

    async def backup(self, _: Request) -> JSONResponse:
        """Keep a copy of all data, to be put back later, and tell its number."""
        self._backups.append(await run_in_threadpool(self._shop.store.take_backup))
        return JSONResponse({"backup": len(self._backups)})

    async def restore(self, request: Request) -> JSONResponse:
        """Put a copy back (``{"backup": 1}``; the last one if none is named)."""
        number = int((await _json(request)).get("backup", len(self._backups)))
        if not 0 < number <= len(self._backups):
            raise AskedWrongError(f"There is no backup {number}. There are {len(self._backups)}.")
        await run_in_threadpool(self._shop.store.restore_backup, self._backups[number - 1])
        return JSONResponse(described(self._shop))

    async def wipe(self, _: Request) -> JSONResponse:
        """Install the store anew: empty, with another store_id."""
        await run_in_threadpool(self._shop.store.wipe)
        return JSONResponse(described(self._shop))

    async def replace(self, request: Request) -> JSONResponse:
        """Put another store in its place: ``{"seed": 99, "orders": 250}``."""
        asked = await _json(request)
        seed, orders = int(asked.get("seed", 99)), int(asked.get("orders", 250))
        await run_in_threadpool(self._shop.store.become_another, seed, orders)
        return JSONResponse(described(self._shop))

    async def move(self, request: Request) -> JSONResponse:
        """Let the store call itself by another address: ``{"home_url": "https://shop.test"}``."""
        self._shop.store.home_url = (await _json(request)).get("home_url")
        return JSONResponse(described(self._shop))

    def _resource(self, asked: dict[str, Any]) -> str:
        resource = asked.get("resource", "orders")
        if resource not in self._shop.store.tables:
            known = ", ".join(sorted(self._shop.store.tables))
            raise ValueError(f"There is no resource {resource!r}. There are: {known}.")
        return str(resource)

    def _mutate(self, asked: dict[str, Any]) -> int:
        verb, resource = asked.get("verb"), self._resource(asked)
        if verb not in VERBS:
            raise ValueError(f"There is no verb {verb!r}. There are: {', '.join(VERBS)}.")
        store, fields = self._shop.store, asked.get("fields") or {}
        if verb == "create":
            return store.create(resource, fields, int(asked.get("owner", 0)))
        number = int(asked.get("id", 0))
        if store.document(resource, number) is None:
            raise ValueError(f"There is no record {number} among the {resource}.")
        if verb == "edit":
            store.edit(resource, number, fields)
        elif verb == "restore":
            store.restore(resource, number, asked.get("status"))
        else:
            (store.trash if verb == "trash" else store.delete)(resource, number)
        return number


def described(shop: Shop) -> dict[str, Any]:
    """Return what somebody needs to use the shop; its keys are public and fixed."""

    def keys(pair: KeyPair) -> dict[str, str]:
        return {"key": pair.key, "secret": pair.secret}

    store = shop.store
    return {
        "url": store.base,
        **keys(READ_WRITE),
        "read_only": keys(READ_ONLY),
        "write_only": keys(WRITE_ONLY),
        "control": store.base + PREFIX,
        "version": store.release.number,
        "plugins": sorted(store.plugins),
        "store_id": store.store_id,
        "home_url": store.home_url or store.base,
        "seed": store.seed,
        "site_timezone": store.site.name,
        "records": store.counts(),
    }


def sending(shop: Shop) -> dict[str, Any]:
    """Return how webhooks are sent."""
    sender = shop.webhooks
    return {
        "delay": sender.delay,
        "fast_queue": sender.fast_queue,
        "timeout": sender.timeout,
        "waiting": sender.waiting,
        "sent": sender.deliveries.total,
        "faults": sender.troubles.described(),
    }


def shown_delivery(delivered: Delivered) -> dict[str, Any]:
    """Return a delivery as JSON shows it."""
    return delivered._asdict() | {
        "at": round(delivered.at, 3),
        "ms": round(delivered.ms, 1),
        "body": delivered.body.decode("utf-8", "replace"),
    }


def shown(exchange: Exchange) -> dict[str, Any]:
    """Return an exchange as JSON shows it."""
    return exchange._asdict() | {"at": round(exchange.at, 3), "ms": round(exchange.ms, 1)}


def _answered(handler: Handler) -> Handler:
    """Refuse other sites' pages, and say in words what was wrong with a request."""

    async def answered(request: Request) -> Response:
        origin = request.headers.get("origin")
        if origin is not None and origin.partition("://")[2] != request.headers.get("host"):
            return JSONResponse({"error": "Another site's page may not use this."}, 403)
        try:
            return await handler(request)
        except ValueError as error:
            return JSONResponse({"error": str(error)}, status_code=400)
        except KeyError as error:
            return JSONResponse({"error": f"Something is missing: {error}"}, status_code=400)

    return answered


async def _json(request: Request) -> dict[str, Any]:
    found = json.loads(await request.body() or b"{}")
    if not isinstance(found, dict):
        raise AskedWrongError("Send a JSON object.")
    return found
