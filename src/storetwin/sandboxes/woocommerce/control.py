"""The control door below ``/sandbox``: a test tool on loopback, without keys.

GET /sandbox/counts · GET, POST, DELETE /sandbox/faults · POST /sandbox/mutate
"""

from __future__ import annotations

import json
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Mount, Route

from storetwin.sandboxes.woocommerce.app import Shop

_VERBS = ("create", "edit", "trash", "delete", "restore")


class ControlDoor:
    """Lets a test of any language look into the shop and change it.

    Args:
        shop: the shop.
    """

    def __init__(self, shop: Shop) -> None:
        self._shop = shop

    def mount(self) -> Mount:
        """Return its routes."""
        return Mount(
            "/sandbox",
            routes=[
                Route("/counts", self.counts, methods=["GET"]),
                Route("/faults", self.faults, methods=["GET", "POST", "DELETE"]),
                Route("/mutate", self.mutate, methods=["POST"]),
            ],
        )

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

    async def faults(self, request: Request) -> JSONResponse:
        """Tell, switch on (``{"fault": "poison:every=100"}``) or switch off faults."""
        board = self._shop.faults
        if request.method == "POST":
            try:
                board.switch_on(str((await _json(request))["fault"]))
            except (ValueError, KeyError) as error:
                return JSONResponse({"error": str(error)}, status_code=400)
        elif request.method == "DELETE":
            name = request.query_params.get("name")
            board.switch_off(name) if name else board.clear()
        return JSONResponse({"faults": board.described()})

    async def mutate(self, request: Request) -> JSONResponse:
        """Change a record: ``{"verb", "resource", "id", "fields", "owner", "status"}``."""
        try:
            number = await run_in_threadpool(self._mutate, await _json(request))
        except (ValueError, KeyError) as error:
            return JSONResponse({"error": str(error)}, status_code=400)
        return JSONResponse({"id": number})

    def _mutate(self, asked: dict[str, Any]) -> int:
        verb, resource = asked["verb"], asked.get("resource", "orders")
        if verb not in _VERBS or resource not in self._shop.store.tables:
            raise ValueError(f"cannot {verb} {resource}")
        store, fields = self._shop.store, asked.get("fields") or {}
        if verb == "create":
            return store.create(resource, fields, int(asked.get("owner", 0)))
        number = int(asked["id"])
        if verb == "edit":
            store.edit(resource, number, fields)
        elif verb == "trash":
            store.trash(resource, number)
        elif verb == "restore":
            store.restore(resource, number, asked.get("status"))
        else:
            store.delete(resource, number)
        return number


async def _json(request: Request) -> dict[str, Any]:
    found = json.loads(await request.body() or b"{}")
    if not isinstance(found, dict):
        raise KeyError("send a JSON object")
    return found
