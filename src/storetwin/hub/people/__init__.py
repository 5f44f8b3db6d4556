"""Organisations and the people in them: who comes in, what he is, and how he leaves."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from storetwin.hub.people.joining import Joining
from storetwin.hub.people.keys import ApiKeys
from storetwin.hub.people.membership import Membership
from storetwin.hub.people.premises import Premises
from storetwin.hub.people.signing_in import SigningIn
from storetwin.hub.people.tenants import Organisations
from storetwin.hub.people.users import Users
from storetwin.tenancy.audit import Entry, Filters, read_entries

__all__ = ["People", "Premises"]


@dataclass(frozen=True, slots=True)
class People:
    """The verbs about people, each kind by itself."""

    premises: Premises

    @property
    def sessions(self) -> SigningIn:
        """Return the verbs about signing in, and about oneself."""
        return SigningIn(self.premises)

    @property
    def members(self) -> Membership:
        """Return the verbs about who is in the organisation."""
        return Membership(self.premises)

    @property
    def invitations(self) -> Joining:
        """Return the verbs about how one comes into it."""
        return Joining(self.premises)

    @property
    def api_keys(self) -> ApiKeys:
        """Return the verbs about the keys of programs."""
        return ApiKeys(self.premises)

    @property
    def organisations(self) -> Organisations:
        """Return the verbs about the organisations themselves."""
        return Organisations(self.premises)

    @property
    def users(self) -> Users:
        """Return the verbs about users, for whoever has the machine."""
        return Users(self.premises)

    async def audit(
        self, filters: Filters, *, limit: int, before: UUID | None = None
    ) -> list[Entry]:
        """Return what was done in the organisation, the newest first."""
        async with self.premises.transaction() as tx:
            organisation_id = self.premises.organisation_id
            return await read_entries(tx, organisation_id, filters, before=before, limit=limit)
