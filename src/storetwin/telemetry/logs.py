"""Structured logs on standard error.

The library that forms a line is loaded with the first one: most commands write none.
"""

from __future__ import annotations

import logging
import sys
from typing import TYPE_CHECKING

from storetwin.telemetry.redaction import redact_event

if TYPE_CHECKING:
    import structlog


class Log:
    """What a module writes its lines with: an event's name, and what belongs to it."""

    __slots__ = ()

    def info(self, event: str, **values: object) -> None:
        """Write what went its way and is worth knowing."""
        _LIBRARY.logger().info(event, **values)

    def warning(self, event: str, **values: object) -> None:
        """Write what is not as it should be, and was dealt with."""
        _LIBRARY.logger().warning(event, **values)

    def error(self, event: str, **values: object) -> None:
        """Write what did not work."""
        _LIBRARY.logger().error(event, **values)

    def exception(self, event: str, **values: object) -> None:
        """Write what did not work, with the exception that is being handled."""
        _LIBRARY.logger().exception(event, **values)


def configure_logging(level_name: str, form: str) -> None:
    """Send our logs and those of libraries to standard error, redacted.

    Args:
        level_name: debug, info, warning or error.
        form: console or json.
    """
    level = logging.getLevelNamesMapping()[level_name.upper()]
    _LIBRARY.choose(level)
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_Formatter(form))
    handler.addFilter(_is_worth_telling)
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)


def _is_worth_telling(record: logging.LogRecord) -> bool:
    """Say whether a line tells somebody something.

    Whoever leaves a page while it is read ends its query, and psycopg warns that it was told so twice;
    the connection is closed, and the pool opens another.
    """
    return not (record.name == "psycopg" and "cancellation interrupted" in record.msg)


class _Library:
    """The library, which learns the chosen level when it is loaded."""

    __slots__ = ("_level",)

    def __init__(self) -> None:
        self._level: int | None = None

    def choose(self, level: int) -> None:
        self._level = level

    def logger(self) -> structlog.stdlib.BoundLogger:
        import structlog

        if self._level is not None:
            structlog.configure(
                processors=[*_shared(), structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
                wrapper_class=structlog.make_filtering_bound_logger(self._level),
                logger_factory=structlog.stdlib.LoggerFactory(),
                cache_logger_on_first_use=False,
            )
            self._level = None
        logger: structlog.stdlib.BoundLogger = structlog.get_logger()
        return logger


_LIBRARY = _Library()


class _Formatter(logging.Formatter):
    """Forms lines as chosen."""

    def __init__(self, form: str) -> None:
        super().__init__()
        self._form = form
        self._formatter: logging.Formatter | None = None

    def format(self, record: logging.LogRecord) -> str:
        if self._formatter is None:
            self._formatter = _formatter_of(self._form)
        return self._formatter.format(record)


def _formatter_of(form: str) -> logging.Formatter:
    import structlog

    renderer: structlog.typing.Processor = (
        structlog.processors.JSONRenderer()
        if form == "json"
        else structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())
    )
    return structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=_shared(),
        processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
    )


def _shared() -> list[structlog.typing.Processor]:
    """Return what is done with every line, our own or a library's."""
    import structlog

    return [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
        redact_event,
    ]
