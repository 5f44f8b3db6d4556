"""From a command to the hub and back: opens the hub, runs one verb, turns its end into an exit code."""

from __future__ import annotations

import asyncio
import signal
import sys
from collections.abc import Awaitable, Callable, Coroutine
from typing import TYPE_CHECKING, Any

import typer

from storetwin.cli.exits import Exit, exit_of
from storetwin.cli.printable import printable
from storetwin.kernel.errors import StoretwinError

if TYPE_CHECKING:
    from storetwin.hub import Hub


def with_hub(verb: Callable[[Hub], Awaitable[Exit]], *, as_json: bool = False) -> None:
    """Open the hub, call one verb, close the hub, and leave with the verb's exit code."""

    async def call() -> Exit:
        from storetwin.bootstrap import open_hub
        from storetwin.settings import load_settings
        from storetwin.telemetry.logs import configure_logging

        settings = load_settings()
        configure_logging(settings.log_level, settings.log_format)
        async with open_hub(settings) as hub:
            return await verb(hub)

    run(call, as_json=as_json)


def run(call: Callable[[], Awaitable[Exit]], *, as_json: bool = False) -> None:
    """Run a coroutine to its exit code; Ctrl-C and SIGTERM stop it cleanly with 130.

    Raises:
        typer.Exit: always, with the code.
    """
    try:
        code = _loop()(_stoppable(call))
    except (KeyboardInterrupt, asyncio.CancelledError):
        say_error("Stopped. Nothing that was read is lost; the same command goes on from here.")
        code = Exit.INTERRUPTED
    except StoretwinError as error:
        show_error(error, as_json=as_json)
        code = exit_of(error)
    raise typer.Exit(int(code))


def _loop() -> Callable[[Coroutine[Any, Any, Exit]], Exit]:
    """Return what runs a coroutine: uvloop, which costs a third less on the way of every page."""
    import uvloop

    return uvloop.run


async def _stoppable(call: Callable[[], Awaitable[Exit]]) -> Exit:
    """Let SIGTERM stop the command as Ctrl-C does."""
    task = asyncio.current_task()
    assert task is not None
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
    return await call()


def problem(error: StoretwinError) -> dict[str, str | None]:
    """Return an error as the JSON document that every command shows."""
    return {"code": error.code, "message": error.message, "remedy": error.remedy}


def show_error(error: StoretwinError, *, as_json: bool) -> None:
    """Say what is wrong and what to do: on standard error, or as the one JSON document."""
    if as_json:
        print_json({"error": problem(error)})
        return
    say_error(f"Error: {error.message}")
    if error.remedy:
        say_error(f"  What to do: {error.remedy}")


def say(text: str = "") -> None:
    """Write a line on standard output, at once."""
    print(printable(text), flush=True)


def say_error(text: str) -> None:
    """Write a line on standard error."""
    print(printable(text), file=sys.stderr)


def print_json(document: Any) -> None:
    """Write the one JSON document of ``--json`` on standard output."""
    from storetwin.kernel.json_values import written

    sys.stdout.write(written(document, indent=2) + "\n")
    sys.stdout.flush()
