"""The REST API, one file a noun."""

from __future__ import annotations

from fastapi import APIRouter, FastAPI

from storetwin.api.problems import EVERYWHERE
from storetwin.api.v1 import (
    analytics,
    api_keys,
    audit,
    authorisations,
    certificates,
    connections,
    core,
    dead_letters,
    exports,
    history,
    import_mappings,
    invitations,
    members,
    order_syncs,
    orders,
    organisations,
    persons,
    queries,
    runs,
    schedules,
    sessions,
    snapshots,
    staging,
    status,
    tables,
    users,
    webhooks,
)

PREFIX = "/api/v1"
NOUNS = (
    sessions,
    users,
    organisations,
    members,
    invitations,
    api_keys,
    audit,
    connections,
    authorisations,
    webhooks,
    runs,
    schedules,
    status,
    analytics,
    snapshots,
    history,
    certificates,
    dead_letters,
    order_syncs,
    orders,
    tables,
    staging,
    import_mappings,
    core,
    queries,
    exports,
    persons,
)


def include_nouns(app: FastAPI) -> None:
    """Give an application every noun of the API."""
    api = APIRouter(prefix=PREFIX, responses=EVERYWHERE)
    for noun in NOUNS:
        for router in noun.ROUTERS:
            api.include_router(router)
    app.include_router(api)
