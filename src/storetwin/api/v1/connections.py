"""Connections to stores."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Query, Response
from fastapi import Path as InPath

from storetwin.api.callers import Caller, Creator, Deleter, Reader, Updater
from storetwin.api.paging import Cursor, Limit, Page, page_of, position_of
from storetwin.api.problems import ProblemError
from storetwin.api.route import DoorRoute
from storetwin.api.v1.connection_documents import (
    ConnectionChanged,
    ConnectionDocument,
    ConnectionTried,
    IdentityCompared,
    IdentityDocument,
    IdentityFacts,
    ProbeDocument,
)
from storetwin.api.v1.connection_requests import (
    Acceptance,
    ConnectionChanges,
    ConnectionGiven,
    Keys,
    Pause,
    ProbeGiven,
)
from storetwin.connections.choices import changes_to
from storetwin.connections.doubts import headline, remedy_for
from storetwin.connections.models import Connection
from storetwin.hub.connecting import Tried
from storetwin.mirror.identity import Look

router = APIRouter(prefix="/connections", tags=["connections"], route_class=DoorRoute)
ROUTERS = (router,)
LIST = "connections by name"
Named = Annotated[
    str,
    InPath(min_length=1, max_length=100, description="Name or id.", examples=["shop"]),
]


@router.get("")
async def list_connections(
    caller: Reader, limit: Limit = 50, cursor: Cursor = None
) -> Page[ConnectionDocument]:
    """List the connections, by name."""
    position = position_of(cursor, LIST, str)
    found = await caller.hub.register.after(position[0] if position else None, limit + 1)
    shown = [ConnectionDocument.of(connection) for connection in found]
    return page_of(shown, limit, LIST, lambda one: one.name)


@router.post("", status_code=201)
async def create_connection(
    caller: Creator,
    given: ConnectionGiven,
    response: Response,
    *,
    test: Annotated[
        bool, Query(description="Test it first, and do not keep what does not work.")
    ] = True,
) -> ConnectionTried:
    """Connect a store. It is tested first; `test=false` keeps it untested.

    Name and store are unique in the organisation. The first connection becomes the default.
    """
    new = given.connection(given.name, caller.principal.user_id)
    tried = await caller.hub.connecting.add(new, is_tested=test)
    response.headers["Location"] = f"/api/v1/connections/{tried.connection.id}"
    return _tried(tried)


@router.post("/test")
async def test_keys(caller: Creator, given: ProbeGiven) -> ProbeDocument:
    """Test keys and an address, check by check. Nothing is kept, and nothing changed in the store."""
    tried = await caller.hub.connecting.try_out(given.connection("draft", caller.principal.user_id))
    assert tried.report is not None
    return ProbeDocument.of(tried.report, tried.warnings)


@router.get("/default")
async def show_default_connection(caller: Reader) -> ConnectionDocument:
    """Show the connection that is meant where none is named."""
    return ConnectionDocument.of(await caller.hub.register.get())


@router.get("/{connection}")
async def show_connection(caller: Reader, connection: Named) -> ConnectionDocument:
    """Show a connection; never its keys."""
    return ConnectionDocument.of(await caller.hub.register.named(connection))


@router.patch("/{connection}")
async def update_connection(
    caller: Updater, connection: Named, changes: ConnectionChanges
) -> ConnectionChanged:
    """Give a connection another name or other options. What is absent stays as it is.

    Options are not changed while a run of the connection is at work.
    """
    found = await caller.hub.register.named(connection)
    name = found.name if changes.name is None else changes.name
    if name != found.name:
        await caller.hub.register.check_name_free(name)
    forgotten: list[str] = []
    if changes.options is not None:
        choices = changes_to(found.options, changes.options.wanted())
        found, forgotten = await caller.hub.configure(found.name, choices)
    if name != found.name:
        found = await caller.hub.register.rename(found.name, name)
    return ConnectionChanged(**dict(ConnectionDocument.of(found)), forgotten=forgotten)


@router.delete("/{connection}", status_code=204)
async def delete_connection(
    caller: Deleter,
    connection: Named,
    confirm: Annotated[
        str, Query(min_length=1, max_length=100, description="The connection's name, once more.")
    ],
) -> None:
    """Remove a connection with its whole twin: records, versions, runs, certificates, webhooks.

    It is refused while a run of the connection is at work.
    """
    found = await caller.hub.register.named(connection)
    if confirm != found.name:
        raise ProblemError(
            422,
            "not_confirmed",
            f"This removes everything that was pulled from {found.url}, and it was not confirmed.",
            remedy=f"Send confirm={quote(found.name)}",
        )
    await caller.hub.connecting.remove(found.name)


@router.put("/{connection}/default")
async def set_default_connection(caller: Updater, connection: Named) -> ConnectionDocument:
    """Let a connection be meant where none is named."""
    found = await caller.hub.register.named(connection)
    return ConnectionDocument.of(await caller.hub.register.make_default(found.name))


@router.post("/{connection}/pause")
async def pause_connection(
    caller: Updater, connection: Named, given: Pause | None = None
) -> ConnectionDocument:
    """Let no run use a connection until it is resumed."""
    found = await caller.hub.register.named(connection)
    reason = (given or Pause()).reason
    return ConnectionDocument.of(await caller.hub.register.pause(found.name, reason))


@router.post("/{connection}/resume")
async def resume_connection(caller: Updater, connection: Named) -> ConnectionDocument:
    """Let runs use a connection again; the next one looks again which store it is."""
    found = await caller.hub.register.named(connection)
    return ConnectionDocument.of(await caller.hub.register.resume(found.name))


@router.post("/{connection}/test")
async def test_connection(caller: Updater, connection: Named) -> ProbeDocument:
    """Look whether the store answers, what the keys may do, and what else matters."""
    found = await caller.hub.register.named(connection)
    return ProbeDocument.of(await caller.hub.test_connection(found.name))


@router.post("/{connection}/keys")
async def rotate_keys(caller: Updater, connection: Named, keys: Keys) -> ConnectionTried:
    """Replace the keys of a connection, once the new ones were seen to open the same store.

    Runs that are at work go on with the old keys, and take the new ones as soon as the store does
    not accept the old ones any more.
    """
    found = await caller.hub.register.named(connection)
    return _tried(await caller.hub.connecting.renew(found.name, keys.credentials()))


@router.get("/{connection}/identity")
async def show_identity(caller: Reader, connection: Named) -> IdentityDocument:
    """Show which store is remembered, and whether it is trusted. The store is not asked."""
    return IdentityDocument.of(await caller.hub.register.named(connection))


@router.post("/{connection}/identity/check")
async def check_identity(caller: Updater, connection: Named) -> IdentityCompared:
    """Ask the store which one it is, and compare its records with the twin. Nothing is changed."""
    return await _looked(caller, await caller.hub.register.named(connection))


@router.post("/{connection}/identity/accept")
async def accept_identity(
    caller: Updater, connection: Named, given: Acceptance | None = None
) -> IdentityCompared:
    """Trust the store as it is now, and let runs use the connection again."""
    accepted = given or Acceptance()
    if accepted.is_restored and accepted.is_replaced:
        raise ProblemError(
            422, "both", "A store was either restored or replaced.", remedy="Send one of both."
        )
    found = await caller.hub.register.named(connection)
    kept, look = await caller.hub.identities.accept(
        found.name,
        url=accepted.url,
        is_restored=accepted.is_restored,
        is_replaced=accepted.is_replaced,
    )
    return _compared(kept, look)


async def _looked(caller: Caller, connection: Connection) -> IdentityCompared:
    return _compared(*await caller.hub.identities.look(connection.name))


def _compared(connection: Connection, look: Look) -> IdentityCompared:
    judgement = look.judgement
    return IdentityCompared(
        **dict(IdentityDocument.of(connection)),
        verdict=judgement.verdict,
        records=judgement.standing.value,
        finding=headline(judgement, connection.url),
        remedy=None if judgement.is_trusted else remedy_for(judgement.verdict, connection.name),
        seen=IdentityFacts.of(look.seen),
    )


def _tried(tried: Tried) -> ConnectionTried:
    document = ConnectionDocument.of(tried.connection)
    test = ProbeDocument.of(tried.report, tried.warnings) if tried.report else None
    return ConnectionTried(**dict(document), test=test)
