"""What the terminal shows: one line a resource while it runs, tables when it has ended."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

from rich.console import Console
from rich.live import Live
from rich.table import Table
from rich.text import Text

from storetwin.cli.printable import printable
from storetwin.kernel.clock import utc_now
from storetwin.runs.models import Progress, Stage

QUIET_SECONDS = 5.0
MARKS = {"done": ("✓", "green"), "failed": ("✗", "red")}
VERBS = {
    Stage.PULL: "pull ",
    Stage.VERIFY: "prove",
    Stage.SYNC: "sync ",
    Stage.SWEEP: "sweep",
    Stage.RECEIVE: "apply",
    Stage.PROMOTE: "enter",
}
WIDE = 240  # columns of a pipe or a file: nothing is cut there


@dataclass(slots=True)
class _Line:
    """One resource on the screen: its progress, and since when and from what count we watch it."""

    progress: Progress
    since: float
    base: int
    printed_at: float
    ended_at: float | None = None

    def rate(self, now: float) -> float:
        """Records a second since we watch."""
        seconds = (self.ended_at or now) - self.since
        return (self.progress.records - self.base) / max(seconds, 0.001)


class ProgressScreen:
    """Shows progress on standard error: live on a terminal, a line now and then elsewhere."""

    def __init__(self) -> None:
        self._console = err()
        self._lines: dict[tuple[Stage, str], _Line] = {}
        self._live: Live | None = None

    def __enter__(self) -> Self:
        """Take over the screen, if there is one."""
        if self._console.is_terminal:
            self._live = Live(
                get_renderable=self._table, console=self._console, refresh_per_second=8
            )
            self._live.__enter__()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Leave the last state on the screen."""
        if self._live is not None:
            self._live.__exit__(kind, error, trace)

    def __call__(self, progress: Progress) -> None:
        """Take note of progress (the observer of a run)."""
        now = utc_now().timestamp()
        key = (progress.stage, progress.resource)
        line = self._lines.get(key)
        if line is None or line.progress is not progress:
            line = self._lines[key] = _Line(progress, now, progress.records, now)
        has_ended = progress.state != "running"
        if has_ended and line.ended_at is None:
            line.ended_at = now
        if self._live is None and (has_ended or now - line.printed_at >= QUIET_SECONDS):
            line.printed_at = now
            self._console.print(_text(line, now))

    def _table(self) -> Table:
        made = Table.grid(padding=(0, 1))
        now = utc_now().timestamp()
        for line in self._lines.values():
            made.add_row(_text(line, now))
        return made


class LiveLines:
    """Prints lines on standard output; on a terminal, others below them come and go."""

    def __init__(self) -> None:
        self._console = out()
        self._live: Live | None = None

    def __enter__(self) -> Self:
        """Take over the screen, if there is one."""
        if self._console.is_terminal:
            self._live = Live(console=self._console, refresh_per_second=8)
            self._live.__enter__()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Leave only what was said."""
        if self._live is not None:
            self._live.update("")
            self._live.__exit__(kind, error, trace)

    def say(self, line: str) -> None:
        """Print a line that stays."""
        self._console.print(Text(printable(line)), soft_wrap=True)

    def show(self, lines: list[str]) -> None:
        """Show these below, in place of those before."""
        if self._live is not None:
            self._live.update(Text("\n".join(lines), "cyan"))


def _text(line: _Line, now: float) -> Text:
    """Return one line: what, how many of how many, how fast, how long still."""
    progress, rate = line.progress, line.rate(now)
    is_running = progress.state == "running"
    mark, style = MARKS.get(progress.state, ("·", "cyan"))
    text = Text(f" {mark} ", style=style)
    text.append(
        f"{VERBS[progress.stage]} {progress.resource:<12}", style="bold" if is_running else ""
    )
    text.append(f"{progress.records:>10,}")
    expected = max(progress.expected or 0, progress.records)
    text.append(f" of {expected:<10,}" if expected else " " * 14, style="dim")
    text.append(f"{rate:>9,.0f}/s", style="dim")
    if is_running and expected and rate > 0:
        text.append(f"  {_clock((expected - progress.records) / rate)} left", style="cyan")
    if progress.unreadable:
        text.append(f"  {progress.unreadable} set aside", style="yellow")
    return text


def _clock(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes}:{rest:02}"


def out() -> Console:
    """Return the console of standard output. Brackets mean nothing there: stores write them as well."""
    return Console(
        highlight=False, markup=False, emoji=False, width=None if sys.stdout.isatty() else WIDE
    )


def err() -> Console:
    """Return the console of standard error, the same way."""
    return Console(
        stderr=True,
        highlight=False,
        markup=False,
        emoji=False,
        width=None if sys.stderr.isatty() else WIDE,
    )


def table(title: str | None, columns: Iterable[str], rows: Iterable[Iterable[Any]]) -> Table:
    """Return a table; columns whose name ends in ``>`` are aligned to the right."""
    made = Table(title=title, title_justify="left", box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for column in columns:
        made.add_column(
            column.removesuffix(">"),
            justify="right" if column.endswith(">") else "left",
            header_style="dim",
            overflow="fold",
        )
    for row in rows:
        made.add_row(*map(_cell, row))
    return made


def _cell(value: Any) -> Text:
    cell = value.copy() if isinstance(value, Text) else Text(str(value))
    cell.plain = printable(cell.plain)
    return cell


def certificate_table(document: dict[str, Any], name: str) -> Table:
    """Return a certificate as a table, one line a resource."""
    rows = []
    for line in document["resources"]:
        notes = [f"{len(line['unlisted'])} in no list"] if line["unlisted"] else []
        notes += [f"{line['lacking_count']:,} lacking"] if line["lacking"] else []
        notes += [f"{line['buried']} buried"] if line["buried"] else []
        notes += line["remarks"]
        verdict = Text("complete", "green") if line["is_complete"] else Text("not complete", "red")
        rows.append(
            (
                line["resource"],
                f"{line['in_store']:,}",
                f"{line['in_twin']:,}",
                f"{line['fetched']:,}",
                line["level"],
                line["requests"],
                verdict,
                ", ".join(notes),
            )
        )
    return table(
        f"Certificate of completeness: {name}",
        ("resource", "store>", "twin>", "mended>", "level", "requests>", "verdict", "notes"),
        rows,
    )


def certificate_verdict(document: dict[str, Any]) -> Text:
    """Return the sentence below a certificate."""
    records = sum(line["in_twin"] for line in document["resources"])
    if document["is_complete"]:
        return Text(
            f"Complete: {records:,} records, listed by the store between "
            f"{document['started_at'][:19]} and {document['ended_at'][:19]} UTC, are in the twin.",
            "bold green",
        )
    lacking = [
        f"  {line['resource']} {item['record']}: {item['reason']}"
        for line in document["resources"]
        for item in line["lacking"]
    ]
    shown = lacking[:20] + ([f"  … and {len(lacking) - 20} more"] if len(lacking) > 20 else [])
    return Text(printable("Not complete. Lacking:\n" + "\n".join(shown)), "bold red")
