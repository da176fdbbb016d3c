"""What a page without a server carries."""

from datetime import timedelta
from pathlib import Path

import pytest
from result_files import MINUTE, START, row, spike, write

from anomaly.page import PageContent
from dashboard.catalog import Catalog
from dashboard.errors import DashboardError
from dashboard.snapshot import Choice, take_snapshot
from dashboard.source import open_source

DAY = 1440


def snapshot(folder: Path, choice: Choice) -> PageContent:
    catalog = Catalog(open_source(str(folder), {}), "Test")
    catalog.refresh()
    return take_snapshot(catalog, choice, 0)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three series over two days; `a` alerts once, `b` twice within an hour."""
    rows = []
    for name, alerts in (("a", {1000}), ("b", {2000, 2030}), ("c", set[int]())):
        for i in range(2 * DAY):
            make = spike if i in alerts else row
            rows.append(make(START + MINUTE * i, {"p": name}, aggregated_measure_value=float(i)))
    return write(tmp_path_factory.mktemp("three"), rows)


def test_everything_is_carried_period_by_period_where_it_fits(folder: Path) -> None:
    taken = snapshot(folder, Choice())

    assert [(one.info.label, one.whole, sum(one.columns.periods), len(one.columns.start)) for one in taken.series] == [
        (name, True, 2 * DAY, 2 * DAY) for name in ("b", "a", "c")
    ]


def test_where_it_does_not_fit_the_hour_around_an_alert_still_is_period_by_period(folder: Path) -> None:
    taken = snapshot(folder, Choice(rows=300))
    b = next(one for one in taken.series if one.info.label == "b").columns
    alone = [int(value or 0) for value, periods in zip(b.value, b.periods, strict=True) if periods == 1]

    assert sum(b.periods) == 2 * DAY
    assert alone == list(range(1940, 2091))
    assert len(b.start) < 151 + 300 / 3 + 3


def test_the_series_with_the_newest_alerts_are_carried_whole_the_others_round_their_alerts(folder: Path) -> None:
    taken = snapshot(folder, Choice(max_series=1))

    assert [(one.info.label, one.whole, sum(one.columns.periods)) for one in taken.series] == [
        ("b", True, 2 * DAY),
        ("a", False, 121),
    ]


def test_wanted_series_are_carried_whatever_their_alerts(folder: Path) -> None:
    taken = snapshot(folder, Choice(series=("c",), max_alerts=1))

    assert [(one.info.label, one.whole) for one in taken.series] == [("c", True), ("b", False)]
    assert len(taken.overview.alerts) == 1
    assert taken.overview.alert_count == 3


def test_a_wanted_series_that_is_not_there_is_an_error(folder: Path) -> None:
    with pytest.raises(DashboardError, match="--series 'd': there is no such series; give its identifier, or its name"):
        snapshot(folder, Choice(series=("d",)))


def test_a_limited_time_limits_charts_and_alerts_but_not_the_figures(folder: Path) -> None:
    start = int((START + timedelta(days=1)).timestamp() * 1000)
    taken = snapshot(folder, Choice(start=start))

    assert {alert.label for alert in taken.overview.alerts} == {"b"}
    assert {min(one.columns.start) for one in taken.series} == {start}
    assert taken.overview.kpis.series == 3
