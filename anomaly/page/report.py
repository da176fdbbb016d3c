"""From arrays to the page: series with what a detector said of them, in as many rows as a browser bears."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from anomaly.page.columns import Flags, Numbers, join_periods, row_length, surroundings
from anomaly.page.content import Alert, CarriedSeries, Kpis, Overview, PageContent, SeriesInfo
from anomaly.times import Times, seconds_of

MAX_SERIES, MAX_ALERTS, MAX_ROWS = 40, 300, 60_000
"""How many series a page carries whole, how many alerts it lists, and how many rows those series share."""

_DAY_MS = 86_400_000
_LONE_PERIOD_MS = 60_000


@dataclass(frozen=True, kw_only=True, eq=False)
class SeriesHistory:
    """One series and what a detector said of it: arrays with one entry for each period, in order of time.

    Parameters
    ----------
    label
        What people call it.
    time
        Starts of the periods: datetimes, `datetime64` or epoch seconds; UTC where they have no zone.
    value
        What was measured; NaN where it is missing.
    score, alert, direction, reason
        As `anomaly.Detections` has them.
    expected_value, lower_bound, upper_bound
        One number for each period, NaN where nothing was expected.
    learning
        Whether the detector only learned from the period.
    imputed
        Whether the value was filled in; None where none was.
    measure
        What is measured.
    threshold
        On the score.
    confidence
        0 to 100, as of the newest period; None where nobody knows.
    processed
        How many data points the detector has processed; None for the values that are here.
    dimensions
        Names and values that make this series one of several.
    detector, id
        Together they name the series in links; the identifier is the label by default.

    Raises
    ------
    ValueError
        If the columns are of different lengths, or times are missing or out of order.
    """

    label: str
    time: Times
    value: Numbers
    score: Numbers
    expected_value: Numbers
    lower_bound: Numbers
    upper_bound: Numbers
    alert: Flags
    learning: Flags
    direction: Sequence[str] | npt.NDArray[np.str_]
    reason: Sequence[str | None] | npt.NDArray[np.object_]
    imputed: Flags | None = None
    measure: str = "value"
    threshold: float = 70.0
    confidence: float | None = None
    processed: int | None = None
    dimensions: Sequence[tuple[str, str]] = ()
    detector: str = ""
    id: str = ""

    def __post_init__(self) -> None:
        numbers = "value", "score", "expected_value", "lower_bound", "upper_bound", "alert", "learning"
        shapes = {name: np.shape(getattr(self, name)) for name in (*numbers, "direction", "reason")}
        if self.imputed is not None:
            shapes["imputed"] = np.shape(self.imputed)
        wrong = {name: shape for name, shape in shapes.items() if shape != (len(self.value),)}
        if wrong:
            msg = (
                f"{self.label}: each column must have one entry for each of the {len(self.value)} values, found {wrong}"
            )
            raise ValueError(msg)
        starts = seconds_of(self.time, len(self.value))
        if not (np.isfinite(starts).all() and (np.diff(starts) > 0).all()):
            msg = f"{self.label}: each period must begin after the one before it; sort by time, and leave doubles out"
            raise ValueError(msg)


@dataclass(frozen=True, eq=False)
class _Series:
    """A history with what follows from it: starts in milliseconds, and what the page is told of the series."""

    history: SeriesHistory
    starts: npt.NDArray[np.int64]
    info: SeriesInfo

    def alerts(self) -> Iterable[Alert]:
        history, info = self.history, self.info
        for place in np.flatnonzero(history.alert).tolist():
            start = int(self.starts[place])
            yield Alert(
                detector=info.detector,
                id=info.id,
                measure=info.measure,
                label=info.label,
                start=start,
                end=start + info.period,
                value=float(history.value[place]),
                expected_value=float(history.expected_value[place]),
                lower_bound=float(history.lower_bound[place]),
                upper_bound=float(history.upper_bound[place]),
                score=float(history.score[place]),
                direction=str(history.direction[place]),
                reason=history.reason[place],
            )

    def carried(self, width: int, alerts: Iterable[Alert], *, whole: bool) -> CarriedSeries:
        near = np.zeros(len(self.starts), bool)
        for start, end in map(surroundings, alerts):
            near[slice(*np.searchsorted(self.starts, [start, end + 1]))] = True
        shown = slice(None) if whole else near
        history = self.history
        columns = join_periods(
            start=self.starts[shown],
            period=self.info.period,
            value=history.value[shown],
            expected_value=history.expected_value[shown],
            lower_bound=history.lower_bound[shown],
            upper_bound=history.upper_bound[shown],
            score=history.score[shown],
            alert=history.alert[shown],
            learning=history.learning[shown],
            imputed=np.zeros(len(near), bool)[shown] if history.imputed is None else history.imputed[shown],
            alone=near[shown],
            width=width,
        )
        return CarriedSeries(self.info, columns, whole)


def report_content(
    histories: Iterable[SeriesHistory],
    *,
    title: str,
    source: str,
    written: int,
    max_series: int = MAX_SERIES,
    max_alerts: int = MAX_ALERTS,
    max_rows: int = MAX_ROWS,
) -> PageContent:
    """Choose what a page of some series carries; `carried_page` writes it.

    Parameters
    ----------
    histories
        The series; those without a period are left out.
    title
        What the page is called.
    source
        Where the results are from, for people.
    written
        Now, in milliseconds since 1970.
    max_series
        How many series to carry whole, those with the newest alerts first; of others, what surrounds listed alerts.
    max_alerts
        How many of the newest alerts to list.
    max_rows
        How many rows the whole series share; several periods become one row where there are more, but every period is
        there around an alert that is listed.
    """
    series = sorted((_series(history) for history in histories if len(history.value)), key=_newest_alert_first)
    alerts = sorted(
        (alert for each in series for alert in each.alerts()), key=lambda alert: (-alert.start, -alert.score)
    )
    listed: defaultdict[tuple[str, str], list[Alert]] = defaultdict(list)
    for alert in alerts[:max_alerts]:
        listed[alert.detector, alert.id].append(alert)
    oldest = min((each.info.first for each in series), default=0)
    newest = max((each.info.last + each.info.period for each in series), default=0)
    rows = max_rows // max(1, min(len(series), max_series))
    carried = []
    for place, each in enumerate(series):
        of_series, whole = listed[each.info.detector, each.info.id], place < max_series
        if whole or of_series:
            carried.append(
                each.carried(row_length(oldest, newest, each.info.period, max(1, rows)), of_series, whole=whole)
            )
    infos = [each.info for each in series]
    confidences = [info.confidence for info in infos if info.confidence is not None]
    overview = Overview(
        version="",
        title=title,
        source=source,
        kpis=Kpis(
            series=len(infos),
            data_points=sum(info.data_points for info in infos),
            confidence=sum(confidences) / len(confidences) if confidences else None,
            lowest_confidence=min(confidences, default=None),
            learning=sum(info.stage == "LEARNING" for info in infos),
        ),
        oldest=oldest if series else None,
        newest=newest if series else None,
        shortest_period=min((info.period for info in infos), default=None),
        days=0,
        days_read=0,
        alerts=alerts[:max_alerts],
        alert_count=len(alerts),
        alerts_last_day=sum(alert.start >= newest - _DAY_MS for alert in alerts),
        several_detectors=len({info.detector for info in infos}) > 1,
        several_measures=len({info.measure for info in infos}) > 1,
        problems=[],
    )
    return PageContent(overview, carried, written)


def _series(history: SeriesHistory) -> _Series:
    starts = np.round(seconds_of(history.time, len(history.value)) * 1000).astype(np.int64)
    alerts = starts[history.alert]
    info = SeriesInfo(
        detector=history.detector,
        id=history.id or history.label,
        measure=history.measure,
        label=history.label,
        dimensions=list(history.dimensions),
        first=int(starts[0]),
        last=int(starts[-1]),
        period=max(1, int(np.median(np.diff(starts)))) if len(starts) > 1 else _LONE_PERIOD_MS,
        data_points=int(np.isfinite(history.value).sum()) if history.processed is None else history.processed,
        confidence=history.confidence,
        stage="LEARNING" if history.learning[-1] else "INFERENCE",
        threshold=history.threshold,
        alert_count=len(alerts),
        last_alert=int(alerts[-1]) if len(alerts) else None,
    )
    return _Series(history, starts, info)


def _newest_alert_first(series: _Series) -> tuple[Any, ...]:
    info = series.info
    return info.last_alert is None, -(info.last_alert or 0), info.label, info.detector, info.id
