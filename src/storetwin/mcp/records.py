"""Tools about single records, and about how the twins are doing."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated, Any

from pydantic import Field

from storetwin.connections.models import Connection
from storetwin.hub import Hub
from storetwin.hub.standings import as_json
from storetwin.kernel.errors import UnknownNameError
from storetwin.kernel.json_values import parse
from storetwin.kernel.moments import read_moment
from storetwin.mcp.questions import Caller, ConnectionName, ResourceName
from storetwin.mirror.changes import Chosen
from storetwin.mirror.finding import Wanted
from storetwin.resources import named

RemoteId = Annotated[str, Field(min_length=1, max_length=500, description="The store's own id.")]
Moment = Annotated[
    str | None, Field(max_length=64, description="A date or a time, UTC where it names no zone.")
]
OneConnection = Annotated[
    str | None,
    Field(max_length=200, description="Name or id of a connection; the default without."),
]
When = Annotated[
    str, Field(max_length=64, description="A version's number, a time at which it held, or now.")
]
Many = Annotated[int, Field(ge=1, le=100)]
SEARCHED = ("orders", "customers", "products", "variations", "coupons")
A_WEEK = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Records:
    """Tools about one record at a time, and about connections."""

    caller: Caller

    async def list_connections(self) -> Any:
        """List the stores that are connected: name, address, whether the twin is in step."""
        hub = await self.caller.own()
        return {
            "connections": [
                {
                    "name": one.connection.name,
                    "id": str(one.connection.id),
                    "url": one.connection.url,
                    "state": one.connection.state.value,
                    "is_default": one.connection.is_default,
                    "standing": one.standing.value,
                }
                for one in await hub.standings.every()
            ]
        }

    async def sync_status(self, connection: ConnectionName = None) -> Any:
        """Say for each store whether its twin is in step, how old it is, and what hinders it."""
        hub = await self.caller.own()
        only = (await hub.register.named(connection)).id if connection else None
        return {
            "connections": [
                as_json(one, None)
                for one in await hub.standings.every()
                if only in (None, one.connection.id)
            ]
        }

    async def search(
        self,
        text: Annotated[str, Field(min_length=1, max_length=200)],
        resource: Annotated[str | None, Field(max_length=63)] = None,
        connection: ConnectionName = None,
        limit: Many = 20,
    ) -> Any:
        """Find records by a name, an e-mail, a SKU, an order's number or a coupon's code.

        Three characters at least; fewer are taken for an id. Without a resource it looks at orders,
        customers, products, variations and coupons.
        """
        hub = await self.caller.own()
        chosen = [await hub.register.named(connection)] if connection else None
        found: list[Any] = []
        for one in chosen or await hub.register.every():
            for name in [resource] if resource else SEARCHED:
                found += await _found(hub, one, name, text, limit)
        return {"records": found[:limit], "is_cut": len(found) > limit}

    async def get_record(
        self,
        resource: ResourceName,
        remote_id: RemoteId,
        connection: OneConnection = None,
        at: Moment = None,
        fields: Annotated[
            list[Annotated[str, Field(max_length=100)]] | None,
            Field(max_length=50, description="Only these members of the document."),
        ] = None,
    ) -> Any:
        """Show one record as the store sent it, now or as it was at a moment."""
        hub = await self.caller.own()
        one = await _one(hub, connection)
        held = await hub.history.at(one.name, resource, remote_id, at or "now")
        return {
            "connection": one.name,
            "resource": resource,
            "remote_id": remote_id,
            "version": held.version.number,
            "state": held.version.state.value,
            "modified_at": held.version.modified_at,
            "read_at": held.version.read_at,
            "document": _only(_parsed(held.document), fields),
        }

    async def get_history(
        self,
        resource: ResourceName,
        remote_id: RemoteId,
        connection: OneConnection = None,
        limit: Many = 20,
    ) -> Any:
        """List the versions of one record, the latest first: when, who brought it, what it changed."""
        hub = await self.caller.own()
        one = await _one(hub, connection)
        told, has_more = await hub.history.page_versions(
            one.name, resource, remote_id, before=None, limit=limit
        )
        versions = [
            {
                "version": each.version.number,
                "state": each.version.state.value,
                "brought_by": each.version.brought_by,
                "modified_at": each.version.modified_at,
                "written_at": each.version.written_at,
                "changed": each.fields,
            }
            for each in told
        ]
        return {"connection": one.name, "versions": versions, "has_earlier": has_more}

    async def compare_versions(
        self,
        resource: ResourceName,
        remote_id: RemoteId,
        first: When,
        second: When = "now",
        connection: OneConnection = None,
    ) -> Any:
        """Say field by field how a record differs between two versions or moments."""
        hub = await self.caller.own()
        one = await _one(hub, connection)
        found = await hub.history.difference(one.name, resource, remote_id, first, second)
        changes = [
            {"field": c.name, "kind": c.kind.value, "before": c.before, "after": c.after}
            for c in found.comparison.changes
        ]
        versions = [found.first.number, found.second.number]
        return {"versions": versions, "is_same": found.is_same, "changes": changes}

    async def what_changed(
        self,
        since: Moment = None,
        until: Moment = None,
        resource: Annotated[str | None, Field(max_length=63)] = None,
        connection: ConnectionName = None,
        limit: Many = 50,
    ) -> Any:
        """List what was written in a span (the last seven days without one), the latest first."""
        hub = await self.caller.own()
        end = read_moment(until) if until else hub.clock()
        span = (read_moment(since) if since else end - A_WEEK, end)
        changes, position = await hub.history.changes(
            connection, resource, Chosen(), span, limit=limit
        )
        names = {one.id: one.name for one in await hub.register.every()}
        shown = [
            {
                "connection": names.get(c.connection_id),
                "resource": c.resource,
                "remote_id": c.remote_id,
                "version": c.version,
                "what": c.what.value,
                "written_at": c.written_at,
                "brought_by": c.brought_by,
                "changed": c.fields,
            }
            for c in changes
        ]
        return {"changes": shown, "has_more": position is not None}


async def _one(hub: Hub, connection: str | None) -> Connection:
    """Return the connection that is meant: the named one, the only one, or the default."""
    if connection:
        return await hub.register.named(connection)
    every = await hub.register.every()
    return every[0] if len(every) == 1 else await hub.register.get(None)


async def _found(hub: Hub, one: Connection, resource: str, text: str, limit: int) -> list[Any]:
    """Return the records of one list that fit, a line each."""
    wanted = text.strip()
    if len(wanted) < 3:
        ids = Wanted(ids=(wanted,))
        shown, _ = await hub.records.page(one.name, resource, ids, limit=limit, with_documents=True)
    else:
        shown, _ = await hub.records.search(
            one.name, resource, wanted, Wanted(), limit=limit + 1, with_documents=True
        )
    found = []
    for each in shown:
        document = _parsed(each.document or b"null")
        found.append(
            {
                "connection": one.name,
                "resource": resource,
                "remote_id": each.found.remote_id,
                "status": each.found.status,
                "created_at": each.found.created_at,
                **{path: _at(document, path) for path in _labels(resource)},
            }
        )
    return found


def _labels(resource: str) -> tuple[str, ...]:
    """Return the fields by which people know a record; a plugin's have none that we know of."""
    try:
        return named(resource).search
    except UnknownNameError:
        return ()


def _at(document: Any, path: str) -> Any:
    for step in path.split("."):
        document = document.get(step) if isinstance(document, dict) else None
    return document


def _only(document: Any, fields: list[str] | None) -> Any:
    if not fields or not isinstance(document, dict):
        return document
    return {name: document[name] for name in fields if name in document}


def _parsed(document: bytes) -> Any:
    try:
        document.decode()
        return parse(document)
    except ValueError:
        return {"base64": base64.b64encode(document).decode()}
