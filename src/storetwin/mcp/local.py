"""As whom an assistant on this machine asks: looked at anew with every call."""

from __future__ import annotations

from uuid import UUID

from storetwin.hub import Hub
from storetwin.kernel.errors import UnknownNameError
from storetwin.mcp.identity import Who
from storetwin.tenancy.members import find_user, read_member
from storetwin.tenancy.models import Permission, Principal, Role, Via

NOBODY = UUID(int=0)


def as_key(hub: Hub, key: str) -> Who:
    """Return what says who holds an API key, as long as he does."""

    async def who() -> Principal:
        return await hub.doorkeeper.recognise(key)

    return who


def as_member(hub: Hub, email: str) -> Who:
    """Return what says who a member of the hub's organisation is, as long as he is one."""

    async def who() -> Principal:
        user_id = await find_user(hub.database, email)
        async with hub.database.transaction(hub.organisation_id) as tx:
            member = await read_member(tx, hub.organisation_id, user_id) if user_id else None
        if member is None or member.disabled_at is not None:
            raise UnknownNameError(
                f"{email!r} is no member of the organisation.",
                remedy="Leave out --user, or name a member: storetwin user list",
            )
        return _reader(hub, member.user_id, member.email, member.role)

    return who


def as_operator(hub: Hub) -> Who:
    """Return what says that it is whoever runs the program: he could read everything anyway."""

    async def who() -> Principal:
        return _reader(hub, NOBODY, "command line", Role.VIEWER)

    return who


def _reader(hub: Hub, user_id: UUID, actor: str, role: Role) -> Principal:
    """Return somebody who may read, and nothing else."""
    return Principal(
        organisation_id=hub.organisation_id,
        user_id=user_id,
        credential_id=user_id,
        actor=actor,
        via=Via.COMMAND,
        role=role,
        permissions=frozenset({Permission.READ}),
    )
