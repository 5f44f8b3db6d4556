"""What a tool answers: one JSON text of bounded length, or an error that says what to do."""

from __future__ import annotations

import logging
import re
from collections.abc import Awaitable, Callable
from datetime import datetime
from functools import wraps
from typing import Any, ParamSpec

from fastmcp.exceptions import ToolError, ValidationError
from fastmcp.server.middleware import CallNext, Middleware, MiddlewareContext
from fastmcp.tools import ToolResult
from mcp.types import CallToolRequestParams
from pydantic import ValidationError as PydanticError

from storetwin.kernel.errors import ConfigurationError, InvariantError, StoretwinError
from storetwin.kernel.json_values import written
from storetwin.telemetry.logs import Log

log = Log()
P = ParamSpec("P")
_HALF = re.compile("[\ud800-\udfff]")
_QUIET = logging.DEBUG  # what a caller does wrong is his to know
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
            said = f"{error.message} {error.remedy or ''}".strip()
            raise ToolError(said, log_level=_QUIET) from None

    return call


class Explaining(Middleware):
    """Says in a line what is wrong with the arguments of a call."""

    async def on_call_tool(
        self,
        context: MiddlewareContext[CallToolRequestParams],
        call_next: CallNext[CallToolRequestParams, ToolResult],
    ) -> ToolResult:
        """Call a tool."""
        if not _is_text(context.message.arguments):
            raise ToolError("The arguments have characters that are no text.", log_level=_QUIET)
        try:
            return await call_next(context)
        except ValidationError as error:
            raise ToolError(_why(error.__cause__), log_level=_QUIET) from None


def _is_text(value: Any) -> bool:
    """Say whether PostgreSQL can hold every text of some arguments: no NUL, no half characters."""
    if isinstance(value, str):
        return "\0" not in value and not _HALF.search(value)
    if isinstance(value, dict):
        return all(_is_text(name) and _is_text(inner) for name, inner in value.items())
    return all(map(_is_text, value)) if isinstance(value, list) else True


def _why(error: BaseException | None) -> str:
    if not isinstance(error, PydanticError):
        return "The arguments do not fit the tool."
    faults = [
        f"{'.'.join(str(part) for part in fault['loc'])}: {fault['msg']}"
        for fault in error.errors(include_url=False, include_input=False)[:5]
    ]
    return f"The arguments do not fit the tool. {'; '.join(faults)}"


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
