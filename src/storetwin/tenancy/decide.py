"""Who may make whom what: decisions, nothing else."""

from __future__ import annotations

from storetwin.kernel.errors import ConfigurationError, ConflictError
from storetwin.tenancy.models import NotAllowedError, Permission, Principal, Role, Via


class RoleTooHighError(NotAllowedError):
    """Nobody makes anybody more than he is, nor touches one who is more than he."""

    code = "role_too_high"
    default_remedy = "Ask an owner of the organisation."


class NotByKeyError(NotAllowedError):
    """A person has to do this himself; an API key is not enough."""

    code = "not_by_key"
    default_remedy = "Sign in (POST /api/v1/sessions) and use the access token."

    def __init__(self) -> None:
        super().__init__("This cannot be done with an API key.")


class LastOwnerError(ConflictError):
    """An organisation without an owner could never have one again."""

    code = "last_owner"
    default_remedy = "Make somebody else an owner first."

    def __init__(self) -> None:
        super().__init__("This is the last owner of the organisation.")


class ScopesError(ConfigurationError):
    """A key is wanted for more than whoever makes it may do."""

    code = "bad_scopes"
    default_remedy = "Leave out the scopes that you do not have yourself (GET /api/v1/users/me)."


def check_grant(by: Principal | None, role: Role) -> None:
    """Let nobody make anybody more than he is himself.

    Args:
        by: who does it; None: whoever has the machine, who may everything.

    Raises:
        ForbiddenError: he is no administrator.
        RoleTooHighError: he may not grant this role.
    """
    if by is None:
        return
    by.require(Permission.ADMINISTER)
    if role.rank > by.role.rank or not role.permissions <= by.permissions:
        raise RoleTooHighError(f"The role {role.value!r} is more than you have to give.")


def check_touch(by: Principal | None, held: Role) -> None:
    """Let nobody change or remove one who is more than he is himself.

    Raises:
        ForbiddenError: he is no administrator.
        RoleTooHighError: the other is more than he.
    """
    if by is None:
        return
    by.require(Permission.ADMINISTER)
    if held.rank > by.role.rank:
        raise RoleTooHighError(f"Only an owner may change the role {held.value!r}.")


def check_owner_remains(held: Role, becomes: Role | None, other_owners: int) -> None:
    """Keep an organisation from losing its last owner.

    Args:
        becomes: what the member will be; None: no member any more.

    Raises:
        LastOwnerError: it would.
    """
    if held is Role.OWNER and becomes is not Role.OWNER and other_owners == 0:
        raise LastOwnerError


def check_scopes(held: frozenset[Permission], scopes: frozenset[Permission]) -> None:
    """Let a key be no stronger than whoever makes it.

    Raises:
        ScopesError: it would be, or it would be good for nothing.
    """
    if not scopes:
        raise ScopesError("The key has no scope.", remedy="Name at least one, like read.")
    if missing := sorted(scopes - held):
        raise ScopesError(f"You do not have these permissions yourself: {', '.join(missing)}.")


def check_is_person(by: Principal) -> None:
    """Let only somebody pass who signed in.

    Raises:
        NotByKeyError: a key asks.
    """
    if by.via is not Via.SESSION:
        raise NotByKeyError


def higher(held: Role | None, offered: Role) -> Role:
    """Return what somebody is who accepts a role beside the one he has."""
    return offered if held is None or offered.rank > held.rank else held
