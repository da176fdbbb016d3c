"""Scoring the rows of a file: a fleet of its series, rows in, the cells to append out."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from anomaly.cli.cells import parse_number
from anomaly.cli.columns import Plan, listed
from anomaly.cli.command_errors import InputError
from anomaly.cli.summary import Strongest, Summary
from anomaly.cli.tables.table import Row
from anomaly.cli.times import iso_text, parse_time
from anomaly.config import DetectorConfig
from anomaly.detections import Detections, Stage
from anomaly.detector import Detector
from anomaly.fleet import Fleet
from anomaly.kernels.start import VALUE_LIMIT
from anomaly.records import APPENDED_FIELDS, columns_of, names_of

SeriesKey = tuple[str, ...]


@dataclass(slots=True)
class _Series:
    """One series: the time of its last row, and whether it is still learned only."""

    time: float = -math.inf
    time_text: str = ""
    line: int = 0
    learning: bool = True


@dataclass(slots=True)
class _Waiting:
    """Rows that were added, but not scored yet, in file order."""

    keys: list[SeriesKey] = field(default_factory=list)
    values: list[tuple[float, ...]] = field(default_factory=list)
    times: list[float] = field(default_factory=list)
    lines: list[int] = field(default_factory=list)
    time_texts: list[str] = field(default_factory=list)


def appended_names(plan: Plan) -> tuple[str, ...]:
    """Return the names of the columns that are appended; one expected value and band per value column.

    Raises
    ------
    InputError
        When the file has a column of such a name already.
    """
    features = [plan.names[column] for column in plan.values] if len(plan.values) > 1 else []
    names = tuple(names_of(APPENDED_FIELDS, features))
    taken = [name for name in names if plan.has_header and name in plan.names]
    if taken:
        what = "columns" if len(taken) > 1 else "a column"
        msg = (
            f"the file already has {what} {', '.join(taken)}; if it is an output of `anomaly score`, score the "
            "original, otherwise rename first"
        )
        raise InputError(msg)
    return names


class RowScorer:
    """Scores rows: `add` each, then `flush` to get the appended cells of all that were added since the last flush.

    The results are those of one `Detector` per series that gets the series' values in file order, to the last digit,
    however the rows are cut into batches.

    Parameters
    ----------
    plan
        The columns to use.
    config
        Settings of every series; `features` must be the number of value columns.
    """

    def __init__(self, plan: Plan, config: DetectorConfig) -> None:
        self._plan = plan
        self._config = config
        self._series: dict[SeriesKey, _Series] = {}
        self._fleet = Fleet(config) if config.features == 1 else None
        self._detectors: dict[SeriesKey, Detector] = {}
        self._waiting = _Waiting()
        self._summary = Summary()

    @property
    def rows(self) -> int:
        """Rows added so far."""
        return self._summary.rows

    def add(self, row: Row) -> bool:
        """Take a row; return False when all its several cells are empty: Excel writes such rows, they are left out.

        Raises
        ------
        InputError
            When it has more or fewer cells than there are columns, no number, no time, or an earlier time than the
            row before it in its series. The row is not taken then.
        """
        plan = self._plan
        if len(plan.names) > 1 and not any(cell.strip() for cell in row.cells):
            self._summary.empty += 1
            return False
        if len(row.cells) != len(plan.names):
            found = "1 cell" if len(row.cells) == 1 else f"{len(row.cells)} cells"
            msg = f"line {row.line} has {found}, expected {len(plan.names)} as in the first line"
            raise InputError(msg)
        values = tuple(self._number(row, column) for column in plan.values)
        key = tuple(row.cells[column] for column in plan.by)
        series = self._series.get(key) or _Series()
        time, text = self._time(row, series)
        if key not in self._series:
            self._series[key] = series
            self._summary.series += 1
        elif time == series.time:
            self._summary.repeated_times += 1
        series.time, series.time_text, series.line = time, text, row.line
        waiting = self._waiting
        waiting.keys.append(key)
        waiting.values.append(values)
        waiting.times.append(time)
        waiting.lines.append(row.line)
        waiting.time_texts.append(text)
        self._summary.rows += 1
        self._summary.missing += any(not abs(value) < VALUE_LIMIT for value in values)
        return True

    def flush(self) -> list[list[str]]:
        """Score what was added since the last flush; return for each row, in the order added, the cells to append."""
        waiting, self._waiting = self._waiting, _Waiting()
        if not waiting.keys:
            return []
        times = None if self._plan.timestamp is None else np.array(waiting.times)
        if self._fleet is not None:
            detections = self._fleet.process(waiting.keys, [value for (value,) in waiting.values], times)
            self._count(waiting, range(len(waiting.keys)), detections)
            return self._texts(detections)
        cells: list[list[str]] = [[] for _ in waiting.keys]
        places: dict[SeriesKey, list[int]] = {}
        for place, key in enumerate(waiting.keys):
            places.setdefault(key, []).append(place)
        for key, some in places.items():
            detector = self._detectors.get(key)
            if detector is None:
                detector = self._detectors[key] = Detector(self._config)
            rows = np.array([waiting.values[place] for place in some])
            detections = detector.process_many(rows, None if times is None else times[some])
            for place, appended in zip(some, self._texts(detections), strict=True):
                cells[place] = appended
            self._count(waiting, some, detections)
        return cells

    def summary(self) -> Summary:
        """Return what was seen so far."""
        self._summary.learning_series = sum(series.learning for series in self._series.values())
        return self._summary

    def _number(self, row: Row, column: int) -> float:
        try:
            return parse_number(row.cells[column])
        except ValueError as error:
            msg = f"line {row.line}, column {listed(self._plan.names, [column])}: {error}"
            raise InputError(msg) from None

    def _time(self, row: Row, series: _Series) -> tuple[float, str]:
        column = self._plan.timestamp
        if column is None:
            return math.nan, ""
        text = row.cells[column].strip()
        try:
            time = parse_time(text)
        except ValueError as error:
            msg = f"line {row.line}, column {listed(self._plan.names, [column])}: {error}"
            raise InputError(msg) from None
        if time < series.time:
            msg = (
                f"line {row.line}: its time {text} is earlier than {series.time_text} of line {series.line}; "
                f"sort the rows oldest first{self._several_series_hint()}"
            )
            raise InputError(msg)
        return time, text

    def _several_series_hint(self) -> str:
        plan = self._plan
        if plan.by or not plan.others:
            return ""
        column = plan.names[plan.others[0]] if plan.has_header else str(plan.others[0] + 1)
        return f", or tell several series apart with --by {column}"

    def _count(self, waiting: _Waiting, places: Sequence[int], detections: Detections) -> None:
        summary = self._summary
        summary.anomalies += int(detections.is_anomaly.sum())
        summary.alerts += int(detections.alert.sum())
        for number in detections.alert.nonzero()[0].tolist():
            score, place = float(detections.score[number]), places[number]
            if summary.strongest is None or score > summary.strongest.score:
                where = waiting.lines[place], waiting.time_texts[place], waiting.keys[place]
                summary.strongest = Strongest(score, *where, detections.reason[number])
        for number in (detections.stage == Stage.INFERENCE.value).nonzero()[0].tolist():
            self._series[waiting.keys[places[number]]].learning = False

    def _texts(self, detections: Detections) -> list[list[str]]:
        """Return the appended cells, row by row; numbers in the shortest form that reads back as the same number."""
        time = iso_text if self._plan.timestamp is not None else lambda _: None
        columns = columns_of(detections, APPENDED_FIELDS, time=time, unknown=None)
        return [list(cells) for cells in zip(*map(_cells, columns), strict=True)]


def _cells(column: list[Any]) -> list[str]:
    return ["" if value is None else value if isinstance(value, str) else repr(value) for value in column]
