"""What a tool answers: one JSON text of bounded length, or an error that says what to do."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime
from functools import wraps
from typing import Any, ParamSpec

import structlog
from fastmcp.exceptions import ToolError
from fastmcp.tools import ToolResult

from storetwin.kernel.errors import ConfigurationError, InvariantError, StoretwinError
from storetwin.kernel.json_values import written

log = structlog.get_logger()
P = ParamSpec("P")
MOST_BYTES = 60_000  # of one answer: an assistant has to read it


class TooLongError(ConfigurationError):
    """An answer is longer than an assistant should read."""

    code = "too_long"


def told(tool: Callable[P, Awaitable[Any]]) -> Callable[P, Awaitable[ToolResult]]:
    """Return a tool whose answer is JSON text, and whose errors say what is wrong and what to do."""

    @wraps(tool)
    async def call(*args: P.args, **kwargs: P.kwargs) -> ToolResult:
        try:
            return ToolResult(content=_bounded(written(_timed(await tool(*args, **kwargs)))))
        except InvariantError as error:
            log.exception("tool_failed", tool=tool.__name__, why=error.code)
            raise ToolError("Something went wrong here; it was logged.") from None
        except StoretwinError as error:
            raise ToolError(f"{error.message} {error.remedy or ''}".strip()) from None

    return call


def _timed(value: Any) -> Any:
    """Return the same with its times as RFC 3339 writes them."""
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, dict):
        return {name: _timed(inner) for name, inner in value.items()}
    return [_timed(inner) for inner in value] if isinstance(value, list) else value


def _bounded(text: str) -> str:
    size = len(text.encode())
    if size > MOST_BYTES:
        raise TooLongError(
            f"The answer has {size:,} bytes, and {MOST_BYTES:,} are the most.",
            remedy="Ask for less: fewer fields, fewer records, or a narrower filter.",
        )
    return text
