"""The matrix for people: a line in the terminal, and docs/reference/fault-matrix.md."""

from __future__ import annotations

import os
from collections.abc import Sequence

from benchmarks.matrix.expectations import MOST_MEMORY, MOST_SECONDS
from benchmarks.matrix.rows import Measured

HEAD = f"{'fault':<58} exit  lost named wrong   requests     time  memory  after"
_INTRODUCTION = """\
# The fault matrix

What a pull of a whole store does while the store misbehaves: a sandbox of {orders:,} orders with their
refunds, {records:,} records in all, over a real socket, pulled by the installed program in a process of
its own. Everything that the store had from the beginning of the pull to its end is compared with the
twin, record by record and byte by byte. Then the store is repaired, and one more pull has to end
complete with exit code 0 and everything in the twin: the last column.

`make matrix` prints this table and writes this page; a fault of the sandbox without a line here fails
a test. {summary}

- **exit**: 0 complete, 3 done but not complete, 1 failed with a clear error ([exit codes](exit-codes.md)).
- **lost**: records that were there throughout, are not in the twin, and that nobody names.
- **named**: what the certificate names as lacking, each with its reason, or (+) counts as rows that
  answer at no address; while others come and go that count is off by those.
- **wrong**: records in the twin whose bytes are not the store's.
- **requests**: of the pull with its certificate, and the most that it may take.
- **time**, **memory**: of the process, its start included, on {cores} cores that did other work as
  well; at most {seconds:.0f} s and {memory:.0f} MB.
"""
_OTHERS = """\
## What other tools do

Measured by us on stores of 3,000 orders with the same kinds of fault: Airbyte's WooCommerce source,
dlt, Singer taps and scripts as people build them with n8n. Figures are orders that were in the store
and not in the destination.

| what happens | other tools | Storetwin |
|---|---|---|
| one order always answers 500 | the run stops with 1,300 of 3,000 stored, or none, or hangs retrying | that order is named, all others are there (`poison`) |
| a PHP notice before the JSON | Airbyte takes the page as empty and ends with exit code 0: 96 orders silently gone, 726 where it was a window's first page | nothing is lost, the notice is remarked (`notice`, `big-notice`) |
| an order trashed or edited while pages are read | one other order silently lost, in every tool | nothing is lost (`churn`) |
| no `X-WP-Total` headers | one tap stores the first page only: 2,900 silently lost | nothing is lost (`no-totals`) |
| a page shorter than asked for in the middle | taken as the end: 1,700 silently lost | nothing is lost, the row is counted (`short-page`) |
| 50 orders modified in the boundary second | all lost: the cursor is strictly after | read again: what changed within two seconds of being read is not trusted |
| refunds | one request per order at every sync: 3,048 requests for 60 refunds | one list |
| customers | no date filter: the full list every time, and other roles than customers missing | every role |
"""


def line(measured: Measured) -> str:
    """Return a row for the terminal."""
    pulled, verdict = measured.pulled, measured.verdict
    flaws = "; ".join(measured.faults)
    return (
        f"{measured.row.name[:57]:<58} {pulled.code:>4} {measured.lost:>5} {_named(measured):>5}"
        f" {len(verdict.wrong):>5} {measured.requests:>5}/{measured.most:<5}"
        f" {pulled.seconds:>6.1f} s {pulled.memory:>4.0f} MB {measured.healed.code:>6}"
        + (f"  WRONG: {flaws}" if flaws else "")
    )


def page(rows: Sequence[Measured], *, orders: int, records: int) -> str:
    """Return the Markdown page."""
    flawed = [row for row in rows if row.faults]
    summary = (
        f"All {len(rows)} rows are as they have to be, and none has lost a record."
        if not flawed
        else f"**{len(flawed)} of {len(rows)} rows are not as they have to be.**"
    )
    alone = [row for row in rows if len(row.row.parts) < 2]
    pairs = [row for row in rows if len(row.row.parts) == 2]
    head = _INTRODUCTION.format(
        orders=orders,
        records=records,
        summary=summary,
        cores=os.cpu_count(),
        seconds=MOST_SECONDS,
        memory=MOST_MEMORY,
    )
    return "\n".join(
        [head, "## One fault", "", *_table(alone, with_costs=True), "## Two faults at once", "",
         "A seeded sample of all pairs.", "", *_table(pairs), _OTHERS]
    )  # fmt: skip


def _table(rows: Sequence[Measured], *, with_costs: bool = False) -> list[str]:
    names = ["fault", "exit", "lost", "named", "wrong", "requests", "time", "memory", "repaired"]
    names += ["what it costs"] * with_costs
    lines = [_cells(names), _cells(["---", *["--:"] * 7, "---", *["---"] * with_costs])]
    for measured in rows:
        cells = _row(measured) + [measured.row.why] * with_costs
        lines.append(_cells(cells))
    return [*lines, ""]


def _cells(texts: Sequence[str]) -> str:
    return f"| {' | '.join(texts)} |"


def _row(measured: Measured) -> list[str]:
    pulled, verdict, healed = measured.pulled, measured.verdict, measured.healed_verdict
    flaws = f" **{'; '.join(measured.faults)}**" if measured.faults else ""
    return [
        " + ".join(f"`{part.fault}`" for part in measured.row.parts) or "none",
        f"{pulled.code}",
        f"{measured.lost}",
        _named(measured),
        f"{len(verdict.wrong)}",
        f"{measured.requests} of {measured.most}",
        f"{pulled.seconds:.1f} s",
        f"{pulled.memory:.0f} MB",
        f"exit {measured.healed.code}, {len(healed.missing)} missing{flaws}",
    ]


def _named(measured: Measured) -> str:
    verdict = measured.verdict
    return f"{len(verdict.named)}" + (f"+{verdict.told}" if verdict.told else "")
