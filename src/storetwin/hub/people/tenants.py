"""The organisations of an installation."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from storetwin.hub.people.premises import Premises
from storetwin.kernel.errors import ConfigurationError, ConflictError, UnknownNameError
from storetwin.tenancy.decide import check_grant
from storetwin.tenancy.members import put_member
from storetwin.tenancy.models import NotAllowedError, Principal, Role, Via
from storetwin.tenancy.organisations import (
    Organisation,
    delete_organisation,
    every_organisation,
    insert_organisation,
    new_organisation,
    read_organisation,
    read_own_organisations,
    rename_organisation,
)
from storetwin.tenancy.sessions import UnknownOrganisationError


class OtherOrganisationError(ConflictError):
    """Somebody is in an organisation and asks in another."""

    code = "other_organisation"
    default_remedy = "Change to it first: POST /api/v1/sessions/refresh with its organisation_id."

    def __init__(self) -> None:
        super().__init__("This is another of your organisations than the one you ask in.")


class NotOwnerError(NotAllowedError):
    """Only an owner may do this."""

    code = "not_owner"
    default_remedy = "Ask an owner of the organisation."

    def __init__(self) -> None:
        super().__init__("Only an owner may remove an organisation.")


@dataclass(frozen=True, slots=True)
class Organisations:
    """The verbs about organisations."""

    premises: Premises

    async def mine(
        self, by: Principal, *, limit: int, after: UUID | None = None, only: UUID | None = None
    ) -> list[Organisation]:
        """Return the organisations that somebody is in, by id; a key is in one only."""
        if by.via is not Via.SESSION:
            only = by.organisation_id if only in (None, by.organisation_id) else _NOWHERE
        async with self.premises.as_user(by.user_id) as tx:
            return await read_own_organisations(tx, by.user_id, limit=limit, after=after, only=only)

    async def one(self, by: Principal, organisation_id: UUID) -> Organisation:
        """Return an organisation that somebody is in.

        Raises:
            UnknownOrganisationError: there is none such, or it is none of his.
        """
        found = await self.mine(by, limit=1, only=organisation_id)
        if not found:
            raise UnknownOrganisationError(organisation_id)
        return found[0]

    async def make(self, by: Principal | None, name: str) -> Organisation:
        """Make an organisation; who makes it owns it.

        Args:
            by: None: whoever has the machine; then nobody is in it yet.

        Raises:
            BadNameError: nothing can be called so.
        """
        made = new_organisation(name, self.premises.clock())
        async with self.premises.database.transaction(made.organisation_id) as tx:
            await insert_organisation(tx, made)
            if by is None:
                return made
            await put_member(tx, made.organisation_id, by.user_id, Role.OWNER, made.created_at)
        return Organisation(made.organisation_id, made.name, made.created_at, Role.OWNER)

    async def rename(self, by: Principal, organisation_id: UUID, name: str) -> Organisation:
        """Call the organisation that somebody asks in by another name.

        Raises:
            BadNameError: nothing can be called so.
            UnknownOrganisationError, OtherOrganisationError: it is another.
        """
        await self._check_here(by, organisation_id)
        async with self.premises.transaction() as tx:
            await rename_organisation(tx, organisation_id, name)
        return await self.one(by, organisation_id)

    async def delete(self, by: Principal, organisation_id: UUID, name: str) -> None:
        """Remove the organisation that its owner asks in.

        Args:
            name: its name once more.

        Raises:
            NotOwnerError: he is not its owner.
            OrganisationInUseError: it cannot be removed, or is not called so.
            UnknownOrganisationError, OtherOrganisationError: it is another.
        """
        await self._check_here(by, organisation_id)
        if by.role is not Role.OWNER:
            raise NotOwnerError
        check_grant(by, Role.OWNER)  # a key that may less than an owner does not pass for one
        async with self.premises.transaction() as tx:
            await delete_organisation(tx, organisation_id, name)

    async def _check_here(self, by: Principal, organisation_id: UUID) -> None:
        """Let somebody change only the organisation that he asks in.

        Raises:
            UnknownOrganisationError: it is none of his.
            OtherOrganisationError: it is another of his.
        """
        if organisation_id == by.organisation_id:
            return
        await self.one(by, organisation_id)
        raise OtherOrganisationError

    # -- for whoever has the machine ------------------------------------------------------------

    async def every(self) -> list[Organisation]:
        """Return all organisations of the installation."""
        return await every_organisation(self.premises.database)

    async def named(self, text: str) -> Organisation:
        """Return the organisation of a name, or an id.

        Raises:
            UnknownNameError: there is none.
            ConfigurationError: several are called so.
        """
        every = await self.every()
        found = [one for one in every if text in (one.name, str(one.organisation_id))]
        if not found:
            raise UnknownNameError(
                f"There is no organisation {text!r}.",
                remedy="storetwin organisation list shows which there are.",
            )
        if len(found) > 1:
            raise ConfigurationError(
                f"{len(found)} organisations are called {text!r}.",
                remedy="Name it by its id: storetwin organisation list",
            )
        return found[0]

    async def call(self, organisation_id: UUID, name: str) -> None:
        """Call any organisation by another name.

        Raises:
            BadNameError: nothing can be called so.
        """
        async with self.premises.database.transaction(organisation_id) as tx:
            await rename_organisation(tx, organisation_id, name)

    async def here(self) -> Organisation:
        """Return the organisation of these premises.

        Raises:
            UnknownOrganisationError: it is gone.
        """
        async with self.premises.transaction() as tx:
            found = await read_organisation(tx, self.premises.organisation_id)
        if found is None:
            raise UnknownOrganisationError(self.premises.organisation_id)
        return found


_NOWHERE = UUID(int=0)
