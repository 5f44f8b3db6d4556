"""Who was refused lately, across all processes: counted by keyed digests, never by name."""

from __future__ import annotations

import hmac
import ipaddress
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from storetwin.db import Database, load_queries
from storetwin.db.database import Transaction
from storetwin.kernel.clock import Clock
from storetwin.kernel.errors import RetryableError
from storetwin.security import Vault
from storetwin.tenancy.throttle import Count, Kind, forgiven, judge

Q = load_queries("storetwin.tenancy")
LABEL: Final = "storetwin refusals"
KEPT_FOR: Final = timedelta(days=1)
_NEIGHBOURS: Final = 64  # bits of an IPv6 address that one customer has to himself


class TooManyAttemptsError(RetryableError):
    """Somebody was refused too often; the same answer whether what he tries exists or not."""

    code = "too_many_attempts"
    default_remedy = "Wait, then try again."


@dataclass(frozen=True, slots=True)
class Attempt:
    """An attempt that counts as failed until it is forgiven."""

    counted: Mapping[bytes, Kind]


@dataclass(frozen=True, slots=True)
class Refusals:
    """Counts attempts, and says who has to wait."""

    database: Database
    vault: Vault = field(repr=False)
    clock: Clock

    async def attempt(self, *, email: str | None = None, address: str | None = None) -> Attempt:
        """Count an attempt, as failed for the time being.

        It is counted before it is made: of a hundred at the same time each sees those before it.

        Raises:
            TooManyAttemptsError: says how long to wait; the attempt is not counted then.
        """
        attempt = Attempt(self._digests(email, address))
        async with self._held(attempt) as (tx, counts):
            now = self.clock()
            verdict = judge(list(counts.values()), now)
            if verdict.may_try:
                await _write(tx, counts, verdict.failures, now)
            await tx.execute(Q.drop_refusals, (now - KEPT_FOR,))
        if not verdict.may_try:
            seconds = max(1, round(verdict.wait.total_seconds()))
            raise TooManyAttemptsError(
                "Too many attempts failed.",
                remedy=f"Wait {seconds} s, then try again.",
                retry_after=seconds,
            )
        return attempt

    async def forgive(self, attempt: Attempt) -> None:
        """Take an attempt back that was none of guessing."""
        async with self._held(attempt) as (tx, counts):
            left = tuple(forgiven(count) for count in counts.values())
            await _write(tx, counts, left, self.clock())

    @asynccontextmanager
    async def _held(
        self, attempt: Attempt
    ) -> AsyncIterator[tuple[Transaction, dict[bytes, Count]]]:
        """Yield the counts; nobody else has them until the end of the block."""
        async with self.database.transaction(None) as tx:
            rows = await tx.fetch_all(Q.hold_refusals, (sorted(attempt.counted), self.clock()))
            yield (
                tx,
                {
                    row["who"]: Count(attempt.counted[row["who"]], row["failures"], row["last_at"])
                    for row in rows
                },
            )

    def _digests(self, email: str | None, address: str | None) -> dict[bytes, Kind]:
        key = self.vault.derive(LABEL)
        told = {Kind.EMAIL: email, Kind.ADDRESS: _neighbourhood(address) if address else None}
        return {
            hmac.digest(key, f"{kind}\0{text}".encode("utf-8", "replace"), "sha256"): kind
            for kind, text in told.items()
            if text is not None
        }


async def _write(
    tx: Transaction, counts: Mapping[bytes, Count], failures: tuple[int, ...], now: datetime
) -> None:
    await tx.execute(Q.count_refusals, (list(counts), list(failures), now))


def _neighbourhood(address: str) -> str:
    """Return what counts as one address."""
    try:
        parsed = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address  # whatever a proxy wrote
    if parsed.version == 4:
        return str(parsed)
    if mapped := parsed.ipv4_mapped:
        return str(mapped)
    return str(ipaddress.ip_network((parsed, _NEIGHBOURS), strict=False))
