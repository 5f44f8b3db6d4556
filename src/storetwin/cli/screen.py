"""What the terminal shows: one line a resource while it runs, tables when it has ended."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from types import TracebackType
from typing import Any, Self

from rich.console import Console
from rich.live import Live
from rich.table import Table
from rich.text import Text

from storetwin.kernel.clock import utc_now
from storetwin.runs.models import Progress, Stage

QUIET_SECONDS = 5.0
WIDE = 240  # columns of a pipe or a file: nothing is cut there


class ProgressScreen:
    """Shows progress on standard error: live on a terminal, a line now and then elsewhere."""

    def __init__(self) -> None:
        self._console = Console(stderr=True, highlight=False)
        self._lines: dict[tuple[Stage, str], Progress] = {}
        self._marks: dict[tuple[Stage, str], tuple[float, int]] = {}
        self._printed: dict[tuple[Stage, str], float] = {}
        self._live: Live | None = None

    def __enter__(self) -> Self:
        """Take over the screen, if there is one."""
        if self._console.is_terminal:
            self._live = Live(
                get_renderable=self._table,
                console=self._console,
                refresh_per_second=8,
                transient=False,
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
        key = (progress.stage, progress.resource)
        now = utc_now().timestamp()
        if key not in self._lines:
            self._marks[key] = (now, progress.records)
        self._lines[key] = progress
        ended = progress.state != "running"
        if self._live is None and (ended or now - self._printed.get(key, now) >= QUIET_SECONDS):
            print(self._line(key, progress, now).plain, file=sys.stderr)
        if self._live is None and (
            ended or key not in self._printed or now - self._printed[key] >= QUIET_SECONDS
        ):
            self._printed[key] = now

    def _table(self) -> Table:
        table = Table.grid(padding=(0, 1))
        now = utc_now().timestamp()
        for key, progress in self._lines.items():
            table.add_row(self._line(key, progress, now))
        return table

    def _line(self, key: tuple[Stage, str], progress: Progress, now: float) -> Text:
        since, records_then = self._marks[key]
        if progress.state == "running":
            self._marks.setdefault(key, (now, progress.records))
        else:
            now = max(since, self._ended(key, now))
        rate = (progress.records - records_then) / max(now - since, 0.001)
        mark, style = {"done": ("✓", "green"), "failed": ("✗", "red")}.get(
            progress.state, ("·", "cyan")
        )
        verb = "pull " if progress.stage is Stage.PULL else "prove"
        line = Text(f" {mark} ", style=style)
        line.append(
            f"{verb} {progress.resource:<12}", style="bold" if progress.state == "running" else ""
        )
        line.append(f"{progress.records:>10,}")
        if progress.expected:
            line.append(f" of {max(progress.expected, progress.records):<10,}", style="dim")
        else:
            line.append(" " * 14)
        line.append(f"{rate:>9,.0f}/s", style="dim")
        if progress.state == "running" and progress.expected and rate > 0:
            left = max(0, progress.expected - progress.records) / rate
            line.append(f"  {_clock(left)} left", style="cyan")
        if progress.unreadable:
            line.append(f"  {progress.unreadable} set aside", style="yellow")
        return line

    def _ended(self, key: tuple[Stage, str], now: float) -> float:
        return self._printed.setdefault(key, now)


def _clock(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes}:{rest:02}"


def out() -> Console:
    """Return the console of standard output."""
    return Console(highlight=False, width=None if sys.stdout.isatty() else WIDE)


def err() -> Console:
    """Return the console of standard error."""
    return Console(stderr=True, highlight=False, width=None if sys.stderr.isatty() else WIDE)


def table(title: str | None, columns: Iterable[str], rows: Iterable[Iterable[Any]]) -> Table:
    """Return a table; columns whose name ends in ``>`` are aligned to the right."""
    made = Table(title=title, title_justify="left", box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for column in columns:
        made.add_column(
            column.removesuffix(">"),
            justify="right" if column.endswith(">") else "left",
            header_style="dim",
        )
    for row in rows:
        made.add_row(*(value if isinstance(value, Text) else str(value) for value in row))
    return made


def certificate_table(document: dict[str, Any], name: str) -> Table:
    """Return a certificate as a table, one line a resource."""
    rows = []
    for line in document["resources"]:
        notes = [f"{len(line['unlisted'])} in no list"] if line["unlisted"] else []
        notes += [f"{len(line['lacking'])} lacking"] if line["lacking"] else []
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
    return Text("Not complete. Lacking:\n" + "\n".join(shown), "bold red")

