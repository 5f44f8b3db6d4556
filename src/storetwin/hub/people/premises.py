"""What all verbs about people need."""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from datetime import timedelta
from uuid import UUID

from storetwin.db.database import Database, Transaction
from storetwin.kernel.clock import Clock
from storetwin.security import Vault
from storetwin.tenancy.refusals import Refusals


@dataclass(frozen=True, slots=True)
class Premises:
    """An organisation, and what is known of who may come in.

    Args:
        session_lifetime: after which a session ends that is not used.
    """

    database: Database
    vault: Vault = field(repr=False)
    organisation_id: UUID
    clock: Clock
    session_lifetime: timedelta

    @property
    def refusals(self) -> Refusals:
        """Return what counts who was refused."""
        return Refusals(self.database, self.vault, self.clock)

    def transaction(self, user_id: UUID | None = None) -> AbstractAsyncContextManager[Transaction]:
        """Open a transaction of the organisation, and of a user where one is named."""
        return self.database.transaction(self.organisation_id, user_id=user_id)

    def as_user(self, user_id: UUID) -> AbstractAsyncContextManager[Transaction]:
        """Open a transaction that sees a user's own rows only."""
        return self.database.transaction(None, user_id=user_id)
