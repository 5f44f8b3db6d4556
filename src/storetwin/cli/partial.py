"""What partial pulls say: single records, a span of dates, a rehearsal."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

from storetwin.cli.exits import Exit
from storetwin.cli.running import print_json

if TYPE_CHECKING:
    from storetwin.hub.partial import PulledRecords, PulledSpan
    from storetwin.mirror.partial import Refreshed
    from storetwin.mirror.rehearsal import Rehearsed
    from storetwin.runs.models import Progress


@dataclass(frozen=True, slots=True)
class Telling:
    """What a command says when it has ended.

    Args:
        document: for ``--json``.
        columns: of the table that people see; names that end in ``>`` are aligned to the right.
        remarks: lines below it.
    """

    document: dict[str, Any]
    columns: tuple[str, ...]
    rows: Sequence[Sequence[Any]]
    remarks: Sequence[str] = ()
    code: Exit = field(default=Exit.DONE)

    def say(self, *, as_json: bool) -> Exit:
        """Print it; return the exit code."""
        if as_json:
            print_json(self.document)
            return self.code
        from storetwin.cli.screen import out, table

        console = out()
        console.print()
        console.print(table(None, self.columns, self.rows))
        for remark in self.remarks:
            console.print(remark, soft_wrap=True)
        return self.code


def tell_records(pulled: PulledRecords) -> Telling:
    """Return what reading single records again came to."""
    return Telling(
        {"run_id": str(pulled.run_id), "records": [asdict(record) for record in pulled.records]},
        ("record", "", "version>", "changed"),
        [
            (
                f"{record.resource} {record.remote_id}",
                record.fate.value,
                record.version or "–",
                _said(record),
            )
            for record in pulled.records
        ],
        code=Exit.DONE if pulled.is_whole else Exit.INCOMPLETE,
    )


def _said(record: Refreshed) -> str:
    from storetwin.cli.history import short

    if record.reason:
        return record.reason
    if record.fate == "absent":
        return "neither the store nor the twin has it"
    return short(record.fields) if record.fate in ("changed", "back") else ""


def tell_span(pulled: PulledSpan, name: str) -> Telling:
    """Return what reading a span of dates came to."""
    left_out = ", ".join(pulled.left_out)
    return Telling(
        {
            "run_id": str(pulled.run_id),
            "since": pulled.span.since,
            "until": pulled.span.until,
            "timezone": pulled.zone,
            "certificate": None,
            "resources": [_line(progress) for progress in pulled.resources],
            "left_out": pulled.left_out,
        },
        ("resource", "records>", "new>", "changed>", "unreadable>"),
        [
            (
                progress.resource,
                f"{progress.records:,}",
                f"{progress.created:,}",
                f"{progress.updated:,}",
                f"{progress.unreadable:,}",
            )
            for progress in pulled.resources
        ],
        [
            f"{_created(pulled)} (the site's time zone: {pulled.zone}).",
            f"No certificate: nothing else was looked at. For that: storetwin pull {name}",
            *([f"Not listed by date, so left out: {left_out}."] if left_out else []),
        ],
        Exit.DONE if pulled.is_whole else Exit.INCOMPLETE,
    )


def _created(pulled: PulledSpan) -> str:
    since, until = pulled.span.since, pulled.span.until
    return f"Created from {since or 'the beginning'} until {until or 'now'}"


def _line(progress: Progress) -> dict[str, Any]:
    names = ("resource", "records", "created", "updated", "unreadable")
    return {name: getattr(progress, name) for name in names}


def tell_rehearsal(found: Sequence[Rehearsed], name: str) -> Telling:
    """Return what a pull would change."""
    remarks = [f"{line.resource}: {remark}." for line in found for remark in line.remarks]
    return Telling(
        {"dry_run": True, "resources": [asdict(line) for line in found]},
        ("resource", "store>", "twin>", "new>", "changed>", "vanished>", "unreadable>"),
        [
            (
                line.resource,
                *(f"{n:,}" for n in (line.in_store, line.in_twin, line.new, line.changed)),
                "unknown" if line.vanished is None else f"{line.vanished:,}",
                f"{line.unreadable:,}",
            )
            for line in found
        ],
        [*remarks, f"Nothing was written. To do it: storetwin pull {name}"],
    )
