"""Making, testing, renewing and removing connections: nothing is kept before it was seen to work."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace

from storetwin.connections.models import (
    Connection,
    Credentials,
    doubts_about,
    doubts_about_scheme,
    normalise_url,
    spellings,
)
from storetwin.connections.probe import (
    ProbeReport,
    Watch,
    completed,
    kept_checks,
    stages_again,
)
from storetwin.connections.register import NewConnection
from storetwin.hub.mending import NoWebhooksError
from storetwin.hub.running import Runner
from storetwin.hub.webhooks import Webhooks
from storetwin.kernel.errors import ConfigurationError, StoretwinError, UnknownNameError
from storetwin.kernel.ids import new_id

WITHDRAW_SECONDS = 10.0  # a person waits; a store that is away does not keep its connection
LONG_ENOUGH = 24  # signs of a key of which four may be shown; WooCommerce's have 43
MOST_STEPS = 4  # addresses that are looked at, each because the one before led there


class DoesNotWorkError(ConfigurationError):
    """A connection was tried and does not work; nothing was kept.

    Args:
        report: what was found.
        tried: the connection as it was tried.
    """

    code = "does_not_work"

    def __init__(self, report: ProbeReport, tried: Tried | None = None) -> None:
        failed = next((check for check in report.checks if check.ok is False), None)
        assert failed is not None
        super().__init__(failed.finding, remedy=failed.remedy)
        self.report = report
        self.tried = tried


@dataclass(frozen=True, slots=True)
class Tried:
    """A connection, kept or not, and how a test of it went.

    Args:
        report: None where it was not tested.
        warnings: what looks odd about its keys.
    """

    connection: Connection
    report: ProbeReport | None
    warnings: tuple[str, ...] = ()

    @property
    def can_read(self) -> bool:
        """Say whether records can be read, whatever else is wrong."""
        return self.report is not None and self.report.scheme is not None


@dataclass(frozen=True, slots=True)
class Found:
    """What answers where a person says that his shop is.

    Args:
        asked: what was tried, of what he typed.
        url: where that led to.
    """

    asked: str
    url: str
    report: ProbeReport


@dataclass(frozen=True, slots=True)
class Removed:
    """What became of a connection's webhooks when it was removed.

    Args:
        webhooks: how many were deleted in the store; None where there never were any.
        trouble: why they could not be.
    """

    webhooks: int | None = None
    trouble: str | None = None


@dataclass(frozen=True, slots=True)
class Connecting:
    """The verbs about connections themselves."""

    runner: Runner
    webhooks: Webhooks

    async def find(self, text: str) -> Found:
        """Find where a shop is, from what a person types; nothing is kept, and no keys are sent.

        Without a scheme https is tried first, then http. Where the site says that it is elsewhere,
        it is looked for there.

        Raises:
            ConfigurationError: that is no address.
        """
        first, *others = spellings(text)
        found = await self._found(first)
        for other in others:
            if found.report.is_ok:
                break
            again = await self._found(other)
            found = again if again.report.is_ok else found
        return found

    async def _found(self, start: str) -> Found:
        """Look at an address, and at those that it leads to."""
        url, seen = normalise_url(start), set[str]()
        while True:
            seen.add(url)
            report = await self.runner.stores.probe(self._at(url), None)
            found = Found(start, url, report)
            leads_to = next((c.leads_to for c in report.checks if c.leads_to), None)
            if leads_to is None or len(seen) >= MOST_STEPS:
                return found
            try:
                url = normalise_url(leads_to)
            except ConfigurationError:
                return found
            if url in seen:
                return found

    def _at(self, url: str) -> Connection:
        """Return a connection to an address that nobody has keys for yet."""
        runner = self.runner
        now = runner.clock()
        return Connection(new_id(now), runner.organisation_id, "new", url, now)

    async def try_out(self, new: NewConnection, watch: Watch | None = None) -> Tried:
        """Test keys and an address; nothing is kept.

        Args:
            watch: is told of each check as soon as it is known.

        Raises:
            ConfigurationError: name, URL or certificate cannot be used.
        """
        draft = self.runner.register.draft(new, self.runner.clock())
        return await self._tried(draft, new.credentials, watch)

    async def add(
        self, new: NewConnection, *, is_tested: bool = True, is_enough_to_read: bool = False
    ) -> Tried:
        """Keep a connection, if it works.

        Args:
            is_tested: look at the store first.
            is_enough_to_read: keep it as soon as records can be read, whatever else is wrong.

        Raises:
            DoesNotWorkError: it does not.
            ConnectionExistsError: name or store are taken.
            ConfigurationError: name, URL or certificate cannot be used.
        """
        register, now = self.runner.register, self.runner.clock()
        draft = register.draft(new, now)
        await register.check_free(draft)
        if not is_tested:
            return Tried(await register.keep(draft), None, _warnings(draft, new.credentials))
        tried = await self._tried(draft, new.credentials)
        is_enough = is_enough_to_read and tried.can_read
        report = tried.report if is_enough and tried.report else _working(tried)
        kept = await register.keep(draft)
        kept = await register.keep_report(kept, report, self.runner.clock())
        return replace(tried, connection=kept)

    async def renew(self, name: str, credentials: Credentials) -> Tried:
        """Replace the keys of a connection by others, if these open the same store.

        Runs that are at work go on with the old ones, and take the new ones as soon as the store
        does not know the old ones any more.

        Raises:
            DoesNotWorkError: the new keys do not work, or another store answers; the old ones stay.
            UnknownConnectionError: there is no such connection.
        """
        register = self.runner.register
        connection = await register.get(name)
        candidate = replace(connection, detected=None)
        tried = await self._tried(candidate, credentials)
        report = _working(tried)
        await register.renew(name, credentials)
        kept = await register.keep_report(connection, report, self.runner.clock())
        return replace(tried, connection=kept)

    async def check_again(self, name: str, check: str, watch: Watch | None = None) -> ProbeReport:
        """Make one check of a connection's test again, with those that the same requests answer.

        Where it barred the way to others, and does not any more, these are made as well. What is
        known of the rest stays.

        Args:
            check: its name; the whole test is made where there is no such check.
            watch: is told of each check as soon as it is known.

        Raises:
            UnknownConnectionError: there is no such connection.
        """
        register = self.runner.register
        connection = await register.get(name)
        known = kept_checks(connection)
        stages = stages_again(check, known)
        report = await self.runner.stores.probe(
            connection, register.credentials(connection), watch=watch, stages=stages
        )
        report = replace(report, checks=completed(known, report.checks, stages))
        await register.keep_report(connection, report, self.runner.clock())
        return report

    def ending(self, connection: Connection) -> str | None:
        """Return the last four signs of a key, to know it by; None where that would be too much."""
        key = self.runner.register.credentials(connection).key.get_secret_value()
        return key[-4:] if len(key) >= LONG_ENOUGH else None

    async def remove(self, name: str) -> Removed:
        """Remove a connection, everything pulled through it, and our webhooks in the store.

        Raises:
            RunInProgressError: a run of it is at work.
            UnknownConnectionError: there is no such connection.
        """
        connection = await self.runner.register.get(name)
        async with self.runner.none_running(connection):
            removed = await self._withdraw(name)
            await self.runner.register.remove(name)
        return removed

    async def _withdraw(self, name: str) -> Removed:
        try:
            async with asyncio.timeout(WITHDRAW_SECONDS):
                return Removed(await self.webhooks.remove(name))
        except TimeoutError:
            return Removed(trouble=f"The store did not answer within {WITHDRAW_SECONDS:.0f} s.")
        except NoWebhooksError:
            return Removed()
        except UnknownNameError:
            raise
        except StoretwinError as error:
            return Removed(trouble=error.message)

    async def _tried(
        self, draft: Connection, credentials: Credentials, watch: Watch | None = None
    ) -> Tried:
        report = await self.runner.stores.probe(draft, credentials, watch=watch)
        return Tried(draft, report, _warnings(draft, credentials))


def _warnings(connection: Connection, credentials: Credentials) -> tuple[str, ...]:
    return doubts_about(credentials) + doubts_about_scheme(connection)


def _working(tried: Tried) -> ProbeReport:
    assert tried.report is not None
    if not tried.report.is_ok:
        raise DoesNotWorkError(tried.report, tried)
    return tried.report
