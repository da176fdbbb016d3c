"""What the page is told: the records between Python and the browser, where they are JSON.

Times are milliseconds since 1970-01-01 UTC. A number that is not finite becomes null.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Kpis:
    """The three figures on top, over everything there is.

    `series` is the number of time series, `data_points` the number of data points that their detectors have processed,
    `confidence` the mean and `lowest_confidence` the smallest of the series' newest confidence scores, `learning` how
    many series have no scores yet.
    """

    series: int
    data_points: int
    confidence: float | None
    lowest_confidence: float | None
    learning: int


@dataclass(frozen=True, slots=True)
class SeriesInfo:
    """One series, as of its newest result.

    `id` names it in links, together with `detector`; people call it by its `label`. `first` and `last` are the starts
    of its oldest and newest period, `period` is the length of one, `data_points` counts what its detector has
    processed. `stage` is LEARNING or INFERENCE.
    """

    detector: str
    id: str
    measure: str
    label: str
    dimensions: list[tuple[str, str]]
    first: int
    last: int
    period: int
    data_points: int
    confidence: float | None
    stage: str
    threshold: float
    alert_count: int
    last_alert: int | None


@dataclass(frozen=True, slots=True)
class SeriesList:
    """Series that a search found, and how many there are: what a server answers to the series picker."""

    series: list[SeriesInfo]
    total: int


@dataclass(frozen=True, slots=True)
class Alert:
    """One period that people should hear of; `direction` is HIGH, LOW or NONE, `reason` says why in a sentence."""

    detector: str
    id: str
    measure: str
    label: str
    start: int
    end: int
    value: float | None
    expected_value: float | None
    lower_bound: float | None
    upper_bound: float | None
    score: float
    direction: str
    reason: str | None


@dataclass(frozen=True, slots=True)
class AlertList:
    """Some of the alerts, newest first, and how many there are: what a server answers to the list of alerts."""

    alerts: list[Alert]
    total: int


@dataclass(frozen=True, slots=True)
class ChartColumns:
    """What the chart of a series shows, as columns: rows that stand for one or several periods, in order of time.

    `start` begins the row, `periods` counts its periods. `value`, `expected_value`, `lower_bound` and `upper_bound` are
    the period's own, or of several periods the mean to 6 digits; `score` is the highest. `end` and the measure's
    extremes, `lowest` and `highest`, are null in a row of one period. What is expected is null while the series is
    learned. A row with `alert` = 1 is one period, never joined with others.
    """

    start: list[int]
    end: list[int | None]
    periods: list[int]
    value: list[float | None]
    lowest: list[float | None]
    highest: list[float | None]
    expected_value: list[float | None]
    lower_bound: list[float | None]
    upper_bound: list[float | None]
    score: list[float | None]
    alert: list[int]
    learning: list[int]
    imputed: list[int]


@dataclass(frozen=True, slots=True)
class Overview:
    """Everything on the page but the chart.

    Without data `oldest`, `newest` and the series' `shortest_period` are null. `version` changes when anything else
    does. `days_read` of `days` are in the figures so far. `alerts` are the newest of `alert_count`, of which
    `alerts_last_day` are of the 24 hours before `newest`. Where there are several detectors or measures, series with
    equal dimensions need them to be told apart.
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


@dataclass(frozen=True, slots=True)
class CarriedSeries:
    """A series that the page itself carries; `whole` is false where it has only the surroundings of alerts."""

    info: SeriesInfo
    columns: ChartColumns
    whole: bool


@dataclass(frozen=True, slots=True)
class PageContent:
    """Everything that a page without a server shows.

    `written` is when it was made; chart and alerts are limited to `start` until before `end`, where these are given.
    """

    overview: Overview
    series: list[CarriedSeries]
    written: int
    start: int | None = None
    end: int | None = None
