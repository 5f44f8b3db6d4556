"""Who calls, and what a route demands of him.

A route says what it demands by the type of its first argument (``caller: Reader``). `DoorRoute`
looks at it before anything of the request is read, so whoever may not learns nothing by asking.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request, Security
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from storetwin.hub import Hub
from storetwin.tenancy.models import ForbiddenError, Permission, Principal

BEARER = HTTPBearer(auto_error=False, description="An access token, or an API key (`stk_…`).")


@dataclass(frozen=True, slots=True)
class Caller:
    """Who calls a route.

    Args:
        hub: of his organisation: what it does not reach is not his.
        address: where he calls from.
    """

    principal: Principal
    hub: Hub
    address: str | None


@dataclass(frozen=True, slots=True)
class Demand:
    """What a route demands of its caller.

    Args:
        permission: in his organisation.
        is_of_installation: he has to be an administrator of the installation as well.
    """

    permission: Permission
    is_of_installation: bool = False

    def check(self, principal: Principal) -> None:
        """Let nobody pass who may not.

        Raises:
            ForbiddenError: he may not.
        """
        principal.require(self.permission)
        if self.is_of_installation and not principal.is_installation_admin:
            raise ForbiddenError(Permission.ADMINISTER)

    def __call__(
        self,
        request: Request,
        _: Annotated[HTTPAuthorizationCredentials | None, Security(BEARER)] = None,
    ) -> Caller:
        """Return the caller, whom the route has recognised already; BEARER only documents it."""
        caller: Caller = request.state.caller
        return caller


Reader = Annotated[Caller, Depends(Demand(Permission.READ))]
Creator = Annotated[Caller, Depends(Demand(Permission.CREATE))]
Updater = Annotated[Caller, Depends(Demand(Permission.UPDATE))]
Deleter = Annotated[Caller, Depends(Demand(Permission.DELETE))]
Importer = Annotated[Caller, Depends(Demand(Permission.IMPORT))]
Exporter = Annotated[Caller, Depends(Demand(Permission.EXPORT))]
Administrator = Annotated[Caller, Depends(Demand(Permission.ADMINISTER))]
Installer = Annotated[Caller, Depends(Demand(Permission.ADMINISTER, is_of_installation=True))]
