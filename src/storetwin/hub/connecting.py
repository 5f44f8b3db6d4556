"""Making, testing, renewing and removing connections: nothing is kept before it was seen to work."""

from __future__ import annotations

from dataclasses import dataclass, replace

from storetwin.connections.models import (
    Connection,
    Credentials,
    doubts_about,
    doubts_about_scheme,
)
from storetwin.connections.probe import ProbeReport
from storetwin.connections.register import NewConnection
from storetwin.hub.mending import NoWebhooksError
from storetwin.hub.running import Runner
from storetwin.hub.webhooks import Webhooks
from storetwin.kernel.errors import ConfigurationError, StoretwinError, UnknownNameError


class DoesNotWorkError(ConfigurationError):
    """A connection was tried and does not work; nothing was kept.

    Args:
        report: what was found.
    """

    code = "does_not_work"

    def __init__(self, report: ProbeReport) -> None:
        failed = next((check for check in report.checks if check.ok is False), None)
        assert failed is not None
        super().__init__(failed.finding, remedy=failed.remedy)
        self.report = report


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

    async def try_out(self, new: NewConnection) -> Tried:
        """Test keys and an address; nothing is kept.

        Raises:
            ConfigurationError: name, URL or certificate cannot be used.
        """
        draft = self.runner.register.draft(new, self.runner.clock())
        return await self._tried(draft, new.credentials)

    async def add(self, new: NewConnection, *, is_tested: bool = True) -> Tried:
        """Keep a connection, if it works.

        Args:
            is_tested: look at the store first.

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
        report = _working(tried)
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
            return Removed(await self.webhooks.remove(name))
        except NoWebhooksError:
            return Removed()
        except UnknownNameError:
            raise
        except StoretwinError as error:
            return Removed(trouble=error.message)

    async def _tried(self, draft: Connection, credentials: Credentials) -> Tried:
        report = await self.runner.stores.probe(draft, credentials)
        return Tried(draft, report, _warnings(draft, credentials))


def _warnings(connection: Connection, credentials: Credentials) -> tuple[str, ...]:
    return doubts_about(credentials) + doubts_about_scheme(connection)


def _working(tried: Tried) -> ProbeReport:
    assert tried.report is not None
    if not tried.report.is_ok:
        raise DoesNotWorkError(tried.report)
    return tried.report
