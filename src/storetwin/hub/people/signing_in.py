"""Signing in, staying in, and signing out."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol, TypeVar
from uuid import UUID

from pydantic import SecretStr

from storetwin.db.database import Transaction
from storetwin.hub.people.premises import Premises
from storetwin.kernel.errors import UnknownNameError
from storetwin.tenancy import audit
from storetwin.tenancy.access_tokens import LIFETIME, AccessTokens, Claims
from storetwin.tenancy.audit import DONE, Deed
from storetwin.tenancy.decide import check_is_person
from storetwin.tenancy.members import (
    LONGEST_NAME,
    User,
    hold_user,
    put_password,
    read_user,
    rename_user,
    same_email,
)
from storetwin.tenancy.models import Principal, UnauthenticatedError, Via
from storetwin.tenancy.organisations import checked_name
from storetwin.tenancy.passwords import check_new_password, hash_password
from storetwin.tenancy.proving import (
    Beat,
    WrongCredentialsError,
    keep_up_to_date,
    prove,
    prove_user,
)
from storetwin.tenancy.sessions import (
    Opened,
    Place,
    Reused,
    Rotation,
    Session,
    Visitor,
    choose_place,
    end_session,
    end_sessions,
    find_refresh_token,
    open_session,
    places_of,
    read_sessions,
    rotate,
)
from storetwin.tenancy.web_sessions import WebSession, move_session, open_web_session

SIGN_IN, REFRESH = "create_session", "refresh_session"


class UnknownSessionError(UnknownNameError):
    """There is no such session, or it is none of his, or it has ended."""

    def __init__(self, session_id: UUID) -> None:
        super().__init__(f"There is no session {session_id}.")


@dataclass(frozen=True, slots=True)
class SignedIn:
    """What somebody is given who is known now.

    Args:
        expires_at: until when the access token is good.
    """

    session_id: UUID
    user_id: UUID
    place: Place
    access_token: str = field(repr=False)
    refresh_token: str = field(repr=False)
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class _Asked:
    """Who says who he is, and where he wants to go."""

    email: str
    password: SecretStr
    organisation_id: UUID | None
    visitor: Visitor


Begun_co = TypeVar("Begun_co", covariant=True)


class Begin(Protocol[Begun_co]):
    """Begins a session of a user, as himself."""

    async def __call__(
        self,
        tx: Transaction,
        user_id: UUID,
        place: Place,
        visitor: Visitor,
        *,
        now: datetime,
        lifetime: timedelta,
    ) -> Begun_co:
        """Begin it."""
        ...


@dataclass(frozen=True, slots=True)
class SigningIn:
    """The verbs about sessions."""

    premises: Premises

    async def sign_in(
        self, email: str, password: SecretStr, organisation_id: UUID | None, visitor: Visitor
    ) -> SignedIn:
        """Begin a session.

        Args:
            organisation_id: where he goes; None: where he came first.

        Raises:
            WrongCredentialsError: whatever is wrong with e-mail or password.
            TooManyAttemptsError: he has to wait.
            UnknownOrganisationError, NoOrganisationError: he has no place there, or nowhere.
        """
        asked = _Asked(email, password, organisation_id, visitor)
        return self._issued(await self._let_in(asked, open_session))

    async def sign_in_browser(
        self, email: str, password: SecretStr, visitor: Visitor
    ) -> WebSession:
        """Begin a session in a browser, where he came first.

        Raises:
            WrongCredentialsError: whatever is wrong with e-mail or password.
            TooManyAttemptsError: he has to wait.
            NoOrganisationError: he has no place anywhere.
        """
        return await self._let_in(_Asked(email, password, None, visitor), open_web_session)

    async def _let_in(self, asked: _Asked, begin: Begin[Begun_co]) -> Begun_co:
        """Begin a session of whoever proves who he is."""
        premises, beat, visitor = self.premises, Beat(), asked.visitor
        attempt = await premises.refusals.attempt(
            email=same_email(asked.email), address=visitor.address
        )
        proof = await prove(premises.database, asked.email, asked.password, premises.clock())
        if proof.user is not None and proof.is_proven:
            await premises.refusals.forgive(attempt)
            begun = await self._begun(proof.user, asked, begin)
            if begun is not None:
                await keep_up_to_date(premises.database, proof.user, asked.password)
                return begun
        await self._note_refused(proof.user, visitor)
        await beat.wait()
        raise WrongCredentialsError

    async def _begun(self, user: User, asked: _Asked, begin: Begin[Begun_co]) -> Begun_co | None:
        """Begin a session of a user who is proven; None where he changed since he was."""
        now, lifetime = self.premises.clock(), self.premises.session_lifetime
        async with self.premises.as_user(user.user_id) as tx:
            place = choose_place(await places_of(tx, user.user_id), asked.organisation_id)
            if not await hold_user(tx, user):
                return None
            begun = await begin(tx, user.user_id, place, asked.visitor, now=now, lifetime=lifetime)
        await self._note(user, place.organisation_id, SIGN_IN, DONE, asked.visitor)
        return begun

    async def _note_refused(self, user: User | None, visitor: Visitor) -> None:
        """Write down that somebody tried to be a user, where there is such a user."""
        if user is None:
            return
        async with self.premises.as_user(user.user_id) as tx:
            places = await places_of(tx, user.user_id)
        if places:
            home = places[0].organisation_id
            await self._note(user, home, SIGN_IN, WrongCredentialsError.code, visitor)

    async def refresh(self, token: str, organisation_id: UUID | None, visitor: Visitor) -> SignedIn:
        """Go on with a session, here or in another organisation.

        Raises:
            UnauthenticatedError: the token is nobody's, or was used before; then the session ends.
            TooManyAttemptsError: he has to wait.
            UnknownOrganisationError, NoOrganisationError: he has no place there, or nowhere.
        """
        found = await find_refresh_token(self.premises.database, token)
        if found is None:
            await self.premises.refusals.attempt(address=visitor.address)
            raise UnauthenticatedError
        user_id, session_id = found
        asked = Rotation(user_id, session_id, token, organisation_id, visitor)
        async with self.premises.as_user(user_id) as tx:
            rotated = await rotate(
                tx, asked, now=self.premises.clock(), lifetime=self.premises.session_lifetime
            )
        if isinstance(rotated, Opened):
            return self._issued(rotated)
        if isinstance(rotated, Reused):
            await self._note_reused(rotated, visitor)
        raise UnauthenticatedError

    async def _note_reused(self, reused: Reused, visitor: Visitor) -> None:
        async with self.premises.as_user(reused.user_id) as tx:
            user = await read_user(tx, reused.user_id)
        if user is not None and reused.organisation_id is not None:
            await self._note(user, reused.organisation_id, REFRESH, "token_reused", visitor)

    # -- one's own sessions ---------------------------------------------------------------------

    async def mine(self, by: Principal, *, limit: int, before: UUID | None = None) -> list[Session]:
        """Return one's sessions, the newest first.

        Raises:
            NotByKeyError: a key asks.
        """
        check_is_person(by)
        now = self.premises.clock()
        async with self.premises.as_user(by.user_id) as tx:
            return await read_sessions(tx, by.user_id, now=now, limit=limit, before=before)

    async def one(self, by: Principal, session_id: UUID) -> Session:
        """Return one of one's sessions.

        Raises:
            NotByKeyError: a key asks.
            UnknownSessionError: he has none such.
        """
        check_is_person(by)
        now = self.premises.clock()
        async with self.premises.as_user(by.user_id) as tx:
            found = await read_sessions(tx, by.user_id, now=now, limit=1, only=session_id)
        if not found:
            raise UnknownSessionError(session_id)
        return found[0]

    async def end(self, by: Principal, session_id: UUID | None = None) -> None:
        """End one of one's sessions; the current one, where none is named.

        Raises:
            NotByKeyError: a key asks.
            UnknownSessionError: he has none such.
        """
        check_is_person(by)
        wanted = session_id or by.credential_id
        reason = "signed_out" if wanted == by.credential_id else "revoked"
        async with self.premises.as_user(by.user_id) as tx:
            has_ended = await end_session(tx, by.user_id, wanted, reason, self.premises.clock())
        if not has_ended:
            raise UnknownSessionError(wanted)

    async def end_others(self, by: Principal) -> None:
        """End all of one's sessions but the current one.

        Raises:
            NotByKeyError: a key asks.
        """
        check_is_person(by)
        async with self.premises.as_user(by.user_id) as tx:
            now = self.premises.clock()
            await end_sessions(tx, by.user_id, "revoked", now, but=by.credential_id)

    # -- in a browser ---------------------------------------------------------------------------

    async def about(self, by: Principal) -> tuple[User, list[Place]]:
        """Return who asks, and the organisations he is in.

        Raises:
            UnauthenticatedError: he is gone meanwhile.
        """
        async with self.premises.as_user(by.user_id) as tx:
            user = await read_user(tx, by.user_id)
            places = await places_of(tx, by.user_id)
        if user is None:
            raise UnauthenticatedError
        return user, places

    async def switch(self, by: Principal, organisation_id: UUID) -> Place:
        """Be in another organisation of one's own from now on, in this session.

        Raises:
            NotByKeyError: a key asks.
            UnknownOrganisationError: he is not in it.
            UnauthenticatedError: the session has ended meanwhile.
        """
        check_is_person(by)
        now = self.premises.clock()
        async with self.premises.as_user(by.user_id) as tx:
            place = choose_place(await places_of(tx, by.user_id), organisation_id)
            if not await move_session(tx, by.user_id, by.credential_id, organisation_id, now):
                raise UnauthenticatedError
        return place

    # -- oneself --------------------------------------------------------------------------------

    async def me(self, by: Principal) -> User:
        """Return who asks.

        Raises:
            UnauthenticatedError: he is gone meanwhile.
        """
        async with self.premises.as_user(by.user_id) as tx:
            user = await read_user(tx, by.user_id)
        if user is None:
            raise UnauthenticatedError
        return user

    async def rename(self, by: Principal, name: str) -> None:
        """Call oneself by another name.

        Raises:
            NotByKeyError: a key asks.
            BadNameError: nobody can be called so.
        """
        check_is_person(by)
        async with self.premises.as_user(by.user_id) as tx:
            await rename_user(tx, by.user_id, checked_name(name)[:LONGEST_NAME])

    async def change_password(
        self, by: Principal, current: SecretStr, new: SecretStr, address: str | None
    ) -> None:
        """Change one's password; all other sessions end.

        Raises:
            NotByKeyError: a key asks.
            PasswordError: nobody should have the new one.
            WrongCredentialsError: the current one is wrong.
            TooManyAttemptsError: he has to wait.
        """
        check_is_person(by)
        check_new_password(new)
        premises, beat = self.premises, Beat()
        attempt = await premises.refusals.attempt(email=same_email(by.actor), address=address)
        proof = await prove_user(premises.database, by.user_id, current)
        fresh = await hash_password(new)
        async with premises.as_user(by.user_id) as tx:
            is_held = proof.is_proven and proof.user and await hold_user(tx, proof.user)
            if is_held:
                now = premises.clock()
                await put_password(tx, by.user_id, fresh, now)
                await end_sessions(tx, by.user_id, "new_password", now, but=by.credential_id)
        if not is_held:
            await beat.wait()
            raise WrongCredentialsError
        await premises.refusals.forgive(attempt)

    # -- behind them ----------------------------------------------------------------------------

    def _issued(self, opened: Opened) -> SignedIn:
        now, place = self.premises.clock(), opened.place
        claims = Claims(opened.user_id, place.organisation_id, opened.session_id)
        return SignedIn(
            opened.session_id,
            opened.user_id,
            place,
            AccessTokens(self.premises.vault).issue(claims, now),
            opened.refresh_token,
            now + LIFETIME,
        )

    async def _note(
        self, user: User, organisation_id: UUID, action: str, outcome: str, visitor: Visitor
    ) -> None:
        deed = Deed(
            user.email,
            Via.SESSION,
            action,
            actor_id=user.user_id,
            outcome=outcome,
            address=visitor.address,
        )
        await audit.record(self.premises.database, organisation_id, deed, self.premises.clock())
