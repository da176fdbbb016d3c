"""Ten thousand series: time, memory and size stay within bounds, and the page works."""

import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import monotonic

import duckdb
import pytest
from browsing import Browsing
from many_series import write_many_series
from playwright.sync_api import expect
from result_pages import Serve

from dashboard.catalog import Catalog
from dashboard.source import open_source

pytestmark = pytest.mark.slow

SERIES, DAYS = 10_000, 2
FIRST = datetime(2026, 11, 20, tzinfo=UTC)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_many_series(tmp_path_factory.mktemp("many"), SERIES, DAYS, FIRST)


def ask_files(folder: Path, sql: str, *parameters: str) -> tuple[float, ...]:
    """Ask the files themselves."""
    row = duckdb.execute(sql, [f"{folder}/*/*.parquet", *parameters]).fetchone()
    assert row is not None
    return row


def test_a_page_of_many_series_is_built_in_bounded_time_memory_and_size(folder: Path, tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    began = monotonic()
    process = subprocess.Popen(
        [sys.executable, "-m", "dashboard", "build", str(folder), "-o", str(page)], cwd=Path(__file__).parents[2]
    )
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    seconds, memory, size = monotonic() - began, usage.ru_maxrss * 1024, page.stat().st_size
    print(
        f"build: {seconds:.1f} s, {usage.ru_utime:.1f} s of CPU, {memory / 1e6:.0f} MB of memory, {size / 1e6:.1f} MB"
    )

    assert process.returncode == 0
    assert memory < 2.5e9
    assert size < 12e6
    assert usage.ru_utime < 120


def test_the_figures_of_many_series_are_those_of_the_files(folder: Path) -> None:
    began = monotonic()
    catalog = Catalog(open_source(str(folder), {}), "Many")
    catalog.refresh()
    print(f"first reading: {monotonic() - began:.1f} s")
    kpis = catalog.overview().kpis
    rows, alerts = ask_files(folder, "SELECT count(*), sum(alert) FROM read_parquet(?)")

    assert kpis.series == SERIES
    assert kpis.data_points == rows == SERIES * DAYS * 1440
    assert catalog.overview().alert_count == alerts > 1000


@pytest.mark.parametrize("days", [1, DAYS])
def test_a_chart_among_many_series_is_read_in_seconds(folder: Path, days: int) -> None:
    catalog = Catalog(open_source(str(folder), {}), "Many")
    catalog.refresh()
    info = catalog.find("shop-07777").series[0]
    end = info.last + info.period
    began = monotonic()
    start = end - int(timedelta(days=days).total_seconds() * 1000)
    columns = catalog.chart_columns(info.detector, info.id, start, end, 1_400)
    print(f"chart of {days} days: {monotonic() - began:.2f} s")

    assert sum(columns.periods) == days * 1440
    assert len(columns.start) <= 1440 + sum(columns.alert)
    assert monotonic() - began < 30


def test_ninety_days_are_shown_in_one_chart_with_every_alert(tmp_path: Path) -> None:
    catalog = Catalog(open_source(str(write_many_series(tmp_path, 100, 90, FIRST)), {}), "Many")
    catalog.refresh()
    overview = catalog.overview()
    info = catalog.find(limit=1).series[0]
    columns = catalog.chart_columns(info.detector, info.id, info.first, info.last + info.period, 1_400)
    rows, alerts = ask_files(
        tmp_path, "SELECT count(*), sum(alert) FROM read_parquet(?) WHERE timeseries_id = ?", info.id
    )

    assert (overview.days, overview.days_read) == (90, 90)
    assert overview.kpis.data_points == 100 * 90 * 1440
    assert sum(columns.periods) == rows == 90 * 1440
    assert sum(columns.alert) == alerts == info.alert_count > 0
    assert len(columns.start) <= 1_400 + info.alert_count


@pytest.mark.browser
def test_one_of_ten_thousand_is_found_by_typing(browsing: Browsing, serve: Serve, folder: Path) -> None:
    page = browsing.open(serve(folder))
    expect(page.locator("#kpi-points")).to_have_text(f"{SERIES * DAYS * 1440:,}", timeout=120_000)
    expect(page.locator("#kpi-series")).to_have_text("10,000")
    picker = page.get_by_role("combobox", name="Series")
    picker.click()
    expect(page.locator("#picker-list .end")).to_have_text("9,950 more: type to narrow down")
    picker.fill("shop-07777")
    expect(page.get_by_role("option")).to_have_count(1)
    picker.press("Enter")

    expect(page.locator("#chart-heading")).to_have_text("region-17 / shop-07777", timeout=60_000)
