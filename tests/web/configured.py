"""What pages of the configuration name in their addresses: an invitation, a key of a program, a schedule."""

from __future__ import annotations

from api_callers import Person
from storetwin.hub import Hub
from storetwin.tenancy.invitations import NewInvitation
from storetwin.tenancy.keys import NewKey
from storetwin.tenancy.models import Permission, Role


async def configured(hub: Hub, people: dict[Role, Person]) -> dict[str, str]:
    """Make them; return what they are called, by the name of the parameter."""
    viewer = people[Role.VIEWER]
    invited = await hub.people.invitations.invite(None, NewInvitation(Role.VIEWER))
    new = NewKey("reports", frozenset({Permission.READ}))
    key = await hub.people.api_keys.issue_for(viewer.email, new)
    return {
        "kind": "sync",
        "number": "1",  # of a delivery: there are none
        "user_id": viewer.user_id,
        "invitation_id": str(invited.invitation_id),
        "api_key_id": str(key.api_key_id),
    }
