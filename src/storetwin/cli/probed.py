"""What a look at a store found, as the command line tells it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from storetwin.cli.running import problem

if TYPE_CHECKING:
    from storetwin.connections.probe import ProbeReport


def describe_report(report: ProbeReport) -> dict[str, Any]:
    """Return a probe's report as a JSON document."""
    return {
        "is_ok": report.is_ok,
        "auth": report.scheme.value if report.scheme else None,
        "error": problem(report.trouble) if report.trouble else None,
        "checks": [
            {"name": c.name, "ok": c.ok, "finding": c.finding, "remedy": c.remedy}
            for c in report.checks
        ],
    }


def print_report(report: ProbeReport) -> None:
    """Print a probe's report, one check a line, each doubt with what to do.

    The first failure is an error of its own: whoever called says what to do about it.
    """
    from rich.text import Text

    from storetwin.cli.screen import out

    marks = {True: ("✓", "green"), False: ("✗", "red"), None: ("?", "yellow")}
    console = out()
    told_apart = report.trouble.message if report.trouble else None
    for check in report.checks:
        mark, style = marks[check.ok]
        line = Text(f" {mark} ", style)
        line.append(f"{check.name:<14}", "bold").append(check.finding)
        console.print(line, soft_wrap=True)
        if check.ok is not True and check.remedy and check.finding != told_apart:
            console.print(Text(f"{'':<17}What to do: {check.remedy}", style), soft_wrap=True)
