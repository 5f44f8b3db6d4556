"""Whether it lives, and whether it can work: for whatever looks after processes."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from storetwin.kernel.errors import StoretwinError

KEPT_SECONDS = 1.0  # anybody may ask: the database is asked once a second at most


@dataclass(slots=True)
class Health:
    """Looks whether this process can do its work.

    Args:
        pending: how many migrations the database lacks; raises when it cannot be asked.
        workers: how many workers are at work, on whatever machine.
        is_at_work: whether the worker of this process is; None where it has none.
    """

    pending: Callable[[], Awaitable[int]]
    workers: Callable[[], Awaitable[int]]
    is_at_work: Callable[[], bool] | None = None
    _looked_at: float = -KEPT_SECONDS
    _seen: tuple[bool, dict[str, str | int]] = (False, {})

    async def look(self) -> tuple[bool, dict[str, str | int]]:
        """Return whether everything is there, and what is not."""
        now = time.monotonic()
        if now - self._looked_at >= KEPT_SECONDS:
            self._looked_at = now
            self._seen = await self._look()
        return self._seen

    async def _look(self) -> tuple[bool, dict[str, str | int]]:
        try:
            pending, workers = await self.pending(), await self.workers()
        except StoretwinError as error:
            return False, {"database": error.message}
        lacks = f"lacks {pending} migration(s): storetwin db upgrade"
        found: dict[str, str | int] = {"database": "ok", "schema": lacks if pending else "ok"}
        is_idle = self.is_at_work is not None and not self.is_at_work()
        if self.is_at_work is not None:
            found["worker"] = "begins anew" if is_idle else "ok"
        return not pending and not is_idle, found | {"workers": workers}


def health_routes(health: Health) -> list[Route]:
    """Return ``/health/live`` (it answers) and ``/health/ready`` (and it can work; else 503)."""

    async def live(_: Request) -> JSONResponse:
        return JSONResponse({"status": "alive"})

    async def ready(_: Request) -> JSONResponse:
        is_ready, checks = await health.look()
        status = "ready" if is_ready else "not ready"
        return JSONResponse({"status": status} | checks, status_code=200 if is_ready else 503)

    return [Route("/health/live", live), Route("/health/ready", ready)]
