"""How a command that runs for ever is stopped: once cleanly, twice at once."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Awaitable, Callable

from storetwin.cli.exits import Exit
from storetwin.cli.running import say_error


async def until_stopped(work: Callable[[], Awaitable[None]]) -> Exit:
    """Work until Ctrl-C or SIGTERM, which end it cleanly; the second of them ends it at once."""
    task = asyncio.current_task()
    assert task is not None
    is_asked = False

    def stop() -> None:
        nonlocal is_asked
        if is_asked:
            os._exit(Exit.INTERRUPTED)
        is_asked = True
        say_error("Stopping; what is in flight is handed back. Once more to stop at once.")
        task.cancel()

    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop)
    try:
        await work()
    except asyncio.CancelledError:
        if not is_asked:
            raise
    return Exit.DONE
