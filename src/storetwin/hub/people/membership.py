"""Who is in an organisation, and what he is there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from storetwin.db.database import Transaction
from storetwin.hub.people.premises import Premises
from storetwin.tenancy.decide import (
    check_grant,
    check_is_person,
    check_owner_remains,
    check_touch,
)
from storetwin.tenancy.members import (
    Member,
    UnknownMemberError,
    count_other_owners,
    hold_members,
    put_member,
    read_member,
    read_members,
    remove_member,
)
from storetwin.tenancy.models import Permission, Principal, Role
from storetwin.tenancy.sessions import last_used


@dataclass(frozen=True, slots=True)
class Membership:
    """The verbs about the members of an organisation.

    `by` is who does it; None: whoever has the machine, who may everything but leave an
    organisation without an owner.
    """

    premises: Premises

    async def every(self, *, limit: int, after: str | None = None) -> list[Member]:
        """Return the members by e-mail.

        Args:
            after: only those after this e-mail, as `same_email` writes it.
        """
        async with self.premises.transaction() as tx:
            return await read_members(tx, self.premises.organisation_id, limit=limit, after=after)

    async def last_seen(self, members: Sequence[Member]) -> dict[UUID, datetime]:
        """Return when members last used a session in the organisation; not those who never did."""
        found = {}
        organisation_id = self.premises.organisation_id
        async with self.premises.transaction() as tx:
            for member in members:
                await tx.set_local("app.user_id", str(member.user_id))
                moment = await last_used(tx, member.user_id, organisation_id)
                if moment is not None:
                    found[member.user_id] = moment
        return found

    async def one(self, user_id: UUID) -> Member:
        """Return a member.

        Raises:
            UnknownMemberError: nobody such is one.
        """
        async with self.premises.transaction() as tx:
            return await self._read(tx, user_id)

    async def change_role(self, by: Principal | None, user_id: UUID, role: Role) -> Member:
        """Make a member something else; his keys can at most what he then may, at once.

        Raises:
            RoleTooHighError: it is more than `by` has to give, or the member is more than he.
            LastOwnerError: nobody else is an owner.
            UnknownMemberError: nobody such is a member.
        """
        check_grant(by, role)
        async with self.premises.transaction() as tx:
            member = await self._hold(tx, user_id)
            check_touch(by, member.role)
            others = await count_other_owners(tx, self.premises.organisation_id, user_id)
            check_owner_remains(member.role, role, others)
            now = self.premises.clock()
            await put_member(tx, self.premises.organisation_id, user_id, role, now)
            return await self._read(tx, user_id)

    async def remove(self, by: Principal | None, user_id: UUID) -> None:
        """Let somebody be no member any more; his API keys end with it. Anybody may leave.

        Raises:
            ForbiddenError: `by` is no administrator, and it is not he himself who leaves.
            RoleTooHighError: the member is more than `by`.
            NotByKeyError: a key that may not administer would let its user leave.
            LastOwnerError: nobody else is an owner.
            UnknownMemberError: nobody such is a member.
        """
        if by is not None and Permission.ADMINISTER not in by.permissions:
            if user_id != by.user_id:
                by.require(Permission.ADMINISTER)
            check_is_person(by)
        async with self.premises.transaction() as tx:
            member = await self._hold(tx, user_id)
            if by is not None and user_id != by.user_id:
                check_touch(by, member.role)
            others = await count_other_owners(tx, self.premises.organisation_id, user_id)
            check_owner_remains(member.role, None, others)
            await remove_member(tx, self.premises.organisation_id, user_id)

    async def _hold(self, tx: Transaction, user_id: UUID) -> Member:
        """Return a member, while nobody else changes who is in the organisation."""
        await hold_members(tx, self.premises.organisation_id)
        return await self._read(tx, user_id)

    async def _read(self, tx: Transaction, user_id: UUID) -> Member:
        member = await read_member(tx, self.premises.organisation_id, user_id)
        if member is None:
            raise UnknownMemberError(user_id)
        return member
