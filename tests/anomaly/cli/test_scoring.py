"""Scoring rows: the library's numbers, however rows are batched and series are mixed."""

import math
import random
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pytest

from anomaly import Detections, Detector, DetectorConfig
from anomaly.cli.columns import Plan
from anomaly.cli.command_errors import InputError
from anomaly.cli.scoring import RowScorer, appended_names
from anomaly.cli.summary import Summary
from anomaly.cli.tables.table import Row
from anomaly.records import APPENDED_FIELDS

SMALL = DetectorConfig(output_after=40, threshold=5)
PLAN = Plan(("time", "host", "value"), True, 0, (2,), (1,), ())
FLAT = Plan(("time", "host", "value"), True, 0, (2,), (), (1,))


def row(line: int, *cells: object) -> Row:
    texts = tuple(str(cell) for cell in cells)
    return Row(line, ",".join(texts) + "\n", texts)


def stream(n: int, seed: int) -> list[float]:
    values = np.random.default_rng(seed).normal(10, 1, size=n)
    values[n // 2] += 90
    values[-20] += 900
    return [float(value) for value in values]


def appended(rows: Sequence[Row], plan: Plan, batch: int, config: DetectorConfig = SMALL) -> list[list[str]]:
    scorer = RowScorer(plan, config)
    cells: list[list[str]] = []
    for start in range(0, len(rows), batch):
        for one in rows[start : start + batch]:
            assert scorer.add(one)
        cells += scorer.flush()
    return cells


def expected(detections: Detections) -> list[list[str]]:
    return [[cell(getattr(one, each.name), each.kind) for each in APPENDED_FIELDS] for one in detections]


def cell(value: Any, kind: str) -> str:  # noqa: ANN401 - of the field's type
    if value is None or value != value:
        return ""
    if isinstance(value, bool):
        return str(int(value))
    return iso(value) if kind == "time" else value if isinstance(value, str) else repr(value)


def iso(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


@pytest.mark.parametrize("batch", [1, 7, 1000])
def test_the_cells_are_the_librarys_numbers_however_rows_are_batched(batch: int) -> None:
    values = stream(300, 1)
    rows = [row(i, 60 * i, "a", value) for i, value in enumerate(values)]
    detections = Detector(SMALL).process_many(values, [60.0 * i for i in range(300)])
    assert detections.is_anomaly.any()
    assert appended(rows, FLAT, batch) == expected(detections)


def test_missing_values_are_missing_to_the_library_too() -> None:
    values = stream(80, 2)
    values[60] = math.nan
    rows = [row(i, i, "a", "" if math.isnan(value) else value) for i, value in enumerate(values)]
    assert appended(rows, FLAT, 50) == expected(Detector(SMALL).process_many(values, np.arange(80.0)))


def test_mixed_series_get_the_numbers_they_get_alone() -> None:
    alone = {host: stream(60, seed) for seed, host in enumerate("abcd")}
    order = [host for host in alone for _ in range(60)]
    random.Random(5).shuffle(order)
    clock = dict.fromkeys(alone, 0)
    rows, places = [], {host: [] for host in alone}
    for line, host in enumerate(order):
        rows.append(row(line, clock[host], host, alone[host][clock[host]]))
        places[host].append(line)
        clock[host] += 1
    cells = appended(rows, PLAN, 3)
    for host, values in alone.items():
        detections = Detector(SMALL).process_many(values, np.arange(60.0))
        assert [cells[place] for place in places[host]] == expected(detections)


def test_several_value_columns_are_one_observation_with_a_band_each() -> None:
    config = DetectorConfig(output_after=40, features=2)
    plan = Plan(("cpu", "mem"), True, None, (1, 0), (), ())
    cpu, mem = stream(60, 1), stream(60, 2)
    cells = appended([row(i, a, b) for i, (a, b) in enumerate(zip(cpu, mem, strict=True))], plan, 13, config)
    detections = Detector(config).process_many(np.column_stack([mem, cpu]))
    names = appended_names(plan)
    assert [name for name in names if "expected" in name or "bound" in name] == [
        f"{name}_{column}" for name in ("expected_value", "lower_bound", "upper_bound") for column in ("mem", "cpu")
    ]
    assert [float(line[0]) for line in cells] == detections.score.tolist()
    for name, band in (("expected_value", detections.expected_value), ("upper_bound", detections.upper_bound)):
        for feature, column in enumerate(("mem", "cpu")):
            place = names.index(f"{name}_{column}")
            assert [line[place] for line in cells[:40]] == [""] * 40
            assert [float(line[place]) for line in cells[40:]] == band[40:, feature].tolist()


def test_a_time_that_no_calendar_has_is_refused_and_values_that_no_series_has_are_missing() -> None:
    scorer = RowScorer(PLAN, SMALL)
    with pytest.raises(InputError, match="line 2, column time: '-99999999999' is not a time that exists"):
        scorer.add(row(2, -99999999999, "a", 1))
    assert scorer.add(row(3, 60, "a", "1e300"))
    assert scorer.summary().missing == 1


def test_a_file_that_has_such_a_column_already_is_refused() -> None:
    with pytest.raises(InputError, match="already has a column alert; if it is an output of `anomaly score`"):
        appended_names(Plan(("time", "alert", "value"), True, 0, (2,), (), ()))


@pytest.mark.parametrize(
    ("cells", "message"),
    [
        (("60", "a"), "line 9 has 2 cells, expected 3 as in the first line"),
        (("60",), "line 9 has 1 cell, expected 3"),
        (("60", "a", "5", ""), "line 9 has 4 cells, expected 3"),
        (("60", "a", "much"), "line 9, column value: 'much' is not a number"),
        (("", "a", "5"), "line 9, column time: '' is not a time"),
        (("59", "a", "5"), "line 9: its time 59 is earlier than 60 of line 8; sort the rows oldest first$"),
    ],
)
def test_a_row_that_cannot_be_scored_is_refused_with_its_line_and_changes_nothing(
    cells: tuple[str, ...], message: str
) -> None:
    scorer = RowScorer(PLAN, SMALL)
    scorer.add(row(8, 60, "a", 1))
    with pytest.raises(InputError, match=message):
        scorer.add(row(9, *cells))
    assert scorer.rows == 1
    assert len(scorer.flush()) == 1


def test_times_may_go_back_from_one_series_to_another_but_not_within_one() -> None:
    scorer = RowScorer(PLAN, SMALL)
    assert scorer.add(row(2, 60, "a", 1))
    assert scorer.add(row(3, 30, "b", 1))
    scorer = RowScorer(FLAT, SMALL)
    scorer.add(row(2, 60, "a", 1))
    with pytest.raises(InputError, match="sort the rows oldest first, or tell several series apart with --by host"):
        scorer.add(row(3, 30, "b", 1))


def test_rows_of_empty_cells_are_left_out_but_one_empty_cell_alone_is_a_missing_value() -> None:
    scorer = RowScorer(PLAN, SMALL)
    assert not scorer.add(row(2, "", " ", ""))
    assert not scorer.add(row(3, ""))
    assert scorer.summary() == Summary(empty=2)
    single = RowScorer(Plan(("value",), True, None, (0,), (), ()), SMALL)
    assert single.add(row(2, ""))
    assert single.summary().missing == 1


def test_the_summary_counts_what_was_seen_and_finds_the_strongest_alert() -> None:
    scorer = RowScorer(PLAN, SMALL)
    for i, value in enumerate(stream(300, 1)):
        scorer.add(row(i + 2, 60 * i, "a", value))
    scorer.add(row(302, 17940, "a", ""))
    scorer.add(row(303, 0, "b", 5))
    cells = scorer.flush()
    summary = scorer.summary()
    alerts = [(float(line[0]), i) for i, line in enumerate(cells) if line[2] == "1"]
    assert len(alerts) > 1
    assert (summary.rows, summary.series, summary.learning_series) == (302, 2, 1)
    assert (summary.missing, summary.repeated_times) == (1, 1)
    assert summary.anomalies == sum(line[1] == "1" for line in cells)
    assert summary.alerts == len(alerts)
    assert summary.strongest is not None
    best = max(score for score, _ in alerts)
    place = next(i for score, i in alerts if score == best)
    assert summary.strongest.score == best
    assert summary.strongest.line == place + 2
    assert summary.strongest.time == str(60 * place)
    assert summary.strongest.series == ("a",)
    assert summary.strongest.reason == cells[place][9]
    assert summary.strongest.reason
