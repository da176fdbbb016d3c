"""What the catalog knows: figures, series, alerts and charts, each result once, whatever happens to the files."""

import math
import shutil
from collections import defaultdict
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from result_files import MINUTE, START, read, row, spike, write

from anomaly.page import row_length
from dashboard.catalog import Catalog
from dashboard.errors import DashboardError
from dashboard.source import open_source

EVER = (0, 253_402_300_000_000)


def fresh(folder: Path) -> Catalog:
    catalog = Catalog(open_source(str(folder), {}), "Test")
    catalog.refresh()
    return catalog


def ms(time: datetime) -> int:
    return int((time if time.tzinfo else time.replace(tzinfo=UTC)).timestamp() * 1000)


def test_the_figures_are_those_of_the_newest_record_of_each_series(bookstore: Path) -> None:
    newest: dict[str, Any] = {one["timeseries_id"]: one for one in read(bookstore)}
    kpis = fresh(bookstore).overview().kpis

    assert kpis.series == len(newest) == 2
    assert kpis.data_points == sum(one["processed_data_points"] for one in newest.values()) == 2 * 3 * 1440
    assert kpis.confidence == pytest.approx(sum(one["anomaly_confidence_score"] for one in newest.values()) / 2)
    assert kpis.learning == 0


def test_the_alerts_are_those_of_the_files_newest_first(bookstore: Path) -> None:
    expected = [
        (ms(one["detection_period_start_time"]), one["aggregated_measure_value"], one["anomaly_score"])
        for one in reversed(read(bookstore))
        if one["alert"]
    ]
    found = fresh(bookstore).overview().alerts

    assert len(expected) >= 3
    assert [(alert.start, alert.value, alert.score) for alert in found] == expected


def test_an_alert_says_why_in_200_characters_at_most(tmp_path: Path) -> None:
    reasons = ["stuck at 14 for 21 minutes, longer than ever before", "x" * 1000, None]
    write(tmp_path, [spike(START + MINUTE * i, {"p": "a"}, reason=reason) for i, reason in enumerate(reasons)])

    assert [alert.reason for alert in fresh(tmp_path).overview().alerts] == [None, "x" * 200, reasons[0]]


def test_a_result_in_two_files_counts_once(tmp_path: Path) -> None:
    rows = [row(START + MINUTE * i, {"p": "a"}) for i in range(5)] + [spike(START + MINUTE * 5, {"p": "a"})]
    once, twice = write(tmp_path / "once", rows), write(tmp_path / "twice", rows)
    write(twice, rows[2:], name="part-1")
    series = read(once)[0]["timeseries_id"]

    for ask in (
        lambda catalog: catalog.overview().kpis,
        lambda catalog: catalog.overview().alerts,
        lambda catalog: catalog.chart_columns("bookstore", series, *EVER, 100),
        lambda catalog: catalog.chart_columns("bookstore", series, *EVER, 2),
    ):
        assert ask(fresh(twice)) == ask(fresh(once))


def test_the_same_series_under_two_detectors_is_two_series(tmp_path: Path) -> None:
    write(
        tmp_path, [row(START, {"p": "a"}), row(START, {"p": "a"}, detector_name="other", aggregated_measure_value=3.0)]
    )
    catalog = fresh(tmp_path)
    series = catalog.find().series

    assert [one.detector for one in series] == ["bookstore", "other"]
    assert catalog.overview().several_detectors
    assert [catalog.chart_columns(one.detector, one.id, *EVER, 9).value for one in series] == [[14.0], [3.0]]


def test_a_series_without_dimensions_is_called_by_its_measure(tmp_path: Path) -> None:
    write(tmp_path, [row(START, {}), row(START, {"shop": "s", "product": "p"})])

    assert {one.label for one in fresh(tmp_path).find().series} == {"quantity", "p / s"}


def test_many_periods_become_few_rows_that_keep_extremes_and_every_alert(tmp_path: Path) -> None:
    times = [START + MINUTE * i for i in range(1440)]
    rows = [
        row(t, {"p": "a"}, aggregated_measure_value=float(i * 7919 % 101), anomaly_score=float(i * 31 % 60))
        for i, t in enumerate(times)
    ]
    for i in (3, 700, 701, 1439):
        rows[i] = spike(times[i], {"p": "a"}, aggregated_measure_value=1000.0 + i)
    write(tmp_path, rows)
    columns = fresh(tmp_path).chart_columns("bookstore", rows[0]["timeseries_id"], *EVER, 48)
    tops = [point if high is None else high for point, high in zip(columns.value, columns.highest, strict=True)]
    bottoms = [point if low is None else low for point, low in zip(columns.value, columns.lowest, strict=True)]

    assert len(columns.start) == 48 + 4
    assert sum(columns.periods) == 1440
    assert columns.start == sorted(columns.start)
    alerts = [i for i, alert in enumerate(columns.alert) if alert]
    assert [columns.start[i] for i in alerts] == [ms(times[i]) for i in (3, 700, 701, 1439)]
    assert [columns.value[i] for i in alerts] == [1003.0, 1700.0, 1701.0, 2439.0]
    buckets: defaultdict[int, list[Any]] = defaultdict(list)
    for i, one in enumerate(rows):
        if not one["alert"]:
            buckets[i // 30].append(one)
    quiet = [i for i, alert in enumerate(columns.alert) if not alert]
    for i, bucket in zip(quiet, buckets.values(), strict=True):
        values = [one["aggregated_measure_value"] for one in bucket]
        assert (bottoms[i], tops[i]) == (min(values), max(values))
        assert columns.value[i] == pytest.approx(sum(values) / len(values), rel=1e-5)
        assert columns.score[i] == max(one["anomaly_score"] for one in bucket)


@pytest.mark.parametrize("value", [0.1 + 0.2, -0.0, 5e-324, -1.7976931348623157e308, 2.0**53 + 2, 1 / 3, 1e16 / 3])
def test_a_period_of_its_own_has_exactly_the_files_values(tmp_path: Path, value: float) -> None:
    rows = [row(START, {"p": "a"}, aggregated_measure_value=value, expected_value=value, lower_bound=value)]
    columns = fresh(write(tmp_path, rows)).chart_columns("bookstore", rows[0]["timeseries_id"], *EVER, 10)

    found = (*columns.value, *columns.expected_value, *columns.lower_bound)
    assert [repr(number) for number in found] == [repr(value)] * 3


def test_decimal_numbers_of_other_writers_are_numbers(tmp_path: Path) -> None:
    rows = [row(START, {"p": "a"}, aggregated_measure_value=14.5, expected_value=12.25)]
    write(tmp_path, rows)
    (file,) = tmp_path.rglob("*.parquet")
    table = pq.read_table(file)
    for name in ("aggregated_measure_value", "expected_value", "lower_bound", "upper_bound", "anomaly_score"):
        place = table.column_names.index(name)
        table = table.set_column(place, name, table[name].cast(pa.decimal128(20, 4)))
    pq.write_table(table, file)

    columns = fresh(tmp_path).chart_columns("bookstore", rows[0]["timeseries_id"], *EVER, 10)

    assert [type(number) for number in (*columns.value, *columns.expected_value, *columns.score)] == [float] * 3
    assert (columns.value, columns.expected_value) == ([14.5], [12.25])


def test_nothing_is_expected_while_learning(tmp_path: Path) -> None:
    learning = {"model_stage": "LEARNING", "expected_value": 0.0, "lower_bound": 0.0, "upper_bound": 0.0}
    rows = [row(START, {"p": "a"}, **learning), row(START + MINUTE, {"p": "a"})]
    columns = fresh(write(tmp_path, rows)).chart_columns("bookstore", rows[0]["timeseries_id"], *EVER, 10)

    assert columns.expected_value == [None, 14.5]
    assert columns.lower_bound == [None, 7.0]
    assert columns.learning == [1, 0]


def test_a_number_that_is_not_finite_is_none(tmp_path: Path) -> None:
    rows = [
        row(
            START,
            {"p": "a"},
            aggregated_measure_value=math.nan,
            upper_bound=math.inf,
            anomaly_confidence_score=math.nan,
        )
    ]
    catalog = fresh(write(tmp_path, rows))
    columns = catalog.chart_columns("bookstore", rows[0]["timeseries_id"], *EVER, 10)

    assert (columns.value, columns.upper_bound, catalog.overview().kpis.confidence) == ([None], [None], None)


def test_rows_are_those_from_the_start_to_before_the_end(tmp_path: Path) -> None:
    rows = [row(START + MINUTE * i, {"p": "a"}) for i in range(10)]
    catalog = fresh(write(tmp_path, rows))
    start, end = ms(START + MINUTE * 2), ms(START + MINUTE * 5)
    columns = catalog.chart_columns("bookstore", rows[0]["timeseries_id"], start, end, 100)

    assert columns.start == [ms(START + MINUTE * i) for i in (2, 3, 4)]


def test_new_files_appear_at_the_next_refresh_and_change_the_version(tmp_path: Path) -> None:
    catalog = fresh(write(tmp_path, [row(START, {"p": "a"}, processed_data_points=1)]))
    before = catalog.version
    catalog.refresh()
    unchanged = catalog.version
    write(tmp_path, [spike(START + MINUTE, {"p": "a"}, processed_data_points=2)], name="part-1")
    catalog.refresh()

    assert unchanged == before != catalog.version
    assert catalog.overview().kpis.data_points == 2
    assert catalog.overview().alert_count == 1


def test_compaction_changes_no_answer(tmp_path: Path) -> None:
    rows = [row(START + MINUTE * i, {"p": "a"}) for i in range(6)]
    for i, one in enumerate(rows):
        write(tmp_path, [one], name=f"part-{i}")
    catalog = fresh(tmp_path)
    before = catalog.chart_columns("bookstore", rows[0]["timeseries_id"], *EVER, 100)
    write(tmp_path, rows, name="compacted")
    for i in range(6):
        (tmp_path / "dt=2026-11-09" / f"part-{i}.parquet").unlink()

    # Not refreshed yet: the query meets the vanished files, looks again and answers.
    assert catalog.chart_columns("bookstore", rows[0]["timeseries_id"], *EVER, 100) == before


def test_days_that_expire_take_their_alerts_and_series_along(tmp_path: Path) -> None:
    day = timedelta(days=1)
    write(tmp_path, [spike(START, {"p": "a"}), spike(START, {"p": "old"}), spike(START + day, {"p": "a"})])
    catalog = fresh(tmp_path)
    shutil.rmtree(tmp_path / "dt=2026-11-09")
    catalog.refresh()

    assert [alert.start for alert in catalog.overview().alerts] == [ms(START + day)]
    assert [(one.label, one.first) for one in catalog.find().series] == [("a", ms(START + day))]


def test_a_newer_day_that_is_deleted_is_forgotten_too(tmp_path: Path) -> None:
    write(tmp_path, [row(START, {"p": "a"}, processed_data_points=1), row(START + timedelta(days=1), {"p": "a"})])
    catalog = fresh(tmp_path)
    shutil.rmtree(tmp_path / "dt=2026-11-10")
    catalog.refresh()

    assert catalog.overview().kpis.data_points == 1


def test_a_damaged_file_is_told_and_the_others_count(tmp_path: Path) -> None:
    write(tmp_path, [row(START, {"p": "a"})])
    bad = tmp_path / "dt=2026-11-09" / "bad.parquet"
    bad.write_bytes(b"PAR1 half a file")
    catalog = fresh(tmp_path)
    overview = catalog.overview()

    assert overview.kpis.series == 1
    assert len(overview.problems) == 1
    assert "bad.parquet" in overview.problems[0]
    assert catalog.chart_columns("bookstore", catalog.find().series[0].id, *EVER, 10).value == [14.0]
    bad.unlink()
    write(tmp_path, [row(START, {"p": "b"})], name="bad")
    catalog.refresh()
    assert (catalog.overview().kpis.series, catalog.overview().problems) == (2, [])


def test_a_parquet_file_of_something_else_is_told_with_what_it_lacks(tmp_path: Path) -> None:
    pq.write_table(pa.table({"timeseries_id": ["x"], "colour": ["red"]}), tmp_path / "other.parquet")
    catalog = Catalog(open_source(str(tmp_path), {}), "")

    with pytest.raises(
        DashboardError, match=r"other\.parquet: a Parquet file without detector_name, .*alert.*; give the folder"
    ):
        catalog.check()


def test_files_that_stay_unreadable_give_an_error_and_not_half_an_answer(tmp_path: Path) -> None:
    rows = [row(START, {"p": "a"})]
    catalog = fresh(write(tmp_path, rows))
    path = tmp_path / "dt=2026-11-09" / "part-0.parquet"
    path.write_bytes(path.read_bytes()[:-20])

    with pytest.raises(DashboardError, match="cannot be read"):
        catalog.chart_columns("bookstore", rows[0]["timeseries_id"], *EVER, 10)


@pytest.mark.parametrize("text", ["item-b", "ITEM-B", "-b item", "' OR 1=1 --", "%", "_", "quantity item-b"])
def test_a_search_finds_series_that_contain_every_word_literally(tmp_path: Path, text: str) -> None:
    write(tmp_path, [row(START, {"p": "item-A"}), row(START, {"p": "item-B"})])
    found = {one.label for one in fresh(tmp_path).find(text).series}

    assert found == ({"item-B"} if "b" in text.lower() and "'" not in text else set())


def test_series_with_the_newest_alerts_come_first(tmp_path: Path) -> None:
    write(
        tmp_path,
        [row(START, {"p": "a"}), spike(START, {"p": "b"}), spike(START + MINUTE, {"p": "c"}), row(START, {"p": "d"})],
    )
    found = fresh(tmp_path).find(limit=3)

    assert [one.label for one in found.series] == ["c", "b", "a"]
    assert found.total == 4


def test_an_empty_folder_has_nothing_and_no_problem(tmp_path: Path) -> None:
    overview = fresh(tmp_path).overview()

    assert (overview.kpis.series, overview.newest, overview.alerts, overview.problems) == (0, None, [], [])


@pytest.mark.parametrize(
    ("hours", "rows", "expected"), [(1, 60, 1), (1, 59, 2), (24, 1440, 1), (24, 100, 15), (0, 10, 1)]
)
def test_a_row_is_as_many_periods_long_as_it_must_be(hours: int, rows: int, expected: int) -> None:
    assert row_length(0, hours * 3_600_000, 60_000, rows) == expected * 60_000
