"""How people come into an organisation: by one-time links."""

from __future__ import annotations

from dataclasses import dataclass, field
from uuid import UUID

from pydantic import SecretStr

from storetwin.db.database import Transaction
from storetwin.db.errors import UniqueViolationError
from storetwin.hub.people.premises import Premises
from storetwin.kernel.errors import UnknownNameError
from storetwin.kernel.ids import new_id
from storetwin.tenancy import audit
from storetwin.tenancy.audit import DONE, Deed
from storetwin.tenancy.decide import check_grant, higher
from storetwin.tenancy.invitations import (
    Invitation,
    InvitationGoneError,
    IssuedInvitation,
    NewInvitation,
    OpenInvitation,
    find_invitation,
    insert_invitation,
    read_invitations,
    read_open,
    revoke_first,
    revoke_invitation,
    use_invitation,
)
from storetwin.tenancy.members import (
    EmailError,
    NewUser,
    checked_email,
    find_user,
    has_users,
    hold_members,
    hold_user,
    make_installation_admin,
    put_member,
    put_password,
    put_user,
    read_member,
    same_email,
)
from storetwin.tenancy.models import Principal, Role, Via
from storetwin.tenancy.organisations import checked_name
from storetwin.tenancy.passwords import check_new_password, hash_password
from storetwin.tenancy.proving import Beat, WrongCredentialsError, prove_user
from storetwin.tenancy.sessions import Visitor

ACCEPT = "accept_invitation"


class UnknownInvitationError(UnknownNameError):
    """There is no such invitation in the organisation, or none that could be taken back."""

    def __init__(self, invitation_id: UUID) -> None:
        super().__init__(f"There is no open invitation {invitation_id}.")


@dataclass(frozen=True, slots=True)
class Acceptance:
    """What somebody sends who has a link.

    Args:
        email: needed where the invitation names none.
        password: a new user's; or the one that he has already.
    """

    token: str = field(repr=False)
    email: str | None
    name: str
    password: SecretStr


@dataclass(frozen=True, slots=True)
class Joined:
    """Somebody who is a member now."""

    user_id: UUID
    email: str
    organisation_id: UUID
    role: Role


@dataclass(frozen=True, slots=True)
class Joining:
    """The verbs about invitations."""

    premises: Premises

    async def invite(self, by: Principal | None, new: NewInvitation) -> IssuedInvitation:
        """Make a one-time link; its token is shown this once.

        Args:
            by: who invites; None: whoever has the machine.

        Raises:
            RoleTooHighError: he may not grant the role.
            EmailError: the e-mail is none.
        """
        check_grant(by, new.role)
        email = checked_email(new.email) if new.email is not None else None
        meant = NewInvitation(new.role, email, new.is_installation_admin, new.is_first)
        invited_by = by.user_id if by else None
        async with self.premises.transaction() as tx:
            return await insert_invitation(
                tx, self.premises.organisation_id, meant, self.premises.clock(), invited_by
            )

    async def first(self) -> IssuedInvitation | None:
        """Make the link of the very first user, an owner; None where there is a user already.

        An earlier one is of no use from then on.
        """
        if await has_users(self.premises.database):
            return None
        new = NewInvitation(Role.OWNER, is_installation_admin=True, is_first=True)
        now, organisation_id = self.premises.clock(), self.premises.organisation_id
        async with self.premises.transaction() as tx:
            await revoke_first(tx, organisation_id, now)
            return await insert_invitation(tx, organisation_id, new, now)

    async def every(self, *, limit: int, before: UUID | None = None) -> list[Invitation]:
        """Return the invitations of the organisation, the newest first."""
        async with self.premises.transaction() as tx:
            return await read_invitations(
                tx, self.premises.organisation_id, limit=limit, before=before
            )

    async def one(self, invitation_id: UUID) -> Invitation:
        """Return an invitation of the organisation.

        Raises:
            UnknownInvitationError: there is none such.
        """
        async with self.premises.transaction() as tx:
            found = await read_invitations(
                tx, self.premises.organisation_id, limit=1, only=invitation_id
            )
        if not found:
            raise UnknownInvitationError(invitation_id)
        return found[0]

    async def revoke(self, invitation_id: UUID) -> None:
        """Take an invitation back that nobody has accepted.

        Raises:
            UnknownInvitationError: there is none such.
        """
        async with self.premises.transaction() as tx:
            is_gone = await revoke_invitation(
                tx, self.premises.organisation_id, invitation_id, self.premises.clock()
            )
        if not is_gone:
            raise UnknownInvitationError(invitation_id)

    # -- accepting ------------------------------------------------------------------------------

    async def accept(self, given: Acceptance, visitor: Visitor) -> Joined:
        """Make somebody a member who has a link.

        Somebody who has a user already proves that it is his. So nobody is made a member who does
        not want to be, and no second user has his e-mail.

        Raises:
            InvitationGoneError: the link is of no use.
            WrongCredentialsError: there is a user of this e-mail, with another password.
            TooManyAttemptsError: he has to wait.
            EmailError, BadNameError, PasswordError: what he gives cannot be used.
        """
        check_new_password(given.password)
        name = checked_name(given.name)
        organisation_id, invitation = await self._find(given.token, visitor)
        email = _email_of(invitation, given.email)
        attempt = await self.premises.refusals.attempt(
            email=same_email(email), address=visitor.address
        )
        here = _Here(self.premises, organisation_id, invitation, visitor)
        try:
            joined = await here.join(email, name, given.password)
        except UniqueViolationError:  # the same person, at the same time: he is there now
            joined = await here.join(email, name, given.password)
        await self.premises.refusals.forgive(attempt)
        return joined

    async def _find(self, token: str, visitor: Visitor) -> tuple[UUID, OpenInvitation]:
        found = await find_invitation(self.premises.database, token)
        if found is not None:
            organisation_id, invitation_id = found
            async with self.premises.database.transaction(organisation_id) as tx:
                invitation = await read_open(tx, invitation_id, self.premises.clock())
            if invitation is not None:
                return organisation_id, invitation
        await self.premises.refusals.attempt(address=visitor.address)
        raise InvitationGoneError


@dataclass(frozen=True, slots=True)
class _Here:
    """An invitation that somebody accepts."""

    premises: Premises
    organisation_id: UUID
    invitation: OpenInvitation
    visitor: Visitor

    async def join(self, email: str, name: str, password: SecretStr) -> Joined:
        user_id = await find_user(self.premises.database, email)
        if user_id is None:
            return await self._as_new(NewUser(email, name), password)
        return await self._as_known(user_id, password)

    async def _as_new(self, new: NewUser, password: SecretStr) -> Joined:
        password_hash = await hash_password(password)
        now = self.premises.clock()
        user_id = new_id(now)
        async with self.premises.database.transaction(self.organisation_id, user_id=user_id) as tx:
            await put_user(tx, user_id, new, now)
            await put_password(tx, user_id, password_hash, now)
            return await self._put(tx, user_id, new.email)

    async def _as_known(self, user_id: UUID, password: SecretStr) -> Joined:
        beat, database = Beat(), self.premises.database
        proof = await prove_user(database, user_id, password)
        if proof.is_proven and proof.user is not None:
            async with database.transaction(self.organisation_id, user_id=user_id) as tx:
                if await hold_user(tx, proof.user):
                    return await self._put(tx, user_id, proof.user.email)
        await beat.wait()
        raise WrongCredentialsError

    async def _put(self, tx: Transaction, user_id: UUID, email: str) -> Joined:
        """Use the invitation, and make a user a member; both or none."""
        now = self.premises.clock()
        if not await use_invitation(tx, self.invitation.invitation_id, now):
            raise InvitationGoneError
        await hold_members(tx, self.organisation_id)
        member = await read_member(tx, self.organisation_id, user_id)
        role = higher(member.role if member else None, self.invitation.role)
        await put_member(tx, self.organisation_id, user_id, role, now)
        if self.invitation.is_installation_admin:
            await make_installation_admin(tx, user_id)
        deed = Deed(
            email,
            Via.SESSION,
            ACCEPT,
            f"invitation_id={self.invitation.invitation_id}",
            actor_id=user_id,
            outcome=DONE,
            detail={"role": role.value},
            address=self.visitor.address,
        )
        await audit.note(tx, self.organisation_id, deed, now)
        return Joined(user_id, email, self.organisation_id, role)


def _email_of(invitation: OpenInvitation, given: str | None) -> str:
    """Return whose invitation it is.

    Raises:
        EmailError: nobody says it, it is none, or it is another's.
    """
    if given is None and invitation.email is None:
        raise EmailError("The invitation names no e-mail address.", remedy="Give yours.")
    email = checked_email(given if given is not None else invitation.email or "")
    if invitation.email is not None and same_email(email) != same_email(invitation.email):
        raise EmailError("The invitation is for another e-mail address.", remedy="Leave it out.")
    return invitation.email or email
