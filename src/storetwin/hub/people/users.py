"""Users as whoever has the machine sees them: by e-mail, whatever organisation they are in."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from pydantic import SecretStr

from storetwin.db.database import Transaction
from storetwin.hub.people.premises import Premises
from storetwin.kernel.errors import ConflictError, UnknownNameError
from storetwin.kernel.ids import new_id
from storetwin.tenancy.decide import check_owner_remains
from storetwin.tenancy.members import (
    NewUser,
    User,
    checked_email,
    count_other_owners,
    delete_user,
    disable_user,
    find_user,
    hold_members,
    make_installation_admin,
    put_member,
    put_password,
    put_user,
    read_member,
    read_user,
)
from storetwin.tenancy.models import Role
from storetwin.tenancy.organisations import checked_name
from storetwin.tenancy.passwords import check_new_password, hash_password
from storetwin.tenancy.sessions import end_sessions, places_of


class UserExistsError(ConflictError):
    """Somebody is a member already."""

    code = "user_exists"


class UnknownUserError(UnknownNameError):
    """Nobody has this e-mail."""

    default_remedy = "storetwin user list shows who there is."

    def __init__(self) -> None:
        super().__init__("There is no user of this e-mail.")


@dataclass(frozen=True, slots=True)
class Users:
    """The verbs about users, for whoever has the machine."""

    premises: Premises

    async def named(self, email: str) -> User:
        """Return who has an e-mail.

        Raises:
            UnknownUserError: nobody.
        """
        user_id = await find_user(self.premises.database, email)
        if user_id is not None:
            async with self.premises.as_user(user_id) as tx:
                user = await read_user(tx, user_id)
            if user is not None:
                return user
        raise UnknownUserError

    async def find(self, email: str) -> User | None:
        """Return who has an e-mail, if anybody."""
        try:
            return await self.named(email)
        except UnknownUserError:
            return None

    async def add(self, new: NewUser, role: Role, password: SecretStr) -> UUID:
        """Keep a new user with a password, as a member of the organisation.

        Raises:
            EmailError, BadNameError, PasswordError: what was given cannot be used.
            UniqueViolationError: somebody has this e-mail.
        """
        check_new_password(password)
        meant = NewUser(checked_email(new.email), checked_name(new.name), new.is_installation_admin)
        password_hash, now = await hash_password(password), self.premises.clock()
        user_id = new_id(now)
        async with self.premises.transaction(user_id) as tx:
            await put_user(tx, user_id, meant, now)
            await put_password(tx, user_id, password_hash, now)
            await put_member(tx, self.premises.organisation_id, user_id, role, now)
        return user_id

    async def enrol(self, user: User, role: Role, *, is_installation_admin: bool) -> None:
        """Make somebody a member who is a user already.

        Raises:
            UserExistsError: he is one.
        """
        async with self.premises.transaction(user.user_id) as tx:
            await hold_members(tx, self.premises.organisation_id)
            if await read_member(tx, self.premises.organisation_id, user.user_id):
                raise UserExistsError(
                    f"{user.email} is a member already.",
                    remedy=f"Change his role: storetwin user role {user.email} {role}",
                )
            now = self.premises.clock()
            await put_member(tx, self.premises.organisation_id, user.user_id, role, now)
            if is_installation_admin:
                await make_installation_admin(tx, user.user_id)

    async def set_password(self, email: str, password: SecretStr) -> None:
        """Give somebody another password; all his sessions end.

        Raises:
            UnknownUserError: nobody has this e-mail.
            PasswordError: nobody should have this password.
        """
        check_new_password(password)
        user = await self.named(email)
        password_hash, now = await hash_password(password), self.premises.clock()
        async with self.premises.as_user(user.user_id) as tx:
            await put_password(tx, user.user_id, password_hash, now)
            await end_sessions(tx, user.user_id, "new_password", now)

    async def disable(self, email: str) -> None:
        """Shut somebody out of the whole installation: his sessions end, his keys rest.

        Raises:
            UnknownUserError: nobody has this e-mail.
        """
        now = self.premises.clock()
        await self._disable(email, now)

    async def enable(self, email: str) -> None:
        """Let somebody in again; he signs in anew, his keys work on.

        Raises:
            UnknownUserError: nobody has this e-mail.
        """
        await self._disable(email, None)

    async def _disable(self, email: str, disabled_at: datetime | None) -> None:
        user = await self.named(email)
        async with self.premises.as_user(user.user_id) as tx:
            await disable_user(tx, user.user_id, disabled_at)
            if disabled_at is not None:
                await end_sessions(tx, user.user_id, "disabled", disabled_at)

    async def remove(self, email: str) -> None:
        """Forget somebody with his sessions, memberships and keys; what he did stays in the log.

        Raises:
            UnknownUserError: nobody has this e-mail.
            LastOwnerError: an organisation would be without an owner.
        """
        user = await self.named(email)
        async with self.premises.as_user(user.user_id) as tx:
            places = await places_of(tx, user.user_id)
            for place in sorted(places, key=lambda place: place.organisation_id):
                await self._check_owner_remains(tx, place.organisation_id, user.user_id)
            await delete_user(tx, user.user_id)

    async def _check_owner_remains(
        self, tx: Transaction, organisation_id: UUID, user_id: UUID
    ) -> None:
        """Hold one of the organisations he is in, and look whether it can spare him."""
        await tx.set_local("app.organisation_id", str(organisation_id))
        await hold_members(tx, organisation_id)
        member = await read_member(tx, organisation_id, user_id)
        if member is not None:
            others = await count_other_owners(tx, organisation_id, user_id)
            check_owner_remains(member.role, None, others)
