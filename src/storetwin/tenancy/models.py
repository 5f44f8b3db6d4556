"""Who asks, and what he may."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final
from uuid import UUID

from storetwin.kernel.errors import StoretwinError


class UnauthenticatedError(StoretwinError):
    """Nobody we know asks: no credentials, or such as are forged, expired or revoked.

    It never says which of these, nor whose they were.
    """

    code = "unauthenticated"
    default_remedy = "Send a valid access token or API key: Authorization: Bearer …"

    def __init__(self) -> None:
        super().__init__("This needs valid credentials.")


class NotAllowedError(StoretwinError):
    """It is known who asks, and this is not for him."""

    code = "forbidden"


class ForbiddenError(NotAllowedError):
    """Whoever asks may not do this."""

    default_remedy = "Ask an administrator of the organisation for the permission."

    def __init__(self, permission: Permission) -> None:
        super().__init__(f"This needs the permission {permission.value!r}.")
        self.permission = permission


class Permission(StrEnum):
    """What may be done in an organisation."""

    READ = "read"
    CREATE = "create"
    UPDATE = "update"
    DELETE = "delete"
    IMPORT = "import"
    """Start runs that bring records into the twin."""
    EXPORT = "export"
    """Take records away in bulk, or those of a person."""
    ADMINISTER = "administer"
    """Users, keys of others, the audit log, erasing a person."""


class Role(StrEnum):
    """What a user is in an organisation."""

    OWNER = "owner"
    """An administrator who also says who is owner, and may remove the organisation."""
    ADMINISTRATOR = "administrator"
    OPERATOR = "operator"
    VIEWER = "viewer"

    @property
    def permissions(self) -> frozenset[Permission]:
        """Return what it may do."""
        return _PERMISSIONS[self]

    @property
    def rank(self) -> int:
        """Return a number that is greater the more it may say about others."""
        return _RANKS[self]


_ALL: Final = frozenset(Permission)
_PERMISSIONS: Final = {
    Role.OWNER: _ALL,
    Role.ADMINISTRATOR: _ALL,
    Role.OPERATOR: _ALL - {Permission.DELETE, Permission.ADMINISTER},
    Role.VIEWER: frozenset({Permission.READ}),
}


_RANKS: Final = {Role.OWNER: 3, Role.ADMINISTRATOR: 2, Role.OPERATOR: 1, Role.VIEWER: 0}


class Via(StrEnum):
    """By what somebody is known."""

    SESSION = "session"
    API_KEY = "api_key"
    COMMAND = "command"
    """At the machine itself: the command line."""
    SYSTEM = "system"
    """Nobody: Storetwin by itself."""


@dataclass(frozen=True, slots=True)
class Principal:
    """Whoever asks, as far as it was proven.

    Args:
        organisation_id: in which he asks: nothing of any other is reachable.
        credential_id: the session or the API key.
        actor: how the audit log names him: an e-mail, or that and the key's name.
        permissions: what he may: those of his role, of a key at most those it was made with.
        is_installation_admin: may do what concerns every organisation.
    """

    organisation_id: UUID
    user_id: UUID
    credential_id: UUID
    actor: str
    via: Via
    role: Role
    permissions: frozenset[Permission]
    is_installation_admin: bool = False

    def require(self, permission: Permission) -> None:
        """Let nobody pass who may not.

        Raises:
            ForbiddenError: he may not.
        """
        if permission not in self.permissions:
            raise ForbiddenError(permission)
