"""Requests that may be sent twice: the second with the same key gets the first one's answer.

The key is claimed before the work is done, in a transaction of its own. So of two at the same time
one works; and a process that is killed in between leaves a claim without an answer, which says
honestly that nobody knows whether it was done.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

from storetwin.db import Database, load_queries
from storetwin.security import Vault
from storetwin.tenancy.models import Principal

Q = load_queries("storetwin.tenancy")
KEPT_FOR: Final = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class Answered:
    """What the first request was answered."""

    status: int
    headers: Mapping[str, str]
    body: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Claim:
    """What came of claiming a key.

    Args:
        is_first: nobody used it before: do the work, then :meth:`Answers.keep` or `forget`.
        is_same: the request before was the same one.
        answered: what that one was answered; None: it is at work, or was cut off.
    """

    is_first: bool
    is_same: bool = True
    answered: Answered | None = None


@dataclass(frozen=True, slots=True)
class Answers:
    """The answers to one caller."""

    database: Database
    vault: Vault = field(repr=False)
    principal: Principal

    async def claim(self, key: str, request_hash: bytes, now: datetime) -> Claim:
        """Claim a key for a request, or learn what became of the one that has it."""
        organisation_id = self.principal.organisation_id
        async with self.database.transaction(organisation_id) as tx:
            old = {"organisation_id": organisation_id, "before": now - KEPT_FOR}
            await tx.execute(Q.drop_old_answers, old)
            of = self._of(key)
            claimed = of | {"request_hash": request_hash, "now": now}
            if await tx.fetch_one(Q.claim_answer, claimed) is not None:
                return Claim(is_first=True)
            row = await tx.fetch_one(Q.read_answer, of)
        if row is None:  # the first came to nothing just now; the caller may ask again
            return Claim(is_first=False)
        if bytes(row["request_hash"]) != request_hash:
            return Claim(is_first=False, is_same=False)
        if row["status"] is None:
            return Claim(is_first=False)
        body = self.vault.open(row["sealed_body"], bound_to=self._place(key))
        answered = Answered(row["status"], json.loads(row["headers"]), body)
        return Claim(is_first=False, answered=answered)

    async def keep(self, key: str, answered: Answered) -> None:
        """Keep the answer to the request that claimed a key."""
        row = self._of(key) | {
            "status": answered.status,
            "headers": json.dumps(dict(answered.headers)),
            "sealed_body": self.vault.seal(answered.body, bound_to=self._place(key)),
        }
        async with self.database.transaction(self.principal.organisation_id) as tx:
            await tx.execute(Q.keep_answer, row)

    async def forget(self, key: str) -> None:
        """Give a key back: the request that claimed it came to nothing, and may be sent again."""
        async with self.database.transaction(self.principal.organisation_id) as tx:
            await tx.execute(Q.forget_answer, self._of(key))

    def _of(self, key: str) -> dict[str, Any]:
        return {
            "organisation_id": self.principal.organisation_id,
            "actor_id": self.principal.credential_id,
            "key": key,
        }

    def _place(self, key: str) -> str:
        return f"tenancy/answers/{self.principal.credential_id}/{key}"
