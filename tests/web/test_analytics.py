"""Analytics: figures of each day beside those before, as chart, table and file."""

from __future__ import annotations

import csv
import io
import re
from datetime import UTC, datetime, timedelta

import pytest
from house import check_both_themes
from playwright.sync_api import expect

from storetwin.kernel.answer_times import added, counted
from storetwin.reading.analytics import Analytics, Figures
from storetwin.web.analytics_charts import charts_of, compared, spans_of, summed

NOW = datetime(2026, 11, 21, 10, tzinfo=UTC)
TODAY = datetime(2026, 11, 21, tzinfo=UTC)


def some() -> Analytics:
    found = Analytics(NOW - timedelta(days=14), NOW, "day")
    found.times = {
        TODAY: Figures(runs=3, done=2, failed=1, created=5, updated=1, answers=4, answer_ms=100,
                       slowest_ms=70, pages=2, received=3, applied=2, waiting=1, throttled=1,
                       answer_times=added(counted(10), counted(70))),
        TODAY - timedelta(days=6): Figures(runs=1, done=1, created=2, answers=1, answer_ms=50),
        TODAY - timedelta(days=7): Figures(runs=2, done=2, created=16, answers=2, answer_ms=90),
        TODAY - timedelta(days=14): Figures(created=1000),
    }  # fmt: skip
    return found


def test_the_latest_days_stand_beside_as_many_before() -> None:
    spans = spans_of(some(), 7, NOW)
    assert spans.days[0] == TODAY - timedelta(days=6)
    assert spans.days[-1] == TODAY
    assert spans.now.created == 7
    assert spans.before.created == 16
    charts = charts_of(spans)
    assert set(charts) == {"records", "success", "answers", "batches", "webhooks", "limits"}
    records = charts["records"]
    assert (records.headline, records.compared) == (
        "8 records", "50 % less than in the 7 days before",
    )  # fmt: skip
    assert records.chart.rows[0] == ("2026-11-21", ["0", "1", "5"])
    assert charts["success"].headline == "75.0 %"
    assert charts["success"].chart.rows[1][1] == ["–"]
    answers = charts["answers"]
    assert (answers.headline, answers.compared) == (
        "p50 12 ms, p95 70 ms", "45 ms on average in the 7 days before",
    )  # fmt: skip
    assert answers.hint == (
        "Half of the answers came within p50, 95 % within p95. Both are of 2 of 5 answers: earlier "
        "releases kept no times. The slowest took 70 ms."
    )
    assert answers.chart.sentence == "5 answers in 7 days: p50 12 ms, p95 70 ms."
    assert answers.chart.rows[0] == ("2026-11-21", ["12", "70", "25.0"])
    assert answers.chart.rows[-1] == ("2026-11-15", ["–", "–", "50.0"])
    assert charts["limits"].headline == "1 time asked to wait"


def test_without_times_the_average_is_told_and_why() -> None:
    found = Analytics(
        NOW, NOW, "day", times={TODAY: Figures(answers=2, answer_ms=60, slowest_ms=40)}
    )
    answers = charts_of(spans_of(found, 7, NOW))["answers"]
    assert (answers.headline, answers.compared) == ("30 ms on average", "none in the 7 days before")
    assert answers.hint == (
        "Runs of earlier releases kept no times for percentiles. The slowest took 40 ms."
    )
    found.times[TODAY].answer_times = added(counted(20), counted(40))
    assert charts_of(spans_of(found, 7, NOW))["answers"].hint == (
        "Half of the answers came within p50, 95 % within p95. The slowest took 40 ms."
    )


def test_nothing_is_said_of_nothing() -> None:
    charts = charts_of(spans_of(Analytics(NOW, NOW, "day"), 7, NOW))
    assert charts["success"].headline == "no run ended"
    assert charts["answers"].headline == "no answer"
    assert charts["records"].compared == "as before: none"
    for told in charts.values():
        assert len(told.chart.labels) == len(told.chart.rows) == 7


@pytest.mark.parametrize(
    ("now", "before", "told"),
    [
        (10, 5, "100 % more than in the 7 days before"),
        (5, 10, "50 % less than in the 7 days before"),
        (1000, 1001, "as in the 7 days before"),
        (3, 0, "none in the 7 days before"),
        (0, 0, "as before: none"),
    ],
)
def test_two_figures_are_compared(now: int, before: int, told: str) -> None:
    assert compared(now, before, 7) == told


def test_the_slowest_of_several_spans_stays_the_slowest() -> None:
    whole = summed([Figures(slowest_ms=5, runs=1), Figures(slowest_ms=9, runs=2), Figures()])
    assert (whole.slowest_ms, whole.runs) == (9, 3)


def test_the_answer_times_of_each_day_are_in_the_file(visit) -> None:
    page = visit().page
    page.goto("/analytics?timeframe=7d")
    told = page.locator("#answers-t").locator("xpath=../..").locator("a.big-n")
    expect(told).to_have_text(re.compile(r"^p50 [\d,]+ ms, p95 [\d,]+ ms$"))
    answer = page.request.get("/analytics/export.csv?chart=answers&timeframe=7d")
    rows = list(csv.DictReader(io.StringIO(answer.text())))
    assert list(rows[0]) == ["day", "ms p50", "ms p95", "ms on average"]
    assert len(rows) == 7
    times = [(int(row["ms p50"]), int(row["ms p95"])) for row in rows if row["ms p50"]]
    assert times
    assert all(0 <= half <= most for half, most in times)


def test_six_charts_each_with_its_table_and_file(visit) -> None:
    page = visit().page
    page.goto("/analytics?timeframe=7d")
    expect(page.locator("[data-chart] canvas")).to_have_count(6)
    expect(page.locator("#records-t")).to_have_text("Records that changed")
    page.locator(".as-table summary").first.click()
    table = page.get_by_role("table", name=re.compile("Records that changed"))
    shown = [cell.inner_text() for cell in table.locator("tbody tr").first.locator("td").all()]
    answer = page.request.get("/analytics/export.csv?chart=records&timeframe=7d")
    rows = list(csv.DictReader(io.StringIO(answer.text())))
    assert len(rows) == 7
    last = [f"{int(rows[-1][name]):,}" for name in ("gone", "updated", "new")]
    assert shown == last
    assert int(rows[-1]["new"]) > 100
    check_both_themes(page)
    page.get_by_role("link", name="90 days").click()
    expect(page).to_have_url(re.compile("timeframe=90d"))
    page.locator("#success-t").locator("xpath=../..").locator("a.big-n").click()
    expect(page).to_have_url(re.compile(r"/history\?kind=runs&since=\d{4}-\d\d-\d\d$"))
    expect(page.locator("main")).to_contain_text("Pull")


def test_another_timeframe_or_store_is_none(visit) -> None:
    one = visit(expected=[404, 422])
    assert one.page.request.get("/analytics?timeframe=5d").status == 422
    assert one.page.request.get("/analytics?connection=nowhere").status == 404
    one.page.goto("/analytics?timeframe=7d&connection=shop")
    one.page.get_by_role("link", name="Remove the filter by store shop").click()
    expect(one.page).to_have_url(re.compile(r"/analytics\?timeframe=7d$"))
    answer = one.page.request.get(
        "/analytics?timeframe=7d", headers={"Accept": "application/json"}, max_redirects=0
    )
    assert answer.headers["location"] == "/api/v1/analytics?timeframe=7d"
