"""Scoring the rows of a file: one detector per series, rows in, the cells to append out."""

import math
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, field

from anomaly.cli.cells import parse_number
from anomaly.cli.columns import Plan, listed
from anomaly.cli.command_errors import InputError
from anomaly.cli.io_csv import Row
from anomaly.cli.summary import Strongest, Summary
from anomaly.cli.timestamps import parse_time
from anomaly.config import DetectorConfig
from anomaly.detector import Detections, Detector

__all__ = ["Scorer", "appended_names"]

LIVE_DETECTORS = 1000
"""Detectors held ready, 360 kB each; those unused for longest rest as bytes, 86 kB at most, until their next row."""

SeriesKey = tuple[str, ...]


@dataclass(slots=True)
class _Series:
    """One series: its detector, or the bytes of it, and the time of its last row."""

    detector: Detector | bytes
    processed: int = 0
    time: float = -math.inf
    time_text: str = ""
    line: int = 0


@dataclass(slots=True)
class _Waiting:
    """Rows of one series that were added, but not scored yet."""

    places: list[int] = field(default_factory=list)
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
    several = len(plan.values) > 1
    suffixes = [f"_{plan.names[column]}" for column in plan.values] if several else [""]
    banded = [f"{name}{suffix}" for name in ("expected_value", "lower_bound", "upper_bound") for suffix in suffixes]
    names = ("anomaly_score", "anomaly_decision", "alert", "raw_score", *banded, "model_stage", "confidence")
    taken = [name for name in names if plan.has_header and name in plan.names]
    if taken:
        what = "columns" if len(taken) > 1 else "a column"
        raise InputError(
            f"the file already has {what} {', '.join(taken)}; if it is an output of `anomaly score`, score the "
            "original, otherwise rename first"
        )
    return names


class Scorer:
    """Scores rows: `add` each, then `flush` to get the appended cells of all that were added since the last flush.

    The results are those of one `Detector` per series that gets the series' values in file order, to the last digit,
    however the rows are cut into batches.

    Parameters
    ----------
    plan
        The columns to use.
    config
        Settings of every series' detector; `features` must be the number of value columns.
    live
        Detectors held ready at a time; fewer need less memory, and more time when there are more series than that.
    """

    def __init__(self, plan: Plan, config: DetectorConfig, live: int = LIVE_DETECTORS) -> None:
        self._plan = plan
        self._config = config
        self._live = live
        # Insertion order is order of use: the first live series is the one unused for longest.
        self._series: dict[SeriesKey, _Series] = {}
        self._ready: OrderedDict[SeriesKey, None] = OrderedDict()
        self._waiting: dict[SeriesKey, _Waiting] = {}
        self._added = 0
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
            raise InputError(f"line {row.line} has {found}, expected {len(plan.names)} as in the first line")
        values = tuple(self._number(row, column) for column in plan.values)
        key = tuple(row.cells[column] for column in plan.by)
        series = self._series.get(key) or _Series(b"")
        time, text = self._time(row, series)
        if key not in self._series:
            self._series[key] = series
            self._summary.series += 1
        elif time == series.time:
            self._summary.repeated_times += 1
        series.time, series.time_text, series.line = time, text, row.line
        waiting = self._waiting.setdefault(key, _Waiting())
        waiting.places.append(self._added)
        waiting.values.append(values)
        waiting.times.append(time)
        waiting.lines.append(row.line)
        waiting.time_texts.append(text)
        self._added += 1
        self._summary.rows += 1
        self._summary.missing += any(math.isnan(value) for value in values)
        return True

    def flush(self) -> list[list[str]]:
        """Score what was added since the last flush; return for each row, in the order added, the cells to append."""
        cells: list[list[str]] = [[] for _ in range(self._added)]
        for key, waiting in self._waiting.items():
            series = self._series[key]
            flat = [value for (value,) in waiting.values] if len(self._plan.values) == 1 else waiting.values
            times = None if self._plan.timestamp is None else waiting.times
            detections = self._detector(key, series).process_many(flat, times)
            series.processed = int(detections.processed_points[-1])
            for place, appended in zip(waiting.places, _texts(detections), strict=True):
                cells[place] = appended
            self._count(key, waiting, detections)
        self._waiting.clear()
        self._added = 0
        return cells

    def summary(self) -> Summary:
        """Return what was seen so far."""
        learning = sum(series.processed <= self._config.output_after for series in self._series.values())
        self._summary.learning_series = learning
        return self._summary

    def _number(self, row: Row, column: int) -> float:
        try:
            return parse_number(row.cells[column])
        except ValueError as error:
            raise InputError(f"line {row.line}, column {listed(self._plan.names, [column])}: {error}") from None

    def _time(self, row: Row, series: _Series) -> tuple[float, str]:
        column = self._plan.timestamp
        if column is None:
            return math.nan, ""
        text = row.cells[column].strip()
        try:
            time = parse_time(text)
        except ValueError as error:
            raise InputError(f"line {row.line}, column {listed(self._plan.names, [column])}: {error}") from None
        if time < series.time:
            raise InputError(
                f"line {row.line}: its time {text} is earlier than {series.time_text} of line {series.line}; "
                f"sort the rows oldest first{self._several_series_hint()}"
            )
        return time, text

    def _several_series_hint(self) -> str:
        plan = self._plan
        if plan.by or not plan.others:
            return ""
        column = plan.names[plan.others[0]] if plan.has_header else str(plan.others[0] + 1)
        return f", or tell several series apart with --by {column}"

    def _detector(self, key: SeriesKey, series: _Series) -> Detector:
        """Return the series' detector, awake; send the one unused for longest to rest if there are too many."""
        if isinstance(series.detector, bytes):
            series.detector = Detector.from_bytes(series.detector) if series.detector else Detector(self._config)
            self._ready[key] = None
            if len(self._ready) > self._live:
                oldest = self._series[self._ready.popitem(last=False)[0]]
                if isinstance(oldest.detector, Detector):
                    oldest.detector = oldest.detector.to_bytes()
        else:
            self._ready.move_to_end(key)
        return series.detector

    def _count(self, key: SeriesKey, waiting: _Waiting, detections: Detections) -> None:
        summary = self._summary
        summary.anomalies += int(detections.is_anomaly.sum())
        summary.alerts += int(detections.alert.sum())
        for place in detections.alert.nonzero()[0].tolist():
            score = float(detections.score[place])
            if summary.strongest is None or score > summary.strongest.score:
                summary.strongest = Strongest(score, waiting.lines[place], waiting.time_texts[place], key)


def _texts(detections: Detections) -> list[list[str]]:
    """Return the appended cells, row by row; numbers in the shortest form that reads back as the same number."""
    n = len(detections)
    banded = [
        column
        for band in (detections.expected_value, detections.lower_bound, detections.upper_bound)
        for column in band.reshape(n, -1).T.tolist()
    ]
    columns: list[Sequence[str]] = [
        [repr(score) for score in detections.score.tolist()],
        [str(int(decision)) for decision in detections.is_anomaly.tolist()],
        [str(int(alert)) for alert in detections.alert.tolist()],
        [repr(score) for score in detections.raw_score.tolist()],
        *([repr(value) for value in column] for column in banded),
        detections.stage.tolist(),
        [repr(confidence) for confidence in detections.confidence.tolist()],
    ]
    return [list(cells) for cells in zip(*columns, strict=True)]
