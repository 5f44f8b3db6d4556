"""Changing the vault's key while everything runs.

A new key comes first: from then on every process seals with it, and opens what either sealed. Then
everything that a former key sealed is sealed anew, in small steps beside all else, looked over again
and again until nothing is left. It may be killed at any of them: the next call goes on.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from storetwin.connections.models import Connection
from storetwin.connections.register import Register
from storetwin.db.database import Database, Transaction
from storetwin.db.organisations import DEFAULT_ORGANISATION
from storetwin.kernel.clock import Clock
from storetwin.kernel.errors import ConfigurationError, ConflictError
from storetwin.mirror import resealing
from storetwin.mirror.repository import Shelf
from storetwin.resources import RESOURCES
from storetwin.runs.older import has_older_runs
from storetwin.security import Vault
from storetwin.security.columns import COLUMNS, Look, SealedColumn, look_at_column
from storetwin.security.key import (
    KeyFile,
    begin_rotation,
    end_rotation,
    organisations_with_secrets,
    read_check,
)
from storetwin.security.vault import sealing_key_of

OPEN_RESOURCES = frozenset(
    r.name for r in RESOURCES if r.secrets is None
)  # nothing is sealed there
LOCK = "storetwin vault"
MOST_LOOKS = 10  # at everything, until nothing is left under a former key
DEAD_AFTER = timedelta(minutes=5)  # a run whose heart has not beaten for so long


class KeyInUseError(ConfigurationError):
    """A former key is still needed."""

    code = "key_in_use"


class KeyUnchangedError(ConfigurationError):
    """There is no other key to change to."""

    code = "key_unchanged"


class RotationBusyError(ConflictError):
    """Somebody else changes the key at this moment."""

    code = "rotation_busy"
    default_remedy = "Wait for the other storetwin vault command to end."


@dataclass(slots=True)
class Tally:
    """What a look at every sealed value found.

    Args:
        values: how many values each key sealed, by its id.
        resealed: how many are under the current key now that were not before.
        stuck: how many could not be opened, by the key that sealed them.
    """

    values: Counter[str] = field(default_factory=Counter)
    resealed: int = 0
    stuck: Counter[str] = field(default_factory=Counter)

    def add(self, look: Look) -> None:
        """Count a look in."""
        self.values.update(look.keys)
        self.stuck.update(look.stuck)
        self.resealed += look.resealed


@dataclass(frozen=True, slots=True)
class VaultStatus:
    """The keys, by their ids, and what they seal.

    Args:
        place: where the keys come from: the file's name; None for the environment.
        is_rotating: a rotation has begun and has not come to its end.
        rotated_at: when the last one began.
        values: how many values each key seals; keys that are not here are among them.
    """

    current: str
    former: tuple[str, ...]
    place: str | None
    is_rotating: bool
    rotated_at: datetime | None
    values: dict[str, int]


@dataclass(frozen=True, slots=True)
class Rotated:
    """What a rotation came to.

    Args:
        key_id: of the key that seals everything now.
        is_new: the key was made just now; else an earlier rotation was brought to its end.
        resealed: how many values were sealed anew.
        former: ids of keys that are not needed any more.
        stuck: values that cannot be opened by any key that is here, by the key that sealed them.
    """

    key_id: str
    is_new: bool
    resealed: int
    former: tuple[str, ...]
    stuck: dict[str, int]


@dataclass(frozen=True, slots=True)
class Retired:
    """Keys that were thrown away.

    Args:
        dropped: ids of those that went from the file.
        removable: ids of those that a person can take out of STORETWIN_FORMER_ENCRYPTION_KEYS.
    """

    dropped: tuple[str, ...]
    removable: tuple[str, ...]


Observe = Callable[[Tally], None]


@dataclass(frozen=True, slots=True)
class Vaults:
    """The verbs about the vault's keys, for all organisations of an installation."""

    database: Database
    register: Register
    vault: Vault = field(repr=False)
    clock: Clock

    async def status(self, observe: Observe = lambda _: None) -> VaultStatus:
        """Look at every sealed value; say which keys there are and what they seal."""
        self.vault.look_again()
        check = await self._check()
        tally = await self._look(observe, is_rehearsal=True)
        source = self.vault.source
        return VaultStatus(
            current=self.vault.key_id,
            former=self.vault.former_ids,
            place=str(source.path) if isinstance(source, KeyFile) else None,
            is_rotating=self._is_unfinished(check),
            rotated_at=check["rotated_at"],
            values=dict(tally.values),
        )

    async def rotate(self, observe: Observe = lambda _: None) -> Rotated:
        """Change to a new key, or bring an earlier change to its end.

        Raises:
            KeyUnchangedError: the key comes from the environment, and there is no other one.
            RotationBusyError: somebody else does it at this moment.
            ConflictError: somebody goes on sealing with a former key.
        """
        async with self._alone():
            is_new = not self._is_unfinished(await self._check())
            if is_new:
                tally = await self._look(observe, is_rehearsal=True)
                left = tally.values - tally.stuck
                is_new = not any(left[key_id] for key_id in self.vault.former_ids)
            if is_new:
                self._take_new_key()
            await self._begin()
            resealed, stuck = await self._reseal(observe)
            await self._end()
            former = tuple(k for k in self.vault.former_ids if not stuck[k])
            return Rotated(self.vault.key_id, is_new, resealed, former, dict(stuck))

    async def retire(self, observe: Observe = lambda _: None) -> Retired:
        """Throw away the former keys, if they seal nothing any more.

        Raises:
            KeyInUseError: one is still needed; says by what.
            RotationBusyError: the key is being changed at this moment.
        """
        async with self._alone():
            check = await self._check()
            tally = await self._look(observe, is_rehearsal=True)
            former, used = self.vault.former_ids, tally.values - tally.stuck
            count = sum(used[key_id] for key_id in former)
            if count or self._is_unfinished(check):
                raise KeyInUseError(
                    f"{count:,} values are still sealed with a former key.",
                    remedy="Run: storetwin vault rotate.",
                )
            await self._none_older(check["rotated_at"])
            source = self.vault.source
            if not isinstance(source, KeyFile):
                return Retired((), former)
            dropped = source.drop(former).retired & set(former)
            self.vault.look_again()
            return Retired(tuple(sorted(dropped)), self.vault.former_ids)

    # -- steps ----------------------------------------------------------------------------------

    def _take_new_key(self) -> None:
        source = self.vault.source
        if not isinstance(source, KeyFile):
            raise KeyUnchangedError(
                f"Everything is sealed with the key {self.vault.key_id}, which comes from "
                "STORETWIN_ENCRYPTION_KEY; there is no other one to change to.",
                remedy="Put it into STORETWIN_FORMER_ENCRYPTION_KEYS and a new one into "
                "STORETWIN_ENCRYPTION_KEY (openssl rand -base64 32), restart every process, and "
                "run this again.",
            )
        source.add()
        self.vault.look_again()

    async def _begin(self) -> None:
        now = self.clock()
        async with self.database.transaction(DEFAULT_ORGANISATION) as tx:
            await begin_rotation(tx, self.vault, organisation_id=DEFAULT_ORGANISATION, now=now)

    async def _end(self) -> None:
        async with self.database.transaction(DEFAULT_ORGANISATION) as tx:
            await end_rotation(tx)

    async def _reseal(self, observe: Observe) -> tuple[int, Counter[str]]:
        """Look at everything until nothing is left; return what was sealed anew, and what is stuck."""
        resealed = 0
        for _ in range(MOST_LOOKS):
            tally = await self._look(observe, is_rehearsal=False)
            resealed += tally.resealed
            left = tally.values - tally.stuck
            if not any(left[key_id] for key_id in self.vault.former_ids):
                return resealed, tally.stuck
        raise ConflictError(
            "Values are sealed with a former key again and again.",
            remedy="A process runs that does not know the current key: restart it with the same "
            "keys as here, and run this again.",
        )

    async def _none_older(self, rotated_at: datetime | None) -> None:
        """Let no key go that a run may have sealed with which is still to write what it read."""
        if rotated_at is None:
            return
        beating_since = self.clock() - DEAD_AFTER
        for organisation_id in await self._organisations():
            async with self.database.transaction(organisation_id) as tx:
                if await has_older_runs(tx, rotated_at, beating_since):
                    raise KeyInUseError(
                        "A run is at work that began before the key was changed.",
                        remedy="Wait until it has ended (storetwin runs), or stop it.",
                    )

    async def _check(self) -> dict[str, Any]:
        async with self.database.transaction(DEFAULT_ORGANISATION) as tx:
            return await read_check(tx)

    def _is_unfinished(self, check: dict[str, Any]) -> bool:
        is_another = sealing_key_of(bytes(check["sealed"])) != self.vault.key_id
        return is_another or check["sealed_next"] is not None

    @asynccontextmanager
    async def _alone(self) -> AsyncIterator[None]:
        async with self.database.lock(LOCK) as is_mine:
            if not is_mine:
                raise RotationBusyError("The vault's key is being changed by somebody else.")
            self.vault.look_again()
            yield

    # -- looking at everything ------------------------------------------------------------------

    async def _organisations(self) -> list[UUID]:
        async with self.database.transaction(None) as tx:
            return sorted({DEFAULT_ORGANISATION, *await organisations_with_secrets(tx)})

    async def _look(self, observe: Observe, *, is_rehearsal: bool) -> Tally:
        """Look at every sealed value of every organisation, each page in a transaction of its own."""
        tally = Tally()
        for organisation_id in await self._organisations():
            async for look in self._looks(organisation_id, is_rehearsal=is_rehearsal):
                tally.add(look)
                observe(tally)
        return tally

    async def _looks(self, organisation_id: UUID, *, is_rehearsal: bool) -> AsyncIterator[Look]:
        for column in COLUMNS:

            async def of_column(
                tx: Transaction, after: tuple[Any, ...] | None, column: SealedColumn = column
            ) -> Look:
                return await look_at_column(
                    tx, column, self.vault, after, is_rehearsal=is_rehearsal
                )

            async for look in self._pages(organisation_id, of_column):
                yield look
        register = self.register.of(organisation_id)
        for connection in await register.every():
            async for look in self._of_connection(register, connection, is_rehearsal=is_rehearsal):
                yield look

    async def _of_connection(
        self, register: Register, connection: Connection, *, is_rehearsal: bool
    ) -> AsyncIterator[Look]:
        organisation_id, sealer = connection.organisation_id, register.sealer(connection)
        async with self.database.transaction(organisation_id) as tx:
            names = await resealing.list_resources(tx, Shelf(organisation_id, connection.id, ""))
        for name in names:
            if name in OPEN_RESOURCES:
                continue
            shelf = Shelf(organisation_id, connection.id, name)

            async def of_snapshots(
                tx: Transaction, after: tuple[Any, ...] | None, shelf: Shelf = shelf
            ) -> Look:
                return await resealing.look_at_snapshots(
                    tx, shelf, sealer, after[0] if after else "", is_rehearsal=is_rehearsal
                )

            async def of_versions(
                tx: Transaction, after: tuple[Any, ...] | None, shelf: Shelf = shelf
            ) -> Look:
                at = (after[0], after[1]) if after else ("", 0)
                return await resealing.look_at_versions(
                    tx, shelf, sealer, at, is_rehearsal=is_rehearsal
                )

            for look_at in (of_snapshots, of_versions):
                async for look in self._pages(organisation_id, look_at):
                    yield look

    async def _pages(self, organisation_id: UUID, look_at: Any) -> AsyncIterator[Look]:
        after: tuple[Any, ...] | None = None
        while True:
            async with self.database.transaction(organisation_id) as tx:
                look: Look = await look_at(tx, after)
            yield look
            if look.last is None:
                return
            after = look.last
