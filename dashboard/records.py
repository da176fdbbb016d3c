"""What the page is told: the records between Python and the browser, as JSON.

Times are milliseconds since 1970-01-01 UTC. A number that is not finite is null.
"""

import msgspec

__all__ = ["Alert", "Kpis", "Overview", "Points", "SeriesInfo", "SeriesList"]


class Kpis(msgspec.Struct, frozen=True):
    """The three figures on top, over everything in the source.

    ``series`` is the number of time series, ``learning`` how many of them have no scores yet, ``points`` the number of
    data points that their detectors have processed, ``confidence`` the mean and ``lowest_confidence`` the smallest of
    the series' newest confidence scores.
    """

    series: int
    points: int
    confidence: float | None
    lowest_confidence: float | None
    learning: int


class SeriesInfo(msgspec.Struct, frozen=True):
    """One series, as of its newest record."""

    detector: str
    id: str
    measure: str
    label: str
    dimensions: list[tuple[str, str]]
    first: int
    last: int
    period: int
    processed: int
    confidence: float | None
    stage: str
    threshold: float
    alerts: int
    last_alert: int | None


class SeriesList(msgspec.Struct, frozen=True):
    """Series that a search found, and how many there are."""

    series: list[SeriesInfo]
    total: int


class Alert(msgspec.Struct, frozen=True):
    """One record that should reach people; ``reason`` says why, cut to 200 characters."""

    detector: str
    id: str
    measure: str
    label: str
    t: int
    end: int
    value: float | None
    expected: float | None
    lower: float | None
    upper: float | None
    score: float
    direction: str
    reason: str | None


class Points(msgspec.Struct, frozen=True):
    """A series over a time, as columns: rows that stand for one or several periods, in order of time.

    ``t`` starts the row, ``n`` counts its periods. ``value``, ``expected``, ``lower`` and ``upper`` are the period's
    own, or of several periods the mean to 6 digits; ``score`` is the highest. ``end``, ``low`` and ``high``, the
    measure's extremes, are null in a row of one period. Expected values are null while LEARNING. A row with ``alert``
    = 1 is one period, never mixed with others.
    """

    t: list[int]
    end: list[int | None]
    n: list[int]
    value: list[float | None]
    low: list[float | None]
    high: list[float | None]
    expected: list[float | None]
    lower: list[float | None]
    upper: list[float | None]
    score: list[float | None]
    alert: list[int]
    learning: list[int]
    imputed: list[int]


class Overview(msgspec.Struct, frozen=True):
    """Everything on the page but the chart.

    Without data ``oldest``, ``newest`` and the series' ``shortest_period`` are null. ``version`` changes when
    anything else does. ``days_read`` of ``days`` are in the figures so far. ``alerts`` are the newest of
    ``alert_count``, of which ``alerts_last_day`` are of the 24 hours before ``newest``. Where there are several
    detectors or measures, series with equal dimensions need them to be told apart.
    """

    version: str
    title: str
    source: str
    kpis: Kpis
    oldest: int | None
    newest: int | None
    shortest_period: int | None
    days: int
    days_read: int
    alerts: list[Alert]
    alert_count: int
    alerts_last_day: int
    several_detectors: bool
    several_measures: bool
    problems: list[str]
