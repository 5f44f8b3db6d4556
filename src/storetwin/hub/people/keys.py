"""The keys of programs."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from storetwin.hub.people.premises import Premises
from storetwin.kernel.errors import ConfigurationError, UnknownNameError
from storetwin.tenancy.decide import check_is_person, check_scopes
from storetwin.tenancy.keys import IssuedKey, Key, NewKey, issue_key, read_keys, revoke_key
from storetwin.tenancy.members import UnknownMemberError, find_user, read_member
from storetwin.tenancy.models import Permission, Principal
from storetwin.tenancy.organisations import checked_name


class UnknownKeyError(UnknownNameError):
    """There is no such key, or it is none that whoever asks may see, or it was revoked."""

    def __init__(self, api_key_id: UUID) -> None:
        super().__init__(f"There is no API key {api_key_id}.")


class ExpiryError(ConfigurationError):
    """A key that would be dead when it is born."""

    code = "bad_expiry"
    default_remedy = "Give a moment in the future, or none."


@dataclass(frozen=True, slots=True)
class ApiKeys:
    """The verbs about API keys.

    `by` is who does it; None: whoever has the machine.
    """

    premises: Premises

    async def issue(self, by: Principal, new: NewKey) -> IssuedKey:
        """Make a key for oneself; it is shown this once.

        A key makes no keys: they could live longer than itself.

        Raises:
            NotByKeyError: a key asks.
            ScopesError: it would be stronger than who makes it.
            BadNameError, ExpiryError: it cannot be called so, or is over already.
        """
        check_is_person(by)
        return await self._issue(by.user_id, by.permissions, new)

    async def issue_for(self, email: str, new: NewKey) -> IssuedKey:
        """Make a key for a member, as whoever has the machine.

        Raises:
            UnknownMemberError: nobody of this e-mail is a member.
            ScopesError: it would be stronger than the member.
            BadNameError, ExpiryError: it cannot be called so, or is over already.
        """
        user_id = await find_user(self.premises.database, email)
        async with self.premises.transaction() as tx:
            member = (
                await read_member(tx, self.premises.organisation_id, user_id) if user_id else None
            )
        if member is None:
            raise UnknownMemberError(email)
        return await self._issue(member.user_id, member.role.permissions, new)

    async def _issue(
        self, user_id: UUID, permissions: frozenset[Permission], new: NewKey
    ) -> IssuedKey:
        check_scopes(permissions, new.scopes)
        now = self.premises.clock()
        if new.expires_at is not None and new.expires_at <= now:
            raise ExpiryError("The key would have expired already.")
        named = NewKey(checked_name(new.name), new.scopes, new.expires_at)
        async with self.premises.transaction() as tx:
            return await issue_key(tx, self.premises.organisation_id, user_id, named, now)

    async def every(
        self, by: Principal | None, *, limit: int, before: UUID | None = None
    ) -> list[Key]:
        """Return the keys, the newest first: an administrator's all, anybody else's his own."""
        async with self.premises.transaction() as tx:
            return await read_keys(
                tx, self.premises.organisation_id, limit=limit, user_id=_whose(by), before=before
            )

    async def one(self, by: Principal | None, api_key_id: UUID) -> Key:
        """Return a key that whoever asks may see.

        Raises:
            UnknownKeyError: there is none such.
        """
        async with self.premises.transaction() as tx:
            found = await read_keys(
                tx, self.premises.organisation_id, limit=1, user_id=_whose(by), only=api_key_id
            )
        if not found:
            raise UnknownKeyError(api_key_id)
        return found[0]

    async def revoke(self, by: Principal | None, api_key_id: UUID) -> None:
        """End a key for ever, at once: one's own, or as an administrator any.

        Raises:
            NotByKeyError: a key that may not administer would end another of its user.
            UnknownKeyError: there is none such.
        """
        is_own = by is not None and by.credential_id == api_key_id
        if by is not None and Permission.ADMINISTER not in by.permissions and not is_own:
            check_is_person(by)
        async with self.premises.transaction() as tx:
            now, organisation_id = self.premises.clock(), self.premises.organisation_id
            is_gone = await revoke_key(tx, organisation_id, api_key_id, now, _whose(by))
        if not is_gone:
            raise UnknownKeyError(api_key_id)


def _whose(by: Principal | None) -> UUID | None:
    """Return whose keys somebody sees; None: everybody's."""
    return None if by is None or Permission.ADMINISTER in by.permissions else by.user_id
