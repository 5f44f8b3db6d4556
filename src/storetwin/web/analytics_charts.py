"""Analytics as charts: figures of each day, and of as many days before to compare with. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Final

from storetwin.reading.analytics import Analytics, Figures
from storetwin.web.charts import Chart, Series
from storetwin.web.words import Tone

DAY: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Told:
    """A chart with its headline: a figure of the whole span, and how it was before.

    Args:
        headline: the figure with its unit.
        compared: how that is to the days before.
        hint: what the numbers are, where that does not go without saying.
    """

    chart: Chart
    headline: str
    compared: str
    hint: str = ""
    is_whole: bool = True


@dataclass(frozen=True, slots=True)
class Spans:
    """Figures of the latest days, each by itself, and of as many days before as one."""

    days: Sequence[datetime]
    figures: Sequence[Figures]
    now: Figures = field(default_factory=Figures)
    before: Figures = field(default_factory=Figures)


def summed(figures: Iterable[Figures]) -> Figures:
    """Return figures of several spans as one."""
    whole = Figures()
    for one in figures:
        whole.add(asdict(one))
    return whole


def spans_of(found: Analytics, days: int, now: datetime) -> Spans:
    """Divide figures of twice as many days into the later and the earlier half."""
    last = now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    shown = [last - DAY * back for back in range(days)][::-1]
    begin = shown[0] - DAY * days
    figures = [found.times.get(day, Figures()) for day in shown]
    before = [one for day, one in found.times.items() if begin <= day < shown[0]]
    return Spans(shown, figures, summed(figures), summed(before))


def charts_of(spans: Spans) -> dict[str, Told]:
    """Return all charts by their ids."""
    found = [
        _records(spans),
        _success(spans),
        _answers(spans),
        _batches(spans),
        _webhooks(spans),
        _limits(spans),
    ]
    return {told.chart.id: told for told in found}


def compared(now: float, before: float, days: int) -> str:
    """Return how a figure is to that of the days before."""
    if not before:
        return f"none in the {days} days before" if now else "as before: none"
    share = round(100 * (now - before) / before)
    if share == 0:
        return f"as in the {days} days before"
    return f"{abs(share):,} % {'more' if share > 0 else 'less'} than in the {days} days before"


def _bars(
    spans: Spans,
    ident: str,
    title: str,
    unit: str,
    layers: Sequence[tuple[str, Tone, Callable[[Figures], int]]],
) -> Chart:
    sums = [f"{sum(map(count, spans.figures)):,} {name}" for name, _, count in layers]
    return Chart(
        ident,
        "bars",
        title,
        f"{', '.join(sums)} in {len(spans.days)} days.",
        unit,
        _labels(spans),
        [Series(name, tone, [count(one) for one in spans.figures]) for name, tone, count in layers],
        _heads(spans),
        "Day (UTC)",
    )


def _records(spans: Spans) -> Told:
    chart = _bars(
        spans,
        "records",
        "Records that changed",
        "records a day",
        [
            ("gone", Tone.BAD, lambda one: one.buried),
            ("updated", Tone.CHANGE, lambda one: one.updated),
            ("new", Tone.INFO, lambda one: one.created),
        ],
    )
    total, before = (f.created + f.updated + f.buried for f in (spans.now, spans.before))
    read = f"{spans.now.records:,} were read for that."
    return Told(chart, f"{total:,} records", compared(total, before, len(spans.days)), read)


def _success(spans: Spans) -> Told:
    rates = [_percent(one) for one in spans.figures]
    now, before = spans.now.success_rate, spans.before.success_rate
    judged = spans.now.done + spans.now.incomplete + spans.now.failed
    told = "no run ended" if now is None else f"{100 * now:.1f} %"
    if now is None or before is None:
        was = f"no run in the {len(spans.days)} days before"
    else:
        was = f"{100 * before:.1f} % in the {len(spans.days)} days before"
    chart = Chart(
        "success",
        "lines",
        "Success rate",
        f"{spans.now.done:,} of {judged:,} runs came to their end without loss in "
        f"{len(spans.days)} days.",
        "% of runs",
        _labels(spans),
        [Series("% of runs without loss", Tone.OK, rates, is_filled=True)],
        _heads(spans),
        "Day (UTC)",
    )
    hint = f"{spans.now.stopped:,} that were stopped are left out." if spans.now.stopped else ""
    return Told(chart, told, was, hint, is_whole=False)


def _answers(spans: Spans) -> Told:
    now, days = spans.now, len(spans.days)
    told = _times(now)
    was = _times(spans.before) if told else ""
    chart = Chart(
        "answers",
        "lines",
        "Answer time of stores",
        f"{now.answers:,} answers in {days} days{told and ': '}{told}.",
        "ms",
        _labels(spans),
        [
            Series("ms p50", Tone.INFO, [one.p50_ms for one in spans.figures], is_filled=True),
            Series("ms p95", Tone.CHANGE, [one.p95_ms for one in spans.figures]),
            Series("ms on average", Tone.IDLE, [one.average_ms for one in spans.figures]),
        ],
        _heads(spans),
        "Day (UTC)",
    )
    return Told(
        chart,
        told or "no answer",
        f"{was} in the {days} days before" if was else f"none in the {days} days before",
        _of_times(now),
        is_whole=False,
    )


def _times(one: Figures) -> str:
    """Return how fast answers were: as percentiles, or the average where those are not known."""
    if one.p50_ms is not None:
        return f"p50 {one.p50_ms:,} ms, p95 {one.p95_ms:,} ms"
    return "" if one.average_ms is None else f"{one.average_ms:,.0f} ms on average"


def _of_times(one: Figures) -> str:
    """Return what answer times are of, and what the slowest was."""
    if not one.answers:
        return ""
    slowest = f"The slowest took {one.slowest_ms:,} ms."
    if not one.timed:
        return f"Runs of earlier releases kept no times for percentiles. {slowest}"
    told = "Half of the answers came within p50, 95 % within p95."
    if one.timed < one.answers:
        told += f" Both are of {one.timed:,} of {one.answers:,} answers: earlier releases kept no times."
    return f"{told} {slowest}"


def _batches(spans: Spans) -> Told:
    chart = _bars(
        spans,
        "batches",
        "Batches",
        "pages of lists a day",
        [("pages of lists", Tone.IDLE, lambda one: one.pages)],
    )
    now, before = spans.now.pages, spans.before.pages
    hint = f"{spans.now.requests:,} requests in all."
    return Told(chart, f"{now:,} pages", compared(now, before, len(spans.days)), hint)


def _webhooks(spans: Spans) -> Told:
    chart = _bars(
        spans,
        "webhooks",
        "Webhook deliveries",
        "deliveries a day",
        [
            ("waiting", Tone.CHANGE, lambda one: one.waiting),
            ("not needed", Tone.IDLE, lambda one: one.ignored),
            ("applied", Tone.OK, lambda one: one.applied),
        ],
    )
    now, before = spans.now.received, spans.before.received
    return Told(chart, f"{now:,} deliveries", compared(now, before, len(spans.days)))


def _limits(spans: Spans) -> Told:
    chart = _bars(
        spans,
        "limits",
        "Rate limiting and trouble",
        "answers a day",
        [
            ("without a usable answer", Tone.BAD, lambda one: one.troubled),
            ("asked to wait (429)", Tone.CHANGE, lambda one: one.throttled),
        ],
    )
    now, before = spans.now.throttled, spans.before.throttled
    told = "1 time asked to wait" if now == 1 else f"{now:,} times asked to wait"
    hint = "Each was asked again, more slowly." if now else ""
    return Told(chart, told, compared(now, before, len(spans.days)), hint)


def _percent(one: Figures) -> float | None:
    return None if one.success_rate is None else round(100 * one.success_rate, 1)


def _labels(spans: Spans) -> list[str]:
    return [f"{day.day} {day:%b}" for day in spans.days]


def _heads(spans: Spans) -> list[str]:
    return [f"{day:%Y-%m-%d}" for day in spans.days]


TIMEFRAMES: Final[Mapping[str, int]] = {"7d": 7, "30d": 30, "90d": 90}
